//! Play, step, reset, speed, rate: the controls of the run.

mod timeline;
mod view;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "transport",
    title: "Transport",
    place: Place::Page,
    view: || view! { <view::Transport/> }.into_any(),
    style: include_str!("style.css"),
};
