//! A tile opened into its parts, and a cell of it into its arithmetic.

use engine::{
    Graph, LayerSpec, Node, ParamId, Tensor,
    graph::Feed,
    ops::{
        Family, ParamRole, Signs,
        account::{Cell, Form, Ground, PartKind},
    },
};
use leptos::{html, prelude::*};

use crate::reaction::{effect, live};
use web_sys::{KeyboardEvent, MouseEvent};

use super::{
    arithmetic::{Arithmetic, before_flatten, name_of},
    crumbs::{Crumbs, step},
    model::passes_on,
    picture::{Desk, Picture, Role, What, picture_view, tensor_of},
    pieces::{Facts, Field, bars_view, curve_view, number_view},
    view::watch_tile,
};
use crate::{
    dom::media,
    state::{app, stage::Opening as Place},
};

/// Input channels that are shown at once.
pub const PAGE: usize = 6;

/// Of so few inputs a join is written in one line.
const IN_LINE: usize = 4;

/// Something in a line of parts.
#[derive(Clone, Debug)]
pub enum Item {
    Picture(Picture),
    Sign(&'static str),
    /// A curve with the point on it; bars.
    Curve,
    Bars,
}

#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// One for each input channel: these stand below each other.
    pub lines: Vec<Vec<Item>>,
    /// What comes of all of them.
    pub tail: Vec<Item>,
    /// Input channels that there are.
    pub count: usize,
}

