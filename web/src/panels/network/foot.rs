//! Under the list: what the network costs in all, against the one that runs, and how its weights begin.

use engine::{Init, Setting};
use leptos::prelude::*;

use super::{Bench, list::bytes, rows::Total};
use crate::{reaction::live, state::app, widgets::number};

#[component]
pub fn Totals(bench: Bench) -> impl IntoView {
    let state = app();
    let running = Memo::new(move |_| {
        state.spec.with(|run| {
            let draft = engine::Draft::of(&run.model, data::CLASSES);
            Total::of(&draft.nodes, &draft, run.train.batch)
        })
    });
    let total = Memo::new(move |_| bench.list.with(|list| list.total));
    let whole = Memo::new(move |_| bench.list.with(|list| list.wrong.is_none() && list.rows.iter().all(|row| !row.is_wrong())));
    let gone = Memo::new(move |_| bench.list.with(|list| list.gone));
    let part = move |what: &'static str, testid: &'static str, of: fn(&Total) -> u64, show: fn(u64) -> String| {
        let change = move || {
            let (now, then) = (of(&total.get()), of(&running.get()));
            let sign = if now > then { "+" } else { "−" };
            (now != then && whole.get()).then(|| format!("{sign}{}", show(now.abs_diff(then))))
        };
        view! {
            <div><dd class="number" data-testid=testid>{move || show(of(&total.get()))}<small>{live(change)}</small></dd><dt>{what}</dt></div>
        }
        .into_any()
    };
    view! {
        <dl class="network-totals" aria-label="The network in all">
            {part("weights", "total-weights", |t| t.weights as u64, number::grouped)}
            {part("multiply-adds", "total-work", |t| t.multiply_adds, |n| number::large(n as f64))}
            {part("a training step", "total-memory", |t| t.memory_bytes as u64, |n| bytes(n as usize))}
            {move || (gone.get() > 0).then(|| view! {
                <div><dd class="number" data-testid="layers-gone">{move || gone.get()}</dd><dt>{move || if gone.get() == 1 { "layer gone" } else { "layers gone" }}</dt></div>
            })}
            {move || (!whole.get()).then(|| view! { <div><dd>"…"</dd><dt>"as far as it holds together"</dt></div> })}
        </dl>
        {init_view(bench)}
    }
}

fn init_view(bench: Bench) -> AnyView {
    let draft = bench.builder.draft;
    let chosen = Memo::new(move |_| draft.with(|d| d.model.init.name()));
    let choose = move |event| {
        let name = event_target_value(&event);
        if let Some(init) = Init::ALL.into_iter().find(|init| init.name() == name) {
            draft.update(|d| d.model.init = init);
        }
    };
    view! {
        <div class="network-init">
            <label><span>"First weights"</span>
                <select data-testid="network-init" prop:value=move || chosen.get() on:change=choose>
                    {Init::ALL.iter().map(|init| view! { <option value=init.name() selected=move || chosen.get() == init.name()>{init.label()}</option> }).collect_view()}
                </select>
            </label>
            {move || {
                chosen.track();
                draft.with_untracked(|d| d.model.init.settings()).iter().map(|setting| number_view(bench, setting)).collect_view()
            }}
        </div>
    }
    .into_any()
}

fn number_view(bench: Bench, setting: &'static Setting) -> AnyView {
    let draft = bench.builder.draft;
    let value = move || draft.with(|d| setting.value(&d.model.init)).unwrap_or_default() as f32;
    let typed = move |text: String| {
        if let Ok(value) = text.trim().parse() {
            draft.update(|d| {
                if let Some(init) = setting.with(&d.model.init, value) {
                    d.model.init = init;
                }
            });
        }
    };
    view! {
        <label><span>{setting.label}</span>
            <input class="number" type="text" inputmode="decimal" autocomplete="off" data-testid="network-init-number" prop:value=move || value().to_string()
                on:change=move |event| typed(event_target_value(&event))/>
        </label>
    }
    .into_any()
}
