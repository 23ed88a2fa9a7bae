//! The keys, and what the page is.

use leptos::prelude::*;

use super::keys::KEYS;
use crate::{state::app, widgets::dialog::Dialog};

#[component]
pub fn Help() -> impl IntoView {
    let state = app();
    view! {
        <Dialog title="Keys" testid="help" open=state.help_open>
            <dl class="help-keys">
                {KEYS.iter().map(|key| view! { <dt><kbd>{key.shown}</kbd></dt><dd>{key.about}</dd> }).collect_view()}
            </dl>
            <p class="help-note">
                "A network learns real handwritten digits (MNIST) in this tab. Nothing leaves it: no drawing, no number. "
                "Left to right are its layers, each with its filters and with what it makes of the image. "
                "The address holds the whole set-up, seed included: the same link gives the same run."
            </p>
        </Dialog>
    }
}
