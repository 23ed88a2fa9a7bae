//! The drawing as an image to train on.

use data::{CLASSES, sheet::bytes_of};
use leptos::prelude::*;

use crate::{
    reaction::live,
    state::{Origin, app, class_names::ClassNames, lab},
};

#[component]
pub fn Keep() -> impl IntoView {
    let state = app();
    let own = state.own;
    let drawn = Memo::new(move |_| state.sample.with(|s| matches!(s.origin, Origin::Drawing(_))));
    // Beside digits and shapes they are called as those are.
    let name = move |class: usize| {
        own.tick.track();
        let source = if state.spec.with(|s| s.train.data) == data::Source::Own { data::Source::Own } else { data::Source::DigitsAndOwn };
        own.with(|own| ClassNames::of(source, own).get(class).to_owned())
    };
    let keep = move |_| {
        let image = state.sample.with_untracked(|s| bytes_of(&s.image));
        let class = own.label.get_untracked();
        let told = format!("The drawing was kept as {}.", name(usize::from(class)));
        lab().change_own(told, move |own| own.add(&image, class).map(|_| ()).map_err(|e| format!("The drawing was not kept: {e}.")));
    };
    let said = move || {
        let told = own.told.with(|t| t.as_ref().map(|(_, words)| words.clone()));
        told.filter(|_| own.len() > 0).filter(|words| words.starts_with("The drawing"))
    };
    view! {
        <div class="sample-keep">
            <button class="quiet" data-testid="keep-drawing" disabled=move || !drawn.get() title="Keep the drawing as an image to train on: workbench, Data" on:click=keep>"Keep as"</button>
            <select data-testid="keep-label" aria-label="What the drawing shows" prop:value=move || own.label.get().to_string()
                on:change=move |event| if let Ok(class) = event_target_value(&event).parse() { own.label.set(class); }>
                {(0..CLASSES).map(|c| view! { <option value=c.to_string() selected=move || usize::from(own.label.get()) == c>{move || name(c)}</option> }).collect_view()}
            </select>
            <span class="number sample-kept" data-testid="kept-count">{move || Some(own.len()).filter(|n| *n > 0).map(|n| format!("{n} kept"))}</span>
            <span class="sr-only" role="status">{live(said)}</span>
        </div>
    }
}
