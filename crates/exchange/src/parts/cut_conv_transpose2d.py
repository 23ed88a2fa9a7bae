class CutConvTranspose2d(nn.ConvTranspose2d):
    """A transposed convolution that cuts off sides that differ."""

    def __init__(self, *args, sides, **kwargs):
        super().__init__(*args, **kwargs)
        self.sides = sides  # top, bottom, left, right

    def forward(self, x):
        top, bottom, left, right = self.sides
        x = super().forward(x)
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]
