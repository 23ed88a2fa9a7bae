//! Messages as they cross between page and worker: a JavaScript array of a head and two buffers
//! that are moved, not copied.

use engine::{json, json::Read};
use js_sys::{Array, Float32Array, Uint8Array};
use protocol::{Command, Event, RunSpec};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};

use super::{
    figure::{FigureSpec, Told},
    listing::Listing,
};

/// Page to worker: a command for the session, or a wish for its host.
#[derive(Clone, Debug, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Session(Box<Command>),
    /// A digit of the data set, please. Answered by [`Tell::Picked`] once there is one.
    Pick(Which),
    /// What a card launches for a step of this run, please. `half`: activations are stored so. Answered by [`Tell::Kernels`].
    Kernels {
        spec: Box<RunSpec>,
        subgroups: bool,
        half: bool,
    },
    /// The safetensors file beside it as ONNX, please. Answered by [`Tell::Onnx`].
    Onnx,
    /// The classes of all digits that have arrived, and what the classes look like in the mean: [`Tell::Labels`].
    Labels,
    /// The pictures of these digits, counted through all sets: [`Tell::Greys`].
    Greys(Vec<u32>),
    /// What a lesson's figure shows, please; the numbers that it goes by are beside it. Answered by [`Tell::Figure`].
    Figure {
        place: u32,
        spec: Box<FigureSpec>,
    },
    /// The images of one's own beside it are those to train on from now on.
    Own,
    /// Fetch the data files that have not arrived once more.
    Fetch,
    /// Panic, please: how the page takes the loss of its worker can be tried no other way.
    Crash,
    /// Have one of the workers that share the training panic, please.
    CrashShard,
    /// Give the graphics card's device back as if it had been lost: how a run takes that can be tried no other way.
    LoseCard,
}

/// Which digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    First,
    Next,
    Random,
    Class(u8),
    /// Counted through training, validation and test digits.
    Number(u32),
}

/// Worker to page.
#[derive(Clone, Debug, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Tell {
    Session(Box<Event>),
    /// Bulk: the digit's pixels, 0 to 1.
    Picked(Picked),
    Kernels(Listing),
    /// The ONNX file beside it, or why there is none.
    Onnx(Option<String>),
    /// File: the classes of the digits of each set, one after another; a set that has not arrived as a whole has none.
    /// Bulk: the mean image of each class of the training digits, once those are there.
    Labels(Labels),
    /// File: the grey values of these digits, 784 each.
    Greys(Vec<u32>),
    /// Bulk: the numbers that the figure at this place has asked for.
    Figure {
        place: u32,
        told: Told,
    },
    /// The last words of a worker that has panicked.
    Panicked(String),
}

/// How many images of each set there are, and will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
pub struct Labels {
    pub counts: [u32; 3],
    pub totals: [u32; 3],
}

/// A digit of the data set and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Read)]
pub struct Picked {
    pub set: String,
    pub index: u32,
    pub label: u8,
}

/// A head with what travels beside it.
#[derive(Clone, Debug)]
pub struct Parcel<T> {
    pub head: T,
    pub bulk: Vec<f32>,
    pub file: Vec<u8>,
}

impl<T> Parcel<T> {
    pub fn new(head: T) -> Self {
        Self { head, bulk: Vec::new(), file: Vec::new() }
    }

    pub fn with_bulk(head: T, bulk: Vec<f32>) -> Self {
        Self { head, bulk, file: Vec::new() }
    }
}

impl<T: Serialize + Read> Parcel<T> {
    /// The array to post, and the buffers to transfer with it.
    ///
    /// # Errors
    /// In words, where the head cannot be written (a programming error).
    pub fn pack(&self) -> Result<(Array, Array), String> {
        let head = JsValue::from_str(&json::write(&self.head).map_err(|e| e.to_string())?);
        // Copies out of wasm memory: a view of it cannot be transferred.
        let bulk = Float32Array::from(self.bulk.as_slice());
        let file = Uint8Array::from(self.file.as_slice());
        let transfer = Array::of2(&bulk.buffer(), &file.buffer());
        Ok((Array::of3(&head, &bulk, &file), transfer))
    }

    /// # Errors
    /// In words, where the value is no message of this kind.
    pub fn unpack(value: &JsValue) -> Result<Self, String> {
        let parts: &Array = value.dyn_ref().ok_or("a message that is no array")?;
        let head = json::read(&parts.get(0).as_string().unwrap_or_default()).map_err(|e| e.to_string())?;
        let bulk = parts.get(1).dyn_into::<Float32Array>().map(|a| a.to_vec()).unwrap_or_default();
        let file = parts.get(2).dyn_into::<Uint8Array>().map(|a| a.to_vec()).unwrap_or_default();
        Ok(Self { head, bulk, file })
    }
}
