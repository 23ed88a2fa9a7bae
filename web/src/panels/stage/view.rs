//! The stage on the page: canvases in the places that the layout gives them.

use std::sync::Arc;

use engine::{Graph, Tensor, graph::Feed};
use leptos::{html, prelude::*};
use protocol::Opened;

use super::{
    gestures::{self, Gestures, ZOOMS, page_size},
    inspector::{Loupe, Reading},
    legend::{Legend, Scales, spread},
    marks::{self, Sight},
    model::{Block, BlockKind, Choice, Column, Layout},
    opened::Opened as OpenedTile,
    paint::Painter,
};
use crate::{
    dom::{image, size},
    reaction::effect,
    state::{app, lab, stage::Opening},
    widgets::number,
};

pub type Whole = Memo<Option<Arc<Layout>>>;
type Canvases = StoredValue<Vec<(Column, Block, NodeRef<html::Canvas>)>, LocalStorage>;

/// So far beyond its edges the stage is ready to be seen.
const BEYOND: f64 = 240.0;

#[component]
pub fn Stage() -> impl IntoView {
    let state = app();
    let body = NodeRef::<html::Div>::new();
    let (size, set_size) = signal((0.0_f64, 0.0_f64));
    effect(move || {
        if let Some(element) = body.get() {
            size::follow(&element, move |now| set_size.set(now));
        }
    });
    let layout: Whole = Memo::new(move |_| {
        let (width, height) = size.get();
        let choice = Choice { zoom: state.stage.zoom.get(), pages: state.stage.pages.get() };
        // What scrolls sideways needs room for its bar.
        let height = height - 10.0;
        state.graph.get().filter(|_| width > 0.0).map(|graph| Arc::new(Layout::of(&graph, width, height, image::device_ratio(), &choice)))
    });
    watch_opened();
    let open = Memo::new(move |_| state.stage.opening.with(Option::is_some));
    view! {
        <Top layout/>
        <div class="stage-body" node_ref=body>
            {move || if open.get() { view! { <OpenedTile/> }.into_any() } else { view! { <Overview layout size/> }.into_any() }}
        </div>
    }
}

/// The bar above: legend, reading, scales, zoom.
#[component]
fn Top(layout: Whole) -> impl IntoView {
    let state = app();
    let measured = state.stage.measured;
    view! {
        <div class="stage-top">
            <Legend/>
            <Reading layout/>
            <button class="quiet" class:on=move || measured.get() aria-pressed=move || measured.get().to_string() data-testid="measured"
                on:click=move |_| measured.update(|m| *m = !*m)
                title="Colours the image by how much each pixel moves the number of the cell that is pointed at, instead of its box alone">"Measured field"</button>
            <span class="stage-word">"scale per"</span>
            <Scales/>
            <Zooms/>
        </div>
    }
}

#[component]
fn Zooms() -> impl IntoView {
    let stage = app().stage;
    let by = move |factor: f64| move |_| stage.zoom.update(|z| *z = (*z * factor).clamp(ZOOMS.0, ZOOMS.1));
    let shut = move || stage.opening.with(Option::is_some);
    view! {
        <div class="choice" class:hidden=shut role="group" aria-label="Size of the maps">
            <button on:click=by(0.8) aria-label="Smaller" title="Smaller (−)" data-testid="zoom-out">"−"</button>
            <button on:click=move |_| stage.zoom.set(1.0) title="As large as fits (0 on the stage)" data-testid="zoom-fit">"fit"</button>
            <button on:click=by(1.25) aria-label="Larger" title="Larger (+)" data-testid="zoom-in">"+"</button>
        </div>
    }
}

