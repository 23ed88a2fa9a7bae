//! Which planes of a convolution's weight to show.
//!
//! A weight (out_ch, in_ch, k_h, k_w) is out_ch × in_ch signed planes. With one input channel that
//! is one tile a filter; with many, a reader wants the whole table, one filter's row, or one tile a
//! filter in which the input channels are averaged.

use crate::tiles::Sheet;

/// Which planes of a weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KernelView {
    /// One tile a filter: the mean over its input channels.
    #[default]
    Mean,
    /// A row a filter, a column an input channel.
    Table,
    /// One filter's planes, one per input channel.
    Filter(usize),
}

/// Extents of a convolution's weight; `in_ch` counts the channels of one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelDims {
    pub out_ch: usize,
    pub in_ch: usize,
    pub k_h: usize,
    pub k_w: usize,
}

/// Why a weight cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    #[error("a convolution's weight has 4 extents, this tensor has {got:?}")]
    Dims { got: Vec<usize> },
    #[error("a weight of {dims:?} holds {needed} numbers, but {got} came")]
    Values { dims: KernelDims, needed: usize, got: usize },
    #[error("filter {filter} was asked for, but there are {out_ch}")]
    Filter { filter: usize, out_ch: usize },
}

impl KernelDims {
    /// From a parameter's extents (out_ch, in_ch, k_h, k_w).
    ///
    /// # Errors
    /// Where there are not four.
    pub fn of(dims: &[usize]) -> Result<Self, KernelError> {
        match *dims {
            [out_ch, in_ch, k_h, k_w] => Ok(Self { out_ch, in_ch, k_h, k_w }),
            _ => Err(KernelError::Dims { got: dims.to_vec() }),
        }
    }

    fn plane(&self) -> usize {
        self.k_h * self.k_w
    }

    fn filter(&self) -> usize {
        self.in_ch * self.plane()
    }

    /// Puts the planes of `view` into `tiles` (emptied first; nothing is allocated once it has
    /// grown) and returns the sheet on which they make sense, one pixel a number and without gaps.
    ///
    /// # Errors
    /// Where the weight is not of these extents, or the filter does not exist.
    pub fn gather(&self, weight: &[f32], view: KernelView, tiles: &mut Vec<f32>) -> Result<Sheet, KernelError> {
        let needed = self.out_ch * self.filter();
        if weight.len() != needed {
            return Err(KernelError::Values { dims: *self, needed, got: weight.len() });
        }
        tiles.clear();
        match view {
            KernelView::Table => {
                tiles.extend_from_slice(weight);
                Ok(Sheet::grid(self.out_ch * self.in_ch, self.in_ch, self.k_h, self.k_w))
            }
            KernelView::Filter(filter) => {
                if filter >= self.out_ch {
                    return Err(KernelError::Filter { filter, out_ch: self.out_ch });
                }
                tiles.extend_from_slice(&weight[filter * self.filter()..][..self.filter()]);
                Ok(Sheet::grid(self.in_ch, self.in_ch, self.k_h, self.k_w))
            }
            KernelView::Mean => {
                let share = 1.0 / self.in_ch.max(1) as f32;
                for filter in weight.chunks_exact(self.filter().max(1)) {
                    for at in 0..self.plane() {
                        tiles.push(share * filter.iter().skip(at).step_by(self.plane()).sum::<f32>());
                    }
                }
                Ok(Sheet::square(self.out_ch, self.k_h, self.k_w))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Two filters over two channels, kernels of 1×2.
    const DIMS: KernelDims = KernelDims { out_ch: 2, in_ch: 2, k_h: 1, k_w: 2 };
    const WEIGHT: [f32; 8] = [1.0, 2.0, 3.0, 6.0, -1.0, 0.0, 1.0, 4.0];

    #[test]
    fn mean_over_input_channels() {
        let mut tiles = Vec::new();
        let sheet = DIMS.gather(&WEIGHT, KernelView::Mean, &mut tiles).unwrap();
        assert_eq!(tiles, [2.0, 4.0, 0.0, 2.0]);
        assert_eq!((sheet.rows, sheet.cols, sheet.tile_h, sheet.tile_w), (1, 2, 1, 2));
    }

    #[test]
    fn table_has_a_row_a_filter() {
        let mut tiles = vec![9.0];
        let sheet = DIMS.gather(&WEIGHT, KernelView::Table, &mut tiles).unwrap();
        assert_eq!(tiles, WEIGHT);
        assert_eq!((sheet.rows, sheet.cols), (2, 2));
    }

    #[test]
    fn one_filter() {
        let mut tiles = Vec::new();
        let sheet = DIMS.gather(&WEIGHT, KernelView::Filter(1), &mut tiles).unwrap();
        assert_eq!(tiles, [-1.0, 0.0, 1.0, 4.0]);
        assert_eq!((sheet.rows, sheet.cols), (1, 2));
        assert_eq!(DIMS.gather(&WEIGHT, KernelView::Filter(2), &mut tiles), Err(KernelError::Filter { filter: 2, out_ch: 2 }));
    }

    #[test]
    fn mismatches_are_errors() {
        assert_eq!(KernelDims::of(&[2, 2, 1, 2]), Ok(DIMS));
        assert_eq!(KernelDims::of(&[10, 64]), Err(KernelError::Dims { got: vec![10, 64] }));
        let got = DIMS.gather(&WEIGHT[1..], KernelView::Mean, &mut Vec::new());
        assert_eq!(got, Err(KernelError::Values { dims: DIMS, needed: 8, got: 7 }));
    }
}
