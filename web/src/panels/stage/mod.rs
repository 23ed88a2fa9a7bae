//! The stage: every layer as a column of its live feature maps, with its filters beside it; a tile opens into its
//! parts, a cell into its arithmetic.

mod arithmetic;
mod crumbs;
mod formula;
mod gestures;
mod inspector;
mod legend;
mod marks;
pub mod model;
mod opened;
mod paint;
mod picture;
mod pieces;
mod tour;
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
