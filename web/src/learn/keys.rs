//! The keyboard, and a clicker, which has two of its keys.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::{question, state::Learn, view};
use crate::dom::{document, listen::Listener};

pub fn listen(learn: Learn) {
    let Some(document) = document() else { return };
    Listener::active(&document, "keydown", move |event| {
        if let Ok(event) = event.dyn_into::<KeyboardEvent>()
            && press(learn, &event)
        {
            event.prevent_default();
        }
    })
    .keep();
}

/// Whether the key meant something.
fn press(learn: Learn, event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    let within = |selector: &str| target.as_ref().is_some_and(|t| t.closest(selector).ok().flatten().is_some());
    let key = event.key();
    if event.ctrl_key() || event.meta_key() || event.alt_key() || within("dialog, textarea, input:not([type=checkbox], [type=range])") {
        return false;
    }
    // A focused control keeps the keys that it understands itself.
    let arrow = matches!(key.as_str(), "ArrowRight" | "ArrowLeft");
    if (arrow || key == " ") && within("input, select, [data-own-keys]") || key == " " && within("button, a, summary") {
        return false;
    }
    let desk = learn.desk.get_untracked();
    match key.as_str() {
        "ArrowRight" | "PageDown" if desk.is_some() => learn.step_by(1),
        "ArrowLeft" | "PageUp" if desk.is_some() => learn.step_by(-1),
        " " if !event.repeat() => match desk {
            Some(desk) => desk.playing.update(|on| *on = !*on),
            None => return false,
        },
        "r" | "R" if desk.is_some() => view::reset(learn),
        "p" | "P" if desk.is_some() => learn.presenting.update(|on| *on = !*on),
        "n" | "N" if desk.is_some() => learn.notes.update(|on| *on = !*on),
        "Escape" if learn.presenting.get_untracked() => learn.presenting.set(false),
        "t" | "T" => learn.theme_choice.update(|c| *c = c.next()),
        "c" | "C" => super::pad::clear(learn),
        "?" => learn.help_open.set(true),
        digit => match digit.parse::<usize>() {
            Ok(option @ 1..=9) if digit.len() == 1 => return question::answer_open(learn, option - 1),
            _ => return false,
        },
    }
    true
}
