//! A drawing: strokes of round ink on a square of grey pixels.
//!
//! Pure numbers; the pad turns pointers into points of it.

/// Columns and rows of a drawing: six for each pixel of a digit.
pub const SIDE: usize = 168;
/// Half the width of a stroke. Scaled to 20 pixels, a digit that fills the pad gets the weight of
/// MNIST's pens.
const RADIUS: f32 = 7.0;
/// Over this many pixels the edge of a stroke fades.
const SOFT: f32 = 1.5;

/// Stands where the number of a stroke's points would: a picture follows.
const PICTURE: u32 = u32::MAX;

type Point = (f32, f32);

/// Strokes, and the ink that they leave.
#[derive(Clone, Debug, PartialEq)]
pub struct Ink {
    strokes: Vec<Vec<Point>>,
    /// A picture that was put under them, a byte for each pixel.
    under: Option<Vec<u8>>,
    /// 0 (paper) to 1 (ink), row by row.
    grey: Vec<f32>,
}

impl Default for Ink {
    fn default() -> Self {
        Self { strokes: Vec::new(), under: None, grey: vec![0.0; SIDE * SIDE] }
    }
}

impl Ink {
    /// The ink of a picture of `width` columns, from 0 to 1, made as large as the pad allows and put in its middle.
    pub fn of_picture(ink: &[f32], width: usize) -> Self {
        let height = ink.len().checked_div(width).unwrap_or(0);
        let longer = width.max(height).max(1);
        // Of each pixel of the pad the mean of what lies under it; of small pictures the nearest.
        let span = |at: usize, extent: usize| {
            let at = (at * longer) as i64 - ((longer - extent) * SIDE / 2) as i64;
            let from = at.div_euclid(SIDE as i64);
            let to = (at + longer as i64 - 1).div_euclid(SIDE as i64).max(from) + 1;
            from.clamp(0, extent as i64) as usize..to.clamp(0, extent as i64) as usize
        };
        let mut under = vec![0; SIDE * SIDE];
        for (i, pixel) in under.iter_mut().enumerate() {
            let (rows, cols) = (span(i / SIDE, height), span(i % SIDE, width));
            let count = (rows.len() * cols.len()).max(1) as f32;
            let sum: f32 = rows.map(|row| ink[row * width..][cols.clone()].iter().sum::<f32>()).sum();
            *pixel = (255.0 * sum / count).clamp(0.0, 255.0) as u8;
        }
        let mut made = Self { under: Some(under), ..Self::default() };
        made.redraw();
        made
    }

    pub fn grey(&self) -> &[f32] {
        &self.grey
    }

    pub fn is_blank(&self) -> bool {
        self.strokes.is_empty() && self.under.is_none()
    }

    /// Sets the pen down at (x, y), in pixels of the drawing.
    pub fn begin(&mut self, x: f32, y: f32) {
        self.strokes.push(vec![(x, y)]);
        self.stamp((x, y), (x, y));
    }

    /// Moves the pen on; without a stroke begun, nothing happens.
    pub fn extend(&mut self, x: f32, y: f32) {
        let Some(stroke) = self.strokes.last_mut() else { return };
        let from = stroke.last().copied().unwrap_or((x, y));
        stroke.push((x, y));
        self.stamp(from, (x, y));
    }

    /// Takes the last stroke back; after the first, the picture.
    pub fn undo(&mut self) {
        if self.strokes.pop().is_none() {
            self.under = None;
        }
        self.redraw();
    }

    /// Draws the strokes anew.
    fn redraw(&mut self) {
        match &self.under {
            Some(under) => self.grey.iter_mut().zip(under).for_each(|(grey, under)| *grey = f32::from(*under) / 255.0),
            None => self.grey.fill(0.0),
        }
        let strokes = std::mem::take(&mut self.strokes);
        for stroke in &strokes {
            for pair in stroke.windows(2) {
                self.stamp(pair[0], pair[1]);
            }
            if let [only] = stroke[..] {
                self.stamp(only, only);
            }
        }
        self.strokes = strokes;
    }

