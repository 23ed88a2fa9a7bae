//! Numbers of a frame onto the canvases of the stage.

use figures::{
    ColourMap, Range, Sheet, Spread,
    kernels::{KernelDims, KernelView},
    tiles::PaintError,
};
use web_sys::HtmlCanvasElement;

use super::model::{Block, BlockKind, Column, KernelTiles};
use crate::{
    dom::image,
    state::Frame,
    widgets::maps::{self, Maps},
};

/// Colour maps and buffers, kept from frame to frame.
#[derive(Debug)]
pub struct Painter {
    maps: Maps,
    pixels: Vec<u8>,
    tiles: Vec<f32>,
}

impl Painter {
    pub fn new(theme: figures::Theme) -> Self {
        Self { maps: maps::of(theme), pixels: Vec::new(), tiles: Vec::new() }
    }

    pub fn set_theme(&mut self, theme: figures::Theme) {
        self.maps = maps::of(theme);
    }

    fn map(&self, signed: bool) -> &ColourMap {
        if signed { &self.maps.signed } else { &self.maps.positive }
    }

    /// Paints the image that the network is shown.
    pub fn image(&mut self, block: &Block, values: &[f32], canvas: &HtmlCanvasElement) {
        // Ink is at most 1, and a faint drawing should look faint.
        self.plane(values, block.sheet, false, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), canvas);
    }

    /// Paints one block from the frame; without its numbers the canvas stays as it is.
    pub fn block(&mut self, column: &Column, block: &Block, frame: &Frame, spread: Spread, canvas: &HtmlCanvasElement) {
        let Some((dims, values)) = frame.view(block.tensor) else { return };
        let shown = block.first * block.plane()..(block.first + block.count) * block.plane();
        let BlockKind::Kernels(view) = block.kind else {
            let spread = if block.kind == BlockKind::Maps || matches!(spread, Spread::Fixed(_)) { spread } else { Spread::Shared };
            // A layer's scale is that of all its maps, not of those on the page that is shown.
            let spread = if spread == Spread::Shared { Spread::Fixed(Range::of(values)) } else { spread };
            let Some(values) = values.get(shown) else { return };
            return self.plane(values, block.sheet, column.signed, spread, canvas);
        };
        let view = match view {
            KernelTiles::Table => KernelView::Table,
            KernelTiles::Mean => KernelView::Mean,
        };
        let mut tiles = std::mem::take(&mut self.tiles);
        // A filter's form is what is looked for; filters grow at different speeds.
        if KernelDims::of(dims).and_then(|dims| dims.gather(values, view, &mut tiles)).is_ok()
            && let Some(shown) = tiles.get(shown)
        {
            self.plane(shown, block.sheet, true, Spread::Shared, canvas);
        }
        self.tiles = tiles;
    }

    /// One tile alone, for the loupe.
    pub fn tile(&mut self, column: &Column, block: &Block, tile: usize, values: &[f32], canvas: &HtmlCanvasElement) {
        let signed = column.signed || block.is_kernels();
        let plane = values.get(tile * block.plane()..(tile + 1) * block.plane()).unwrap_or_default();
        let spread = if block.kind == BlockKind::Image { Spread::Fixed(Range { lo: 0.0, hi: 1.0 }) } else { Spread::Shared };
        self.plane(plane, Sheet::single(block.sheet.tile_h, block.sheet.tile_w), signed, spread, canvas);
    }

    /// Paints tiles of numbers.
    pub fn plane(&mut self, values: &[f32], sheet: Sheet, signed: bool, spread: Spread, canvas: &HtmlCanvasElement) {
        let mut pixels = std::mem::take(&mut self.pixels);
        pixels.resize(sheet.size_bytes(), 0);
        let painted: Result<(), PaintError> = sheet.paint(values, self.map(signed), spread, &mut pixels);
        // A frame of the network before this one does not fit; the next one will.
        if painted.is_ok() {
            image::show(canvas, &pixels, sheet.width() as u32, sheet.height() as u32);
        }
        self.pixels = pixels;
    }
}
