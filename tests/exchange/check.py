#!/usr/bin/env python3
"""Compares exported networks with what Kernelscope computes: the scores of PyTorch, Keras and onnxruntime with ours.

    check.py FOLDER                      files that are there already
    check.py --kernelscope BIN NAME...   presets: exports and computes them first, then sends PyTorch's weights back

A network NAME in a folder is NAME.py (PyTorch), NAME_keras.py, NAME.onnx, NAME.safetensors (weights) and
NAME.io.safetensors (`images`, and `logits` as we compute them); what is not there is passed over. Needs torch and
safetensors; compares Keras and ONNX where keras, and onnx and onnxruntime, are installed, and says where not.
"""
import argparse
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

MOST = 1e-4
worst, failures = {}, []


def installed(*names):
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        print(f"SKIPPED: no {', '.join(missing)} here, so not everything is compared", flush=True)
    return not missing


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def compare(what, by, got, want):
    if got.shape != want.shape:
        failures.append(f"{what}: {by} gives {got.shape}, we {want.shape}")
        return
    error = float(np.max(np.abs(got - want) / np.maximum(1, np.abs(want))))
    worst[by] = max(worst.get(by, 0.0), error)
    if not error <= MOST:
        failures.append(f"{what}: {by} differs by {error:.2e}, at most {MOST:.0e} is allowed")


def by_pytorch(path, images):
    with torch.no_grad():
        return module(path).load(path.with_suffix(".safetensors"))(torch.from_numpy(images)).numpy()


def by_keras(path, weights, images):
    import keras

    keras.backend.clear_session()
    model = module(path).load(weights)
    return keras.ops.convert_to_numpy(model(np.ascontiguousarray(images.transpose(0, 2, 3, 1)), training=False))


def by_onnx(path, images):
    import onnx
    import onnxruntime

    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(["scores"], {"images": images})[0]


def check(folder):
    keras_is_here, onnx_is_here = installed("keras"), installed("onnx", "onnxruntime")
    networks = sorted(folder.glob("*.io.safetensors"))
    assert networks, f"nothing to compare in {folder}"
    for file in networks:
        name = file.name.removesuffix(".io.safetensors")
        numbers = load_file(file)
        images, logits = numbers["images"], numbers["logits"]
        torch_file, keras_file, onnx_file = folder / f"{name}.py", folder / f"{name}_keras.py", folder / f"{name}.onnx"
        for by, path, compute in [
            ("PyTorch", torch_file, lambda: by_pytorch(torch_file, images)),
            ("Keras", keras_file, lambda: by_keras(keras_file, folder / f"{name}.safetensors", images)),
            ("onnxruntime", onnx_file, lambda: by_onnx(onnx_file, images)),
        ]:
            if not path.exists() or by == "Keras" and not keras_is_here or by == "onnxruntime" and not onnx_is_here:
                continue
            try:
                compare(name, by, compute(), logits)
            except Exception as error:  # One network that cannot be run must not hide the others.
                failures.append(f"{name}: {by}: {type(error).__name__}: {error}")
    return networks


def presets(kernelscope, names, folder):
    def call(*arguments):
        subprocess.run([kernelscope, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

    images = folder / "images.safetensors"
    pixels = np.random.default_rng(1).random((7, 1, 28, 28), dtype=np.float32)
    save_file({"images": pixels}, images)

    def ours(model, out):
        call("predict", model, "--input", images, "-o", out)
        return load_file(out)["logits"]

    for name in names:
        call("export", name, "--seed", 3, "--to", "onnx", "-o", folder / f"{name}.onnx")
        call("export", name, "--seed", 3, "--to", "json", "-o", folder / f"{name}.json")
        call("export", name, "--seed", 3, "--to", "keras", "-o", folder / f"{name}_keras.py")
        call("export", name, "--seed", 3, "--to", "pytorch", "-o", folder / f"{name}.py")
        logits = ours(folder / f"{name}.safetensors", folder / "logits.safetensors")
        save_file({"images": pixels, "logits": logits}, folder / f"{name}.io.safetensors")
        # The other way round: PyTorch's weights, statistics included, as a checkpoint.
        torch.manual_seed(5)
        model = module(folder / f"{name}.py").model
        for tensor in [*model.parameters(), *(b for b in model.buffers() if b.is_floating_point())]:
            torch.nn.init.uniform_(tensor.data, 0.05, 0.15)
        theirs, back = folder / f"{name}_torch.safetensors", folder / f"{name}_back.safetensors"
        save_file({key: value.numpy() for key, value in model.state_dict().items()}, theirs)
        call("import", theirs, "--spec", folder / f"{name}.json", "-o", back)
        with torch.no_grad():
            compare(name, "PyTorch's weights", ours(back, folder / "logits.safetensors"), model.eval()(torch.from_numpy(pixels)).numpy())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernelscope", metavar="BIN")
    parser.add_argument("what", nargs="+", metavar="FOLDER | NAME")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch if arguments.kernelscope else arguments.what[0])
        if arguments.kernelscope:
            presets(arguments.kernelscope, arguments.what, folder)
        count = len(check(folder))
    for failure in failures:
        print(f"FAILED {failure}")
    print(f"{count} networks; largest differences: " + ", ".join(f"{by} {error:.1e}" for by, error in worst.items()))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
