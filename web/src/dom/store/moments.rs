//! Kept moments of the last run: a few records of fixed names, so that the store never grows beyond them.

use js_sys::Object;
use wasm_bindgen::JsValue;

use super::{Store, StoreError, bytes, field, set};

/// Most moments in the store.
pub const PLACES: usize = 12;
/// And most bytes.
pub const BYTES_LIMIT: usize = 24 << 20;

/// A moment and the run that it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedMoment {
    /// As [`super::SavedRun::born`].
    pub born: f64,
    pub step: u32,
    /// A checkpoint without its curve.
    pub file: Vec<u8>,
}

pub(super) fn key(run: usize, place: usize) -> String {
    format!("moment-{run}-{place}")
}

impl Store {
    /// A moment of the run at place `run`.
    ///
    /// # Errors
    /// [`StoreError::Full`] where it does not fit.
    pub async fn put_moment(&self, run: usize, place: usize, moment: &SavedMoment) -> Result<(), StoreError> {
        let record = Object::new();
        set(&record, "born", JsValue::from_f64(moment.born))?;
        set(&record, "step", JsValue::from_f64(f64::from(moment.step)))?;
        set(&record, "file", bytes(&moment.file))?;
        self.write(&key(run, place), &record).await
    }

    /// The moment at a place, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn moment(&self, run: usize, place: usize) -> Result<Option<SavedMoment>, StoreError> {
        let Some(record) = self.read(&key(run, place)).await? else { return Ok(None) };
        let number = |name: &str| field(&record, name).as_f64();
        Ok(number("step").map(|step| SavedMoment {
            born: number("born").unwrap_or(0.0),
            step: step as u32,
            file: js_sys::Uint8Array::new(&field(&record, "file")).to_vec(),
        }))
    }
}
