//! Which classes are taken for which: the counts, what follows from them, and their picture.
//!
//! Right answers are drawn in blue by the share of their class; mistakes in orange against the most
//! frequent mistake, on a square-root scale, because one wrong digit in a thousand must still show.

use std::ops::Deref;

use metrics::MetricError;
use plotters::{
    drawing::IntoDrawingArea,
    element::{Rectangle, Text},
    prelude::DrawingBackend,
    style::{Color, FontTransform, text_anchor::HPos},
};

use crate::{
    chart::{Area, Drawn, Pen, rgb},
    lettering::Weight,
    scale::{ColourMap, Range},
    surface::Surface,
    theme::Theme,
    tiles::{PaintError, Sheet, Spread},
};

/// Size of the classes' names, in CSS pixels.
const LABEL_SIZE: f64 = 12.0;

/// Counts of answers that can be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    counts: metrics::Confusion,
    /// What one image is called.
    noun: String,
    /// Names of the classes; a class beyond them is its number.
    names: Vec<String>,
}

impl Deref for Confusion {
    type Target = metrics::Confusion;

    fn deref(&self) -> &metrics::Confusion {
        &self.counts
    }
}

impl Confusion {
    /// Row: true class, column: answer.
    ///
    /// # Errors
    /// Where there are not `classes × classes` counts.
    pub fn new(classes: usize, counts: Vec<u32>) -> Result<Self, MetricError> {
        metrics::Confusion::new(classes, counts).map(|counts| Self { counts, noun: "digit".to_owned(), names: Vec::new() })
    }

    /// With these words at its edges: what one image is called, and the classes' names.
    #[must_use]
    pub fn named<S: ToString>(self, noun: &str, names: &[S]) -> Self {
        Self { noun: noun.to_owned(), names: names.iter().map(S::to_string).collect(), ..self }
    }

