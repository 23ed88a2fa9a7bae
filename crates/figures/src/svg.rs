//! Charts as SVG text.

use plotters::{drawing::IntoDrawingArea, element::Text, prelude::SVGBackend, style::text_anchor::HPos};

use crate::{
    chart::{self, ChartOptions, Drawn, LABEL_SIZE, LINE, Pen, TITLE_SIZE, rgb},
    curves::{Curves, MeasuredOn},
    lettering::Weight,
    surface::Surface,
    view::View,
};

pub(crate) const FAMILY: &str = "Inter, Helvetica Neue, Arial, Liberation Sans, sans-serif";
/// plotters' SVG writes letters smaller than asked for by this.
pub(crate) const SVG_TEXT_FACTOR: f64 = 1.24;
/// SVG units to a CSS pixel: plotters' coordinates are whole numbers, curves need finer ones.
pub(crate) const SVG_RATIO: u32 = 4;
/// Largest side of a picture, in pixels.
pub(crate) const SIDE_LIMIT: u32 = 8192;

/// Why no file came out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("a picture of {width}×{height} cannot be made: sides must be 1 to {most}")]
    Size { width: u32, height: u32, most: u32 },
    #[error("{width}×{height} pixels need {needed} bytes, but {got} came")]
    Buffer { width: u32, height: u32, needed: usize, got: usize },
    #[error("drawing failed: {0}")]
    Draw(String),
    #[error("encoding PNG failed: {0}")]
    Encode(String),
}

/// Size of a picture in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl Size {
    pub(crate) fn times(self, ratio: u32) -> Result<(u32, u32), FileError> {
        let Self { width, height } = self;
        let fits = |side: u32| side.checked_mul(ratio).filter(|s| (1..=SIDE_LIMIT).contains(s));
        fits(width).zip(fits(height)).ok_or(FileError::Size { width, height, most: SIDE_LIMIT / ratio })
    }
}

/// The curves as an SVG document; their summary in words is its description.
///
/// # Errors
/// Where the size is zero or too large.
pub fn curves_svg(curves: &Curves, options: &ChartOptions, size: Size) -> Result<String, FileError> {
    let options = ChartOptions { pixel_ratio: f64::from(SVG_RATIO), family: FAMILY, ..*options };
    let words = curves.in_words();
    let view = View::default();
    svg(size, "Learning curves", &words, |backend| chart::draw_lettered(backend, curves, &options, &view, SVG_TEXT_FACTOR).map(|_| ()))
}

/// The part of the curves that `view` names, and its ghosts, as an SVG document that stands alone: with its title above
/// and a key of the ghosts below.
///
/// # Errors
/// Where the size is zero or too large.
pub fn view_svg(title: &str, curves: &Curves, options: &ChartOptions, view: &View, size: Size) -> Result<String, FileError> {
    let options = ChartOptions { pixel_ratio: f64::from(SVG_RATIO), family: FAMILY, ..*options };
    let mut words = if curves.is_empty() { String::new() } else { curves.in_words() };
    for ghost in view.ghosts.iter().filter(|g| !g.curves.is_empty()) {
        words.push_str(&format!(" {}: {}", ghost.name, ghost.curves.in_words()));
    }
    svg(size, &escaped(title), &escaped(words.trim()), |backend| {
        let pen = Pen::new(options.theme, options.pixel_ratio, options.family);
        let palette = options.theme.palette();
        let area = Surface::new(backend, SVG_TEXT_FACTOR).into_drawing_area();
        area.fill(&rgb(palette.background))?;
        let (head, rest) = area.split_vertically(pen.px(2.0 * LINE));
        let style = pen.text(palette.foreground, 1.2 * TITLE_SIZE, Weight::Bold, HPos::Left);
        head.draw(&Text::new(title.to_owned(), (pen.px(10.0), pen.px(LINE)), style))?;
        let ringed = view.ghosts.iter().any(|g| g.curves.scores.iter().any(|s| s.on == MeasuredOn::Validation));
        let keys = view.ghosts.len() as i32 + i32::from(ringed);
        let high = rest.dim_in_pixel().1 as i32;
        let (body, key) = rest.split_vertically((high - keys * pen.px(LINE) - pen.px(0.5 * LINE)).max(0));
        chart::draw_on(&pen, &body, curves, &options, view)?;
        for (i, ghost) in view.ghosts.iter().enumerate() {
            pen.key_line(&key, ghost, i as i32 * pen.px(LINE) + pen.px(LINE) / 2)?;
        }
        if ringed {
            let style = pen.text(palette.muted, LABEL_SIZE, Weight::Regular, HPos::Left);
            let middle = view.ghosts.len() as i32 * pen.px(LINE) + pen.px(LINE) / 2;
            key.draw(&Text::new("Rings: on the validation digits", (pen.px(10.0), middle), style))?;
        }
        area.present()
    })
}

/// A text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(crate) fn svg<F>(size: Size, title: &str, words: &str, draw: F) -> Result<String, FileError>
where
    F: for<'a> FnOnce(SVGBackend<'a>) -> Drawn<SVGBackend<'a>>,
{
    let (width, height) = size.times(SVG_RATIO)?;
    let mut text = String::new();
    draw(SVGBackend::with_string(&mut text, (width, height))).map_err(|error| FileError::Draw(error.to_string()))?;
    // Drawn in fine units, shown in CSS pixels.
    let units = format!("<svg width=\"{width}\" height=\"{height}\"");
    let shown = format!("<svg role=\"img\" width=\"{}\" height=\"{}\"", size.width, size.height);
    let text = text.replacen(&units, &shown, 1);
    let Some((head, body)) = text.split_once(">\n") else {
        return Err(FileError::Draw(String::from("the document has no head")));
    };
    Ok(format!("{head}>\n<title>{title}</title>\n<desc>{words}</desc>\n{body}"))
}
