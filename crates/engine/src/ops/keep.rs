//! Layers that drop numbers in training and let the rest pass, made larger: what is dropped together is
//! one number, a channel, or an example.

use super::{Backward, Case, Cost, Forward, Inferred, LayerSpec, Placement, Reference, Window, Worked, pointwise, single};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    rng::{self, Stream},
};

/// Largest share that can be dropped.
pub const MOST: f32 = 0.99;

/// Drops with probability `p` runs of `span` numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keep {
    pub p: f32,
    pub span: usize,
}

pub fn infer(p: f32, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
    pointwise::ratio_in_range("p", p, 0.0, MOST)?;
    let output = single(inputs)?;
    Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
}

impl Keep {
    /// Factor of run `index` of the batch: 0 or 1 / (1 − p).
    pub fn factor(&self, at: &Placement, now: &StepInputs, index: usize) -> f32 {
        if at.mode == Mode::Eval {
            return 1.0;
        }
        // The step picks the seed and the node the stream, so that neither repeats the other.
        let drawn = rng::uniform(rng::mix(now.seed ^ rng::mix(now.step)), Stream::DROPOUT.part(at.node.0 as u32), index as u32);
        if drawn < self.p { 0.0 } else { 1.0 / (1.0 - self.p) }
    }

    fn scale(&self, at: &Placement, now: &StepInputs, first: usize, from: &[f32], to: &mut [f32]) {
        let before = first * at.input.len() / self.span;
        for (i, (from, to)) in from.chunks(self.span).zip(to.chunks_mut(self.span)).enumerate() {
            let factor = self.factor(at, now, before + i);
            for (to, v) in to.iter_mut().zip(from) {
                *to = v * factor;
            }
        }
    }

    pub fn forward(&self, at: &Placement, io: Forward<'_>) {
        self.scale(at, io.now, io.first, io.inputs[0], io.output);
    }

    pub fn backward(&self, at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            self.scale(at, io.now, io.first, io.d_output, d_input);
        }
    }

    /// One number for each invocation, drawn from the hash of `rng`. `span` is the name that the shaders
    /// give to the length of a run, where they know one.
    pub fn launches(&self, [forward, backward]: [&'static Shader; 2], span: Option<&'static str>, at: &Placement, site: &Site) -> Launches {
        if at.mode == Mode::Eval {
            return Launches::default();
        }
        let len = at.batch * at.input.len();
        let launch = |shader, reads, writes| {
            let mut dims: Vec<(&'static str, Word)> = vec![("len", len.into())];
            dims.extend(span.map(|name| (name, self.span.into())));
            dims.push(("stream", Stream::DROPOUT.part(at.node.0 as u32).0.into()));
            dims.extend([("p", self.p.into()), ("scale", (1.0 / (1.0 - self.p)).into())]);
            Launch { shader, reads, writes, dims, groups: spread(len, 64) }
        };
        Launches {
            forward: vec![launch(forward, &[Slot::Input], &[Slot::Output])],
            backward: if site.wants_d_input { vec![launch(backward, &[Slot::DOutput], &[Slot::DInput])] } else { vec![] },
            scratch_len: 0,
        }
    }

    pub fn reference(&self, at: &Placement, now: &StepInputs, input: &[f64], d_output: &[f64]) -> Reference {
        let scaled = |values: &[f64]| values.iter().enumerate().map(|(i, v)| v * f64::from(self.factor(at, now, i / self.span))).collect();
        Reference { output: scaled(input), d_input: scaled(d_output), ..Reference::default() }
    }
}

pub fn case(name: &'static str, layer: impl Into<LayerSpec>, input: Shape, batch: usize, mode: Mode, worked: Option<Worked>) -> Case {
    Case { name, layer: layer.into(), input, others: &[], batch, mode, worked }
}

/// p = 0 keeps everything and scales by one: the one case whose draw needs no hash by hand.
pub fn worked() -> Worked {
    pointwise::worked(&[1.0, -2.0], &[1.0, -2.0], &[3.0, 4.0], &[3.0, 4.0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NodeId, ops::Others};

    #[test]
    fn what_belongs_together_is_dropped_together() {
        let input = Shape::new(5, 2, 3);
        let (batch, p) = (200, 0.25);
        let at = Placement {
            node: NodeId(1),
            batch,
            mode: Mode::Train,
            input,
            others: Others::default(),
            output: input,
            activation: None,
            pooled: None,
        };
        let ones = vec![1.0; batch * input.len()];
        for span in [1, input.plane(), input.len()] {
            let keep = Keep { p, span };
            let mut to = ones.clone();
            keep.scale(&at, &StepInputs { rate: 0.1, step: 3, seed: 4 }, 0, &ones, &mut to);
            let mut dropped = 0;
            for run in to.chunks(span) {
                assert!(run.iter().all(|v| *v == run[0]), "a run of {span} is not of one piece: {run:?}");
                assert!(run[0] == 0.0 || run[0] == 1.0 / (1.0 - p));
                dropped += usize::from(run[0] == 0.0);
            }
            let (runs, share) = ((to.len() / span) as f32, dropped as f32 * span as f32 / to.len() as f32);
            // Four standard deviations of a count.
            assert!((share - p).abs() < 4.0 * (p * (1.0 - p) / runs).sqrt(), "{share} of runs of {span} dropped");
        }
    }
}
