//! Planes of a tensor as RGBA pixels, one by one or many in a sheet.
//!
//! Buffers belong to the caller and are as long as [`Sheet::size_bytes`] says, so that a page that
//! redraws sixty times a second allocates nothing. Four bytes a pixel, rows from the top, as the
//! page's `ImageData` and PNG want them.

use crate::scale::{ColourMap, Range};

/// Which range of numbers the ends of the colour map stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Spread {
    /// Each tile uses the whole map: shows form, hides which tile is strong.
    PerTile,
    /// All tiles of the sheet share one range: strong tiles look strong.
    #[default]
    Shared,
    /// A given range, so that several sheets or several moments can be compared.
    Fixed(Range),
}

/// Why nothing was painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaintError {
    #[error("{values} numbers do not fill tiles of {tile_h}×{tile_w}")]
    Values { values: usize, tile_h: usize, tile_w: usize },
    #[error("{tiles} tiles do not fit into a sheet of {places}")]
    Tiles { tiles: usize, places: usize },
    #[error("the picture needs {needed} bytes, but the buffer has {got}")]
    Buffer { needed: usize, got: usize },
}

/// A grid of equally large tiles, each number enlarged to a square of `zoom` pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Tiles below each other.
    pub rows: usize,
    /// Tiles beside each other.
    pub cols: usize,
    /// Numbers of one tile.
    pub tile_h: usize,
    pub tile_w: usize,
    /// Pixels a number.
    pub zoom: usize,
    /// Pixels between tiles; they stay transparent.
    pub gap: usize,
}

/// A number of a sheet: which tile, and where in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub tile: usize,
    pub row: usize,
    pub col: usize,
}

impl Sheet {
    /// A single tile, one pixel a number.
    pub const fn single(tile_h: usize, tile_w: usize) -> Self {
        Self { rows: 1, cols: 1, tile_h, tile_w, zoom: 1, gap: 0 }
    }

    /// Room for `count` tiles in rows of `cols`, one pixel a number, no gaps.
    pub fn grid(count: usize, cols: usize, tile_h: usize, tile_w: usize) -> Self {
        let cols = cols.clamp(1, count.max(1));
        Self { rows: count.div_ceil(cols), cols, tile_h, tile_w, zoom: 1, gap: 0 }
    }

    /// Room for `count` tiles in about as many rows as columns.
    pub fn square(count: usize, tile_h: usize, tile_w: usize) -> Self {
        let cols = (1..=count).find(|c| c * c >= count).unwrap_or(1);
        Self::grid(count, cols, tile_h, tile_w)
    }

    pub const fn with_zoom(self, zoom: usize) -> Self {
        Self { zoom: if zoom == 0 { 1 } else { zoom }, ..self }
    }

    pub const fn with_gap(self, gap: usize) -> Self {
        Self { gap, ..self }
    }

    /// Width in pixels.
    pub const fn width(&self) -> usize {
        self.cols * self.tile_w * self.zoom + self.cols.saturating_sub(1) * self.gap
    }

    /// Height in pixels.
    pub const fn height(&self) -> usize {
        self.rows * self.tile_h * self.zoom + self.rows.saturating_sub(1) * self.gap
    }

    /// Length of the picture's buffer.
    pub const fn size_bytes(&self) -> usize {
        4 * self.width() * self.height()
    }

    /// Upper left pixel of a tile: (x, y).
    pub const fn corner(&self, tile: usize) -> (usize, usize) {
        let (row, col) = (tile / self.cols, tile % self.cols);
        (col * (self.tile_w * self.zoom + self.gap), row * (self.tile_h * self.zoom + self.gap))
    }

    /// What lies under pixel (x, y): nothing in a gap or outside.
    pub fn hit(&self, x: usize, y: usize) -> Option<Hit> {
        if x >= self.width() || y >= self.height() {
            return None;
        }
        let (step_x, step_y) = (self.tile_w * self.zoom + self.gap, self.tile_h * self.zoom + self.gap);
        let (col, row) = ((x % step_x) / self.zoom, (y % step_y) / self.zoom);
        (col < self.tile_w && row < self.tile_h).then(|| Hit { tile: (y / step_y) * self.cols + x / step_x, row, col })
    }

