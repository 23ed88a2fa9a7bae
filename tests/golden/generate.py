#!/usr/bin/env python3
"""Writes golden cases for a CNN engine: PyTorch (float64) is the reference.

    python generate.py --seed 1 --out DIR

Each suite is two files: SUITE.json lists the cases, SUITE.safetensors holds their tensors.
The format is described in README.md.
"""
import argparse
import json
import math
import pathlib
import random

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

torch.set_default_dtype(torch.float64)


class Suite:
    def __init__(self, name):
        self.name, self.cases, self.tensors = name, [], {}

    def add(self, op, attrs, inputs=None, outputs=None, grads=None, rtol=1e-4, atol=1e-5):
        name = f"{self.name}_{len(self.cases):03d}"
        case = {"name": name, "op": op, "attrs": attrs, "rtol": rtol, "atol": atol}
        for group, tensors in (("inputs", inputs), ("outputs", outputs), ("grads", grads)):
            case[group] = {}
            for key, value in (tensors or {}).items():
                if value is None:
                    continue
                array = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value)
                array = array.astype(np.int32 if array.dtype.kind in "iub" else np.float32)
                ident = f"{name}/{group}/{key}"
                self.tensors[ident] = np.ascontiguousarray(array)
                case[group][key] = ident
        self.cases.append(case)

    def write(self, out):
        (out / f"{self.name}.json").write_text(json.dumps({"suite": self.name, "cases": self.cases}, indent=1) + "\n")
        save_file(self.tensors, out / f"{self.name}.safetensors")
        print(f"{self.name}: {len(self.cases)} cases, {sum(t.nbytes for t in self.tensors.values()) // 1024} KiB")


def leaf(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).to(torch.float32).to(torch.float64).requires_grad_(True)


def backward(output, leaves, grad=None):
    """Pulls a random upstream gradient back to the named leaves."""
    if grad is None:
        grad = torch.randn_like(output).to(torch.float32).to(torch.float64)
    found = torch.autograd.grad(output, list(leaves.values()), grad, allow_unused=True)
    return grad, dict(zip(leaves.keys(), found))


PAD = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def pad2d(x, pad, mode):
    """pad = [top, bottom, left, right]; 'symmetric' repeats the edge pixel, 'reflect' does not."""
    top, bottom, left, right = pad
    if mode == "symmetric":
        rows = np.pad(np.arange(x.shape[2]), (top, bottom), mode="symmetric")
        cols = np.pad(np.arange(x.shape[3]), (left, right), mode="symmetric")
        return x[:, :, rows][:, :, :, cols]
    if mode == "zeros":
        return F.pad(x, (left, right, top, bottom))
    return F.pad(x, (left, right, top, bottom), mode=PAD[mode])