    /// The picture, if there is one, and the strokes: of each the number of its points, then their coordinates, four bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(under) = &self.under {
            bytes.extend_from_slice(&PICTURE.to_le_bytes());
            bytes.extend_from_slice(under);
        }
        for stroke in &self.strokes {
            bytes.extend_from_slice(&(stroke.len() as u32).to_le_bytes());
            for (x, y) in stroke {
                bytes.extend_from_slice(&x.to_le_bytes());
                bytes.extend_from_slice(&y.to_le_bytes());
            }
        }
        bytes
    }

    /// The drawing of these strokes; of what cannot be read, as far as it can.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = bytes.chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]]);
        let mut ink = Self::default();
        while let Some(count) = words.next().map(u32::from_le_bytes) {
            if count == PICTURE {
                let under: Vec<u8> = words.by_ref().take(SIDE * SIDE / 4).flatten().collect();
                ink.under = Some(under).filter(|under| under.len() == SIDE * SIDE);
                continue;
            }
            let mut stroke = Vec::new();
            for _ in 0..count {
                let (Some(x), Some(y)) = (words.next().map(f32::from_le_bytes), words.next().map(f32::from_le_bytes)) else { break };
                if x.is_finite() && y.is_finite() {
                    stroke.push((x, y));
                }
            }
            if !stroke.is_empty() {
                ink.strokes.push(stroke);
            }
        }
        ink.redraw();
        ink
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Inks every pixel near the line from `a` to `b`.
    fn stamp(&mut self, a: Point, b: Point) {
        let reach = RADIUS + SOFT;
        let span = |p: f32, q: f32| {
            let low = (p.min(q) - reach).max(0.0) as usize;
            let high = (p.max(q) + reach).ceil().clamp(0.0, SIDE as f32) as usize;
            low.min(SIDE)..high
        };
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length2 = dx * dx + dy * dy;
        for y in span(a.1, b.1) {
            for x in span(a.0, b.0) {
                let (px, py) = (x as f32 + 0.5 - a.0, y as f32 + 0.5 - a.1);
                let along = if length2 > 0.0 { ((px * dx + py * dy) / length2).clamp(0.0, 1.0) } else { 0.0 };
                let distance = (px - along * dx).hypot(py - along * dy);
                let ink = ((RADIUS + SOFT / 2.0 - distance) / SOFT).clamp(0.0, 1.0);
                let pixel = &mut self.grey[y * SIDE + x];
                *pixel = pixel.max(ink);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_is_a_disc() {
        let mut ink = Ink::default();
        ink.begin(84.0, 84.0);
        let sum: f32 = ink.grey().iter().sum();
        assert!((sum - std::f32::consts::PI * RADIUS * RADIUS).abs() < 5.0, "{sum}");
        assert_eq!(ink.grey()[84 * SIDE + 84], 1.0);
        assert_eq!(ink.grey()[0], 0.0);
    }

    #[test]
    fn undo_leaves_what_was_before() {
        let mut ink = Ink::default();
        ink.begin(20.0, 20.0);
        ink.extend(60.0, 100.0);
        let before = ink.clone();
        ink.begin(100.0, 30.0);
        ink.extend(30.0, 90.0);
        ink.undo();
        assert_eq!(ink, before);
        ink.undo();
        assert_eq!(ink, Ink::default());
        ink.undo();
        assert!(ink.is_blank());
    }

    #[test]
    fn drawings_come_back() {
        let mut ink = Ink::default();
        ink.begin(20.0, 20.5);
        ink.extend(60.0, 100.0);
        ink.begin(100.0, 30.0);
        assert_eq!(Ink::from_bytes(&ink.to_bytes()), ink);
        assert!(Ink::from_bytes(&[]).is_blank());
        // Cut short and nonsense: what can be read.
        let bytes = ink.to_bytes();
        assert_eq!(Ink::from_bytes(&bytes[..bytes.len() - 5]).strokes.len(), 1);
        assert!(Ink::from_bytes(&[255; 64]).is_blank());
    }

    #[test]
    fn a_picture_lies_under_the_strokes() {
        // Two rows of four: the right half is ink.
        let mut ink = Ink::of_picture(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0], 4);
        let at = |ink: &Ink, row: usize, col: usize| ink.grey()[row * SIDE + col];
        assert_eq!((at(&ink, 84, 20), at(&ink, 84, 140), at(&ink, 20, 140), at(&ink, 150, 140)), (0.0, 1.0, 0.0, 0.0));
        let share = ink.grey().iter().sum::<f32>() / (SIDE * SIDE) as f32;
        assert!((share - 0.25).abs() < 0.01, "{share}");
        let large: Vec<f32> = (0..500 * 300).map(|i| if i % 500 < 250 { 0.5 } else { 0.0 }).collect();
        let small = Ink::of_picture(&large, 500);
        assert!((at(&small, 84, 30) - 0.5).abs() < 0.01 && at(&small, 84, 130) == 0.0 && at(&small, 10, 30) == 0.0);
        ink.begin(30.0, 84.0);
        assert_eq!(at(&ink, 84, 30), 1.0);
        assert_eq!(Ink::from_bytes(&ink.to_bytes()), ink);
        ink.undo();
        assert_eq!((at(&ink, 84, 30), at(&ink, 84, 140)), (0.0, 1.0));
        ink.undo();
        assert_eq!(ink, Ink::default());
        assert!(Ink::of_picture(&[], 0).grey().iter().all(|v| *v == 0.0));
    }

    #[test]
    fn points_far_outside_do_no_harm() {
        let mut ink = Ink::default();
        ink.begin(-500.0, -500.0);
        ink.extend(1e6, 84.0);
        assert!(ink.grey().iter().all(|v| (0.0..=1.0).contains(v)));
    }
}
