//! The network and how it is trained: chosen here, opened anew.

mod objective;
mod rules;
mod view;

use leptos::prelude::*;

use super::Panel;

pub const PANEL: Panel =
    Panel { slug: "setup", title: "Set-up", view: || view! { <view::Setup/> }.into_any(), style: include_str!("style.css") };
