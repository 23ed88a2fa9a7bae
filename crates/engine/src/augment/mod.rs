//! Augmentation: the images of a training batch are changed at random, so that no image is seen twice.
//!
//! One file each, one line in [`AUGMENTATIONS`]. They are applied in the order of that list:
//!
//! 1. Flips, elastic bending, shear, rotation and scale, shift, perspective: together they say where each pixel
//!    comes from, so that an image is sampled once, between four pixels (`warp.rs`). Outside, an image is 0.
//! 2. Blur, brightness, contrast, noise: each on what the one before left; brightness, contrast and noise cut to 0 to 1.
//! 3. Random erasing, cutout.
//! 4. Mixup or cutmix with another image of the same batch. Classes become shares of two classes.
//!
//! RandAugment does not come after the others: for each image it sets some of their strengths.
//!
//! # Random numbers
//! Number `step · batch + place` of a stream for each thing that is drawn. What an image gets depends on
//! nothing that ran before. [`Draw`] holds all of it.
//!
//! The card does the same in the `.wgsl` files beside these (`backend/gpu/gather/augment.wgsl` where there is
//! nothing but shift, rotation and scale). Its random numbers are these bit for bit; what is not exact everywhere, such
//! as a sine, is a polynomial or changes the image continuously, so that results differ by rounding alone.

mod affine;
mod augmenter;
mod beta;
mod blur;
mod brightness;
mod contrast;
mod cutmix;
mod cutout;
mod draw;
mod elastic;
mod erase;
mod flip;
pub mod launches;
mod mixup;
mod noise;
mod patch;
mod perspective;
mod rand_augment;
mod shear;
mod warp;

use std::ops::RangeInclusive;

use serde::Serialize;

pub use affine::Affine;
pub use augmenter::{Augmenter, tables};
pub use beta::{INTERVALS, Quantiles};
pub use draw::{Dice, Draw, ROW, part};
pub use patch::Patch;

use crate::{Setting, SettingError, json::Read};

/// Pixels.
pub const SHIFTS: RangeInclusive<f32> = 0.0..=8.0;
/// Degrees: so far the polynomials of [`Affine::new`] reach.
pub const ROTATIONS: RangeInclusive<f32> = 0.0..=45.0;
/// Beyond, an image might shrink to less than half.
pub const SCALES: RangeInclusive<f32> = 0.0..=0.5;
/// Magnitude of RandAugment at which each of its operations is as strong as it gets.
pub const MAGNITUDE: f32 = 10.0;

/// Numbers of a table of quantiles.
pub const QUANTILES: usize = INTERVALS + 1;

/// One way of changing images.
#[derive(Clone, Copy, Debug)]
pub struct Augmentation {
    pub name: &'static str,
    pub title: &'static str,
    /// What it does, in a sentence or two.
    pub about: &'static str,
    /// What can be set; the first says how strong it is, and at 0 the augmentation is off.
    pub settings: &'static [Setting],
    /// The first of its settings.
    pub strength: fn(&mut Augment) -> &mut f32,
    /// Its strength in RandAugment at the magnitude [`MAGNITUDE`]; `None` where it is none of its operations.
    pub strongest: Option<f32>,
}

/// Every augmentation, in the order in which they are applied. (RandAugment, which acts through others, is last.)
pub const AUGMENTATIONS: &[Augmentation] = &[
    flip::HORIZONTAL,
    flip::VERTICAL,
    elastic::ELASTIC,
    shear::SHEAR,
    affine::ROTATE,
    affine::SCALE,
    affine::SHIFT,
    perspective::PERSPECTIVE,
    blur::BLUR,
    brightness::BRIGHTNESS,
    contrast::CONTRAST,
    noise::NOISE,
    erase::ERASE,
    cutout::CUTOUT,
    mixup::MIXUP,
    cutmix::CUTMIX,
    rand_augment::RAND_AUGMENT,
];

