//! The network of this lesson, and its numbers before anything has been learnt.

use engine::{
    Init, LayerSpec, ModelSpec, Pair, Shape,
    ops::{Conv2d, Dense, Flatten, MaxPool2d, Relu},
    optim::Sgd,
};
use protocol::{RunSpec, TrainSpec};

use crate::learn::{engine::FigureAsk, trained::Job};

pub const KERNELS: usize = 3;
/// Rows and columns of a kernel.
pub const SIDE: usize = 5;
/// Rows and columns of a map.
pub const MAP: usize = data::SIDE - SIDE + 1;
pub const RATE: f32 = 0.1;
const BATCH: usize = 32;
/// Small, so that what is learnt stands out against it.
pub const NOISE: Init = Init::Uniform { bound: 0.1 };
pub const EQUAL: Init = Init::Constant { value: 0.05 };
/// Layers whose numbers are looked at.
pub const CONV: usize = 0;
pub const ANSWER: usize = 4;

/// A bank of kernels and one layer that reads their maps.
pub fn model(kernels: usize, side: usize, init: Init) -> ModelSpec {
    let conv = Conv2d { out_ch: kernels, kernel: Pair::square(side), bias: false, ..Conv2d::default() };
    let layers: Vec<LayerSpec> =
        vec![conv.into(), Relu {}.into(), MaxPool2d::default().into(), Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()];
    ModelSpec { input: Shape::new(1, data::SIDE, data::SIDE), layers, init }
}

/// Plain descent: a step is the rate times the gradient, and nothing else.
pub fn run(model: ModelSpec, rate: f32, seed: u32) -> RunSpec {
    RunSpec { model, train: TrainSpec { optimizer: Sgd::default().into(), rate, batch: BATCH, seed, ..TrainSpec::default() } }
}

pub fn job(kernels: usize, side: usize, init: Init, rate: f32, seed: u32, steps: u32) -> Job {
    Job::new(run(model(kernels, side, init), rate, seed), steps)
}

/// The sample through the network of three kernels as `seed` draws it.
pub fn untrained(image: &[f32], init: Init, seed: u32) -> FigureAsk {
    let model = model(KERNELS, SIDE, init);
    let mut ask = FigureAsk::new(model.input, model.layers, image).seed(seed);
    ask.spec.model.init = init;
    ask
}

#[cfg(test)]
mod tests {
    use engine::Graph;

    use super::*;

    #[test]
    fn kernels_come_first() {
        let graph = Graph::check_classifier(&model(KERNELS, SIDE, NOISE), data::CLASSES).unwrap();
        assert_eq!(graph.params[0].dims, [KERNELS, 1, SIDE, SIDE]);
        assert_eq!(graph.params.len(), 3);
        assert_eq!((graph.nodes[CONV].output.h, graph.nodes[ANSWER].output.len()), (MAP, data::CLASSES));
        let spec = run(model(1, 3, EQUAL), RATE, 1);
        assert_eq!(spec.train.check(), Ok(()));
    }
}
