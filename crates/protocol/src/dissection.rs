//! A tile that is taken apart, and a cell whose field is measured.

use std::ops::Range;

use engine::{NodeId, json::Read, ops::account::PartKind};
use serde::Serialize;

/// What is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
pub struct Opened {
    pub node: NodeId,
    pub channel: u32,
    /// Row and column of a cell whose field is to be measured.
    pub field_of: Option<[u32; 2]>,
}

/// One part within the bulk of a [`crate::Event::Dissected`].
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct PartView {
    pub kind: PartKind,
    /// Channels, rows, columns.
    pub dims: [usize; 3],
    pub range: Range<usize>,
}
