//! The settings of a layer as controls, made from what the operator declares.

use engine::ops::{Control, Knob, KnobValue, PADDINGS};
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::Bench;

/// A knob of the layer at a place.
#[derive(Clone, Copy)]
struct Handle {
    bench: Bench,
    place: StoredValue<Vec<usize>>,
    knob: &'static Knob,
    value: Memo<Option<KnobValue>>,
    /// Into how many numbers it comes apart.
    sides: usize,
}

impl Handle {
    fn set(self, value: &KnobValue) {
        let model = self.bench.builder.model();
        let changed = self.place.with_value(|place| {
            let layer = self.knob.with(model.layer(place)?, value)?;
            Some((model.with_layer(place, layer)?, place.clone()))
        });
        if let Some((model, place)) = changed {
            self.bench.builder.set(model, place);
        }
    }

    fn counts(self) -> Vec<usize> {
        match self.value.get() {
            Some(KnobValue::Counts(parts)) => parts,
            _ => Vec::new(),
        }
    }

    fn set_count(self, part: usize, n: usize) {
        let mut parts = self.value.with_untracked(|v| if let Some(KnobValue::Counts(parts)) = v { parts.clone() } else { vec![0] });
        if let Some(own) = parts.get_mut(part) {
            *own = n;
        }
        self.set(&KnobValue::Counts(parts));
    }

    fn testid(self) -> String {
        format!("knob-{}", self.knob.key)
    }
}

/// One control for each knob.
pub fn view(bench: Bench, place: &[usize]) -> AnyView {
    let Some(layer) = bench.builder.model().layer(place).cloned() else { return ().into_any() };
    let place = StoredValue::new(place.to_vec());
    let knobs = layer.op().kind().knobs.iter().map(|knob| {
        let value = Memo::new(move |_| bench.builder.draft.with(|d| place.with_value(|p| d.model.layer(p).and_then(|l| knob.value(l)))));
        knob_view(Handle { bench, place, knob, value, sides: knob.sides(&layer) })
    });
    view! { <div class="network-knobs">{knobs.collect_view()}</div> }.into_any()
}

fn knob_view(handle: Handle) -> AnyView {
    let label = handle.knob.label;
    let control = match handle.knob.control {
        Control::Count { least, most } => counts_view(handle, least, most),
        Control::Padding { most } => padding_view(handle, most),
        Control::Ratio { least, most, step } => ratio_view(handle, least, most, step),
        Control::Choice(names) => words_view(handle, names),
        Control::Switch => switch_view(handle),
    };
    view! { <div class="network-knob" role="group" aria-label=label><span class="network-label">{label}</span>{control}</div> }.into_any()
}

/// One number, or one for each side.
fn counts_view(handle: Handle, least: usize, most: usize) -> AnyView {
    let count = Memo::new(move |_| handle.counts().len());
    let names: &'static [&'static str] = match handle.sides {
        2 => &["rows", "columns"],
        4 => &["top", "bottom", "left", "right"],
        _ => &[""],
    };
    let split = move |_| {
        let parts = handle.counts();
        let value = if parts.len() > 1 { vec![parts[0]] } else { vec![parts.first().copied().unwrap_or(least); handle.sides] };
        handle.set(&KnobValue::Counts(value));
    };
    let apart = move || count.get() > 1;
    view! {
        <span class="network-counts">
            {move || {
                let count = count.get();
                (0..count).map(|part| stepper(handle, part, if count > 1 { names.get(part).copied().unwrap_or_default() } else { "" }, least, most)).collect_view()
            }}
            {(handle.sides > 1).then(|| view! {
                <button class="network-split" data-testid=format!("{}-split", handle.testid()) aria-pressed=move || apart().to_string()
                    title=if handle.sides == 2 { "rows and columns apart" } else { "each side for itself" } aria-label=if handle.sides == 2 { "Rows and columns apart" } else { "Each side for itself" }
                    on:click=split>{move || if apart() { "=" } else { "≠" }}</button>
            })}
        </span>
    }
    .into_any()
}

