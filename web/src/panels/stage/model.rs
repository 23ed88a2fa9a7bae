//! Where everything on the stage lies: pure geometry, in CSS pixels.

use engine::{
    Graph, Mode, Node, NodeId, ParamId, Tensor,
    graph::Feed,
    ops::{Kind, ParamRole, Signs, Window},
};
use figures::tiles::{Hit, Sheet};

/// Height of a column's heading.
pub const HEAD: f64 = 62.0;
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
const SIDES: [f64; 9] = [140.0, 112.0, 98.0, 84.0, 70.0, 64.0, 56.0, 48.0, 42.0];

/// Tiles of one tensor, laid out in a grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    pub tensor: Tensor,
    /// Its canvas is shown `scale` times as large.
    pub sheet: Sheet,
    pub scale: f64,
    pub count: usize,
    pub x: f64,
    pub y: f64,
    pub kind: BlockKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    Image,
    Maps,
    /// Each cell of the vector is a tile of one number.
    Vector,
    Kernels(KernelTiles),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelTiles {
    /// A tile for each pair of output and input channel.
    Table,
    /// A tile for each output channel: the mean over its inputs.
    Mean,
}

impl Block {
    /// Width on the page.
    pub fn width(&self) -> f64 {
        self.sheet.width() as f64 * self.scale
    }

    pub fn height(&self) -> f64 {
        self.sheet.height() as f64 * self.scale
    }

    /// What lies under a point of the stage.
    pub fn hit(&self, x: f64, y: f64) -> Option<Hit> {
        let (x, y) = ((x - self.x) / self.scale, (y - self.y) / self.scale);
        if x < 0.0 || y < 0.0 {
            return None;
        }
        self.sheet.hit(x as usize, y as usize).filter(|hit| hit.tile < self.count)
    }

    /// Left, top, width and height of a tile.
    pub fn tile(&self, tile: usize) -> [f64; 4] {
        let (x, y) = self.sheet.corner(tile);
        let cell = self.sheet.zoom as f64 * self.scale;
        [self.x + x as f64 * self.scale, self.y + y as f64 * self.scale, self.sheet.tile_w as f64 * cell, self.sheet.tile_h as f64 * cell]
    }

    fn place(&mut self, x: f64, middle: f64) {
        self.x = x;
        self.y = (middle - self.height() / 2.0).max(HEAD);
    }
}

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
    pub maps: Option<Block>,
    pub kernels: Option<Block>,
    /// Whether its numbers can be negative.
    pub signed: bool,
    /// Whether each channel comes from the one channel of the same number.
    pub one_to_one: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    pub columns: Vec<Column>,
    pub width: f64,
    pub height: f64,
}

impl Layout {
    /// Lays out `graph` in `width` × `height`; wider where it does not fit.
    pub fn of(graph: &Graph, width: f64, height: f64, ratio: f64) -> Self {
        // On a narrow screen columns are swiped through: then tiles that can be made out win.
        let narrow = width < 700.0;
        let tries = SIDES.iter().filter(|side| !narrow || **side <= 64.0).map(|side| Self::with_side(graph, *side, height, ratio));
        let mut best = None;
        for layout in tries {
            let fits = layout.width <= width && layout.height <= height;
            let usable = layout.height <= height;
            if fits {
                best = Some(layout);
                break;
            }
            if usable && (best.is_none() || !narrow) {
                best = Some(layout);
            }
        }
        let mut layout = best.unwrap_or_else(|| Self::with_side(graph, SIDES[SIDES.len() - 1], height, ratio));
        layout.spread(width);
        layout.height = layout.height.max(height);
        layout
    }

    pub fn blocks(&self) -> impl Iterator<Item = (&Column, &Block)> {
        self.columns.iter().flat_map(|c| c.kernels.iter().chain(c.maps.iter()).map(move |b| (c, b)))
    }

    pub fn block(&self, tensor: Tensor) -> Option<(&Column, &Block)> {
        self.blocks().find(|(_, b)| b.tensor == tensor)
    }

