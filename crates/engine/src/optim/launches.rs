//! The passes over all gradients on a graphics card.

use super::Update;
use crate::backend::gpu::launch::{Launch, Shader, Slot, Word, spread};

static ACCUMULATE: Shader = Shader { name: "optim/accumulate", source: include_str!("accumulate.wgsl") };
static PENALTY: Shader = Shader { name: "optim/penalty", source: include_str!("penalty.wgsl") };
static CLIP_VALUE: Shader = Shader { name: "optim/clip_value", source: include_str!("clip_value.wgsl") };
static SQUARE_PARTS: Shader = Shader { name: "optim/square_parts", source: include_str!("square_parts.wgsl") };
static CLIP_NORM: Shader = Shader { name: "optim/clip_norm", source: include_str!("clip_norm.wgsl") };
static PERTURB: Shader = Shader { name: "optim/perturb", source: include_str!("perturb.wgsl") };
/// Every file around the rules.
pub const SHADERS: &[&Shader] = &[&ACCUMULATE, &PENALTY, &CLIP_VALUE, &SQUARE_PARTS, &CLIP_NORM, &PERTURB];

/// Most parts of a norm: one workgroup adds them up.
const PARTS_LIMIT: usize = 256;

/// What an update launches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Launches {
    /// Where the batch's gradient is only added to a sum.
    pub keep: Vec<Launch>,
    /// Where the weights move.
    pub apply: Vec<Launch>,
    /// Between the two gradients of sharpness-aware minimisation; empty without.
    pub climb: Vec<Launch>,
    /// After the second of them, before the weights are put back.
    pub descend: Vec<Launch>,
    /// Numbers of working space.
    pub scratch_len: usize,
}

impl Update {
    /// Four words a group: where it ends, the factor of its rate, that of its weight decay, whether it is
    /// penalised.
    pub fn rates_table(&self) -> Vec<u32> {
        self.groups().iter().flat_map(|g| [g.end as u32, g.factor.to_bits(), g.decay.to_bits(), u32::from(g.penalised)]).collect()
    }

    pub fn launches(&self) -> Launches {
        let (treatment, len) = (self.treatment(), self.params_len);
        let parts = len.div_ceil(256).clamp(1, PARTS_LIMIT);
        let launch = |shader, reads, writes, size, settings: &[(&'static str, Word)]| {
            let dims = std::iter::once(("len", len.into())).chain(settings.iter().copied()).collect();
            Launch { shader, reads, writes, dims, groups: spread(len, size) }
        };
        let accumulate = |last: bool| {
            let first = self.spec.optimizer.state_len(len);
            let scale = 1.0 / treatment.accumulate as f32;
            let settings = [("first", first.into()), ("scale", scale.into()), ("last", last.into())];
            launch(&ACCUMULATE, &[], &[Slot::Grads, Slot::OptimizerState], 64, &settings)
        };
        let penalty = || {
            let settings = [("l1", treatment.l1.into()), ("l2", treatment.l2.into())];
            treatment.has_penalty().then(|| launch(&PENALTY, &[Slot::Params, Slot::Rates], &[Slot::Grads], 64, &settings))
        };
        let norm = || {
            let launch = launch(&SQUARE_PARTS, &[Slot::Grads, Slot::Rates], &[Slot::Scratch], 256, &[("parts", parts.into())]);
            Launch { groups: [parts as u32, 1, 1], ..launch }
        };

        let mut all = Launches::default();
        if treatment.accumulate > 1 {
            all.keep.push(accumulate(false));
            all.apply.push(accumulate(true));
        }
        if !treatment.has_sam() {
            all.apply.extend(penalty());
        } else {
            all.climb.extend(penalty());
            all.climb.push(norm());
            let reads = &[Slot::Grads, Slot::Rates, Slot::Scratch];
            all.climb.push(launch(&PERTURB, reads, &[Slot::Params], 256, &[("parts", parts.into()), ("rho", treatment.sam.into())]));
            all.descend.extend(penalty());
        }
        if treatment.clip_value > 0.0 {
            all.apply.push(launch(&CLIP_VALUE, &[], &[Slot::Grads], 64, &[("limit", treatment.clip_value.into())]));
        }
        if treatment.clip_norm > 0.0 {
            all.apply.push(norm());
            let settings = [("parts", parts.into()), ("limit", treatment.clip_norm.into())];
            all.apply.push(launch(&CLIP_NORM, &[Slot::Scratch], &[Slot::Grads], 256, &settings));
        }
        if treatment.has_sam() || treatment.clip_norm > 0.0 {
            all.scratch_len = parts;
        }
        all.apply.push(self.spec.optimizer.kernel().launch(len));
        all
    }
}
