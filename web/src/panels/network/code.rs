//! The network as other programs write it, as a link, and as files that go out and come in.

use engine::Graph;
use exchange::{keras, pytorch};
use leptos::prelude::*;
use protocol::RunSpec;

use super::Bench;
use crate::{
    dom::{self, clipboard},
    shell::drop,
    state::{NoticeKind, app, url},
    widgets::icon::{Glyph, Icon},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    PyTorch,
    Keras,
    Json,
    Link,
}

impl Language {
    const ALL: [Self; 4] = [Self::PyTorch, Self::Keras, Self::Json, Self::Link];

    fn title(self) -> &'static str {
        match self {
            Self::PyTorch => "PyTorch",
            Self::Keras => "Keras",
            Self::Json => "JSON",
            Self::Link => "Link",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::PyTorch => "network.py",
            Self::Keras => "network_keras.py",
            Self::Json => "network.json",
            Self::Link => "network.txt",
        }
    }

    /// # Errors
    /// In words, where the network is none, or what the language lacks.
    fn text(self, spec: &RunSpec) -> Result<String, String> {
        let graph = || Graph::check(&spec.model).map_err(|e| e.to_string());
        match self {
            Self::PyTorch => pytorch(&graph()?).map_err(|e| e.to_string()),
            Self::Keras => keras(&graph()?).map_err(|e| e.to_string()),
            // Also of a network that is none yet.
            Self::Json => exchange::json(&spec.model).map_err(|e| e.to_string()),
            Self::Link => graph().map(|_| url::address_of(spec)),
        }
    }
}

pub fn view(bench: Bench) -> AnyView {
    let language = RwSignal::new(Language::PyTorch);
    let text = Memo::new(move |_| bench.builder.draft.with(|d| language.get().text(d)));
    view! {
        <div class="network-code" data-testid="code">
            <div class="choice" role="radiogroup" aria-label="Language">
                {Language::ALL.map(|own| view! {
                    <button role="radio" data-testid=format!("code-{}", own.title().to_ascii_lowercase()) aria-checked=move || (language.get() == own).to_string()
                        on:click=move |_| language.set(own)>{own.title()}</button>
                }.into_any()).collect_view()}
            </div>
            {move || text.with(|text| match text {
                Ok(text) => view! { <pre class="network-text number" tabindex="0" aria-label="The network as text" data-testid="code-text">{text.clone()}</pre> }.into_any(),
                Err(why) => view! { <p class="network-hint" data-testid="code-none">{format!("No code yet: {why}.")}</p> }.into_any(),
            })}
            {text_tools(language, text)}
            {import_view(bench)}
            {files_view(bench)}
        </div>
    }
    .into_any()
}

fn text_tools(language: RwSignal<Language>, text: Memo<Result<String, String>>) -> AnyView {
    let state = app();
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let Ok(text) = text.get_untracked() else { return };
        leptos::task::spawn_local(async move {
            if clipboard::copy(&text).await {
                copied.set(true);
                dom::frame::after(1_800, move || copied.set(false));
            } else {
                state.builder.told.set(Some((false, "The browser did not allow copying.".to_owned())));
            }
        });
    };
    let save = move |_| {
        if let Ok(text) = text.get_untracked()
            && let Err(why) = dom::file::download(language.get_untracked().file(), text.as_bytes())
        {
            state.notify(NoticeKind::Failed, format!("The file could not be saved: {why}."), None);
        }
    };
    let none = move || text.with(Result::is_err);
    view! {
        <div class="network-text-tools">
            <button class="quiet" data-testid="code-copy" disabled=none on:click=copy><Icon glyph=Glyph::Copy/><span aria-live="polite">{move || if copied.get() { "Copied" } else { "Copy" }}</span></button>
            <button class="quiet" data-testid="code-save" disabled=none on:click=save><Icon glyph=Glyph::Down/>"Download"</button>
        </div>
    }
    .into_any()
}

/// A network in JSON comes in.
fn import_view(bench: Bench) -> AnyView {
    let text = RwSignal::new(String::new());
    let take = move |_| {
        if bench.lab.take_network("What was pasted", &text.get_untracked()) {
            text.set(String::new());
            bench.focus_list();
        }
    };
    view! {
        <details class="network-import">
            <summary>"Take a network in"</summary>
            <textarea class="number" rows="5" data-testid="import-text" aria-label="A network in JSON" placeholder="Paste JSON here, or drop a .json file anywhere" spellcheck="false"
                prop:value=move || text.get() on:input=move |event| text.set(event_target_value(&event))></textarea>
            <button class="quiet" data-testid="import" disabled=move || text.with(|t| t.trim().is_empty()) on:click=take>"Use this network"</button>
        </details>
    }
    .into_any()
}

/// Weights go out and come in.
fn files_view(bench: Bench) -> AnyView {
    let state = app();
    let lab = bench.lab;
    let runs = move || state.spec.with(|run| state.draft.with(|d| run.model == d.model));
    view! {
        <div class="network-files">
            <p>{move || if runs() { "Weights of the network that runs" } else { "Weights of the network that runs, not of this one: train it first" }}</p>
            <button class="quiet" data-testid="weights-save" on:click=move |_| lab.save_weights()><Icon glyph=Glyph::Down/>"Save weights"</button>
            <label class="quiet" tabindex="-1"><Icon glyph=Glyph::Up/>"Load weights"
                <input class="sr-only" type="file" accept=".safetensors" data-testid="weights-load" on:change=move |event| drop::chosen(lab, &event)/>
            </label>
            <button class="quiet" data-testid="save-onnx" title="The trained network in one file, for other programs" on:click=move |_| lab.save_onnx()><Icon glyph=Glyph::Down/>"ONNX"</button>
        </div>
    }
    .into_any()
}
