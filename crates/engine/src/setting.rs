//! Settings that are numbers: their names and limits in one list, for checks and for controls.

use serde::Serialize;
use serde_json::Value;

use crate::json::{self, Read};

/// A setting of a rule, a schedule or an initialisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Its name in the specification; where it is one of several, with its place: `betas/0`; where it is nested, with
    /// what it stands in: `normal/std`.
    pub key: &'static str,
    pub label: &'static str,
    pub kind: SettingKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SettingKind {
    Number { least: f32, most: f32 },
    Count { least: u32, most: u32 },
    Switch,
}

/// A setting that lies outside its limits (or is no number).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` is {value}, but must lie in {least} to {most}")]
pub struct SettingError {
    pub setting: &'static str,
    pub value: String,
    pub least: String,
    pub most: String,
}

impl SettingError {
    /// # Errors
    /// `value` outside `least..=most`.
    pub fn within<T: PartialOrd + ToString>(setting: &'static str, value: T, least: T, most: T) -> Result<(), Self> {
        if value >= least && value <= most {
            return Ok(());
        }
        Err(Self { setting, value: value.to_string(), least: least.to_string(), most: most.to_string() })
    }
}

impl Setting {
    pub const fn number(key: &'static str, label: &'static str, least: f32, most: f32) -> Self {
        Self { key, label, kind: SettingKind::Number { least, most } }
    }

    pub const fn count(key: &'static str, label: &'static str, least: u32, most: u32) -> Self {
        Self { key, label, kind: SettingKind::Count { least, most } }
    }

    pub const fn switch(key: &'static str, label: &'static str) -> Self {
        Self { key, label, kind: SettingKind::Switch }
    }

    /// Its value in `spec`, a switch as 0 or 1; `None` where `spec` has no such setting, NaN where it is
    /// no finite number.
    pub fn value<T: Serialize>(&self, spec: &T) -> Option<f64> {
        match json::value(spec).ok()?.pointer(&self.pointer())? {
            Value::Bool(on) => Some(f64::from(u8::from(*on))),
            value => Some(value.as_f64().unwrap_or(f64::NAN)),
        }
    }

    /// `spec` with this value; `None` where it has no such setting.
    pub fn with<T: Serialize + Read>(&self, spec: &T, value: f64) -> Option<T> {
        let mut json = json::value(spec).ok()?;
        *json.pointer_mut(&self.pointer())? = match self.kind {
            SettingKind::Number { .. } => Value::from(value),
            SettingKind::Count { .. } => Value::from(value.max(0.0).round() as u64),
            SettingKind::Switch => Value::from(value != 0.0),
        };
        T::read(json).ok()
    }

    /// # Errors
    /// The value lies outside the limits, or is no number.
    pub fn check<T: Serialize>(&self, spec: &T) -> Result<(), SettingError> {
        let name = self.name();
        let Some(value) = self.value(spec) else { return Ok(()) };
        match self.kind {
            // In the form in which it is kept: limits are not cut by the digits of another.
            SettingKind::Number { least, most } => SettingError::within(name, value as f32, least, most),
            SettingKind::Count { least, most } => SettingError::within(name, value, f64::from(least), f64::from(most)),
            SettingKind::Switch => Ok(()),
        }
    }

    /// The setting's own name: of `betas/0`, `betas`; of `normal/std`, `std`.
    pub fn name(&self) -> &'static str {
        self.key.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or(self.key)
    }

    fn pointer(&self) -> String {
        format!("/{}", self.key)
    }
}