/// What a tile is made of. By what is known of the layer alone: a new operator needs nothing here.
pub fn sheet(graph: &Graph, opening: Place, page: usize, side: f64) -> Option<Sheet> {
    let node = graph.nodes.get(opening.node.0)?;
    let (out, channel) = (node.output, opening.channel);
    let signed = |node: &Node| is_signed(graph, node);
    let picture = |what, role, h, w, label: String, leads, signed| Item::Picture(Picture { what, role, h, w, signed, label, side, leads });
    let source = |k: usize, c: usize| {
        let feed = node.inputs[k];
        let shape = node.shapes().nth(k).unwrap_or(node.input);
        let (leads, plus) = match feed {
            Feed::Image => (None, false),
            Feed::Node(id) => (Some(Place { node: id, channel: c, cell: None }), graph.nodes.get(id.0).is_some_and(signed)),
        };
        picture(
            What::Plane(tensor_of(feed), c),
            Role::Source(feed),
            shape.h,
            shape.w,
            format!("{} {}", name_of(graph, feed), c + 1),
            leads,
            plus,
        )
    };
    let part = |kind, at, h, w, label: &str, role| picture(What::Part(kind, at), role, h, w, label.to_owned(), None, true);
    let own = picture(
        What::Plane(Tensor::Output(node.id), channel),
        Role::Output,
        out.h,
        out.w,
        format!("{} {}", node.name, channel + 1),
        None,
        signed(node),
    );
    let mut sheet = Sheet::default();
    let weight = node.params.clone().find(|i| graph.params[*i].role == ParamRole::Weight && graph.params[*i].dims.len() == 4);
    let sources = figures::sources_of(node, channel);
    if let Some(weight) = weight {
        let dims = &graph.params[weight].dims;
        let channels = sources.first().cloned().unwrap_or_default();
        sheet.count = channels.len();
        for (k, c) in channels.clone().enumerate().skip(page * PAGE).take(PAGE) {
            // A transposed convolution's weight has the input channel first.
            let at =
                if matches!(node.layer, LayerSpec::ConvTranspose2d(_)) { c * dims[1] + channel % dims[1] } else { channel * dims[1] + k };
            let kernel = picture(
                What::Plane(Tensor::Param(ParamId(weight)), at),
                Role::Still,
                dims[2],
                dims[3],
                format!("kernel {}", k + 1),
                None,
                true,
            );
            let product = part(PartKind::Products, k, out.h, out.w, "product", Role::Output);
            sheet.lines.push(vec![source(0, c), Item::Sign("∗"), kernel, Item::Sign("="), product]);
        }
        sheet.tail = vec![Item::Sign("Σ"), part(PartKind::Sum, 0, out.h, out.w, "sum of all", Role::Output)];
        sheet.tail.push(Item::Sign(if node.params.len() > 1 { "+ b" } else { "=" }));
    } else if let LayerSpec::Dense(_) = node.layer {
        let shape = node.inputs.first().and_then(|feed| before_flatten(graph, *feed)).unwrap_or(node.input);
        let count = if shape.is_flat() { 1 } else { shape.ch };
        let (h, w) = if shape.is_flat() { (1, shape.ch) } else { (shape.h, shape.w) };
        sheet.count = count;
        for c in (0..count).skip(page * PAGE).take(PAGE) {
            let label = if shape.is_flat() { "weight × input".to_owned() } else { format!("weight × map {}", c + 1) };
            sheet.lines.push(vec![picture(What::Part(PartKind::Products, c), Role::Still, h, w, label, None, true)]);
        }
        sheet.tail = vec![Item::Sign("Σ + b")];
    } else {
        let mut all: Vec<Item> = Vec::new();
        for (k, channels) in sources.iter().enumerate() {
            sheet.count = sheet.count.max(channels.len());
            all.extend(channels.clone().skip(page * PAGE).take(PAGE).map(|c| source(k, c)));
        }
        match between(&node.layer) {
            // Few enough to stand in one line as one would write them.
            Some((sign, end)) if all.len() <= IN_LINE => {
                sheet.lines.push(all.into_iter().flat_map(|item| [Item::Sign(sign), item]).skip(1).collect());
                sheet.tail = vec![Item::Sign(end)];
            }
            Some((sign, end)) => {
                sheet.lines.extend(all.into_iter().map(|item| vec![item, Item::Sign(sign)]));
                sheet.tail = vec![Item::Sign(end)];
            }
            None => {
                sheet.lines.extend(all.into_iter().map(|item| vec![item]));
                sheet.tail = vec![Item::Sign("→")];
            }
        }
    }
    let probe = explain::parts::account(node, Ground { inputs: &[&[]], params: &[], state: &[] }, Cell { channel, ..Cell::default() });
    match probe.form {
        Form::Function(_) => sheet.tail.extend([Item::Curve, Item::Sign("→")]),
        Form::Standardised { affine, .. } => {
            sheet.tail.push(part(PartKind::Standardised, 0, out.h, out.w, "(x − μ) / σ", Role::Output));
            sheet.tail.push(Item::Sign(if affine.is_some() { "· γ + β" } else { "=" }));
        }
        // Of each box the number that wins, in its place.
        Form::Largest if sources.len() == 1 && sources[0].len() == 1 && !node.input.is_flat() => {
            let what = What::Winners(tensor_of(node.inputs[0]), sources[0].start);
            sheet.tail.push(picture(
                what,
                Role::Source(node.inputs[0]),
                node.input.h,
                node.input.w,
                "what wins".to_owned(),
                None,
                signed(node),
            ));
            sheet.tail.push(Item::Sign("→"));
        }
        Form::Share { .. } => sheet.tail.extend([Item::Bars, Item::Sign("→")]),
        // Of each box first the sum.
        Form::Mean { .. } | Form::Norm { .. } if node.layer.op().kind().family == Family::Pooling && sources.len() == 1 => {
            let (sign, what, end) = match probe.form {
                Form::Norm { .. } => ("Σ|x|ᵖ", "sum of each box", "ᵖ√"),
                _ => ("Σ", "sum of each box", "÷ n"),
            };
            sheet.tail = vec![Item::Sign(sign), part(PartKind::Sum, 0, out.h, out.w, what, Role::Output), Item::Sign(end)];
        }
        _ => {}
    }
    sheet.tail.push(own);
    // The function that follows belongs to what one wants to see.
    let after = graph.nodes.iter().find(|n| {
        n.inputs == [Feed::Node(node.id)] && weight.is_some() && n.output == out && !n.layer.op().kind().mixes && n.params.is_empty()
    });
    if let Some(after) = after.filter(|n| !passes_on(n)) {
        sheet.tail.push(Item::Sign("→"));
        let leads = Some(Place { node: after.id, channel, cell: None });
        sheet.tail.push(picture(
            What::Plane(Tensor::Output(after.id), channel),
            Role::Output,
            out.h,
            out.w,
            after.name.clone(),
            leads,
            signed(after),
        ));
    }
    Some(sheet)
}