/// Tells the worker what is looked into: the open tile, and the cell whose field is to be measured.
fn watch_opened() {
    let state = app();
    effect(move || {
        let (opening, measured, focus) = (state.stage.opening.get(), state.stage.measured.get(), state.focus.get());
        let pointed = focus.and_then(|f| match f.tensor {
            Tensor::Output(node) => Some((node, f.channel, f.cell?)),
            _ => None,
        });
        let cell = |(row, col): (usize, usize)| [row as u32, col as u32];
        let opened = match (opening, pointed) {
            (Some(o), pointed) => {
                let own = pointed.filter(|(node, ..)| *node == o.node).map(|(.., at)| at);
                Some(Opened { node: o.node, channel: o.channel as u32, field_of: o.cell.or(own).filter(|_| measured).map(cell) })
            }
            (None, Some((node, channel, at))) if measured => Some(Opened { node, channel: channel as u32, field_of: Some(cell(at)) }),
            _ => None,
        };
        lab().dissect(opened);
    });
}

/// All tensors that the open tile is shown with.
fn needed(graph: &Graph, opening: Opening) -> Vec<Tensor> {
    let Some(node) = graph.nodes.get(opening.node.0) else { return Vec::new() };
    let feeds = node.inputs.iter().map(|feed| match *feed {
        Feed::Image => Tensor::Input,
        Feed::Node(id) => Tensor::Output(id),
    });
    let after = graph.nodes.iter().filter(|n| n.inputs.contains(&Feed::Node(node.id))).map(|n| Tensor::Output(n.id));
    let params = node.params.clone().map(|i| Tensor::Param(engine::ParamId(i)));
    let state = node.state.clone().map(|i| Tensor::State(engine::ParamId(i)));
    feeds.chain([Tensor::Output(node.id)]).chain(params).chain(state).chain(after).collect()
}

#[component]
fn Overview(layout: Whole, size: ReadSignal<(f64, f64)>) -> impl IntoView {
    let state = app();
    let scroller = NodeRef::<html::Div>::new();
    let (scroll, set_scroll) = signal((0.0_f64, 0.0_f64));
    let sight = Memo::new(move |_| {
        let ((left, top), (width, height)) = (scroll.get(), size.get());
        [left, top, width, height]
    });
    let painter = StoredValue::new_local(Painter::new(state.theme.get_untracked()));
    let canvases: Canvases = StoredValue::new_local(Vec::new());
    let mounted = RwSignal::new(0_u32);
    let (wires, overlay) = (NodeRef::<html::Canvas>::new(), NodeRef::<html::Canvas>::new());
    paint_tiles(canvases, painter, mounted);
    paint_lines(layout, sight, wires, overlay);
    watch(layout, sight);

    let hand = lab();
    let gestures = Gestures::new(hand, scroller, layout);
    let more = move || layout.with(|layout| layout.as_deref().is_some_and(|layout| layout.width > size.get().0));
    let shown = Memo::new(move |_| {
        let [left, _, width, _] = sight.get();
        layout.with(|layout| {
            let columns = layout.as_deref().map(|l| &l.columns[..]).unwrap_or_default();
            let near = |c: &Column| c.x < left + width + BEYOND && c.x + c.width > left - BEYOND;
            columns.iter().enumerate().filter(|(_, c)| near(c)).map(|(i, _)| i).collect::<Vec<_>>()
        })
    });
    let field_style =
        move || layout.with(|l| l.as_deref().map_or_else(String::new, |l| format!("width:{}px;height:{}px", l.width, l.height)));
    // Other layouts have other places: every column is then made anew.
    let keyed = move || {
        let generation = layout.with(|l| l.as_ref().map_or(0, |l| Arc::as_ptr(l) as usize));
        shown.get().into_iter().map(|i| (generation, i)).collect::<Vec<_>>()
    };
    let [down, moved, up, leave] = gestures.pointer();
    view! {
        <div class="stage-frame">
            <canvas class="stage-layer" node_ref=wires aria-hidden="true"></canvas>
            <div class="stage-scroll" class:more=more node_ref=scroller data-testid="stage-scroll" tabindex="0" role="group"
                aria-label="Layers of the network, from image to answer. Arrows go from map to map, Enter opens one."
                on:scroll=move |_| if let Some(s) = scroller.get_untracked() { set_scroll.set((f64::from(s.scroll_left()), f64::from(s.scroll_top()))); }
                on:wheel=move |event| gestures::wheel(hand, &event, scroller)
                on:keydown=move |event| gestures::key(hand, &event, layout, scroller)>
                <div class="stage-field" style=field_style on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointerleave=leave>
                    <For each=keyed key=|key| *key children=move |(_, index)| {
                        layout.with_untracked(|l| l.as_deref().and_then(|l| l.columns.get(index)).map(|column| column_view(column, canvases, mounted)))
                    }/>
                </div>
            </div>
            <canvas class="stage-layer stage-marks" node_ref=overlay aria-hidden="true"></canvas>
            <Loupe layout painter sight/>
        </div>
    }
}

