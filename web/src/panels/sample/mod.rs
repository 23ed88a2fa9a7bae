//! The sample: draw a digit or take one of the data set, and see what MNIST's framing makes of it.

mod framing;
mod keep;
mod pad;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "sample",
    title: "Sample",
    place: Place::Page,
    view: || view! { <Sample/> }.into_any(),
    style: include_str!("style.css"),
};

#[component]
fn Sample() -> impl IntoView {
    view! {
        <pad::Pad/>
        <keep::Keep/>
        <framing::Steps/>
    }
}
