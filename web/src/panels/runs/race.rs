//! Races: choosing one, and watching it.

use leptos::prelude::*;

use super::{setup, track};
use crate::{reaction::live, state::AppState};

pub fn view(state: AppState) -> AnyView {
    let chosen = setup::Choice::new(state);
    let watched = Memo::new(move |_| state.runs.race.with(Option::is_some));
    let body = move || if watched.get() { track::view(state) } else { setup::view(state, chosen) };
    view! { {live(body)} }.into_any()
}
