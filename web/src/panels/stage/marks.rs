//! Lines over and under the tiles: what feeds what, and what a cell sees.

use engine::{Graph, NodeId, Tensor, graph::Feed};
use figures::{Palette, Rgb};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::model::{Block, BlockKind, Column, Layout};
use crate::{dom::image, state::Focus};

/// Lines between two layers, beyond which a fan of them stands for all.
const WIRES_LIMIT: usize = 160;

/// The part of the stage that is in sight: left, top, width, height.
pub type Sight = [f64; 4];

/// A context over what is in sight, that counts as the stage does.
fn over(canvas: &HtmlCanvasElement, sight: Sight) -> Option<CanvasRenderingContext2d> {
    let [left, top, width, height] = sight;
    let context = image::fresh(canvas, width, height)?;
    context.translate(-left, -top).ok()?;
    Some(context)
}

/// Hairlines from every tile to those that it feeds.
pub fn draw_wires(canvas: &HtmlCanvasElement, layout: &Layout, graph: &Graph, sight: Sight, palette: &Palette) {
    let Some(context) = over(canvas, sight) else { return };
    context.set_line_width(1.0);
    context.set_stroke_style_str(&palette.line.to_string());
    for column in &layout.columns {
        let (Some(to), Some(node)) = (&column.maps, column.node.and_then(|id| graph.nodes.get(id.0))) else { continue };
        for (k, feed) in node.inputs.iter().enumerate() {
            let Some((source, from)) = layout.source(graph, *feed).and_then(|c| Some((c, c.maps.as_ref()?))) else { continue };
            if source.x > sight[0] + sight[2] || column.x + column.width < sight[0] {
                continue;
            }
            let pairs = pairs(graph, layout, node.id, k, from, to);
            // Few lines may be seen well, many together make a shade.
            context.set_global_alpha((30.0 / pairs.len().max(1) as f64).clamp(0.16, 0.9));
            let way = column.ways.get(k).map(|way| lane(*way, source, from));
            let skip = pairs.len().div_ceil(WIRES_LIMIT).max(1);
            for (a, b) in pairs.into_iter().step_by(skip) {
                wire(&context, from, a, to, b, way);
            }
        }
    }
}

/// Which tiles of `from` feed which of `to`, among those that are shown.
fn pairs(graph: &Graph, layout: &Layout, node: NodeId, input: usize, from: &Block, to: &Block) -> Vec<(usize, usize)> {
    let Some(node) = graph.nodes.get(node.0) else { return Vec::new() };
    let mut pairs = Vec::new();
    for b in to.first..to.first + to.count {
        let channels = figures::sources_of(node, b).get(input).cloned().unwrap_or_default();
        // A dropout or a flattening has no tiles of its own: its sources are those of its input.
        let channels = node.inputs.get(input).map_or(channels.clone(), |feed| through(graph, layout, *feed, channels));
        let shown = channels.start.max(from.first)..channels.end.min(from.first + from.count);
        pairs.extend(shown.map(|a| (a, b)));
    }
    pairs
}

/// Channels of a layer without tiles as those of the one before it that has some.
fn through(graph: &Graph, layout: &Layout, feed: Feed, channels: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let Feed::Node(id) = feed else { return channels };
    let (Some(node), Some(column)) = (graph.nodes.get(id.0), layout.columns.get(id.0 + 1)) else { return channels };
    if column.maps.is_some() || channels.is_empty() {
        return channels;
    }
    let ends = [channels.start, channels.end - 1].map(|c| figures::sources_of(node, c).first().cloned().unwrap_or_default());
    node.inputs.first().map_or(0..0, |before| through(graph, layout, *before, ends[0].start..ends[1].end))
}

fn middle(block: &Block, tile: usize) -> (f64, f64) {
    let [x, y, w, h] = block.tile(tile);
    (x + w / 2.0, y + h / 2.0)
}

/// The stretch that a way past other branches keeps to; of a branch with layers the lane is the tiles' own height.
fn lane([from, to, y]: [f64; 3], source: &Column, block: &Block) -> [f64; 3] {
    let right = block.x + block.width();
    // From within the lane: straight on. From before the fork: along the lane.
    let within = source.top <= y && source.bottom >= y && right <= from + 30.0 && source.bottom - source.top < 2.0 * (y - source.top) + 2.0;
    if within { [from, to, f64::NAN] } else { [from, to, y] }
}