def conv2d(rng):
    s = Suite("conv2d")
    modes = ["zeros", "reflect", "symmetric", "replicate", "circular"]
    for i in range(40):
        n, groups = rng.choice([1, 2, 3]), rng.choice([1, 1, 1, 2, 4])
        cin, cout = groups * rng.choice([1, 2, 3, 4]), groups * rng.choice([1, 2, 4, 5, 8])
        if i % 8 == 7:  # depthwise
            groups = cin = rng.choice([3, 6]); cout = cin
        kh, kw = rng.choice([(1, 1), (3, 3), (5, 5), (3, 3), (2, 3), (4, 1), (7, 7)])
        stride, dilation = rng.choice([[1, 1], [1, 1], [2, 2], [2, 1], [3, 3]]), rng.choice([[1, 1], [1, 1], [2, 2], [1, 2]])
        h, w = rng.randint(9, 17), rng.randint(9, 17)
        need = (kh - 1) * dilation[0] + 1 - h, (kw - 1) * dilation[1] + 1 - w
        pad = rng.choice([[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2], [0, 1, 1, 2]])
        if max(need) > 0:
            pad, dilation = [2, 2, 2, 2], [1, 1]
        mode = modes[i % len(modes)]
        bias = leaf(cout) if rng.random() < 0.7 else None
        x, weight = leaf(n, cin, h, w), leaf(cout, cin // groups, kh, kw, scale=0.5)
        y = F.conv2d(pad2d(x, pad, mode), weight, bias, stride=stride, dilation=dilation, groups=groups)
        leaves = {"input": x, "weight": weight} | ({"bias": bias} if bias is not None else {})
        g, grads = backward(y, leaves)
        s.add("conv2d", {"stride": stride, "pad": pad, "pad_mode": mode, "dilation": dilation, "groups": groups},
              leaves, {"output": y, "upstream": g}, grads, rtol=2e-4, atol=2e-5)
    return s


def pool(rng):
    s = Suite("pool")
    for i in range(30):
        n, c, h, w = rng.choice([1, 2]), rng.choice([1, 3]), rng.randint(7, 15), rng.randint(7, 15)
        x = leaf(n, c, h, w)
        kind = ["max", "avg", "adaptive_avg", "adaptive_max", "global_avg", "global_max", "fractional_max", "stochastic_eval"][i % 8]
        k, st = rng.choice([2, 3]), rng.choice([1, 2, 3])
        attrs = {"kernel": [k, k], "stride": [st, st]}
        extra = {}
        if kind == "max":
            p = rng.choice([0, 1]); attrs["pad"] = [p, p, p, p]
            y = F.max_pool2d(x, k, st, p)
        elif kind == "avg":
            p, inc = rng.choice([0, 1]), rng.choice([True, False]); attrs |= {"pad": [p, p, p, p], "count_include_pad": inc}
            y = F.avg_pool2d(x, k, st, p, count_include_pad=inc)
        elif kind in ("adaptive_avg", "adaptive_max"):
            out = [rng.randint(1, 6), rng.randint(1, 6)]; attrs = {"output": out}
            y = F.adaptive_avg_pool2d(x, out) if kind == "adaptive_avg" else F.adaptive_max_pool2d(x, out)
        elif kind == "global_avg":
            attrs = {}; y = x.mean((2, 3), keepdim=True)
        elif kind == "global_max":
            attrs = {}; y = x.amax((2, 3), keepdim=True)
        elif kind == "fractional_max":
            out = [rng.randint(3, 6), rng.randint(3, 6)]
            u = torch.rand(n, c, 2); extra = {"samples": u}
            attrs = {"kernel": [2, 2], "output": out}
            y = F.fractional_max_pool2d(x, 2, output_size=out, _random_samples=u)
        else:  # probability-weighted average of non-negative activations, windows of zeros give zero
            x = torch.relu(leaf(n, c, h, w)).detach().requires_grad_(True)
            win = F.unfold(x.reshape(n * c, 1, h, w), k, stride=st)
            total = win.sum(1, keepdim=True)
            y = torch.where(total > 0, (win * win / total.clamp_min(1e-300)).sum(1, keepdim=True), torch.zeros_like(total))
            y = y.reshape(n, c, (h - k) // st + 1, (w - k) // st + 1)
            attrs = {"kernel": [k, k], "stride": [st, st]}
        if kind == "stochastic_eval":
            s.add("pool2d", attrs | {"kind": kind}, {"input": x}, {"output": y})
        else:
            g, grads = backward(y, {"input": x})
            s.add("pool2d", attrs | {"kind": kind}, {"input": x} | extra, {"output": y, "upstream": g}, grads)
    return s


def dense_and_activation(rng):
    s = Suite("dense_activation")
    for _ in range(8):
        n, i, o = rng.randint(1, 9), rng.randint(1, 40), rng.randint(1, 30)
        x, w, b = leaf(n, i), leaf(o, i, scale=0.3), leaf(o)
        y = F.linear(x, w, b)
        g, grads = backward(y, {"input": x, "weight": w, "bias": b})
        s.add("dense", {}, {"input": x, "weight": w, "bias": b}, {"output": y, "upstream": g}, grads)
    kinds = {
        "relu": (F.relu, {}), "leaky_relu": (lambda v: F.leaky_relu(v, 0.1), {"slope": 0.1}), "sigmoid": (torch.sigmoid, {}),
        "tanh": (torch.tanh, {}), "elu": (F.elu, {}), "gelu": (F.gelu, {}), "silu": (F.silu, {}), "softplus": (F.softplus, {}),
        "softmax": (lambda v: F.softmax(v, 1), {}), "log_softmax": (lambda v: F.log_softmax(v, 1), {}),
    }
    for kind, (f, attrs) in kinds.items():
        x = leaf(rng.randint(1, 5), rng.randint(2, 12), scale=3.0)
        y = f(x)
        g, grads = backward(y, {"input": x})
        s.add("activation", {"kind": kind} | attrs, {"input": x}, {"output": y, "upstream": g}, grads)
    return s


def norm(rng):
    s = Suite("norm")
    for i in range(12):
        kind = ["batch_norm_train", "batch_norm_eval", "layer_norm", "group_norm"][i % 4]
        n, c, h, w = rng.choice([2, 4, 7]), rng.choice([2, 4, 6]), rng.randint(3, 8), rng.randint(3, 8)
        x, gamma, beta = leaf(n, c, h, w, scale=2.0), leaf(c), leaf(c)
        attrs, inputs, outputs = {"eps": 1e-5}, {"input": x, "gamma": gamma, "beta": beta}, {}
        if kind.startswith("batch"):
            mean, var = torch.randn(c), torch.rand(c) + 0.5
            inputs |= {"running_mean": mean.clone(), "running_var": var.clone()}
            attrs["momentum"] = 0.1
            y = F.batch_norm(x, mean, var, gamma, beta, training=kind.endswith("train"), momentum=0.1)
            outputs |= {"running_mean": mean, "running_var": var}
        elif kind == "layer_norm":  # over C, H, W with one gain and bias a channel
            y = F.layer_norm(x, x.shape[1:]) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)
        else:
            attrs["groups"] = 2
            y = F.group_norm(x, 2, gamma, beta)
        g, grads = backward(y, {"input": x, "gamma": gamma, "beta": beta})
        s.add(kind, attrs, inputs, outputs | {"output": y, "upstream": g}, grads, rtol=5e-4, atol=5e-5)
    return s


def loss(rng):
    s = Suite("loss")
    for i in range(24):
        n, c = rng.randint(1, 16), rng.randint(2, 12)
        x, t = leaf(n, c, scale=2.0), torch.randint(0, c, (n,))
        kind = ["cross_entropy", "cross_entropy_smooth", "cross_entropy_weighted", "cross_entropy_soft", "mse", "focal", "bce_logits", "dice", "distillation"][i % 9]
        attrs, inputs, leaves = {}, {"logits": x, "target": t}, {"logits": x}
        if kind == "cross_entropy":
            y = F.cross_entropy(x, t)
        elif kind == "cross_entropy_smooth":
            attrs["label_smoothing"] = 0.1; y = F.cross_entropy(x, t, label_smoothing=0.1)
        elif kind == "cross_entropy_weighted":
            cw = torch.rand(c) + 0.2; inputs["class_weights"] = cw; y = F.cross_entropy(x, t, weight=cw)
        elif kind == "cross_entropy_soft":
            p = F.softmax(torch.randn(n, c), 1); inputs["target"] = p; y = F.cross_entropy(x, p)
        elif kind == "mse":
            p = torch.randn(n, c); inputs = {"prediction": x, "target": p}; leaves = {"prediction": x}; y = F.mse_loss(x, p)
        elif kind == "focal":
            attrs["gamma"] = 2.0
            logp = F.log_softmax(x, 1).gather(1, t[:, None])[:, 0]
            y = (-((1 - logp.exp()) ** 2.0) * logp).mean()
        elif kind == "bce_logits":
            p = (torch.rand(n, c) < 0.4).double(); inputs["target"] = p; y = F.binary_cross_entropy_with_logits(x, p)
        elif kind == "dice":  # soft Dice on sigmoid probabilities, per sample, then the mean
            attrs["smooth"] = 1.0
            p = (torch.rand(n, c) < 0.4).double(); inputs["target"] = p; q = torch.sigmoid(x)
            y = (1 - (2 * (q * p).sum(1) + 1.0) / (q.sum(1) + p.sum(1) + 1.0)).mean()
        else:  # T^2 * KL(teacher || student), batch mean
            attrs["temperature"] = 3.0
            teacher = torch.randn(n, c) * 2; inputs = {"logits": x, "teacher_logits": teacher}
            y = 9.0 * F.kl_div(F.log_softmax(x / 3, 1), F.softmax(teacher / 3, 1), reduction="batchmean")
        _, grads = backward(y, leaves, torch.ones_like(y))
        s.add(kind, attrs, inputs, {"loss": y.reshape(1)}, grads)
    return s


def optimizer(rng):
    s = Suite("optimizer")
    table = [
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.05), {"lr": 0.05}),
        ("sgd", lambda p: torch.optim.SGD(p, lr=0.05, weight_decay=0.01), {"lr": 0.05, "weight_decay": 0.01}),
        ("momentum", lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9), {"lr": 0.02, "momentum": 0.9}),
        ("nesterov", lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9, nesterov=True), {"lr": 0.02, "momentum": 0.9}),
        ("adagrad", lambda p: torch.optim.Adagrad(p, lr=0.1), {"lr": 0.1, "eps": 1e-10}),
        ("rmsprop", lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.95), {"lr": 0.01, "alpha": 0.95, "eps": 1e-8}),
        ("adam", lambda p: torch.optim.Adam(p, lr=0.01), {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8}),
        ("adam", lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1), {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1}),
        ("adamw", lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1), {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1}),
    ]
    for kind, make, attrs in table:
        p = torch.nn.Parameter(torch.randn(17).to(torch.float32).to(torch.float64))
        gs = torch.randn(12, 17).to(torch.float32).to(torch.float64)
        start, opt, path = p.detach().clone(), make([p]), []
        for g in gs:
            p.grad = g.clone(); opt.step(); path.append(p.detach().clone())
        s.add(kind, attrs, {"start": start, "gradients": gs}, {"trajectory": torch.stack(path)}, rtol=2e-4, atol=2e-5)
    return s


