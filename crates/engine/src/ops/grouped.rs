//! Normalisation of each example by groups of its channels: layer norm has one group, instance norm as
//! many as channels, group norm some number between. The numbers of a group lie together.

use super::{
    Activation, Backward, Cost, Forward, Inferred, ParamRole, ParamSpec, Placement, Reference, Window, Working,
    moments::{pass, squares, sums},
    single,
};
use crate::{
    Mode, Shape, ShapeError,
    backend::{
        cpu::simd,
        gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    },
    graph::EXTENT_LIMIT,
};

/// What the three have in common. `groups` divides the channels: [`Grouped::infer`] has seen to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grouped {
    pub groups: usize,
    pub eps: f32,
    /// A gain and a bias for each channel.
    pub affine: bool,
}

static MOMENTS: Shader = Shader { name: "grouped/moments", source: include_str!("grouped/moments.wgsl") };
static JOIN: Shader = Shader { name: "grouped/join", source: include_str!("grouped/join.wgsl") };
static FORWARD: Shader = Shader { name: "grouped/forward", source: include_str!("grouped/forward.wgsl") };
static EVALUATE: Shader = Shader { name: "grouped/evaluate", source: include_str!("grouped/evaluate.wgsl") };
static SUMS: Shader = Shader { name: "grouped/sums", source: include_str!("grouped/sums.wgsl") };
static JOIN_SUMS: Shader = Shader { name: "grouped/join_sums", source: include_str!("grouped/join_sums.wgsl") };
static BACKWARD: Shader = Shader { name: "grouped/backward", source: include_str!("grouped/backward.wgsl") };
static D_PARAMS: Shader = Shader { name: "grouped/d_params", source: include_str!("grouped/d_params.wgsl") };

/// All three run the same.
pub const SHADERS: &[&Shader] = &[&MOMENTS, &JOIN, &FORWARD, &EVALUATE, &SUMS, &JOIN_SUMS, &BACKWARD, &D_PARAMS];

/// Invocations of a workgroup, and most parts of a long sum.
const SIZE: usize = 64;

/// Numbers that are summed in `f32` before the sum goes on in `f64`.
const PIECE: usize = 1024;

