//! How the network is trained. Whatever is changed here the open run takes up as it goes, but for its start.

mod augmentation;
mod digits;
mod layers;
mod objective;
mod rate;
mod rows;
mod search;
mod view;
mod words;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "training",
    title: "Training",
    place: Place::Bench,
    view: || view! { <view::Training/> }.into_any(),
    style: include_str!("style.css"),
};