def schedule(rng):
    s = Suite("schedule")
    lrs = torch.optim.lr_scheduler
    lr, steps = rng.choice([0.1, 0.05, 0.3]), 40
    metrics = [1 / (1 + i) if i < 12 else 1 / 12 + 0.001 * (i % 3) for i in range(steps)]
    table = [
        ("step", lambda o: lrs.StepLR(o, 7, 0.3), {"step_size": 7, "gamma": 0.3}),
        ("exponential", lambda o: lrs.ExponentialLR(o, 0.93), {"gamma": 0.93}),
        ("cosine", lambda o: lrs.CosineAnnealingLR(o, steps, eta_min=0.001), {"t_max": steps, "min_lr": 0.001}),
        ("cosine_restarts", lambda o: lrs.CosineAnnealingWarmRestarts(o, 8, 2, eta_min=0.001), {"t_0": 8, "t_mult": 2, "min_lr": 0.001}),
        ("one_cycle", lambda o: lrs.OneCycleLR(o, lr, total_steps=steps, pct_start=0.25, cycle_momentum=False),
         {"max_lr": lr, "total_steps": steps, "pct_start": 0.25, "div_factor": 25.0, "final_div_factor": 1e4}),
        ("linear_warmup", lambda o: lrs.LinearLR(o, 0.1, 1.0, 10), {"start_factor": 0.1, "warmup_steps": 10}),
        ("plateau", lambda o: lrs.ReduceLROnPlateau(o, "min", factor=0.2, patience=3, threshold=1e-4),
         {"factor": 0.2, "patience": 3, "threshold": 1e-4, "threshold_mode": "rel"}),
    ]
    for kind, make, attrs in table:
        opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
        sched, seen = make(opt), []
        for m in metrics:
            seen.append(opt.param_groups[0]["lr"])
            opt.step()
            sched.step(m) if kind == "plateau" else sched.step()
        s.add(kind, attrs | {"base_lr": lr}, {"metrics": torch.tensor(metrics)} if kind == "plateau" else {}, {"lr": torch.tensor(seen)}, rtol=1e-5, atol=1e-9)
    return s


