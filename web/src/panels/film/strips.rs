//! Strips of filters: a row for each filter, a column for each moment. Pure numbers and places.

use engine::{Graph, NodeId, ParamId, Tensor};
use figures::{
    Sheet,
    kernels::{KernelDims, KernelView},
};

/// Rows beyond this are left out, unless one of them is in focus.
pub const ROWS_LIMIT: usize = 16;

/// A layer that has filters.
#[derive(Clone, Debug, PartialEq)]
pub struct Reel {
    pub node: NodeId,
    pub name: String,
    pub param: ParamId,
    pub dims: KernelDims,
}

pub fn reels(graph: &Graph) -> Vec<Reel> {
    let reel = |(i, param): (usize, &engine::Param)| {
        let dims = KernelDims::of(&param.dims).ok().filter(|d| d.k_h * d.k_w > 1)?;
        Some(Reel { node: param.node, name: graph.node(param.node).name.clone(), param: ParamId(i), dims })
    };
    graph.params.iter().enumerate().filter_map(reel).collect()
}

/// The filter of `reel` that the stage's focus means: one of its filters, or a map that it gives.
pub fn filter_in_focus(reel: &Reel, focus: Option<(Tensor, usize)>) -> Option<usize> {
    match focus? {
        (Tensor::Param(param), channel) if param == reel.param => {
            // Small tables show a tile for each pair of output and input.
            let table = reel.dims.in_ch > 1 && channel >= reel.dims.out_ch;
            Some(if table { channel / reel.dims.in_ch } else { channel })
        }
        (Tensor::Output(node), channel) if node == reel.node => Some(channel),
        _ => None,
    }
    .filter(|filter| *filter < reel.dims.out_ch)
}

/// Tiles in rows (filter) of columns (moment), and where they lie.
#[derive(Clone, Debug, PartialEq)]
pub struct Strips {
    pub sheet: Sheet,
    pub tiles: Vec<f32>,
    pub columns: usize,
}

impl Strips {
    /// Of the chosen filters; `numbers` are (moment, weights). Inputs of a filter are averaged. `None` where the
    /// numbers do not fit.
    pub fn of(dims: KernelDims, numbers: &[f32], columns: usize, filters: &[usize]) -> Option<Self> {
        let plane = dims.k_h * dims.k_w;
        let len = dims.out_ch * dims.in_ch * plane;
        if columns == 0 || filters.is_empty() || numbers.len() != columns * len {
            return None;
        }
        let mut tiles = vec![0.0; filters.len() * columns * plane];
        let mut means = Vec::new();
        for (column, weight) in numbers.chunks_exact(len).enumerate() {
            dims.gather(weight, KernelView::Mean, &mut means).ok()?;
            for (row, filter) in filters.iter().enumerate() {
                let to = (row * columns + column) * plane;
                tiles[to..to + plane].copy_from_slice(means.get(filter * plane..(filter + 1) * plane)?);
            }
        }
        Some(Self { sheet: Sheet::grid(filters.len() * columns, columns, dims.k_h, dims.k_w).with_gap(1), tiles, columns })
    }

    /// The column at a share of the width.
    pub fn column_at(&self, share: f64) -> usize {
        ((share * self.columns as f64) as usize).min(self.columns - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_put_moments_beside_each_other() {
        let dims = KernelDims { out_ch: 2, in_ch: 2, k_h: 1, k_w: 2 };
        // Two moments of two filters of two inputs.
        let numbers: Vec<f32> = (0..16).map(|i| i as f32).collect();
        let strips = Strips::of(dims, &numbers, 2, &[1]).unwrap();
        assert_eq!(strips.tiles, [5.0, 6.0, 13.0, 14.0]);
        assert_eq!((strips.sheet.rows, strips.sheet.cols), (1, 2));
        assert_eq!([0.0, 0.49, 0.51, 1.0].map(|x| strips.column_at(x)), [0, 0, 1, 1]);
        assert_eq!(Strips::of(dims, &numbers, 3, &[1]), None);
        assert_eq!(Strips::of(dims, &numbers, 2, &[2]), None);
    }

    #[test]
    fn every_network_has_its_reels_and_their_focus() {
        for preset in engine::presets::PRESETS {
            let graph = Graph::check(&preset.model()).unwrap();
            for reel in reels(&graph) {
                let last = reel.dims.out_ch - 1;
                assert_eq!(filter_in_focus(&reel, Some((Tensor::Output(reel.node), last))), Some(last));
                assert_eq!(filter_in_focus(&reel, Some((Tensor::Input, 0))), None);
                assert_eq!(filter_in_focus(&reel, Some((Tensor::Param(reel.param), 0))), Some(0));
            }
        }
    }
}
