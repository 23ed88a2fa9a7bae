//! What is pointed at, enlarged and in numbers.

use engine::{Graph, Tensor};
use figures::{
    Range,
    kernels::{KernelDims, KernelView},
};
use leptos::{html, prelude::*};

use super::{
    marks::Sight,
    model::{Block, BlockKind, Column, HEADS, KernelTiles},
    paint::Painter,
    view::Whole,
};
use crate::{
    reaction::{effect, live},
    state::{Focus, app},
    widgets::number,
};

/// What is said about the focus.
#[derive(Clone, Debug, Default, PartialEq)]
struct Words {
    title: String,
    range: String,
    cell: String,
    seen: String,
}

/// One line about what is pointed at.
#[component]
pub fn Reading(layout: Whole) -> impl IntoView {
    let state = app();
    let words = Memo::new(move |_| {
        state.frame_tick.track();
        let (focus, layout) = (state.focus.get()?, layout.get()?);
        let (column, block) = layout.block(focus.tensor)?;
        let graph = state.graph.get()?;
        with_values(focus, block, |values| read(&graph, column, block, focus, values))
    });
    let some = move || words.with(Option::is_some);
    let hint = move || match state.stage.opening.get().map(|o| o.cell.is_some()) {
        None => "Point at a map to see what feeds it; press it to open it.",
        Some(false) => "Press a cell to see its arithmetic; Escape or a press beside the maps goes back.",
        Some(true) => "Arrows go from cell to cell; Escape or a press beside the maps goes back.",
    };
    let part = move |of: fn(&Words) -> &String| move || words.with(|r| r.as_ref().map(|r| of(r).clone()).unwrap_or_default());
    view! {
        <p class="stage-reading" data-testid="inspector">
            <b data-testid="inspector-title">{part(|r| &r.title)}</b>
            <span class="number" data-testid="inspector-range">{part(|r| &r.range)}</span>
            <span class="number" data-testid="inspector-cell">{part(|r| &r.cell)}</span>
            <span>{part(|r| &r.seen)}</span>
            <span class:hidden=some>{live(hint)}</span>
        </p>
    }
}

/// Side of the enlarged tile.
const LOUPE: f64 = 132.0;
/// Tiles of this size need no enlarging.
const LARGE: f64 = 96.0;

/// The tile that is pointed at, enlarged beside it.
#[component]
pub fn Loupe(layout: Whole, painter: StoredValue<Painter, LocalStorage>, sight: Memo<Sight>) -> impl IntoView {
    let state = app();
    let node = NodeRef::<html::Canvas>::new();
    let place = Memo::new(move |_| {
        let (focus, layout) = (state.focus.get()?, layout.get()?);
        let (_, block) = layout.block(focus.tensor)?;
        let [x, y, w, h] = block.tile(focus.channel);
        if block.kind == BlockKind::Vector || w >= LARGE {
            return None;
        }
        // Within what is in sight, and not over what it enlarges.
        let [left, top, width, height] = sight.get();
        let (x, y) = (x - left, y - top);
        let right = x + w + 12.0;
        let left = if right + LOUPE > width { (x - LOUPE - 12.0).max(0.0) } else { right };
        let top = (y + h / 2.0 - LOUPE / 2.0).clamp(HEADS[1], (height - LOUPE - 2.0).max(HEADS[1]));
        Some((left, top))
    });
    effect(move || {
        state.frame_tick.track();
        state.theme.track();
        state.sample.track();
        let (Some(focus), Some(layout), Some(canvas), Some(_)) = (state.focus.get(), layout.get(), node.get(), place.get()) else { return };
        if let Some((column, block)) = layout.block(focus.tensor) {
            with_values(focus, block, |values| painter.update_value(|painter| painter.tile(column, block, focus.channel, values, &canvas)));
        }
    });
    let style = move || {
        place
            .get()
            .map_or_else(|| "display:none".to_owned(), |(left, top)| format!("left:{left}px;top:{top}px;width:{LOUPE}px;height:{LOUPE}px"))
    };
    view! { <canvas class="stage-loupe" node_ref=node style=style aria-hidden="true" data-testid="loupe"></canvas> }
}

/// Calls with the numbers of the focused tensor as its block shows them, where the page has them.
fn with_values<R>(focus: Focus, block: &Block, call: impl FnOnce(&[f32]) -> R) -> Option<R> {
    let state = app();
    if focus.tensor == Tensor::Input {
        return Some(state.sample.with_untracked(|s| call(&s.image)));
    }
    state.frame.with_value(|frame| {
        let (dims, values) = frame.view(focus.tensor)?;
        if block.kind != BlockKind::Kernels(KernelTiles::Mean) {
            return Some(call(values));
        }
        let mut tiles = Vec::new();
        KernelDims::of(dims).and_then(|dims| dims.gather(values, KernelView::Mean, &mut tiles)).ok()?;
        Some(call(&tiles))
    })
}

fn read(graph: &Graph, column: &Column, block: &Block, focus: Focus, values: &[f32]) -> Words {
    let (h, w) = (block.sheet.tile_h, block.sheet.tile_w);
    let plane = values.get(focus.channel * h * w..(focus.channel + 1) * h * w).unwrap_or_default();
    let range = Range::of(plane);
    let span = format!("{} to {}", number::signed(range.lo), number::signed(range.hi));
    let value = |row: usize, col: usize| plane.get(row * w + col).copied().map_or_else(String::new, number::signed);
    match block.kind {
        BlockKind::Kernels(tiles) => {
            let inputs = graph.params.iter().find(|p| Some(p.node) == column.node && p.dims.len() == 4).map_or(1, |p| p.dims[1]).max(1);
            let title = match tiles {
                KernelTiles::Table if inputs > 1 => {
                    format!("{}: filter {} on input {}", column.name, focus.channel / inputs, focus.channel % inputs)
                }
                KernelTiles::Table => format!("{}: filter {}", column.name, focus.channel),
                KernelTiles::Mean => format!("{}: filter {}, mean over its inputs", column.name, focus.channel),
            };
            let cell = focus.cell.map_or_else(String::new, |(row, col)| format!("weight ({row}, {col}) = {}", value(row, col)));
            Words { title, range: format!("{h}×{w} weights, {span}"), cell, seen: String::new() }
        }
        BlockKind::Vector => Words {
            title: format!("{}: unit {}", column.name, focus.channel),
            range: format!("{} units, {}", block.total, {
                let all = Range::of(values);
                format!("{} to {}", number::signed(all.lo), number::signed(all.hi))
            }),
            cell: format!("value = {}", value(0, 0)),
            seen: format!("sees {}×{} pixels", column.sees[0], column.sees[1]),
        },
        BlockKind::Image | BlockKind::Maps => {
            let title = if block.kind == BlockKind::Image {
                "The image".to_owned()
            } else {
                format!("{}: map {} of {}", column.name, focus.channel + 1, block.total)
            };
            let cell = focus.cell.map_or_else(String::new, |(row, col)| format!("row {row}, column {col} = {}", value(row, col)));
            Words { title, range: span, cell, seen: seen(graph, focus) }
        }
    }
}

/// How much of the image the cell sees.
fn seen(graph: &Graph, focus: Focus) -> String {
    let (Tensor::Output(node), Some((row, col))) = (focus.tensor, focus.cell) else { return String::new() };
    figures::field_of(graph, node, row, col).last().map_or_else(String::new, |field| {
        format!(
            "sees rows {}–{}, columns {}–{}",
            field.rows.start,
            field.rows.end.saturating_sub(1),
            field.cols.start,
            field.cols.end.saturating_sub(1)
        )
    })
}
