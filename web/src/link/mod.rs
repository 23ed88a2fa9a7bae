//! The page's side of the worker: starting it, talking to it, noticing that it has died.

pub mod message;

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use js_sys::{Array, Object, Reflect};
use protocol::Wish;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Blob, BlobPropertyBag, ErrorEvent, MessageEvent, Url, Worker, WorkerOptions, WorkerType};

use crate::{
    dom::{self, listen::Listener},
    worker::host::Host,
};
use message::{Ask, Parcel, Tell};

#[wasm_bindgen]
#[allow(unsafe_code, reason = "wasm-bindgen declares imports in an unsafe block; this one reads a string")]
unsafe extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = ["import", "meta"], js_name = url)]
    static SELF_URL: String;
}

/// What the link tells the page.
#[derive(Debug)]
pub enum Heard {
    Told(Box<Parcel<Tell>>),
    /// The worker is gone, for this reason. Nothing more will come from it.
    Lost(String),
}

type Ear = Rc<dyn Fn(Heard)>;

/// A session at work, in a worker or, where there can be none, on the page.
#[derive(Debug)]
pub enum Link {
    Worker(Remote),
    Page(Rc<RefCell<Host>>),
}

/// A worker and the messages that wait until it listens.
#[derive(Debug)]
pub struct Remote {
    worker: Worker,
    waiting: Rc<RefCell<Option<VecDeque<Parcel<Ask>>>>>,
    _listeners: Vec<Listener>,
}

impl Link {
    /// Starts a worker from this very module, already compiled. `wish`: what runs compute on; `cores`: how many they use
    /// of the processor.
    ///
    /// # Errors
    /// In words, where the browser makes no worker.
    pub fn spawn(wish: Wish, cores: usize, ear: Ear) -> Result<Self, String> {
        Remote::spawn(wish, cores, ear).map(Self::Worker).map_err(|e| dom::reason(&e))
    }

    /// The same session on the page's own thread, in small slices.
    pub fn on_page(wish: Wish, ear: Ear) -> Self {
        let host = Host::start(&base_url(), wish, 1, crate::worker::PAGE_TURN_MS, move |parcel| {
            let ear = Rc::clone(&ear);
            // Never within the call that caused it: the page may be in the midst of an update.
            dom::frame::after(0, move || ear(Heard::Told(Box::new(parcel))));
        });
        Self::Page(host)
    }

    pub fn send(&self, parcel: Parcel<Ask>) {
        match self {
            Self::Worker(remote) => remote.send(parcel),
            Self::Page(host) => Host::receive(host, parcel),
        }
    }
}

/// Starts a worker of this very module, already compiled, which begins by reading `first`. Workers can start further
/// ones.
///
/// # Errors
/// What the browser says where it makes no worker.
pub fn start(name: &str, first: &Object) -> Result<Worker, JsValue> {
    let glue = SELF_URL.with(Clone::clone);
    let script = format!(
        "import init from {glue:?};\n\
         self.onmessage = (e) => {{ self.onmessage = null; self.kernelscope = e.data; init({{ module_or_path: e.data.module }}); }};"
    );
    let options = BlobPropertyBag::new();
    options.set_type("text/javascript");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&JsValue::from_str(&script)), &options)?;
    let url = Url::create_object_url_with_blob(&blob)?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name(name);
    let worker = Worker::new_with_options(&url, &options)?;
    Reflect::set(first, &"module".into(), &wasm_bindgen::module())?;
    worker.post_message(first)?;
    Ok(worker)
}

impl Remote {
    fn spawn(wish: Wish, cores: usize, ear: Ear) -> Result<Self, JsValue> {
        let first = Object::new();
        Reflect::set(&first, &"base".into(), &base_url().into())?;
        Reflect::set(&first, &"backend".into(), &wish.name().into())?;
        Reflect::set(&first, &"threads".into(), &JsValue::from_f64(cores as f64))?;
        let worker = start("kernelscope", &first)?;

        let waiting = Rc::new(RefCell::new(Some(VecDeque::new())));
        let (on_message, on_error) = (Rc::clone(&ear), ear);
        let (queue, sender) = (Rc::clone(&waiting), worker.clone());
        let listeners = vec![
            Listener::new(&worker, "message", move |event| {
                // The worker speaks first; then it listens.
                if let Some(queued) = queue.borrow_mut().take() {
                    queued.into_iter().for_each(|parcel| post(&sender, &parcel));
                }
                let Ok(event) = event.dyn_into::<MessageEvent>() else { return };
                match Parcel::unpack(&event.data()) {
                    Ok(Parcel { head: Tell::Panicked(message), .. }) => on_message(Heard::Lost(message)),
                    Ok(parcel) => on_message(Heard::Told(Box::new(parcel))),
                    Err(why) => on_message(Heard::Lost(format!("it sent a message that cannot be read: {why}"))),
                }
            }),
            Listener::new(&worker, "error", move |event| {
                event.prevent_default();
                let said = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
                on_error(Heard::Lost(if said.is_empty() { "it could not be loaded".to_owned() } else { said }));
            }),
        ];
        Ok(Self { worker, waiting, _listeners: listeners })
    }

    fn send(&self, parcel: Parcel<Ask>) {
        match &mut *self.waiting.borrow_mut() {
            Some(queue) => queue.push_back(parcel),
            None => post(&self.worker, &parcel),
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn post(worker: &Worker, parcel: &Parcel<Ask>) {
    // A worker that has died does not take messages; its end is reported by its error event.
    if let Ok((message, transfer)) = parcel.pack() {
        let _ = worker.post_message_with_transfer(&message, &transfer);
    }
}

/// The folder of the page, with which relative addresses begin; ends with a slash.
fn base_url() -> String {
    dom::document().and_then(|d| d.base_uri().ok().flatten()).map_or_else(String::new, |uri| {
        let path = uri.split(['?', '#']).next().unwrap_or_default();
        path.rfind('/').map_or(path, |end| &path[..=end]).to_owned()
    })
}
