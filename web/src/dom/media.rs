//! What the user's system prefers.

use web_sys::MediaQueryList;

use super::{listen::Listener, window};

fn query(text: &str) -> Option<MediaQueryList> {
    window()?.match_media(text).ok().flatten()
}

/// Whether the query holds now.
pub fn matches(text: &str) -> bool {
    query(text).is_some_and(|q| q.matches())
}

/// Calls `changed` whenever the answer to the query changes, for as long as the page lives.
pub fn watch(text: &str, mut changed: impl FnMut() + 'static) {
    if let Some(list) = query(text) {
        Listener::new(&list, "change", move |_| changed()).keep();
    }
}

pub const DARK: &str = "(prefers-color-scheme: dark)";
/// A phone: where style sheets put things one below another.
pub const NARROW: &str = "(max-width: 719px)";
pub const CALM: &str = "(prefers-reduced-motion: reduce)";
