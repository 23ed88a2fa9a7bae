//! Softmax over the channels, at each pixel: any numbers become shares of one whole.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! `output_c = e^input_c / Σ e^input`, computed with the greatest input taken off all of them
//!
//! # Gradient
//! `d_input_c = output_c · (d_output_c − Σ d_output · output)`.
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

/// `torch.nn.Softmax` with `dim=1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Softmax {}

static FORWARD: Shader = Shader { name: "softmax/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "softmax/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "softmax",
    short: "softmax",
    title: "Softmax",
    family: super::Family::Activation,
    knobs: &[],
    signs: Signs::Positive,
    mixes: true,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    // Shares 1/8, 2/8 and 5/8: the inputs are ln 1, ln 2 and ln 5.
    let input = [0.0, std::f32::consts::LN_2, 1.609_438];
    // Σ d · y = 2, so d_input = y · (d − 2).
    let by_hand = worked(&input, &[0.125, 0.25, 0.625], &[6.0, 0.0, 2.0], &[0.5, -0.5, 0.0]);
    vec![
        case("worked_by_hand", Softmax {}, Shape::flat(3), 1, Some(by_hand)),
        case("scores", Softmax {}, Shape::flat(10), 5, None),
        case("pixels", Softmax {}, Shape::new(4, 3, 5), 2, None),
    ]
}

impl Op for Softmax {
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
        distribution::forward(Scale::Plain, at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        distribution::backward(Scale::Plain, at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        distribution::launches([&FORWARD, &BACKWARD], at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        distribution::reference(Scale::Plain, at, input, d_output)
    }
}