    fn name(&self, class: usize) -> String {
        self.names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    /// Signed shares for a diverging map (true class, answer): right answers −1 to 0, mistakes 0 to 1.
    pub fn shares(&self) -> Vec<f32> {
        let (classes, counts) = (self.classes(), self.counts());
        let worst = (0..classes * classes).filter(|i| i / classes != i % classes).map(|i| counts[i]).max();
        let worst = f64::from(worst.unwrap_or(0).max(1));
        (0..classes * classes)
            .map(|i| {
                let (truth, answer) = (i / classes, i % classes);
                if truth == answer { -self.recall(truth).unwrap_or(0.0) as f32 } else { libm::sqrt(f64::from(counts[i]) / worst) as f32 }
            })
            .collect()
    }

    /// The sheet of [`Confusion::paint`].
    pub fn sheet(&self, zoom: usize) -> Sheet {
        Sheet::single(self.classes(), self.classes()).with_zoom(zoom)
    }

    /// The bare matrix as RGBA pixels, `zoom` pixels a cell.
    ///
    /// # Errors
    /// Where `out` is not as long as the sheet says.
    pub fn paint(&self, theme: Theme, zoom: usize, out: &mut [u8]) -> Result<(), PaintError> {
        self.sheet(zoom).paint(&self.shares(), &ColourMap::diverging(theme), Spread::Fixed(Range::symmetric(1.0)), out)
    }
}

/// Draws the matrix with its labels on the whole of `backend`; numbers appear once cells are large
/// enough to read them.
///
/// # Errors
/// Those of the backend.
pub fn draw_confusion<DB: DrawingBackend>(
    backend: DB,
    confusion: &Confusion,
    theme: Theme,
    pixel_ratio: f64,
    family: &'static str,
) -> Drawn<DB> {
    draw_lettered(backend, confusion, theme, pixel_ratio, family, 1.0)
}

pub(crate) fn draw_lettered<DB: DrawingBackend>(
    backend: DB,
    confusion: &Confusion,
    theme: Theme,
    pixel_ratio: f64,
    family: &'static str,
    text_factor: f64,
) -> Drawn<DB> {
    let (p, pen) = (theme.palette(), Pen::new(theme, pixel_ratio, family));
    let area = Surface::new(backend, text_factor).into_drawing_area();
    area.fill(&rgb(p.background))?;
    let classes = confusion.classes();
    if confusion.total() == 0 {
        pen.caption(&area, "Nothing evaluated yet")?;
        return area.present();
    }
    let (width, height) = area.dim_in_pixel();
    // Words stand upright above their columns.
    let longest = (0..classes).map(|class| pen.width(&confusion.name(class), LABEL_SIZE, Weight::Regular)).fold(0.0, f64::max) as i32;
    let upright = longest > pen.px(16.0);
    let (left, rest) = (pen.px(37.0) + longest, pen.px(8.0));
    let top = if upright { left } else { pen.px(40.0) };
    let cell = ((width as i32 - left - rest).min(height as i32 - top - rest) / classes as i32).max(1);
    let map = ColourMap::diverging(theme);
    let window = map.window(Range::symmetric(1.0));
    let longest = confusion.counts().iter().max().map_or(0, |n| n.to_string().len()).max(2);
    let digits = "0".repeat(longest);
    // As large as the longest number fits, in all cells.
    let size = (0.8 * f64::from(cell) / pen.width(&digits, 1.0, Weight::Regular)).min(13.0);
    // To the last pixel inside, a hairline less where cells are large.
    let inner = if cell > pen.px(12.0) { cell - pen.px(1.0) - 1 } else { cell - 1 };
    for (i, value) in confusion.shares().into_iter().enumerate() {
        let (row, col) = ((i / classes) as i32, (i % classes) as i32);
        let (x, y) = (left + col * cell, top + row * cell);
        let [r, g, b, _] = map.lookup(value, window);
        let colour = crate::Rgb(r, g, b);
        area.draw(&Rectangle::new([(x, y), (x + inner, y + inner)], rgb(colour).filled()))?;
        let count = confusion.count(row as usize, col as usize).to_string();
        if count != "0" && size >= 7.0 {
            let style = pen.text(colour.ink_on(), size, Weight::Regular, HPos::Center);
            area.draw(&Text::new(count, (x + cell / 2, y + cell / 2), style))?;
        }
    }
    if f64::from(cell) >= 9.0 * pen.ratio {
        labels(&area, &pen, confusion, cell, (left, top), upright)?;
    }
    area.present()
}

fn labels<DB: DrawingBackend>(
    area: &Area<DB>,
    pen: &Pen,
    confusion: &Confusion,
    cell: i32,
    (left, top): (i32, i32),
    upright: bool,
) -> Drawn<DB> {
    let p = pen.theme.palette();
    let side = confusion.classes() as i32 * cell;
    for class in 0..confusion.classes() {
        let (middle, name) = (class as i32 * cell + cell / 2, confusion.name(class));
        let style = |h_pos| pen.text(p.foreground, LABEL_SIZE, Weight::Regular, h_pos);
        let across = if upright { style(HPos::Left).transform(FontTransform::Rotate270) } else { style(HPos::Center) };
        area.draw(&Text::new(name.clone(), (left + middle, top - pen.px(if upright { 6.0 } else { 10.0 })), across))?;
        area.draw(&Text::new(name, (left - pen.px(9.0), top + middle), style(HPos::Right)))?;
    }
    let quiet = pen.text(p.muted, 11.0, Weight::Regular, HPos::Center);
    let answer = if upright { pen.px(10.0) } else { top - pen.px(28.0) };
    area.draw(&Text::new("answer", (left + side / 2, answer), quiet.clone()))?;
    let noun = confusion.noun.clone();
    area.draw(&Text::new(noun, (pen.px(12.0), top + side / 2), quiet.transform(FontTransform::Rotate270)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // 4 of class 0, one taken for 1; 2 of class 1, both right; none of class 2, but one 0 called so.
    fn table() -> Confusion {
        Confusion::new(3, vec![3, 1, 1, 0, 2, 0, 0, 0, 0]).unwrap()
    }

    #[test]
    fn mistakes_are_orange_and_right_answers_blue() {
        let c = table();
        assert_eq!(c.shares(), [-0.6, 1.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0]);
        let mut out = vec![0; c.sheet(1).size_bytes()];
        c.paint(Theme::Light, 1, &mut out).unwrap();
        let map = ColourMap::diverging(Theme::Light);
        assert_eq!(out[4..8], map.at(1.0).rgba());
        assert_eq!(out[16..20], map.at(-1.0).rgba());
        assert_eq!(out[32..36], Theme::Light.palette().neutral.rgba());
    }
}
