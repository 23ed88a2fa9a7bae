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

#[cfg(test)]
mod tests {
    use super::*;

    /// White, with a dark bar in each of `rows × cols` cells, higher in each row and wider in each column.
    fn sheet(rows: usize, cols: usize) -> Picture {
        let (width, height) = (cols * 20, rows * 20);
        let mut light = vec![250; width * height];
        for row in 0..rows {
            for col in 0..cols {
                for y in 4..6 + 2 * row {
                    for x in 4..6 + 2 * col {
                        light[(row * 20 + y) * width + col * 20 + x] = 10;
                    }
                }
            }
        }
        Picture { width, height, light }
    }

    #[test]
    fn cells_are_cut_where_they_lie() {
        let sheet = sheet(3, 4);
        assert_eq!(sheet.check_cells(3, 4), Ok(()));
        for row in 0..3 {
            for col in 0..4 {
                let cell = sheet.cell((row, 3), (col, 4));
                assert_eq!((cell.width, cell.height), (20, 20));
                let dark = cell.light.iter().filter(|l| **l < 100).count();
                assert_eq!(dark, (2 + 2 * row) * (2 + 2 * col));
                assert!(cell.framed(FramingOptions::default()).is_ok());
            }
        }
        // Extents that are no multiple: every pixel lies in one cell.
        let widths: Vec<usize> = (0..3).map(|col| sheet.cell((0, 1), (col, 3)).width).collect();
        assert_eq!(widths.iter().sum::<usize>(), sheet.width);
    }

    #[test]
    fn impossible_cuts_are_told() {
        assert_eq!(sheet(1, 1).check_cells(0, 3), Err(SheetError::Lines { rows: 0, cols: 3 }));
        let told = sheet(1, 1).check_cells(10, 2).unwrap_err().to_string();
        assert_eq!(told, "10 × 2 cells do not fit into 20 × 20 pixels: a cell needs at least 4 × 4");
    }

    #[test]
    fn dark_on_light_and_light_on_dark_are_the_same() {
        let dark = sheet(1, 1);
        let light = Picture { light: dark.light.iter().map(|l| 255 - l).collect(), ..dark.clone() };
        assert_eq!(dark.framed(FramingOptions::default()), light.framed(FramingOptions::default()));
        let blank = Picture { width: 5, height: 5, light: vec![200; 25] };
        assert_eq!(blank.framed(FramingOptions::default()), Err(SheetError::Blank));
        assert_eq!(Picture { width: 0, height: 0, light: vec![] }.ink(), Err(SheetError::Blank));
    }

    #[test]
    fn what_is_not_covered_is_white() {
        let picture = Picture::of_rgba(2, &[0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 255, 255, 0, 0, 255]);
        assert_eq!((picture.width, picture.height), (2, 2));
        assert_eq!(picture.light, [255, 255, 0, 54]);
    }

    #[test]
    fn an_image_is_framed_as_a_drawing_is() {
        let mut ink = vec![0.0; 56 * 56];
        (10..40).for_each(|y| (20..26).for_each(|x| ink[y * 56 + x] = 1.0));
        let light = ink.iter().map(|i| 255 - (i * 255.0) as u8).collect();
        let image = Picture { width: 56, height: 56, light }.framed(FramingOptions::default()).unwrap();
        let drawn = Framing::of(&ink, 56, FramingOptions::default()).unwrap().image;
        assert_eq!(image, bytes_of(&drawn));
    }
}
