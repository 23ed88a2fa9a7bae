//! The network: built here, layer by layer, and trained anew.

mod code;
mod detail;
mod drag;
mod foot;
mod knobs;
mod list;
mod palette;
mod rows;
mod shape;

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;

use super::{Panel, Place};
use crate::{
    dom::frame,
    state::{Lab, app, builder::Builder, lab},
    widgets::icon::{Glyph, Icon},
};
use drag::{Pull, Target};
use rows::List;

pub const PANEL: Panel = Panel {
    slug: "network",
    title: "Network",
    place: Place::Bench,
    view: || view! { <Network/> }.into_any(),
    style: include_str!("style.css"),
};

/// What the right side shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Layer,
    Code,
}

/// What the parts of the panel share. Handles only: copying is free.
#[derive(Clone, Copy, Debug)]
pub struct Bench {
    pub lab: Lab,
    pub builder: Builder,
    pub list: Memo<List>,
    tree: NodeRef<html::Ul>,
    search: NodeRef<html::Input>,
    settings: NodeRef<html::Div>,
    /// What a pointer holds, and where it would come to stand.
    pull: RwSignal<Option<Pull>>,
    pub target: RwSignal<Option<Target>>,
    /// On a small screen the palette comes when it is asked for.
    palette: RwSignal<bool>,
    side: RwSignal<Side>,
}

impl Bench {
    fn new() -> Self {
        let (state, lab) = (app(), lab());
        let list = Memo::new(move |_| state.spec.with(|run| state.draft.with(|d| List::of(&d.model, &run.model, d.train.batch))));
        Self {
            lab,
            builder: state.builder,
            list,
            tree: NodeRef::new(),
            search: NodeRef::new(),
            settings: NodeRef::new(),
            pull: RwSignal::new(None),
            target: RwSignal::new(None),
            palette: RwSignal::new(false),
            side: RwSignal::new(Side::Layer),
        }
    }

    /// Back to the list, so that keys go on there.
    pub fn focus_list(self) {
        if let Some(tree) = self.tree.get_untracked() {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = tree.focus_with_options(&options);
        }
    }

    /// To the names of all operators.
    pub fn seek(self) {
        self.palette.set(true);
        if let Some(search) = self.search.get_untracked() {
            let _ = search.focus();
        }
    }

    /// To the settings of the chosen layer.
    pub fn enter_settings(self) {
        if self.side.get_untracked() != Side::Layer {
            self.side.set(Side::Layer);
        }
        // Once they are there.
        frame::next(move |_| {
            let first = self.settings.get_untracked().and_then(|s| s.query_selector("input, button[role=radio]").ok().flatten());
            if let Some(first) = first.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
                let _ = first.focus();
            }
        });
    }
}

#[component]
fn Network() -> impl IntoView {
    let bench = Bench::new();
    let palette = bench.palette;
    // Arrows go through the layers at once, without looking for the list first.
    frame::next(move |_| bench.focus_list());
    view! {
        {told_view(bench)}
        <div class="network-bench" class:adding=move || palette.get()>
            <palette::Palette bench/>
            <div class="network-middle">
                <div class="network-tools">
                    <button class="quiet network-add" data-testid="add-layer" aria-expanded=move || palette.get().to_string() title="Enter" on:click=move |_| bench.seek()>
                        <Icon glyph=Glyph::Plus/>"Add a layer"
                    </button>
                    <span class="network-heads" aria-hidden="true"><i>"gives"</i><i>"weights"</i><i>"work"</i><i class="network-memory">"memory"</i><i class="network-sees">"sees"</i></span>
                </div>
                <list::Layers bench/>
                <foot::Totals bench/>
            </div>
            {side_view(bench)}
            {move || drag::ghost(bench)}
        </div>
    }
}

/// What became of a file.
fn told_view(bench: Bench) -> AnyView {
    let told = bench.builder.told;
    let view =
        move || {
            let (taken, text) = told.get()?;
            Some(view! {
            <p class="network-told" class:failed=!taken role="status" data-testid="network-told">
                {text}<button class="quiet" aria-label="Dismiss" on:click=move |_| told.set(None)><Icon glyph=Glyph::Close/></button>
            </p>
        }.into_any())
        };
    view! { {view} }.into_any()
}

fn side_view(bench: Bench) -> AnyView {
    let side = bench.side;
    let tab = move |own: Side, word: &'static str, testid: &'static str| {
        view! {
            <button role="radio" data-testid=testid aria-checked=move || (side.get() == own).to_string() on:click=move |_| side.set(own)>{word}</button>
        }
        .into_any()
    };
    view! {
        <aside class="network-side" aria-label="Chosen layer and code">
            <div class="choice" role="radiogroup" aria-label="Beside the list">
                {tab(Side::Layer, "Layer", "side-layer")}
                {tab(Side::Code, "Code and files", "side-code")}
            </div>
            {move || if side.get() == Side::Layer { detail::view(bench) } else { code::view(bench) }}
        </aside>
    }
    .into_any()
}
