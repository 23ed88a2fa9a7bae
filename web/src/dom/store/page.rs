//! What a tab shows beside its run: drawing, draft, view.

use js_sys::{Object, Uint8Array};
use wasm_bindgen::JsValue;

use super::{Store, StoreError, bytes, field, records::VERSION, set};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct SavedPage {
    /// Strokes: see [`crate::widgets::ink::Ink::to_bytes`].
    pub drawing: Vec<u8>,
    /// What is chosen in the workbench, as a link.
    pub draft: String,
    /// `name=value`, one a line.
    pub view: String,
}

fn key(place: usize) -> String {
    format!("page-{place}")
}

impl Store {
    /// # Errors
    /// [`StoreError::Full`] where it does not fit.
    pub async fn put_page(&self, place: usize, page: &SavedPage) -> Result<(), StoreError> {
        let record = Object::new();
        set(&record, "version", JsValue::from_f64(VERSION))?;
        set(&record, "drawing", bytes(&page.drawing))?;
        set(&record, "draft", JsValue::from_str(&page.draft))?;
        set(&record, "view", JsValue::from_str(&page.view))?;
        self.write(&key(place), &record).await
    }

    /// What the tab of this place showed last. What a later version has written is passed over.
    ///
    /// # Errors
    /// [`StoreError`] where reading fails.
    pub async fn page(&self, place: usize) -> Result<Option<SavedPage>, StoreError> {
        let Some(record) = self.read(&key(place)).await? else { return Ok(None) };
        // Pages have been the same since version 2.
        if !field(&record, "version").as_f64().is_some_and(|version| (2.0..=VERSION).contains(&version)) {
            return Ok(None);
        }
        let text = |name: &str| field(&record, name).as_string().unwrap_or_default();
        let drawing = field(&record, "drawing");
        let drawing = if drawing.is_object() { Uint8Array::new(&drawing).to_vec() } else { Vec::new() };
        Ok(Some(SavedPage { drawing, draft: text("draft"), view: text("view") }))
    }
}
