class StochasticPool2d(nn.Module):
    """Of each window one number, drawn with a probability as large as the number; in evaluation the mean of that."""

    def __init__(self, kernel, stride):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        x = x.clamp_min(0)
        mean = nn.functional.avg_pool2d(x, self.kernel, self.stride)
        if not self.training:
            return nn.functional.avg_pool2d(x * x, self.kernel, self.stride) / mean.clamp_min(1e-30)
        windows = nn.functional.unfold(x, self.kernel, stride=self.stride)
        windows = windows.view(*x.shape[:2], -1, windows.shape[2]).movedim(2, -1)
        weights = windows + (windows.sum(-1, keepdim=True) == 0)
        drawn = torch.distributions.Categorical(probs=weights).sample()
        return windows.gather(-1, drawn[..., None])[..., 0].view_as(mean)
