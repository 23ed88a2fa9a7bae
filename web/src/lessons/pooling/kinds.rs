//! The kinds of pooling, and the map that they work on.

use engine::{
    LayerSpec, Pair, Shape,
    ops::{
        AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, FractionalMaxPool2d, GlobalAvgPool2d, GlobalMaxPool2d, LpPool2d,
        MaxPool2d, Relu, StochasticPool2d,
    },
};

use crate::learn::desk::Settings;

pub const IMAGE: Shape = Shape::new(1, data::SIDE, data::SIDE);
/// Rows and columns of the map that is pooled.
pub const MAP: usize = 12;
/// Where the map stands in the network, and where the pooling.
pub const MAP_AT: usize = 2;
pub const POOL_AT: usize = 3;
/// Brighter on the left than on the right (Sobel).
pub const EDGE: [f32; 9] = [0.5, 0.0, -0.5, 1.0, 0.0, -1.0, 0.5, 0.0, -0.5];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Max,
    Average,
    Lp,
    GlobalMax,
    GlobalAverage,
    AdaptiveMax,
    AdaptiveAverage,
    Fractional,
    Stochastic,
}

impl Kind {
    pub const NAMES: [(&'static str, &'static str); 9] = [
        ("max", "Maximum"),
        ("average", "Average"),
        ("lp", "Lp: root of powers"),
        ("stochastic", "Stochastic: drawn by lot"),
        ("fractional", "Fractional maximum"),
        ("adaptive-max", "Adaptive maximum"),
        ("adaptive-average", "Adaptive average"),
        ("global-max", "Global maximum"),
        ("global-average", "Global average"),
    ];

    pub fn of(word: &str) -> Self {
        match word {
            "average" => Self::Average,
            "lp" => Self::Lp,
            "global-max" => Self::GlobalMax,
            "global-average" => Self::GlobalAverage,
            "adaptive-max" => Self::AdaptiveMax,
            "adaptive-average" => Self::AdaptiveAverage,
            "fractional" => Self::Fractional,
            "stochastic" => Self::Stochastic,
            _ => Self::Max,
        }
    }

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(word, _)| Self::of(word) == self).map_or("", |(_, name)| name)
    }

    /// Windows of a size that is chosen lie side by side.
    pub fn has_window(self) -> bool {
        matches!(self, Self::Max | Self::Average | Self::Lp | Self::Stochastic)
    }

    /// The size of what comes out is chosen, and the windows follow.
    pub fn has_extent(self) -> bool {
        matches!(self, Self::AdaptiveMax | Self::AdaptiveAverage | Self::Fractional)
    }

    pub fn is_drawn(self) -> bool {
        matches!(self, Self::Fractional | Self::Stochastic)
    }

    pub fn layer(self, settings: &Settings) -> LayerSpec {
        let window = Pair::square(settings.count("size").clamp(2, 6));
        let output = Pair::square(settings.count("to").clamp(1, MAP - 1));
        match self {
            Self::Max => MaxPool2d { kernel: window, stride: window, ..MaxPool2d::default() }.into(),
            Self::Average => AvgPool2d { kernel: window, stride: window, ..AvgPool2d::default() }.into(),
            Self::Lp => LpPool2d { norm_type: settings.count("power").clamp(1, 8) as f32, kernel: window, stride: window }.into(),
            Self::Stochastic => StochasticPool2d { kernel: window, stride: window }.into(),
            Self::GlobalMax => GlobalMaxPool2d {}.into(),
            Self::GlobalAverage => GlobalAvgPool2d {}.into(),
            Self::AdaptiveMax => AdaptiveMaxPool2d { output }.into(),
            Self::AdaptiveAverage => AdaptiveAvgPool2d { output }.into(),
            Self::Fractional => FractionalMaxPool2d { kernel: Pair::square(2), output }.into(),
        }
    }
}

/// The image made small, its edges, and what is done with them.
pub fn layers(pooling: LayerSpec) -> Vec<LayerSpec> {
    let edges = Conv2d { out_ch: 1, bias: false, ..Conv2d::default() };
    vec![AdaptiveAvgPool2d { output: Pair::square(MAP + 2) }.into(), edges.into(), Relu {}.into(), pooling]
}

#[cfg(test)]
mod tests {
    use engine::{Graph, Init, ModelSpec};

    use super::*;
    use crate::lessons::pooling::LESSON;

    #[test]
    fn every_kind_fits_the_map() {
        for (word, name) in Kind::NAMES {
            let kind = Kind::of(word);
            assert_eq!(kind.name(), name);
            for (size, to) in [("2", "1"), ("5", "11"), ("99", "0"), ("x", "99")] {
                let mut settings = LESSON.settings_at(0);
                settings.set("size", size);
                settings.set("to", to);
                let graph = Graph::check(&ModelSpec { input: IMAGE, layers: layers(kind.layer(&settings)), init: Init::default() });
                let graph = graph.unwrap_or_else(|e| panic!("{word} {size} {to}: {e}"));
                assert_eq!(graph.nodes[POOL_AT].input, Shape::new(1, MAP, MAP), "{word}");
            }
        }
    }
}
