//! The address: where in Learn one is, and what the figure is set to.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::state::{Learn, Place};
use crate::{
    dom::{frame, listen::Listener, window},
    lessons::{LESSONS, Lesson},
};

/// Keys that are no settings of a figure. All but the first two are kept as they are.
pub const OWN_KEYS: &[&str] = &["learn", "step", "hide", "lang", "theme", "backend", "threads", "workers"];
/// Browsers refuse addresses that change more often than about ten times a second.
const REST_MS: i32 = 250;

/// Key and value of each part of a query.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.trim_start_matches('?').split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")))
}

/// What stands behind the question mark now.
pub fn query() -> String {
    window().and_then(|w| w.location().search().ok()).unwrap_or_default()
}

/// Where a query leads: a lesson and a step, counted from 0 here and from 1 there.
pub fn place_of(query: &str) -> Place {
    let value = |key: &str| pairs(query).find(|(k, _)| *k == key).map(|(_, value)| value);
    let Some(index) = value("learn").and_then(Lesson::place) else { return Place::Contents };
    let step = value("step").and_then(|step| step.parse::<usize>().ok()).unwrap_or(1);
    Place::Lesson { index, step: step.clamp(1, LESSONS[index].steps.len()) - 1 }
}

/// The query of a place, with the keys of `now` that it keeps; `settings` begins with `&` where it is not empty.
pub fn query_of(place: &Place, settings: &str, now: &str) -> String {
    let mut text = match place {
        Place::Contents => "?learn".to_owned(),
        Place::Lesson { index, step } => {
            let step = if *step > 0 { format!("&step={}", step + 1) } else { String::new() };
            format!("?learn={}{step}{settings}", LESSONS[*index].slug)
        }
    };
    for (key, value) in pairs(now).filter(|(key, _)| OWN_KEYS[2..].contains(key)) {
        text.push_str(&format!("&{key}={value}"));
    }
    text
}

/// Keeps the address in step with the place and the figure, and the place with the browser's own ways back and forth.
pub fn follow(learn: Learn) {
    let due = StoredValue::new(false);
    Effect::new(move |before: Option<Option<usize>>| {
        let lesson = learn.place.with(Place::lesson);
        if let Some(desk) = learn.desk.get() {
            desk.settings.track();
        }
        // Another lesson is another page, to which one can go back.
        if before.is_some_and(|before| before != lesson) && place_of(&query()).lesson() != lesson {
            write(learn, true);
        } else if before.is_some() && !due.get_value() {
            due.set_value(true);
            frame::after(REST_MS, move || {
                due.set_value(false);
                write(learn, false);
            });
        }
        lesson
    });
    if let Some(window) = window() {
        Listener::new(&window, "popstate", move |_| {
            let place = place_of(&query());
            if learn.place.get_untracked() != place {
                learn.place.set(place);
            }
        })
        .keep();
    }
}

fn write(learn: Learn, push: bool) {
    let Some(window) = window() else { return };
    let place = learn.place.get_untracked();
    let settings = match (&place, learn.desk.get_untracked()) {
        (Place::Lesson { index, step }, Some(desk)) if !push && desk.lesson.slug == LESSONS[*index].slug => {
            let usual = desk.lesson.settings_at(*step);
            desk.settings.try_with_untracked(|s| s.difference(&usual)).unwrap_or_default()
        }
        _ => String::new(),
    };
    let now = query();
    let text = query_of(&place, &settings, &now);
    if text == now {
        return;
    }
    let address = format!("{}{text}", window.location().pathname().unwrap_or_default());
    if let Ok(history) = window.history() {
        // Refused only for another origin.
        let _ = if push {
            history.push_state_with_url(&JsValue::NULL, "", Some(&address))
        } else {
            history.replace_state_with_url(&JsValue::NULL, "", Some(&address))
        };
    }
}

/// The address of the Lab with this query.
pub fn of_lab(query: &str) -> String {
    let path = window().and_then(|w| w.location().pathname().ok()).unwrap_or_default();
    let query = query.trim_start_matches('?');
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        assert_eq!(place_of("?learn"), Place::Contents);
        assert_eq!(place_of("?learn=nothing-of-the-kind"), Place::Contents);
        for (index, lesson) in LESSONS.iter().enumerate() {
            for step in 0..lesson.steps.len() {
                let place = Place::Lesson { index, step };
                let text = query_of(&place, "&k=1", "?learn&hide=pad&k=7&theme=dark");
                assert_eq!(place_of(&text), place);
                assert!(text.ends_with("&k=1&hide=pad&theme=dark"), "{text}");
            }
            assert_eq!(place_of(&format!("?learn={}&step=99", lesson.slug)), Place::Lesson { index, step: lesson.steps.len() - 1 });
            assert_eq!(place_of(&format!("?learn={}&step=0", lesson.slug)), Place::Lesson { index, step: 0 });
        }
    }
}
