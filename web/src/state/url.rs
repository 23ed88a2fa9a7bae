//! The link of the page: the run's set-up as the query, kept up to date.

use protocol::{RunSpec, Wish, link};
use wasm_bindgen::JsValue;

use crate::dom::window;

/// So much of a word that is none is repeated to the user.
const WORD_LIMIT: usize = 40;

/// What the address bar asks for.
#[derive(Debug)]
pub struct Asked {
    pub spec: RunSpec,
    /// What it is to compute on.
    pub wish: Wish,
    /// One sentence per thing in the link that is wrong and was replaced.
    pub problems: Vec<String>,
    /// Whether the link says anything about the run at all.
    pub explicit: bool,
}

pub fn read() -> Asked {
    let query = window().and_then(|w| w.location().search().ok()).unwrap_or_default();
    let (spec, problems) = link::decode(&query);
    let explicit = pairs(&query).any(|(key, _)| !link::PAGE_KEYS.contains(&key));
    let mut problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let wish = page_value("backend").map_or(Ok(Wish::Auto), |word| word.chars().take(WORD_LIMIT).collect::<String>().parse());
    let wish = wish.unwrap_or_else(|why| {
        problems.push(format!("`backend` in the link: {why}; auto is used"));
        Wish::Auto
    });
    Asked { spec, wish, problems, explicit }
}

/// The value of a key that speaks to the page and not of the run.
pub fn page_value(key: &str) -> Option<String> {
    let query = window()?.location().search().ok()?;
    pairs(&query).find(|(k, _)| *k == key).map(|(_, value)| value.to_owned())
}

/// The whole address that opens `spec`.
pub fn address_of(spec: &RunSpec) -> String {
    let location = window().map(|w| w.location());
    let place = location.and_then(|l| Some(l.origin().ok()? + &l.pathname().ok()?)).unwrap_or_default();
    format!("{place}?{}", link::encode(spec))
}

/// Puts the run into the address bar, keeping the page's own keys.
pub fn write(spec: &RunSpec) {
    let Some(window) = window() else { return };
    let location = window.location();
    let query = location.search().unwrap_or_default();
    let mut text = link::encode(spec);
    for (key, value) in pairs(&query).filter(|(key, _)| link::PAGE_KEYS.contains(key)) {
        text.push_str(&format!("&{key}={value}"));
    }
    let address = format!("{}?{text}{}", location.pathname().unwrap_or_default(), location.hash().unwrap_or_default());
    if let Ok(history) = window.history() {
        // Refused only for another origin.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// The query that computes on something else and is as it is now else.
pub fn with_backend(wish: Wish) -> String {
    let query = window().and_then(|w| w.location().search().ok()).unwrap_or_default();
    let mut rest: Vec<String> = pairs(&query).filter(|(key, _)| *key != "backend").map(|(key, value)| format!("{key}={value}")).collect();
    if wish != Wish::Auto {
        rest.push(format!("backend={}", wish.name()));
    }
    format!("?{}", rest.join("&"))
}

/// The whole address that opens this run.
pub fn address() -> String {
    window().and_then(|w| w.location().href().ok()).unwrap_or_default()
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.trim_start_matches('?').split('&').filter(|p| !p.is_empty()).map(|p| p.split_once('=').unwrap_or((p, "")))
}
