//! Specifications, heads of messages and notes of files as JSON.
//!
//! Serde makes the reader and the writer of a type anew for each format, and in the page these are a large
//! share of the program. So there is one of each: whatever is read becomes a JSON value first, and whatever
//! is written is written as text.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Error, Value};

/// # Errors
/// A map with keys that are no text: a mistake in the type.
pub fn write<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value)
}

/// # Errors
/// Where the text is no JSON, or does not describe a `T`.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_value(parse(text)?)
}

/// `value` as JSON, with the shortest digits that give each `f32` back.
///
/// # Errors
/// As of [`write`].
pub fn value<T: Serialize>(value: &T) -> Result<Value, Error> {
    parse(&write(value)?)
}

/// In a function of its own, since it is the same for every type.
#[inline(never)]
fn parse(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text)
}
