//! The stage on the page: canvases in the places that the layout gives them.

use std::sync::Arc;

use figures::Spread;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent, PointerEvent};

use super::{
    inspector::{Loupe, Reading},
    marks,
    model::{Block, BlockKind, Column, Layout},
    paint::Painter,
};
use crate::{
    dom::{image, size},
    state::{Focus, app, lab},
    widgets::number,
};

pub type Whole = Memo<Option<Arc<Layout>>>;
type Canvases = Vec<(Column, Block, NodeRef<html::Canvas>)>;

#[component]
pub fn Stage() -> impl IntoView {
    let state = app();
    let scroller = NodeRef::<html::Div>::new();
    let (size, set_size) = signal((0.0_f64, 0.0_f64));
    let per_tile = RwSignal::new(false);
    observe_size(scroller, set_size);

    let layout: Whole = Memo::new(move |_| {
        let (width, height) = size.get();
        state.graph.get().filter(|_| width > 0.0).map(|graph| Arc::new(Layout::of(&graph, width, height, image::device_ratio())))
    });
    let painter = StoredValue::new_local(Painter::new(state.theme.get_untracked()));
    let canvases = StoredValue::new_local(Canvases::new());
    let wires = NodeRef::<html::Canvas>::new();
    let overlay = NodeRef::<html::Canvas>::new();

    // Frames, and whatever else changes what is to be seen, repaint the tiles.
    Effect::new(move |_| {
        state.frame_tick.track();
        let (theme, spread) = (state.theme.get(), if per_tile.get() { Spread::PerTile } else { Spread::Shared });
        layout.track();
        painter.update_value(|painter| {
            painter.set_theme(theme);
            canvases.with_value(|all| {
                state.frame.with_value(|frame| {
                    for (column, block, node) in all.iter().filter(|(_, block, _)| block.kind != BlockKind::Image) {
                        if let Some(canvas) = node.get() {
                            painter.block(column, block, frame, spread, &canvas);
                        }
                    }
                });
            });
        });
    });
    Effect::new(move |_| {
        let theme = state.theme.get();
        layout.track();
        state.sample.with(|sample| {
            painter.update_value(|painter| {
                painter.set_theme(theme);
                canvases.with_value(|all| {
                    for (_, block, node) in all.iter().filter(|(_, block, _)| block.kind == BlockKind::Image) {
                        if let Some(canvas) = node.get() {
                            painter.image(block, &sample.image, &canvas);
                        }
                    }
                });
            });
        });
    });
    Effect::new(move |_| {
        let palette = state.theme.get().palette();
        if let (Some(layout), Some(canvas)) = (layout.get(), wires.get()) {
            marks::draw_wires(&canvas, &layout, palette);
        }
    });
    Effect::new(move |_| {
        let palette = state.theme.get().palette();
        let focus = state.focus.get();
        if let (Some(layout), Some(canvas)) = (layout.get(), overlay.get()) {
            state.graph.with(|graph| marks::draw_focus(&canvas, &layout, graph.as_deref(), focus, palette));
        }
    });
    // Frames bring what is within sight.
    let watch = move || {
        let Some(layout) = layout.get_untracked() else { return };
        let (left, right) = scroller.get_untracked().map_or((0.0, f64::MAX), |s| {
            let left = f64::from(s.scroll_left());
            (left, left + f64::from(s.client_width()))
        });
        let seen = |block: &Block| block.kind != BlockKind::Image && block.x < right && block.x + block.width() > left;
        lab().watch(layout.blocks().filter(|(_, b)| seen(b)).map(|(_, b)| b.tensor).collect());
    };
    Effect::new(move |_| {
        layout.track();
        watch();
    });

    let point = move |event: PointerEvent| {
        let Some(target) = event.current_target().and_then(|t| t.dyn_into::<HtmlElement>().ok()) else { return };
        let bounds = target.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()) - bounds.left(), f64::from(event.client_y()) - bounds.top());
        let focus = layout.with_untracked(|layout| layout.as_deref().and_then(|layout| focus_at(layout, x, y)));
        if state.focus.get_untracked() != focus {
            state.focus.set(focus);
        }
    };
    let press = move |event: KeyboardEvent| {
        let focus = layout.with_untracked(|layout| focus_by_key(layout.as_deref()?, state.focus.get_untracked(), &event.key()));
        let Some(focus) = focus else { return };
        event.prevent_default();
        event.stop_propagation();
        state.focus.set(focus);
        // Brings the tile into sight.
        if let (Some(focus), Some(scroller)) = (focus, scroller.get_untracked())
            && let Some(x) = layout.with_untracked(|l| l.as_deref().and_then(|l| l.block(focus.tensor)).map(|(_, b)| b.x))
        {
            let (left, width) = (f64::from(scroller.scroll_left()), f64::from(scroller.client_width()));
            if x < left || x + 120.0 > left + width {
                scroller.set_scroll_left((x - width / 2.0) as i32);
            }
        }
    };
    let leave = move |event: PointerEvent| {
        // A finger that has gone leaves its mark to be read.
        if event.pointer_type() == "mouse" {
            state.focus.set(None);
        }
    };

    let more = move || layout.with(|layout| layout.as_deref().is_some_and(|layout| layout.width > size.get().0));
    let columns = move || {
        let laid = layout.get()?;
        let mut all = Canvases::new();
        let views: Vec<AnyView> = laid.columns.iter().map(|column| column_view(column, &mut all)).collect();
        canvases.set_value(all);
        let style = format!("width:{}px;height:{}px", laid.width, laid.height);
        Some(view! {
            <div class="stage-field" style=style on:pointermove=point on:pointerdown=point on:pointerleave=leave>
                <canvas class="stage-layer" node_ref=wires aria-hidden="true"></canvas>
                {views}
                <canvas class="stage-layer stage-marks" node_ref=overlay aria-hidden="true"></canvas>
                <Loupe layout painter/>
            </div>
        })
    };
    view! {
        <div class="stage-top">
            <Legend/>
            <Reading layout/>
            <div class="choice" role="radiogroup" aria-label="Colour scale of the maps">
                <button role="radio" aria-checked=move || (!per_tile.get()).to_string() data-testid="scale-layer" on:click=move |_| per_tile.set(false)
                    title="All maps of a layer share one scale: strong maps look strong">"per layer"</button>
                <button role="radio" aria-checked=move || per_tile.get().to_string() data-testid="scale-tile" on:click=move |_| per_tile.set(true)
                    title="Each map uses the whole scale: its form shows, its strength does not">"per map"</button>
            </div>
        </div>
        <div class="stage-scroll" class:more=more node_ref=scroller data-testid="stage-scroll" tabindex="0" role="group" aria-label="Layers of the network, from image to answer" on:scroll=move |_| watch() on:keydown=press>
            {columns}
        </div>
    }
}

