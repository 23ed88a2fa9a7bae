//! Files dropped on the page or chosen from a list: weights, checkpoints, networks, images.

use leptos::prelude::Set;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event, File, HtmlInputElement};

use crate::{
    dom::{self, document, listen::Listener, picture},
    state::{Lab, NoticeKind},
    widgets::ink::Ink,
};

/// Largest file that is read: far above what any network here weighs.
const SIZE_LIMIT: f64 = 256.0 * 1_048_576.0;

pub fn listen(lab: Lab) {
    let Some(document) = document() else { return };
    // Without this the browser opens the file in the page's place.
    Listener::active(&document, "dragover", |event| event.prevent_default()).keep();
    Listener::active(&document, "drop", move |event| {
        event.prevent_default();
        let files = event.dyn_ref::<DragEvent>().and_then(DragEvent::data_transfer).and_then(|d| d.files());
        let mut files: Vec<File> = files.map(|list| (0..list.length()).filter_map(|i| list.get(i)).collect()).unwrap_or_default();
        let images = files.iter().filter(|file| file.type_().starts_with("image/")).count();
        if images > 1 {
            // Several are a set to train on.
            files.retain(|file| file.type_().starts_with("image/"));
            lab.offer_images(files);
        } else if let Some(file) = files.into_iter().next() {
            if images == 1 { show(lab, file) } else { load(lab, file) }
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

/// One image takes the place of the drawing.
fn show(lab: Lab, file: File) {
    leptos::task::spawn_local(async move {
        let seen = picture::of_file(&file).await;
        match seen.and_then(|p| p.ink().map(|ink| Ink::of_picture(&ink, p.width)).map_err(|e| format!("{}: {e}", file.name()))) {
            Ok(ink) => {
                lab.state.pad.restore.set(Some(ink.to_bytes()));
                let told = format!("{} is what the network looks at now. “Keep as” adds it to the images to train on.", file.name());
                lab.state.notify(NoticeKind::Told, told, None);
            }
            Err(why) => lab.state.notify(NoticeKind::Failed, format!("{why}."), None),
        }
    });
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
