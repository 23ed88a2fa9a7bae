//! The digits on the card, shared by all machines on it.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use data::{Dataset, PIXELS, Set, Source};
use engine::backend::gpu::{Card, CardError, DigitSet};
use protocol::EvalSet;

use crate::{evaluation, feed::Feed};

/// What [`Dataset::edition`] says.
type Edition = (Source, u32);

/// Sets are put on the card when somebody first asks for them; those of another source take their place.
#[derive(Debug)]
pub struct Shelf {
    card: Rc<Card>,
    sets: RefCell<Option<(Edition, Rc<Sets>)>>,
}

impl Shelf {
    pub fn new(card: &Rc<Card>) -> Self {
        Self { card: Rc::clone(card), sets: RefCell::default() }
    }

    pub fn card(&self) -> &Rc<Card> {
        &self.card
    }

    /// The sets of `data` as it is now.
    pub fn sets(&self, data: &Dataset) -> Rc<Sets> {
        let mut sets = self.sets.borrow_mut();
        match &*sets {
            Some((edition, sets)) if *edition == data.edition() => Rc::clone(sets),
            _ => {
                let new = Rc::new(Sets::new(&self.card));
                *sets = Some((data.edition(), Rc::clone(&new)));
                new
            }
        }
    }
}

/// Those of one source.
#[derive(Debug)]
pub struct Sets {
    card: Rc<Card>,
    train: OnceCell<DigitSet>,
    /// The labels that were put on the card in place of their own; empty where none were.
    labelled: RefCell<Vec<u8>>,
    /// Those that are their own.
    own: RefCell<Vec<u8>>,
    validation: OnceCell<DigitSet>,
    test: OnceCell<DigitSet>,
}

impl Sets {
    fn new(card: &Rc<Card>) -> Self {
        Self {
            card: Rc::clone(card),
            train: OnceCell::new(),
            labelled: RefCell::default(),
            own: RefCell::default(),
            validation: OnceCell::new(),
            test: OnceCell::new(),
        }
    }

    /// The training digits, with all that have arrived, and behind them the validation digits.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn train(&self, data: &Dataset) -> Result<&DigitSet, CardError> {
        let set = match self.train.get() {
            Some(set) => set,
            None => {
                let made = DigitSet::new(&self.card, data.total_of(Set::Train) + data.total_of(Set::Validation), PIXELS)?;
                self.train.get_or_init(|| made)
            }
        };
        let ready = data.pool_ready();
        if set.ready() < ready {
            let news = (set.ready()..ready).filter_map(|i| data.pool_image(i));
            let (mut pixels, mut labels) = (Vec::new(), Vec::new());
            for (image, label) in news {
                pixels.extend_from_slice(image);
                labels.push(label);
            }
            set.append(&pixels, &labels);
            self.own.borrow_mut().extend_from_slice(&labels);
        }
        Ok(set)
    }

    /// Gives the digits on the card the labels that `feed` takes them for.
    pub fn label(&self, feed: &Feed) {
        let Some(set) = self.train.get() else { return };
        let (mut labelled, own) = (self.labelled.borrow_mut(), self.own.borrow());
        match feed.wrong_labels() {
            Some(labels) if *labelled != labels => {
                set.set_classes(0, &own);
                set.set_classes(0, labels);
                labels.clone_into(&mut labelled);
            }
            None if !labelled.is_empty() => {
                set.set_classes(0, &own);
                labelled.clear();
            }
            _ => {}
        }
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
            let from = evaluation::set_of(which);
            let Some(count) = data.whole(from) else { return Ok(None) };
            let set = DigitSet::new(&self.card, count, PIXELS)?;
            let (mut pixels, mut labels) = (Vec::with_capacity(count * PIXELS), Vec::with_capacity(count));
            for (image, label) in (0..count).filter_map(|i| data.image(from, i)) {
                pixels.extend_from_slice(image);
                labels.push(label);
            }
            set.append(&pixels, &labels);
            cell.get_or_init(|| set);
        }
        Ok(cell.get())
    }
}
