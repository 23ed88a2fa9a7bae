//! One map, kernel or part in large, that can be pointed into.

use engine::{
    Graph, LayerSpec, Tensor,
    graph::Feed,
    ops::account::{Account, Cell, Ground, PartKind},
};
use figures::{Range, Sheet, Spread};
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, MouseEvent};

use super::paint::Painter;
use crate::{
    reaction::effect,
    state::{
        AppState, Lab, lab,
        stage::{Opening, Scale},
    },
    widgets::number,
};

/// Whose numbers a picture shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// A channel of a layer, or plane `usize` of a weight.
    Plane(Tensor, usize),
    Part(PartKind, usize),
    /// Of a channel the numbers that a pooling takes; zero elsewhere.
    Winners(Tensor, usize),
}

/// What its cells have to do with those of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Role {
    /// The numbers of this feed that the cell is made from are outlined.
    Source(Feed),
    /// It has the same places as the output.
    Output,
    /// Neither.
    Still,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub what: What,
    pub role: Role,
    pub h: usize,
    pub w: usize,
    pub signed: bool,
    pub label: String,
    pub side: f64,
    /// Where a press leads, if not to the cell's arithmetic.
    pub leads: Option<Opening>,
}

/// What the open tile's pictures share.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    pub lab: Lab,
    pub opening: Memo<Option<Opening>>,
    /// The cell of the output that is pointed at.
    pub pointed: RwSignal<Option<(usize, usize)>>,
    pub painter: StoredValue<Painter, LocalStorage>,
}

impl Desk {
    pub fn new(opening: Memo<Option<Opening>>) -> Self {
        let lab = lab();
        let painter = StoredValue::new_local(Painter::new(lab.state.theme.get_untracked()));
        Self { lab, opening, pointed: RwSignal::new(None), painter }
    }

    /// The cell that is shown: the one pointed at, or the one that is open.
    pub fn cell(&self) -> Option<(usize, usize)> {
        self.pointed.get().or_else(|| self.opening.get().and_then(|o| o.cell))
    }
}

/// Calls with the numbers of a picture and with the range of all that belong with it.
fn with_numbers<R>(state: AppState, opening: Opening, what: What, plane: usize, call: impl FnOnce(&[f32], &[f32]) -> R) -> Option<R> {
    match what {
        What::Plane(tensor, at) => state.frame.with_value(|frame| {
            let (_, all) = frame.view(tensor)?;
            Some(call(all.get(at * plane..(at + 1) * plane)?, all))
        }),
        What::Winners(tensor, at) => state.stage.parts.with_value(|parts| {
            let (_, places) = parts.part(opening, PartKind::Winners)?;
            state.frame.with_value(|frame| {
                let (_, all) = frame.view(tensor)?;
                let own = all.get(at * plane..(at + 1) * plane)?;
                let mut taken = vec![0.0; plane];
                for place in places.iter().filter(|p| **p >= 0.0).map(|p| *p as usize) {
                    if let (Some(to), Some(from)) = (taken.get_mut(place), own.get(place)) {
                        *to = *from;
                    }
                }
                Some(call(&taken, own))
            })
        }),
        What::Part(kind, at) => state.stage.parts.with_value(|parts| {
            if kind == PartKind::Field {
                parts.field_of.filter(|of| of.node == opening.node && of.channel as usize == opening.channel)?;
                return Some(call(parts.field.get(at * plane..(at + 1) * plane)?, &parts.field));
            }
            let (_, all) = parts.part(opening, kind)?;
            Some(call(all.get(at * plane..(at + 1) * plane)?, all))
        }),
    }
}

/// How the number at `cell` of the open tile comes about, and what the engine gives there.
pub fn account(state: AppState, graph: &Graph, opening: Opening, (row, col): (usize, usize)) -> Option<(Account, f32)> {
    let node = graph.nodes.get(opening.node.0)?;
    state.frame.with_value(|frame| {
        let of = |tensor| frame.view(tensor).map(|(_, numbers)| numbers);
        let inputs = node.inputs.iter().map(|feed| of(tensor_of(*feed))).collect::<Option<Vec<&[f32]>>>()?;
        let block = |make: fn(engine::ParamId) -> Tensor, range: std::ops::Range<usize>| -> Option<Vec<f32>> {
            range.map(|i| of(make(engine::ParamId(i)))).collect::<Option<Vec<_>>>().map(|all| all.concat())
        };
        let (params, kept) = (block(Tensor::Param, node.params.clone())?, block(Tensor::State, node.state.clone())?);
        let ground = Ground { inputs: &inputs, params: &params, state: &kept };
        let cell = Cell { example: 0, channel: opening.channel, row, col };
        let account = explain::parts::account(node, ground, cell);
        let place = (opening.channel * node.output.h + row) * node.output.w + col;
        Some((account, *of(Tensor::Output(node.id))?.get(place)?))
    })
}

