//! Where a kept run goes on.

use data::Dataset;
use protocol::RunSpec;

use crate::{
    Network, OpenError, Portion,
    checkpoint::Position,
    feed::{Feed, Origin},
};

/// The network of a checkpoint, and where it goes on. Where images of one's own have come or gone since, with the epoch
/// that was under way, from its start.
///
/// # Errors
/// A network that cannot be opened.
pub fn taken_up(spec: &RunSpec, portion: Portion, position: &Position, data: &Dataset) -> Result<(Network, Position), OpenError> {
    let mut position = position.clone();
    let network = Network::open_on(spec, portion, position.standing, data)?;
    if spec.train.data.has_own() && position.train_digits != network.portion.train {
        let before = Feed::plain(position.train_digits.max(spec.train.batch), spec.train.batch, spec.train.seed);
        let before = before.starting(position.standing.origin);
        let history = &mut position.history;
        if history.epoch.is_empty() {
            history.epoch = history.step.iter().map(|step| before.epoch_at(*step)).collect();
        }
        position.standing.origin = Origin { step: position.step, epoch: before.place(position.step).0, first: 0 };
        position.train_digits = network.portion.train;
    }
    let standing = position.standing;
    Ok((network.standing_at(standing), position))
}