/// What stands between the maps that a join takes in, and before what it gives.
fn between(layer: &LayerSpec) -> Option<(&'static str, &'static str)> {
    match layer {
        LayerSpec::Scale(_) => Some(("×", "=")),
        LayerSpec::Add(_) => Some(("+", "=")),
        _ => None,
    }
}

/// What pictures alone do not say.
fn note(graph: &Graph, node: &Node, channel: usize) -> Option<String> {
    match node.layer {
        LayerSpec::Concat(_) => {
            let sources = figures::sources_of(node, channel);
            let (branch, own) = sources.iter().enumerate().find(|(_, channels)| !channels.is_empty())?;
            let (from, count) = (node.inputs.get(branch)?, node.shapes().nth(branch)?.ch);
            let (name, branches) = (name_of(graph, *from), node.inputs.len());
            let place = own.start + 1;
            Some(format!(
                "Maps of the branches are stacked. This one is map {place} of {count} of {name}, which branch {} of {branches} gives: it is handed on as it is.",
                branch + 1
            ))
        }
        LayerSpec::Scale(_) => {
            let gate = node.shapes().nth(1)?;
            let reach = match (gate.ch > 1, gate.plane() > 1) {
                (true, false) => "one number for each map",
                (false, true) => "one number for each place, the same for all maps",
                (false, false) => "one number for everything",
                (true, true) => "one number for each place of each map",
            };
            Some(format!("The gate has {reach}: 0 shuts, 1 lets through."))
        }
        LayerSpec::Add(_) => Some(
            "Place by place: each branch adds to what the others give, and the gradient goes back to all of them unchanged.".to_owned(),
        ),
        LayerSpec::Dropout(_) | LayerSpec::Dropout2d(_) | LayerSpec::StochasticDepth(_) => {
            Some("Drops only while it trains; here the network is asked, and everything goes through.".to_owned())
        }
        LayerSpec::Flatten(_) => Some("The same numbers in one long row: nothing is computed.".to_owned()),
        LayerSpec::UpsampleNearest2d(_) => Some("Each number stands in several places: nothing is computed.".to_owned()),
        LayerSpec::UpsampleBilinear2d(_) => {
            Some("Between the numbers of the input lie weighted means of the four that are nearest.".to_owned())
        }
        _ => None,
    }
}

/// Whether numbers of the layer can be negative.
fn is_signed(graph: &Graph, node: &Node) -> bool {
    match node.layer.op().kind().signs {
        Signs::Both => true,
        Signs::Positive => false,
        Signs::AsInput => node.inputs.iter().any(|feed| match feed {
            Feed::Image => false,
            Feed::Node(id) => graph.nodes.get(id.0).is_some_and(|before| is_signed(graph, before)),
        }),
    }
}

#[component]
pub fn Opened() -> impl IntoView {
    let state = app();
    watch_tile();
    let opening = Memo::new(move |_| state.stage.opening.get());
    let desk = Desk::new(opening);
    let tile = Memo::new(move |_| opening.get().map(|o| (o.node, o.channel)));
    let page = RwSignal::new(0_usize);
    Effect::new(move |before: Option<Option<engine::NodeId>>| {
        let node = tile.get().map(|t| t.0);
        if before.is_some_and(|before| before != node) {
            page.set(0);
        }
        node
    });
    let whole = NodeRef::<html::Div>::new();
    // Keys work at once.
    effect(move || {
        if let Some(element) = whole.get() {
            let _ = element.focus();
            // On a phone the stage lies below the drawing, and focus brings no more than its head into view.
            if media::matches(media::NARROW) {
                element.scroll_into_view();
            }
        }
    });
    let body = move || {
        let (node, channel) = tile.get()?;
        let page = page.get();
        state.graph.with(|graph| Some(body_view(desk, graph.as_deref()?, Place { node, channel, cell: None }, page)))
    };
    let shown = move || opening.get().is_some_and(|o| o.cell.is_some());
    view! {
        <div class="stage-open" node_ref=whole tabindex="0" role="group" data-testid="opened"
            aria-label="A map and what it is made of. Arrows choose a cell, Enter shows its arithmetic, Escape goes back up."
            on:keydown=move |event| keys(desk, &event) on:click=move |_| desk.lab.close_tile()>
            <Crumbs desk page/>
            <div class="stage-inside" class:split=shown tabindex="0" role="group" aria-label="What the map is made of">
                <div class="stage-parts" class:beside=shown tabindex=move || if shown() { "0" } else { "-1" } role="group" aria-label="Its parts">{live(body)}</div>
                <Show when=shown><div on:click=move |event: MouseEvent| event.stop_propagation()><Arithmetic desk/></div></Show>
            </div>
        </div>
    }
}