/// Frames, and whatever else changes what is to be seen, repaint the tiles.
fn paint_tiles(canvases: Canvases, painter: StoredValue<Painter, LocalStorage>, mounted: RwSignal<u32>) {
    let state = app();
    effect(move || {
        state.frame_tick.track();
        mounted.track();
        let (theme, spread) = (state.theme.get(), spread(state.stage.scale.get()));
        // Those of columns that are gone are gone with them.
        canvases.update_value(|all| all.retain(|(.., node)| node.try_get_untracked().flatten().is_some()));
        painter.update_value(|painter| {
            painter.set_theme(theme);
            canvases.with_value(|all| {
                state.frame.with_value(|frame| {
                    for (column, block, node) in all.iter().filter(|(_, block, _)| block.kind != BlockKind::Image) {
                        if let Some(canvas) = node.try_get_untracked().flatten() {
                            painter.block(column, block, frame, spread, &canvas);
                        }
                    }
                });
            });
        });
    });
    effect(move || {
        let (theme, measured, focus) = (state.theme.get(), state.stage.measured.get(), state.focus.get());
        mounted.track();
        if measured {
            state.frame_tick.track();
        }
        state.sample.with(|sample| {
            painter.update_value(|painter| {
                painter.set_theme(theme);
                canvases.with_value(|all| {
                    for (_, block, node) in all.iter().filter(|(_, block, _)| block.kind == BlockKind::Image) {
                        let Some(canvas) = node.try_get_untracked().flatten() else { continue };
                        // The measured field stands in the place of the image.
                        let painted = measured
                            && focus.is_some_and(|focus| {
                                state.stage.parts.with_value(|parts| {
                                    let own = parts
                                        .field_of
                                        .is_some_and(|of| focus.tensor == Tensor::Output(of.node) && of.channel as usize == focus.channel);
                                    let fits = own && parts.field.len() == block.plane() * block.count;
                                    if fits {
                                        painter.plane(&parts.field, block.sheet, true, figures::Spread::Shared, &canvas);
                                    }
                                    fits
                                })
                            });
                        if !painted {
                            painter.image(block, &sample.image, &canvas);
                        }
                    }
                });
            });
        });
    });
}

fn paint_lines(layout: Whole, sight: Memo<Sight>, wires: NodeRef<html::Canvas>, overlay: NodeRef<html::Canvas>) {
    let state = app();
    effect(move || {
        let palette = state.theme.get().palette();
        if let (Some(layout), Some(canvas), Some(graph)) = (layout.get(), wires.get(), state.graph.get()) {
            marks::draw_wires(&canvas, &layout, &graph, sight.get(), palette);
        }
    });
    effect(move || {
        let palette = state.theme.get().palette();
        let focus = state.focus.get();
        if let (Some(layout), Some(canvas)) = (layout.get(), overlay.get()) {
            state.graph.with(|graph| marks::draw_focus(&canvas, &layout, graph.as_deref(), focus, sight.get(), palette));
        }
    });
}

/// Frames bring what is within sight.
fn watch(layout: Whole, sight: Memo<Sight>) {
    let tensors = Memo::new(move |_| {
        let [left, top, width, height] = sight.get();
        let seen = |b: &Block| {
            let across = b.x < left + width && b.x + b.width() > left;
            b.kind != BlockKind::Image && across && b.y < top + height && b.y + b.height() > top
        };
        layout.with(|layout| layout.as_deref().map(|l| l.blocks().filter(|(_, b)| seen(b)).map(|(_, b)| b.tensor).collect::<Vec<_>>()))
    });
    effect(move || {
        if let Some(tensors) = tensors.get() {
            lab().watch(tensors);
        }
    });
}

