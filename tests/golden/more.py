#!/usr/bin/env python3
"""Writes golden cases of what generate.py does not have, in the engine's own words.

    python more.py --seed 1 --out DIR
"""
import argparse
import pathlib
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

from generate import Suite, backward, leaf


def single(tensor):
    """What a float32 can hold."""
    return tensor.to(torch.float32).to(torch.float64)


def layers(rng):
    s = Suite("layer_more")
    for i in range(24):
        n, c, h, w = rng.choice([1, 2, 3]), rng.choice([2, 3, 5]), rng.randint(3, 9), rng.randint(3, 9)
        x = leaf(n, c, h, w)
        op = ["prelu", "hardswish", "instance_norm2d", "channel_pool2d", "conv2d", "prelu"][i % 6]
        attrs, weights = {"op": op}, {}
        if op == "prelu":
            attrs["per_channel"] = i % 12 < 6
            weights = {"weight": leaf(c if attrs["per_channel"] else 1, scale=0.4)}
            y = F.prelu(x, weights["weight"])
        elif op == "hardswish":
            x = leaf(n, c, h, w, scale=3.0)
            y = F.hardswish(x)
        elif op == "instance_norm2d":
            attrs |= {"eps": 1e-5, "affine": i % 12 < 6}
            weights = {"weight": leaf(c), "bias": leaf(c)} if attrs["affine"] else {}
            y = F.instance_norm(x, weight=weights.get("weight"), bias=weights.get("bias"), eps=1e-5)
        elif op == "channel_pool2d":
            y = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True).values], 1)
        else:  # the true convolution
            out, k, pad = rng.choice([1, 4]), rng.randint(1, 3), rng.randint(0, 1)
            attrs |= {"out_ch": out, "kernel": [k, k], "pad": pad, "flipped": True}
            weights = {"weight": leaf(out, c, k, k), "bias": leaf(out)}
            y = F.conv2d(x, weights["weight"].flip(2, 3), weights["bias"], padding=pad)
        leaves = {"input": x} | weights
        g, grads = backward(y, leaves)
        s.add(op + (" flipped" if op == "conv2d" else ""), {"layer": attrs}, leaves, {"output": y, "upstream": g}, grads, rtol=2e-4, atol=2e-5)
    return s


