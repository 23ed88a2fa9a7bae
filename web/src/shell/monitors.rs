//! The monitors: one tab each, of which only the open one exists.

use leptos::prelude::*;

use crate::{
    panels::{self, Panel, Place},
    state::app,
    widgets::{
        icon::{Glyph, Icon},
        tabs::Tabs,
    },
};

#[component]
pub fn Monitors() -> impl IntoView {
    let state = app();
    let panels: Vec<&'static Panel> = panels::at(Place::Monitor).collect();
    let open = state.tabs.monitor;
    let wide = state.tabs.wide;
    view! {
        <section class="monitors" aria-label="Monitors" data-testid="monitors">
            <div class="monitors-head">
                <Tabs label="Monitors" name="monitor" panels=panels.clone() open/>
                <panels::adviser::Badge/>
                <button class="quiet" data-testid="monitors-wide" aria-pressed=move || wide.get().to_string()
                    aria-label="More room for the monitors" title="More room for the monitors (M)" on:click=move |_| wide.update(|w| *w = !*w)>
                    <Icon glyph=Glyph::Wide/>
                </button>
            </div>
            {move || panels.iter().find(|p| p.slug == open.get()).map(|panel| panel_view(panel, "monitor"))}
        </section>
    }
}

/// What a tab opens.
pub fn panel_view(panel: &'static Panel, name: &'static str) -> AnyView {
    view! {
        <div class=format!("panel {}", panel.slug) role="tabpanel" id=format!("{name}-{}", panel.slug) aria-labelledby=format!("tab-{}", panel.slug) data-testid=panel.slug>
            {(panel.view)()}
        </div>
    }
    .into_any()
}
