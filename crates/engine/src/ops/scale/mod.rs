//! Maps times a gate: squeeze-and-excite, spatial attention.
//!
//! # Shapes
//! The first branch gives the maps, which have the output's shape; the second gives the gate, whose
//! channels, and whose rows and columns together, are 1 or those of the maps.
//!
//! # Formula
//! `output[n, c, y, x] = maps[n, c, y, x] · gate[n, c, y, x]`, the gate repeated where its extent is 1.
//!
//! # Gradient
//! `d_maps = d_output · gate`; `d_gate = Σ d_output · maps` over what was repeated.
//!
//! # Cost
//! One multiply-add for each number of the output.
//!
//! # Errors
//! Other than two branches, a gate of another shape.

mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Cost, Exhibit, Forward, Inferred, Kind, LayerSpec, Op, Placement, Reference, Signs, Window, Worked, Working, join,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `branches[0](x) * branches[1](x)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Scale {
    /// The layers that give the maps and those that give the gate; none hands on what reaches the join.
    pub branches: Vec<Vec<LayerSpec>>,
}

pub const KIND: Kind = Kind {
    name: "scale",
    short: "scale",
    title: "Scale",
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
        input: vec![1.0, 2.0, 3.0, 4.0, 10.0, -1.0],
        params: vec![],
        state: vec![],
        output: vec![10.0, 20.0, -3.0, -4.0],
        d_output: vec![1.0, 0.5, 2.0, 3.0],
        d_input: vec![10.0, 5.0, -2.0, -3.0, 2.0, 18.0],
        d_params: vec![],
    };
    const PER_CHANNEL: &[Shape] = &[Shape::new(2, 1, 1)];
    const GATES: [&[Shape]; 4] = [&[Shape::new(3, 1, 1)], &[Shape::new(1, 4, 5)], &[Shape::new(3, 4, 5)], &[Shape::new(1, 1, 1)]];
    let case = |name, input, others, batch, worked| {
        let layer = Scale { branches: vec![vec![]; 2] }.into();
        Case { name, layer, input, others, batch, mode: Mode::Train, worked }
    };
    let maps = Shape::new(3, 4, 5);
    let drawn = ["channels", "places", "each", "one"].into_iter().zip(GATES).map(|(name, gate)| case(name, maps, gate, 3, None));
    std::iter::once(case("worked_by_hand", Shape::new(2, 1, 2), PER_CHANNEL, 1, Some(worked))).chain(drawn).collect()
}

/// The gate's number for each number of the maps, example by example.
fn gates(at: &Placement) -> impl Iterator<Item = usize> + use<> {
    let (maps, gate, batch) = (at.input, at.others.first().copied().unwrap_or(at.input), at.batch);
    let channel = if gate.ch == 1 { 0 } else { gate.plane() };
    let pixel = usize::from(gate.plane() > 1);
    (0..batch).flat_map(move |n| {
        let first = n * gate.len();
        (0..maps.ch).flat_map(move |c| (0..maps.plane()).map(move |i| first + c * channel + i * pixel))
    })
}

impl Op for Scale {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn branches(&self) -> &[Vec<LayerSpec>] {
        &self.branches
    }

    fn with_branches(&self, branches: Vec<Vec<LayerSpec>>) -> Option<LayerSpec> {
        Some(Scale { branches }.into())
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let maps = join::counted(inputs, 2)?;
        let gate = inputs[1];
        if !([1, maps.ch].contains(&gate.ch) && (gate.is_flat() || (gate.h, gate.w) == (maps.h, maps.w))) {
            let rule = format!("a gate is {}×1×1, 1×{}×{} or {maps}", maps.ch, maps.h, maps.w);
            return Err(ShapeError::BranchesDiffer { branch: 1, first: maps, got: gate, rule });
        }
        let cost = Cost { multiply_adds: maps.len() as u64 };
        Ok(Inferred { output: maps, params: vec![], saved: (0, 0), window: Window::Point, cost })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let [maps, gate] = io.inputs else { return };
        for ((out, v), g) in io.output.iter_mut().zip(*maps).zip(gates(at)) {
            *out = v * gate[g];
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        let ([maps, gate], [d_maps, d_gate]) = (io.inputs, io.d_inputs) else { return };
        for ((to, d), g) in d_maps.iter_mut().zip(io.d_output).zip(gates(at)) {
            *to = d * gate[g];
        }
        if !d_gate.is_empty() {
            d_gate.fill(0.0);
            for ((v, d), g) in maps.iter().zip(io.d_output).zip(gates(at)) {
                d_gate[g] += d * v;
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let parts = join::parts(at, input);
        let (mut output, mut d_maps, mut d_gate) = (Vec::new(), Vec::new(), vec![0.0; parts[1].len()]);
        for (i, g) in gates(at).enumerate() {
            output.push(parts[0][i] * parts[1][g]);
            if let Some(d) = d_output.get(i) {
                d_maps.push(d * parts[1][g]);
                d_gate[g] += d * parts[0][i];
            }
        }
        Reference { output, d_input: [d_maps, d_gate].concat(), ..Reference::default() }
    }
}