def losses(rng):
    s = Suite("loss_more")
    for i in range(12):
        n, c = rng.randint(1, 16), rng.randint(2, 12)
        x, t = leaf(n, c, scale=2.0), torch.randint(0, c, (n,))
        op = ["l1", "hinge", "sum"][i % 3]
        inputs, key = {"logits": x, "target": t}, "logits"
        if op == "l1":
            rows = single(torch.randn(n, c))
            inputs, key = {"prediction": x, "target": rows}, "prediction"
            own, y = {"loss": "l1"}, F.l1_loss(x, rows)
        elif op == "hinge":
            margin = rng.choice([0.5, 1.0, 2.0])
            own, y = {"loss": "hinge", "margin": margin}, F.multi_margin_loss(x, t, margin=margin)
        else:
            terms = [(0.75, {"loss": "cross_entropy", "label_smoothing": 0.1}), (0.5, {"loss": "hinge", "margin": 1.0})]
            own = {"loss": "sum", "terms": [{"weight": w, "loss": loss} for w, loss in terms]}
            y = 0.75 * F.cross_entropy(x, t, label_smoothing=0.1) + 0.5 * F.multi_margin_loss(x, t)
        _, grads = backward(y, {key: x}, torch.ones_like(y))
        s.add(op, {"loss": own}, inputs, {"loss": y.reshape(1)}, grads)
    return s


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2; PyTorch has none of its own."""

    def __init__(self, params, lr, betas, weight_decay):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (b1, b2), lr = group["betas"], group["lr"]
            for p in group["params"]:
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p -= lr * (torch.sign(b1 * m + (1 - b1) * p.grad) + group["weight_decay"] * p)
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


def optimizers(rng):
    s = Suite("optimizer_more")
    for decay in [0.0, 0.1]:
        p = nn.Parameter(single(torch.randn(17)))
        gs, start, path = single(torch.randn(12, 17)), p.detach().clone(), []
        optimizer = Lion([p], 0.01, (0.9, 0.99), decay)
        for g in gs:
            p.grad = g.clone()
            optimizer.step()
            path.append(p.detach().clone())
        rule = {"optimizer": "lion", "betas": [0.9, 0.99], "weight_decay": decay}
        s.add("lion", {"lr": 0.01, "rule": rule}, {"start": start, "gradients": gs}, {"trajectory": torch.stack(path)}, rtol=2e-4, atol=2e-5)
    return s


def schedules(rng):
    s = Suite("schedule_more")
    lr, steps = rng.choice([0.1, 0.05, 0.3]), 40
    table = [
        ("constant", lambda o: torch.optim.lr_scheduler.LambdaLR(o, lambda _: 1.0), {}),
        ("polynomial", lambda o: torch.optim.lr_scheduler.PolynomialLR(o, 30, 2.0), {"total_iters": 30, "power": 2.0}),
        ("polynomial", lambda o: torch.optim.lr_scheduler.PolynomialLR(o, 50, 0.5), {"total_iters": 50, "power": 0.5}),
    ]
    for kind, make, attrs in table:
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)
        schedule, seen = make(optimizer), []
        for _ in range(steps):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        s.add(kind, attrs | {"base_lr": lr}, {}, {"lr": torch.tensor(seen)}, rtol=1e-5, atol=1e-9)
    return s


class Join(nn.ModuleList):
    """Branches from one input, whose outputs become one: `2.1.0.weight` is layer 2, branch 1, layer 0 of it."""

    def __init__(self, how, *branches):
        super().__init__(branches)
        self.how = how

    def forward(self, x):
        return self.how([branch(x) for branch in self])


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


class ChannelPool(nn.Module):
    def forward(self, x):
        return torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True).values], 1)


def scaled(parts):
    maps, gate = parts
    return maps * (gate[:, :, None, None] if gate.dim() == 2 else gate)


def conv(out, kernel, pad=0):
    return {"op": "conv2d", "out_ch": out, "kernel": kernel, "pad": pad}


RELU, HARDSWISH, SIGMOID, MEAN = ({"op": op} for op in ["relu", "hardswish", "sigmoid", "global_avg_pool2d"])


def dense(out):
    return {"op": "dense", "out": out}


# The engine's words, and the same in PyTorch.
NETWORKS = {
    "concat": lambda: (
        [conv(4, 3, 1), {"op": "prelu", "per_channel": True},
         {"op": "concat", "branches": [[conv(3, 1)], [conv(3, 3, 1), HARDSWISH], [{"op": "max_pool2d", "kernel": 3, "stride": 1, "pad": 1}]]},
         MEAN, dense(5)],
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.PReLU(4),
                      Join(lambda parts: torch.cat(parts, 1), nn.Sequential(nn.Conv2d(4, 3, 1)),
                           nn.Sequential(nn.Conv2d(4, 3, 3, padding=1), nn.Hardswish()), nn.Sequential(nn.MaxPool2d(3, 1, 1))),
                      Mean(), nn.Linear(10, 5))),
    "squeeze_excite": lambda: (
        [conv(6, 3), RELU, {"op": "scale", "branches": [[], [MEAN, dense(2), RELU, dense(6), SIGMOID]]}, MEAN, dense(5)],
        nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(),
                      Join(scaled, nn.Sequential(), nn.Sequential(Mean(), nn.Linear(6, 2), nn.ReLU(), nn.Linear(2, 6), nn.Sigmoid())),
                      Mean(), nn.Linear(6, 5))),
    "attention": lambda: (
        [conv(4, 3), RELU, {"op": "scale", "branches": [[], [{"op": "channel_pool2d"}, conv(1, 7, 3), SIGMOID]]}, MEAN, dense(5)],
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(),
                      Join(scaled, nn.Sequential(), nn.Sequential(ChannelPool(), nn.Conv2d(2, 1, 7, padding=3), nn.Sigmoid())),
                      Mean(), nn.Linear(4, 5))),
    "sum": lambda: (
        [conv(4, 3, 1), {"op": "instance_norm2d", "affine": True}, {"op": "add", "branches": [[conv(6, 1)], [conv(6, 3, 1), RELU]]}, MEAN, dense(5)],
        nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.InstanceNorm2d(4, affine=True),
                      Join(sum, nn.Sequential(nn.Conv2d(4, 6, 1)), nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), nn.ReLU())),
                      Mean(), nn.Linear(6, 5))),
    "plain": lambda: (
        [conv(4, 3), RELU, {"op": "max_pool2d", "kernel": 2, "stride": 2}, {"op": "flatten"}, dense(12), {"op": "tanh"}, dense(5)],
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(100, 12), nn.Tanh(), nn.Linear(12, 5))),
}

ADAM = {"optimizer": "adam"}
MOMENTUM = {"optimizer": "momentum", "momentum": 0.9}
# What stands around a rule, by the names of the engine's `Treatment`.
RUNS = [
    ("concat", ADAM, {}), ("squeeze_excite", ADAM, {}), ("attention", MOMENTUM, {}), ("sum", MOMENTUM, {}),
    ("plain", MOMENTUM, {"l1": 0.001, "l2": 0.01}), ("plain", MOMENTUM, {"l1": 0.002, "penalise_all": True}),
    ("plain", MOMENTUM, {"clip_value": 0.05}), ("plain", ADAM, {"clip_norm": 0.3}), ("plain", MOMENTUM, {"clip_value": 0.1, "clip_norm": 0.2}),
    ("plain", ADAM, {"accumulate": 2}), ("plain", MOMENTUM, {"accumulate": 3, "clip_norm": 0.3, "l2": 0.05}),
    ("plain", MOMENTUM, {"sam": 0.05}), ("squeeze_excite", ADAM, {"sam": 0.1}),
    ("plain", MOMENTUM, {"rates": [[0, 0.0], [4, 0.5]]}),
]


def penalty(net, treatment):
    weights = [p for p in net.parameters() if p.dim() > 1 or treatment.get("penalise_all")]
    return sum(treatment.get("l1", 0.0) * p.abs().sum() + treatment.get("l2", 0.0) / 2 * p.square().sum() for p in weights)


def gradient(net, x, t, treatment):
    loss = F.cross_entropy(net(x), t)
    return loss.item(), torch.autograd.grad(loss + penalty(net, treatment), list(net.parameters()))


def norm(grads):
    return torch.sqrt(sum(g.square().sum() for g in grads))


def networks(rng):
    s = Suite("network_more")
    for name, rule, treatment in RUNS:
        spec, net = NETWORKS[name]()
        net = net.double().train()
        for p in net.parameters():
            p.data = single(p.data)
        names = [n for n, _ in net.named_parameters()]
        start = {f"param/{n}": p.detach().clone() for n, p in net.named_parameters()}
        x, t = single(torch.randn(6, 8, 1, 12, 12)), torch.randint(0, 5, (6, 8))
        lr = 0.005 if rule is ADAM else 0.05
        factors = {str(node): factor for node, factor in treatment.get("rates", [])}
        groups = [{"params": [p], "lr": lr * factors.get(n.split(".")[0], 1.0)} for n, p in net.named_parameters() if factors.get(n.split(".")[0]) != 0.0]
        optimizer = torch.optim.Adam(groups, lr=lr) if rule is ADAM else torch.optim.SGD(groups, lr=lr, momentum=0.9)
        losses, batches, sums = [], treatment.get("accumulate", 1), None
        for step, (xb, tb) in enumerate(zip(x, t)):
            # A penalty counts once in an update, whatever the number of batches.
            loss, grads = gradient(net, xb, tb, treatment if "sam" in treatment else {})
            losses.append(loss)
            if "sam" in treatment:
                kept, scale = [p.detach().clone() for p in net.parameters()], treatment["sam"] / (norm(grads) + 1e-12)
                with torch.no_grad():
                    for p, g in zip(net.parameters(), grads):
                        p += scale * g
                _, grads = gradient(net, xb, tb, treatment)
                with torch.no_grad():
                    for p, k in zip(net.parameters(), kept):
                        p.copy_(k)
            sums = [g / batches + (0 if sums is None else sums[i]) for i, g in enumerate(grads)]
            if step % batches != batches - 1:
                continue
            extra = penalty(net, treatment)
            if torch.is_tensor(extra) and "sam" not in treatment:
                sums = [g + (e if e is not None else 0) for g, e in zip(sums, torch.autograd.grad(extra, list(net.parameters()), allow_unused=True))]
            for p, g, n in zip(net.parameters(), sums, names):
                p.grad = None if factors.get(n.split(".")[0]) == 0.0 else g
            if "clip_value" in treatment:
                torch.nn.utils.clip_grad_value_(net.parameters(), treatment["clip_value"])
            if "clip_norm" in treatment:
                torch.nn.utils.clip_grad_norm_(net.parameters(), treatment["clip_norm"])
            optimizer.step()
            sums = None
        end = {f"param/{n}": p.detach().clone() for n, p in net.named_parameters()}
        net.eval()
        with torch.no_grad():
            logits = net(x[0])
        attrs = {"model": {"input": [1, 12, 12], "layers": spec}, "update": {"optimizer": rule, "treatment": treatment}, "lr": lr}
        what = "train " + (" ".join(sorted(treatment)) or name)
        s.add(what, attrs, start | {"images": x, "labels": t}, end | {"losses": torch.tensor(losses), "eval_logits": logits}, rtol=5e-3, atol=5e-4)
    return s


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    for suite in (layers, losses, optimizers, schedules, networks):
        suite(rng).write(args.out)


if __name__ == "__main__":
    main()
