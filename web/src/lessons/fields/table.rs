//! The stack as a table: its settings can be changed, and size, jump and start of the fields follow.

use crate::reaction::live;
use leptos::prelude::*;

use super::{
    stack::{DILATIONS, KERNELS, Layer, MOST, STRIDES, write},
    tower::Tower,
};

fn change(tower: Tower, change: impl FnOnce(&mut Vec<Layer>)) {
    let mut layers = tower.layers.get_untracked();
    change(&mut layers);
    tower.desk.set("stack", write(&layers));
}

pub fn view(tower: Tower) -> AnyView {
    let rows = move || (1..=tower.layers.with(Vec::len)).map(|place| row(tower, place)).collect_view();
    view! {
        <table class="recurrence" data-testid="recurrence">
            <thead><tr>
                <th scope="col">"Layer"</th><th scope="col">"kernel "<i>"k"</i></th><th scope="col">"stride "<i>"s"</i></th><th scope="col">"dilation "<i>"d"</i></th>
                <th scope="col" class="name-input">"size "<i>"r"</i></th><th scope="col" class="name-kernel">"jump "<i>"j"</i></th><th scope="col">"start "<i>"a"</i></th>
            </tr></thead>
            <tbody>
                <tr><th scope="row">"Image"</th><td></td><td></td><td></td><td class="number">"1"</td><td class="number">"1"</td><td class="number">"0"</td></tr>
                {live(rows)}
            </tbody>
        </table>
        {buttons(tower)}
    }
    .into_any()
}

fn buttons(tower: Tower) -> AnyView {
    if tower.desk.hides("layers") {
        return ().into_any();
    }
    let full = move || tower.layers.with(Vec::len) >= MOST;
    let single = move || tower.layers.with(Vec::len) <= 1;
    let add = move |layer: Layer| change(tower, |l| l.push(layer));
    view! {
        <div class="figure-controls">
            <button class="quiet" data-testid="add-conv" disabled=full on:click=move |_| add(Layer::conv(3, 1, 1))>"+ convolution"</button>
            <button class="quiet" data-testid="add-pool" disabled=full on:click=move |_| add(Layer { pool: true, ..Layer::conv(2, 2, 1) })>"+ pooling"</button>
            <button class="quiet" data-testid="take-off" disabled=single on:click=move |_| change(tower, |l| { l.pop(); })>"− last layer"</button>
        </div>
    }
    .into_any()
}

fn row(tower: Tower, place: usize) -> AnyView {
    let layer = move || tower.layers.with(|l| l.get(place - 1).copied());
    let reach = move || tower.graph.with(|g| g.as_ref().ok().and_then(|g| g.nodes.get(place - 1).map(|n| n.reach)));
    let last = move || place == tower.layers.with(Vec::len);
    let hidden = move || tower.covered.get() && last();
    let number = move |n: Option<i64>| match n {
        Some(n) if n < 0 => format!("−{}", -n),
        Some(n) => n.to_string(),
        None => "–".to_owned(),
    };
    let size = move || if hidden() { "?".to_owned() } else { number(reach().map(|r| r.size[0] as i64)) };
    let name = move || {
        let kind = if layer().is_some_and(|l| l.pool) { "pooling" } else { "conv" };
        view! { <span class="place">{place}</span>" "{kind} }
    };
    let chosen = move || tower.layer.get() == place;
    let pick = move |_| tower.desk.set("layer", place);
    view! {
        <tr class:chosen=chosen data-testid=format!("row-{place}")>
            <th scope="row"><button class="row-name" on:click=pick>{live(name)}</button></th>
            <td>{number_of(tower, place, "kernel", &KERNELS)}</td>
            <td>{number_of(tower, place, "stride", &STRIDES)}</td>
            <td>{number_of(tower, place, "dilation", &DILATIONS)}</td>
            <td class="number" data-testid=format!("size-{place}")><b>{live(size)}</b></td>
            <td class="number" data-testid=format!("jump-{place}")>{move || number(reach().map(|r| r.jump[0] as i64))}</td>
            <td class="number" data-testid=format!("start-{place}")>{move || number(reach().map(|r| r.start[0]))}</td>
        </tr>
    }
    .into_any()
}

/// One of a layer's settings. A pooling has no dilation.
fn number_of(tower: Tower, place: usize, key: &'static str, values: &'static [usize]) -> AnyView {
    let held = Memo::new(move |_| tower.layers.with(|l| l.get(place - 1).map_or(1, |l| get(l, key))));
    let none = Memo::new(move |_| key == "dilation" && tower.layers.with(|l| l.get(place - 1).is_some_and(|l| l.pool)));
    if tower.desk.hides("layers") {
        return view! { <span class="number">{move || held.get()}</span> }.into_any();
    }
    let choose = move |event: web_sys::Event| {
        let value = event_target_value(&event).parse().unwrap_or(1);
        change(tower, |layers| {
            if let Some(layer) = layers.get_mut(place - 1) {
                set(layer, key, value);
            }
        });
    };
    let option = move |value: &usize| {
        let value = *value;
        view! { <option value=value selected=move || held.get() == value>{value}</option> }.into_any()
    };
    view! {
        <select data-testid=format!("{key}-{place}") aria-label=format!("{key} of layer {place}") disabled=move || none.get() prop:value=move || held.get().to_string() on:change=choose>
            {values.iter().map(option).collect_view()}
        </select>
    }
    .into_any()
}

fn get(layer: &Layer, key: &str) -> usize {
    match key {
        "kernel" => layer.kernel,
        "stride" => layer.stride,
        _ => layer.dilation,
    }
}

fn set(layer: &mut Layer, key: &str, value: usize) {
    match key {
        "kernel" => layer.kernel = value,
        "stride" => layer.stride = value,
        _ => layer.dilation = value,
    }
}
