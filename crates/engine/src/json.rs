//! Specifications, heads of messages and notes of files as JSON.
//!
//! Serde makes the reader and the writer of a type anew for each format, and in the page these are a large
//! share of the program. So there is one of each: whatever is read becomes a JSON value first, and whatever
//! is written is written as text. Readers are our own ([`Read`]), written by `#[derive(Read)]`.

mod fields;
mod leaves;

pub use derive::Read;
use serde::{Deserializer, Serialize, de::Error as _};
pub use serde_json::{Error, Value};

pub use fields::{Fields, nothing, tagged, variant};
pub(crate) use leaves::for_serde;

/// What can be read from JSON.
pub trait Read: Sized {
    /// # Errors
    /// Where the value does not describe such a thing: in words.
    fn read(value: Value) -> Result<Self, Error>;

    /// What a field of this type is where it is not there.
    ///
    /// # Errors
    /// All but options must be there.
    fn absent(field: &'static str) -> Result<Self, Error> {
        Err(Error::missing_field(field))
    }
}

/// # Errors
/// A map with keys that are no text: a mistake in the type.
pub fn write<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value)
}

/// # Errors
/// Where the text is no JSON, or does not describe a `T`.
pub fn read<T: Read>(text: &str) -> Result<T, Error> {
    T::read(parse(text)?)
}

/// Reads from any of serde's formats.
///
/// # Errors
/// As of [`Read::read`].
pub fn deserialize<'de, T: Read, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::read(serde::Deserialize::deserialize(from)?).map_err(D::Error::custom)
}

/// `value` as JSON, with the shortest digits that give each `f32` back.
///
/// # Errors
/// As of [`write()`].
pub fn value<T: Serialize>(value: &T) -> Result<Value, Error> {
    parse(&write(value)?)
}

/// In a function of its own, since it is the same for every type.
#[inline(never)]
fn parse(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text)
}

#[cfg(test)]
mod tests;
