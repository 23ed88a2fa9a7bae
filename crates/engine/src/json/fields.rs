//! What the readers of structs and enums have in common.

use serde::de::{Error as _, Unexpected};
use serde_json::{Error, Map, Value};

use super::Read;

/// The fields of an object that is being read.
#[derive(Debug)]
pub struct Fields {
    values: Map<String, Value>,
    names: &'static [&'static str],
}

impl Fields {
    /// # Errors
    /// Something else than an object or, where that is refused, a field that is not among `names`.
    #[inline(never)]
    pub fn of(value: Value, expected: &'static str, names: &'static [&'static str], deny_unknown: bool) -> Result<Self, Error> {
        let Value::Object(values) = value else { return Err(wrong(&value, expected)) };
        if deny_unknown && let Some(unknown) = values.keys().find(|key| !names.contains(&key.as_str())) {
            return Err(Error::unknown_field(unknown, names));
        }
        Ok(Self { values, names })
    }

    fn value(&mut self, at: usize) -> Option<Value> {
        self.values.remove(self.names[at])
    }

    /// # Errors
    /// A field that has to be there and is not, or that cannot be read.
    #[inline(never)]
    pub fn take<T: Read>(&mut self, at: usize) -> Result<T, Error> {
        match self.value(at) {
            Some(value) => T::read(value),
            None => T::absent(self.names[at]),
        }
    }

    /// `usual` where the field is not there.
    ///
    /// # Errors
    /// A field that cannot be read.
    #[inline(never)]
    pub fn take_or<T: Read>(&mut self, at: usize, usual: T) -> Result<T, Error> {
        self.value(at).map_or(Ok(usual), T::read)
    }

    /// As [`Fields::take`] or [`Fields::take_or`], with a reader of its own.
    ///
    /// # Errors
    /// As of these.
    pub fn take_by<T>(&mut self, at: usize, usual: Option<T>, read: fn(Value) -> Result<T, Error>) -> Result<T, Error> {
        match (self.value(at), usual) {
            (Some(value), _) => read(value),
            (None, Some(usual)) => Ok(usual),
            (None, None) => Err(Error::missing_field(self.names[at])),
        }
    }
}

/// The place of a variant among `names`, and what is in it: `{"name": content}`, or a text where there is nothing.
///
/// # Errors
/// Something else, or a name that is not there.
#[inline(never)]
pub fn variant(value: Value, names: &'static [&'static str]) -> Result<(usize, Value), Error> {
    let (name, content) = match value {
        Value::String(name) => (name, Value::Null),
        Value::Object(object) if object.len() == 1 => {
            // There is one.
            object.into_iter().next().unwrap_or_default()
        }
        Value::Object(_) => return Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
        other => return Err(wrong(&other, "string or map")),
    };
    Ok((place(&name, names)?, content))
}

/// The place of a variant among `names`, by its name under `tag`, and the rest of the object.
///
/// # Errors
/// Something else than an object with a name that is there.
#[inline(never)]
pub fn tagged(value: Value, tag: &'static str, names: &'static [&'static str]) -> Result<(usize, Value), Error> {
    let (name, rest) = crate::tagged::parts(value, tag).map_err(Error::custom)?;
    Ok((place(&name, names)?, rest))
}

fn place(name: &str, names: &'static [&'static str]) -> Result<usize, Error> {
    names.iter().position(|n| *n == name).ok_or_else(|| Error::unknown_variant(name, names))
}

/// # Errors
/// Something in a variant that has nothing in it.
pub fn nothing(content: &Value) -> Result<(), Error> {
    if content.is_null() { Ok(()) } else { Err(wrong(content, "unit variant")) }
}

/// The error that says what is there, and what should be.
#[inline(never)]
pub(super) fn wrong(value: &Value, expected: &'static str) -> Error {
    Error::invalid_type(unexpected(value), &expected)
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(flag) => Unexpected::Bool(*flag),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => Unexpected::Unsigned(whole),
            (None, Some(whole)) => Unexpected::Signed(whole),
            (None, None) => Unexpected::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}
