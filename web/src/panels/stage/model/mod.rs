//! Where everything on the stage lies: pure geometry, in CSS pixels.
//!
//! A join holds its branches, so a network is a tree of lists. A list runs from left to right; the branches of a
//! join lie below each other, each in a lane of its own, between the point where they leave and the join.

mod block;
mod lanes;

use std::collections::BTreeMap;

use engine::{Graph, Mode, Node, NodeId, Tensor, graph::Feed};

pub use block::{Block, BlockKind, KernelTiles};
use lanes::{Making, lanes};

/// Height of a column's heading, and of one in a narrow lane.
pub const HEADS: [f64; 2] = [62.0, 33.0];
/// Lanes lower than this have the small heading.
const ROOMY: f64 = 210.0;
/// Least height of a lane with layers.
const LANE: f64 = 92.0;
/// Height of a lane that hands on what it takes in.
const PAST: f64 = 20.0;
/// Between columns.
const GUTTER: f64 = 11.0;
/// Between a layer's filters and its maps.
const SPLIT: f64 = 8.0;
/// Least width of a column with a heading.
const HEAD_WIDTH: f64 = 52.0;
/// The same where the heading also tells the weights.
const WEIGHTS_WIDTH: f64 = 76.0;
/// Width of a layer that passes everything on.
const THIN: f64 = 22.0;
/// Sides of a 28-pixel map that are tried, largest first.
const SIDES: [f64; 10] = [140.0, 112.0, 98.0, 84.0, 70.0, 64.0, 56.0, 48.0, 42.0, 36.0];
/// Widest that maps side by side may become, times the side of one.
const WIDEST: f64 = 4.6;

/// One layer, or the image.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// `None` for the image.
    pub node: Option<NodeId>,
    pub name: String,
    /// What it does: `5×5 convolution`.
    pub title: String,
    pub shape: String,
    pub params: usize,
    /// Rows and columns of the image that one of its cells sees.
    pub sees: [usize; 2],
    pub x: f64,
    pub width: f64,
    /// Its lane.
    pub top: f64,
    pub bottom: f64,
    pub maps: Option<Block>,
    pub kernels: Option<Block>,
    /// Whether its numbers can be negative.
    pub signed: bool,
    /// For each input where its way runs before it gets here: from, to, height. Only joins have some.
    pub ways: Vec<[f64; 3]>,
}

impl Column {
    /// Whether there is room for the small heading only.
    pub fn is_low(&self) -> bool {
        self.bottom - self.top < ROOMY
    }

    fn head(&self) -> f64 {
        HEADS[usize::from(self.is_low())]
    }

    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.kernels.iter().chain(self.maps.iter())
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The image, then the layers in their order.
    pub columns: Vec<Column>,
    pub width: f64,
    pub height: f64,
}

/// What the user chose of the overview.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// 1 fits the network into its room, or comes as near as is readable.
    pub zoom: f64,
    /// Pages of layers that are leafed through, where not the first.
    pub pages: BTreeMap<usize, usize>,
}

impl Layout {
    /// Lays out `graph` in `width` × `height`; wider and higher where it does not fit.
    pub fn of(graph: &Graph, width: f64, height: f64, ratio: f64, choice: &Choice) -> Self {
        // On a narrow screen columns are swiped through: then tiles that can be made out win.
        let narrow = width < 700.0;
        let room = height.max(lanes(&graph.spec.layers));
        let lay = |side: f64, room: f64| Making::new(graph, side, ratio, &choice.pages).lay(room);
        let tries = SIDES.iter().filter(|side| !narrow || **side <= 64.0);
        let mut best: Option<(f64, Self)> = None;
        for side in tries {
            let layout = lay(*side, room);
            let fits = layout.width <= width;
            if fits || best.is_none() || !narrow {
                best = Some((*side, layout));
            }
            if fits {
                break;
            }
        }
        let (side, mut layout) = best.unwrap_or_else(|| (SIDES[0], lay(SIDES[0], room)));
        if choice.zoom != 1.0 {
            layout = lay(side * choice.zoom, room.max(room * choice.zoom.sqrt()));
        }
        layout.spread(width);
        layout
    }

    pub fn blocks(&self) -> impl Iterator<Item = (&Column, &Block)> {
        self.columns.iter().flat_map(|c| c.blocks().map(move |b| (c, b)))
    }

    pub fn block(&self, tensor: Tensor) -> Option<(&Column, &Block)> {
        self.blocks().find(|(_, b)| b.tensor == tensor)
    }

    /// The column whose maps are shown for a feed: layers that pass everything on have none of their own.
    pub fn source(&self, graph: &Graph, feed: Feed) -> Option<&Column> {
        match feed {
            Feed::Image => self.columns.first(),
            Feed::Node(id) => {
                let column = self.columns.get(id.0 + 1)?;
                if column.maps.is_some() { Some(column) } else { self.source(graph, *graph.nodes.get(id.0)?.inputs.first()?) }
            }
        }
    }

    /// Shares out what is left of the width, so that the stage is filled. Lanes keep their form.
    fn spread(&mut self, width: f64) {
        let straight = self.columns.iter().all(|c| c.ways.is_empty());
        let gaps = self.columns.len().saturating_sub(1);
        if width <= self.width || gaps == 0 {
            return;
        }
        if !straight {
            let shift = ((width - self.width) / 2.0).floor();
            self.columns.iter_mut().for_each(|column| column.shift(shift));
            self.width += shift;
            return;
        }
        let extra = ((width - self.width) / gaps as f64).min(3.0 * GUTTER).floor();
        for (i, column) in self.columns.iter_mut().enumerate() {
            column.shift(extra * i as f64);
        }
        self.width += extra * gaps as f64;
    }
}

