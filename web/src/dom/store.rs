//! The browser's own store: records under names, kept across reloads.
//!
//! | key | what |
//! |---|---|
//! | `run-0` … `run-3` | a run, one for each tab that is open ([`crate::dom::claim`]): all but its weights |
//! | `weights-0` … | its checkpoint, so that looking for a run reads no weights |
//! | `moment-0-0` … | earlier moments of the run of that place |
//! | `page-0` … | drawing, draft and view of that tab |
//! | `own` | images of one's own |
//! | `earlier` | earlier runs, for all tabs |
//! | `aside-…` | what could not be read: it is never deleted |
//!
//! Records carry the version that wrote them; [`records`] brings earlier ones up to date.

pub mod earlier;
pub mod moments;
pub mod page;
pub mod records;

use data::OwnImages;
use idb::{Database, DatabaseEvent, Factory, ObjectStoreParams, TransactionMode};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

pub use records::SavedRun;
use records::{RawRun, VERSION};

const DATABASE: &str = "kernelscope";
const STORE: &str = "runs";
/// The one run of earlier versions.
const LAST: &str = "last";
const OWN: &str = "own";
/// Runs that are kept: of so many tabs at once.
pub const PLACES: usize = 4;

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

fn run_key(place: usize) -> String {
    format!("run-{place}")
}

