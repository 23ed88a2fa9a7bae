//! A step of training.

use super::{Cpu, Run};
use crate::{LossSpec, StepInputs, loss::BatchResult};

impl Cpu {
    /// The batch's loss and the gradients that the update is to see: forward and backward, and where the
    /// update is sharpness-aware, once more from where the loss is higher.
    ///
    /// `divisor` is as in [`Cpu::backward`].
    pub fn learn(&mut self, run: &mut Run, loss: &LossSpec, divisor: usize, now: &StepInputs) -> BatchResult {
        self.forward(run, now);
        let result = self.backward(run, loss, divisor, now);
        if self.update.treatment().has_sam() {
            self.climb();
            self.forward(run, now);
            self.backward(run, loss, divisor, now);
            self.descend();
        }
        result
    }

    /// Sharpness-aware minimisation: from the gradient in `grads` to where the loss is higher.
    pub(crate) fn climb(&mut self) {
        let (params, state) = self.kept.split_at_mut(self.params.len());
        params.copy_from_slice(&self.params);
        state.copy_from_slice(&self.state);
        self.update.penalise(&self.params, &mut self.grads);
        self.update.perturb(&mut self.params, &self.grads);
    }

    /// And back, with the gradient found there in `grads`.
    pub(crate) fn descend(&mut self) {
        self.update.penalise(&self.params, &mut self.grads);
        let (params, state) = self.kept.split_at(self.params.len());
        self.params.copy_from_slice(params);
        self.state.copy_from_slice(state);
    }

    /// What follows on the gradients of a batch: penalty, accumulation, clipping and the optimizer's step.
    /// `grads` holds afterwards what the optimizer saw.
    pub fn update(&mut self, now: &StepInputs) {
        self.update.apply(&mut self.params, &mut self.grads, &mut self.optimizer_state, now);
    }

    /// Bytes beside the parameters that training keeps.
    pub fn training_bytes(&self) -> usize {
        4 * (self.grads.len() + self.optimizer_state.len() + self.kept.len())
    }
}
