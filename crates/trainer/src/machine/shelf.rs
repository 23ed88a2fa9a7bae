//! The digits on the card, shared by all machines on it.

use std::{cell::OnceCell, rc::Rc};

use data::{Dataset, PIXELS, TRAIN_TOTAL};
use engine::backend::gpu::{Card, CardError, DigitSet};
use protocol::EvalSet;

use crate::evaluation;

/// Sets are put on the card when somebody first asks for them, the training set as it arrives.
#[derive(Debug)]
pub struct Shelf {
    card: Rc<Card>,
    train: OnceCell<DigitSet>,
    validation: OnceCell<DigitSet>,
    test: OnceCell<DigitSet>,
}

impl Shelf {
    pub fn new(card: &Rc<Card>) -> Self {
        Self { card: Rc::clone(card), train: OnceCell::new(), validation: OnceCell::new(), test: OnceCell::new() }
    }

    pub fn card(&self) -> &Rc<Card> {
        &self.card
    }

    /// The training digits, with all that have arrived.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn train(&self, data: &Dataset) -> Result<&DigitSet, CardError> {
        let set = match self.train.get() {
            Some(set) => set,
            None => {
                let made = DigitSet::new(&self.card, TRAIN_TOTAL, PIXELS)?;
                self.train.get_or_init(|| made)
            }
        };
        if set.ready() < data.train_ready() {
            let news = (set.ready()..data.train_ready()).filter_map(|i| data.train_image(i));
            let (mut pixels, mut labels) = (Vec::new(), Vec::new());
            for (image, label) in news {
                pixels.extend_from_slice(image);
                labels.push(label);
            }
            set.append(&pixels, &labels);
        }
        Ok(set)
    }

    /// The digits of a set that has arrived as a whole; `None` before.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn scored(&self, which: EvalSet, data: &Dataset) -> Result<Option<&DigitSet>, CardError> {
        let cell = match which {
            EvalSet::Validation => &self.validation,
            EvalSet::Test => &self.test,
        };
        if cell.get().is_none() {
            let Some(digits) = evaluation::digits(data, which) else { return Ok(None) };
            let set = DigitSet::new(&self.card, digits.len(), PIXELS)?;
            set.append(&digits.pixels, &digits.labels);
            cell.get_or_init(|| set);
        }
        Ok(cell.get())
    }
}
