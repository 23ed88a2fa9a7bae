//! Ridges on a canvas.

use figures::{Theme, axis, ridges::outlines};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::Column;

/// Height of a column's name and of its scale.
const HEAD: f64 = 18.0;
const FOOT: f64 = 18.0;
const GAP: f64 = 14.0;
/// Least width of a column.
const LEAST: f64 = 84.0;

pub fn draw(canvas: &HtmlCanvasElement, (width, height): (f64, f64), ratio: f64, columns: &[Column], theme: Theme) {
    if width < 40.0 || height < 60.0 || columns.is_empty() {
        return;
    }
    canvas.set_width((width * ratio) as u32);
    canvas.set_height((height * ratio) as u32);
    let Some(context) = canvas.get_context("2d").ok().flatten().and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok()) else { return };
    // A fresh canvas has no scale of its own.
    let _ = context.scale(ratio, ratio);
    let rows = ((columns.len() as f64 * (LEAST + GAP)) / width).ceil().max(1.0) as usize;
    let rows = rows.min(((height / 100.0) as usize).max(1));
    let across = columns.len().div_ceil(rows);
    let (wide, high) = (((width + GAP) / across as f64 - GAP).min(260.0), height / rows as f64);
    for (i, column) in columns.iter().enumerate() {
        let (x, y) = ((i % across) as f64 * (wide + GAP), (i / across) as f64 * high);
        ridge(&context, column, (x, y, wide, high), theme);
    }
}

fn ridge(context: &CanvasRenderingContext2d, column: &Column, (x, y, wide, high): (f64, f64, f64, f64), theme: Theme) {
    let palette = theme.palette();
    let histograms: Vec<(f64, &[f32])> = column.moments.iter().map(|h| (f64::from(h.reach), &h.shares[..])).collect();
    let (reach, lines) = outlines(&histograms);
    context.set_font("11px Inter, 'Liberation Sans', sans-serif");
    context.set_fill_style_str(&palette.foreground.to_string());
    context.set_text_align("left");
    let _ = context.fill_text_with_max_width(&column.name, x, y + 12.0, wide);
    let (top, bottom) = (y + HEAD, y + high - FOOT);
    let count = lines.len().max(2) as f64;
    let tall = ((bottom - top) * 0.34).min(46.0);
    let step = (bottom - top - tall) / (count - 1.0);
    context.set_line_width(1.0);
    for (i, line) in lines.iter().enumerate() {
        let ground = top + tall + step * i as f64 + if lines.len() == 1 { step } else { 0.0 };
        context.begin_path();
        for (k, (across, up)) in line.iter().enumerate() {
            let (px, py) = (x + across * wide, ground - up * tall);
            if k == 0 { context.move_to(px, py) } else { context.line_to(px, py) }
        }
        context.set_fill_style_str(&palette.background.to_string());
        context.set_global_alpha(0.85);
        context.fill();
        // The newer, the stronger.
        context.set_global_alpha(0.25 + 0.75 * (i as f64 + 1.0) / lines.len() as f64);
        context.set_stroke_style_str(&palette.train.to_string());
        context.stroke();
        context.set_global_alpha(1.0);
    }
    context.set_fill_style_str(&palette.grid.to_string());
    context.fill_rect(x, bottom, wide, 1.0);
    context.set_fill_style_str(&palette.muted.to_string());
    let label = |text: &str, at: f64, align: &str| {
        context.set_text_align(align);
        let _ = context.fill_text(text, at, bottom + 12.0);
    };
    label(&format!("−{}", axis::trimmed(reach)), x, "left");
    label("0", x + wide / 2.0, "center");
    label(&axis::trimmed(reach), x + wide, "right");
}
