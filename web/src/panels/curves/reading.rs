//! The point that is read, in words, and the mark over the curves that shows where it is.

use figures::{Plot, axis};
use leptos::prelude::*;
use protocol::{EvalSet, Progress};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::{happenings, keys::Sight};
use crate::{state::AppState, widgets::number};

/// What is known of the point under the cursor.
pub fn words(state: AppState, sight: &Sight) -> Option<String> {
    let cursor = sight.cursor?;
    let point: Progress = state.history.with_value(|all| sight.nearest(cursor, all).map(|i| all[i]))?;
    let mut words = format!(
        "step {}, epoch {:.2}: loss {}, accuracy {}, rate {}",
        number::grouped(u64::from(point.step)),
        point.epoch,
        axis::short(point.loss),
        number::percent(point.accuracy),
        number::rate(point.rate)
    );
    state.scores.with(|scores| {
        if let Some(score) = scores.iter().rev().find(|s| s.set == EvalSet::Validation && s.step <= point.step) {
            words.push_str(&format!("; validation {} at step {}", number::percent(score.accuracy), number::grouped(u64::from(score.step))));
        }
    });
    let width = state.history.with_value(|all| all.last().map_or(1.0, |p| f64::from(p.step))) / 60.0;
    let near = |step: u32| (f64::from(step) - f64::from(point.step)).abs() <= width;
    if let Some((step, what)) = happenings::all(state).into_iter().find(|(step, _)| near(*step)) {
        words.push_str(&format!("; {what} at step {}", number::grouped(u64::from(step))));
    }
    Some(words)
}

/// An upright line at the cursor in every plot, and the stretch that is dragged over.
pub fn draw(canvas: &HtmlCanvasElement, size: (f64, f64), ratio: f64, plots: &[Plot], sight: &Sight, colour: &str) {
    let (width, height) = ((size.0 * ratio) as u32, (size.1 * ratio) as u32);
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let Some(context) = canvas.get_context("2d").ok().flatten().and_then(|c| c.dyn_into::<CanvasRenderingContext2d>().ok()) else { return };
    context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
    context.set_fill_style_str(colour);
    for plot in plots {
        let (lo, hi) = plot.window;
        let (top, high) = (f64::from(plot.top), f64::from(plot.bottom - plot.top));
        let Some(x) = sight.cursor.filter(|x| (lo..=hi).contains(x)).map(|x| plot.pixel_of(x)) else { continue };
        if let Some(from) = sight.drag {
            let from = plot.pixel_of(from.clamp(lo, hi));
            context.set_global_alpha(0.12);
            context.fill_rect(from.min(x), top, (x - from).abs(), high);
        }
        context.set_global_alpha(0.8);
        context.fill_rect(x.round(), top, ratio.max(1.0), high);
        context.set_global_alpha(1.0);
    }
}