fn stepper(handle: Handle, part: usize, side: &'static str, least: usize, most: usize) -> AnyView {
    let value = move || handle.counts().get(part).copied().unwrap_or_default();
    let turn = move |by: isize| handle.set_count(part, value().saturating_add_signed(by).clamp(least, most));
    let testid = if part == 0 { handle.testid() } else { format!("{}-{part}", handle.testid()) };
    let keys = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowUp" => 1,
            "ArrowDown" => -1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        turn(by);
    };
    let label = if side.is_empty() { handle.knob.label.to_owned() } else { format!("{}, {side}", handle.knob.label) };
    let typed = move |text: String| {
        if let Ok(n) = text.trim().parse() {
            handle.set_count(part, n);
        }
    };
    view! {
        <span class="network-stepper" title=side>
            <button tabindex="-1" aria-label=format!("{label}: less") disabled=move || { value() <= least } on:click=move |_| turn(-1)>"−"</button>
            <input class="number" type="text" inputmode="numeric" autocomplete="off" aria-label=label.clone() data-testid=testid
                prop:value=move || value().to_string() on:keydown=keys on:change=move |event| typed(event_target_value(&event))/>
            <button tabindex="-1" aria-label=format!("{label}: more") disabled=move || { value() >= most } on:click=move |_| turn(1)>"+"</button>
        </span>
    }
    .into_any()
}

/// A convention by name, or numbers.
fn padding_view(handle: Handle, most: usize) -> AnyView {
    let word = Memo::new(move |_| if let Some(KnobValue::Word(word)) = handle.value.get() { Some(word) } else { None });
    let by_number = move || word.with(Option::is_none);
    view! {
        <span class="network-padding">
            <span class="choice" role="radiogroup" aria-label="Padding by">
                <button role="radio" data-testid="knob-pad-number" aria-checked=move || by_number().to_string()
                    on:click=move |_| if !by_number() { handle.set(&KnobValue::Counts(vec![0])); }>"pixels"</button>
                {PADDINGS.iter().map(|name| radio(handle, name)).collect_view()}
            </span>
            {move || by_number().then(|| counts_view(handle, 0, most))}
        </span>
    }
    .into_any()
}

fn words_view(handle: Handle, names: &'static [&'static str]) -> AnyView {
    view! { <span class="choice" role="radiogroup" aria-label=handle.knob.label>{names.iter().map(|name| radio(handle, name)).collect_view()}</span> }.into_any()
}

fn radio(handle: Handle, name: &'static str) -> AnyView {
    let chosen = move || handle.value.with(|v| matches!(v, Some(KnobValue::Word(word)) if word == name));
    view! {
        <button role="radio" data-testid=format!("{}-{name}", handle.testid()) aria-checked=move || chosen().to_string()
            on:click=move |_| handle.set(&KnobValue::Word(name.to_owned()))>{name}</button>
    }
    .into_any()
}

fn ratio_view(handle: Handle, least: f32, most: f32, step: f32) -> AnyView {
    let value = move || if let Some(KnobValue::Ratio(x)) = handle.value.get() { x } else { 0.0 };
    // Steps on a grid, so that thirds of a step do not pile up.
    let turn = move |by: f32| handle.set(&KnobValue::Ratio((((value() / step).round() + by) * step).clamp(least, most)));
    let typed = move |text: String| {
        if let Ok(x) = text.trim().replace(',', ".").parse() {
            handle.set(&KnobValue::Ratio(x));
        }
    };
    let keys = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowUp" => 1.0,
            "ArrowDown" => -1.0,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        turn(by);
    };
    let label = handle.knob.label;
    view! {
        <span class="network-stepper wide">
            <button tabindex="-1" aria-label=format!("{label}: less") disabled=move || { value() <= least } on:click=move |_| turn(-1.0)>"−"</button>
            <input class="number" type="text" inputmode="decimal" autocomplete="off" aria-label=label data-testid=handle.testid()
                prop:value=move || ratio(value()) on:keydown=keys on:change=move |event| typed(event_target_value(&event))/>
            <button tabindex="-1" aria-label=format!("{label}: more") disabled=move || { value() >= most } on:click=move |_| turn(1.0)>"+"</button>
        </span>
    }
    .into_any()
}

/// In the shortest digits that give the number back; small ones with an exponent.
fn ratio(x: f32) -> String {
    if x != 0.0 && x.abs() < 1e-3 { format!("{x:e}") } else { x.to_string() }
}

fn switch_view(handle: Handle) -> AnyView {
    let on = move || handle.value.get() == Some(KnobValue::Switch(true));
    view! {
        <label class="switch">
            <input type="checkbox" data-testid=handle.testid() aria-label=handle.knob.label prop:checked=on
                on:change=move |event| handle.set(&KnobValue::Switch(event_target_checked(&event)))/>
        </label>
    }
    .into_any()
}
