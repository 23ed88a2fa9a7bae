//! Extents of one example's tensor, without the batch.

use std::fmt;

use serde::Serialize;

use crate::json::Read;

/// Channels, rows and columns of one example. A flat vector of `n` features is `n×1×1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Read)]
#[serde(from = "[usize; 3]", into = "[usize; 3]")]
pub struct Shape {
    pub ch: usize,
    pub h: usize,
    pub w: usize,
}

impl Shape {
    pub const fn new(ch: usize, h: usize, w: usize) -> Self {
        Self { ch, h, w }
    }

    /// A vector of `features` numbers.
    pub const fn flat(features: usize) -> Self {
        Self::new(features, 1, 1)
    }

    /// Numbers in one example. Saturates, so that a shape not yet checked can be asked.
    pub const fn len(&self) -> usize {
        self.ch.saturating_mul(self.plane())
    }

    /// Numbers in one channel.
    pub const fn plane(&self) -> usize {
        self.h.saturating_mul(self.w)
    }

    /// True where some extent is zero: no layer accepts or makes such a shape.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub const fn is_flat(&self) -> bool {
        self.h == 1 && self.w == 1
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_flat() { write!(f, "{}", self.ch) } else { write!(f, "{}×{}×{}", self.ch, self.h, self.w) }
    }
}

impl From<[usize; 3]> for Shape {
    fn from([ch, h, w]: [usize; 3]) -> Self {
        Self { ch, h, w }
    }
}

impl From<Shape> for [usize; 3] {
    fn from(s: Shape) -> Self {
        [s.ch, s.h, s.w]
    }
}

/// Why a layer cannot stand where it stands. Names both sides of the mismatch and, where one
/// exists, a setting that would be legal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum ShapeError {
    #[error("`{setting}` is {value}, but must be {least} to {most}")]
    OutOfRange { setting: String, value: usize, least: usize, most: usize },
    #[error(
        "the window of {window} (kernel {kernel}, dilation {dilation}) is larger than the padded {axis} of {padded}; use a kernel of at most {largest}"
    )]
    WindowTooLarge { axis: String, kernel: usize, dilation: usize, window: usize, padded: usize, largest: usize },
    #[error("`{pad_mode}` padding of {pad} needs {axis} of at least {needed}, but it is {extent}; pad by at most {}", (extent + pad).saturating_sub(*needed))]
    PadTooLarge { axis: String, pad_mode: String, pad: usize, extent: usize, needed: usize },
    #[error("padding of {pad} must be smaller than the kernel of {kernel}, or some windows would see padding only; pad by at most {}", kernel.saturating_sub(1))]
    PadHidesInput { pad: usize, kernel: usize },
    #[error("padding of {cut} cuts off the whole {axis} of {full}; use at most {most} on both sides together")]
    PadCutsAll { axis: String, cut: usize, full: usize, most: usize },
    #[error("{groups} groups do not divide {channels} {side} channels; use {legal}")]
    GroupsDoNotDivide { groups: usize, channels: usize, side: String, legal: usize },
    #[error("{groups} groups of {got} hold a single number each, which leaves nothing to normalise; a group needs at least 2")]
    NothingToNormalise { got: Shape, groups: usize },
    #[error("`dense` needs a flat vector, but receives {got}; put a `flatten` before it")]
    NotFlat { got: Shape },
    #[error("`{setting}` is {value}, but must lie in {least} to {most}")]
    RatioOutOfRange { setting: String, value: String, least: String, most: String },
    #[error("expects {expected} inputs, but has {got}")]
    InputCount { expected: usize, got: usize },
    #[error("joins {least} to {most} branches, but has {got}")]
    BranchCount { least: usize, most: usize, got: usize },
    #[error("branch {} gives {got}, but branch 1 gives {first}; {rule}", branch + 1)]
    BranchesDiffer { branch: usize, first: Shape, got: Shape, rule: String },
    #[error("{what} would hold {count} numbers; the limit is {limit}")]
    TooLarge { what: String, count: u64, limit: u64 },
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::{
        Padding,
        ops::{Conv2d, MaxPool2d, Op, conv2d::PadMode},
    };

    /// The widest padding that a message names is legal, and one more is not.
    #[test]
    fn the_padding_that_is_named_is_the_widest() {
        let told = |pad_mode, pad| {
            let conv = Conv2d { pad_mode, pad: Padding::all(pad), ..Conv2d::default() };
            conv.infer(&[Shape::new(1, 28, 28)]).map_err(|e| e.to_string())
        };
        for (mode, most) in [(PadMode::Reflect, 27), (PadMode::Symmetric, 28), (PadMode::Circular, 28)] {
            assert!(told(mode, most).is_ok());
            for pad in [most + 1, 30] {
                assert!(told(mode, pad).unwrap_err().ends_with(&format!("; pad by at most {most}")), "{mode:?}");
            }
        }
        let pool = |pad| MaxPool2d { pad: Padding::all(pad), ..MaxPool2d::default() }.infer(&[Shape::new(1, 28, 28)]);
        assert!(pool(1).is_ok());
        assert!(pool(2).unwrap_err().to_string().ends_with("; pad by at most 1"));
    }
}