fn keys(desk: Desk, event: &KeyboardEvent) {
    let Some(opening) = desk.opening.get_untracked() else { return };
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let key = event.key();
    let from_button =
        event.target().and_then(|t| wasm_bindgen::JsCast::dyn_into::<web_sys::Element>(t).ok()).is_some_and(|t| t.tag_name() == "BUTTON");
    let out = desk.lab.state.graph.with_untracked(|graph| graph.as_deref().and_then(|g| g.nodes.get(opening.node.0)).map(|n| n.output));
    let Some(out) = out else { return };
    let at = opening.cell.or(desk.pointed.get_untracked());
    let moved = |down: i32, right: i32| {
        let (row, col) = at.unwrap_or((out.h / 2, out.w / 2));
        let on = |v: usize, by: i32, n: usize| (v as i32 + if at.is_some() { by } else { 0 }).clamp(0, n as i32 - 1) as usize;
        (on(row, down, out.h), on(col, right, out.w))
    };
    match key.as_str() {
        "Escape" => desk.lab.close_tile(),
        "Enter" if !from_button => {
            if opening.cell.is_none() {
                desk.lab.open_tile(Some(Place { cell: Some(moved(0, 0)), ..opening }));
            }
        }
        "[" => step(desk, 0, -1),
        "]" => step(desk, 0, 1),
        "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight" => {
            let cell = match key.as_str() {
                "ArrowUp" => moved(-1, 0),
                "ArrowDown" => moved(1, 0),
                "ArrowLeft" => moved(0, -1),
                _ => moved(0, 1),
            };
            if opening.cell.is_some() {
                desk.lab.open_tile(Some(Place { cell: Some(cell), ..opening }));
            } else {
                desk.pointed.set(Some(cell));
            }
        }
        _ => return,
    }
    event.prevent_default();
    event.stop_propagation();
}

fn body_view(desk: Desk, graph: &Graph, opening: Place, page: usize) -> AnyView {
    let Some(node) = graph.nodes.get(opening.node.0) else { return ().into_any() };
    let few = figures::sources_of(node, opening.channel).iter().map(ExactSizeIterator::len).sum::<usize>() == 1;
    let flat = node.output.is_flat();
    let joined = between(&node.layer).is_some() && node.inputs.len() <= IN_LINE;
    // With its kernel and all that follows, a convolution of one map just fills a line.
    let side = match (few, joined) {
        _ if flat => 84.0,
        (true, _) if !node.params.is_empty() => 118.0,
        (true, _) | (_, true) => 148.0,
        _ => 84.0,
    };
    // From the back of a hall it is seen too.
    let width = crate::dom::window().and_then(|w| w.inner_width().ok()).and_then(|w| w.as_f64()).unwrap_or(0.0);
    let side = if width >= 1_600.0 { 1.5 * side } else { side };
    let Some(sheet) = sheet(graph, opening, page, side) else { return ().into_any() };
    let show = move |item: Item| match item {
        Item::Picture(picture) if picture.h * picture.w == 1 => number_view(desk, &picture),
        Item::Picture(picture) => picture_view(desk, picture),
        Item::Sign(sign) => view! { <span class="stage-sign">{sign}</span> }.into_any(),
        Item::Curve => curve_view(desk),
        Item::Bars => bars_view(desk),
    };
    let lines = sheet
        .lines
        .into_iter()
        .map(|line| view! { <div class="stage-line">{line.into_iter().map(show).collect_view()}</div> })
        .collect_view();
    let tail = sheet.tail.into_iter().map(show).collect_view();
    let note = note(graph, node, opening.channel).map(|words| view! { <p class="stage-note said" data-testid="part-note">{words}</p> });
    view! {
        <div class="stage-sheet">
            <div class="stage-lines-of" class:flat=flat>{lines}</div>
            <div class="stage-line">{tail}</div>
        </div>
        {note}
        <Facts desk/>
        <Field desk/>
    }
    .into_any()
}
