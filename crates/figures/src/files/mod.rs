//! Charts and pictures as files: SVG as text, PNG as bytes.

mod pixmap;

use plotters::prelude::SVGBackend;
use tiny_skia::Pixmap;

use crate::{
    chart::{self, ChartOptions, Drawn},
    confusion::{self, Confusion},
    curves::Curves,
    theme::Theme,
};
pub use pixmap::PixmapBackend;

/// Inter, Latin part, figures of one width (SIL Open Font License 1.1, `fonts/OFL.txt`).
pub const REGULAR: &[u8] = include_bytes!("../../fonts/inter-regular.ttf");
pub const SEMIBOLD: &[u8] = include_bytes!("../../fonts/inter-semibold.ttf");

const FAMILY: &str = "Inter, Helvetica Neue, Arial, Liberation Sans, sans-serif";
/// plotters' SVG writes letters smaller than asked for by this.
const SVG_TEXT_FACTOR: f64 = 1.24;
/// SVG units to a CSS pixel: plotters' coordinates are whole numbers, curves need finer ones.
const SVG_RATIO: u32 = 4;
/// Largest side of a picture, in pixels.
const SIDE_LIMIT: u32 = 8192;

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
    fn times(self, ratio: u32) -> Result<(u32, u32), FileError> {
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
    svg(size, "Learning curves", &words, |backend| chart::draw_lettered(backend, curves, &options, SVG_TEXT_FACTOR))
}

/// The curves as a PNG file of `ratio` pixels to a CSS pixel.
///
/// # Errors
/// Where the size is zero or too large.
pub fn curves_png(curves: &Curves, options: &ChartOptions, size: Size, ratio: u32) -> Result<Vec<u8>, FileError> {
    let options = ChartOptions { pixel_ratio: f64::from(ratio), family: FAMILY, ..*options };
    png(size, ratio, |backend| chart::draw_curves(backend, curves, &options))
}

/// The confusion matrix as an SVG document.
///
/// # Errors
/// Where the size is zero or too large.
pub fn confusion_svg(matrix: &Confusion, theme: Theme, size: Size) -> Result<String, FileError> {
    let words = format!("{} of {} right.", matrix.correct(), matrix.total());
    svg(size, "Confusion matrix", &words, |backend| {
        confusion::draw_lettered(backend, matrix, theme, f64::from(SVG_RATIO), FAMILY, SVG_TEXT_FACTOR)
    })
}

/// The confusion matrix as a PNG file of `ratio` pixels to a CSS pixel.
///
/// # Errors
/// Where the size is zero or too large.
pub fn confusion_png(matrix: &Confusion, theme: Theme, size: Size, ratio: u32) -> Result<Vec<u8>, FileError> {
    png(size, ratio, |backend| confusion::draw_confusion(backend, matrix, theme, f64::from(ratio), FAMILY))
}

/// RGBA pixels, rows from the top, as a PNG file.
///
/// # Errors
/// Where the pixels are not `width × height`.
pub fn rgba_png(width: u32, height: u32, rgba: &[u8]) -> Result<Vec<u8>, FileError> {
    Size { width, height }.times(1)?;
    let needed = 4 * width as usize * height as usize;
    if rgba.len() != needed {
        return Err(FileError::Buffer { width, height, needed, got: rgba.len() });
    }
    let encode = |error: png::EncodingError| FileError::Encode(error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(encode)?;
    writer.write_image_data(rgba).map_err(encode)?;
    writer.finish().map_err(encode)?;
    Ok(bytes)
}

fn svg<F>(size: Size, title: &str, words: &str, draw: F) -> Result<String, FileError>
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

fn png<F>(size: Size, ratio: u32, draw: F) -> Result<Vec<u8>, FileError>
where
    F: for<'a> FnOnce(PixmapBackend<'a>) -> Drawn<PixmapBackend<'a>>,
{
    let (width, height) = size.times(ratio)?;
    let mut pixmap = Pixmap::new(width, height).ok_or(FileError::Size { width, height, most: SIDE_LIMIT })?;
    draw(PixmapBackend::new(&mut pixmap)).map_err(|error| FileError::Draw(error.to_string()))?;
    let rgba: Vec<u8> = pixmap.pixels().iter().map(|p| p.demultiply()).flat_map(|p| [p.red(), p.green(), p.blue(), p.alpha()]).collect();
    rgba_png(width, height, &rgba)
}
