//! Batches put together on the CPU.

use std::ops::Range;

use super::{AUGMENTATIONS, Augment, Draw, Quantiles, blur, brightness, contrast, draw::Dice, erase, mixup, noise};
use crate::{Shape, StepInputs};

/// Makes the images of batches, with the room that it needs for that.
#[derive(Clone, Debug)]
pub struct Augmenter {
    augment: Augment,
    shape: Shape,
    classes: usize,
    batch: usize,
    is_nothing: bool,
    is_affine: bool,
    changes: Changes,
    tables: [Option<Quantiles>; 2],
    /// One image.
    work: Vec<f32>,
    /// The image that another is mixed with.
    beside: Vec<f32>,
}

/// Where a batch goes.
#[derive(Debug)]
pub struct Room<'a> {
    pub images: &'a mut [f32],
    pub labels: &'a mut Vec<u8>,
    pub targets: &'a mut Vec<f32>,
}

/// What is done to an image once it has been sampled.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    blur: bool,
    brightness: bool,
    contrast: bool,
    noise: bool,
}

impl Augmenter {
    /// For batches of `batch` images of `shape` in so many classes.
    pub fn new(augment: &Augment, batch: usize, shape: Shape, classes: usize) -> Self {
        let uses = |name: &str| AUGMENTATIONS.iter().any(|a| a.name == name && augment.uses(a));
        Self {
            augment: *augment,
            shape,
            classes,
            batch,
            is_nothing: augment.is_nothing(),
            is_affine: augment.is_affine(),
            changes: Changes { blur: uses("blur"), brightness: uses("brightness"), contrast: uses("contrast"), noise: uses("noise") },
            tables: tables(augment),
            work: vec![0.0; shape.len()],
            beside: vec![0.0; shape.len()],
        }
    }

    pub fn augment(&self) -> &Augment {
        &self.augment
    }

    /// What is drawn for the image at `place` of the batch.
    pub fn draw(&self, now: &StepInputs, place: usize) -> Draw {
        Draw::new(&self.augment, Dice::new(now, self.batch, place), self.shape, &self.tables)
    }

    /// The image at `place` of the batch, before mixing: `grey`, 0 to 255, as 0 to 1. Both hold the shape.
    pub fn image(&mut self, now: &StepInputs, place: usize, grey: &[u8], image: &mut [f32]) {
        if self.is_nothing {
            return plain(grey, image);
        }
        let draw = self.draw(now, place);
        if self.is_affine {
            return draw.affine.image(grey, self.shape, image);
        }
        draw.warp(grey, self.shape, image);
        self.finish(&draw, image);
    }

    /// All that follows on sampling, up to mixing.
    fn finish(&mut self, draw: &Draw, image: &mut [f32]) {
        let (width, plane) = (self.shape.w, self.shape.plane());
        if self.changes.blur {
            blur::apply(draw.blur, self.shape, image, &mut self.work);
        }
        if self.changes.brightness {
            brightness::apply(draw.brightness, image);
        }
        if self.changes.contrast {
            contrast::apply(draw.contrast, image);
        }
        if self.changes.noise {
            noise::apply(&draw.dice, draw.noise, image);
        }
        let len = image.len();
        draw.erase.cover(width, plane, image, |i| erase::fill(&draw.dice, len, i));
        draw.cutout.cover(width, plane, image, |_| 0.0);
    }

    /// The place of the image that the one at `place` is mixed with, in a batch of which `count` count.
    pub fn other(&self, now: &StepInputs, place: usize, count: usize) -> usize {
        if self.augment.mixes() { (place + mixup::distance(now, count)) % count.max(1) } else { place }
    }

    /// Lays `other` over `image`, both as they are before mixing.
    pub fn mix(&self, draw: &Draw, image: &mut [f32], other: &[f32]) {
        let (width, plane) = (self.shape.w, self.shape.plane());
        for (own, other) in image.iter_mut().zip(other) {
            *own = draw.blend * *own + (1.0 - draw.blend) * other;
        }
        draw.cut.cover(width, plane, image, |i| other[i]);
    }

    /// Fills the images at `places` of a batch of which `count` count; `digit` gives the grey values and the class of
    /// the one at a place. `labels` get the classes; where images are mixed `targets` get a row of shares each, and `labels`
    /// stay empty.
    pub fn fill<'a>(
        &mut self,
        now: &StepInputs,
        places: Range<usize>,
        count: usize,
        digit: impl Fn(usize) -> (&'a [u8], u8),
        room: Room<'_>,
    ) {
        let Room { images, labels, targets } = room;
        labels.clear();
        targets.clear();
        let mixes = self.augment.mixes();
        let mut beside = std::mem::take(&mut self.beside);
        for (place, image) in places.zip(images.chunks_exact_mut(self.shape.len())) {
            let (grey, label) = digit(place);
            self.image(now, place, grey, image);
            if !mixes {
                labels.push(label);
                continue;
            }
            let other = self.other(now, place, count);
            let (grey, class) = digit(other);
            self.image(now, other, grey, &mut beside);
            let draw = self.draw(now, place);
            self.mix(&draw, image, &beside);
            let first = targets.len();
            targets.resize(first + self.classes, 0.0);
            targets[first + usize::from(label)] += draw.share;
            targets[first + usize::from(class)] += 1.0 - draw.share;
        }
        self.beside = beside;
    }
}

/// The quantiles of mixup's and of cutmix's distribution of shares, where they are on.
pub fn tables(augment: &Augment) -> [Option<Quantiles>; 2] {
    [augment.mixup, augment.cutmix].map(|alpha| (alpha > 0.0).then(|| Quantiles::new(alpha)))
}

/// Grey, 0 to 255, as 0 to 1.
fn plain(grey: &[u8], image: &mut [f32]) {
    for (x, grey) in image.iter_mut().zip(grey) {
        *x = f32::from(*grey) / 255.0;
    }
}
