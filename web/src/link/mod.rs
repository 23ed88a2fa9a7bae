//! The page's side of the worker: starting it, talking to it, noticing that it has died.

pub mod figure;
pub mod listing;
pub mod message;
pub mod program;

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use js_sys::{Object, Reflect};
use protocol::Wish;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, EventTarget, MessageChannel, MessageEvent, MessagePort, Worker};

use crate::dom::{self, listen::Listener};
use message::{Ask, Parcel, Tell};
use program::{Program, base_url};

/// What the link tells the page.
#[derive(Debug)]
pub enum Heard {
    Told(Box<Parcel<Tell>>),
    /// The worker is gone, for this reason. Nothing more will come from it.
    Lost(String),
}

type Ear = Rc<dyn Fn(Heard)>;

/// A session at work, and the messages that wait until it listens.
#[derive(Debug)]
pub struct Link {
    session: Far,
    waiting: Rc<RefCell<Option<VecDeque<Parcel<Ask>>>>>,
    _listeners: Vec<Listener>,
}

/// In a worker or, where there can be none, on the page.
#[derive(Clone, Debug)]
enum Far {
    Worker(Worker),
    Page(MessagePort),
}

impl Far {
    fn post(&self, parcel: &Parcel<Ask>) {
        // A worker that has died does not take messages; its end is reported by its error event.
        if let Ok((message, transfer)) = parcel.pack() {
            let _ = match self {
                Self::Worker(worker) => worker.post_message_with_transfer(&message, &transfer),
                Self::Page(port) => port.post_message_with_transferable(&message, &transfer),
            };
        }
    }

    fn target(&self) -> &EventTarget {
        match self {
            Self::Worker(worker) => worker,
            Self::Page(port) => port,
        }
    }
}

impl Link {
    /// A session in a worker. `wish`: what runs compute on; `cores`: how many they use of the processor.
    ///
    /// # Errors
    /// In words, where the browser makes no worker.
    pub fn spawn(wish: Wish, cores: usize, ear: Ear) -> Result<Self, String> {
        let worker = first(wish, cores).and_then(|first| Program::of_worker().start("kernelscope", &first));
        Ok(Self::with(Far::Worker(worker.map_err(|e| dom::reason(&e))?), ear))
    }

    /// The same session on the page's own thread, in small slices.
    ///
    /// # Errors
    /// In words, where the browser does not even do that.
    pub fn on_page(wish: Wish, ear: Ear) -> Result<Self, String> {
        let begin = || {
            let channel = MessageChannel::new()?;
            let first = first(wish, 1)?;
            Reflect::set(&first, &"port".into(), &channel.port2())?;
            Program::of_worker().start_here(&first)?;
            Ok(channel.port1())
        };
        let port = begin().map_err(|e: JsValue| dom::reason(&e))?;
        let link = Self::with(Far::Page(port.clone()), ear);
        port.start();
        Ok(link)
    }

    fn with(session: Far, ear: Ear) -> Self {
        let waiting = Rc::new(RefCell::new(Some(VecDeque::new())));
        let (on_message, on_error) = (Rc::clone(&ear), ear);
        let (queue, sender) = (Rc::clone(&waiting), session.clone());
        let listeners = vec![
            Listener::new(session.target(), "message", move |event| {
                // The worker speaks first; then it listens.
                if let Some(queued) = queue.borrow_mut().take() {
                    queued.iter().for_each(|parcel| sender.post(parcel));
                }
                let Ok(event) = event.dyn_into::<MessageEvent>() else { return };
                match Parcel::unpack(&event.data()) {
                    Ok(Parcel { head: Tell::Panicked(message), .. }) => on_message(Heard::Lost(message)),
                    Ok(parcel) => on_message(Heard::Told(Box::new(parcel))),
                    Err(why) => on_message(Heard::Lost(format!("it sent a message that cannot be read: {why}"))),
                }
            }),
            Listener::new(session.target(), "error", move |event| {
                event.prevent_default();
                let said = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
                on_error(Heard::Lost(if said.is_empty() { "it could not be loaded".to_owned() } else { said }));
            }),
        ];
        Self { session, waiting, _listeners: listeners }
    }

    /// Whether it is not on the page's own thread.
    pub fn is_worker(&self) -> bool {
        matches!(self.session, Far::Worker(_))
    }

    pub fn send(&self, parcel: Parcel<Ask>) {
        match &mut *self.waiting.borrow_mut() {
            Some(queue) => queue.push_back(parcel),
            None => self.session.post(&parcel),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        match &self.session {
            Far::Worker(worker) => worker.terminate(),
            Far::Page(port) => port.close(),
        }
    }
}

/// What the worker's program is told first.
fn first(wish: Wish, cores: usize) -> Result<Object, JsValue> {
    let first = Object::new();
    Reflect::set(&first, &"base".into(), &base_url().into())?;
    Reflect::set(&first, &"backend".into(), &wish.name().into())?;
    Reflect::set(&first, &"threads".into(), &JsValue::from_f64(cores as f64))?;
    Ok(first)
}
