//! A board in memory that leader and shards share. Browsers give such memory only to pages whose host sends the two headers
//! that keep other sites out (`Cross-Origin-Opener-Policy`, `Cross-Origin-Embedder-Policy`): see the README.

use engine::shards::Board;
use js_sys::{Atomics, Int32Array, Reflect, SharedArrayBuffer};
use wasm_bindgen::{JsCast, JsValue};

#[derive(Clone, Debug)]
pub struct SharedBoard(Int32Array);

impl SharedBoard {
    /// For so many workers; `None` where memory cannot be shared.
    pub fn new(workers: usize) -> Option<Self> {
        let isolated = Reflect::get(&js_sys::global(), &"crossOriginIsolated".into()).is_ok_and(|is| is.is_truthy());
        isolated.then(|| Self(Int32Array::new(&SharedArrayBuffer::new(4 * workers as u32))))
    }

    /// The one that came with a message.
    pub fn received(value: JsValue) -> Option<Self> {
        value.dyn_into().ok().map(Self)
    }

    /// For a message.
    pub fn as_value(&self) -> &JsValue {
        &self.0
    }
}

/// Fails only on an array that is no shared one, or outside of it: neither is made here.
impl Board for SharedBoard {
    fn len(&self) -> usize {
        self.0.length() as usize
    }

    fn get(&self, place: usize) -> u32 {
        Atomics::load(&self.0, place as u32).unwrap_or_default() as u32
    }

    fn set(&self, place: usize, value: u32) {
        let _ = Atomics::store(&self.0, place as u32, value as i32);
    }

    fn replace(&self, place: usize, from: u32, to: u32) -> bool {
        Atomics::compare_exchange(&self.0, place as u32, from as i32, to as i32) == Ok(from as i32)
    }
}
