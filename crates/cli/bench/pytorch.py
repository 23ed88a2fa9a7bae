#!/usr/bin/env python3
"""Training steps of N1 to N4 in PyTorch, to be held against `kernelscope bench --backend gpu` on the same card.

    python pytorch.py --device cuda [--net n1,n2] [--batch 64,256] [--tf32]

One line of JSON for each network, batch and way to run it: `eager`, `compiled` (torch.compile), and on CUDA
`graphs` (torch.compile with CUDA graphs), each with the fused Adam. As there: Adam 1e-3, mean cross-entropy, the
digits lie on the card as bytes and are gathered by number, and the clock stops when the loss and the weights are
there. The images are noise, which time does not depend on. Arithmetic is f32; --tf32 lets the card round factors
to 10 bits.
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def n1():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 64), nn.ReLU(), nn.Linear(64, 10))


def n2():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def block(before, after):
    return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]


def n3():
    return nn.Sequential(
        *block(1, 32), nn.MaxPool2d(2), *block(32, 64), nn.MaxPool2d(2), *block(64, 128), nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def n4():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


NETS = {"n1": n1, "n2": n2, "n3": n3, "n4": n4}
WAYS = {"eager": None, "compiled": {}, "graphs": {"mode": "reduce-overhead"}}
DIGITS = 50_000


def measure(net, batch, way, device, seconds, rounds):
    torch.manual_seed(0)
    torch._dynamo.reset()
    model = NETS[net]().to(device).train()
    parameters = sum(p.numel() for p in model.parameters())
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    pixels = torch.randint(0, 256, (DIGITS, 1, 28, 28), dtype=torch.uint8, device=device)
    classes = torch.randint(0, 10, (DIGITS,), device=device)
    order = torch.randperm(DIGITS, device=device)

    def loss_of(chosen):
        return F.cross_entropy(model(pixels[chosen].float() / 255), classes[chosen])

    loss_of = loss_of if WAYS[way] is None else torch.compile(loss_of, **WAYS[way])
    done = 0

    def steps(count):
        nonlocal done
        begun = time.perf_counter()
        for _ in range(count):
            first = done % (DIGITS // batch) * batch
            adam.zero_grad(set_to_none=True)
            loss = loss_of(order[first:first + batch])
            loss.backward()
            adam.step()
            done += 1
        loss.item()
        for parameter in model.parameters():
            parameter.detach().cpu()
        return time.perf_counter() - begun

    steps(3)  # Compiles.
    step_s = steps(3) / 3
    rates = []
    for _ in range(rounds):
        count = max(1, round(seconds / step_s))
        step_s = steps(count) / count
        rates.append(batch / step_s)
    rate = statistics.median(rates)
    epoch = DIGITS // batch
    return {"net": net, "mode": "train", "batch": batch, "system": f"pytorch {way}", "parameters": parameters,
            "imagesPerSecond": rate, "stepsPerSecond": rate / batch, "msPerStep": 1e3 * batch / rate,
            "epochSeconds": steps(epoch) if epoch * step_s < 60 else None, "rounds": rates}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--net", default="n1,n2,n3,n4")
    parser.add_argument("--batch", default="64,256,1024")
    parser.add_argument("--way", default=None, help="eager,compiled,graphs [default: all that the device has]")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tf32", action="store_true")
    order = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = order.tf32
    cuda = order.device.startswith("cuda")
    name = torch.cuda.get_device_name() if cuda else order.device
    ways = order.way or ("eager,compiled,graphs" if cuda else "eager,compiled")
    for net in order.net.split(","):
        for batch in map(int, order.batch.split(",")):
            for way in ways.split(","):
                found = measure(net, batch, way, order.device, order.seconds, order.rounds)
                print(json.dumps({**found, "device": name, "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    main()
