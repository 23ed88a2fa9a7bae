//! What is looked into on the stage, and how.

use std::collections::BTreeMap;

use engine::{Graph, NodeId, ops::account::PartKind};
use leptos::prelude::*;
use protocol::{Opened, PartView};

use super::url;

/// A tile that is open, and a cell of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    pub node: NodeId,
    pub channel: usize,
    /// Row and column of the cell whose arithmetic is shown.
    pub cell: Option<(usize, usize)>,
}

/// Which numbers share one scale of colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Tile,
    Layer,
    Network,
}

impl Scale {
    /// With what the button says, and what it means.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Tile, "tile", "Each map uses the whole scale: its form shows, its strength does not"),
        (Self::Layer, "layer", "All maps of a layer share one scale: strong maps look strong"),
        (Self::Network, "network", "All maps in sight share one scale: strong layers look strong"),
    ];
}

/// The newest parts of the open tile.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub opened: Option<Opened>,
    pub views: Vec<PartView>,
    pub numbers: Vec<f32>,
    /// The measured field of a cell, which comes less often, and whose it is.
    pub field: Vec<f32>,
    pub field_of: Option<Opened>,
}

impl Parts {
    pub fn take(&mut self, opened: Opened, views: Vec<PartView>, numbers: Vec<f32>) {
        let field = views.iter().find(|v| v.kind == PartKind::Field).and_then(|v| numbers.get(v.range.clone()));
        if let Some(field) = field {
            self.field = field.to_vec();
            self.field_of = Some(opened);
        }
        (self.opened, self.views, self.numbers) = (Some(opened), views, numbers);
    }

    /// Extents and numbers of a part of this tile.
    pub fn part(&self, opening: Opening, kind: PartKind) -> Option<([usize; 3], &[f32])> {
        self.opened.filter(|o| o.node == opening.node && o.channel as usize == opening.channel)?;
        let view = self.views.iter().find(|v| v.kind == kind)?;
        Some((view.dims, self.numbers.get(view.range.clone())?))
    }
}

/// Handles only: copying is free.
#[derive(Clone, Copy, Debug)]
pub struct StageState {
    pub opening: RwSignal<Option<Opening>>,
    /// Read it when `frame_tick` changes.
    pub parts: StoredValue<Parts>,
    /// Why a field could not be measured.
    pub trouble: RwSignal<Option<String>>,
    pub scale: RwSignal<Scale>,
    pub zoom: RwSignal<f64>,
    pub pages: RwSignal<BTreeMap<usize, usize>>,
    /// Fields are measured instead of drawn as boxes alone.
    pub measured: RwSignal<bool>,
}

impl StageState {
    pub fn new(graph: Option<&Graph>) -> Self {
        let named = url::page_value("focus").zip(graph).and_then(|(word, graph)| read(&word, graph));
        Self {
            opening: RwSignal::new(named),
            parts: StoredValue::new(Parts::default()),
            trouble: RwSignal::new(None),
            scale: RwSignal::new(Scale::Layer),
            zoom: RwSignal::new(1.0),
            pages: RwSignal::new(BTreeMap::new()),
            measured: RwSignal::new(false),
        }
    }

    /// For another network.
    pub fn clear(&self) {
        self.opening.set(None);
        self.pages.set(BTreeMap::new());
        self.parts.set_value(Parts::default());
    }
}

/// The tile or cell that a link names, where the network has it: `conv2.3`, `conv2.3.10.12`, counted from 1.
pub fn read(word: &str, graph: &Graph) -> Option<Opening> {
    let mut words = word.split('.');
    let name = words.next()?;
    let node = graph.nodes.iter().find(|n| n.name == name)?;
    let mut number = |most: usize| words.next()?.parse::<usize>().ok()?.checked_sub(1).filter(|n| *n < most);
    let channel = number(node.output.ch)?;
    let cell = number(node.output.h).and_then(|row| Some((row, number(node.output.w)?)));
    Some(Opening { node: node.id, channel, cell })
}

/// As a link names it.
pub fn written(opening: Opening, graph: &Graph) -> Option<String> {
    let node = graph.nodes.get(opening.node.0)?;
    let cell = opening.cell.map_or_else(String::new, |(row, col)| format!(".{}.{}", row + 1, col + 1));
    Some(format!("{}.{}{cell}", node.name, opening.channel + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_tiles_and_cells() {
        let graph = Graph::check(&engine::presets::preset("resnet").unwrap().model()).unwrap();
        let node = &graph.nodes[6];
        for cell in [None, Some((0, 0)), Some((3, node.output.w - 1))] {
            let opening = Opening { node: node.id, channel: node.output.ch - 1, cell };
            assert_eq!(read(&written(opening, &graph).unwrap(), &graph), Some(opening));
        }
        for word in ["", "conv1", "conv1.0", "conv1.999", "nothing.1", "conv1.-1", "conv1.x"] {
            assert_eq!(read(word, &graph), None, "{word}");
        }
    }
}
