//! Logarithm of softmax over the channels, at each pixel.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output_c = input_c − ln Σ e^input`, computed with the greatest input taken off all of them
//!
//! # Gradient
//! `d_input_c = d_output_c − e^output_c · Σ d_output`.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! None of its own.

use serde::Serialize;

use super::{
    Backward, Case, Exhibit, Forward, Inferred, Kind, Op, Placement, Reference, Signs, Working,
    distribution::{self, Scale},
    pointwise::{case, worked},
};
use crate::{
    Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Shader, Site},
    json::Read,
};

/// `torch.nn.LogSoftmax` with `dim=1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct LogSoftmax {}

static FORWARD: Shader = Shader { name: "log_softmax/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "log_softmax/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "log_softmax",
    short: "logsoftmax",
    title: "Log-softmax",
    family: super::Family::Activation,
    knobs: &[],
    signs: Signs::Both,
    mixes: true,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    // Shares 1/8, 2/8 and 5/8: the inputs are ln 1, ln 2 and ln 5.
    let (ln_2, ln_5, ln_8) = (std::f32::consts::LN_2, 1.609_438, 2.079_441_5);
    let input = [0.0, ln_2, ln_5];
    let by_hand = worked(&input, &[-ln_8, ln_2 - ln_8, ln_5 - ln_8], &[6.0, 0.0, 2.0], &[5.0, -2.0, -3.0]);
    vec![
        case("worked_by_hand", LogSoftmax {}, Shape::flat(3), 1, Some(by_hand)),
        case("scores", LogSoftmax {}, Shape::flat(10), 5, None),
        case("pixels", LogSoftmax {}, Shape::new(4, 3, 5), 2, None),
    ]
}

impl Op for LogSoftmax {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        distribution::infer(inputs)
    }

    fn working(&self, at: &Placement) -> Working {
        distribution::working(at)
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        distribution::forward(Scale::Log, at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        distribution::backward(Scale::Log, at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        distribution::launches([&FORWARD, &BACKWARD], at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        distribution::reference(Scale::Log, at, input, d_output)
    }
}
