//! Curves of other runs, behind those of the run itself: each with a colour and dashes of its own.

use plotters::{
    element::{Circle, PathElement, Text},
    prelude::DrawingBackend,
    style::{Color, ShapeStyle, text_anchor::HPos},
};

use crate::{
    chart::{Area, Drawn, LABEL_SIZE, Pen, rgb},
    colour::Rgb,
    curves::Curves,
    lettering::Weight,
    theme::Theme,
    trace::{self, Point},
};

/// A run beside the one that is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ghost {
    /// For the key of a picture that stands alone.
    pub name: String,
    /// Place in the key: see [`look`].
    pub slot: u32,
    pub curves: Curves,
}

/// Lengths of dashes and gaps in turn, in CSS pixels.
pub const DASHES: [&[f64]; 4] = [&[7.0, 3.0], &[2.0, 2.5], &[9.0, 3.0, 2.0, 3.0], &[14.0, 3.0]];
/// Neighbours in the key are far from each other in colour.
const COLOURS: [usize; 10] = [0, 6, 2, 8, 5, 9, 4, 7, 3, 1];

/// Colour and dashes of a place in the key; no two of the first twenty have both in common.
pub fn look(slot: u32, theme: Theme) -> (Rgb, &'static [f64]) {
    let slot = slot as usize;
    (theme.palette().classes[COLOURS[slot % COLOURS.len()]], DASHES[slot % DASHES.len()])
}

/// What of a ghost one plot shows, in the axes' coordinates.
pub(crate) struct Trail {
    pub slot: u32,
    pub line: Vec<Point>,
    /// Results on the validation digits.
    pub dots: Vec<Point>,
}

impl Pen {
    /// `at`: from coordinates to the pixels of `area`; `column`: the width of a pixel in coordinates.
    pub(crate) fn trails<DB: DrawingBackend>(
        &self,
        area: &Area<DB>,
        trails: &[Trail],
        (lo, hi): (f64, f64),
        column: f64,
        at: &dyn Fn(&Point) -> (i32, i32),
    ) -> Drawn<DB> {
        for trail in trails {
            let (colour, dashes) = look(trail.slot, self.theme);
            let style = self.stroke(rgb(colour).mix(0.95), 1.6);
            for piece in trace::pieces(&trail.line, lo, hi) {
                let pixels: Vec<Point> = trace::thinned(&piece, column).iter().map(at).map(|(x, y)| (f64::from(x), f64::from(y))).collect();
                self.dashed(area, &pixels, dashes, style)?;
            }
            let ring = self.stroke(rgb(colour).to_rgba(), 1.4);
            for dot in trail.dots.iter().filter(|p| (lo..=hi).contains(&p.1)) {
                area.draw(&Circle::new(at(dot), self.px(3.2), ring))?;
            }
        }
        Ok(())
    }

    fn dashed<DB: DrawingBackend>(&self, area: &Area<DB>, pixels: &[Point], dashes: &[f64], style: ShapeStyle) -> Drawn<DB> {
        let dashes: Vec<f64> = dashes.iter().map(|length| length * self.ratio).collect();
        for dash in trace::dashed(pixels, &dashes) {
            let path: Vec<(i32, i32)> = dash.iter().map(|(x, y)| (x.round() as i32, y.round() as i32)).collect();
            area.draw(&PathElement::new(path, style))?;
        }
        Ok(())
    }

    /// A line of a picture's key: how the run is drawn, and its name.
    #[cfg(feature = "svg")]
    pub(crate) fn key_line<DB: DrawingBackend>(&self, area: &Area<DB>, ghost: &Ghost, middle: i32) -> Drawn<DB> {
        let (colour, dashes) = look(ghost.slot, self.theme);
        let (left, right) = (self.px(10.0), self.px(44.0));
        let ends = [(f64::from(left), f64::from(middle)), (f64::from(right), f64::from(middle))];
        self.dashed(area, &ends, dashes, self.stroke(rgb(colour).to_rgba(), 2.0))?;
        let style = self.text(self.theme.palette().foreground, LABEL_SIZE, Weight::Regular, HPos::Left);
        area.draw(&Text::new(ghost.name.clone(), (right + self.px(10.0), middle), style))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_differ_in_more_than_colour() {
        for theme in Theme::ALL {
            let looks: Vec<_> = (0..12).map(|slot| look(slot, theme)).collect();
            for (i, a) in looks.iter().enumerate() {
                assert!(looks[..i].iter().all(|b| a != b), "{i}");
                // Neighbours can be told apart without any colour.
                assert!(i == 0 || looks[i - 1].1 != a.1);
            }
        }
    }
}
