class ChannelPool2d(nn.Module):
    """Mean and maximum over the channels."""

    def forward(self, x):
        return torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
