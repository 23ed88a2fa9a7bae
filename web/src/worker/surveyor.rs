//! The graphics card: looked at in the background, then handed to the session.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use engine::{
    ModelSpec,
    backend::gpu::{Card, check::Scope},
};
use protocol::{Backend, RunSpec, Wish};
use trainer::{machine::Clock, survey::survey};

use super::{adapter, host::Host, schedule::sleep};
use crate::dom::now_ms;

/// The page first: by then it has long drawn what the first digits gave.
const DELAY_MS: f64 = 500.0;
/// A card that takes longer over one round of being timed does not hold up training.
const ROUND_LIMIT_MS: f64 = 1_000.0;

/// What is known about the card, and whether it is worth another look.
#[derive(Debug)]
pub struct Surveyor {
    wish: Wish,
    data_has_come: bool,
    /// The run that is open.
    spec: Option<RunSpec>,
    /// The network and batch size that the last look was about.
    looked_at: Option<(ModelSpec, usize)>,
    looking: bool,
    /// Until when speeds are compared, at the latest: nothing else may run then.
    timing_until_ms: Rc<Cell<f64>>,
    /// The card that runs are on.
    card: Option<Rc<Card>>,
    chosen: Backend,
    /// Another network may be faster elsewhere. Not where there is no choice.
    can_change: bool,
    /// What of it has been checked, for this network.
    checked: Option<Scope>,
}

impl Surveyor {
    pub fn new(wish: Wish) -> Self {
        Self {
            wish,
            data_has_come: false,
            spec: None,
            looked_at: None,
            looking: false,
            timing_until_ms: Rc::default(),
            card: None,
            chosen: Backend::Cpu,
            can_change: true,
            checked: None,
        }
    }

    pub fn open(&mut self, spec: &RunSpec) {
        self.spec = Some(spec.clone());
    }

    /// Or cannot be had: there is nothing more to wait for.
    pub fn data_has_come(&mut self) {
        self.data_has_come = true;
    }

    pub fn is_timing(&self) -> bool {
        now_ms() < self.timing_until_ms.get()
    }

    /// As if the card had been lost.
    pub fn lose_card(&self) {
        if let Some(card) = &self.card {
            card.lose();
        }
    }

    /// Whether the network uses something of the card that has not been checked.
    fn has_news(&self, spec: &RunSpec) -> bool {
        let open = |card: &Rc<Card>, checked: &Scope| !checked.covers(&Scope::of(&spec.model, spec.train.batch, card));
        self.card.as_ref().zip(self.checked.as_ref()).is_some_and(|(card, checked)| open(card, checked))
    }

    /// The run to look at the card for, if it has not been done.
    fn next(&mut self) -> Option<RunSpec> {
        if self.looking || !self.data_has_come {
            return None;
        }
        let spec = self.spec.as_ref()?;
        if !self.can_change && !self.has_news(spec) {
            return None;
        }
        let subject = (spec.model.clone(), spec.train.batch);
        if self.looked_at.as_ref() == Some(&subject) {
            return None;
        }
        self.looked_at = Some(subject);
        self.looking = true;
        Some(spec.clone())
    }

    /// Looks at the card as soon as there is a run with digits, and again when there is another network.
    pub fn look(host: &Rc<RefCell<Host>>) {
        let (next, wish, until_ms) = {
            let surveyor = &mut host.borrow_mut().surveyor;
            (surveyor.next(), surveyor.wish, Rc::clone(&surveyor.timing_until_ms))
        };
        let Some(spec) = next else { return };
        let host = Rc::clone(host);
        wasm_bindgen_futures::spawn_local(async move {
            sleep(DELAY_MS).await;
            // The survey asks the clock only while it times something. (Later, machines ask it.)
            let over = Rc::new(Cell::new(false));
            let (held, done) = (Rc::clone(&until_ms), Rc::clone(&over));
            let clock: Clock = Rc::new(move || {
                let now_ms = now_ms();
                if !done.get() {
                    held.set(now_ms + ROUND_LIMIT_MS);
                }
                now_ms
            });
            let mut found = survey(wish, &spec, &clock).await;
            over.set(true);
            until_ms.set(0.0);
            if let Some(adapter) = &mut found.report.adapter {
                adapter::name(adapter).await;
            }

            let mut open = host.borrow_mut();
            let surveyor = &mut open.surveyor;
            let real = found.report.adapter.as_ref().is_some_and(|a| !a.software);
            surveyor.can_change = wish == Wish::Auto && real && found.report.checks.iter().all(|c| c.passed);
            surveyor.looking = false;
            surveyor.checked = found.card.as_ref().map(|card| Scope::of(&spec.model, spec.train.batch, card));
            // A run that is where it should be stays there.
            let moves = found.report.chosen != surveyor.chosen || surveyor.card.as_ref().is_some_and(|c| c.trouble().is_some());
            if moves {
                surveyor.chosen = found.report.chosen;
                surveyor.card = found.card.filter(|_| found.maker.is_some());
                if let Some(card) = &surveyor.card {
                    // Lost while nothing runs: a turn finds out, says so and goes on elsewhere.
                    let (called, troubled) = (Rc::downgrade(&host), card.troubled());
                    wasm_bindgen_futures::spawn_local(async move {
                        troubled.await;
                        if let Some(host) = called.upgrade() {
                            host.borrow_mut().wake();
                        }
                    });
                    // Not while a turn is under way, which looks for itself. Natively, where only tests of this package are
                    // compiled, a waker would have to be `Send`.
                    #[cfg(target_arch = "wasm32")]
                    let called = Rc::downgrade(&host);
                    #[cfg(target_arch = "wasm32")]
                    card.set_waker(Rc::new(move || {
                        if let Some(host) = called.upgrade()
                            && let Ok(mut host) = host.try_borrow_mut()
                        {
                            host.wake();
                        }
                    }));
                }
                open.session.set_maker(found.maker);
            }
            open.session.report_card(found.report);
            open.flush();
            open.wake();
            drop(open);
            // Another network may have been opened meanwhile.
            Self::look(&host);
        });
    }
}