def network(rng):
    """Whole training runs: given initial weights and batches, the losses and the final weights."""
    s = Suite("network")
    nets = {
        "plain": [{"op": "conv2d", "out": 4, "kernel": 3, "pad": 1}, {"op": "relu"}, {"op": "max_pool", "kernel": 2},
                  {"op": "conv2d", "out": 6, "kernel": 3, "pad": 0}, {"op": "relu"}, {"op": "avg_pool", "kernel": 2},
                  {"op": "flatten"}, {"op": "dense", "out": 10}, {"op": "relu"}, {"op": "dense", "out": 5}],
        "norm": [{"op": "conv2d", "out": 4, "kernel": 3, "pad": 1, "bias": False}, {"op": "batch_norm"}, {"op": "relu"}, {"op": "max_pool", "kernel": 2},
                 {"op": "conv2d", "out": 8, "kernel": 3, "pad": 1, "bias": False}, {"op": "batch_norm"}, {"op": "relu"}, {"op": "global_avg_pool"},
                 {"op": "flatten"}, {"op": "dense", "out": 5}],
        "residual": [{"op": "conv2d", "out": 4, "kernel": 3, "pad": 1}, {"op": "relu"},
                     {"op": "residual", "body": [{"op": "conv2d", "out": 4, "kernel": 3, "pad": 1, "bias": False}, {"op": "batch_norm"}, {"op": "relu"},
                                                 {"op": "conv2d", "out": 4, "kernel": 3, "pad": 1, "bias": False}, {"op": "batch_norm"}]},
                     {"op": "relu"}, {"op": "global_avg_pool"}, {"op": "flatten"}, {"op": "dense", "out": 5}],
        "mlp": [{"op": "flatten"}, {"op": "dense", "out": 16}, {"op": "relu"}, {"op": "dense", "out": 5}],
    }

    class Net(torch.nn.Module):
        def __init__(self, spec, shape):
            super().__init__()
            self.spec, self.parts = spec, torch.nn.ModuleList()
            for layer in spec:
                part = torch.nn.Identity()
                if layer["op"] == "conv2d":
                    part = torch.nn.Conv2d(shape[0], layer["out"], layer["kernel"], padding=layer["pad"], bias=layer.get("bias", True))
                elif layer["op"] == "batch_norm":
                    part = torch.nn.BatchNorm2d(shape[0])
                elif layer["op"] == "dense":
                    part = torch.nn.Linear(shape[0], layer["out"])
                elif layer["op"] == "relu":
                    part = torch.nn.ReLU()
                elif layer["op"] == "max_pool":
                    part = torch.nn.MaxPool2d(layer["kernel"])
                elif layer["op"] == "avg_pool":
                    part = torch.nn.AvgPool2d(layer["kernel"])
                elif layer["op"] == "global_avg_pool":
                    part = torch.nn.AdaptiveAvgPool2d(1)
                elif layer["op"] == "flatten":
                    part = torch.nn.Flatten()
                elif layer["op"] == "residual":
                    part = Net(layer["body"], shape)
                self.parts.append(part)
                with torch.no_grad():
                    was = part.training
                    part.eval(); probe = part(torch.zeros(1, *shape)); part.train(was)
                shape = tuple(probe.shape[1:])

        def forward(self, x):
            for layer, part in zip(self.spec, self.parts):
                x = x + part(x) if layer["op"] == "residual" else part(x)
            return x

    for name, spec in nets.items():
        for kind, attrs in (("momentum", {"lr": 0.05, "momentum": 0.9}), ("adam", {"lr": 0.005, "betas": [0.9, 0.999], "eps": 1e-8})):
            net = Net(spec, (1, 12, 12)).double()
            for p in net.parameters():
                p.data = p.data.to(torch.float32).to(torch.float64)
            start = {f"param/{k}": v.detach().clone() for k, v in net.state_dict().items() if "num_batches" not in k}
            x, t = torch.randn(6, 8, 1, 12, 12).to(torch.float32).to(torch.float64), torch.randint(0, 5, (6, 8))
            opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9) if kind == "momentum" else torch.optim.Adam(net.parameters(), lr=0.005)
            net.train(); losses = []
            for xb, tb in zip(x, t):
                opt.zero_grad(); l = F.cross_entropy(net(xb), tb); l.backward(); opt.step(); losses.append(l.item())
            end = {f"param/{k}": v.detach().clone() for k, v in net.state_dict().items() if "num_batches" not in k}
            net.eval()
            with torch.no_grad():
                logits = net(x[0])
            s.add("train", {"network": name, "layers": spec, "optimizer": kind} | attrs, start | {"images": x, "labels": t},
                  end | {"losses": torch.tensor(losses), "eval_logits": logits}, rtol=5e-3, atol=5e-4)
    return s


