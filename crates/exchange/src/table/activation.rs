//! Functions of single numbers, and what does nothing in evaluation.

use super::{Entry, Step};
use crate::{ExchangeError, tree::Layer};

pub fn relu() -> Entry {
    Entry::pointwise("nn.ReLU()").keras("layers.ReLU()({x})").onnx(Step::new("Relu"))
}

pub fn dropout(layer: &Layer<'_>) -> Result<Entry, ExchangeError> {
    let p = layer.number("p")?;
    Ok(Entry::pointwise(format!("nn.Dropout({p})")).keras(format!("layers.Dropout({p})({{x}})")))
}
