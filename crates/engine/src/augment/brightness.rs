//! Brightness: `torchvision.transforms.ColorJitter(brightness)`, image · factor, cut to 0 to 1.

use super::Augmentation;
use crate::Setting;

pub const BRIGHTNESS: Augmentation = Augmentation {
    name: "brightness",
    title: "Brightness",
    about: "All of it brighter or darker, by a factor of up to this more or less.",
    settings: &[Setting::number("brightness", "Brightness", 0.0, 0.9)],
    strength: |a| &mut a.brightness,
    strongest: Some(0.9),
};

pub fn apply(factor: f32, image: &mut [f32]) {
    for x in image {
        *x = (*x * factor).clamp(0.0, 1.0);
    }
}
