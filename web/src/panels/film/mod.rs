//! What the filters of a layer looked like at the kept moments; and the run as a time-lapse.

mod record;
mod strips;
mod view;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "film",
    title: "Film",
    place: Place::Monitor,
    view: || view! { <view::FilmStrip/> }.into_any(),
    style: include_str!("style.css"),
};
