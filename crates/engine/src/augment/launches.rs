//! What a card runs to put an augmented batch together.

use super::{AUGMENTATIONS, Augment, MAGNITUDE, ROW, draw::part, rand_augment};
use crate::{
    Shape,
    backend::gpu::launch::{Launch, Shader, Slot, Word, spread},
    rng::Stream,
};

pub static DRAW: Shader = Shader { name: "augment/draw", source: include_str!("draw.wgsl") };
pub static WARP: Shader = Shader { name: "augment/warp", source: include_str!("warp.wgsl") };
pub static BLUR: Shader = Shader { name: "augment/blur", source: include_str!("blur.wgsl") };
pub static BRIGHTNESS: Shader = Shader { name: "augment/brightness", source: include_str!("brightness.wgsl") };
pub static CONTRAST: Shader = Shader { name: "augment/contrast", source: include_str!("contrast.wgsl") };
pub static NOISE: Shader = Shader { name: "augment/noise", source: include_str!("noise.wgsl") };
pub static PATCHES: Shader = Shader { name: "augment/patches", source: include_str!("patches.wgsl") };
pub static MIX: Shader = Shader { name: "augment/mix", source: include_str!("mix.wgsl") };

/// The batch that is put together.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    pub shape: Shape,
    pub batch: usize,
    /// Digits come in the set's order, else as they lie.
    pub shuffled: bool,
    /// Classes of a target.
    pub classes: usize,
}

/// Numbers of the tables that the launches read and write beside the batch: draws, and images between two of them.
pub fn working(at: &Batch) -> [usize; 2] {
    [at.batch * ROW, at.batch * at.shape.len()]
}

/// All launches, in order: draws, samples, changes and mixes.
pub fn all(augment: &Augment, at: &Batch) -> Vec<Launch> {
    let uses = |name: &str| AUGMENTATIONS.iter().any(|a| a.name == name && augment.uses(a));
    let blurs = augment.blurs();
    let mut launches = vec![draw(augment, at), warp(augment, at, blurs)];
    if blurs {
        let dims = [("columns", at.shape.w.into()), ("rows", at.shape.h.into())];
        launches.push(pixels(&BLUR, &[Slot::Sampled, Slot::Draws], at, &dims, Part::Image));
    }
    let own = &[Slot::Draws];
    if uses("brightness") {
        launches.push(pixels(&BRIGHTNESS, own, at, &[], Part::Image));
    }
    if uses("contrast") {
        let dims = vec![("batch", at.batch.into()), ("image", at.shape.len().into())];
        launches.push(Launch { shader: &CONTRAST, reads: own, writes: &[Slot::Staged], dims, groups: [at.batch as u32, 1, 1] });
    }
    if uses("noise") {
        launches.push(pixels(&NOISE, own, at, &[stream(part::NOISE)], Part::Numbered));
    }
    if uses("erase") || uses("cutout") {
        let dims = [("columns", at.shape.w.into()), ("rows", at.shape.h.into()), stream(part::ERASE_FILL)];
        launches.push(pixels(&PATCHES, own, at, &dims, Part::Numbered));
    }
    launches.push(mix(augment, at));
    launches
}

fn stream(part: u32) -> (&'static str, Word) {
    ("stream", Stream::AUGMENT.part(part).0.into())
}

/// What a shader's `dims` say before its own.
#[derive(Clone, Copy)]
enum Part {
    Image,
    Numbered,
}

fn pixels(shader: &'static Shader, reads: &'static [Slot], at: &Batch, own: &[(&'static str, Word)], part: Part) -> Launch {
    let len = at.batch * at.shape.len();
    let mut dims = vec![("len", len.into())];
    if matches!(part, Part::Numbered) {
        dims.push(("batch", at.batch.into()));
    }
    dims.push(("image", at.shape.len().into()));
    dims.extend_from_slice(own);
    Launch { shader, reads, writes: &[Slot::Staged], dims, groups: spread(len, 64) }
}

fn draw(augment: &Augment, at: &Batch) -> Launch {
    // Angles in radians.
    let strength = |name: &str, value: f32| Word::F32(if matches!(name, "rotate" | "shear") { value.to_radians() } else { value });
    let mut dims = vec![("batch", at.batch.into()), ("columns", at.shape.w.into()), ("rows", at.shape.h.into()), stream(0)];
    let mut own = *augment;
    for operation in rand_augment::operations() {
        dims.push((operation.name, strength(operation.name, *(operation.strength)(&mut own))));
    }
    dims.extend([
        ("hflip", augment.hflip.into()),
        ("vflip", augment.vflip.into()),
        ("erase", augment.erase.into()),
        ("erase_area", augment.erase_area.into()),
        ("mixup", (augment.mixup > 0.0).into()),
        ("cutmix", (augment.cutmix > 0.0).into()),
        ("operations", (augment.rand_count as u32).into()),
    ]);
    let share = augment.rand_magnitude / MAGNITUDE;
    for (name, operation) in RAND_NAMES.into_iter().zip(rand_augment::operations()) {
        dims.push((name, strength(operation.name, operation.strongest.unwrap_or_default() * share)));
    }
    Launch { shader: &DRAW, reads: &[Slot::Quantiles], writes: &[Slot::Draws], dims, groups: spread(at.batch, 64) }
}

/// Names of the operations' strengths in RandAugment.
const RAND_NAMES: [&str; 11] = [
    "rand_elastic",
    "rand_shear",
    "rand_rotate",
    "rand_scale",
    "rand_shift",
    "rand_perspective",
    "rand_blur",
    "rand_brightness",
    "rand_contrast",
    "rand_noise",
    "rand_cutout",
];

fn warp(augment: &Augment, at: &Batch, blurs: bool) -> Launch {
    let len = at.batch * at.shape.len();
    let dims = vec![
        ("len", len.into()),
        ("batch", at.batch.into()),
        ("columns", at.shape.w.into()),
        ("rows", at.shape.h.into()),
        ("channels", at.shape.ch.into()),
        ("shuffled", at.shuffled.into()),
        stream(part::ELASTIC),
        ("cells", augment.elastic_cells.into()),
    ];
    let writes: &[Slot] = if blurs { &[Slot::Sampled] } else { &[Slot::Staged] };
    Launch { shader: &WARP, reads: &[Slot::Pixels, Slot::Order, Slot::Draws], writes, dims, groups: spread(len, 64) }
}

fn mix(augment: &Augment, at: &Batch) -> Launch {
    let len = at.batch * at.shape.len();
    let dims = vec![
        ("len", len.into()),
        ("image", at.shape.len().into()),
        ("columns", at.shape.w.into()),
        ("rows", at.shape.h.into()),
        ("shuffled", at.shuffled.into()),
        ("mixes", augment.mixes().into()),
        ("outputs", at.classes.into()),
        stream(part::PARTNER),
    ];
    let reads = &[Slot::Staged, Slot::Draws, Slot::Classes, Slot::Order];
    Launch { shader: &MIX, reads, writes: &[Slot::Input, Slot::Labels, Slot::Targets], dims, groups: spread(len, 64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shader_knows_every_operation_in_order() {
        let names: Vec<String> = rand_augment::operations().map(|o| format!("rand_{}", o.name)).collect();
        assert_eq!(names, RAND_NAMES);
    }
}
