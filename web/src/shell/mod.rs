//! The page around the panels: head, notices, keys, looks, diagnostics.

mod diagnostics;
pub mod drop;
mod head;
mod help;
mod keys;
mod looks;
mod notices;

use leptos::prelude::*;

use crate::{dom::document, panels::PANELS, state::Lab};

/// Mounts the page.
pub fn start() {
    add_styles();
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let lab = Lab::start();
    provide_context(lab);
    looks::follow(lab.state);
    keys::listen(lab);
    drop::listen(lab);
    diagnostics::start(lab);
    view! {
        <head::Head/>
        <notices::Notices/>
        <main class="lab">
            {PANELS.iter().map(|panel| view! {
                <section class=format!("panel {}", panel.slug) aria-label=panel.title data-testid=panel.slug>{(panel.view)()}</section>
            }).collect_view()}
        </main>
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
