//! The browser's own store: one record per key, kept across reloads.

pub mod earlier;
pub mod moments;

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
    /// Tells this run from others of the same set-up: when it began, by the clock.
    pub born: f64,
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
        set(&record, "link", JsValue::from_str(&run.link))?;
        set(&record, "step", JsValue::from_f64(f64::from(run.step)))?;
        set(&record, "epoch", JsValue::from_f64(run.epoch))?;
        set(&record, "born", JsValue::from_f64(run.born))?;
        set(&record, "playing", JsValue::from_bool(run.playing))?;
        set(&record, "file", bytes(&run.file))?;
        self.write(KEY, &record).await
    }

    async fn write(&self, key: &str, record: &Object) -> Result<(), StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadWrite)?;
        transaction.object_store(STORE)?.put(record, Some(&JsValue::from_str(key)))?.await?;
        // The browser takes what is too much for it, and gives it up when it commits.
        if transaction.commit()?.await?.is_committed() { Ok(()) } else { Err(StoreError::Full) }
    }

    async fn read(&self, key: &str) -> Result<Option<JsValue>, StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadOnly)?;
        let record = transaction.object_store(STORE)?.get(JsValue::from_str(key))?.await?;
        Ok(record.filter(JsValue::is_object))
    }

    /// The last saved run, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn get(&self) -> Result<Option<SavedRun>, StoreError> {
        let Some(record) = self.read(KEY).await? else { return Ok(None) };
        let field = |key: &str| field(&record, key);
        Ok(field("link").as_string().map(|link| SavedRun {
            link,
            step: field("step").as_f64().unwrap_or(0.0) as u32,
            epoch: field("epoch").as_f64().unwrap_or(0.0),
            born: field("born").as_f64().unwrap_or(0.0),
            playing: field("playing").as_bool().unwrap_or(true),
            file: Uint8Array::new(&field("file")).to_vec(),
        }))
    }
}

fn set(record: &Object, key: &str, value: JsValue) -> Result<(), StoreError> {
    Reflect::set(record, &JsValue::from_str(key), &value).map(|_| ()).map_err(|e| StoreError::Unavailable(super::reason(&e)))
}

fn field(record: &JsValue, key: &str) -> JsValue {
    Reflect::get(record, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

fn bytes(file: &[u8]) -> JsValue {
    Uint8Array::from(file).into()
}
