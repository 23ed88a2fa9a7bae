//! Copies of the numbers as they were a little while ago.

use protocol::Backend;

use crate::machine::Numbers;

/// Steps between two copies on the CPU. A copy of the default network takes a hundredth of a step's
/// time.
pub const COPY_EVERY: u32 = 50;
/// Time between two copies from a card, which makes many steps in that time.
pub const COPY_EVERY_MS: f64 = 1_000.0;
/// A loss above so many times the first one counts as astray: no copy is kept of such weights.
const ASTRAY: f64 = 3.0;

/// The numbers after so many updates.
#[derive(Clone, Debug)]
struct Copy {
    step: u32,
    numbers: Numbers,
}

/// What a run can go back to after its numbers, or the machine that holds them, have been lost.
#[derive(Clone, Debug)]
pub struct Safeguard {
    /// Known to be good: their loss was.
    good: Copy,
    /// Come in after `good`; the loss of these weights is not known yet.
    newest: Option<Copy>,
    /// Buffers for the next copy.
    spare: Numbers,
    /// The step for which a copy was asked for last, and when.
    asked: Option<u32>,
    asked_ms: f64,
    first_loss: Option<f64>,
}

impl Safeguard {
    /// Begins with `numbers`, as they are after `step` updates.
    pub fn new(step: u32, numbers: Numbers) -> Self {
        let spare = numbers.clone();
        Self { good: Copy { step, numbers }, newest: None, spare, asked: None, asked_ms: f64::NEG_INFINITY, first_loss: None }
    }

    /// What it began with are the numbers after `step` updates.
    pub fn begin_at(&mut self, step: u32) {
        self.good.step = step;
    }

    /// Whether a copy is to be made before `step`.
    pub fn is_due(&self, step: u32, backend: Backend, now_ms: f64) -> bool {
        self.lacks(step)
            && match backend {
                Backend::Cpu => step.is_multiple_of(COPY_EVERY),
                Backend::Gpu | Backend::Twin => now_ms - self.asked_ms >= COPY_EVERY_MS,
            }
    }

    /// Neither has a copy of the numbers after `step` updates nor has one been asked for.
    pub fn lacks(&self, step: u32) -> bool {
        self.asked != Some(step) && self.good.step != step
    }

    /// A copy of the numbers after `step` updates has come in, whether asked for here or not.
    pub fn has(&self, step: u32) -> bool {
        self.good.step == step || self.newest.as_ref().is_some_and(|n| n.step == step)
    }

    /// The buffers for a copy before `step`, which is asked for now.
    pub fn ask(&mut self, step: u32, now_ms: f64) -> Numbers {
        (self.asked, self.asked_ms) = (Some(step), now_ms);
        std::mem::take(&mut self.spare)
    }

    /// A copy has come: the numbers after `step` updates.
    pub fn keep(&mut self, step: u32, numbers: Numbers) {
        if let Some(old) = self.newest.replace(Copy { step, numbers }) {
            self.spare = old.numbers;
        }
    }

    /// `step`, made by the weights after as many updates, gave this loss: a finite number.
    pub fn judge(&mut self, step: u32, loss: f64) {
        let first = *self.first_loss.get_or_insert(loss);
        if let Some(copy) = self.newest.take_if(|copy| copy.step == step) {
            let is_good = loss <= ASTRAY * first && copy.numbers.is_sound();
            let other = if is_good { std::mem::replace(&mut self.good, copy) } else { copy };
            self.spare = other.numbers;
        }
    }

    /// Back to the last good copy, whatever came after it. Gives its step and numbers.
    pub fn restore(&mut self) -> (u32, &Numbers) {
        self.asked = None;
        if let Some(newest) = self.newest.take() {
            self.spare = newest.numbers;
        }
        (self.good.step, &self.good.numbers)
    }

    /// Back to the last copy, for the numbers are not to blame. Gives its step and numbers.
    pub fn latest(&mut self) -> (u32, &Numbers) {
        self.asked = None;
        match &self.newest {
            Some(newest) if newest.numbers.is_sound() => (newest.step, &newest.numbers),
            _ => (self.good.step, &self.good.numbers),
        }
    }
}
