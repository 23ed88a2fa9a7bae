//! How the network is trained.

mod objective;
mod rules;
mod view;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "training",
    title: "Training",
    place: Place::Bench,
    view: || view! { <view::Training/> }.into_any(),
    style: include_str!("style.css"),
};
