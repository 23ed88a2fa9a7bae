class StochasticDepth(nn.Module):
    """In training leaves out all of an example with probability p; torchvision.ops.StochasticDepth in mode "row"."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        keep = torch.rand(x.shape[:1] + (1,) * (x.dim() - 1), device=x.device) >= self.p
        return x * keep / (1 - self.p)