/// How images are changed at most. By default they are not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Pixels, to either side and up or down (`translate`). In [`SHIFTS`].
    pub shift: f32,
    /// Degrees, either way (`degrees`). In [`ROTATIONS`].
    pub rotate: f32,
    /// The factor lies between 1 − this and 1 + this (`scale`). In [`SCALES`].
    pub scale: f32,
    /// Degrees, either way, parallel to the rows.
    pub shear: f32,
    /// Share of half a side by which corners move inwards at most (`distortion_scale`).
    pub perspective: f32,
    /// Pixels by which the knots of a grid move at most, to either side and up or down.
    pub elastic: f32,
    /// Cells of that grid along a side.
    pub elastic_cells: u32,
    /// Probability of being mirrored, left to right.
    pub hflip: f32,
    /// Probability of being mirrored, top to bottom.
    pub vflip: f32,
    /// Largest standard deviation of the blur, in pixels (`sigma`).
    pub blur: f32,
    /// The factor lies between 1 − this and 1 + this.
    pub brightness: f32,
    /// The factor lies between 1 − this and 1 + this.
    pub contrast: f32,
    /// Standard deviation of the noise (`sigma`).
    pub noise: f32,
    /// Probability of a rectangle being erased (`p`).
    pub erase: f32,
    /// The rectangle's largest share of the image (`scale`).
    pub erase_area: f32,
    /// Side of the square that is cut out, in pixels.
    pub cutout: f32,
    /// `alpha` of the distribution of shares; 0: no mixup.
    pub mixup: f32,
    /// `alpha` of the distribution of shares; 0: no cutmix.
    pub cutmix: f32,
    /// Operations for each image (`num_ops`); 0: no RandAugment.
    pub rand_count: f32,
    /// 0 to [`MAGNITUDE`].
    pub rand_magnitude: f32,
}

impl Default for Augment {
    fn default() -> Self {
        Self {
            shift: 0.0,
            rotate: 0.0,
            scale: 0.0,
            shear: 0.0,
            perspective: 0.0,
            elastic: 0.0,
            elastic_cells: 4,
            hflip: 0.0,
            vflip: 0.0,
            blur: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            noise: 0.0,
            erase: 0.0,
            erase_area: 0.33,
            cutout: 0.0,
            mixup: 0.0,
            cutmix: 0.0,
            rand_count: 0.0,
            rand_magnitude: 5.0,
        }
    }
}

impl Augment {
    /// Images stay as they are.
    pub fn is_nothing(&self) -> bool {
        AUGMENTATIONS.iter().all(|a| !a.is_on(self))
    }

    /// Nothing but shift, rotation and scale, if anything.
    pub fn is_affine(&self) -> bool {
        let rest = Self { shift: 0.0, rotate: 0.0, scale: 0.0, ..*self };
        rest.is_nothing()
    }

    /// Images may be blurred.
    pub fn blurs(&self) -> bool {
        self.uses(&blur::BLUR)
    }

    /// Images are mixed, so that their targets are shares of two classes.
    pub fn mixes(&self) -> bool {
        self.mixup > 0.0 || self.cutmix > 0.0
    }

    /// Whether `augmentation` changes images, by its own strength or since RandAugment may choose it.
    pub fn uses(&self, augmentation: &Augmentation) -> bool {
        augmentation.is_on(self) || (augmentation.strongest.is_some() && rand_augment::RAND_AUGMENT.is_on(self))
    }

    /// # Errors
    /// The first setting that lies outside its limits.
    pub fn check(&self) -> Result<(), SettingError> {
        AUGMENTATIONS.iter().flat_map(|a| a.settings).try_for_each(|setting| setting.check(self))
    }
}

impl Augmentation {
    pub fn is_on(&self, augment: &Augment) -> bool {
        let mut own = *augment;
        *(self.strength)(&mut own) > 0.0
    }
}