pub fn tensor_of(feed: Feed) -> Tensor {
    match feed {
        Feed::Image => Tensor::Input,
        Feed::Node(id) => Tensor::Output(id),
    }
}

/// The places of a feed under a cell, as shares of its height and width: top, left, height, width.
fn box_under(graph: &Graph, opening: Opening, feed: Feed, (row, col): (usize, usize), h: usize, w: usize) -> Option<[f64; 4]> {
    let node = graph.nodes.get(opening.node.0)?;
    let field = if matches!(node.layer, LayerSpec::Flatten(_)) {
        None
    } else {
        figures::field_of(graph, opening.node, row, col).into_iter().find(|field| field.at == feed)
    };
    let (rows, cols) = field.map_or((0..h, 0..w), |field| (field.rows, field.cols));
    let share = |n: usize, of: usize| 100.0 * n as f64 / of.max(1) as f64;
    Some([share(rows.start, h), share(cols.start, w), share(rows.len(), h), share(cols.len(), w)])
}

/// Shows it. Pointing into a picture of the output points at its cell in all others.
pub fn picture_view(desk: Desk, picture: Picture) -> AnyView {
    let state = desk.lab.state;
    let node = NodeRef::<html::Canvas>::new();
    let own = RwSignal::new(None::<(usize, usize)>);
    let Picture { what, role, h, w, signed, label, side, leads } = picture;
    let scale = side / h.max(w) as f64;
    let (width, height) = (w as f64 * scale, h as f64 * scale);
    effect(move || {
        state.frame_tick.track();
        let (theme, shared) = (state.theme.get(), state.stage.scale.get() != Scale::Tile);
        let (Some(opening), Some(canvas)) = (desk.opening.get(), node.get()) else { return };
        with_numbers(state, opening, what, h * w, |numbers, all| {
            desk.painter.update_value(|painter| {
                painter.set_theme(theme);
                let spread = if shared { Spread::Fixed(Range::of(all)) } else { Spread::PerTile };
                painter.plane(numbers, Sheet::single(h, w), signed, spread, &canvas);
            });
        });
    });
    let value = Memo::new(move |_| {
        state.frame_tick.track();
        let cell = match role {
            Role::Output => own.get().or_else(|| desk.cell()),
            _ => own.get(),
        };
        let (opening, (row, col)) = (desk.opening.get()?, cell?);
        with_numbers(state, opening, what, h * w, |numbers, _| numbers.get(row * w + col).copied().map(number::signed)).flatten()
    });
    let marked = Memo::new(move |_| {
        let opening = desk.opening.get()?;
        let cell = desk.cell()?;
        match role {
            Role::Output => Some([100.0 * cell.0 as f64 / h as f64, 100.0 * cell.1 as f64 / w as f64, 100.0 / h as f64, 100.0 / w as f64]),
            Role::Source(feed) => state.graph.with(|graph| box_under(graph.as_deref()?, opening, feed, cell, h, w)),
            Role::Still => None,
        }
    });
    let place = move |event: &MouseEvent| -> Option<(usize, usize)> {
        let target = event.current_target()?.dyn_into::<HtmlElement>().ok()?;
        let bounds = target.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()) - bounds.left(), f64::from(event.client_y()) - bounds.top());
        let at = |v: f64, of: f64, n: usize| ((v / of.max(1.0) * n as f64).max(0.0) as usize).min(n - 1);
        Some((at(y, bounds.height(), h), at(x, bounds.width(), w)))
    };
    let point = move |event: web_sys::PointerEvent| {
        let at = place(&event);
        own.set(at);
        if role == Role::Output && desk.pointed.get_untracked() != at {
            desk.pointed.set(at);
        }
    };
    let press = move |event: MouseEvent| {
        event.stop_propagation();
        match (leads, desk.opening.get_untracked()) {
            (Some(leads), _) => desk.lab.open_tile(Some(leads)),
            (None, Some(opening)) if role == Role::Output => desk.lab.open_tile(Some(Opening { cell: place(&event), ..opening })),
            _ => {}
        }
    };
    let style = move || marked.get().map_or("display:none".to_owned(), |[t, l, h, w]| format!("top:{t}%;left:{l}%;height:{h}%;width:{w}%"));
    let hint = match (leads, role) {
        (Some(_), _) => "press to open this map",
        (None, Role::Output) => "press a cell to see its arithmetic",
        _ => "",
    };
    let name = label.clone();
    view! {
        <figure class="stage-picture">
            <div class="stage-paper" class:pressable=!hint.is_empty() style=format!("width:{width}px;height:{height}px") title=hint on:pointermove=point
                on:pointerleave=move |_| { own.set(None); if role == Role::Output { desk.pointed.set(None); } } on:click=press>
                <canvas node_ref=node role="img" aria-label=name></canvas>
                <i class="stage-box" style=style></i>
            </div>
            <figcaption><span>{label}</span><span class="number">{move || value.get().unwrap_or_default()}</span></figcaption>
        </figure>
    }
    .into_any()
}
