#!/usr/bin/env python3
"""Writes the golden cases of power-average pooling and of upsampling, which generate.py does not have.

    python resample.py --seed 1 --out DIR
"""
import argparse
import pathlib
import random

import torch
import torch.nn.functional as F

from generate import Suite, backward, leaf


def resample(rng):
    s = Suite("resample")
    for i in range(24):
        n, c, h, w = rng.choice([1, 2]), rng.choice([1, 3]), rng.randint(3, 8), rng.randint(3, 8)
        x = leaf(n, c, h, w)
        kind = ["lp", "nearest", "bilinear"][i % 3]
        if kind == "lp":
            p = [1, 2, 3, 4, 1.5, 2.5, 2, 1][i // 3]
            k, st = [rng.randint(1, 3), rng.randint(1, 3)], [rng.randint(1, 3), rng.randint(1, 3)]
            if p not in (1, 2, 4):  # PyTorch has no real root of a negative sum.
                x = (x.detach().abs() + 0.01).to(torch.float32).to(torch.float64).requires_grad_(True)
            y = F.lp_pool2d(x, p, tuple(k), tuple(st))
            op, attrs = "pool2d", {"kind": kind, "norm_type": p, "kernel": k, "stride": st}
        else:
            factor = [rng.randint(1, 4), rng.randint(1, 4)]
            corners = {} if kind == "nearest" else {"align_corners": False}
            y = F.interpolate(x, scale_factor=tuple(map(float, factor)), mode=kind, **corners)
            op, attrs = "upsample2d", {"kind": kind, "scale_factor": factor}
        g, grads = backward(y, {"input": x})
        s.add(op, attrs, {"input": x}, {"output": y, "upstream": g}, grads)
    return s


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    resample(random.Random(args.seed)).write(args.out)


if __name__ == "__main__":
    main()
