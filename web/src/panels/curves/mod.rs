//! Learning curves: drawn by plotters on a canvas, read and zoomed by pointer and keyboard.

mod happenings;
mod key;
mod keys;
pub mod out;
mod reading;
mod view;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "curves",
    title: "Curves",
    place: Place::Monitor,
    view: || view! { <view::Chart/> }.into_any(),
    style: include_str!("style.css"),
};
