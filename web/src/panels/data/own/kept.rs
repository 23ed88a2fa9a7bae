//! What is kept: how many of each class, their names, each with its class, and ways to be rid of them.

use data::CLASSES;
use leptos::{html, prelude::*};

use super::candidates::{own_name, paint};
use crate::{
    reaction::{effect, live},
    state::{app, lab},
    widgets::maps,
};

/// Of the class that is looked at, the newest.
const SHOWN: usize = 60;

pub fn view() -> AnyView {
    let own = app().own;
    let open = RwSignal::new(None::<u8>);
    let list = move || {
        (own.len() > 0).then(|| {
            view! {
                <ol class="own-classes" data-testid="own-classes">{(0..CLASSES as u8).map(|class| class_view(class, open)).collect_view()}</ol>
                <p class="own-actions">
                    <span class="number" data-testid="own-total">{format!("{} of at most {} images", own.len(), data::own::MOST)}</span>
                    <button class="quiet" data-testid="own-delete-all" on:click=move |_| delete("All images were deleted.".to_owned(), |_, _| true)>"Delete all"</button>
                </p>
                {move || open.get().map(images_view)}
            }
            .into_any()
        })
    };
    view! { {live(list)} }.into_any()
}

fn delete(told: String, unwanted: impl Fn(u32, u8) -> bool + Clone + 'static) {
    lab().change_own(told, move |own| {
        own.delete(&unwanted);
        Ok(())
    });
}

fn class_view(class: u8, open: RwSignal<Option<u8>>) -> AnyView {
    let own = app().own;
    let count = move || own.counts()[usize::from(class)];
    let rename = move |event| {
        let name: String = event_target_value(&event).trim().chars().take(data::own::NAME_LIMIT).collect();
        lab().change_own(format!("Class {class} is called {name} where only your images are trained on."), move |own| {
            own.names[usize::from(class)].clone_from(&name);
            Ok(())
        });
    };
    view! {
        <li style=format!("--class: var(--class-{class})")>
            <input data-testid=format!("own-name-{class}") aria-label=format!("Name of class {class}") maxlength="24" prop:value=own_name(usize::from(class)) on:change=rename/>
            <button class="quiet number" data-testid=format!("own-count-{class}") aria-pressed=move || (open.get() == Some(class)).to_string()
                aria-label=move || format!("{} images of {}", count(), own_name(usize::from(class))) disabled=move || count() == 0
                on:click=move |_| open.update(|o| *o = if *o == Some(class) { None } else { Some(class) })>{live(count)}</button>
        </li>
    }
    .into_any()
}

fn images_view(class: u8) -> AnyView {
    let own = app().own;
    own.tick.track();
    let images: Vec<(u32, Vec<u8>)> = own.with(|own| {
        let of_class = (0..own.len()).rev().filter(|place| own.images.labels[*place] == class);
        of_class.take(SHOWN).map(|place| (own.numbers[place], own.images.image(place).to_vec())).collect()
    });
    view! { <ul class="own-candidates" data-testid="own-images">{images.into_iter().map(|(number, grey)| image_view(number, grey, class)).collect_view()}</ul> }
        .into_any()
}

fn image_view(number: u32, grey: Vec<u8>, class: u8) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    effect(move || {
        let map = maps::of(app().theme.get()).positive;
        if let Some(canvas) = node.get() {
            paint(&canvas, &grey, &map);
        }
    });
    let relabel = move |event| {
        if let Ok(to) = event_target_value(&event).parse::<u8>() {
            lab().change_own(format!("Image {number} is of class {} now.", own_name(usize::from(to))), move |own| {
                own.relabel(number, to);
                Ok(())
            });
        }
    };
    view! {
        <li>
            <canvas node_ref=node width="28" height="28" aria-hidden="true"></canvas>
            <select data-testid=format!("own-relabel-{number}") aria-label=format!("Class of image {number}") on:change=relabel>
                {(0..CLASSES).map(|c| view! { <option value=c.to_string() selected=usize::from(class) == c>{own_name(c)}</option> }).collect_view()}
            </select>
            <button class="quiet" data-testid=format!("own-delete-{number}") aria-label=format!("Delete image {number}") title="Delete"
                on:click=move |_| delete("One image was deleted.".to_owned(), move |n, _| n == number)>"×"</button>
        </li>
    }
    .into_any()
}
