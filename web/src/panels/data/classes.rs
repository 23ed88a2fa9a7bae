//! The classes: what each looks like in the mean, and how many there are.

use data::{CLASSES, PIXELS, SIDE};
use figures::{Range, Sheet, Spread};
use leptos::{html, prelude::*};

use super::choice::{Choice, SETS};
use crate::{
    dom::image,
    reaction::{effect, live},
    state::{app, class_names::ClassNames},
    widgets::{maps, number},
};

#[component]
pub fn Classes(choice: Choice) -> impl IntoView {
    let state = app();
    let catalogue = state.catalogue;
    // Of the sets that are looked at.
    let balance = Memo::new(move |_| {
        catalogue.tick.track();
        let mut all = [0u32; CLASSES];
        catalogue.with(|known| {
            for set in (0..SETS.len()).filter(|s| choice.set.get().is_none_or(|set| set == *s)) {
                for (sum, count) in all.iter_mut().zip(known.balance(set)) {
                    *sum += count;
                }
            }
        });
        all
    });
    view! {
        <section class="data-classes">
            <h3>"Classes"</h3>
            <p>{move || state.classes.with(|names| format!("Mean image of the training {0}s, and how many {0}s there are.", names.noun))}</p>
            <ol class:wordy=move || state.classes.with(ClassNames::is_wordy) role="radiogroup" aria-label="Class">{(0..CLASSES as u8).map(|class| row(class, choice, balance)).collect_view()}</ol>
        </section>
    }
}

fn row(class: u8, choice: Choice, balance: Memo<[u32; CLASSES]>) -> AnyView {
    let state = app();
    let node = NodeRef::<html::Canvas>::new();
    effect(move || {
        state.catalogue.tick.track();
        let map = maps::of(state.theme.get()).positive;
        let Some(canvas) = node.get() else { return };
        state.catalogue.with(|known| {
            let Some(mean) = known.means.get(usize::from(class) * PIXELS..).and_then(|m| m.get(..PIXELS)) else { return };
            let sheet = Sheet::single(SIDE, SIDE);
            let mut pixels = vec![0; sheet.size_bytes()];
            if sheet.paint(mean, &map, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), &mut pixels).is_ok() {
                image::show(&canvas, &pixels, SIDE as u32, SIDE as u32);
            }
        });
    });
    let count = move || balance.with(|b| b[usize::from(class)]);
    let share = move || balance.with(|b| f64::from(b[usize::from(class)]) / f64::from(b.iter().copied().max().unwrap_or(1).max(1)));
    let name = move || state.class_name(usize::from(class));
    let words = move || format!("Class {}: {} {}s", name(), number::grouped(u64::from(count())), state.classes.with(|names| names.noun));
    view! {
        <li role="presentation">
            <button class="data-class" role="radio" data-testid=format!("data-class-{class}") aria-label=words
                aria-checked=move || (choice.class.get() == Some(class)).to_string()
                style=format!("--class: var(--class-{class})")
                on:click=move |_| choice.class.update(|c| *c = if *c == Some(class) { None } else { Some(class) })>
                <canvas node_ref=node width="28" height="28" aria-hidden="true"></canvas>
                <b class="number">{live(name)}</b>
                <span class="data-bar"><i style:transform=move || format!("scaleX({:.4})", share())></i></span>
                <span class="number data-bar-count">{move || number::grouped(u64::from(count()))}</span>
            </button>
        </li>
    }
    .into_any()
}