def metric(rng):
    from sklearn import metrics as m
    s = Suite("metric")
    for _ in range(6):
        n, c = rng.choice([50, 200]), rng.choice([2, 3, 10])
        t = np.array([rng.randrange(c) for _ in range(n)]); t[:c] = range(c)
        logits = np.random.default_rng(rng.randrange(1 << 30)).normal(size=(n, c)) + 1.5 * np.eye(c)[t]
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        y = p.argmax(1)
        prec, rec, f1, sup = m.precision_recall_fscore_support(t, y, labels=range(c), zero_division=0)
        auc = np.array([m.roc_auc_score(t == k, p[:, k]) for k in range(c)])
        conf, hit, ece = p.max(1), (y == t).astype(float), 0.0
        for b in range(15):
            inside = (conf > b / 15) & (conf <= (b + 1) / 15)
            if inside.any():
                ece += inside.mean() * abs(hit[inside].mean() - conf[inside].mean())
        s.add("classification", {"classes": c, "ece_bins": 15}, {"logits": logits, "target": t},
              {"confusion": m.confusion_matrix(t, y, labels=range(c)), "accuracy": np.array([hit.mean()]), "precision": prec, "recall": rec, "f1": f1,
               "roc_auc": auc, "ece": np.array([ece]), "brier": np.array([((p - np.eye(c)[t]) ** 2).sum(1).mean()])})
    for _ in range(4):
        g = np.random.default_rng(rng.randrange(1 << 30))
        a, b = g.random((3, 16, 16)) < 0.5, g.random((3, 16, 16)) < 0.3
        inter, union = (a & b).sum((1, 2)), (a | b).sum((1, 2))
        s.add("segmentation", {}, {"prediction": a.astype(int), "target": b.astype(int)},
              {"iou": inter / union, "dice": 2 * inter / (a.sum((1, 2)) + b.sum((1, 2)))})
    return s


