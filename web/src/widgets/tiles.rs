//! Tiles of numbers on a canvas of their own: maps, filters, a matrix.

use figures::{Range, Sheet, Spread, Theme};
use leptos::{html, prelude::*};

use super::maps;
use crate::{dom::image, reaction::effect};

/// What is to be painted.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiles {
    pub count: usize,
    pub rows: usize,
    pub cols: usize,
    pub numbers: Vec<f32>,
    /// Blue below zero, orange above; else from none to strong.
    pub signed: bool,
    /// Absent: that of the numbers.
    pub range: Option<Range>,
    /// Tiles beside each other; 0: as many as make a square.
    pub across: usize,
}

impl Tiles {
    /// Extents of a tensor of one image (1, channels, rows, columns), of a weight (out, in, rows, columns) or of a
    /// matrix or vector.
    pub fn of(dims: &[usize], numbers: &[f32], signed: bool) -> Self {
        let (count, rows, cols) = match *dims {
            [1, ch, 1, 1] => (1, 1, ch),
            [a, b, h, w] => (a * b, h, w),
            [a, b] => (1, a, b),
            [a] => (1, 1, a),
            _ => (1, 1, numbers.len()),
        };
        let across = match *dims {
            [a, b, ..] if a > 1 && b > 1 && dims.len() == 4 => b,
            _ => 0,
        };
        Self { count, rows, cols, numbers: numbers.to_vec(), signed, range: None, across }
    }

    fn sheet(&self) -> Sheet {
        let gap = usize::from(self.count > 1);
        let sheet = if self.across > 0 {
            Sheet::grid(self.count, self.across, self.rows, self.cols)
        } else {
            Sheet::square(self.count, self.rows, self.cols)
        };
        sheet.with_gap(gap)
    }
}

/// `room`: largest width and height, in CSS pixels.
pub fn tiles_view(tiles: Tiles, room: (f64, f64), label: String, theme: Theme) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    let sheet = tiles.sheet();
    let (w, h) = (sheet.width() as f64, sheet.height() as f64);
    let fit = (room.0 / w).min(room.1 / h).min(14.0);
    // Whole pixels where there is room for them, so that cells are equally large.
    let scale = if fit >= 1.0 { fit.floor() } else { fit };
    let style = format!("width:{}px;height:{}px", (w * scale).max(1.0), (h * scale).max(1.0));
    effect(move || {
        let Some(canvas) = node.get() else { return };
        let maps = maps::of(theme);
        let map = if tiles.signed { &maps.signed } else { &maps.positive };
        let mut pixels = vec![0; sheet.size_bytes()];
        let spread = tiles.range.map_or(Spread::Shared, Spread::Fixed);
        if sheet.paint(&tiles.numbers, map, spread, &mut pixels).is_ok() {
            image::show(&canvas, &pixels, sheet.width() as u32, sheet.height() as u32);
        }
    });
    view! { <canvas class="tiles" node_ref=node style=style role="img" aria-label=label></canvas> }.into_any()
}
