//! Weights and checkpoints dropped on the page or chosen from a list.

use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event, File, HtmlInputElement};

use crate::{
    dom::{self, document, listen::Listener},
    state::{Lab, NoticeKind},
};

/// Largest file that is read: far above what any network here weighs.
const SIZE_LIMIT: f64 = 256.0 * 1_048_576.0;

pub fn listen(lab: Lab) {
    let Some(document) = document() else { return };
    // Without this the browser opens the file in the page's place.
    Listener::active(&document, "dragover", |event| event.prevent_default()).keep();
    Listener::active(&document, "drop", move |event| {
        event.prevent_default();
        let file = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer).and_then(|d| d.files()).and_then(|files| files.get(0));
        if let Some(file) = file {
            load(lab, file);
        }
    })
    .keep();
}

/// A file was chosen in an input of the page.
pub fn chosen(lab: Lab, event: &Event) {
    let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
    if let Some(file) = input.files().and_then(|files| files.get(0)) {
        load(lab, file);
    }
    // So that the same file can be chosen again.
    input.set_value("");
}

fn load(lab: Lab, file: File) {
    leptos::task::spawn_local(async move {
        if file.size() > SIZE_LIMIT {
            lab.state.notify(NoticeKind::Failed, format!("{} is too large to hold weights of a network of this page.", file.name()), None);
            return;
        }
        match dom::file::read(&file).await {
            Ok(bytes) if file.name().ends_with(".json") => lab.take_network_file(&file.name(), &bytes),
            Ok(bytes) => lab.load(&file.name(), bytes),
            Err(why) => lab.state.notify(NoticeKind::Failed, format!("{} cannot be read: {why}.", file.name()), None),
        }
    });
}