def receptive_field(rng):
    """Theoretical receptive field, jump (pixels between neighbours) and extent of one centre unit, found by gradient."""
    s = Suite("receptive_field")
    while len(s.cases) < 20:
        layers, size, jump = [], 1, 1
        for _ in range(rng.randint(1, 6)):
            layer = {"kernel": rng.choice([1, 2, 3, 5]), "stride": rng.choice([1, 1, 2, 3]), "dilation": rng.choice([1, 1, 2])}
            size += (layer["kernel"] - 1) * layer["dilation"] * jump
            jump *= layer["stride"]
            layers.append(layer | {"rf": size, "jump": jump})
        if size > 120:
            continue
        n = size + 3 * jump
        x = torch.zeros(1, 1, n, requires_grad=True)
        y = x
        for l in layers:
            y = F.conv1d(y, torch.ones(1, 1, l["kernel"]), stride=l["stride"], dilation=l["dilation"])
        hit = torch.autograd.grad(y[0, 0, 1], x)[0][0, 0].nonzero().flatten()
        assert int(hit.max() - hit.min()) + 1 == size and int(hit.min()) == jump
        s.add("receptive_field", {"layers": layers, "final_rf": size, "final_jump": jump})
    return s


def explain(rng):
    s = Suite("explain")
    for _ in range(4):
        c1, c2, classes = 4, 6, 5
        w1, b1, w2, b2 = leaf(c1, 1, 3, 3, scale=0.5), leaf(c1), leaf(c2, c1, 3, 3, scale=0.3), leaf(c2)
        w3, b3 = leaf(classes, c2, scale=0.5), leaf(classes)
        x = torch.rand(1, 1, 14, 14).to(torch.float32).to(torch.float64).requires_grad_(True)
        target = rng.randrange(classes)
        a = F.relu(F.conv2d(F.max_pool2d(F.relu(F.conv2d(x, w1, b1, padding=1)), 2), w2, b2, padding=1))
        z = F.linear(a.mean((2, 3)), w3, b3)
        ga, gx = torch.autograd.grad(z[0, target], [a, x], retain_graph=True)
        gradcam = F.relu((ga.mean((2, 3), keepdim=True) * a).sum(1))[0]
        cam = (w3[target].view(1, -1, 1, 1) * a).sum(1)[0]
        gl = torch.autograd.grad(F.cross_entropy(z, torch.tensor([target])), x)[0]
        s.add("explain", {"target": target, "fgsm_epsilon": 0.1, "network": "conv3x3 same -> relu -> max_pool 2 -> conv3x3 same -> relu -> global_avg_pool -> dense"},
              {"image": x, "conv1.weight": w1, "conv1.bias": b1, "conv2.weight": w2, "conv2.bias": b2, "dense.weight": w3, "dense.bias": b3},
              {"logits": z, "input_gradient": gx[0, 0], "grad_cam": gradcam, "cam": cam, "fgsm": (x + 0.1 * gl.sign()).clamp(0, 1)[0, 0]})
    return s


