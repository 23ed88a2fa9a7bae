//! Asking for what a batch looks like.

use leptos::prelude::*;
use protocol::{Command, Preview};

use super::Lab;

/// One look under way at most; the newest wish waits for it.
#[derive(Debug, Default)]
pub struct Looks {
    /// Number of the last that was asked for.
    last: u32,
    underway: bool,
    waiting: Option<Preview>,
}

impl Lab {
    /// Asks for the next batch under this augmentation. What comes goes into [`crate::state::preview`].
    pub fn preview(&self, preview: Preview) {
        if !self.state.is_open() {
            return;
        }
        let send = self.inner.try_update_value(|inner| {
            let looks = &mut inner.looks;
            if looks.underway {
                looks.waiting = Some(preview);
                return None;
            }
            looks.underway = true;
            looks.last = looks.last.wrapping_add(1);
            Some(Preview { ask: looks.last, ..preview })
        });
        if let Some(preview) = send.flatten() {
            self.command(Command::Preview { run: self.state.run.get_untracked(), preview });
        }
    }

    /// An answer has come, or none will: the next may be asked for.
    pub(super) fn previewed(&self) {
        let next = self.inner.try_update_value(|inner| {
            inner.looks.underway = false;
            inner.looks.waiting.take()
        });
        if let Some(preview) = next.flatten() {
            self.preview(preview);
        }
    }
}
