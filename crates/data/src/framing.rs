//! What MNIST did to its digits, for a drawing.
//!
//! "The original black and white images from NIST were size normalized to fit in a 20x20 pixel box
//! while preserving their aspect ratio. The resulting images contain grey levels as a result of the
//! anti-aliasing technique used by the normalization algorithm. The images were centered in a 28x28
//! image by computing the center of mass of the pixels, and translating the image so as to position
//! this point at the center of the 28x28 field." (LeCun, Cortes, Burges: The MNIST database.)
//!
//! The digits themselves say where that centre is: every one has its centre of mass within half a
//! pixel of pixel (14, 14), counted from 0; so the translation is by whole pixels.

use crate::digits::{PIXELS, SIDE};

/// Longer side of a digit, in pixels.
pub const DIGIT_SIDE: usize = 20;
/// Row and column of the pixel on which the centre of mass comes to lie.
pub const CENTRE: usize = 14;
/// Ink below this does not widen the crop box: the faint fringe of an antialiased stroke.
pub const FAINT_INK: f32 = 0.02;

/// Which steps to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramingOptions {
    /// Keep only the box around the ink; else the whole drawing.
    pub crop: bool,
    /// Make the longer side of what is kept 20 pixels; else the longer side of the whole drawing 28.
    pub scale: bool,
    /// Put the centre of mass on pixel (14, 14); else the middle of what is kept in the middle.
    pub centre: bool,
}

impl Default for FramingOptions {
    fn default() -> Self {
        Self { crop: true, scale: true, centre: true }
    }
}

/// Whole pixels of the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crop {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

/// A grey picture: `height · width` values from 0 (paper) to 1 (ink), row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Grey {
    pub width: usize,
    pub height: usize,
    pub ink: Vec<f32>,
}

/// Every step from a drawing to the network's input.
#[derive(Clone, Debug, PartialEq)]
pub struct Framing {
    /// What is kept of the drawing.
    pub crop: Crop,
    /// That, at its final size: at most 28 × 28.
    pub scaled: Grey,
    /// Column and row of the centre of mass of `scaled`, in its pixels; (0, 0) is the middle of
    /// its first pixel.
    pub mass: (f32, f32),
    /// Column and row of `image` at which the first pixel of `scaled` lies.
    pub offset: (i32, i32),
    /// `28 · 28` values from 0 to 1, row by row.
    pub image: Vec<f32>,
}

impl Framing {
    /// Frames a drawing of `width` columns, `ink` row by row from 0 (paper) to 1 (ink). What lies
    /// outside of 0 to 1 is clamped, and an unfinished last row ignored.
    ///
    /// `None` if nothing is drawn.
    pub fn of(ink: &[f32], width: usize, options: FramingOptions) -> Option<Self> {
        let height = ink.len().checked_div(width)?;
        #[allow(clippy::manual_clamp, reason = "`max` also turns NaN into 0, which `clamp` would keep")]
        let ink: Vec<f32> = ink[..width * height].iter().map(|v| v.max(0.0).min(1.0)).collect();
        let around_ink = ink_box(&ink, width)?;
        let crop = if options.crop { around_ink } else { Crop { left: 0, top: 0, width, height } };
        let factor =
            if options.scale { DIGIT_SIDE as f32 / crop.width.max(crop.height) as f32 } else { SIDE as f32 / width.max(height) as f32 };
        let scaled = scale(&ink, width, crop, factor);
        let mass = centre_of_mass(&scaled)?;
        let offset = if options.centre {
            (whole(CENTRE as f32 - mass.0), whole(CENTRE as f32 - mass.1))
        } else {
            ((SIDE - scaled.width) as i32 / 2, (SIDE - scaled.height) as i32 / 2)
        };
        let image = place(&scaled, offset);
        Some(Self { crop, scaled, mass, offset, image })
    }
}

/// Rounds halves up, so that neighbouring distances never round to the same offset.
fn whole(x: f32) -> i32 {
    (x + 0.5).floor() as i32
}

