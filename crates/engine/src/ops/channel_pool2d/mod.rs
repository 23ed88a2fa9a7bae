//! Mean and maximum over the channels at each pixel (the channel pooling of CBAM, Woo et al. 2018).
//!
//! # Shapes
//! | tensor | extents |
//! |---|---|
//! | input | batch, ch, h, w |
//! | output | batch, 2, h, w |
//!
//! # Formula
//! `output[n, 0, p] = Σ_c input[n, c, p] / ch`, `output[n, 1, p] = max_c input[n, c, p]`
//!
//! # Gradient
//! `d_output[n, 0, p] / ch` to every channel, and `d_output[n, 1, p]` to the one that was largest (the first
//! of equals), whose number is kept.
//!
//! # Cost
//! No multiply-adds.
//!
//! # Errors
//! None of its own.

mod gpu;

use serde::Serialize;

use super::{Backward, Case, Cost, Exhibit, Forward, Inferred, Kind, Op, Placement, Reference, Signs, Window, Worked, Working, single};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct ChannelPool2d {}

pub const KIND: Kind = Kind {
    name: "channel_pool2d",
    short: "chpool",
    title: "Channel pooling",
    family: super::Family::Pooling,
    knobs: &[],
    signs: Signs::AsInput,
    mixes: true,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    let worked = Worked {
        input: vec![1.0, 5.0, 3.0, -1.0, 2.0, 5.0],
        params: vec![],
        state: vec![],
        output: vec![2.0, 3.0, 3.0, 5.0],
        d_output: vec![3.0, 6.0, 10.0, 20.0],
        d_input: vec![1.0, 22.0, 11.0, 2.0, 1.0, 2.0],
        d_params: vec![],
    };
    let case = |name, input, batch, worked| {
        let layer = ChannelPool2d {}.into();
        Case { name, layer, input, others: &[], batch, mode: Mode::Train, worked }
    };
    vec![
        case("worked_by_hand", Shape::new(3, 1, 2), 1, Some(worked)),
        case("batch", Shape::new(7, 3, 5), 3, None),
        case("one_channel", Shape::new(1, 2, 2), 2, None),
    ]
}

/// Mean and maximum of one pixel's channels, and the number of the largest.
fn pixel(example: &[f32], plane: usize, p: usize, share: f32) -> (f32, f32, usize) {
    let (mut sum, mut best, mut winner) = (0.0, example[p], 0);
    for (c, v) in example[p..].iter().step_by(plane).enumerate() {
        sum += v;
        if *v > best {
            (best, winner) = (*v, c);
        }
    }
    (sum * share, best, winner)
}

impl Op for ChannelPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        let input = single(inputs)?;
        let output = Shape { ch: 2, ..input };
        Ok(Inferred { output, params: vec![], saved: (input.plane(), 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        let (plane, share) = (at.input.plane(), 1.0 / at.input.ch as f32);
        let examples = io.inputs[0].chunks_exact(at.input.len()).zip(io.output.chunks_exact_mut(2 * plane));
        for (n, (example, out)) in examples.enumerate() {
            let (means, largest) = out.split_at_mut(plane);
            for p in 0..plane {
                let (mean, best, winner) = pixel(example, plane, p, share);
                (means[p], largest[p]) = (mean, best);
                if let Some(kept) = io.saved.get_mut(n * plane + p) {
                    *kept = winner as f32;
                }
            }
        }
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        let (plane, share) = (at.input.plane(), 1.0 / at.input.ch as f32);
        if let [d_input] = io.d_inputs {
            let examples = d_input.chunks_exact_mut(at.input.len()).zip(io.d_output.chunks_exact(2 * plane));
            for ((to, d), winners) in examples.zip(io.saved.chunks_exact(plane)) {
                let (d_mean, d_max) = d.split_at(plane);
                for channel in to.chunks_exact_mut(plane) {
                    channel.iter_mut().zip(d_mean).for_each(|(to, d)| *to = d * share);
                }
                for (p, winner) in winners.iter().enumerate() {
                    to[*winner as usize * plane + p] += d_max[p];
                }
            }
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let (plane, ch) = (at.input.plane(), at.input.ch);
        let mut r = Reference { output: vec![0.0; at.batch * 2 * plane], d_input: vec![0.0; input.len()], ..Reference::default() };
        for n in 0..at.batch {
            for p in 0..plane {
                let place = |c: usize| (n * ch + c) * plane + p;
                let (mean, largest) = (2 * n * plane + p, (2 * n + 1) * plane + p);
                let winner = (0..ch).reduce(|best, c| if input[place(c)] > input[place(best)] { c } else { best }).unwrap_or(0);
                r.output[mean] = (0..ch).map(|c| input[place(c)]).sum::<f64>() / ch as f64;
                r.output[largest] = input[place(winner)];
                if !d_output.is_empty() {
                    (0..ch).for_each(|c| r.d_input[place(c)] += d_output[mean] / ch as f64);
                    r.d_input[place(winner)] += d_output[largest];
                }
            }
        }
        r
    }
}
