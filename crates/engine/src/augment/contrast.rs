//! Contrast: `torchvision.transforms.ColorJitter(contrast)`, factor · image + (1 − factor) · mean, cut to 0 to 1.

use super::Augmentation;
use crate::Setting;

pub const CONTRAST: Augmentation = Augmentation {
    name: "contrast",
    title: "Contrast",
    about: "Pixels further from the image's mean or closer to it, by a factor of up to this more or less.",
    settings: &[Setting::number("contrast", "Contrast", 0.0, 0.9)],
    strength: |a| &mut a.contrast,
    strongest: Some(0.9),
};

pub fn apply(factor: f32, image: &mut [f32]) {
    let mean = image.iter().sum::<f32>() / image.len().max(1) as f32;
    for x in image {
        *x = (factor * *x + (1.0 - factor) * mean).clamp(0.0, 1.0);
    }
}
