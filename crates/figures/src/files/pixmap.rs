//! A drawing backend of pixels with smooth edges, lettered in the embedded typeface.

use std::convert::Infallible;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle, FontTransform,
    text_anchor::{HPos, VPos},
};
use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform};
use ttf_parser::{Face, OutlineBuilder};

use super::{REGULAR, SEMIBOLD};

/// Pixels to draw on.
pub struct PixmapBackend<'a> {
    pixmap: &'a mut Pixmap,
    regular: Option<Face<'static>>,
    bold: Option<Face<'static>>,
}

impl std::fmt::Debug for PixmapBackend<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PixmapBackend").field("width", &self.pixmap.width()).field("height", &self.pixmap.height()).finish()
    }
}

type Outcome = Result<(), DrawingErrorKind<Infallible>>;

impl<'a> PixmapBackend<'a> {
    pub fn new(pixmap: &'a mut Pixmap) -> Self {
        Self { pixmap, regular: Face::parse(REGULAR, 0).ok(), bold: Face::parse(SEMIBOLD, 0).ok() }
    }

    fn fill(&mut self, path: Option<Path>, colour: BackendColor) {
        if let Some(path) = path {
            self.pixmap.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
        }
    }

    fn stroke<S: BackendStyle>(&mut self, path: Option<Path>, style: &S) {
        let stroke =
            Stroke { width: style.stroke_width() as f32, line_cap: LineCap::Butt, line_join: LineJoin::Round, ..Stroke::default() };
        if let Some(path) = path {
            self.pixmap.stroke_path(&path, &paint(style.color()), &stroke, Transform::identity(), None);
        }
    }
}

fn paint(colour: BackendColor) -> Paint<'static> {
    let (r, g, b) = colour.rgb;
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, (colour.alpha.clamp(0.0, 1.0) * 255.0).round() as u8);
    paint
}

/// A path through points of the backend; half a pixel on, so that lines of odd width are sharp.
fn polyline(points: impl IntoIterator<Item = BackendCoord>, shift: f32, closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (x, y) in points {
        let (x, y) = (x as f32 + shift, y as f32 + shift);
        if path.is_empty() { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn shift_of<S: BackendStyle>(style: &S) -> f32 {
    if style.stroke_width() % 2 == 1 { 0.5 } else { 0.0 }
}

impl DrawingBackend for PixmapBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.pixmap.width(), self.pixmap.height())
    }

    fn ensure_prepared(&mut self) -> Outcome {
        Ok(())
    }

    fn present(&mut self) -> Outcome {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Outcome {
        if let Some(rect) = Rect::from_xywh(x as f32, y as f32, 1.0, 1.0) {
            self.fill(Some(PathBuilder::from_rect(rect)), colour);
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.stroke(polyline([from, to], shift_of(style), false), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, (x0, y0): BackendCoord, (x1, y1): BackendCoord, style: &S, fill: bool) -> Outcome {
        let corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)];
        if fill {
            self.fill(polyline(corners, 0.0, true), style.color());
        } else {
            self.stroke(polyline(corners, shift_of(style), true), style);
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.stroke(polyline(path, shift_of(style), false), style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        let circle = PathBuilder::from_circle(x as f32, y as f32, radius as f32);
        if fill {
            self.fill(circle, style.color());
        } else {
            self.stroke(circle, style);
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, points: I, style: &S) -> Outcome {
        self.fill(polyline(points, 0.0, true), style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Outcome {
        let face = if matches!(style.style(), FontStyle::Bold) { &self.bold } else { &self.regular };
        let Some(face) = face else { return Ok(()) };
        let scale = style.size() as f32 / f32::from(face.units_per_em());
        let glyphs: Vec<_> = text.chars().map(|c| face.glyph_index(c).unwrap_or_default()).collect();
        let width: f32 = glyphs.iter().map(|g| f32::from(face.glyph_hor_advance(*g).unwrap_or(0)) * scale).sum();
        let capital = f32::from(face.capital_height().unwrap_or(0)) * scale;
        let left = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => -0.5 * width,
            HPos::Right => -width,
        };
        let baseline = match style.anchor().v_pos {
            VPos::Top => capital,
            VPos::Center => 0.5 * capital,
            VPos::Bottom => 0.0,
        };
        let mut outline = Outline { path: PathBuilder::new(), scale, x: left, y: baseline };
        for glyph in glyphs {
            face.outline_glyph(glyph, &mut outline);
            outline.x += f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) * scale;
        }
        let turn = match style.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => 270.0,
        };
        let place = Transform::from_rotate(turn).post_translate(x as f32, y as f32);
        self.fill(outline.path.finish().and_then(|path| path.transform(place)), style.color());
        Ok(())
    }
}

/// Letters as a path: font units, upwards, to pixels, downwards.
struct Outline {
    path: PathBuilder,
    scale: f32,
    x: f32,
    y: f32,
}

impl Outline {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
