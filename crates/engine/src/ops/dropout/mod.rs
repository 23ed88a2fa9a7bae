//! Dropout: in training each number is dropped with probability `p`, and what stays is scaled.
//!
//! # Shapes
//! Output as input.
//!
//! # Formula
//! Training: `output = input · keep / (1 − p)`, `keep` drawn for each number, step and run.
//! Evaluation: the identity (frameworks scale in training, not at inference).
//!
//! # Gradient
//! `d_input = d_output · keep / (1 − p)` with the same `keep`, drawn again: nothing is saved.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! `p` outside 0 to 0.99.

use serde::Serialize;

use super::{
    Backward, Case, Control, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Working,
    keep::{self, Keep, case},
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Shader, Site},
    json::Read,
};

/// `torch.nn.Dropout`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Dropout {
    /// Share of numbers that are dropped.
    pub p: f32,
}

impl Default for Dropout {
    fn default() -> Self {
        Self { p: 0.5 }
    }
}

static FORWARD: Shader = Shader { name: "dropout/forward", source: include_str!("forward.wgsl") };
static BACKWARD: Shader = Shader { name: "dropout/backward", source: include_str!("backward.wgsl") };

pub const KIND: Kind = Kind {
    name: "dropout",
    short: "drop",
    title: "Dropout",
    family: super::Family::Dropping,
    knobs: &[Knob { key: "p", label: "Share dropped", control: Control::Ratio { least: 0.0, most: keep::MOST, step: 0.05 } }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[Mode::Eval],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: &[&FORWARD, &BACKWARD] };

fn cases() -> Vec<Case> {
    vec![
        case("worked_by_hand", Dropout { p: 0.0 }, Shape::new(2, 1, 1), 1, Mode::Train, Some(keep::worked())),
        case("half", Dropout { p: 0.5 }, Shape::new(2, 1, 1), 20, Mode::Train, None),
        case("evaluation", Dropout { p: 0.5 }, Shape::new(2, 1, 1), 3, Mode::Eval, None),
    ]
}

impl Dropout {
    fn keep(&self) -> Keep {
        Keep { p: self.p, span: 1 }
    }
}

impl Op for Dropout {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        keep::infer(self.p, inputs)
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        self.keep().forward(at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        self.keep().backward(at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        self.keep().launches([&FORWARD, &BACKWARD], None, at, site)
    }

    fn reference(&self, at: &Placement, now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        self.keep().reference(at, now, input, d_output)
    }
}