impl Column {
    fn shift(&mut self, by: f64) {
        self.x += by;
        for block in self.kernels.iter_mut().chain(self.maps.iter_mut()) {
            block.x += by;
        }
        for [from, to, _] in &mut self.ways {
            *from += by;
            *to += by;
        }
    }
}

/// Whether the layer does nothing in evaluation, as the sample is looked at.
pub fn passes_on(node: &Node) -> bool {
    node.layer.op().kind().identity_in.contains(&Mode::Eval)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(zoom: f64) -> Choice {
        Choice { zoom, pages: BTreeMap::new() }
    }

    fn layouts() -> impl Iterator<Item = (&'static str, Graph, Layout)> {
        engine::presets::PRESETS.iter().flat_map(|preset| {
            let graph = Graph::check(&preset.model()).unwrap();
            let rooms = [(328.0, 300.0), (1074.0, 372.0), (1640.0, 560.0)];
            let all: Vec<_> = rooms
                .into_iter()
                .flat_map(|(w, h)| [0.4, 1.0, 2.0].map(|zoom| (w, h, zoom)))
                .map(|(w, h, zoom)| (preset.slug, graph.clone(), Layout::of(&graph, w, h, 1.0, &choice(zoom))))
                .collect();
            all
        })
    }

    #[test]
    fn nothing_overlaps_and_nothing_sticks_out() {
        for (slug, graph, layout) in layouts() {
            assert_eq!(layout.columns.len(), graph.nodes.len() + 1);
            for (i, column) in layout.columns.iter().enumerate() {
                for block in column.blocks() {
                    assert!(
                        block.x >= column.x - 1.0 && block.x + block.width() <= column.x + column.width + 1.0,
                        "{slug} {}",
                        column.name
                    );
                    assert!(block.y >= column.top + column.head() - 1.0, "{slug} {}", column.name);
                    assert!(block.y + block.height() <= column.bottom + 1.0, "{slug} {}: {block:?} in {column:?}", column.name);
                }
                assert!(column.bottom <= layout.height + 1.0 && column.x + column.width <= layout.width + 1.0, "{slug} {}", column.name);
                // No two columns, and so no two names, lie on each other.
                for other in &layout.columns[..i] {
                    let beside = other.x + other.width <= column.x || column.x + column.width <= other.x;
                    let apart = other.bottom <= column.top + 0.5 || column.bottom <= other.top + 0.5;
                    assert!(beside || apart, "{slug}: {} and {}", other.name, column.name);
                }
            }
        }
    }

    #[test]
    fn branches_lie_side_by_side_before_their_join() {
        for slug in ["resnet", "inception", "densenet", "unet"] {
            let graph = Graph::check(&engine::presets::preset(slug).unwrap().model()).unwrap();
            let layout = Layout::of(&graph, 1074.0, 372.0, 1.0, &choice(1.0));
            let mut joins = 0;
            for node in graph.nodes.iter().filter(|n| n.inputs.len() > 1) {
                joins += 1;
                let join = &layout.columns[node.id.0 + 1];
                assert_eq!(join.ways.len(), node.inputs.len(), "{slug} {}", node.name);
                let mut last = join.top;
                for ([from, to, y], feed) in join.ways.iter().zip(&node.inputs) {
                    assert!(*y > last && *y < join.bottom && from <= to && *to <= join.x, "{slug} {}: {:?}", node.name, join.ways);
                    last = *y;
                    if let Feed::Node(id) = feed {
                        assert!(layout.columns[id.0 + 1].x < join.x, "{slug} {}", node.name);
                    }
                }
            }
            assert!(joins > 1, "{slug}");
        }
    }

    #[test]
    fn many_maps_are_leafed_through() {
        let graph = Graph::check(&engine::presets::preset("n3").unwrap().model()).unwrap();
        let first = Layout::of(&graph, 1074.0, 372.0, 1.0, &choice(4.0));
        let block = first.columns[5].maps.unwrap();
        assert!(block.count < block.total && block.total == 64, "{block:?}");
        let pages = BTreeMap::from([(4, 1)]);
        let second = Layout::of(&graph, 1074.0, 372.0, 1.0, &Choice { zoom: 4.0, pages });
        let after = second.columns[5].maps.unwrap();
        assert_eq!(after.first, block.count);
        let [x, y, ..] = after.tile(after.first);
        assert_eq!(after.hit(x + 0.5, y + 0.5).map(|h| h.tile), Some(after.first));
    }

    #[test]
    fn the_first_network_fits_a_laptop() {
        let graph = Graph::check(&engine::presets::PRESETS[0].model()).unwrap();
        let layout = Layout::of(&graph, 1074.0, 372.0, 1.0, &choice(1.0));
        assert!(layout.columns[1].maps.unwrap().scale >= 2.0);
        assert!(layout.width <= 1074.0, "{}", layout.width);
    }

    #[test]
    fn a_hit_finds_the_tile_that_was_placed() {
        for (slug, _, layout) in layouts() {
            for (column, block) in layout.blocks() {
                for tile in [0, block.count / 2, block.count - 1].map(|t| t + block.first) {
                    let [x, y, w, h] = block.tile(tile);
                    let hit = block.hit(x + w * 0.99, y + h * 0.01).unwrap();
                    assert_eq!((hit.tile, hit.row, hit.col), (tile, 0, block.sheet.tile_w - 1), "{slug} {}", column.name);
                }
            }
        }
    }
}