    fn with_side(graph: &Graph, side: f64, height: f64, ratio: f64) -> Self {
        let room = height - HEAD;
        let middle = HEAD + room / 2.0;
        let image = graph.spec.input;
        let mut columns = vec![Column {
            node: None,
            name: "input".to_owned(),
            title: "the image".to_owned(),
            shape: image.to_string(),
            params: 0,
            sees: [1, 1],
            x: 0.0,
            width: 0.0,
            maps: Some(grid(Tensor::Input, BlockKind::Image, image.ch, image.h, image.w, side * 1.8, room, ratio)),
            kernels: None,
            signed: false,
            one_to_one: false,
        }];
        for node in &graph.nodes {
            let before = node.inputs.iter().any(|feed| match feed {
                Feed::Image => columns[0].signed,
                Feed::Node(id) => columns[id.0 + 1].signed,
            });
            let signed = is_signed(node.layer.op().kind(), before);
            columns.push(column(graph, node, side, room, ratio, signed));
        }
        let mut x = 0.0;
        let mut bottom: f64 = 0.0;
        for column in &mut columns {
            column.x = x;
            let kernels = column.kernels.map_or(0.0, |b| b.width() + SPLIT);
            let maps = column.maps.map_or(0.0, |b| b.width());
            let least = match (&column.maps, column.params) {
                (None, _) => THIN,
                (Some(_), 0) => HEAD_WIDTH,
                (Some(_), _) => WEIGHTS_WIDTH,
            };
            column.width = (kernels + maps).max(least);
            let left = x + (column.width - kernels - maps) / 2.0;
            if let Some(block) = &mut column.kernels {
                block.place(left.round(), middle);
                bottom = bottom.max(block.y + block.height());
            }
            if let Some(block) = &mut column.maps {
                block.place((left + kernels).round(), middle);
                bottom = bottom.max(block.y + block.height());
            }
            x += column.width + GUTTER;
        }
        Self { columns, width: x - GUTTER, height: bottom }
    }

    /// Shares out what is left of the width, so that the stage is filled.
    fn spread(&mut self, width: f64) {
        let gaps = self.columns.len().saturating_sub(1);
        if width <= self.width || gaps == 0 {
            return;
        }
        let extra = ((width - self.width) / gaps as f64).min(3.0 * GUTTER).floor();
        for (i, column) in self.columns.iter_mut().enumerate() {
            let shift = extra * i as f64;
            column.x += shift;
            for block in column.kernels.iter_mut().chain(column.maps.iter_mut()) {
                block.x += shift;
            }
        }
        self.width += extra * gaps as f64;
    }
}

fn column(graph: &Graph, node: &Node, side: f64, room: f64, ratio: f64, signed: bool) -> Column {
    let op = node.layer.op();
    let passes_on = op.kind().identity_in.contains(&Mode::Eval);
    let (out, tensor) = (node.output, Tensor::Output(node.id));
    let maps = if passes_on {
        None
    } else if out.is_flat() {
        Some(vector(tensor, out.ch, side, room))
    } else {
        Some(grid(tensor, BlockKind::Maps, out.ch, out.h, out.w, side, room, ratio))
    };
    let weight = node.params.clone().find(|i| graph.params[*i].role == ParamRole::Weight && graph.params[*i].dims.len() == 4);
    let cols = maps.map_or(1, |b| b.sheet.cols);
    Column {
        node: Some(node.id),
        name: node.name.clone(),
        title: title(node),
        shape: out.to_string(),
        params: graph.params[node.params.clone()].iter().map(|p| p.range.len()).sum(),
        sees: node.reach.size,
        x: 0.0,
        width: 0.0,
        kernels: weight.map(|i| kernels(ParamId(i), &graph.params[i].dims, cols, side, room, ratio)),
        maps,
        signed,
        one_to_one: !op.kind().mixes,
    }
}

/// A multiple of the screen's own pixels, at least one of them.
fn whole(scale: f64, ratio: f64) -> f64 {
    // On a plain screen a map is enlarged by whole numbers, so that all its cells are equally large.
    let unit = 1.0 / ratio.floor().max(1.0);
    ((scale / unit + 0.3).floor() * unit).max(unit)
}

fn grid(tensor: Tensor, kind: BlockKind, count: usize, h: usize, w: usize, side: f64, room: f64, ratio: f64) -> Block {
    let extent = h.max(w) as f64;
    let scale = whole(side * (extent / 28.0).sqrt() / extent, ratio).min((room / h as f64).floor().max(1.0));
    let gap = gap(scale);
    let pitch = (h + gap) as f64 * scale;
    let fit = (((room + gap as f64 * scale) / pitch).floor() as usize).max(1);
    let cols = even_cols(count, count.div_ceil(fit).max(1));
    Block { tensor, sheet: Sheet::grid(count, cols, h, w).with_gap(gap), scale, count, x: 0.0, y: 0.0, kind }
}

/// `least` columns, or some more where they leave no row unfinished.
fn even_cols(count: usize, least: usize) -> usize {
    (least..=least + least / 2).find(|cols| count.is_multiple_of(*cols)).unwrap_or(least)
}

/// Gap between tiles, in numbers of a tile: about four pixels of the screen.
fn gap(scale: f64) -> usize {
    ((4.0 / scale).round() as usize).max(1)
}

