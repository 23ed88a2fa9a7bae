//! Networks with their numbers, by a preset's name or out of a file.

use std::{fs, path::Path};

use engine::presets;
use protocol::{RunSpec, TrainSpec};
use trainer::{Network, Portion, checkpoint, machine::Numbers};

use crate::{
    arguments::{self, Model},
    error::Error,
    wanted,
};

/// The network of a file of weights: what was asked for, or what the file says. Where both speak they must agree.
pub fn network(asked: &arguments::Network, path: &Path, bytes: &[u8]) -> Result<RunSpec, Error> {
    let file = checkpoint::read(bytes).map_err(|error| Error::Weights { path: path.to_owned(), message: error.to_string() })?;
    match (asked.spec()?, file.note()) {
        (Some(asked), Some(note)) if asked.model.layers != note.spec.model.layers => Err(Error::OtherNetwork { path: path.to_owned() }),
        (_, Some(note)) => Ok(note.spec.clone()),
        (Some(asked), None) => Ok(asked),
        (None, None) => Err(Error::NetworkUnknown { path: path.to_owned() }),
    }
}

impl Model {
    /// The network, its numbers, and the updates that made them.
    pub fn open(&self) -> Result<(Network, Numbers, u32), Error> {
        let path = Path::new(&self.model);
        if let Ok(preset) = wanted::preset(&self.model) {
            let spec = RunSpec { model: preset.model(), train: TrainSpec { seed: self.seed, ..TrainSpec::default() } };
            let network = Network::open(&spec, Portion::default()).map_err(|error| Error::Declined { message: error.to_string() })?;
            let numbers = network.first_numbers();
            return Ok((network, numbers, 0));
        }
        if !path.exists() {
            let known = presets::PRESETS.iter().map(|p| p.slug).collect::<Vec<_>>().join(", ");
            return Err(Error::NoModel { name: self.model.clone(), known });
        }
        let bytes = fs::read(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
        let spec = network(&self.network, path, &bytes)?;
        checkpoint::open(&bytes, &spec).map_err(|error| Error::Weights { path: path.to_owned(), message: error.to_string() })
    }
}