def conv_transpose2d(rng):
    """Transposed convolution; `pad` cuts pixels off, uneven sides too (PyTorch's own padding cuts even ones)."""
    s = Suite("conv_transpose2d")
    for i in range(16):
        n, groups = rng.choice([1, 2, 3]), rng.choice([1, 1, 2, 3])
        cin, cout = groups * rng.choice([1, 2, 3]), groups * rng.choice([1, 2, 4])
        kh, kw = rng.choice([(2, 2), (3, 3), (4, 4), (1, 3), (5, 2)])
        stride, dilation = rng.choice([[1, 1], [2, 2], [2, 2], [3, 2]]), rng.choice([[1, 1], [1, 1], [2, 1], [3, 3]])
        extra = [rng.randrange(max(s_, d)) for s_, d in zip(stride, dilation)]
        pad = rng.choice([[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 1, 1], [0, 1, 1, 0]])
        h, w = rng.randint(3, 6), rng.randint(3, 6)
        bias = leaf(cout) if rng.random() < 0.7 else None
        x, weight = leaf(n, cin, h, w), leaf(cin, cout // groups, kh, kw, scale=0.5)
        top, bottom, left, right = pad
        even = top == bottom and left == right
        y = F.conv_transpose2d(x, weight, bias, stride, (top, left) if even else 0, extra, groups, dilation)
        if not even:
            y = y[:, :, top:y.shape[2] - bottom, left:y.shape[3] - right]
        leaves = {"input": x, "weight": weight} | ({"bias": bias} if bias is not None else {})
        g, grads = backward(y, leaves)
        s.add("conv_transpose2d", {"stride": stride, "pad": pad, "output_padding": extra, "dilation": dilation, "groups": groups},
              leaves, {"output": y, "upstream": g}, grads, rtol=2e-4, atol=2e-5)
    return s


SUITES = [conv2d, pool, dense_and_activation, norm, loss, optimizer, schedule, network, metric, receptive_field, explain, conv_transpose2d]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for index, make in enumerate(SUITES):
        torch.manual_seed(args.seed * 1000 + index)
        make(random.Random(args.seed * 1000 + index)).write(args.out)


if __name__ == "__main__":
    main()
