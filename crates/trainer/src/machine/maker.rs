//! Machines on one card.

use std::{fmt, rc::Rc};

use engine::backend::gpu::{Card, launch::Storage};
use protocol::{Backend, Precision};

use super::{Clock, GpuMachine, Machine, MachineFault, MakeMachine, Numbers, Shelf, TwinMachine};
use crate::Network;

/// Makes machines that share a card and the digits on it.
#[derive(Clone)]
pub struct CardMaker {
    shelf: Rc<Shelf>,
    backend: Backend,
    storage: Storage,
    clock: Clock,
}

impl fmt::Debug for CardMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardMaker").field("backend", &self.backend).field("storage", &self.storage).finish_non_exhaustive()
    }
}

impl CardMaker {
    /// Twins for [`Backend::Twin`]; else training on the card, with activations stored so.
    pub fn new(card: &Rc<Card>, backend: Backend, storage: Storage, clock: Clock) -> Self {
        Self { shelf: Rc::new(Shelf::new(card)), backend, storage, clock }
    }
}

impl MakeMachine for CardMaker {
    fn make(&self, network: &Network, numbers: &Numbers) -> Result<Box<dyn Machine>, MachineFault> {
        if let Some(error) = self.shelf.card().trouble() {
            return Err(error.into());
        }
        let storage = match network.spec.train.precision {
            Precision::Auto => self.storage,
            Precision::Half if self.shelf.card().info.half => Storage::F16,
            Precision::Half | Precision::Full => Storage::F32,
        };
        Ok(match self.backend {
            Backend::Twin => Box::new(TwinMachine::new(network, numbers, &self.shelf)?),
            Backend::Cpu | Backend::Gpu => Box::new(GpuMachine::new(network, numbers, &self.shelf, storage, &self.clock)?),
        })
    }
}
