//! Settings that a person may write as one number or as several.

use serde::{Serialize, Serializer, de::Error as _};

use crate::json::{self, Error, Read, Value};

/// A pair (rows, columns). Written `3` where both agree, `[3, 5]` otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    pub h: usize,
    pub w: usize,
}

impl Pair {
    pub const fn new(h: usize, w: usize) -> Self {
        Self { h, w }
    }

    pub const fn square(n: usize) -> Self {
        Self::new(n, n)
    }

    pub const fn one() -> Self {
        Self::square(1)
    }
}

/// Padding on the four sides. Written `1` where all agree, `[top, bottom, left, right]` otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sides {
    pub top: usize,
    pub bottom: usize,
    pub left: usize,
    pub right: usize,
}

impl Sides {
    pub const fn all(n: usize) -> Self {
        Self { top: n, bottom: n, left: n, right: n }
    }

    pub const fn new(top: usize, bottom: usize, left: usize, right: usize) -> Self {
        Self { top, bottom, left, right }
    }
}

/// Padding as it is asked for: so many pixels, or a convention by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Written as a number, or as `[top, bottom, left, right]`.
    Sides(Sides),
    /// Written `"valid"`: none, so that windows lie within the image.
    Valid,
    /// Written `"same"`: as much as makes `out = ⌈in / stride⌉`, half on each side and the odd pixel at the bottom and
    /// right. This is TensorFlow's rule, for every stride; for a stride of 1 it is PyTorch's `padding="same"`, also
    /// for even kernels (which PyTorch refuses for larger strides).
    Same,
}

impl Default for Padding {
    fn default() -> Self {
        Self::Sides(Sides::default())
    }
}

impl From<Sides> for Padding {
    fn from(sides: Sides) -> Self {
        Self::Sides(sides)
    }
}

impl Padding {
    pub const fn all(n: usize) -> Self {
        Self::Sides(Sides::all(n))
    }

    /// The pixels that it stands for before windows over an image of `rows` and `columns`. May be asked before
    /// the settings are checked: never panics.
    pub fn sides(self, image: Pair, kernel: Pair, stride: Pair, dilation: Pair) -> Sides {
        // Both halves of an axis.
        let same = |extent: usize, kernel: usize, stride: usize, dilation: usize| {
            let stride = stride.max(1);
            let outputs = extent.div_ceil(stride);
            let window = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
            let all = outputs.saturating_sub(1).saturating_mul(stride).saturating_add(window).saturating_sub(extent);
            (all / 2, all - all / 2)
        };
        match self {
            Self::Sides(sides) => sides,
            Self::Valid => Sides::default(),
            Self::Same => {
                let (top, bottom) = same(image.h, kernel.h, stride.h, dilation.h);
                let (left, right) = same(image.w, kernel.w, stride.w, dilation.w);
                Sides { top, bottom, left, right }
            }
        }
    }
}

/// A whole number, or a list of `N`.
fn sizes<const N: usize>(value: &Value) -> Option<[usize; N]> {
    let size = |v: &Value| v.as_u64().and_then(|n| usize::try_from(n).ok());
    match value {
        Value::Array(items) => items.iter().map(size).collect::<Option<Vec<_>>>()?.try_into().ok(),
        one => size(one).map(|n| [n; N]),
    }
}

/// The shortest text: one number where all are the same.
fn write_sizes<S: Serializer>(sizes: &[usize], s: S) -> Result<S::Ok, S::Error> {
    if sizes.iter().all(|n| *n == sizes[0]) { s.serialize_u64(sizes[0] as u64) } else { s.collect_seq(sizes) }
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        write_sizes(&[self.h, self.w], s)
    }
}

json::for_serde!(Pair, Padding, Sides);

impl Read for Pair {
    fn read(value: Value) -> Result<Self, Error> {
        let [h, w] = sizes(&value).ok_or_else(|| Error::custom("expected a whole number, or two as [rows, columns]"))?;
        Ok(Self { h, w })
    }
}

impl Serialize for Padding {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Sides(sides) => sides.serialize(s),
            Self::Valid => s.serialize_str("valid"),
            Self::Same => s.serialize_str("same"),
        }
    }
}

impl Read for Padding {
    fn read(value: Value) -> Result<Self, Error> {
        match value.as_str() {
            Some("valid") => Some(Self::Valid),
            Some("same") => Some(Self::Same),
            _ => sides(&value).map(Self::Sides),
        }
        .ok_or_else(|| Error::custom("expected a whole number, four as [top, bottom, left, right], \"same\" or \"valid\""))
    }
}

fn sides(value: &Value) -> Option<Sides> {
    sizes(value).map(|[top, bottom, left, right]| Sides { top, bottom, left, right })
}

impl Serialize for Sides {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        write_sizes(&[self.top, self.bottom, self.left, self.right], s)
    }
}

impl Read for Sides {
    fn read(value: Value) -> Result<Self, Error> {
        sides(&value).ok_or_else(|| Error::custom("expected a whole number, or four as [top, bottom, left, right]"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Padding, Pair, Sides};

    #[test]
    fn padding_is_read_and_written() {
        for (text, padding) in [
            ("2", Padding::all(2)),
            ("[0,1,2,3]", Sides::new(0, 1, 2, 3).into()),
            ("\"same\"", Padding::Same),
            ("\"valid\"", Padding::Valid),
        ] {
            assert_eq!(serde_json::from_str::<Padding>(text).unwrap(), padding);
            assert_eq!(serde_json::to_string(&padding).unwrap(), text);
        }
        for text in ["-1", "\"full\"", "[1,2]", "null", "{}"] {
            let error = serde_json::from_str::<Padding>(text).unwrap_err().to_string();
            assert!(error.contains("\"same\""), "{text}: {error}");
        }
    }

    /// By hand: `⌈28 / 3⌉ = 10` windows of 5 with stride 3 cover 32 pixels, 4 more than there are; and so on.
    #[test]
    fn same_keeps_the_extent_and_puts_the_odd_pixel_last() {
        let along = |extent, kernel, stride, dilation| {
            let pair = Pair::square;
            let sides = Padding::Same.sides(Pair::new(extent, 1), pair(kernel), pair(stride), pair(dilation));
            (sides.top, sides.bottom)
        };
        assert_eq!(along(28, 3, 1, 1), (1, 1));
        assert_eq!(along(28, 4, 1, 1), (1, 2));
        assert_eq!(along(28, 2, 1, 1), (0, 1));
        assert_eq!(along(28, 3, 1, 2), (2, 2));
        assert_eq!(along(28, 5, 3, 1), (2, 2));
        assert_eq!(along(28, 3, 2, 1), (0, 1));
        assert_eq!(along(27, 3, 2, 1), (1, 1));
        // Windows that skip pixels need none.
        assert_eq!(along(28, 1, 2, 1), (0, 0));
        assert_eq!(along(28, usize::MAX, 0, usize::MAX), (usize::MAX / 2 - 14, usize::MAX / 2 - 13));
    }
}
