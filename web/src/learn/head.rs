//! The head of Learn, and the list of its keys.

use crate::reaction::{effect, live};
use leptos::{html, prelude::*};

use super::{
    address,
    state::{Learn, Place},
    strings::Language,
};
use crate::{
    shell::head::Mark,
    state::ThemeChoice,
    widgets::icon::{Glyph, Icon},
};

pub fn view(learn: Learn) -> AnyView {
    view! {
        <header class="head">
            <a class="head-name" href="?learn" data-testid="contents-link" on:click=move |event| { event.prevent_default(); learn.go(Place::Contents); }>
                <Mark/><span>"Kernelscope"</span>
            </a>
            {places(learn)}
            <div class="head-tools">{languages(learn)}{tools(learn)}</div>
        </header>
    }
    .into_any()
}

/// Lab and Learn.
fn places(learn: Learn) -> AnyView {
    view! {
        <nav class="head-places">
            <a href=address::of_lab("") data-testid="lab-link" title=move || learn.say().lab_about>{move || learn.say().lab}</a>
            <a href="?learn" aria-current=move || if learn.place.with(|p| *p == Place::Contents) { "page" } else { "true" }
                on:click=move |event| { event.prevent_default(); learn.go(Place::Contents); }>{move || learn.say().learn}</a>
        </nav>
    }
    .into_any()
}

fn languages(learn: Learn) -> AnyView {
    let option = move |language: Language| {
        view! { <option value=language.code() selected=move || learn.language.get() == language>{language.name()}</option> }.into_any()
    };
    view! {
        <select class="head-language" data-testid="language" aria-label=move || learn.say().language
            on:change=move |event| if let Some(language) = Language::of(&event_target_value(&event)) { learn.speak(language); }>
            {Language::ALL.into_iter().map(option).collect_view()}
        </select>
    }
    .into_any()
}

fn tools(learn: Learn) -> AnyView {
    let in_lesson = Memo::new(move |_| learn.place.with(Place::lesson).is_some());
    let look = Signal::derive(move || match learn.theme_choice.get() {
        ThemeChoice::System => Glyph::System,
        ThemeChoice::Light => Glyph::Sun,
        ThemeChoice::Dark => Glyph::Moon,
    });
    let of_lesson = move || {
        in_lesson.get().then(|| {
            view! {
                <button class="quiet head-print" data-testid="print" title=move || learn.say().print aria-label=move || learn.say().print on:click=move |_| learn.printing.set(true)><Icon glyph=Glyph::Print/></button>
                <button class="quiet" data-testid="present" title=move || format!("{} (P)", learn.say().present) aria-label=move || learn.say().present on:click=move |_| learn.presenting.set(true)><Icon glyph=Glyph::Wide/></button>
            }
            .into_any()
        })
    };
    view! {
        {live(of_lesson)}
        <button class="quiet" data-testid="theme" title=move || format!("{} (T)", learn.say().look) aria-label=move || format!("{}: {}", learn.say().look, learn.theme_choice.get().slug())
            on:click=move |_| learn.theme_choice.update(|c| *c = c.next())><Icon glyph=look/></button>
        <button class="quiet" data-testid="open-help" title="?" aria-label=move || learn.say().keys on:click=move |_| learn.help_open.set(true)><Icon glyph=Glyph::Help/></button>
    }
    .into_any()
}

pub fn help(learn: Learn) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    effect(move || {
        let wanted = learn.help_open.get();
        if let Some(dialog) = node.get() {
            if wanted && !dialog.open() {
                // Fails only where the dialog is in no document.
                let _ = dialog.show_modal();
            } else if !wanted && dialog.open() {
                dialog.close();
            }
        }
    });
    let list = move || {
        let lines = learn.say().key_list.iter().map(|(key, about)| view! { <dt><kbd>{*key}</kbd></dt><dd>{*about}</dd> }.into_any());
        lines.collect_view()
    };
    view! {
        <dialog class="dialog" node_ref=node data-testid="help" aria-label=move || learn.say().keys on:close=move |_| learn.help_open.set(false)>
            <div class="dialog-body">
                <header class="dialog-head">
                    <h2>{move || learn.say().keys}</h2>
                    <button class="quiet" data-testid="help-close" aria-label=move || learn.say().close on:click=move |_| learn.help_open.set(false)><Icon glyph=Glyph::Close/></button>
                </header>
                <dl class="help-keys">{live(list)}</dl>
            </div>
        </dialog>
    }
    .into_any()
}
