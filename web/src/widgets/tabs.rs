//! A row of tabs: arrows go from one to the next, as in any other program.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use crate::{dom::document, panels::Panel};

/// `open` holds the slug of the panel that is shown.
#[component]
pub fn Tabs(label: &'static str, name: &'static str, panels: Vec<&'static Panel>, open: RwSignal<&'static str>) -> impl IntoView {
    let slugs: Vec<&'static str> = panels.iter().map(|p| p.slug).collect();
    let turn = move |event: KeyboardEvent| {
        let Some(at) = slugs.iter().position(|s| *s == open.get_untracked()) else { return };
        let place = match event.key().as_str() {
            "ArrowRight" => (at + 1) % slugs.len(),
            "ArrowLeft" => (at + slugs.len() - 1) % slugs.len(),
            "Home" => 0,
            "End" => slugs.len() - 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        open.set(slugs[place]);
        let tab = document().and_then(|d| d.get_element_by_id(&format!("tab-{}", slugs[place])));
        if let Some(tab) = tab.and_then(|t| t.dyn_into::<HtmlElement>().ok()) {
            // A tab that is there takes the focus.
            let _ = tab.focus();
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=label on:keydown=turn>
            {panels.into_iter().map(|panel| tab_view(panel, name, open)).collect_view()}
        </div>
    }
}

fn tab_view(panel: &'static Panel, name: &'static str, open: RwSignal<&'static str>) -> AnyView {
    let chosen = move || open.get() == panel.slug;
    view! {
        <button role="tab" id=format!("tab-{}", panel.slug) data-testid=format!("tab-{}", panel.slug) aria-controls=format!("{name}-{}", panel.slug)
            aria-selected=move || chosen().to_string() tabindex=move || if chosen() { "0" } else { "-1" } on:click=move |_| open.set(panel.slug)>
            {panel.title}
        </button>
    }
    .into_any()
}
