//! The stage: every layer as a column of its live feature maps, with its filters beside it.

mod inspector;
mod marks;
pub mod model;
mod paint;
mod view;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "stage",
    title: "Network",
    place: Place::Page,
    view: || view! { <view::Stage/> }.into_any(),
    style: include_str!("style.css"),
};
