//! Mirrored images.

use super::Augmentation;
use crate::Setting;

/// `torchvision.transforms.RandomHorizontalFlip`.
pub const HORIZONTAL: Augmentation = Augmentation {
    name: "hflip",
    title: "Flip left to right",
    about: "Mirrored with this probability. Mirrored digits are other signs: worth a look at what it does to them.",
    settings: &[Setting::number("hflip", "Flip ⇄, share", 0.0, 1.0)],
    strength: |a| &mut a.hflip,
    strongest: None,
};

/// `torchvision.transforms.RandomVerticalFlip`.
pub const VERTICAL: Augmentation = Augmentation {
    name: "vflip",
    title: "Flip upside down",
    about: "Mirrored top to bottom with this probability.",
    settings: &[Setting::number("vflip", "Flip ⇅, share", 0.0, 1.0)],
    strength: |a| &mut a.vflip,
    strongest: None,
};
