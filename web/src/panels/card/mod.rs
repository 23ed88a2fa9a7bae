//! Where the run computes, why, and the kernels that a graphics card runs for it: two dialogs.

pub mod facts;
mod kernels;
mod source;
mod view;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "card",
    title: "Where it runs",
    place: Place::Layer,
    view: || {
        kernels::keep_listed();
        view! { <view::Where/><kernels::Kernels/> }.into_any()
    },
    style: include_str!("style.css"),
};
