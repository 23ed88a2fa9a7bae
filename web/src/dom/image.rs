//! Pixels onto canvases.

use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// The canvas' 2-d context.
pub fn context(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

/// Shows `rgba` (row-major, four bytes a pixel) as the whole canvas, whose backing store becomes
/// `width` × `height`.
pub fn show(canvas: &HtmlCanvasElement, rgba: &[u8], width: u32, height: u32) {
    if canvas.width() != width {
        canvas.set_width(width);
    }
    if canvas.height() != height {
        canvas.set_height(height);
    }
    if let (Some(context), Ok(data)) = (context(canvas), ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width, height)) {
        let _ = context.put_image_data(&data, 0.0, 0.0);
    }
}

/// Sizes the backing store to the device's pixels and returns a context that counts in CSS pixels,
/// cleared.
pub fn fresh(canvas: &HtmlCanvasElement, width: f64, height: f64) -> Option<CanvasRenderingContext2d> {
    let ratio = device_ratio();
    let (w, h) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
    if canvas.width() != w {
        canvas.set_width(w);
    }
    if canvas.height() != h {
        canvas.set_height(h);
    }
    let context = context(canvas)?;
    context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0).ok()?;
    context.clear_rect(0.0, 0.0, width, height);
    Some(context)
}

pub fn device_ratio() -> f64 {
    super::window().map_or(1.0, |w| w.device_pixel_ratio()).max(1.0)
}
