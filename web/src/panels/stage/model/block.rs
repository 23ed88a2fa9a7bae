//! The tiles of one tensor: how large, how many side by side, and which of them are shown.

use engine::{ParamId, Tensor};
use figures::tiles::{Hit, Sheet};

/// Tiles of one tensor, laid out in a grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    pub tensor: Tensor,
    /// Its canvas is shown `scale` times as large.
    pub sheet: Sheet,
    pub scale: f64,
    /// Tiles that are shown, of `total`; the first of them is number `first`.
    pub count: usize,
    pub first: usize,
    pub total: usize,
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

/// Input channels that a table of all kernels may have: of more it is noise.
const TABLE: usize = 8;

/// The room that a block has.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Side of a 28-pixel map.
    pub side: f64,
    pub height: f64,
    /// Widest that a block of maps may become before it is leafed through.
    pub width: f64,
    /// Pixels of the screen in one of the page.
    pub ratio: f64,
}

impl Block {
    /// Width on the page.
    pub fn width(&self) -> f64 {
        self.sheet.width() as f64 * self.scale
    }

    pub fn height(&self) -> f64 {
        self.sheet.height() as f64 * self.scale
    }

    pub fn is_kernels(&self) -> bool {
        matches!(self.kind, BlockKind::Kernels(_))
    }

    /// What lies under a point of the stage; its tile is counted among all.
    pub fn hit(&self, x: f64, y: f64) -> Option<Hit> {
        let (x, y) = ((x - self.x) / self.scale, (y - self.y) / self.scale);
        if x < 0.0 || y < 0.0 {
            return None;
        }
        let hit = self.sheet.hit(x as usize, y as usize).filter(|hit| hit.tile < self.count)?;
        Some(Hit { tile: self.first + hit.tile, ..hit })
    }

    /// Whether tile `tile` of all is on the page that is shown.
    pub fn shows(&self, tile: usize) -> bool {
        (self.first..self.first + self.count).contains(&tile)
    }

    /// Left, top, width and height of a tile, counted among all; of one that is not shown, that of the nearest.
    pub fn tile(&self, tile: usize) -> [f64; 4] {
        let tile = tile.clamp(self.first, self.first + self.count.max(1) - 1) - self.first;
        let (x, y) = self.sheet.corner(tile);
        let cell = self.sheet.zoom as f64 * self.scale;
        [self.x + x as f64 * self.scale, self.y + y as f64 * self.scale, self.sheet.tile_w as f64 * cell, self.sheet.tile_h as f64 * cell]
    }

    pub(super) fn place(&mut self, x: f64, top: f64, bottom: f64) {
        self.x = x;
        self.y = (top + (bottom - top - self.height()) / 2.0).max(top);
    }

    /// Numbers of a tile.
    pub fn plane(&self) -> usize {
        self.sheet.tile_h * self.sheet.tile_w
    }

    /// Shows page `page` of as many tiles as there is room for.
    fn leaf(mut self, page: usize, room: usize) -> Self {
        if self.total <= room {
            return self;
        }
        let pages = self.total.div_ceil(room);
        self.first = page.min(pages - 1) * room;
        self.count = room.min(self.total - self.first);
        self
    }
}

/// A multiple of the screen's own pixels, at least one of them. Below one pixel a number, whatever is asked for.
fn whole(scale: f64, ratio: f64) -> f64 {
    // On a plain screen a map is enlarged by whole numbers, so that all its cells are equally large.
    let unit = 1.0 / ratio.floor().max(1.0);
    if scale < 0.7 * unit { scale } else { ((scale / unit + 0.3).floor() * unit).max(unit) }
}