    /// Paints tiles of numbers (tile, row, column). Places without a tile, and gaps, become transparent.
    ///
    /// # Errors
    /// Where the numbers are no whole tiles, the tiles too many, or the buffer not
    /// [`Sheet::size_bytes`] long.
    pub fn paint(&self, values: &[f32], map: &ColourMap, spread: Spread, out: &mut [u8]) -> Result<(), PaintError> {
        let plane = self.tile_h * self.tile_w;
        let tiles = values.len().checked_div(plane).unwrap_or(0);
        if tiles * plane != values.len() {
            return Err(PaintError::Values { values: values.len(), tile_h: self.tile_h, tile_w: self.tile_w });
        }
        if tiles > self.rows * self.cols {
            return Err(PaintError::Tiles { tiles, places: self.rows * self.cols });
        }
        if out.len() != self.size_bytes() {
            return Err(PaintError::Buffer { needed: self.size_bytes(), got: out.len() });
        }
        if self.gap > 0 || tiles < self.rows * self.cols {
            out.fill(0);
        }
        if tiles == 0 {
            return Ok(());
        }
        let whole = match spread {
            Spread::PerTile => Range::default(),
            Spread::Shared => Range::of(values),
            Spread::Fixed(range) => range,
        };
        for (tile, plane) in values.chunks_exact(plane).enumerate() {
            let range = if spread == Spread::PerTile { Range::of(plane) } else { whole };
            self.paint_tile(tile, plane, map, range, out);
        }
        Ok(())
    }

    fn paint_tile(&self, tile: usize, plane: &[f32], map: &ColourMap, range: Range, out: &mut [u8]) {
        let (window, (left, top)) = (map.window(range), self.corner(tile));
        let (stride, line) = (4 * self.width(), 4 * self.tile_w * self.zoom);
        for (row, values) in plane.chunks_exact(self.tile_w).enumerate() {
            let start = (top + row * self.zoom) * stride + 4 * left;
            let cells = out[start..start + line].chunks_exact_mut(4 * self.zoom);
            for (value, cell) in values.iter().zip(cells) {
                let colour = map.lookup(*value, window);
                for pixel in cell.chunks_exact_mut(4) {
                    pixel.copy_from_slice(&colour);
                }
            }
            for below in 1..self.zoom {
                out.copy_within(start..start + line, start + below * stride);
            }
        }
    }
}

