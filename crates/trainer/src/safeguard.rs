//! A copy of the last weights known to be good.

use crate::network::Network;

/// Steps between two copies. A copy of the default network takes a hundredth of a step's time.
pub const COPY_EVERY: u32 = 50;
/// A loss above so many times the first one counts as astray: no copy is made of such weights.
const ASTRAY: f64 = 3.0;

/// What a run can go back to after its numbers have been lost.
#[derive(Clone, Debug)]
pub struct Safeguard {
    step: u32,
    params: Vec<f32>,
    state: Vec<f32>,
    optimizer_state: Vec<f32>,
    /// Running statistics before the forward pass that decides on the copy.
    state_before: Vec<f32>,
    first_loss: Option<f64>,
}

impl Safeguard {
    /// Keeps `network` as it is after `step` updates.
    pub fn new(network: &Network, step: u32) -> Self {
        let cpu = &network.cpu;
        Self {
            step,
            params: cpu.params.clone(),
            state: cpu.state.clone(),
            optimizer_state: cpu.optimizer_state.clone(),
            state_before: cpu.state.clone(),
            first_loss: None,
        }
    }

    /// Before the forward pass of a step.
    pub fn before(&mut self, network: &Network, step: u32) {
        if step.is_multiple_of(COPY_EVERY) {
            self.state_before.copy_from_slice(&network.cpu.state);
        }
    }

    /// Between the backward pass of a step, which gave `loss`, and its update.
    pub fn judge(&mut self, network: &Network, step: u32, loss: f64) {
        let first = *self.first_loss.get_or_insert(loss);
        if step.is_multiple_of(COPY_EVERY) && loss <= ASTRAY * first && network.is_sound() {
            self.step = step;
            self.params.copy_from_slice(&network.cpu.params);
            self.optimizer_state.copy_from_slice(&network.cpu.optimizer_state);
            self.state.copy_from_slice(&self.state_before);
        }
    }

    /// Puts the kept weights back; returns the number of updates that had made them.
    pub fn restore(&self, network: &mut Network) -> u32 {
        network.cpu.params.copy_from_slice(&self.params);
        network.cpu.state.copy_from_slice(&self.state);
        network.cpu.optimizer_state.copy_from_slice(&self.optimizer_state);
        self.step
    }
}
