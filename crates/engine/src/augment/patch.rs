//! A rectangle of an image whose borders may lie between pixels.
//!
//! A pixel that is covered in part counts in part, so that what is done to an image changes continuously with the
//! borders, and the area is exact.

/// In pixels from the image's left and upper border; empty where all are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Patch {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl Patch {
    /// Of this size about a centre, cut at the borders of the image.
    pub fn about(centre: [f32; 2], size: [f32; 2], image: [f32; 2]) -> Self {
        let [(left, right), (top, bottom)] =
            [0, 1].map(|i| ((centre[i] - 0.5 * size[i]).clamp(0.0, image[i]), (centre[i] + 0.5 * size[i]).clamp(0.0, image[i])));
        Self { left, top, right, bottom }
    }

    pub fn is_empty(&self) -> bool {
        self.right <= self.left || self.bottom <= self.top
    }

    /// In pixels.
    pub fn area(&self) -> f32 {
        (self.right - self.left) * (self.bottom - self.top)
    }

    /// How much of the pixel lies in it, 0 to 1.
    pub fn share(&self, column: usize, row: usize) -> f32 {
        let along = |from: f32, to: f32, at: usize| (to.min(at as f32 + 1.0) - from.max(at as f32)).max(0.0);
        along(self.left, self.right, column) * along(self.top, self.bottom, row)
    }

    /// Puts `fill(pixel)` over the part of `image` that it covers, whose planes have `width` columns and `plane` pixels.
    pub fn cover(&self, width: usize, plane: usize, image: &mut [f32], fill: impl Fn(usize) -> f32) {
        if self.is_empty() {
            return;
        }
        for (i, x) in image.iter_mut().enumerate() {
            let share = self.share(i % plane % width, i % plane / width);
            if share > 0.0 {
                *x = share * fill(i) + (1.0 - share) * *x;
            }
        }
    }
}
