//! Cutout: a square of 0 about a place anywhere in the image, beyond whose border it may reach (DeVries & Taylor, 2017).

use super::{Augmentation, Patch, draw::Dice, draw::part};
use crate::Setting;

pub const CUTOUT: Augmentation = Augmentation {
    name: "cutout",
    title: "Cutout",
    about: "A square of this side, anywhere, is left blank.",
    settings: &[Setting::number("cutout", "Cutout, px", 0.0, 20.0)],
    strength: |a| &mut a.cutout,
    strongest: Some(14.0),
};

pub fn patch(dice: &Dice, side: f32, image: [f32; 2]) -> Patch {
    if side == 0.0 {
        return Patch::default();
    }
    let centre = [dice.uniform(part::CUTOUT_X) * image[0], dice.uniform(part::CUTOUT_Y) * image[1]];
    Patch::about(centre, [side, side], image)
}
