//! The boxes of adaptive pooling: an axis divided among a given number of outputs, by PyTorch's rule.

use super::{
    Placement, Window,
    boxes::{self, Span},
    single,
};
use crate::{Pair, Shape, ShapeError};

/// The shape rule, and what an output sees.
pub(super) fn infer(inputs: &[Shape], output: Pair) -> Result<(Shape, Window), ShapeError> {
    let input = single(inputs)?;
    boxes::products_fit(input, output)?;
    let extent = Pair::new(input.h, input.w);
    let window = Window::Scale { step: extent, first: [0, 0], width: extent, of: output };
    Ok((Shape::new(input.ch, output.h, output.w), window))
}

/// All boxes: output `i` of `n` looks at ⌊i·extent / n⌋ up to, but without, ⌈(i+1)·extent / n⌉.
pub(super) fn table(at: &Placement) -> Vec<u32> {
    let axis = |extent: usize, outputs: usize| {
        // Products lie below 2³²: the shape rule has seen to it.
        (0..outputs).map(move |i| Span::from(i * extent / outputs..((i + 1) * extent).div_ceil(outputs)))
    };
    boxes::table(axis(at.input.h, at.output.h), axis(at.input.w, at.output.w))
}
