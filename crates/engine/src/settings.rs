//! Settings that a person may write as one number or as several.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

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

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OneOr<T> {
    One(usize),
    Many(T),
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.h == self.w { OneOr::One(self.h) } else { OneOr::Many([self.h, self.w]) }.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match OneOr::<[usize; 2]>::deserialize(d) {
            Ok(OneOr::One(n)) => Ok(Self::square(n)),
            Ok(OneOr::Many([h, w])) => Ok(Self { h, w }),
            Err(_) => Err(D::Error::custom("expected a whole number, or two as [rows, columns]")),
        }
    }
}

impl Serialize for Sides {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if *self == Self::all(self.top) { OneOr::One(self.top) } else { OneOr::Many([self.top, self.bottom, self.left, self.right]) }
            .serialize(s)
    }
}

impl<'de> Deserialize<'de> for Sides {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match OneOr::<[usize; 4]>::deserialize(d) {
            Ok(OneOr::One(n)) => Ok(Self::all(n)),
            Ok(OneOr::Many([top, bottom, left, right])) => Ok(Self { top, bottom, left, right }),
            Err(_) => Err(D::Error::custom("expected a whole number, or four as [top, bottom, left, right]")),
        }
    }
}
