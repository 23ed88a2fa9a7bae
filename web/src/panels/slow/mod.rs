//! One real step of training, stop by stop: forward, loss, backward, update.

mod captions;
mod parts;
mod view;

use leptos::prelude::*;

use super::{Panel, Place};

pub const PANEL: Panel = Panel {
    slug: "slow",
    title: "Slow step",
    place: Place::Monitor,
    view: || view! { <view::Slow/> }.into_any(),
    style: include_str!("style.css"),
};
