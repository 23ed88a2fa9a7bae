//! The networks that are compared, and how they train.

use engine::{
    Graph, Init, LayerSpec, ModelSpec, Pair, Shape,
    ops::{Conv2d, Dense, Flatten, GlobalAvgPool2d, MaxPool2d, Relu},
};
use protocol::{RunSpec, TrainSpec};

use crate::learn::trained::Job;

pub const STEPS: u32 = 300;
const BATCH: usize = 32;
const SEED: u32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// Every pixel to 16 units.
    Mlp,
    /// Two convolutions, then flattened.
    Cnn,
    /// The same two, then the mean of each map.
    Gap,
}

impl Net {
    pub const ALL: [Self; 3] = [Self::Mlp, Self::Cnn, Self::Gap];

    pub fn name(self) -> &'static str {
        match self {
            Self::Mlp => "MLP",
            Self::Cnn => "CNN",
            Self::Gap => "CNN with means",
        }
    }

    pub fn slug(self) -> &'static str {
        match self {
            Self::Mlp => "mlp",
            Self::Cnn => "cnn",
            Self::Gap => "gap",
        }
    }

    /// Whose colour it has.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Mlp => "input",
            Self::Cnn => "output",
            Self::Gap => "kernel",
        }
    }

    pub fn model(self, side: usize) -> ModelSpec {
        let answer = Dense { out: data::CLASSES, bias: true };
        let conv = |out_ch: usize| Conv2d { out_ch, kernel: Pair::square(5), ..Conv2d::default() };
        let mut layers: Vec<LayerSpec> = match self {
            Self::Mlp => vec![Flatten {}.into(), Dense { out: 16, bias: true }.into(), Relu {}.into()],
            Self::Cnn | Self::Gap => vec![
                conv(14).into(),
                Relu {}.into(),
                MaxPool2d::default().into(),
                conv(24).into(),
                Relu {}.into(),
                MaxPool2d::default().into(),
            ],
        };
        match self {
            Self::Mlp => {}
            Self::Cnn => layers.push(Flatten {}.into()),
            Self::Gap => layers.extend([GlobalAvgPool2d {}.into(), Flatten {}.into()]),
        }
        layers.push(answer.into());
        ModelSpec { input: Shape::new(1, side, side), layers, init: Init::default() }
    }

    pub fn run(self) -> RunSpec {
        RunSpec { model: self.model(data::SIDE), train: TrainSpec { batch: BATCH, seed: SEED, epochs: 100, ..TrainSpec::default() } }
    }

    pub fn job(self) -> Job {
        Job::new(self.run(), STEPS)
    }

    /// Weights, multiply-adds of an image, and numbers that layers give out, on an image of this side.
    pub fn price(self, side: usize) -> Option<[u64; 3]> {
        let graph = Graph::check(&self.model(side)).ok()?;
        let numbers: usize = graph.nodes.iter().map(|node| node.output.len()).sum();
        Some([graph.params_len() as u64, graph.cost().multiply_adds, numbers as u64])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_about_equal() {
        let weights = |net: Net| net.price(data::SIDE).unwrap()[0];
        assert_eq!(Net::ALL.map(weights), [12_730, 12_638, 9_038]);
        assert_eq!(Net::Gap.price(100).unwrap()[0], 9_038);
        for net in Net::ALL {
            assert!(Graph::check_classifier(&net.model(28), data::CLASSES).is_ok() && net.run().train.check().is_ok());
        }
    }
}
