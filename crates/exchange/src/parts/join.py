class Join(nn.ModuleList):
    """Branches that all take in the same and whose outputs are joined."""

    def __init__(self, *branches):
        super().__init__(branches)

    def given(self, x):
        """What the branches give, all with rows and columns where one has them."""
        outs = [branch(x) for branch in self]
        most = max(out.dim() for out in outs)
        return [out if out.dim() == most else out[:, :, None, None] for out in outs]


class Add(Join):
    def forward(self, x):
        first, *others = self.given(x)
        for other in others:
            first = first + other
        return first


class Concat(Join):
    def forward(self, x):
        return torch.cat(self.given(x), 1)


class Scale(Join):
    """The maps of the first branch, times the gate of the second."""

    def forward(self, x):
        maps, gate = self.given(x)
        return maps * gate