pub fn grid(tensor: Tensor, kind: BlockKind, count: usize, h: usize, w: usize, room: Room, page: usize) -> Block {
    let extent = h.max(w) as f64;
    let scale = whole(room.side * (extent / 28.0).sqrt() / extent, room.ratio);
    let scale = if h as f64 * scale > room.height { (room.height / h as f64).floor().max(1.0).min(scale) } else { scale };
    let gap = gap(scale);
    let fit = |space: f64, len: usize| (((space + gap as f64 * scale) / ((len + gap) as f64 * scale)).floor() as usize).max(1);
    let (rows, most_cols) = (fit(room.height, h), fit(room.width, w));
    let shown = count.min(rows * most_cols);
    let cols = even_cols(shown, shown.div_ceil(rows).max(1)).min(most_cols);
    let sheet = Sheet::grid(shown, cols, h, w).with_gap(gap);
    Block { tensor, sheet, scale, count, first: 0, total: count, x: 0.0, y: 0.0, kind }.leaf(page, shown)
}

/// `least` columns, or some more where they leave no row unfinished.
fn even_cols(count: usize, least: usize) -> usize {
    (least..=least + least / 2).find(|cols| count.is_multiple_of(*cols)).unwrap_or(least)
}

/// Gap between tiles, in numbers of a tile: about four pixels of the screen.
fn gap(scale: f64) -> usize {
    ((4.0 / scale).round() as usize).max(1)
}

pub fn vector(tensor: Tensor, count: usize, room: Room) -> Block {
    let (cell, gap) = match count {
        0..=16 => (18.0, 2),
        17..=128 => (7.0, 1),
        _ => (4.0, 1),
    };
    let cell = ((cell * (room.side / 56.0).clamp(0.5, 1.6)).round() as usize).max(2);
    let fit = ((room.height / (cell + gap) as f64).floor() as usize).clamp(1, 64);
    let cols = count.div_ceil(fit).max(if count > 16 { 2 } else { 1 });
    let sheet = Sheet::grid(count, cols, 1, 1).with_zoom(cell).with_gap(gap);
    Block { tensor, sheet, scale: 1.0, count, first: 0, total: count, x: 0.0, y: 0.0, kind: BlockKind::Vector }
}

/// The filters of a layer, beside its `maps`: as many as of those are shown.
pub fn kernels(id: ParamId, dims: &[usize], maps: &Block, room: Room) -> Block {
    let (out_ch, in_ch, k_h, k_w) = (dims[0], dims[1], dims[2], dims[3]);
    let tensor = Tensor::Param(id);
    let fit = |sheet: Sheet, widest: f64| whole((widest / sheet.width() as f64).min(room.height / sheet.height() as f64) - 0.3, room.ratio);
    let (count, first, cols) = (maps.count, maps.first, maps.sheet.cols);
    let of = |sheet: Sheet, scale: f64, count: usize, first: usize, total: usize, tiles: KernelTiles| Block {
        tensor,
        sheet,
        scale,
        count,
        first,
        total,
        x: 0.0,
        y: 0.0,
        kind: BlockKind::Kernels(tiles),
    };
    if in_ch == 1 {
        let sheet = Sheet::grid(count, cols.div_ceil(2), k_h, k_w).with_gap(1);
        let sheet = if sheet.height() as f64 > room.height { Sheet::grid(count, cols, k_h, k_w).with_gap(1) } else { sheet };
        return of(sheet, fit(sheet, room.side * 1.3).min(room.side / 9.0), count, first, out_ch, KernelTiles::Table);
    }
    let table = Sheet::grid(out_ch * in_ch, in_ch, k_h, k_w).with_gap(1);
    if in_ch <= TABLE && table.width() <= 72 && table.height() as f64 <= room.height && count == out_ch {
        return of(table, fit(table, room.side * 2.0).min(4.0), out_ch * in_ch, 0, out_ch * in_ch, KernelTiles::Table);
    }
    let sheet = Sheet::grid(count, cols, k_h, k_w).with_gap(1);
    of(sheet, fit(sheet, room.side * 1.7).min(room.side / 11.0), count, first, out_ch, KernelTiles::Mean)
}
