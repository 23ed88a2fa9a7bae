//! Lines over and under the tiles: what feeds what, and what a cell sees.

use std::ops::Range;

use engine::{Graph, LayerSpec, NodeId, Tensor, graph::Feed};
use figures::{Palette, Rgb};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::model::{Block, BlockKind, Column, Layout};
use crate::{dom::image, state::Focus};

/// Lines between two layers, beyond which a fan of them stands for all.
const WIRES_LIMIT: usize = 320;

/// Hairlines from every tile to those that it feeds.
pub fn draw_wires(canvas: &HtmlCanvasElement, layout: &Layout, palette: &Palette) {
    let Some(context) = image::fresh(canvas, layout.width, layout.height) else { return };
    context.set_line_width(1.0);
    context.set_stroke_style_str(&palette.line.to_string());
    let mut last: Option<(&Column, &Block)> = None;
    let mut thin: Vec<&Column> = Vec::new();
    for column in &layout.columns {
        let Some(to) = &column.maps else {
            thin.push(column);
            continue;
        };
        if let Some((_, from)) = last {
            let all = if column.one_to_one && thin.is_empty() && from.count == to.count { to.count } else { from.count * to.count };
            context.set_global_alpha((36.0 / all as f64).clamp(0.16, 0.9));
            if all == to.count && column.one_to_one {
                (0..to.count).for_each(|i| wire(&context, from, i, to, i));
            } else {
                let skip = (all / WIRES_LIMIT).max(1);
                (0..all).step_by(skip).for_each(|i| wire(&context, from, i % from.count, to, i / from.count));
            }
        }
        thin.clear();
        last = Some((column, to));
    }
}

fn middle(block: &Block, tile: usize) -> (f64, f64) {
    let [x, y, w, h] = block.tile(tile);
    (x + w / 2.0, y + h / 2.0)
}

fn wire(context: &CanvasRenderingContext2d, from: &Block, a: usize, to: &Block, b: usize) {
    let ((x0, y0), (x1, y1)) = (middle(from, a), middle(to, b));
    let (left, right) = (from.x + from.width(), to.x);
    context.begin_path();
    context.move_to(x0, y0);
    context.line_to(left, y0);
    context.bezier_curve_to((left + right) / 2.0, y0, (left + right) / 2.0, y1, right, y1);
    context.line_to(x1, y1);
    context.stroke();
}

/// The tile or cell that is pointed at, and what it sees back to the image.
pub fn draw_focus(canvas: &HtmlCanvasElement, layout: &Layout, graph: Option<&Graph>, focus: Option<Focus>, palette: &Palette) {
    let Some(context) = image::fresh(canvas, layout.width, layout.height) else { return };
    let (Some(focus), Some(graph)) = (focus, graph) else { return };
    let Some((_, block)) = layout.block(focus.tensor) else { return };
    outline(&context, grown(block.tile(focus.channel), 1.5), palette.accent, 2.0, palette.background);
    let (Some((row, col)), Tensor::Output(node)) = (focus.cell, focus.tensor) else { return };
    if block.kind != BlockKind::Maps {
        return;
    }
    for field in figures::field_of(graph, node, row, col) {
        let tensor = match field.at {
            Feed::Image => Tensor::Input,
            Feed::Node(id) => Tensor::Output(id),
        };
        let Some((_, seen)) = layout.block(tensor) else { continue };
        let part = [field.rows.start, field.cols.start, field.rows.end, field.cols.end].map(|v| v as f64);
        // In its own layer the cell; in earlier ones every channel that reaches it.
        let tiles = channels(graph, field.at, node, focus.channel, seen.count);
        for tile in tiles {
            outline(&context, region(seen, tile, part), palette.accent, 1.5, palette.background);
        }
    }
}

/// The channels of an earlier layer that channel `channel` of `node` depends on.
fn channels(graph: &Graph, at: Feed, node: NodeId, channel: usize, count: usize) -> Range<usize> {
    let first = match at {
        Feed::Image => 0,
        Feed::Node(id) => id.0 + 1,
    };
    let mixed = graph.nodes[first..=node.0].iter().any(|n| matches!(n.layer, LayerSpec::Conv2d(_) | LayerSpec::Dense(_)));
    if mixed { 0..count } else { channel..(channel + 1).min(count) }
}

/// Part of a tile, given as rows and columns of its numbers.
fn region(block: &Block, tile: usize, [top, left, bottom, right]: [f64; 4]) -> [f64; 4] {
    let [x, y, w, h] = block.tile(tile);
    let (rows, cols) = (block.sheet.tile_h as f64, block.sheet.tile_w as f64);
    let (top, bottom) = (top.clamp(0.0, rows), bottom.clamp(0.0, rows));
    let (left, right) = (left.clamp(0.0, cols), right.clamp(0.0, cols));
    [x + left * w / cols, y + top * h / rows, (right - left) * w / cols, (bottom - top) * h / rows]
}

fn grown([x, y, w, h]: [f64; 4], by: f64) -> [f64; 4] {
    [x - by, y - by, w + 2.0 * by, h + 2.0 * by]
}

/// A line that shows on any colour: on a wider one of the page's.
fn outline(context: &CanvasRenderingContext2d, [x, y, w, h]: [f64; 4], colour: Rgb, width: f64, halo: Rgb) {
    context.set_global_alpha(1.0);
    for (colour, width) in [(halo, width + 2.0), (colour, width)] {
        context.set_stroke_style_str(&colour.to_string());
        context.set_line_width(width);
        context.stroke_rect(x, y, w, h);
    }
}
