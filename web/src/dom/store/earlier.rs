//! Earlier runs of this browser, as one text.

use idb::TransactionMode;
use js_sys::Object;
use protocol::{Record, record};
use wasm_bindgen::JsValue;

use super::{STORE, Store, StoreError, field, set};

const KEY: &str = "earlier";

impl Store {
    /// Changes the list that is there now, which other tabs may have changed too; gives it as it is then.
    ///
    /// # Errors
    /// [`StoreError::Full`] where it does not fit.
    pub async fn change_earlier(&self, change: impl FnOnce(&[Record]) -> Vec<Record>) -> Result<Vec<Record>, StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(STORE)?;
        let found = store.get(JsValue::from_str(KEY))?.await?.and_then(|old| field(&old, "records").as_string());
        let theirs = found.map_or(Ok(Vec::new()), |text| record::read(&text)).map_err(StoreError::Unavailable)?;
        let changed = change(&theirs);
        let text = record::write(&changed).ok_or_else(|| StoreError::Unavailable("a run holds what is no number".to_owned()))?;
        let new = Object::new();
        set(&new, "records", JsValue::from_str(&text))?;
        store.put(&new, Some(&JsValue::from_str(KEY)))?.await?;
        if transaction.commit()?.await?.is_committed() { Ok(changed) } else { Err(StoreError::Full) }
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
