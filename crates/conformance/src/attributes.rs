//! What a case says about its settings. Whatever is missing or of another kind is an error that names it.

use engine::{
    Pair, Sides,
    json::{self, Read},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::file::{CaseError, GoldenCase};

impl GoldenCase {
    /// A whole number among the attributes.
    pub fn count(&self, key: &str) -> Result<usize, CaseError> {
        count(&self.attrs, key)
    }

    pub fn number(&self, key: &str) -> Result<f32, CaseError> {
        let found = attribute(&self.attrs, key)?;
        found.as_f64().map(|v| v as f32).ok_or_else(|| wrong(key, found, "a number"))
    }

    pub fn number_or(&self, key: &str, absent: f32) -> Result<f32, CaseError> {
        if self.attrs.get(key).is_some() { self.number(key) } else { Ok(absent) }
    }

    /// Number `i` of a list.
    pub fn nth(&self, key: &str, i: usize) -> Result<f32, CaseError> {
        let found = attribute(&self.attrs, key)?;
        found.get(i).and_then(Value::as_f64).map(|v| v as f32).ok_or_else(|| wrong(key, found, "a list of so many numbers"))
    }

    pub fn switch(&self, key: &str) -> Result<bool, CaseError> {
        let found = attribute(&self.attrs, key)?;
        found.as_bool().ok_or_else(|| wrong(key, found, "true or false"))
    }

    pub fn word(&self, key: &str) -> Result<&str, CaseError> {
        word(&self.attrs, key)
    }

    pub fn list(&self, key: &str) -> Result<&[Value], CaseError> {
        items(&self.attrs, key)
    }

    /// One of the names of a setting.
    pub fn choice<T: DeserializeOwned>(&self, key: &str, expected: &'static str) -> Result<T, CaseError> {
        let found = attribute(&self.attrs, key)?;
        serde_json::from_value(found.clone()).map_err(|_| wrong(key, found, expected))
    }

    /// What the case says in the engine's own words, where it does.
    pub fn own<T: Read>(&self, key: &str) -> Result<Option<T>, CaseError> {
        let Some(found) = self.attrs.get(key) else { return Ok(None) };
        json::read(&found.to_string()).map(Some).map_err(|e| CaseError::NotAvailable(format!("such a {key}: {e}")))
    }

    /// `[rows, columns]`
    pub fn pair(&self, key: &str) -> Result<Pair, CaseError> {
        let [h, w] = self.numbers(key, "two whole numbers (rows, columns)")?;
        Ok(Pair::new(h, w))
    }

    /// `[top, bottom, left, right]`
    pub fn sides(&self, key: &str) -> Result<Sides, CaseError> {
        let [top, bottom, left, right] = self.numbers(key, "four whole numbers (top, bottom, left, right)")?;
        Ok(Sides::new(top, bottom, left, right))
    }

    fn numbers<const N: usize>(&self, key: &str, expected: &'static str) -> Result<[usize; N], CaseError> {
        let found = attribute(&self.attrs, key)?;
        let list: Option<Vec<usize>> = found.as_array().and_then(|list| list.iter().map(whole).collect());
        list.and_then(|list| list.try_into().ok()).ok_or_else(|| wrong(key, found, expected))
    }
}

/// What `key` says among `attrs`, of a case or of one of its layers.
pub fn attribute<'a>(attrs: &'a Value, key: &str) -> Result<&'a Value, CaseError> {
    attrs.get(key).ok_or_else(|| missing("attribute", key))
}

pub fn count(attrs: &Value, key: &str) -> Result<usize, CaseError> {
    let found = attribute(attrs, key)?;
    whole(found).ok_or_else(|| wrong(key, found, "a whole number"))
}

pub fn word<'a>(attrs: &'a Value, key: &str) -> Result<&'a str, CaseError> {
    let found = attribute(attrs, key)?;
    found.as_str().ok_or_else(|| wrong(key, found, "a word"))
}

pub fn items<'a>(attrs: &'a Value, key: &str) -> Result<&'a [Value], CaseError> {
    let found = attribute(attrs, key)?;
    found.as_array().map(Vec::as_slice).ok_or_else(|| wrong(key, found, "a list"))
}

fn whole(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|n| usize::try_from(n).ok())
}

pub fn missing(kind: &'static str, key: &str) -> CaseError {
    CaseError::Missing { kind, key: key.to_owned() }
}

fn wrong(key: &str, found: &Value, expected: &'static str) -> CaseError {
    CaseError::Attribute { key: key.to_owned(), found: found.to_string(), expected }
}
