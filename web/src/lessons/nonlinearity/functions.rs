//! The activations of this lesson.

use engine::{
    LayerSpec, Pair,
    ops::{Conv2d, Elu, Gelu, Hardswish, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh},
};

/// Brighter on the left than on the right (Sobel).
pub const EDGE: [f32; 9] = [1.0, 0.0, -1.0, 2.0, 0.0, -2.0, 1.0, 0.0, -1.0];

pub const NAMES: [(&str, &str); 10] = [
    ("none", "none"),
    ("relu", "ReLU"),
    ("leaky", "leaky ReLU"),
    ("elu", "ELU"),
    ("gelu", "GELU"),
    ("silu", "SiLU"),
    ("hardswish", "hard swish"),
    ("softplus", "softplus"),
    ("sigmoid", "sigmoid"),
    ("tanh", "tanh"),
];

pub fn name(word: &str) -> &'static str {
    NAMES.iter().find(|(own, _)| *own == word).map_or("none", |(_, name)| name)
}

/// The layer; none for `none`, and for what is no activation.
pub fn layer(word: &str) -> Option<LayerSpec> {
    Some(match word {
        "relu" => Relu {}.into(),
        "leaky" => LeakyRelu::default().into(),
        "elu" => Elu::default().into(),
        "gelu" => Gelu::default().into(),
        "silu" => Silu {}.into(),
        "hardswish" => Hardswish {}.into(),
        "softplus" => Softplus::default().into(),
        "sigmoid" => Sigmoid {}.into(),
        "tanh" => Tanh {}.into(),
        _ => return None,
    })
}

/// A convolution with one kernel of `side` rows and columns, and the activation.
pub fn behind_conv(word: &str, side: usize, bias: bool) -> Vec<LayerSpec> {
    let conv = Conv2d { out_ch: 1, kernel: Pair::square(side), bias, ..Conv2d::default() };
    [LayerSpec::from(conv)].into_iter().chain(layer(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_layer_but_one() {
        assert_eq!(NAMES.iter().filter(|(word, _)| layer(word).is_none()).map(|(word, _)| *word).collect::<Vec<_>>(), ["none"]);
        assert_eq!((name("gelu"), name("what")), ("GELU", "none"));
    }
}
