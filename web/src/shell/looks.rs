//! Light, dark, more contrast: the user's choice or the system's.

use figures::{Theme, theme::css_tokens};
use leptos::prelude::*;

use crate::{
    dom::{document, media, window},
    state::ThemeChoice,
};

const KEY: &str = "kernelscope-theme";
const CONTRAST: &str = "(prefers-contrast: more)";

impl ThemeChoice {
    pub fn slug(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    fn theme(self) -> Theme {
        let dark = match self {
            Self::System => media::matches(media::DARK),
            Self::Light => false,
            Self::Dark => true,
        };
        match (dark, media::matches(CONTRAST)) {
            (false, false) => Theme::Light,
            (true, false) => Theme::Dark,
            (false, true) => Theme::LightContrast,
            (true, true) => Theme::DarkContrast,
        }
    }
}

/// Keeps the page's colours in step with the choice and the system.
pub fn follow(choice: RwSignal<ThemeChoice>, theme: RwSignal<Theme>) {
    let kept = storage().and_then(|s| s.get_item(KEY).ok().flatten());
    let asked = crate::state::url::page_value("theme").or(kept);
    let first =
        [ThemeChoice::Light, ThemeChoice::Dark].into_iter().find(|c| asked.as_deref() == Some(c.slug())).unwrap_or(ThemeChoice::System);
    choice.set(first);
    wear(theme, first.theme());
    for query in [media::DARK, CONTRAST] {
        media::watch(query, move || wear(theme, choice.get_untracked().theme()));
    }
    Effect::new(move |before: Option<()>| {
        let choice = choice.get();
        if before.is_some() {
            wear(theme, choice.theme());
            if let Some(storage) = storage() {
                // Refused in some private windows: the choice then lasts as long as the page.
                let _ = storage.set_item(KEY, choice.slug());
            }
        }
    });
}

/// Puts the theme's colours on the page.
fn wear(worn: RwSignal<Theme>, theme: Theme) {
    let Some(document) = document() else { return };
    let style = document.get_element_by_id("theme").or_else(|| {
        let style = document.create_element("style").ok()?;
        style.set_id("theme");
        document.head()?.append_child(&style).ok()?;
        Some(style)
    });
    if let Some(style) = style {
        style.set_text_content(Some(&format!(":root {{ {} }}", css_tokens(theme))));
    }
    if let Some(root) = document.document_element() {
        let _ = root.set_attribute("data-theme", theme.slug());
    }
    if worn.get_untracked() != theme {
        worn.set(theme);
    }
}

fn storage() -> Option<web_sys::Storage> {
    window()?.local_storage().ok().flatten()
}
