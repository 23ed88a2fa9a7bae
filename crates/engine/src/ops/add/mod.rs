//! Sum of branches: the residual connection.
//!
//! # Shapes
//! Every branch gives the same shape, which is the output's.
//!
//! # Formula
//! `output = Σ_k input_k`, added in the order of the branches.
//!
//! # Gradient
//! `d_input_k = d_output` for every branch.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! Fewer than two branches or more than eight, branches of different shapes.

mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Cost, Exhibit, Forward, INPUTS_LIMIT, Inferred, Kind, LayerSpec, Op, Placement, Reference, Signs, Window, Worked,
    Working, join,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `sum(branch(x) for branch in branches)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Add {
    /// The layers of each branch, from what reaches the join; none hands it on.
    pub branches: Vec<Vec<LayerSpec>>,
}

pub const KIND: Kind = Kind {
    name: "add",
    short: "add",
    title: "Add",
    family: super::Family::Join,
    knobs: &[],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        input: vec![1.0, 2.0, 3.0, 10.0, 20.0, 30.0],
        params: vec![],
        state: vec![],
        output: vec![11.0, 22.0, 33.0],
        d_output: vec![4.0, 5.0, 6.0],
        d_input: vec![4.0, 5.0, 6.0, 4.0, 5.0, 6.0],
        d_params: vec![],
    };
    const SAME: Shape = Shape::new(2, 3, 5);
    const ROW: Shape = Shape::new(1, 1, 3);
    let case = |name, input, others: &'static [Shape], batch, worked| {
        let layer = Add { branches: vec![vec![]; 1 + others.len()] }.into();
        Case { name, layer, input, others, batch, mode: Mode::Train, worked }
    };
    vec![
        case("worked_by_hand", ROW, &[ROW], 1, Some(worked)),
        case("two", SAME, &[SAME], 3, None),
        case("four", SAME, &[SAME, SAME, SAME], 2, None),
    ]
}

impl Op for Add {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn branches(&self) -> &[Vec<LayerSpec>] {
        &self.branches
    }

    fn with_branches(&self, branches: Vec<Vec<LayerSpec>>) -> Option<LayerSpec> {
        Some(Add { branches }.into())
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let first = join::counted(inputs, INPUTS_LIMIT)?;
        if let Some((branch, got)) = inputs.iter().enumerate().find(|(_, s)| **s != first) {
            let rule = "what is added must have the same shape: a 1×1 convolution with the right channels and stride can fit it".to_owned();
            return Err(ShapeError::BranchesDiffer { branch, first, got: *got, rule });
        }
        Ok(Inferred { output: first, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, _at: &Placement, io: Forward<'_>) {
        io.output.copy_from_slice(io.inputs[0]);
        for input in &io.inputs[1..] {
            io.output.iter_mut().zip(*input).for_each(|(out, v)| *out += v);
        }
    }

    fn backward(&self, _at: &Placement, io: Backward<'_>) {
        for d_input in io.d_inputs.iter_mut().filter(|d| !d.is_empty()) {
            d_input.copy_from_slice(io.d_output);
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let parts = join::parts(at, input);
        let output = (0..parts[0].len()).map(|i| parts.iter().map(|p| p[i]).sum()).collect();
        Reference { output, d_input: d_output.repeat(parts.len()), ..Reference::default() }
    }
}
