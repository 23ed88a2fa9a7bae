//! The page's head: its name, the network, the link, the look, help.

use engine::presets::PRESETS;
use leptos::prelude::*;

use crate::{
    dom::{clipboard, frame},
    reaction::live,
    state::{NoticeKind, ThemeChoice, app, url},
    widgets::{
        icon::{Glyph, Icon},
        number,
    },
};

#[component]
pub fn Head() -> impl IntoView {
    let state = app();
    let copied = RwSignal::new(false);
    let network = move || {
        state.spec.with(|spec| PRESETS.iter().find(|p| p.model().layers == spec.model.layers).map_or("Own network", |p| p.title).to_owned())
    };
    let training = move || {
        state
            .spec
            .with(|s| format!("{}, {} images a step, rate {}", s.train.optimizer.rule().name(), s.train.batch, number::rate(s.train.rate)))
    };
    let copy = move |_| {
        leptos::task::spawn_local(async move {
            if clipboard::copy(&url::address()).await {
                copied.set(true);
                frame::after(1_800, move || copied.set(false));
            } else {
                state.notify(NoticeKind::Told, "The browser did not allow copying; the link is in the address bar.", None);
            }
        });
    };
    let look = Signal::derive(move || match state.theme_choice.get() {
        ThemeChoice::System => Glyph::System,
        ThemeChoice::Light => Glyph::Sun,
        ThemeChoice::Dark => Glyph::Moon,
    });
    view! {
        <header class="head">
            <h1 class="head-name"><Mark/>"Kernelscope"</h1>
            <button class="head-network" data-testid="open-setup" aria-haspopup="dialog" on:click=move |_| state.setup_open.set(true)>
                <b>{live(network)}</b>
                <span class="head-training">{live(training)}</span>
                <Icon glyph=Glyph::Tune/>
            </button>
            <div class="head-tools">
                <a class="quiet" href="?learn" data-testid="learn-link" title="Short lessons, each with a figure to touch"><Icon glyph=Glyph::Book/><span class="head-word">"Learn"</span></a>
                <button class="quiet" data-testid="copy-link" title="The link holds the whole set-up and the seed" on:click=copy>
                    <Icon glyph=Glyph::Link/><span class="head-word" aria-live="polite">{move || if copied.get() { "Copied" } else { "Copy link" }}</span>
                </button>
                <button class="quiet" data-testid="theme" aria-label=move || format!("Look: {}", state.theme_choice.get().slug()) title="Look: system, light, dark (T)"
                    on:click=move |_| state.theme_choice.update(|c| *c = c.next())><Icon glyph=look/></button>
                <button class="quiet" data-testid="open-help" aria-label="Keys and help" title="?" on:click=move |_| state.help_open.set(true)><Icon glyph=Glyph::Help/></button>
            </div>
        </header>
    }
}

/// Three by three cells: a kernel.
#[component]
pub fn Mark() -> impl IntoView {
    let cells =
        [(0, 0, 0.25), (1, 0, 0.55), (2, 0, 0.25), (0, 1, 0.55), (1, 1, 1.0), (2, 1, 0.55), (0, 2, 0.25), (1, 2, 0.55), (2, 2, 0.25)];
    view! {
        <svg class="head-mark" viewBox="0 0 20 20" aria-hidden="true">
            {cells.map(|(x, y, o)| view! { <rect x=x * 7 y=y * 7 width="6" height="6" rx="1" fill-opacity=o.to_string()></rect> }).collect_view()}
        </svg>
    }
}
