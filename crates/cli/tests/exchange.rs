//! Networks that go to other programs and come back.

#![allow(clippy::unwrap_used)] // A test may panic.

use std::{env, fs, path::Path, process};

use assert_cmd::Command;
use engine::presets::PRESETS;
use predicates::{prelude::PredicateBooleanExt, str::contains};

fn kernelscope() -> Command {
    Command::cargo_bin("kernelscope").unwrap()
}

#[test]
fn presets_agree_with_other_programs() {
    let python = env::var("KERNELSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_torch = process::Command::new(&python).args(["-c", "import torch, safetensors"]).output().is_ok_and(|o| o.status.success());
    if !has_torch {
        eprintln!(
            "SKIPPED: `{python}` has no torch with safetensors (KERNELSCOPE_PYTHON names another): exported presets are not compared"
        );
        return;
    }
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/exchange/check.py");
    let mut command = process::Command::new(python);
    command.arg(check).arg("--kernelscope").arg(assert_cmd::cargo::cargo_bin("kernelscope")).args(PRESETS.iter().map(|p| p.slug));
    let output = command.output().unwrap();
    let (text, trouble) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}\n{trouble}");
    println!("{text}");
}

#[test]
fn exported_weights_come_back_as_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (format, name) in [("pytorch", "net.py"), ("keras", "net_keras.py"), ("json", "net.json"), ("onnx", "net.onnx")] {
        kernelscope().args(["export", "n3", "--to", format, "-o"]).arg(at(name)).assert().success().stdout(contains(name));
    }
    // Each line says which layer it is: its tensors are named so.
    assert!(fs::read_to_string(at("net.py")).unwrap().contains("nn.BatchNorm2d(64, eps=0.00001, momentum=0.1),  # 5: 64×14×14"));
    kernelscope().arg("import").arg(at("net.safetensors")).arg("-o").arg(at("back.safetensors")).assert().success();
    let file = fs::read(at("back.safetensors")).unwrap();
    let file = trainer::checkpoint::read(&file).unwrap();
    let (spec, position) = file.checkpoint().unwrap();
    assert_eq!((spec.model.clone(), position.step), (engine::presets::preset("n3").unwrap().model(), 0));
    // The specification alone says as much.
    kernelscope()
        .arg("import")
        .arg(at("net.safetensors"))
        .arg("--spec")
        .arg(at("net.json"))
        .arg("-o")
        .arg(at("again.safetensors"))
        .assert()
        .success();

    let complaint =
        |more: &[&str]| kernelscope().arg("import").arg(at("net_n4.safetensors")).args(more).arg("-o").arg(at("no.safetensors")).assert();
    kernelscope().args(["export", "n4", "--to", "pytorch", "-o"]).arg(at("net_n4.py")).assert().success();
    complaint(&["--net", "n3"]).code(1).stderr(contains("another network"));
    assert!(!at("no.safetensors").exists());
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let numbers = vec![0_u8; 4 * 8 * 25];
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![8, 1, 5, 5], &numbers).unwrap();
    fs::write(at("foreign.safetensors"), safetensors::serialize([("0.weight", view)], None).unwrap()).unwrap();
    let import =
        |net: &str| kernelscope().arg("import").arg(at("foreign.safetensors")).args(["--net", net, "-o"]).arg(at("out")).assert().code(1);
    import("lens").stderr(contains("lacks `0.bias`").and(contains("has as 8")));
    import("n1").stderr(contains("`0.weight` is 8×1×5×5 in the file, but 16×1×3×3 in the network"));
    kernelscope()
        .arg("import")
        .arg(at("foreign.safetensors"))
        .arg("-o")
        .arg(at("out"))
        .assert()
        .code(1)
        .stderr(contains("--net or --spec"));
    kernelscope().args(["export", "n9", "--to", "json", "-o"]).arg(at("out")).assert().code(1).stderr(contains("neither a preset"));
}
