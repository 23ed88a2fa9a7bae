//! What is drawn for one image.

use super::{Affine, Augment, Patch, Quantiles, affine::direction, blur, cutmix, cutout, erase, mixup, perspective, rand_augment};
use crate::{
    Shape, StepInputs,
    rng::{self, Stream},
};

/// Parts of [`Stream::AUGMENT`]. `draw.wgsl` and its like say the same numbers.
pub mod part {
    pub const DX: u32 = 0;
    pub const DY: u32 = 1;
    pub const ANGLE: u32 = 2;
    pub const FACTOR: u32 = 3;
    pub const SHEAR: u32 = 4;
    /// Two for each corner.
    pub const CORNERS: u32 = 5;
    pub const ELASTIC: u32 = 13;
    pub const HFLIP: u32 = 14;
    pub const VFLIP: u32 = 15;
    pub const BLUR: u32 = 16;
    pub const BRIGHTNESS: u32 = 17;
    pub const CONTRAST: u32 = 18;
    pub const NOISE: u32 = 19;
    pub const ERASE: u32 = 20;
    pub const ERASE_AREA: u32 = 21;
    pub const ERASE_ASPECT: u32 = 22;
    pub const ERASE_X: u32 = 23;
    pub const ERASE_Y: u32 = 24;
    pub const ERASE_FILL: u32 = 25;
    pub const CUTOUT_X: u32 = 26;
    pub const CUTOUT_Y: u32 = 27;
    pub const MIX_COIN: u32 = 28;
    pub const MIX_SHARE: u32 = 29;
    pub const CUT_X: u32 = 30;
    pub const CUT_Y: u32 = 31;
    /// By the step, not the image.
    pub const PARTNER: u32 = 32;
    /// One for each candidate of RandAugment.
    pub const CHOICE: u32 = 40;
}

/// The random numbers of one image.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dice {
    pub seed: u32,
    /// Of the image among all of the run.
    pub number: u32,
}

impl Dice {
    /// Of the image at `place` of the batch.
    pub fn new(now: &StepInputs, batch: usize, place: usize) -> Self {
        Self { seed: now.seed, number: now.step.wrapping_mul(batch as u32).wrapping_add(place as u32) }
    }

    /// In [0, 1).
    pub fn uniform(&self, part: u32) -> f32 {
        rng::uniform(self.seed, Stream::AUGMENT.part(part), self.number)
    }

    /// In [−1, 1), or `whole`, −1 or 1.
    pub fn signed(&self, part: u32, whole: bool) -> f32 {
        let x = 2.0 * self.uniform(part) - 1.0;
        match whole {
            true if x < 0.0 => -1.0,
            true => 1.0,
            false => x,
        }
    }

