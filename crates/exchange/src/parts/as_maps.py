def as_maps(layer):
    """Has the layer take a vector as maps of one pixel."""
    layer.register_forward_pre_hook(lambda _, given: (given[0][:, :, None, None],))
    return layer