/// One plane (row, column), one pixel a number, over the range of its own numbers.
///
/// # Errors
/// As [`Sheet::paint`].
pub fn paint_plane(values: &[f32], h: usize, w: usize, map: &ColourMap, out: &mut [u8]) -> Result<(), PaintError> {
    Sheet::single(h, w).paint(values, map, Spread::PerTile, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Theme;

    fn painted(sheet: Sheet, values: &[f32], map: &ColourMap, spread: Spread) -> Vec<u8> {
        let mut out = vec![7; sheet.size_bytes()];
        sheet.paint(values, map, spread, &mut out).unwrap();
        out
    }

    #[test]
    fn two_by_two_by_hand() {
        let map = ColourMap::diverging(Theme::Light);
        let p = Theme::Light.palette();
        let out = painted(Sheet::single(2, 2), &[-2.0, 0.0, 2.0, f32::NAN], &map, Spread::PerTile);
        let want = [map.at(-1.0).rgba(), p.neutral.rgba(), map.at(1.0).rgba(), p.fault.rgba()].concat();
        assert_eq!(out, want);
    }

    #[test]
    fn zoom_makes_squares() {
        let map = ColourMap::sequential(Theme::Dark);
        let (zero, one) = (map.at(0.0).rgba(), map.at(1.0).rgba());
        let out = painted(Sheet::single(1, 2).with_zoom(2), &[0.0, 5.0], &map, Spread::PerTile);
        let row = [zero, zero, one, one].concat();
        assert_eq!(out, [row.clone(), row].concat());
    }

    #[test]
    fn gaps_and_empty_places_are_transparent() {
        let map = ColourMap::sequential(Theme::Light);
        let sheet = Sheet::grid(3, 2, 1, 1).with_gap(1);
        assert_eq!((sheet.width(), sheet.height()), (3, 3));
        let out = painted(sheet, &[1.0, 1.0, 1.0], &map, Spread::Shared);
        let (on, off) = (map.at(1.0).rgba(), [0; 4]);
        let want = [[on, off, on], [off, off, off], [on, off, off]].concat().concat();
        assert_eq!(out, want);
    }

    #[test]
    fn spreads_differ_as_they_say() {
        let map = ColourMap::diverging(Theme::Light);
        let sheet = Sheet::grid(2, 2, 1, 1);
        let values = [1.0, -4.0];
        let [a, b] = [map.at(1.0).rgba(), map.at(-1.0).rgba()];
        assert_eq!(painted(sheet, &values, &map, Spread::PerTile), [a, b].concat());
        assert_eq!(painted(sheet, &values, &map, Spread::Shared), [map.at(0.25).rgba(), b].concat());
        let fixed = Spread::Fixed(Range::symmetric(8.0));
        assert_eq!(painted(sheet, &values, &map, fixed), [map.at(0.125).rgba(), map.at(-0.5).rgba()].concat());
    }

    #[test]
    fn every_pixel_is_hit_or_gap() {
        let sheet = Sheet::grid(5, 3, 2, 3).with_zoom(4).with_gap(2);
        let mut seen = [[[0; 3]; 2]; 6];
        for y in 0..sheet.height() {
            for x in 0..sheet.width() {
                if let Some(hit) = sheet.hit(x, y) {
                    let (left, top) = sheet.corner(hit.tile);
                    assert!((left + hit.col * 4..left + hit.col * 4 + 4).contains(&x));
                    assert!((top + hit.row * 4..top + hit.row * 4 + 4).contains(&y));
                    seen[hit.tile][hit.row][hit.col] += 1;
                }
            }
        }
        assert!(seen.as_flattened().as_flattened().iter().all(|n| *n == 16));
        assert_eq!(sheet.hit(sheet.width(), 0), None);
    }

    #[test]
    fn mismatches_are_errors() {
        let map = ColourMap::sequential(Theme::Light);
        let sheet = Sheet::grid(2, 2, 2, 2);
        let mut out = vec![0; sheet.size_bytes()];
        assert_eq!(sheet.paint(&[0.0; 5], &map, Spread::Shared, &mut out), Err(PaintError::Values { values: 5, tile_h: 2, tile_w: 2 }));
        assert_eq!(sheet.paint(&[0.0; 12], &map, Spread::Shared, &mut out), Err(PaintError::Tiles { tiles: 3, places: 2 }));
        assert_eq!(sheet.paint(&[0.0; 8], &map, Spread::Shared, &mut out[1..]), Err(PaintError::Buffer { needed: 32, got: 31 }));
        assert_eq!(Sheet::single(0, 3).paint(&[], &map, Spread::Shared, &mut []), Ok(()));
        let out = painted(Sheet::square(0, 3, 3), &[], &map, Spread::Shared);
        assert!(out.is_empty());
    }

    #[test]
    fn squares_are_nearly_square() {
        for (count, rows, cols) in [(1, 1, 1), (8, 3, 3), (16, 4, 4), (17, 4, 5), (32, 6, 6)] {
            let sheet = Sheet::square(count, 1, 1);
            assert_eq!((sheet.rows, sheet.cols), (rows, cols), "{count}");
        }
    }

    #[test]
    fn all_zeros_are_neutral() {
        let map = ColourMap::diverging(Theme::Dark);
        let out = painted(Sheet::single(2, 1), &[0.0, -0.0], &map, Spread::PerTile);
        assert_eq!(out, Theme::Dark.palette().neutral.rgba().repeat(2));
    }
}
