//! What an update needs on the card: its launches and the buffers that only they use.

use std::rc::Rc;

use wgpu::{Buffer, BufferUsages};

use super::{
    card::{Card, CardError},
    launch::{Launch, Slot, Storage},
    pipeline::{Prepared, prepare},
};
use crate::{Graph, Update};

/// As [`crate::optim::Launches`], made ready.
#[derive(Debug, Default)]
pub struct Ready {
    pub keep: Vec<Prepared>,
    pub apply: Vec<Prepared>,
    pub climb: Vec<Prepared>,
    pub descend: Vec<Prepared>,
}

#[derive(Debug)]
pub struct Updating {
    pub update: Update,
    pub rates: Buffer,
    pub scratch: Buffer,
    /// Weights and running statistics while sharpness-aware minimisation has moved them.
    pub kept: Option<[Buffer; 2]>,
    pub launches: Ready,
}

impl Updating {
    /// The buffers; [`Updating::prepared`] gives the launches.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn new(card: &Rc<Card>, graph: &Graph, update: Update) -> Result<Self, CardError> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let table: Vec<u8> = update.rates_table().iter().flat_map(|word| word.to_le_bytes()).collect();
        let rates = card.buffer("the rates of the layers", table.len(), usage)?;
        card.queue.write_buffer(&rates, 0, &table);
        let scratch = card.buffer("the parts of a norm", update.launches().scratch_len * 4, usage)?;
        let keep = |name: &str, len: usize| card.buffer(name, len * 4, usage);
        let kept = if update.treatment().has_sam() {
            Some([keep("the weights that are kept", graph.params_len())?, keep("the statistics that are kept", graph.state_len())?])
        } else {
            None
        };
        Ok(Self { update, rates, scratch, kept, launches: Ready::default() })
    }

    /// # Errors
    /// As [`prepare`].
    pub fn prepared<'a>(&self, card: &Card, find: impl Fn(Slot) -> &'a Buffer) -> Result<Ready, CardError> {
        let all = self.update.launches();
        let ready = |launches: &[Launch]| {
            if launches.is_empty() { Ok(Vec::new()) } else { prepare(card, launches, Storage::F32, |_, slot| find(slot)) }
        };
        Ok(Ready { keep: ready(&all.keep)?, apply: ready(&all.apply)?, climb: ready(&all.climb)?, descend: ready(&all.descend)? })
    }
}
