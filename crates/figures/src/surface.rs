//! Any drawing backend, made alike: text is measured from a table, sits at the same height
//! everywhere, and straight lines are sharp.

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontFamily, FontStyle, FontTransform,
    text_anchor::{Pos, VPos},
};

use crate::lettering::{CAP_HEIGHT, Weight, width_em};

/// A backend behind the differences of backends.
#[derive(Debug)]
pub struct Surface<DB> {
    inner: DB,
    text_factor: f64,
}

impl<DB: DrawingBackend> Surface<DB> {
    /// `text_factor` is what the backend's letters must be enlarged by to be as large as asked for.
    pub fn new(inner: DB, text_factor: f64) -> Self {
        Self { inner, text_factor }
    }
}

/// A text style with another size, its anchor in the middle of the letters' height.
struct Centred<'a, S> {
    style: &'a S,
    size: f64,
}

impl<S: BackendTextStyle> BackendTextStyle for Centred<'_, S> {
    type FontError = S::FontError;

    fn color(&self) -> BackendColor {
        self.style.color()
    }

    fn size(&self) -> f64 {
        self.size
    }

    fn transform(&self) -> FontTransform {
        self.style.transform()
    }

    fn style(&self) -> FontStyle {
        self.style.style()
    }

    fn anchor(&self) -> Pos {
        Pos::new(self.style.anchor().h_pos, VPos::Center)
    }

    fn family(&self) -> FontFamily<'_> {
        self.style.family()
    }

    fn layout_box(&self, text: &str) -> Result<(BackendCoord, BackendCoord), Self::FontError> {
        self.style.layout_box(text)
    }

    fn draw<E, DrawFunc: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        text: &str,
        pos: BackendCoord,
        draw: DrawFunc,
    ) -> Result<Result<(), E>, Self::FontError> {
        self.style.draw(text, pos, draw)
    }
}

type Outcome<DB> = Result<(), DrawingErrorKind<<DB as DrawingBackend>::ErrorType>>;

impl<DB: DrawingBackend> DrawingBackend for Surface<DB> {
    type ErrorType = DB::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.inner.get_size()
    }

    fn ensure_prepared(&mut self) -> Outcome<DB> {
        self.inner.ensure_prepared()
    }

    fn present(&mut self) -> Outcome<DB> {
        self.inner.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, colour: BackendColor) -> Outcome<DB> {
        self.inner.draw_pixel(point, colour)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome<DB> {
        self.inner.draw_line(from, to, style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, upper_left: BackendCoord, bottom_right: BackendCoord, style: &S, fill: bool) -> Outcome<DB> {
        // plotters names the last pixel inside; backends take the corner for where the area ends.
        let (right, bottom) = if fill { (bottom_right.0 + 1, bottom_right.1 + 1) } else { bottom_right };
        self.inner.draw_rect(upper_left, (right, bottom), style, fill)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome<DB> {
        let points: Vec<BackendCoord> = path.into_iter().collect();
        match points[..] {
            // A canvas sets single lines on whole pixels, but not paths: grid lines would be grey.
            [a, b] if a.0 == b.0 || a.1 == b.1 => self.inner.draw_line(a, b, style),
            [] | [_] => Ok(()),
            _ => self.inner.draw_path(points, style),
        }
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome<DB> {
        self.inner.draw_circle(centre, radius, style, fill)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Outcome<DB> {
        self.inner.fill_polygon(points, style)
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Outcome<DB> {
        // Half a capital letter: backends differ in what they call the top of a text.
        let half = (0.5 * CAP_HEIGHT * style.size()).round() as i32;
        let shift = match style.anchor().v_pos {
            VPos::Top => half,
            VPos::Center => 0,
            VPos::Bottom => -half,
        };
        let (dx, dy) = style.transform().transform(0, shift);
        let centred = Centred { style, size: style.size() * self.text_factor };
        self.inner.draw_text(text, &centred, (x + dx, y + dy))
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Result<(u32, u32), DrawingErrorKind<Self::ErrorType>> {
        let weight = if matches!(style.style(), FontStyle::Bold) { Weight::Bold } else { Weight::Regular };
        Ok(((width_em(text, weight) * style.size()).ceil() as u32, (CAP_HEIGHT * style.size()).ceil() as u32))
    }

    fn blit_bitmap(&mut self, pos: BackendCoord, size: (u32, u32), source: &[u8]) -> Outcome<DB> {
        self.inner.blit_bitmap(pos, size, source)
    }
}
