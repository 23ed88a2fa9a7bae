//! The browser's own store: one record per key, kept across reloads.

use idb::{Database, DatabaseEvent, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

const DATABASE: &str = "kernelscope";
const STORE: &str = "runs";
const KEY: &str = "last";

/// A run as it was when it was last saved.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRun {
    /// The link that opens a run of the same set-up.
    pub link: String,
    pub step: u32,
    pub epoch: f64,
    /// Whether it was training at the time.
    pub playing: bool,
    /// A checkpoint.
    pub file: Vec<u8>,
}

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    Full,
    Unavailable(String),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => f.write_str("the browser's store is full"),
            Self::Unavailable(why) => write!(f, "the browser's store cannot be used: {why}"),
        }
    }
}

impl From<idb::Error> for StoreError {
    fn from(error: idb::Error) -> Self {
        let text = error.to_string();
        if text.contains("Quota") { Self::Full } else { Self::Unavailable(text) }
    }
}

/// The open store.
#[derive(Debug)]
pub struct Store(Database);

impl Store {
    /// # Errors
    /// [`StoreError`] where the browser has none or refuses, as some do in private windows.
    pub async fn open() -> Result<Self, StoreError> {
        let mut request = Factory::new()?.open(DATABASE, Some(1))?;
        request.on_upgrade_needed(|event| {
            if let Ok(database) = event.database() {
                // A failure shows as a failed open.
                let _ = database.create_object_store(STORE, ObjectStoreParams::new());
            }
        });
        Ok(Self(request.await?))
    }

    /// # Errors
    /// [`StoreError::Full`] where it does not fit.
    pub async fn put(&self, run: &SavedRun) -> Result<(), StoreError> {
        let record = Object::new();
        let set = |key: &str, value: JsValue| Reflect::set(&record, &JsValue::from_str(key), &value).map(|_| ());
        let fields = set("link", JsValue::from_str(&run.link))
            .and_then(|()| set("step", JsValue::from_f64(f64::from(run.step))))
            .and_then(|()| set("epoch", JsValue::from_f64(run.epoch)))
            .and_then(|()| set("playing", JsValue::from_bool(run.playing)))
            .and_then(|()| set("file", Uint8Array::from(run.file.as_slice()).into()));
        fields.map_err(|e| StoreError::Unavailable(super::reason(&e)))?;
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadWrite)?;
        transaction.object_store(STORE)?.put(&record, Some(&JsValue::from_str(KEY)))?.await?;
        // The browser takes what is too much for it, and gives it up when it commits.
        if transaction.commit()?.await?.is_committed() { Ok(()) } else { Err(StoreError::Full) }
    }

    /// The last saved run, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn get(&self) -> Result<Option<SavedRun>, StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadOnly)?;
        let record = transaction.object_store(STORE)?.get(JsValue::from_str(KEY))?.await?;
        let Some(record) = record.filter(JsValue::is_object) else { return Ok(None) };
        let field = |key: &str| Reflect::get(&record, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
        Ok(field("link").as_string().map(|link| SavedRun {
            link,
            step: field("step").as_f64().unwrap_or(0.0) as u32,
            epoch: field("epoch").as_f64().unwrap_or(0.0),
            playing: field("playing").as_bool().unwrap_or(true),
            file: Uint8Array::new(&field("file")).to_vec(),
        }))
    }
}
