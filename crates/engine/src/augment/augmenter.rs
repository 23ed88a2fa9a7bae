//! Batches put together on the CPU.

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
    /// The batch before mixing; empty without.
    whole: Vec<f32>,
    own_labels: Vec<u8>,
    /// One image.
    work: Vec<f32>,
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
        let mixes = augment.mixes();
        Self {
            augment: *augment,
            shape,
            classes,
            batch,
            is_nothing: augment.is_nothing(),
            is_affine: augment.is_affine(),
            changes: Changes { blur: uses("blur"), brightness: uses("brightness"), contrast: uses("contrast"), noise: uses("noise") },
            tables: tables(augment),
            whole: vec![0.0; if mixes { batch * shape.len() } else { 0 }],
            own_labels: Vec::with_capacity(if mixes { batch } else { 0 }),
            work: vec![0.0; shape.len()],
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

    /// Adds the row of shares of an image of class `own` that is mixed with one of class `other`.
    pub fn share(&self, draw: &Draw, own: u8, other: u8, targets: &mut Vec<f32>) {
        let first = targets.len();
        targets.resize(first + self.classes, 0.0);
        targets[first + usize::from(own)] += draw.share;
        targets[first + usize::from(other)] += 1.0 - draw.share;
    }

    /// Fills a batch from grey values and classes. `labels` get the classes; where images are mixed `targets` get a row
    /// of shares each, and `labels` stay empty.
    pub fn fill<'a>(
        &mut self,
        now: &StepInputs,
        digits: impl Iterator<Item = (&'a [u8], u8)>,
        images: &mut [f32],
        labels: &mut Vec<u8>,
        targets: &mut Vec<f32>,
    ) {
        labels.clear();
        targets.clear();
        let len = self.shape.len();
        if !self.augment.mixes() {
            for (place, ((grey, label), image)) in digits.zip(images.chunks_exact_mut(len)).enumerate() {
                self.image(now, place, grey, image);
                labels.push(label);
            }
            return;
        }
        let (mut whole, mut own) = (std::mem::take(&mut self.whole), std::mem::take(&mut self.own_labels));
        own.clear();
        for (place, ((grey, label), image)) in digits.zip(whole.chunks_exact_mut(len)).enumerate() {
            self.image(now, place, grey, image);
            own.push(label);
        }
        for (place, image) in images.chunks_exact_mut(len).enumerate().take(own.len()) {
            let other = self.other(now, place, own.len());
            let draw = self.draw(now, place);
            image.copy_from_slice(&whole[place * len..][..len]);
            self.mix(&draw, image, &whole[other * len..][..len]);
            self.share(&draw, own[place], own[other], targets);
        }
        (self.whole, self.own_labels) = (whole, own);
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
