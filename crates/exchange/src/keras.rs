//! Keras code: a functional model with channels last, as Keras has them on every backend, and with a function that
//! turns our weights round.

use engine::Graph;

use crate::{
    ExchangeError,
    table::{Gives, Takes, entry, joins},
    tree::{Layer, tree},
};

/// What adaptive average pooling needs.
const MEANS: &str = include_str!("parts/means_keras.py");

/// A Python file that defines `model` and `load(path)`, which fills it from a safetensors file.
///
/// # Errors
/// An operator that `table` does not know, or a setting that Keras has not.
pub fn keras(graph: &Graph) -> Result<String, ExchangeError> {
    let mut writer = Writer::default();
    let is_vector = writer.layers(&tree(graph)?, false, "x")?;
    if !is_vector {
        writer.line("x = layers.Flatten()(x)");
    }
    let input = graph.spec.input;
    Ok(format!(
        r#""""A network of Kernelscope for Keras 3.

Takes images (batch, {h}, {w}, {ch}), from 0 to 1, and gives {out} numbers for each. Channels come last here and first in
the file of weights: `load(path)` turns every tensor round. Where maps are flattened, their channels are brought to the
front before, so that dense layers see the numbers in the order in which they were trained.
"""

import sys

import keras
from keras import layers

{parts}images = x = keras.Input(({h}, {w}, {ch}))
{body}model = keras.Model(images, x)

# Of each layer the tensors of the file, and how they are turned.
WEIGHTS = {{
{weights}}}


def load(path):
    """The model with the weights of a safetensors file."""
    from safetensors.numpy import load_file

    file = load_file(path)
    for name, turned in WEIGHTS.items():
        model.get_layer(name).set_weights(turned(file))
    return model


if __name__ == "__main__":
    (load(sys.argv[1]) if len(sys.argv) > 1 else model).summary()
"#,
        h = input.h,
        w = input.w,
        ch = input.ch,
        out = graph.output(),
        parts = if writer.text.contains("means(") { format!("\n{MEANS}\n\n") } else { String::new() },
        body = writer.text,
        weights = writer.weights,
    ))
}

#[derive(Default)]
struct Writer {
    text: String,
    weights: String,
    branches: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text += &format!("{line}\n");
    }

    /// Writes layers one after another over the variable `x`; given a vector or maps, says which come out.
    fn layers(&mut self, layers: &[Layer<'_>], mut is_vector: bool, x: &str) -> Result<bool, ExchangeError> {
        for layer in layers {
            if joins(layer) {
                is_vector = self.join(layer, is_vector, x)?;
                continue;
            }
            let entry = entry(layer)?;
            match (entry.takes, is_vector) {
                (Takes::Maps, true) => self.line(&format!("{x} = layers.Reshape((1, 1, -1))({x})")),
                (Takes::Vector, false) => self.line(&format!("{x} = layers.Flatten()({x})")),
                _ => {}
            }
            let missing = |cause| ExchangeError::Missing { layer: layer.name.to_owned(), op: layer.op.clone(), peer: "Keras", cause };
            for expression in entry.keras.map_err(missing)? {
                self.line(&format!("{x} = {}", expression.replace("{x}", x)));
            }
            if !entry.keras_weights.is_empty() {
                let tensors: Result<Vec<String>, ExchangeError> =
                    entry.keras_weights.iter().map(|(name, turn)| Ok(format!("file[\"{}\"]{turn}", layer.param(name)?.name))).collect();
                self.weights += &format!("    \"{}\": lambda file: [{}],\n", layer.name, tensors?.join(", "));
            }
            is_vector = match entry.gives {
                Gives::Same => is_vector,
                Gives::Maps => false,
                Gives::Vector => true,
            };
        }
        Ok(is_vector)
    }

    fn join(&mut self, layer: &Layer<'_>, is_vector: bool, x: &str) -> Result<bool, ExchangeError> {
        let mut given = Vec::new();
        for branch in &layer.branches {
            self.branches += 1;
            let own = format!("x{}", self.branches);
            self.line(&format!("{own} = {x}"));
            given.push((self.layers(branch, is_vector, &own)?, own));
        }
        let all_vectors = given.iter().all(|(is_vector, _)| *is_vector);
        for (_, own) in given.iter().filter(|(is_vector, _)| *is_vector && !all_vectors) {
            self.line(&format!("{own} = layers.Reshape((1, 1, -1))({own})"));
        }
        let names = given.into_iter().map(|(_, own)| own).collect::<Vec<_>>().join(", ");
        let joined = match layer.op.as_str() {
            "add" => format!("layers.Add()([{names}])"),
            "concat" => format!("layers.Concatenate()([{names}])"),
            "scale" => format!("layers.Multiply()([{names}])"),
            _ => return Err(ExchangeError::Unknown { layer: layer.name.to_owned(), op: layer.op.clone() }),
        };
        self.line(&format!("{x} = {joined}"));
        Ok(all_vectors)
    }
}
