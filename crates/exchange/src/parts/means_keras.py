def means(extent, boxes):
    """A matrix with a row for each box, which takes the mean of its pixels."""
    return keras.ops.convert_to_tensor([[1 / (end - start) if start <= p < end else 0.0 for p in range(extent)] for start, end in boxes])
