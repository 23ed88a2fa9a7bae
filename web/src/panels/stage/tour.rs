//! From tile to tile by key.

use super::model::{Block, Layout};
use crate::state::Focus;

/// Where the focus goes from the keyboard: left and right from tensor to tensor, up and down from tile to tile.
/// `None` for keys that mean something else.
pub fn focus_by_key(layout: &Layout, focus: Option<Focus>, key: &str) -> Option<Option<Focus>> {
    let blocks: Vec<&Block> = layout.blocks().map(|(_, block)| block).collect();
    let at = focus.and_then(|f| blocks.iter().position(|b| b.tensor == f.tensor));
    let to = |index: usize, channel: usize| {
        let block = blocks.get(index)?;
        let middle = (block.sheet.tile_h / 2, block.sheet.tile_w / 2);
        Some(Focus { tensor: block.tensor, channel: channel.min(block.total.saturating_sub(1)), cell: Some(middle) })
    };
    let (index, channel) = (at.unwrap_or(0), focus.map_or(0, |f| f.channel));
    let next = match key {
        "Escape" if focus.is_some() => return Some(None),
        "ArrowRight" if at.is_some() => to((index + 1).min(blocks.len().saturating_sub(1)), channel),
        "ArrowLeft" => to(index.saturating_sub(1), channel),
        "ArrowDown" if at.is_some() => to(index, channel + 1),
        "ArrowUp" => to(index, channel.saturating_sub(1)),
        "ArrowRight" | "ArrowDown" => to(0, 0),
        _ => return None,
    };
    Some(next)
}

pub fn focus_at(layout: &Layout, x: f64, y: f64) -> Option<Focus> {
    layout.blocks().find_map(|(_, block)| {
        let hit = block.hit(x, y)?;
        Some(Focus { tensor: block.tensor, channel: hit.tile, cell: Some((hit.row, hit.col)) })
    })
}