fn wire(context: &CanvasRenderingContext2d, from: &Block, a: usize, to: &Block, b: usize, way: Option<[f64; 3]>) {
    let ((x0, y0), (x1, y1)) = (middle(from, a), middle(to, b));
    let (left, right) = (from.x + from.width(), to.x);
    context.begin_path();
    context.move_to(x0, y0);
    context.line_to(left, y0);
    let bend = |x: f64, y: f64, x2: f64, y2: f64| context.bezier_curve_to((x + x2) / 2.0, y, (x + x2) / 2.0, y2, x2, y2);
    match way {
        Some([start, end, y]) if end > left => {
            let (start, y) = (start.max(left + 8.0), if y.is_nan() { y0 } else { y });
            bend(left, y0, start, y);
            context.line_to(end.max(start), y);
            bend(end.max(start), y, right, y1);
        }
        _ => bend(left, y0, right, y1),
    }
    context.line_to(x1, y1);
    context.stroke();
}

/// The tile or cell that is pointed at: the tiles that feed it, and what it sees back to the image. All else dims.
pub fn draw_focus(
    canvas: &HtmlCanvasElement,
    layout: &Layout,
    graph: Option<&Graph>,
    focus: Option<Focus>,
    sight: Sight,
    palette: &Palette,
) {
    let Some(context) = over(canvas, sight) else { return };
    let (Some(focus), Some(graph)) = (focus, graph) else { return };
    let Some((column, block)) = layout.block(focus.tensor) else { return };
    let tile = grown(block.tile(focus.channel), 1.5);
    let node = match focus.tensor {
        Tensor::Output(node) => Some(node),
        Tensor::Param(_) => column.node,
        _ => None,
    };
    let Some(node) = node else { return outline(&context, tile, palette.accent, 2.0, palette.background) };
    if block.is_kernels() {
        return outline(&context, tile, palette.accent, 2.0, palette.background);
    }
    let seen = seen_parts(layout, graph, node, focus, block);
    context.set_global_alpha(0.62);
    context.set_fill_style_str(&palette.background.to_string());
    context.fill_rect(sight[0], sight[1], sight[2], sight[3]);
    context.set_global_alpha(1.0);
    for [x, y, w, h] in seen.iter().copied().chain([tile]) {
        context.clear_rect(x, y, w, h);
    }
    draw_links(&context, layout, graph, node, focus.channel, block, palette);
    if block.kind == BlockKind::Maps || !seen.is_empty() {
        for part in &seen {
            outline(&context, *part, palette.accent, 1.5, palette.background);
        }
    }
    outline(&context, tile, palette.accent, 2.0, palette.background);
}

/// What the cell, or all of the tile, depends on: parts of tiles of every layer before it that has some.
fn seen_parts(layout: &Layout, graph: &Graph, node: NodeId, focus: Focus, block: &Block) -> Vec<[f64; 4]> {
    let mut parts = Vec::new();
    let (row, col) = focus.cell.unwrap_or((block.sheet.tile_h / 2, block.sheet.tile_w / 2));
    let lineage = figures::lineage_of(graph, node, focus.channel);
    for field in figures::field_of(graph, node, row, col) {
        let (tensor, place) = match field.at {
            Feed::Image => (Tensor::Input, graph.nodes.len()),
            Feed::Node(id) => (Tensor::Output(id), id.0),
        };
        let Some((_, seen)) = layout.block(tensor) else { continue };
        let Some(channels) = lineage.get(place).cloned().flatten() else { continue };
        let part = [field.rows.start, field.cols.start, field.rows.end, field.cols.end].map(|v| v as f64);
        let shown = channels.start.max(seen.first)..channels.end.min(seen.first + seen.count);
        parts.extend(shown.map(|tile| region(seen, tile, part)));
    }
    parts
}

/// Lines from the tiles that feed the one pointed at.
fn draw_links(
    context: &CanvasRenderingContext2d,
    layout: &Layout,
    graph: &Graph,
    node: NodeId,
    channel: usize,
    to: &Block,
    palette: &Palette,
) {
    let Some((column, node)) = layout.columns.get(node.0 + 1).zip(graph.nodes.get(node.0)) else { return };
    context.set_stroke_style_str(&palette.accent.to_string());
    context.set_line_width(1.25);
    for (k, (feed, channels)) in node.inputs.iter().zip(figures::sources_of(node, channel)).enumerate() {
        let Some((source, from)) = layout.source(graph, *feed).and_then(|c| Some((c, c.maps.as_ref()?))) else { continue };
        let channels = through(graph, layout, *feed, channels);
        let shown = channels.start.max(from.first)..channels.end.min(from.first + from.count);
        context.set_global_alpha((14.0 / shown.len().max(1) as f64).clamp(0.25, 0.9));
        let way = column.ways.get(k).map(|way| lane(*way, source, from));
        let skip = shown.len().div_ceil(WIRES_LIMIT).max(1);
        for a in shown.step_by(skip) {
            wire(context, from, a, to, channel, way);
        }
    }
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