/// The smallest box that holds all ink that is not faint.
fn ink_box(ink: &[f32], width: usize) -> Option<Crop> {
    let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
    for (i, _) in ink.iter().enumerate().filter(|&(_, &v)| v >= FAINT_INK) {
        let (row, col) = (i / width, i % width);
        (left, right) = (left.min(col), right.max(col));
        (top, bottom) = (top.min(row), bottom.max(row));
    }
    (left != usize::MAX).then(|| Crop { left, top, width: right - left + 1, height: bottom - top + 1 })
}

/// `crop` of a drawing, `factor` times as large: each pixel is the mean of the area that it covers.
fn scale(ink: &[f32], drawing_width: usize, crop: Crop, factor: f32) -> Grey {
    let cols = Cover::along(crop.width, factor);
    let rows = Cover::along(crop.height, factor);
    let mut narrow = vec![0.0; crop.height * cols.len()];
    for (row, line) in narrow.chunks_exact_mut(cols.len()).enumerate() {
        let start = (crop.top + row) * drawing_width + crop.left;
        let source = &ink[start..start + crop.width];
        for (value, cover) in line.iter_mut().zip(&cols) {
            *value = cover.terms().map(|(i, weight)| source[i] * weight).sum();
        }
    }
    let mut scaled = vec![0.0; rows.len() * cols.len()];
    for (line, cover) in scaled.chunks_exact_mut(cols.len()).zip(&rows) {
        for (i, weight) in cover.terms() {
            let source = &narrow[i * cols.len()..(i + 1) * cols.len()];
            for (value, v) in line.iter_mut().zip(source) {
                *value += v * weight;
            }
        }
    }
    Grey { width: cols.len(), height: rows.len(), ink: scaled }
}

/// What one pixel of a scaled line covers of the line.
struct Cover {
    /// In pixels of the line; may reach beyond both ends, where there is paper.
    start: f32,
    end: f32,
    len: usize,
}

impl Cover {
    fn along(len: usize, factor: f32) -> Vec<Self> {
        let exact = len as f32 * factor;
        // The margin keeps rounding from opening a 21st pixel.
        let count = ((exact - 1e-3).ceil() as usize).clamp(1, SIDE);
        // The line lies in the middle of the pixels, so that both ends get the same share of paper.
        let slack = (count as f32 - exact) / 2.0;
        let at = |pixel: usize| (pixel as f32 - slack) / factor;
        (0..count).map(|pixel| Self { start: at(pixel), end: at(pixel + 1), len }).collect()
    }

    /// Index and share of each pixel that is covered.
    fn terms(&self) -> impl Iterator<Item = (usize, f32)> {
        let (start, end) = (self.start, self.end);
        let first = start.max(0.0) as usize;
        let last = (end.max(0.0).ceil() as usize).min(self.len);
        (first..last).map(move |i| {
            let covered = (end.min(i as f32 + 1.0) - start.max(i as f32)).max(0.0);
            (i, covered / (end - start))
        })
    }
}

/// Column and row.
fn centre_of_mass(grey: &Grey) -> Option<(f32, f32)> {
    let (mut sum, mut across, mut down) = (0.0, 0.0, 0.0);
    for (i, &v) in grey.ink.iter().enumerate() {
        sum += v;
        across += v * (i % grey.width) as f32;
        down += v * (i / grey.width) as f32;
    }
    (sum > 0.0).then(|| (across / sum, down / sum))
}

/// `scaled` in a field of 28 × 28; what lies outside is lost.
fn place(scaled: &Grey, offset: (i32, i32)) -> Vec<f32> {
    let mut image = vec![0.0; PIXELS];
    let inside = |at: i32| usize::try_from(at).ok().filter(|&at| at < SIDE);
    for (i, &v) in scaled.ink.iter().enumerate() {
        let (row, col) = ((i / scaled.width) as i32, (i % scaled.width) as i32);
        if let (Some(row), Some(col)) = (inside(row + offset.1), inside(col + offset.0)) {
            image[row * SIDE + col] = v;
        }
    }
    image
}