impl Grouped {
    pub fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        if !(self.eps > 0.0 && self.eps <= 100.0) {
            return Err(ShapeError::RatioOutOfRange {
                setting: "eps".to_owned(),
                value: self.eps.to_string(),
                least: "above 0".to_owned(),
                most: "100".to_owned(),
            });
        }
        super::in_range("groups", self.groups, 1, EXTENT_LIMIT)?;
        let input = single(inputs)?;
        if !input.ch.is_multiple_of(self.groups) {
            let legal = (1..self.groups).rev().find(|g| input.ch.is_multiple_of(*g)).unwrap_or(1);
            return Err(ShapeError::GroupsDoNotDivide { groups: self.groups, channels: input.ch, side: "input".to_owned(), legal });
        }
        if input.len() == self.groups {
            return Err(ShapeError::NothingToNormalise { got: input, groups: self.groups });
        }
        let tensor = |name, role| ParamSpec { name, role, dims: vec![input.ch], fan_in: 1, fan_out: 1 };
        let params = if self.affine { vec![tensor("weight", ParamRole::Gain), tensor("bias", ParamRole::Bias)] } else { vec![] };
        Ok(Inferred { output: input, params, saved: (2 * self.groups, 0), window: Window::Point, cost: Cost::default() })
    }

    /// Two sums for each plane of the batch.
    pub fn working(at: &Placement) -> Working {
        Working { scratch_len: if at.mode == Mode::Train { 2 * at.batch * at.input.ch } else { 0 }, ..Working::default() }
    }

    fn gain(&self, params: &[f32], c: usize) -> f32 {
        if self.affine { params[c] } else { 1.0 }
    }

    pub fn forward(&self, at: &Placement, io: Forward<'_>) {
        let (ch, plane) = (at.input.ch, at.input.plane());
        let (group_ch, size) = (ch / self.groups, at.input.len() / self.groups);
        let relu = at.activation == Some(Activation::Relu);
        let groups = io.inputs[0].chunks_exact(size).zip(io.output.chunks_exact_mut(size));
        for (k, (from, to)) in groups.enumerate() {
            let sum = |of: &dyn Fn(&[f32]) -> f32| from.chunks(PIECE).map(|piece| f64::from(of(piece))).sum::<f64>();
            let mean = (sum(&simd::sum) / size as f64) as f32;
            let var = sum(&|piece| squares(piece, mean)) / size as f64;
            let inverse = (1.0 / libm::sqrt(var + f64::from(self.eps))) as f32;
            if !io.saved.is_empty() {
                (io.saved[2 * k], io.saved[2 * k + 1]) = (mean, inverse);
            }
            let first = k % self.groups * group_ch;
            for (c, (from, to)) in (first..).zip(from.chunks_exact(plane).zip(to.chunks_exact_mut(plane))) {
                let (scale, bias) = (self.gain(io.params, c) * inverse, if self.affine { io.params[ch + c] } else { 0.0 });
                for (v, out) in from.iter().zip(to) {
                    let value = (v - mean) * scale + bias;
                    *out = if relu && value <= 0.0 { 0.0 } else { value };
                }
            }
        }
    }

    pub fn backward(&self, at: &Placement, io: Backward<'_>) {
        let (ch, plane) = (at.input.ch, at.input.plane());
        let (group_ch, size) = (ch / self.groups, at.input.len() / self.groups);
        let relu = at.activation == Some(Activation::Relu);

        // For each plane Σ d and Σ d · x̂, d before the fused ReLU.
        let scratch = &mut io.scratch[..2 * at.batch * ch];
        let planes = io.inputs[0].chunks_exact(plane).zip(io.d_output.chunks_exact(plane)).zip(io.output.chunks_exact(plane));
        for ((i, both), ((x, d), out)) in scratch.chunks_exact_mut(2).enumerate().zip(planes) {
            let (mean, inverse) = (io.saved[2 * (i / group_ch)], io.saved[2 * (i / group_ch) + 1]);
            let (plain, along) = sums(x, d, out, mean, relu);
            (both[0], both[1]) = (plain, along * inverse);
        }

        if self.affine {
            for c in 0..ch {
                let total = |which: usize| (0..at.batch).map(|n| f64::from(scratch[2 * (n * ch + c) + which])).sum::<f64>() as f32;
                (io.d_params[c], io.d_params[ch + c]) = (total(1), total(0));
            }
        }

        let [d_input] = io.d_inputs else { return };
        for k in 0..at.batch * self.groups {
            let (mean, inverse) = (io.saved[2 * k], io.saved[2 * k + 1]);
            let first = k % self.groups * group_ch;
            let total = |which: usize| {
                let channels = (0..group_ch).map(|j| self.gain(io.params, first + j) * scratch[2 * (k * group_ch + j) + which]);
                channels.map(f64::from).sum::<f64>() / size as f64
            };
            let (mean_d, mean_along) = ((total(0) as f32) * inverse, (total(1) as f32) * inverse * inverse);
            for j in 0..group_ch {
                let place = (k * group_ch + j) * plane..(k * group_ch + j + 1) * plane;
                let scale = self.gain(io.params, first + j) * inverse;
                let values = io.inputs[0][place.clone()].iter().zip(&io.d_output[place.clone()]).zip(&io.output[place.clone()]);
                for (to, ((x, d), out)) in d_input[place].iter_mut().zip(values) {
                    *to = scale * pass(*d, *out, relu) - mean_d - (x - mean) * mean_along;
                }
            }
        }
    }

    pub fn launches(&self, at: &Placement, site: &Site) -> Launches {
        let (ch, plane) = (at.input.ch, at.input.plane());
        let (blocks, planes, all) = (at.batch * self.groups, at.batch * ch, at.batch * at.input.len());
        let relu = at.activation == Some(Activation::Relu);
        let affine: [(_, Word); 2] = [("affine", self.affine.into()), ("params_at", site.params.into())];
        let (relu, eps): ((_, Word), (_, Word)) = (("relu", relu.into()), ("eps", self.eps.into()));
        let launch = |shader, reads, writes, more: &[(&'static str, Word)], groups| {
            let extents = [("batch", at.batch.into()), ("ch", ch.into()), ("plane", plane.into()), ("groups", self.groups.into())];
            Launch { shader, reads, writes, dims: extents.into_iter().chain(more.iter().copied()).collect(), groups }
        };
        // Parts of the sums, their sums, and then each number by itself: nobody waits for another.
        let (parts, joined, numbers) = (spread(blocks, 1), spread(blocks, SIZE), spread(all, SIZE));
        let (last, writes): (_, &[Slot]) =
            if at.mode == Mode::Eval { (&EVALUATE, &[Slot::Output]) } else { (&FORWARD, &[Slot::Output, Slot::Saved]) };
        let forward = vec![
            launch(&MOMENTS, &[Slot::Input], &[Slot::Scratch], &[], parts),
            launch(&JOIN, &[], &[Slot::Scratch], &[eps], joined),
            launch(last, &[Slot::Input, Slot::Params, Slot::Scratch], writes, &[affine[0], affine[1], relu], numbers),
        ];
        if at.mode == Mode::Eval {
            return Launches { forward, scratch_len: 2 * SIZE * blocks, ..Launches::default() };
        }
        let mut backward = Vec::new();
        if self.affine || site.wants_d_input {
            let reads = &[Slot::Input, Slot::Output, Slot::DOutput, Slot::Saved];
            backward.push(launch(&SUMS, reads, &[Slot::Scratch], &[relu], spread(planes, 1)));
            backward.push(launch(&JOIN_SUMS, &[Slot::Params], &[Slot::Scratch], &affine, joined));
        }
        if self.affine {
            backward.push(Launch {
                shader: &D_PARAMS,
                reads: &[Slot::Scratch],
                writes: &[Slot::Grads],
                dims: vec![("batch", at.batch.into()), ("ch", ch.into()), affine[1]],
                groups: spread(ch, SIZE),
            });
        }
        if site.wants_d_input {
            let reads = &[Slot::Input, Slot::Output, Slot::DOutput, Slot::Params, Slot::Saved, Slot::Scratch];
            backward.push(launch(&BACKWARD, reads, &[Slot::DInput], &[affine[0], affine[1], relu], numbers));
        }
        Launches { forward, backward, scratch_len: 2 * SIZE * planes }
    }

    /// The formula in f64, with the gradient by the chain rule through mean and variance.
    pub fn reference(&self, at: &Placement, input: &[f64], params: &[f64], d_output: &[f64]) -> Reference {
        let (ch, plane) = (at.input.ch, at.input.plane());
        let size = at.input.len() / self.groups;
        let m = size as f64;
        let mut r = Reference {
            output: vec![0.0; input.len()],
            state: vec![],
            d_input: vec![0.0; input.len()],
            d_params: vec![0.0; if self.affine { 2 * ch } else { 0 }],
        };
        for start in (0..input.len()).step_by(size) {
            let group = start..start + size;
            let mean = input[group.clone()].iter().sum::<f64>() / m;
            let var = input[group.clone()].iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / m;
            let root = (var + f64::from(self.eps)).sqrt();
            let (mut d_mean, mut d_var) = (0.0, 0.0);
            for p in group.clone() {
                let c = p / plane % ch;
                let (gain, bias) = if self.affine { (params[c], params[ch + c]) } else { (1.0, 0.0) };
                let normal = (input[p] - mean) / root;
                let value = normal * gain + bias;
                let off = at.activation == Some(Activation::Relu) && value <= 0.0;
                r.output[p] = if off { 0.0 } else { value };
                let d = if off { 0.0 } else { d_output.get(p).copied().unwrap_or(0.0) };
                if self.affine {
                    r.d_params[c] += d * normal;
                    r.d_params[ch + c] += d;
                }
                let d_normal = d * gain;
                d_var += d_normal * (input[p] - mean) * -0.5 / root.powi(3);
                d_mean -= d_normal / root;
                r.d_input[p] = d_normal / root;
            }
            for p in group {
                r.d_input[p] += d_var * 2.0 * (input[p] - mean) / m + d_mean / m;
            }
        }
        r
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_both_numbers_and_what_is_legal() {
        let infer = |groups, eps, shape| Grouped { groups, eps, affine: true }.infer(&[shape]);
        let refused = |groups, eps, shape| infer(groups, eps, shape).unwrap_err().to_string();
        let shape = Shape::new(6, 2, 2);
        assert_eq!(refused(4, 1e-5, shape), "4 groups do not divide 6 input channels; use 3");
        assert_eq!(refused(7, 1e-5, shape), "7 groups do not divide 6 input channels; use 6");
        assert!(refused(0, 1e-5, shape).contains("`groups` is 0"));
        assert!(refused(usize::MAX, 1e-5, shape).contains("`groups` is"));
        for eps in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(refused(2, eps, shape).contains("`eps`"));
        }
        assert!(refused(6, 1e-5, Shape::flat(6)).contains("6 groups of 6 hold a single number each"));
        assert!(infer(3, 1e-5, Shape::flat(6)).is_ok());
    }
}
