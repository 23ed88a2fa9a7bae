//! Readers of numbers, texts and lists.

use std::ops::Range;

use serde_json::{Error, Value};

use super::{Fields, Read, fields::wrong};

macro_rules! by_serde {
    ($($leaf:ty),+) => {
        $(impl Read for $leaf {
            #[inline(never)]
            fn read(value: Value) -> Result<Self, Error> {
                serde_json::from_value(value)
            }
        })+
    };
}

by_serde!(bool, u8, u16, u32, u64, usize, i32, i64, f32, f64, String, Value);

/// Serde's reader of types that have their own.
macro_rules! for_serde {
    ($($of:ty),+) => {
        $(impl<'de> serde::Deserialize<'de> for $of {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::json::deserialize(from)
            }
        })+
    };
}
pub(crate) use for_serde;

impl<T: Read> Read for Option<T> {
    fn read(value: Value) -> Result<Self, Error> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }

    fn absent(_field: &'static str) -> Result<Self, Error> {
        Ok(None)
    }
}

impl<T: Read> Read for Box<T> {
    fn read(value: Value) -> Result<Self, Error> {
        T::read(value).map(Self::new)
    }
}

impl<T: Read> Read for Vec<T> {
    #[inline(never)]
    fn read(value: Value) -> Result<Self, Error> {
        let items = list(value)?;
        let mut all = Self::with_capacity(items.len());
        for item in items {
            all.push(T::read(item)?);
        }
        Ok(all)
    }
}

impl<T: Read, const N: usize> Read for [T; N] {
    fn read(value: Value) -> Result<Self, Error> {
        let all = Vec::<T>::read(value)?;
        let count = all.len();
        all.try_into().map_err(|_| length(count, N))
    }
}

impl<A: Read, B: Read> Read for (A, B) {
    fn read(value: Value) -> Result<Self, Error> {
        let [a, b] = items(value)?;
        Ok((A::read(a)?, B::read(b)?))
    }
}

impl<A: Read, B: Read, C: Read> Read for (A, B, C) {
    fn read(value: Value) -> Result<Self, Error> {
        let [a, b, c] = items(value)?;
        Ok((A::read(a)?, B::read(b)?, C::read(c)?))
    }
}

impl<T: Read> Read for Range<T> {
    fn read(value: Value) -> Result<Self, Error> {
        let mut fields = Fields::of(value, "struct Range", &["start", "end"], true)?;
        Ok(fields.take(0)?..fields.take(1)?)
    }
}

fn list(value: Value) -> Result<Vec<Value>, Error> {
    match value {
        Value::Array(items) => Ok(items),
        other => Err(wrong(&other, "a sequence")),
    }
}

fn items<const N: usize>(value: Value) -> Result<[Value; N], Error> {
    let items = list(value)?;
    let count = items.len();
    items.try_into().map_err(|_| length(count, N))
}

fn length(count: usize, expected: usize) -> Error {
    serde::de::Error::invalid_length(count, &format!("a list of {expected}").as_str())
}
