//! Earlier runs of this browser, as one text.

use js_sys::Object;
use wasm_bindgen::JsValue;

use super::{Store, StoreError, field, set};

const KEY: &str = "earlier";

impl Store {
    /// # Errors
    /// [`StoreError::Full`] where it does not fit.
    pub async fn put_earlier(&self, text: &str) -> Result<(), StoreError> {
        let record = Object::new();
        set(&record, "records", JsValue::from_str(text))?;
        self.write(KEY, &record).await
    }

    /// Where nothing overwrites them: they cannot be read.
    ///
    /// # Errors
    /// [`StoreError`]; they are where they were then.
    pub async fn set_earlier_aside(&self) -> Result<(), StoreError> {
        self.set_aside(KEY).await
    }

    /// What was put last, if anything.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn earlier(&self) -> Result<Option<String>, StoreError> {
        Ok(self.read(KEY).await?.and_then(|record| field(&record, "records").as_string()))
    }
}
