//! The page around the panels: head, notices, keys, looks, diagnostics.

mod diagnostics;
pub mod drop;
pub mod head;
mod help;
mod keys;
pub mod looks;
mod monitors;
mod notices;
mod workbench;

use leptos::prelude::*;

use crate::{
    dom::document,
    panels::{PANELS, Place, at},
    state::Lab,
};

/// Mounts the page.
pub fn start() {
    add_styles();
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let lab = Lab::start();
    provide_context(lab);
    looks::follow(lab.state.theme_choice, lab.state.theme);
    keys::listen(lab);
    drop::listen(lab);
    diagnostics::start(lab);
    view! {
        <head::Head/>
        <notices::Notices/>
        <main class="lab" class:wide=move || lab.state.tabs.wide.get() class:wall=move || lab.state.tabs.all.get()>
            {at(Place::Page).map(|panel| view! {
                <section class=format!("panel {}", panel.slug) aria-label=panel.title data-testid=panel.slug>{(panel.view)()}</section>
            }.into_any()).collect_view()}
            <monitors::Monitors/>
        </main>
        <workbench::Workbench/>
        {at(Place::Layer).map(|panel| view! { <div class=panel.slug>{(panel.view)()}</div> }.into_any()).collect_view()}
        <diagnostics::Line/>
        <help::Help/>
    }
}

/// The styles of the page and of every panel, in one element.
fn add_styles() {
    let Some(document) = document() else { return };
    let (Some(head), Ok(style)) = (document.head(), document.create_element("style")) else { return };
    let mut css =
        [include_str!("../../styles/tokens.css"), include_str!("../../styles/base.css"), include_str!("../../styles/shell.css")].concat();
    PANELS.iter().for_each(|panel| css.push_str(panel.style));
    style.set_text_content(Some(&css));
    let _ = head.append_child(&style);
}
