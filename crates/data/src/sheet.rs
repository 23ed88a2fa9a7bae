//! Pictures of any kind to images as the network sees them, and sheets of many.

use crate::digits::PIXELS;
use crate::framing::{Framing, FramingOptions};

/// Longest side of a picture that is worked on.
pub const SIDE_LIMIT: usize = 4_096;
/// Most rows or columns of a sheet.
pub const LINES_LIMIT: usize = 200;
/// Contrast below which a picture is blank.
const FAINT: f32 = 0.08;

/// Why a picture gives no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    #[error("nothing can be seen in it")]
    Blank,
    #[error("{rows} × {cols} cells do not fit into {width} × {height} pixels: a cell needs at least 4 × 4")]
    Cells { rows: usize, cols: usize, width: usize, height: usize },
    #[error("{rows} × {cols} cells: rows and columns are 1 to {LINES_LIMIT}")]
    Lines { rows: usize, cols: usize },
}

/// A grey picture, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    /// 0 is black, 255 is white.
    pub light: Vec<u8>,
}

impl Picture {
    /// Of red, green, blue and cover, as a canvas gives them; what is not covered is white. Weights of Rec. 709.
    pub fn of_rgba(width: usize, rgba: &[u8]) -> Self {
        let light = |p: &[u8]| {
            let seen = (f32::from(p[0]) * 0.2126 + f32::from(p[1]) * 0.7152 + f32::from(p[2]) * 0.0722) / 255.0;
            let cover = f32::from(p[3]) / 255.0;
            ((seen * cover + 1.0 - cover) * 255.0 + 0.5) as u8
        };
        let light: Vec<u8> = rgba.chunks_exact(4).map(light).collect();
        Self { width, height: light.len().checked_div(width).unwrap_or(0), light }
    }

    /// A rectangle of it, cut at its edges.
    pub fn part(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let (right, bottom) = ((left + width).min(self.width), (top + height).min(self.height));
        let (left, top) = (left.min(right), top.min(bottom));
        let light = (top..bottom).flat_map(|y| &self.light[y * self.width + left..y * self.width + right]).copied().collect();
        Self { width: right - left, height: bottom - top, light }
    }

    /// What lies in row `row` of `rows` and column `col` of `cols`.
    pub fn cell(&self, (row, rows): (usize, usize), (col, cols): (usize, usize)) -> Self {
        let span = |at: usize, of: usize, extent: usize| (at * extent / of, (at + 1) * extent / of);
        let ((top, bottom), (left, right)) = (span(row, rows, self.height), span(col, cols, self.width));
        self.part(left, top, right - left, bottom - top)
    }

    /// Whether so many cells can be cut.
    ///
    /// # Errors
    /// [`SheetError::Lines`], [`SheetError::Cells`].
    pub fn check_cells(&self, rows: usize, cols: usize) -> Result<(), SheetError> {
        let Self { width, height, .. } = *self;
        if rows == 0 || cols == 0 || rows > LINES_LIMIT || cols > LINES_LIMIT {
            return Err(SheetError::Lines { rows, cols });
        }
        if width < 4 * cols || height < 4 * rows {
            return Err(SheetError::Cells { rows, cols, width, height });
        }
        Ok(())
    }

    /// Ink from 0 (the ground) to 1: what differs from the ground, which is the light of its rim.
    ///
    /// # Errors
    /// [`SheetError::Blank`].
    pub fn ink(&self) -> Result<Vec<f32>, SheetError> {
        let mut rim: Vec<u8> = Vec::new();
        for (i, light) in self.light.iter().enumerate() {
            let (x, y) = (i % self.width, i / self.width);
            if x == 0 || y == 0 || x + 1 == self.width || y + 1 == self.height {
                rim.push(*light);
            }
        }
        rim.sort_unstable();
        let ground = f32::from(*rim.get(rim.len() / 2).ok_or(SheetError::Blank)?);
        let (least, most) = self.light.iter().fold((255, 0), |(lo, hi), l| ((*l).min(lo), (*l).max(hi)));
        // Dark on light or light on dark, whichever differs more.
        let (dark, bright) = (ground - f32::from(least), f32::from(most) - ground);
        let (sign, reach) = if dark >= bright { (-1.0, dark) } else { (1.0, bright) };
        if reach < FAINT * 255.0 {
            return Err(SheetError::Blank);
        }
        // Paper is never quite even: the lowest tenth is ground too.
        let ink = |light: &u8| (((f32::from(*light) - ground) * sign / reach - 0.1) / 0.9).clamp(0.0, 1.0);
        Ok(self.light.iter().map(ink).collect())
    }

    /// The image of 28 × 28 that the pad would make of it.
    ///
    /// # Errors
    /// [`SheetError::Blank`].
    pub fn framed(&self, options: FramingOptions) -> Result<[u8; PIXELS], SheetError> {
        let framing = Framing::of(&self.ink()?, self.width, options).ok_or(SheetError::Blank)?;
        Ok(bytes_of(&framing.image))
    }
}

/// Grey values of an image of 0 to 1.
pub fn bytes_of(image: &[f32]) -> [u8; PIXELS] {
    std::array::from_fn(|i| (image.get(i).copied().unwrap_or(0.0).clamp(0.0, 1.0) * 255.0 + 0.5) as u8)
}