/// What the tile that is open is shown with.
pub fn watch_tile() {
    let state = app();
    effect(move || {
        let opening = state.stage.opening.get();
        let tensors = state.graph.with(|graph| Some(needed(graph.as_deref()?, opening?)));
        if let Some(tensors) = tensors {
            lab().watch(tensors);
        }
    });
}

fn column_view(column: &Column, canvases: Canvases, mounted: RwSignal<u32>) -> AnyView {
    let style = format!("left:{}px;width:{}px;top:{}px;height:{}px", column.x, column.width, column.top, column.bottom - column.top);
    let [rows, cols] = column.sees;
    let field = if rows == cols { format!("sees {rows}²") } else { format!("sees {rows}×{cols}") };
    let weights = if column.params > 0 { format!("{} weights", number::large(column.params as f64)) } else { String::new() };
    let full = format!(
        "{}: {}, {} out, {} weights, each cell sees {rows}×{cols} pixels of the image",
        column.name, column.title, column.shape, column.params
    );
    let thin = column.maps.is_none();
    let tiles: Vec<AnyView> = column.blocks().map(|block| tiles_view(column, block, canvases)).collect();
    let mark = column.name.clone();
    crate::dom::frame::next(move |_| {
        mounted.try_update(|m| *m = m.wrapping_add(1));
    });
    view! {
        <div class="stage-column" class:thin=thin class:low=column.is_low() style=style>
            <div class="stage-head" title=full data-testid=format!("layer-{mark}")>
                <b>{column.name.clone()}</b>
                <span class="number">{column.shape.clone()}</span>
                <span>{weights}</span>
                <span>{if column.node.is_some() { field } else { String::new() }}</span>
            </div>
            {leafing(column)}
        </div>
        {tiles}
    }
    .into_any()
}

/// Leafs through the maps of a layer that has more than there is room for.
fn leafing(column: &Column) -> Option<AnyView> {
    let (block, node) = (column.maps.filter(|b| b.count < b.total)?, column.node?);
    let (per, name) = (page_size(&block), column.name.clone());
    let last = block.total.div_ceil(per) - 1;
    let page = block.first / per;
    let pages = app().stage.pages;
    let go = move |to: usize| {
        move |_| {
            pages.update(|pages| {
                pages.insert(node.0, to);
            });
        }
    };
    Some(
        view! {
            <div class="stage-leaf" data-testid=format!("leaf-{name}")>
                <button aria-label=format!("Earlier maps of {name}") disabled=page == 0 on:click=go(page.saturating_sub(1))>"‹"</button>
                <span class="number">{format!("{}–{}", block.first + 1, block.first + block.count)}</span>
                <button aria-label=format!("Later maps of {name}") disabled=page == last on:click=go((page + 1).min(last))>"›"</button>
            </div>
        }
        .into_any(),
    )
}

fn tiles_view(column: &Column, block: &Block, canvases: Canvases) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    canvases.update_value(|all| all.push((column.clone(), *block, node)));
    let style = format!("left:{}px;top:{}px;width:{}px;height:{}px", block.x, block.y, block.width(), block.height());
    let (testid, label) = match block.kind {
        BlockKind::Kernels(_) => (format!("filters-{}", column.name), format!("Filters of {}: {} tiles", column.name, block.total)),
        BlockKind::Image => ("image".to_owned(), "The image as the network sees it".to_owned()),
        BlockKind::Maps | BlockKind::Vector => (format!("maps-{}", column.name), format!("What {} gives: {}", column.name, column.shape)),
    };
    let (lit, tensor) = (app().time.lit, block.tensor);
    let dim = move || lit.with(|lit| lit.as_ref().is_some_and(|lit| !lit.contains(&tensor)));
    view! { <canvas class="stage-tiles" class:dim=dim style=style node_ref=node role="img" aria-label=label data-testid=testid></canvas> }
        .into_any()
}