fn vector(tensor: Tensor, count: usize, side: f64, room: f64) -> Block {
    let (cell, gap) = match count {
        0..=16 => (18.0, 2),
        17..=128 => (7.0, 1),
        _ => (4.0, 1),
    };
    let cell = (cell * (side / 56.0).clamp(0.8, 1.6)).round() as usize;
    let fit = ((room / (cell + gap) as f64).floor() as usize).clamp(1, 64);
    let cols = count.div_ceil(fit).max(if count > 16 { 2 } else { 1 });
    let sheet = Sheet::grid(count, cols, 1, 1).with_zoom(cell).with_gap(gap);
    Block { tensor, sheet, scale: 1.0, count, x: 0.0, y: 0.0, kind: BlockKind::Vector }
}

fn kernels(id: ParamId, dims: &[usize], map_cols: usize, side: f64, room: f64, ratio: f64) -> Block {
    let (out_ch, in_ch, k_h, k_w) = (dims[0], dims[1], dims[2], dims[3]);
    let tensor = Tensor::Param(id);
    let fit = |sheet: Sheet, widest: f64| whole((widest / sheet.width() as f64).min(room / sheet.height() as f64) - 0.3, ratio);
    if in_ch == 1 {
        let sheet = Sheet::grid(out_ch, map_cols.div_ceil(2), k_h, k_w).with_gap(1);
        let scale = fit(sheet, side * 1.3).min(side / 9.0);
        return Block { tensor, sheet, scale, count: out_ch, x: 0.0, y: 0.0, kind: BlockKind::Kernels(KernelTiles::Table) };
    }
    let table = Sheet::grid(out_ch * in_ch, in_ch, k_h, k_w).with_gap(1);
    if table.width() <= 72 && table.height() as f64 <= room {
        let scale = fit(table, side * 2.0).min(4.0);
        return Block { tensor, sheet: table, scale, count: out_ch * in_ch, x: 0.0, y: 0.0, kind: BlockKind::Kernels(KernelTiles::Table) };
    }
    let sheet = Sheet::grid(out_ch, map_cols, k_h, k_w).with_gap(1);
    let scale = fit(sheet, side * 1.7).min(side / 11.0);
    Block { tensor, sheet, scale, count: out_ch, x: 0.0, y: 0.0, kind: BlockKind::Kernels(KernelTiles::Mean) }
}

fn is_signed(kind: &Kind, before: bool) -> bool {
    match kind.signs {
        Signs::Both => true,
        Signs::Positive => false,
        Signs::AsInput => before,
    }
}

/// What the layer is, with the size of its window where it has one.
fn title(node: &Node) -> String {
    let kind = node.layer.op().kind().title.to_lowercase();
    match node.window() {
        Window::Slide { kernel, .. } => format!("{}×{} {kind}", kernel.h, kernel.w),
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layouts() -> impl Iterator<Item = (&'static str, Layout, f64)> {
        engine::presets::PRESETS.iter().flat_map(|preset| {
            let graph = Graph::check(&preset.model()).unwrap();
            [(328.0, 300.0), (1074.0, 372.0), (1640.0, 560.0)].map(|(w, h)| (preset.slug, Layout::of(&graph, w, h, 1.0), h))
        })
    }

    #[test]
    fn nothing_overlaps_and_nothing_sticks_out() {
        for (slug, layout, height) in layouts() {
            let mut right = 0.0;
            for column in &layout.columns {
                assert!(column.x >= right, "{slug} {}", column.name);
                for block in column.kernels.iter().chain(column.maps.iter()) {
                    assert!(
                        block.x >= column.x - 1.0 && block.x + block.width() <= column.x + column.width + 1.0,
                        "{slug} {}",
                        column.name
                    );
                    assert!(block.y >= HEAD && block.y + block.height() <= height + 1.0, "{slug} {} {height}: {block:?}", column.name);
                }
                right = column.x + column.width;
            }
            assert!(layout.width >= right, "{slug}");
        }
    }

    #[test]
    fn the_first_network_fits_a_laptop() {
        let graph = Graph::check(&engine::presets::PRESETS[0].model()).unwrap();
        let layout = Layout::of(&graph, 1074.0, 372.0, 1.0);
        assert!(layout.columns[1].maps.unwrap().scale >= 2.0);
        assert!(layout.width <= 1074.0, "{}", layout.width);
    }

    #[test]
    fn a_hit_finds_the_tile_that_was_placed() {
        for (slug, layout, _) in layouts() {
            for (column, block) in layout.blocks() {
                for tile in [0, block.count / 2, block.count - 1] {
                    let [x, y, w, h] = block.tile(tile);
                    let hit = block.hit(x + w * 0.99, y + h * 0.01).unwrap();
                    assert_eq!((hit.tile, hit.row, hit.col), (tile, 0, block.sheet.tile_w - 1), "{slug} {}", column.name);
                }
            }
        }
    }
}
