//! The list of layers: a tree that arrows walk, with costs, marks and what is wrong.

use engine::{Repair, kept::Likeness, ops::Family};
use leptos::prelude::*;

use crate::reaction::effect;
use web_sys::{KeyboardEvent, PointerEvent};

use super::{
    Bench,
    drag::{Held, Side},
    rows::{Facts, Item, Layer, Row, Wrong},
    shape,
};
use crate::widgets::{
    icon::{Glyph, Icon},
    number,
};

#[component]
pub fn Layers(bench: Bench) -> impl IntoView {
    let node = bench.tree;
    let builder = bench.builder;
    let chosen_id = move || {
        let place = builder.place.get();
        (!place.is_empty()).then(|| row_id(&place))
    };
    // What is chosen by key is brought into view.
    effect(move || {
        let place = builder.place.get();
        bench.list.track();
        if let Some(row) = crate::dom::document().and_then(|d| d.get_element_by_id(&row_id(&place))) {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            row.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    view! {
        <ul class="network-list" role="tree" tabindex="0" node_ref=node data-testid="layers" aria-label="Layers, from the image to the scores"
            aria-activedescendant=chosen_id on:keydown=move |event| { if press(bench, &event) { event.prevent_default(); event.stop_propagation(); } }>
            {move || bench.list.with(|list| list.rows.iter().enumerate().map(|(index, row)| row_view(bench, index, row)).collect_view())}
        </ul>
        {move || bench.list.with(|list| list.rows.is_empty().then(|| empty_view(bench)))}
        {move || bench.list.with(|list| list.wrong.clone().map(|wrong| wrong_view(bench, wrong, "network-wrong whole")))}
    }
}

fn empty_view(bench: Bench) -> AnyView {
    view! {
        <p class="network-empty" class:above=move || bench.target.get().is_some()>
            "No layers yet. Add one from the list beside, or press Enter and type its name."
        </p>
    }
    .into_any()
}

pub fn row_id(place: &[usize]) -> String {
    let parts: Vec<String> = place.iter().map(ToString::to_string).collect();
    format!("layer-{}", parts.join("-"))
}

/// Whether the key meant something.
fn press(bench: Bench, event: &KeyboardEvent) -> bool {
    let builder = bench.builder;
    let (alt, ctrl) = (event.alt_key(), event.ctrl_key() || event.meta_key());
    match event.key().as_str() {
        "ArrowDown" if alt => builder.shift(false),
        "ArrowUp" if alt => builder.shift(true),
        "ArrowDown" => builder.step(1),
        "ArrowUp" => builder.step(-1),
        "Home" => builder.step(-10_000),
        "End" => builder.step(10_000),
        "Enter" | "Insert" => bench.seek(),
        "Delete" | "Backspace" => builder.remove(),
        "d" | "D" if ctrl => builder.duplicate(),
        "ArrowRight" | "F2" => bench.enter_settings(),
        _ => return false,
    }
    true
}

fn row_view(bench: Bench, index: usize, row: &Row) -> AnyView {
    let place = row.place.clone();
    let is_chosen = Memo::new(move |_| bench.builder.place.with(|p| *p == place));
    let side = Memo::new(move |_| bench.target.get().filter(|t| t.row == index).map(|t| t.side));
    let place = row.place.clone();
    let choose = move |_| {
        bench.builder.place.set(place.clone());
        bench.focus_list();
    };
    let (class, content) = match &row.item {
        Item::Branch { number, is_empty } => ("network-row branch", branch_view(*number, *is_empty)),
        Item::Layer(layer) => ("network-row", layer_view(bench, &row.place, layer)),
    };
    let wrong = if let Item::Layer(layer) = &row.item { layer.wrong.clone() } else { None };
    let is_wrong = wrong.is_some();
    view! {
        <li class=class class:wrong=is_wrong class:chosen=is_chosen class:above=move || side.get() == Some(Side::Above) class:below=move || side.get() == Some(Side::Below)
            role="treeitem" id=row_id(&row.place) data-testid=row_id(&row.place) data-row=index attr:aria-level=(row.depth + 1).to_string()
            aria-selected=move || is_chosen.get().to_string() style=format!("--depth: {}", row.depth) on:click=choose>
            {content}
            {wrong.map(|wrong| wrong_view(bench, wrong, "network-wrong"))}
        </li>
    }
    .into_any()
}

fn branch_view(number: usize, is_empty: bool) -> AnyView {
    view! { <span class="network-branch">{format!("branch {number}")}{is_empty.then_some(", hands on what reaches the join")}</span> }
        .into_any()
}

fn layer_view(bench: Bench, place: &[usize], layer: &Layer) -> AnyView {
    let mark = match layer.likeness {
        Likeness::Same => None,
        Likeness::Changed => Some(("network-mark changed", "changed")),
        Likeness::New => Some(("network-mark new", "new")),
    };
    let name = layer.facts.as_ref().map(|f| f.name.clone());
    view! {
        <div class="network-line">
            {grip_view(bench, place, layer.family)}
            <span class="network-what">
                <b>{layer.title}</b>
                <span class="network-brief number">{layer.brief.clone()}</span>
                {mark.map(|(class, word)| view! { <i class=class>{word}</i> })}
            </span>
            {facts_view(layer.facts.as_ref())}
            <span class="sr-only">{name}</span>
        </div>
    }
    .into_any()
}

/// Where a layer is taken hold of.
fn grip_view(bench: Bench, place: &[usize], family: Family) -> AnyView {
    let place = place.to_vec();
    let down = move |event: PointerEvent| bench.hold(Held::Layer(place.clone()), &event);
    view! {
        <span class="network-grip" aria-hidden="true" title="Drag to move" on:pointerdown=down on:pointermove=move |e| bench.pull(&e)
            on:pointerup=move |_| { bench.drop(); } on:pointercancel=move |_| bench.let_go()>
            {shape::glyph(shape::path(family))}
        </span>
    }
    .into_any()
}

fn facts_view(facts: Option<&Facts>) -> AnyView {
    let Some(facts) = facts else {
        return view! { <span class="network-out number" aria-label="shape unknown">"–"</span> }.into_any();
    };
    let weights = if facts.weights > 0 { number::large(facts.weights as f64) } else { String::new() };
    let work = if facts.multiply_adds > 0 { number::large(facts.multiply_adds as f64) } else { String::new() };
    view! {
        <span class="network-out number" title="what it gives: channels × rows × columns">{shape::drawing(facts.output)}{facts.output.to_string()}</span>
        <span class="network-share number" title="weights">{weights}{bar("weights", facts.weights_share)}</span>
        <span class="network-share network-work number" title="multiply-adds for one image">{work}{bar("work", facts.work_share)}</span>
        <span class="network-memory number" title="memory in a training step">{bytes(facts.memory_bytes)}</span>
        <span class="network-sees number" title="rows and columns of the image that one number sees; step between neighbours">
            {format!("{}×{}", facts.sees[0], facts.sees[1])}<small>{jump(facts.jump)}</small>
        </span>
    }
    .into_any()
}

fn bar(class: &'static str, share: f64) -> AnyView {
    view! { <i class=format!("network-bar {class}") style=format!("--share: {:.1}%", 100.0 * share)></i> }.into_any()
}

fn jump([h, w]: [usize; 2]) -> String {
    match (h, w) {
        // Behind a dense layer there are no neighbours.
        (0, 0) => String::new(),
        _ if h == w => format!(" /{h}"),
        _ => format!(" /{h}×{w}"),
    }
}

pub fn bytes(n: usize) -> String {
    match n as f64 {
        n if n >= 1_048_576.0 => format!("{} MiB", number::short(n / 1_048_576.0)),
        n => format!("{} KiB", number::short(n / 1024.0)),
    }
}

fn wrong_view(bench: Bench, Wrong { words, repairs }: Wrong, class: &'static str) -> AnyView {
    view! {
        <div class=class role="alert" data-testid="wrong">
            <p>{words}"."</p>
            <div class="network-repairs">
                {repairs.into_iter().enumerate().map(|(index, repair)| repair_view(bench, index, repair)).collect_view()}
            </div>
        </div>
    }
    .into_any()
}

fn repair_view(bench: Bench, index: usize, repair: Repair) -> AnyView {
    let words = repair.words.clone();
    let mend = move |event: web_sys::MouseEvent| {
        event.stop_propagation();
        bench.builder.mend(&repair);
        bench.focus_list();
    };
    view! {
        <button class="network-repair" data-testid=format!("repair-{index}") on:click=mend>
            <Icon glyph=Glyph::Mend/>{words}
        </button>
    }
    .into_any()
}