    /// Number `i` of the `len` of this image, in [0, 1).
    pub fn field(&self, part: u32, len: u32, i: u32) -> f32 {
        (self.field_bits(part, len, i) >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    pub fn field_bits(&self, part: u32, len: u32, i: u32) -> u32 {
        rng::bits(self.seed, Stream::AUGMENT.part(part), self.number.wrapping_mul(len).wrapping_add(i))
    }
}

/// Numbers of a draw as the card has them: see [`Draw::row`].
pub const ROW: usize = 38;

/// How one image is changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draw {
    pub dice: Dice,
    pub affine: Affine,
    /// Tangent of the angle.
    pub shear: f32,
    /// −1 where the axis is mirrored, else 1.
    pub flip: [f32; 2],
    /// Pixels.
    pub elastic: f32,
    pub elastic_cells: u32,
    /// The inverse of the perspective, if there is one.
    pub corners: Option<[f32; 8]>,
    /// Weights of a pixel and of those 1, 2 and 3 away.
    pub blur: [f32; 4],
    pub brightness: f32,
    pub contrast: f32,
    pub noise: f32,
    pub erase: Patch,
    pub cutout: Patch,
    /// Weight of the own image, the rest is the other's.
    pub blend: f32,
    /// What shows the other image alone.
    pub cut: Patch,
    /// The own class's share of the target.
    pub share: f32,
}

impl Draw {
    /// What `augment` draws for an image of `shape`; `tables` are those of mixup and cutmix, where they are on.
    pub fn new(augment: &Augment, dice: Dice, shape: Shape, tables: &[Option<Quantiles>; 2]) -> Self {
        let mut own = *augment;
        let chosen = rand_augment::choose(&mut own, dice.seed, dice.number);
        let whole = |name: &str| chosen != 0 && rand_augment::operations().enumerate().any(|(i, o)| o.name == name && chosen >> i & 1 == 1);
        let signed = |part, name| dice.signed(part, whole(name));
        let image = [shape.w as f32, shape.h as f32];
        let affine = Affine::new(
            own.shift * signed(part::DX, "shift"),
            own.shift * signed(part::DY, "shift"),
            own.rotate.to_radians() * signed(part::ANGLE, "rotate"),
            1.0 + own.scale * signed(part::FACTOR, "scale"),
        );
        let [cos, sin] = direction(own.shear.to_radians() * signed(part::SHEAR, "shear"));
        let sigma = own.blur * if whole("blur") { 1.0 } else { dice.uniform(part::BLUR) };
        let mirrored = |part, probability| if dice.uniform(part) < probability { -1.0 } else { 1.0 };
        let mut draw = Self {
            dice,
            affine,
            shear: sin / cos,
            flip: [mirrored(part::HFLIP, own.hflip), mirrored(part::VFLIP, own.vflip)],
            elastic: own.elastic,
            elastic_cells: own.elastic_cells,
            corners: (own.perspective > 0.0).then(|| perspective::inverse(&dice, own.perspective)),
            blur: blur::weights(sigma),
            brightness: 1.0 + own.brightness * signed(part::BRIGHTNESS, "brightness"),
            contrast: 1.0 + own.contrast * signed(part::CONTRAST, "contrast"),
            noise: own.noise,
            erase: erase::patch(&dice, own.erase, own.erase_area, image),
            cutout: cutout::patch(&dice, own.cutout, image),
            blend: 1.0,
            cut: Patch::default(),
            share: 1.0,
        };
        draw.mix(tables, image);
        draw
    }

    fn mix(&mut self, tables: &[Option<Quantiles>; 2], image: [f32; 2]) {
        let first = self.dice.uniform(part::MIX_COIN) < 0.5;
        match tables {
            [Some(up), None] => self.blend = mixup::share(&self.dice, up),
            [Some(up), Some(_)] if first => self.blend = mixup::share(&self.dice, up),
            [_, Some(cut)] => self.cut = cutmix::patch(&self.dice, cut, image),
            [None, None] => {}
        }
        self.share = self.blend - self.cut.area() / (image[0] * image[1]);
    }

    /// As a row of the card's table: `draw.wgsl` says which number is which.
    pub fn row(&self) -> [f32; ROW] {
        let mut row = [0.0; ROW];
        row[..8].copy_from_slice(&[
            self.affine.dx,
            self.affine.dy,
            self.affine.cos,
            self.affine.sin,
            self.shear,
            self.flip[0],
            self.flip[1],
            self.elastic,
        ]);
        if let Some(corners) = &self.corners {
            row[8] = 1.0;
            row[9..17].copy_from_slice(corners);
        }
        row[17..21].copy_from_slice(&self.blur);
        row[21..24].copy_from_slice(&[self.brightness, self.contrast, self.noise]);
        for (first, patch) in [(24, &self.erase), (28, &self.cutout), (33, &self.cut)] {
            row[first..first + 4].copy_from_slice(&[patch.left, patch.top, patch.right, patch.bottom]);
        }
        (row[32], row[37]) = (self.blend, self.share);
        row
    }
}
