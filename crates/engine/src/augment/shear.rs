//! Slanted images: `torchvision.transforms.RandomAffine(shear)`, rows slide by tan(angle) · their height.

use super::Augmentation;
use crate::Setting;

pub const SHEAR: Augmentation = Augmentation {
    name: "shear",
    title: "Shear",
    about: "Slanted by up to so many degrees, as handwriting leans one way or the other.",
    settings: &[Setting::number("shear", "Shear, °", 0.0, 30.0)],
    strength: |a| &mut a.shear,
    strongest: Some(17.0),
};
