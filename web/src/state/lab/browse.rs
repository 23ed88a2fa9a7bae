//! Asking for the digits of the data set.

use super::Lab;
use crate::link::message::{Ask, Which};

impl Lab {
    /// Asks for the classes of all digits, unless they are all there.
    pub fn browse(&self) {
        if !self.state.catalogue.is_whole() {
            self.send(Ask::Labels);
        }
    }

    /// Asks for the pictures of those digits that are not there yet.
    pub fn fetch_greys(&self, numbers: &[u32]) {
        let missing = self.state.catalogue.missing(numbers);
        if !missing.is_empty() {
            self.send(Ask::Greys(missing));
        }
    }

    /// Shows the network the digit of this number, counted through all sets.
    pub fn pick_number(&self, number: u32) {
        self.pick(Which::Number(number));
    }
}