fn weights_key(place: usize) -> String {
    format!("weights-{place}")
}

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

    /// Brings what an earlier version has left to where this one looks for it.
    ///
    /// # Errors
    /// [`StoreError`]; what was there is still there then.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.migrate_last().await?;
        for place in 0..PLACES {
            let Some(record) = self.read(&run_key(place)).await? else { continue };
            // Before version 3 weights lay in the record; what is not understood stays as it is.
            if field(&record, "file").is_object()
                && let Ok(run) = raw_of(&record).migrated()
            {
                self.put(place, &run).await?;
            }
        }
        Ok(())
    }

    async fn migrate_last(&self) -> Result<(), StoreError> {
        let Some(last) = self.read(LAST).await? else { return Ok(()) };
        let mut place = 0;
        while place + 1 < PLACES && self.read(&run_key(place)).await?.is_some() {
            place += 1;
        }
        if self.read(&run_key(place)).await?.is_some() {
            return self.set_aside(LAST).await;
        }
        for moment in 0..moments::PLACES {
            let old = format!("moment-{moment}");
            if let Some(record) = self.read(&old).await? {
                self.rename(&old, &moments::key(place, moment), &record).await?;
            }
        }
        self.rename(LAST, &run_key(place), &last).await
    }

    /// Under the other name in the same moment in which it is gone from the first.
    async fn rename(&self, from: &str, to: &str, record: &JsValue) -> Result<(), StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(STORE)?;
        store.put(record, Some(&JsValue::from_str(to)))?.await?;
        store.delete(JsValue::from_str(from))?.await?;
        if transaction.commit()?.await?.is_committed() { Ok(()) } else { Err(StoreError::Full) }
    }

    /// Puts a record that cannot be used where nothing overwrites it.
    ///
    /// # Errors
    /// [`StoreError`]; it is where it was then.
    pub async fn set_aside(&self, key: &str) -> Result<(), StoreError> {
        let Some(record) = self.read(key).await? else { return Ok(()) };
        self.rename(key, &format!("aside-{:.0}-{key}", js_sys::Date::now()), &record).await
    }

    /// As [`Store::set_aside`], of the run at a place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_run_aside(&self, place: usize) -> Result<(), StoreError> {
        self.set_aside(&run_key(place)).await?;
        self.set_aside(&weights_key(place)).await
    }

    /// # Errors
    /// [`StoreError::Full`] where it does not fit.
    pub async fn put(&self, place: usize, run: &SavedRun) -> Result<(), StoreError> {
        let record = Object::new();
        set(&record, "version", JsValue::from_f64(VERSION))?;
        let saved = if run.saved > 0.0 { run.saved } else { js_sys::Date::now() };
        set(&record, "saved", JsValue::from_f64(saved))?;
        set(&record, "link", JsValue::from_str(&run.link))?;
        set(&record, "step", JsValue::from_f64(f64::from(run.step)))?;
        set(&record, "epoch", JsValue::from_f64(run.epoch))?;
        set(&record, "born", JsValue::from_f64(run.born))?;
        set(&record, "playing", JsValue::from_bool(run.playing))?;
        let weights = Object::new();
        set(&weights, "file", bytes(&run.file))?;
        self.write_all(&[(&run_key(place), &record), (&weights_key(place), &weights)]).await
    }

    async fn write(&self, key: &str, record: &Object) -> Result<(), StoreError> {
        self.write_all(&[(key, record)]).await
    }

    /// All of them or none.
    async fn write_all(&self, records: &[(&str, &Object)]) -> Result<(), StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(STORE)?;
        for (key, record) in records {
            store.put(record, Some(&JsValue::from_str(key)))?.await?;
        }
        // The browser takes what is too much for it, and gives it up when it commits.
        if transaction.commit()?.await?.is_committed() { Ok(()) } else { Err(StoreError::Full) }
    }

    async fn read(&self, key: &str) -> Result<Option<JsValue>, StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadOnly)?;
        let record = transaction.object_store(STORE)?.get(JsValue::from_str(key))?.await?;
        Ok(record.filter(JsValue::is_object))
    }

    /// The run at a place without its weights, if there is one; inside, why it cannot be used.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn run(&self, place: usize) -> Result<Option<Result<SavedRun, String>>, StoreError> {
        Ok(self.read(&run_key(place)).await?.map(|record| raw_of(&record).migrated()))
    }

    /// The checkpoint of the run at a place; nothing where it is gone.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn weights(&self, place: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let file = self.read(&weights_key(place)).await?.map(|record| field(&record, "file")).filter(JsValue::is_object);
        Ok(file.map(|file| Uint8Array::new(&file).to_vec()).filter(|file| !file.is_empty()))
    }

    /// Images of one's own; inside, why they cannot be used.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn own(&self) -> Result<Option<Result<OwnImages, String>>, StoreError> {
        let Some(record) = self.read(OWN).await? else { return Ok(None) };
        Ok(Some(own_of(&record)))
    }

    /// As [`Store::set_aside`], of these images.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_own_aside(&self) -> Result<(), StoreError> {
        self.set_aside(OWN).await
    }

    /// Changes the images that are there now, which may be more than this tab knows of; gives them as they are then.
    ///
    /// # Errors
    /// [`StoreError::Full`] where they do not fit.
    pub async fn change_own(&self, change: impl FnOnce(&mut OwnImages)) -> Result<OwnImages, StoreError> {
        let transaction = self.0.transaction(&[STORE], TransactionMode::ReadWrite)?;
        let store = transaction.object_store(STORE)?;
        let record = store.get(JsValue::from_str(OWN))?.await?.filter(JsValue::is_object);
        let mut own = match record.map(|record| own_of(&record)) {
            Some(Err(why)) => return Err(StoreError::Unavailable(why)),
            Some(Ok(own)) => own,
            None => OwnImages::default(),
        };
        change(&mut own);
        let record = Object::new();
        set(&record, "version", JsValue::from_f64(VERSION))?;
        set(&record, "file", bytes(&own.to_bytes()))?;
        store.put(&record, Some(&JsValue::from_str(OWN)))?.await?;
        if transaction.commit()?.await?.is_committed() { Ok(own) } else { Err(StoreError::Full) }
    }
}

fn raw_of(record: &JsValue) -> RawRun {
    let number = |key: &str| field(record, key).as_f64();
    let file = field(record, "file");
    RawRun {
        version: number("version"),
        saved: number("saved"),
        link: field(record, "link").as_string(),
        step: number("step"),
        epoch: number("epoch"),
        born: number("born"),
        playing: field(record, "playing").as_bool(),
        file: file.is_object().then(|| Uint8Array::new(&file).to_vec()),
    }
}

fn own_of(record: &JsValue) -> Result<OwnImages, String> {
    OwnImages::from_bytes(&Uint8Array::new(&field(record, "file")).to_vec()).map_err(|e| e.to_string())
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
