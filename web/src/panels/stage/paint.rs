//! Numbers of a frame onto the canvases of the stage.

use figures::{
    ColourMap, Range, Spread,
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

    /// Paints the image that the network is shown.
    pub fn image(&mut self, block: &Block, values: &[f32], canvas: &HtmlCanvasElement) {
        let Self { maps: Maps { positive, .. }, pixels, .. } = self;
        // Ink is at most 1, and a faint drawing should look faint.
        let painted = paint(block, values, positive, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), pixels);
        show(block, painted, pixels, canvas);
    }

    /// Paints one block from the frame; without its numbers the canvas stays as it is.
    pub fn block(&mut self, column: &Column, block: &Block, frame: &Frame, spread: Spread, canvas: &HtmlCanvasElement) {
        let Some((dims, values)) = frame.view(block.tensor) else { return };
        let Self { maps: Maps { signed, positive }, pixels, tiles } = self;
        let painted = match block.kind {
            BlockKind::Kernels(view) => {
                let view = match view {
                    KernelTiles::Table => KernelView::Table,
                    KernelTiles::Mean => KernelView::Mean,
                };
                match KernelDims::of(dims).and_then(|dims| dims.gather(values, view, tiles)) {
                    // A filter's form is what is looked for; filters grow at different speeds.
                    Ok(_) => paint(block, tiles, signed, Spread::Shared, pixels),
                    Err(_) => return,
                }
            }
            BlockKind::Image | BlockKind::Vector => {
                paint(block, values, if column.signed { signed } else { positive }, Spread::Shared, pixels)
            }
            BlockKind::Maps => paint(block, values, if column.signed { signed } else { positive }, spread, pixels),
        };
        show(block, painted, pixels, canvas);
    }

    /// One tile alone, for the inspector.
    pub fn tile(&mut self, column: &Column, block: &Block, tile: usize, values: &[f32], canvas: &HtmlCanvasElement) {
        let signed = column.signed || matches!(block.kind, BlockKind::Kernels(_));
        let map = if signed { &self.maps.signed } else { &self.maps.positive };
        let (h, w) = (block.sheet.tile_h, block.sheet.tile_w);
        let sheet = figures::Sheet::single(h, w);
        self.pixels.resize(sheet.size_bytes(), 0);
        let plane = &values[(tile * h * w).min(values.len())..((tile + 1) * h * w).min(values.len())];
        let spread = if block.kind == BlockKind::Image { Spread::Fixed(Range { lo: 0.0, hi: 1.0 }) } else { Spread::Shared };
        if sheet.paint(plane, map, spread, &mut self.pixels).is_ok() {
            image::show(canvas, &self.pixels, w as u32, h as u32);
        }
    }
}

fn paint(block: &Block, values: &[f32], map: &ColourMap, spread: Spread, pixels: &mut Vec<u8>) -> Result<(), PaintError> {
    pixels.resize(block.sheet.size_bytes(), 0);
    block.sheet.paint(values, map, spread, pixels)
}

fn show(block: &Block, painted: Result<(), PaintError>, pixels: &[u8], canvas: &HtmlCanvasElement) {
    // A frame of the network before this one does not fit; the next one will.
    if painted.is_ok() {
        image::show(canvas, pixels, block.sheet.width() as u32, block.sheet.height() as u32);
    }
}