fn column_view(column: &Column, canvases: &mut Canvases) -> AnyView {
    let style = format!("left:{}px;width:{}px", column.x, column.width);
    let [rows, cols] = column.sees;
    let field = if rows == cols { format!("sees {rows}²") } else { format!("sees {rows}×{cols}") };
    let weights = if column.params > 0 { format!("{} weights", number::large(column.params as f64)) } else { String::new() };
    let full = format!(
        "{}: {}, {} out, {} weights, each cell sees {rows}×{cols} pixels of the image",
        column.name, column.title, column.shape, column.params
    );
    let thin = column.maps.is_none();
    let tiles: Vec<AnyView> = column.kernels.iter().chain(column.maps.iter()).map(|block| tiles_view(column, block, canvases)).collect();
    let mark = column.name.clone();
    view! {
        <div class="stage-column" class:thin=thin style=style>
            <div class="stage-head" title=full data-testid=format!("layer-{mark}")>
                <b>{column.name.clone()}</b>
                <span class="number">{column.shape.clone()}</span>
                <span>{weights}</span>
                <span>{if column.node.is_some() { field } else { String::new() }}</span>
            </div>
        </div>
        {tiles}
    }
    .into_any()
}

fn tiles_view(column: &Column, block: &Block, canvases: &mut Canvases) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    canvases.push((column.clone(), *block, node));
    let style = format!("left:{}px;top:{}px;width:{}px;height:{}px", block.x, block.y, block.width(), block.height());
    let (testid, label) = match block.kind {
        BlockKind::Kernels(_) => (format!("filters-{}", column.name), format!("Filters of {}: {} tiles", column.name, block.count)),
        BlockKind::Image => ("image".to_owned(), "The image as the network sees it".to_owned()),
        BlockKind::Maps | BlockKind::Vector => (format!("maps-{}", column.name), format!("What {} gives: {}", column.name, column.shape)),
    };
    let (lit, tensor) = (app().time.lit, block.tensor);
    let dim = move || lit.with(|lit| lit.as_ref().is_some_and(|lit| !lit.contains(&tensor)));
    view! { <canvas class="stage-tiles" class:dim=dim style=style node_ref=node role="img" aria-label=label data-testid=testid></canvas> }
        .into_any()
}

/// Where the focus goes from the keyboard: left and right from tensor to tensor, up and down from
/// tile to tile. `None` for keys that mean something else.
fn focus_by_key(layout: &Layout, focus: Option<Focus>, key: &str) -> Option<Option<Focus>> {
    let blocks: Vec<&Block> = layout.blocks().map(|(_, block)| block).collect();
    let at = focus.and_then(|f| blocks.iter().position(|b| b.tensor == f.tensor));
    let to = |index: usize, channel: usize| {
        let block = blocks.get(index)?;
        let middle = (block.sheet.tile_h / 2, block.sheet.tile_w / 2);
        Some(Focus { tensor: block.tensor, channel: channel.min(block.count.saturating_sub(1)), cell: Some(middle) })
    };
    let (index, channel) = (at.unwrap_or(0), focus.map_or(0, |f| f.channel));
    let next = match key {
        "Escape" => return Some(None),
        "ArrowRight" if at.is_some() => to((index + 1).min(blocks.len().saturating_sub(1)), channel),
        "ArrowLeft" => to(index.saturating_sub(1), channel),
        "ArrowDown" if at.is_some() => to(index, channel + 1),
        "ArrowUp" => to(index, channel.saturating_sub(1)),
        "ArrowRight" | "ArrowDown" => to(0, 0),
        _ => return None,
    };
    Some(next)
}

fn focus_at(layout: &Layout, x: f64, y: f64) -> Option<Focus> {
    layout.blocks().find_map(|(_, block)| {
        let hit = block.hit(x, y)?;
        Some(Focus { tensor: block.tensor, channel: hit.tile, cell: Some((hit.row, hit.col)) })
    })
}

#[component]
fn Legend() -> impl IntoView {
    view! {
        <div class="stage-legend" aria-label="Colours: blue is negative, orange positive; activations from none to strong">
            <span>"−"</span><i class="stage-signed"></i><span>"+"</span>
            <span class="stage-legend-gap">"0"</span><i class="stage-positive"></i><span>"strong"</span>
        </div>
    }
}

/// Follows the room that the columns have.
fn observe_size(node: NodeRef<html::Div>, set: WriteSignal<(f64, f64)>) {
    Effect::new(move |_| {
        if let Some(element) = node.get() {
            size::follow(&element, move |now| set.set(now));
        }
    });
}
