//! Rectifier whose slope below zero is learned.
//!
//! # Shapes
//! Output as input; weight (1) or, with `per_channel`, (ch). It starts at 0.25.
//!
//! # Formula
//! `output = input` where it is above zero, else `weight · input`
//!
//! # Gradient
//! `d_input = d_output` where the input is above zero, else `weight · d_output`;
//! `d_weight = Σ d_output · input` over the numbers that are not above zero.
//! (He et al. 2015.)
//!
//! # Cost
//! Counted as none: at most one operation a number.
//!
//! # Errors
//! None of its own.

mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, ParamRole, ParamSpec, Placement, Reference, Signs, Window,
    Worked, Working, pointwise, single,
};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::{
        cpu::simd,
        gpu::launch::{Launches, Site},
    },
    json::Read,
};

/// `torch.nn.PReLU`: `num_parameters` is 1 or the number of channels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Prelu {
    /// A slope for each channel instead of one for all.
    pub per_channel: bool,
}

pub const KIND: Kind = Kind {
    name: "prelu",
    short: "prelu",
    title: "PReLU",
    family: super::Family::Activation,
    knobs: &[Knob { key: "per_channel", label: "Slope per channel", control: Control::Switch }],
    signs: Signs::AsInput,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = |params: &[f32], d_input: &[f32], output: &[f32], d_params: &[f32]| Worked {
        input: vec![-2.0, 1.0, 0.0, -4.0],
        params: params.to_vec(),
        state: vec![],
        output: output.to_vec(),
        d_output: vec![1.0, 2.0, 3.0, 4.0],
        d_input: d_input.to_vec(),
        d_params: d_params.to_vec(),
    };
    // Below zero stand -2 and -4 with gradients 1 and 4.
    let one = worked(&[0.5], &[0.5, 2.0, 1.5, 2.0], &[-1.0, 1.0, 0.0, -2.0], &[-18.0]);
    let each = worked(&[0.5, 0.25], &[0.5, 2.0, 0.75, 1.0], &[-1.0, 1.0, 0.0, -1.0], &[-2.0, -16.0]);
    let case = |name, per_channel, input, batch, worked| Case {
        name,
        layer: Prelu { per_channel }.into(),
        input,
        others: &[],
        batch,
        mode: Mode::Train,
        worked,
    };
    vec![
        case("worked_by_hand", false, Shape::new(2, 1, 2), 1, Some(one)),
        case("per_channel_by_hand", true, Shape::new(2, 1, 2), 1, Some(each)),
        case("one_weight", false, Shape::new(3, 4, 5), 4, None),
        case("per_channel", true, Shape::new(3, 4, 5), 4, None),
        case("several_parts", true, Shape::new(2, 40, 40), 2, None),
    ]
}

impl Prelu {
    /// The slope of channel `c`.
    fn slope<T: Copy>(&self, weights: &[T], c: usize) -> T {
        weights[if self.per_channel { c } else { 0 }]
    }
}

impl Op for Prelu {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let output = single(inputs)?;
        let count = if self.per_channel { output.ch } else { 1 };
        let weight = ParamSpec { name: "weight", role: ParamRole::Slope, dims: vec![count], fan_in: 1, fan_out: 1 };
        Ok(Inferred { output, params: vec![weight], saved: (0, 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let (ch, plane) = (at.input.ch, at.input.plane());
        let planes = io.inputs[0].chunks_exact(plane).zip(io.output.chunks_exact_mut(plane));
        for (i, (from, to)) in planes.enumerate() {
            let slope = self.slope(io.params, i % ch);
            pointwise::map(from, to, |x| pointwise::leak(x, slope));
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        let (ch, plane) = (at.input.ch, at.input.plane());
        if let [d_input] = io.d_inputs {
            let planes = io.inputs[0].chunks_exact(plane).zip(io.d_output.chunks_exact(plane)).zip(d_input.chunks_exact_mut(plane));
            for (i, ((x, d), to)) in planes.enumerate() {
                let slope = self.slope(io.params, i % ch);
                pointwise::map_both(x, d, to, |x, d| pointwise::leak_back(x, d, slope));
            }
        }
        // Sums of a plane in f32 parts, of planes in f64: steady for any batch.
        let sum = |c: usize| -> f64 {
            let planes = io.inputs[0].chunks_exact(plane).zip(io.d_output.chunks_exact(plane));
            planes.skip(c).step_by(ch).map(|(x, d)| f64::from(sum_below(x, d))).sum()
        };
        if self.per_channel {
            io.d_params.iter_mut().enumerate().for_each(|(c, to)| *to = sum(c) as f32);
        } else {
            io.d_params[0] = (0..ch).map(sum).sum::<f64>() as f32;
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let mut r = Reference { d_params: vec![0.0; params.len()], ..Reference::default() };
        for (i, x) in input.iter().enumerate() {
            let c = i / at.input.plane() % at.input.ch;
            let slope = self.slope(params, c);
            r.output.push(if *x > 0.0 { *x } else { slope * x });
            if let Some(d) = d_output.get(i) {
                r.d_input.push(if *x > 0.0 { *d } else { slope * d });
                r.d_params[if self.per_channel { c } else { 0 }] += if *x > 0.0 { 0.0 } else { x * d };
            }
        }
        r
    }
}

/// `Σ d · x` over the numbers that are not above zero, in eight parts.
fn sum_below(x: &[f32], d: &[f32]) -> f32 {
    const N: usize = simd::LANES;
    let mut parts = [0.0f32; N];
    let ((x, x_rest), (d, d_rest)) = (x.as_chunks::<N>(), d.as_chunks::<N>());
    for (x, d) in x.iter().zip(d) {
        for i in 0..N {
            parts[i] += if x[i] > 0.0 { 0.0 } else { x[i] * d[i] };
        }
    }
    for (part, (x, d)) in parts.iter_mut().zip(x_rest.iter().zip(d_rest)) {
        *part += if *x > 0.0 { 0.0 } else { x * d };
    }
    simd::sum(&parts)
}
