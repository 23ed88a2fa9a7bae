class LpPool2d(nn.Module):
    """Power-average pooling. As nn.LPPool2d where that gives a number: an odd power keeps the sign, any other drops it."""

    def __init__(self, norm_type, kernel, stride):
        super().__init__()
        self.norm_type, self.kernel, self.stride = norm_type, kernel, stride

    def forward(self, x):
        p, area = self.norm_type, self.kernel[0] * self.kernel[1]
        powers = x**p if p % 2 == 1 else x.abs() ** p
        total = nn.functional.avg_pool2d(powers, self.kernel, self.stride) * area
        return total.sign() * total.abs() ** (1 / p)
