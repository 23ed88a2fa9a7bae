//! Looking into tiles.

use engine::Graph;
use leptos::prelude::*;
use protocol::{Command, Opened};

use super::Lab;
use crate::state::{
    stage::{Opening, written},
    url,
};

impl Lab {
    /// Opens a tile or a cell, or goes back to the overview; the link follows.
    pub fn open_tile(&self, opening: Option<Opening>) {
        if self.state.stage.opening.get_untracked() != opening {
            self.state.stage.opening.set(opening);
        }
        let word = self.state.graph.with_untracked(|graph| written(opening?, graph.as_deref()?));
        url::put("focus", word.as_deref());
    }

    /// One level up.
    pub fn close_tile(&self) {
        if let Some(opening) = self.state.stage.opening.get_untracked() {
            self.open_tile(opening.cell.map(|_| Opening { cell: None, ..opening }));
        }
    }

    /// What the worker is to take apart: the open tile, and where fields are measured the cell that is open or
    /// pointed at.
    pub fn dissect(&self, opened: Option<Opened>) {
        let changed = self.inner.try_update_value(|inner| std::mem::replace(&mut inner.dissected, opened) != opened);
        if changed == Some(true) {
            self.tell_run(Command::Dissect { run: self.state.run.get_untracked(), opened });
        }
    }

    /// For a run that has just been opened, on this network.
    pub(super) fn dissect_again(&self) {
        let known = |graph: &Graph, opened: &Opened| {
            graph.nodes.get(opened.node.0).is_some_and(|n| {
                (opened.channel as usize) < n.output.ch
                    && opened.field_of.is_none_or(|[y, x]| (y as usize) < n.output.h && (x as usize) < n.output.w)
            })
        };
        let opened = self.inner.with_value(|inner| inner.dissected);
        let opened = opened.filter(|opened| self.state.graph.with_untracked(|graph| graph.as_deref().is_some_and(|g| known(g, opened))));
        if opened.is_some() {
            self.command(Command::Dissect { run: self.state.run.get_untracked(), opened });
        }
    }
}
