//! What the next batch looks like.

use leptos::prelude::*;
use protocol::Previewed;

/// Images of the next batch, as they lie in the data and as they are trained on.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub step: u32,
    pub images: Vec<Previewed>,
    /// For each image its numbers before and after.
    pub numbers: Vec<f32>,
}

impl Batch {
    /// The numbers of an image.
    pub fn image(&self, place: usize, changed: bool) -> Option<&[f32]> {
        let len = data::PIXELS;
        self.numbers.get((2 * place + usize::from(changed)) * len..)?.get(..len)
    }
}

/// Read `batch` when `tick` changes.
#[derive(Clone, Copy, Debug)]
pub struct BatchView {
    pub batch: StoredValue<Batch>,
    pub tick: RwSignal<u32>,
}

impl BatchView {
    pub fn new() -> Self {
        Self { batch: StoredValue::new(Batch::default()), tick: RwSignal::new(0) }
    }
}
