//! Charts and pictures as files: SVG as text, PNG as bytes.

mod pixmap;

use tiny_skia::Pixmap;

pub use crate::svg::{FileError, Size, curves_svg};
use crate::{
    chart::{self, ChartOptions, Drawn},
    confusion::{self, Confusion},
    curves::Curves,
    svg::{FAMILY, SIDE_LIMIT, SVG_RATIO, SVG_TEXT_FACTOR, svg},
    theme::Theme,
};
pub use pixmap::PixmapBackend;

/// Inter, Latin part, figures of one width (SIL Open Font License 1.1, `fonts/OFL.txt`).
pub const REGULAR: &[u8] = include_bytes!("../../fonts/inter-regular.ttf");
pub const SEMIBOLD: &[u8] = include_bytes!("../../fonts/inter-semibold.ttf");

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
