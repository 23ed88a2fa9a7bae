class FlippedConv2d(PaddedConv2d):
    """The true convolution: the kernel turned by half a turn. `weight` is stored as it is trained, not turned."""

    def _conv_forward(self, x, weight, bias):
        return super()._conv_forward(x, weight.flip(2, 3), bias)
