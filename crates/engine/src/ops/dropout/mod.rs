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

mod gpu;

use serde::{Deserialize, Serialize};

use super::{
    Backward, Case, Control, Cost, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Window, Worked, Working, single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    rng::{self, Stream},
};

/// `torch.nn.Dropout`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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

const MOST: f32 = 0.99;

pub const KIND: Kind = Kind {
    name: "dropout",
    short: "drop",
    title: "Dropout",
    about: include_str!("about.md"),
    knobs: &[Knob { key: "p", label: "Share dropped", control: Control::Ratio { least: 0.0, most: MOST, step: 0.05 } }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[Mode::Eval],
    absorbs: &[],
    activation: None,
    cases,
    shaders: gpu::SHADERS,
};

fn cases() -> Vec<Case> {
    // p = 0 keeps everything and scales by one: the one case whose draw needs no hash by hand.
    let worked = Worked {
        input: vec![1.0, -2.0],
        params: vec![],
        state: vec![],
        output: vec![1.0, -2.0],
        d_output: vec![3.0, 4.0],
        d_input: vec![3.0, 4.0],
        d_params: vec![],
    };
    let case = |name, p, batch, mode, worked| Case {
        name,
        layer: Dropout { p }.into(),
        input: Shape::new(2, 1, 1),
        others: &[],
        batch,
        mode,
        worked,
    };
    vec![
        case("worked_by_hand", 0.0, 1, Mode::Train, Some(worked)),
        case("half", 0.5, 20, Mode::Train, None),
        case("evaluation", 0.5, 3, Mode::Eval, None),
    ]
}

impl Dropout {
    /// Factor of number `index` of the batch: 0 or 1 / (1 − p).
    fn factor(&self, at: &Placement, now: &StepInputs, index: usize) -> f32 {
        if at.mode == Mode::Eval {
            return 1.0;
        }
        // The step picks the seed and the node the stream, so that neither repeats the other.
        let drawn = rng::uniform(rng::mix(now.seed ^ rng::mix(now.step)), Stream::DROPOUT.part(at.node.0 as u32), index as u32);
        if drawn < self.p { 0.0 } else { 1.0 / (1.0 - self.p) }
    }
}

impl Op for Dropout {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        if !(0.0..=MOST).contains(&self.p) {
            return Err(ShapeError::RatioOutOfRange {
                setting: "p".to_owned(),
                value: self.p.to_string(),
                least: "0".to_owned(),
                most: MOST.to_string(),
            });
        }
        let output = single(inputs)?;
        Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        for (i, (out, v)) in io.output.iter_mut().zip(io.inputs[0]).enumerate() {
            *out = v * self.factor(at, io.now, i);
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            for (i, (to, d)) in d_input.iter_mut().zip(io.d_output).enumerate() {
                *to = d * self.factor(at, io.now, i);
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let scaled = |values: &[f64]| values.iter().enumerate().map(|(i, v)| v * f64::from(self.factor(at, now, i))).collect();
        Reference { output: scaled(input), d_input: scaled(d_output), ..Reference::default() }
    }
}
