//! PyTorch code: an `nn.Sequential` whose names are those of our files, so that `load_state_dict` takes them strictly.

use std::collections::BTreeSet;

use engine::Graph;

use crate::{
    ExchangeError,
    table::{Gives, Takes, entry, joins},
    tree::{Layer, tree},
};

/// Pieces of code that some layers need, in the order in which they may stand.
const PARTS: &[(&str, &str)] = &[
    ("as_maps", include_str!("parts/as_maps.py")),
    ("as_vector", include_str!("parts/as_vector.py")),
    ("padded_conv2d", include_str!("parts/padded_conv2d.py")),
    ("flipped_conv2d", include_str!("parts/flipped_conv2d.py")),
    ("cut_conv_transpose2d", include_str!("parts/cut_conv_transpose2d.py")),
    ("mean_of_pixels", include_str!("parts/mean_of_pixels.py")),
    ("stochastic_depth", include_str!("parts/stochastic_depth.py")),
    ("lp_pool2d", include_str!("parts/lp_pool2d.py")),
    ("stochastic_pool2d", include_str!("parts/stochastic_pool2d.py")),
    ("fractional_max_pool2d", include_str!("parts/fractional_max_pool2d.py")),
    ("channel_pool2d", include_str!("parts/channel_pool2d.py")),
    ("join", include_str!("parts/join.py")),
];

/// A Python file that defines `model` and `load(path)`, which fills it from a safetensors file.
///
/// # Errors
/// An operator that `table` does not know.
pub fn pytorch(graph: &Graph) -> Result<String, ExchangeError> {
    let mut writer = Writer::default();
    let is_vector = writer.layers(&tree(graph)?, false, 1)?;
    if !is_vector {
        writer.line(1, "nn.Flatten(),  # scores without rows and columns");
    }
    let input = graph.spec.input;
    let parts: String =
        PARTS.iter().filter(|(name, _)| writer.parts.contains(name)).map(|(_, source)| format!("{}\n\n\n", source.trim_end())).collect();
    Ok(format!(
        r#""""A network of Kernelscope for PyTorch.

Takes images (batch, {}, {}, {}), from 0 to 1, and gives {} numbers for each. The weights lie in a safetensors file
beside it: `load(path)` puts them in. Its names are those of `model.state_dict()`.
"""

import sys

import torch
from torch import nn


{parts}model = nn.Sequential(
{})


def load(path):
    """The model with the weights of a safetensors file, ready to evaluate."""
    from safetensors.torch import load_file

    model.load_state_dict(load_file(path), strict=True)
    return model.eval()


if __name__ == "__main__":
    print(load(sys.argv[1]) if len(sys.argv) > 1 else model)
"#,
        input.ch,
        input.h,
        input.w,
        graph.output(),
        writer.text
    ))
}

#[derive(Default)]
struct Writer {
    text: String,
    parts: BTreeSet<&'static str>,
}

impl Writer {
    fn line(&mut self, depth: usize, line: &str) {
        self.text += &format!("{}{line}\n", "    ".repeat(depth));
    }

    /// Writes layers one after another; given a vector or maps, says which come out.
    fn layers(&mut self, layers: &[Layer<'_>], mut is_vector: bool, depth: usize) -> Result<bool, ExchangeError> {
        for (index, layer) in layers.iter().enumerate() {
            let note = format!("  # {index}: {}", layer.output);
            if joins(layer) {
                self.parts.insert("join");
                let class = layer.op[..1].to_ascii_uppercase() + &layer.op[1..];
                self.line(depth, &format!("{class}({note}"));
                let mut vectors = true;
                for branch in &layer.branches {
                    self.line(depth + 1, "nn.Sequential(");
                    vectors &= self.layers(branch, is_vector, depth + 2)?;
                    self.line(depth + 1, "),");
                }
                self.line(depth, "),");
                is_vector = vectors;
                continue;
            }
            let entry = entry(layer)?;
            self.parts.extend(&entry.parts);
            let wrapper = match (entry.takes, is_vector) {
                (Takes::Maps, true) => Some("as_maps"),
                (Takes::Vector, false) => Some("as_vector"),
                _ => None,
            };
            self.parts.extend(wrapper);
            let module = wrapper.map_or(entry.torch.clone(), |w| format!("{w}({})", entry.torch));
            self.line(depth, &format!("{module},{note}"));
            is_vector = match entry.gives {
                Gives::Same => is_vector,
                Gives::Maps => false,
                Gives::Vector => true,
            };
        }
        Ok(is_vector)
    }
}
