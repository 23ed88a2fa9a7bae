//! The monitors: one tab each, of which only the open one exists; or all of them, side by side.

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
    let (open, wide, all) = (state.tabs.monitor, state.tabs.wide, state.tabs.all);
    let tabs = panels.clone();
    let head = move || {
        if all.get() {
            view! { <h2 class="monitors-title">"All monitors"</h2> }.into_any()
        } else {
            view! { <Tabs label="Monitors" name="monitor" panels=tabs.clone() open/> }.into_any()
        }
    };
    let body = move || {
        if all.get() {
            return view! { <div class="monitors-wall">{panels.iter().map(|panel| wall_view(panel)).collect_view()}</div> }.into_any();
        }
        panels.iter().find(|p| p.slug == open.get()).map(|panel| panel_view(panel, "monitor")).into_any()
    };
    view! {
        <section class="monitors" aria-label="Monitors" data-testid="monitors">
            <div class="monitors-head">
                {head}
                <panels::adviser::Badge/>
                <button class="quiet" data-testid="monitors-all" aria-pressed=move || all.get().to_string()
                    aria-label="All monitors side by side" title="All monitors side by side (A)" on:click=move |_| all.update(|a| *a = !*a)>
                    <Icon glyph=Glyph::Wall/>
                </button>
                <button class="quiet monitors-more" data-testid="monitors-wide" aria-pressed=move || wide.get().to_string()
                    aria-label="More room for the monitors" title="More room for the monitors (M)" on:click=move |_| wide.update(|w| *w = !*w)>
                    <Icon glyph=Glyph::Wide/>
                </button>
            </div>
            {body}
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

/// One of all.
fn wall_view(panel: &'static Panel) -> AnyView {
    let title = format!("wall-{}", panel.slug);
    let named = title.clone();
    view! {
        <section class="monitors-one" aria-labelledby=named>
            <h3 id=title>{panel.title}</h3>
            <div class=format!("panel {}", panel.slug) data-testid=panel.slug>{(panel.view)()}</div>
        </section>
    }
    .into_any()
}
