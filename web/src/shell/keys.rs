//! The keyboard.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::{
    dom::{document, listen::Listener},
    link::message::Which,
    state::{Lab, PadKey},
};

/// A line of the help.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub shown: &'static str,
    pub about: &'static str,
}

pub const KEYS: &[Key] = &[
    Key { shown: "Space", about: "play or pause" },
    Key { shown: "→", about: "one batch, then pause" },
    Key { shown: "L", about: "one layer of a slow step; then ← and → walk through it" },
    Key { shown: ", .", about: "back and forward in time, from kept moment to kept moment" },
    Key { shown: "R", about: "back to step 0, same seed" },
    Key { shown: "S", about: "start again from another seed" },
    Key { shown: "0 – 9", about: "a digit of that class from the data set" },
    Key { shown: "D", about: "any digit of the data set" },
    Key { shown: "N", about: "the next digit of the data set" },
    Key { shown: "C", about: "clear the pad" },
    Key { shown: "Ctrl Z", about: "take back the last stroke" },
    Key { shown: "Ctrl Z, Ctrl Y", about: "in the workbench: a change back, and again" },
    Key { shown: "B", about: "workbench: network and training" },
    Key { shown: "M", about: "more room for the monitors" },
    Key { shown: "A", about: "all monitors, side by side" },
    Key { shown: "Tab, arrows", about: "from map to map, once the stage has the focus" },
    Key { shown: "T", about: "look: system, light, dark" },
    Key { shown: "?", about: "this list" },
];

pub fn listen(lab: Lab) {
    let Some(document) = document() else { return };
    Listener::active(&document, "keydown", move |event| {
        if let Ok(event) = event.dyn_into::<KeyboardEvent>()
            && press(lab, &event)
        {
            event.prevent_default();
        }
    })
    .keep();
}

/// Whether the key meant something.
fn press(lab: Lab, event: &KeyboardEvent) -> bool {
    let state = lab.state;
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    let within = |selector: &str| target.as_ref().is_some_and(|t| t.closest(selector).ok().flatten().is_some());
    let key = event.key();
    let steps = Some(state.builder)
        .filter(|_| within("dialog[data-testid=workbench]") && !within("textarea, input:not([type=checkbox], [type=range])"));
    if let Some(builder) = steps
        && (event.ctrl_key() || event.meta_key())
    {
        match (key.to_ascii_lowercase().as_str(), event.shift_key()) {
            ("z", false) => builder.undo(),
            ("z", true) | ("y", _) => builder.redo(),
            _ => return false,
        }
        return true;
    }
    if (event.ctrl_key() || event.meta_key()) && key.eq_ignore_ascii_case("z") && !within("input, dialog") {
        state.pad_key.set(Some(PadKey::Undo));
        return true;
    }
    if event.ctrl_key() || event.meta_key() || event.alt_key() || within("dialog, select, textarea, input[type=text]") {
        return false;
    }
    // A focused control keeps the keys that it understands itself.
    if within("input, [role=tablist]") && matches!(key.as_str(), " " | "ArrowRight" | "ArrowLeft") || within("button") && key == " " {
        return false;
    }
    match key.as_str() {
        " " if !event.repeat() => lab.toggle(),
        "ArrowRight" if state.time.walk.with_untracked(Option::is_some) => lab.walk_by(1),
        "ArrowLeft" if state.time.walk.with_untracked(Option::is_some) => lab.walk_by(-1),
        "Escape" if state.time.walk.with_untracked(Option::is_some) => lab.leave_walk(),
        "Escape" if state.time.looking.with_untracked(Option::is_some) => lab.look_now(),
        "ArrowRight" => lab.step(),
        "l" | "L" => lab.walk_by(1),
        "," => lab.look_by(-1),
        "." => lab.look_by(1),
        "r" | "R" => lab.reset(),
        "s" | "S" => lab.reseed(),
        "d" | "D" => lab.pick(Which::Random),
        "n" | "N" => lab.pick(Which::Next),
        "c" | "C" => state.pad_key.set(Some(PadKey::Clear)),
        "b" | "B" => state.setup_open.set(true),
        "m" | "M" => state.tabs.wide.update(|w| *w = !*w),
        "a" | "A" => state.tabs.all.update(|all| *all = !*all),
        "t" | "T" => state.theme_choice.update(|c| *c = c.next()),
        "?" => state.help_open.set(true),
        digit => match digit.parse::<u8>() {
            Ok(class) if digit.len() == 1 => lab.pick(Which::Class(class)),
            _ => return false,
        },
    }
    true
}
