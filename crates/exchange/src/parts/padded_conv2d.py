class PaddedConv2d(nn.Conv2d):
    """A convolution with a padding that nn.Conv2d has not: sides that differ, or mirrored with the edge repeated."""

    def __init__(self, *args, sides, mode="zeros", **kwargs):
        super().__init__(*args, **kwargs)
        self.sides, self.mode = sides, mode  # top, bottom, left, right

    def forward(self, x):
        top, bottom, left, right = self.sides
        if self.mode == "symmetric":
            x = x[:, :, mirrored(x.shape[2], top, bottom)][:, :, :, mirrored(x.shape[3], left, right)]
        else:
            x = nn.functional.pad(x, (left, right, top, bottom), mode={"zeros": "constant"}.get(self.mode, self.mode))
        return super().forward(x)


def mirrored(extent, before, after):
    """Places of the pixels c b a | a b c | c b a."""
    return [-1 - p if p < 0 else p if p < extent else 2 * extent - 1 - p for p in range(-before, extent + after)]
