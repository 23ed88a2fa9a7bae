//! Weights and checkpoints as safetensors.
//!
//! A file of weights holds the tensors of the network under PyTorch's names in an `nn.Sequential`
//! (`0.weight`, `1.running_mean`, `1.num_batches_tracked`), so that
//! `model.load_state_dict(load_file(path))` takes it. A checkpoint holds besides them the optimizer's
//! (`optimizer.exp_avg/0.weight`). The header's metadata say `format: pt`, and under `kernelscope`, as
//! JSON, what the file is: [`Note`].
//!
//! What is read may come from anywhere: every name, shape, type and number is checked before it is
//! used, and an error names the first that is wrong.

mod floats;

use std::collections::HashMap;

use engine::{Graph, json, json::Read, kept::Kept, ops::ParamRole};
use protocol::{Hyper, Note as Change, RunSpec, Score};
use safetensors::{Dtype, SafeTensorError, SafeTensors, tensor::TensorView};
use serde::Serialize;

use crate::{
    Network, OpenError, Portion, Standing,
    history::Columns,
    machine::Numbers,
    training::{Best, SCORES_LIMIT},
};

/// Version of [`Note`].
pub const VERSION: u32 = 1;
const NOTE_KEY: &str = "kernelscope";
/// Oldest notes are forgotten beyond this.
pub const NOTES_LIMIT: usize = 500;
const CONFUSION_LEN: usize = data::CLASSES * data::CLASSES;

/// What a file says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
pub struct Note {
    pub version: u32,
    pub spec: RunSpec,
    /// Updates that made the weights.
    pub step: u32,
    /// In a checkpoint only.
    pub position: Option<Position>,
}

/// Where a run stands, beside its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub step: u32,
    pub rate: f32,
    /// Epochs after which the run finishes.
    pub goal: u32,
    /// Digits in an epoch.
    pub train_digits: usize,
    pub history: Columns,
    pub scores: Vec<Score>,
    /// Those below are absent in files of earlier versions.
    #[serde(default)]
    pub notes: Vec<Change>,
    #[serde(default)]
    pub standing: Standing,
    /// The step that made the best weights, which are in the file then.
    #[serde(default)]
    pub best: Option<u32>,
    /// The step before which they were put back.
    #[serde(default)]
    pub restored_at: Option<u32>,
    /// Validation losses up to this step are not counted against the run.
    #[serde(default)]
    pub patient_since: u32,
}

impl Position {
    /// # Errors
    /// What cannot be so in a run of `network`.
    pub(crate) fn check(&self, network: &Network) -> Result<(), FileError> {
        let train_digits = network.portion.train;
        let bad = |cause: String| Err(FileError::History { cause });
        if self.train_digits != train_digits {
            return bad(format!("it went through {} training digits, this session has {train_digits}", self.train_digits));
        }
        if let Err(error) = (Hyper { rate: self.rate }).check() {
            return bad(error.to_string());
        }
        let reached = network.feed.epoch_at(self.step);
        match self.goal.checked_mul(network.feed.steps_per_epoch()) {
            Some(_) if reached <= f64::from(self.goal) || self.standing != Standing::default() => {}
            _ => return bad(format!("step {} lies beyond its {} epochs", self.step, self.goal)),
        }
        let Standing { origin, clock } = self.standing;
        if origin.step > self.step || clock.since > self.step || clock.made > self.step || origin.epoch > self.step {
            return bad(format!("it was changed after step {}", self.step));
        }
        if self.notes.len() > NOTES_LIMIT {
            return bad(format!("it has {} notes; the limit is {NOTES_LIMIT}", self.notes.len()));
        }
        if self.scores.len() > SCORES_LIMIT {
            return bad(format!("it has {} scores; the limit is {SCORES_LIMIT}", self.scores.len()));
        }
        match self.scores.iter().find(|s| s.confusion.len() != CONFUSION_LEN || s.step > self.step) {
            Some(score) => bad(format!("its score of step {} is damaged", score.step)),
            None => Ok(()),
        }
    }
}

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FileError {
    #[error("the file is cut short or damaged: {cause}")]
    Damaged { cause: String },
    #[error("this is no safetensors file: {cause}")]
    Foreign { cause: String },
    #[error("the file's note about itself cannot be read: {cause}")]
    Note { cause: String },
    #[error("the file has version {found}; this program reads {known}")]
    Version { found: u32, known: u32 },
    #[error("the file lacks `{name}`, which the network has as {}", shown(wanted))]
    Missing { name: String, wanted: Vec<usize> },
    #[error("the file has `{name}`, which the network has not")]
    Unexpected { name: String },
    #[error("`{name}` is {} in the file, but {} in the network", shown(found), shown(wanted))]
    Shape { name: String, found: Vec<usize>, wanted: Vec<usize> },
    #[error("`{name}` holds {found}; F32, F64, F16 and BF16 can be read")]
    Type { name: String, found: String },
    #[error("number {index} of `{name}` is {value}")]
    NotFinite { name: String, index: usize, value: f32 },
    #[error("the file's network cannot be opened: {0}")]
    Open(#[from] OpenError),
    #[error("the file's history cannot be used: {cause}")]
    History { cause: String },
    #[error("these are weights alone: they need an open network to go into")]
    NoNetwork,
    #[error("the file cannot be written: {cause}")]
    Write { cause: String },
}

/// `16×8×5×5`; a scalar is `one number`.
fn shown(dims: &[usize]) -> String {
    if dims.is_empty() { "one number".to_owned() } else { dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("×") }
}

/// Names of the counters that PyTorch keeps in each batch norm, and that this program does not need.
fn counters(network: &Network) -> impl Iterator<Item = String> {
    let means = network.graph.state.iter().filter(|p| p.role == ParamRole::RunningMean);
    means.filter_map(|p| Some(format!("{}num_batches_tracked", p.name.strip_suffix("running_mean")?)))
}

fn slot_name(slot: &str, param: &str) -> String {
    format!("optimizer.{slot}/{param}")
}

fn best_name(param: &str) -> String {
    format!("best/{param}")
}

/// The network of `spec` with the numbers of a file, which may come from another program, and the updates that made
/// them.
///
/// # Errors
/// A network that cannot be opened, and the first tensor that is missing, has other extents, or is not of the network.
pub fn open(bytes: &[u8], spec: &RunSpec) -> Result<(Network, Numbers, u32), FileError> {
    let file = read(bytes)?;
    let network = Network::open(spec, Portion::default())?;
    let mut numbers = network.first_numbers();
    file.fill_weights(&network, &mut numbers)?;
    Ok((network, numbers, file.note().map_or(0, |note| note.step)))
}

/// The network that a file of our own was written by, with its numbers.
///
/// # Errors
/// As [`open`]; a file of another program, which does not say what network it is of.
pub fn open_own(bytes: &[u8]) -> Result<(Network, Numbers), FileError> {
    let file = read(bytes)?;
    let note = file.note().ok_or(FileError::NoNetwork)?;
    let network = Network::open(&note.spec, Portion::default())?;
    let mut numbers = network.first_numbers();
    file.fill_weights(&network, &mut numbers)?;
    Ok((network, numbers))
}

/// Puts those tensors of a file of our own into `numbers` of `network` that fit it: layers that both networks have, in
/// the same order, with the same extents. All else stays.
///
/// # Errors
/// As [`open_own`].
pub fn graft(bytes: &[u8], network: &Network, numbers: &mut Numbers) -> Result<(), FileError> {
    let file = read(bytes)?;
    let note = file.note().ok_or(FileError::NoNetwork)?;
    let old = Graph::check(&note.spec.model).map_err(OpenError::from)?;
    let Kept { params, state } = Kept::between(&old, &network.graph);
    for (pairs, from, to) in [(params, &old.params, &mut numbers.params), (state, &old.state, &mut numbers.state)] {
        for (own, place) in pairs {
            if let Some(param) = from.iter().find(|p| p.range == own) {
                file.take(&param.name, &param.dims, &mut to[place])?;
            }
        }
    }
    Ok(())
}

/// The checkpoint of a run that begins with the weights of a file.
///
/// # Errors
/// As [`open`].
pub fn import(bytes: &[u8], spec: &RunSpec) -> Result<Vec<u8>, FileError> {
    let (network, numbers, _) = open(bytes, spec)?;
    let position = Position {
        step: 0,
        rate: spec.train.rate,
        goal: spec.train.epochs,
        train_digits: network.portion.train,
        history: Columns::default(),
        scores: Vec::new(),
        notes: Vec::new(),
        standing: Standing::default(),
        best: None,
        restored_at: None,
        patient_since: 0,
    };
    write(&network, &numbers, 0, Some(position), None)
}

/// The file of `network` with `numbers` after `step` updates; with `position`, a checkpoint, which keeps the best
/// weights too.
pub fn write(
    network: &Network,
    numbers: &Numbers,
    step: u32,
    position: Option<Position>,
    best: Option<&Best>,
) -> Result<Vec<u8>, FileError> {
    let graph = &network.graph;
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    let mut put = |name: String, dims: &[usize], block: &[f32]| {
        tensors.push((name, Dtype::F32, dims.to_vec(), block.iter().flat_map(|x| x.to_le_bytes()).collect()));
    };
    for param in &graph.params {
        put(param.name.clone(), &param.dims, &numbers.params[param.range.clone()]);
    }
    for param in &graph.state {
        put(param.name.clone(), &param.dims, &numbers.state[param.range.clone()]);
    }
    if position.is_some() {
        for (slot, block) in slots(network).zip(numbers.optimizer_state.chunks_exact(numbers.params.len())) {
            for param in &graph.params {
                put(slot_name(slot, &param.name), &param.dims, &block[param.range.clone()]);
            }
        }
        if let Some(best) = best {
            for (list, block) in [(&graph.params, &best.params), (&graph.state, &best.state)] {
                list.iter().for_each(|param| put(best_name(&param.name), &param.dims, &block[param.range.clone()]));
            }
        }
    }
    tensors.extend(counters(network).map(|name| (name, Dtype::I64, Vec::new(), i64::from(step).to_le_bytes().to_vec())));
    let failed = |cause: String| FileError::Write { cause };
    let note = Note { version: VERSION, spec: network.spec.clone(), step, position };
    let note = json::write(&note).map_err(|e| failed(e.to_string()))?;
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned()), (NOTE_KEY.to_owned(), note)]);
    let mut views = Vec::with_capacity(tensors.len());
    for (name, dtype, dims, bytes) in &tensors {
        views.push((name.as_str(), TensorView::new(*dtype, dims.clone(), bytes).map_err(|e| failed(e.to_string()))?));
    }
    safetensors::serialize(views, Some(metadata)).map_err(|e| failed(e.to_string()))
}

fn slots(network: &Network) -> impl Iterator<Item = &'static str> {
    network.spec.train.update().slots().into_iter()
}

/// A file that is whole; whether it fits a network is another matter.
#[derive(Debug)]
pub struct File<'a> {
    tensors: SafeTensors<'a>,
    /// Absent in files of other programs.
    note: Option<Note>,
}

/// Takes the file apart. Nothing is copied, and no length in it is believed.
pub fn read(bytes: &[u8]) -> Result<File<'_>, FileError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(fault)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(fault)?;
    let note = match header.metadata().as_ref().and_then(|m| m.get(NOTE_KEY)) {
        None => None,
        Some(note) => {
            let cause = |e: serde_json::Error| FileError::Note { cause: e.to_string() };
            let VersionOnly { version } = json::read(note).map_err(cause)?;
            if version != VERSION {
                return Err(FileError::Version { found: version, known: VERSION });
            }
            Some(json::read(note).map_err(cause)?)
        }
    };
    Ok(File { tensors, note })
}

#[derive(Read)]
struct VersionOnly {
    version: u32,
}

fn fault(error: SafeTensorError) -> FileError {
    let cause = error.to_string();
    match error {
        SafeTensorError::InvalidHeader(_) | SafeTensorError::InvalidHeaderDeserialization(_) | SafeTensorError::InvalidHeaderStart => {
            FileError::Foreign { cause }
        }
        _ => FileError::Damaged { cause },
    }
}

impl File<'_> {
    /// What the file says about itself; `None` in files of other programs.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// The specification and the position of a checkpoint.
    pub fn checkpoint(&self) -> Option<(&RunSpec, &Position)> {
        let note = self.note.as_ref()?;
        Some((&note.spec, note.position.as_ref()?))
    }

    /// Weights and running statistics, into numbers of `network`.
    pub(crate) fn fill_weights(&self, network: &Network, numbers: &mut Numbers) -> Result<(), FileError> {
        let graph = &network.graph;
        for param in &graph.params {
            self.take(&param.name, &param.dims, &mut numbers.params[param.range.clone()])?;
        }
        for param in &graph.state {
            self.take(&param.name, &param.dims, &mut numbers.state[param.range.clone()])?;
        }
        let own = self.checkpoint().is_some();
        let has_best = self.checkpoint().is_some_and(|(_, position)| position.best.is_some());
        let expected = |name: &str| {
            graph.params.iter().chain(&graph.state).any(|p| p.name == name)
                || counters(network).any(|counter| counter == name)
                || (has_best && graph.params.iter().chain(&graph.state).any(|p| best_name(&p.name) == name))
                || (own && slots(network).any(|slot| graph.params.iter().any(|p| slot_name(slot, &p.name) == name)))
        };
        if let Some(name) = self.tensors.names().into_iter().filter(|name| !expected(name)).min() {
            return Err(FileError::Unexpected { name: name.to_owned() });
        }
        Ok(())
    }

    /// The optimizer's blocks, into numbers of `network`.
    pub(crate) fn fill_optimizer(&self, network: &Network, numbers: &mut Numbers) -> Result<(), FileError> {
        for (slot, block) in slots(network).zip(numbers.optimizer_state.chunks_exact_mut(numbers.params.len())) {
            for param in &network.graph.params {
                self.take(&slot_name(slot, &param.name), &param.dims, &mut block[param.range.clone()])?;
            }
        }
        Ok(())
    }

    /// The best weights, where the file has them.
    pub(crate) fn best(&self, network: &Network) -> Result<Option<Best>, FileError> {
        let Some(step) = self.checkpoint().and_then(|(_, position)| position.best) else { return Ok(None) };
        let graph = &network.graph;
        let mut best = Best { step, params: vec![0.0; graph.params_len()], state: vec![0.0; graph.state_len()] };
        for (list, block) in [(&graph.params, &mut best.params), (&graph.state, &mut best.state)] {
            for param in list {
                self.take(&best_name(&param.name), &param.dims, &mut block[param.range.clone()])?;
            }
        }
        Ok(Some(best))
    }

    /// One tensor into `numbers`, as `f32`.
    fn take(&self, name: &str, wanted: &[usize], numbers: &mut [f32]) -> Result<(), FileError> {
        let owned = || name.to_owned();
        let Ok(tensor) = self.tensors.tensor(name) else {
            return Err(FileError::Missing { name: owned(), wanted: wanted.to_vec() });
        };
        if tensor.shape() != wanted {
            return Err(FileError::Shape { name: owned(), found: tensor.shape().to_vec(), wanted: wanted.to_vec() });
        }
        if !floats::read(tensor.dtype(), tensor.data(), numbers) {
            return Err(FileError::Type { name: owned(), found: format!("{:?}", tensor.dtype()) });
        }
        match numbers.iter().position(|x| !x.is_finite()) {
            Some(index) => Err(FileError::NotFinite { name: owned(), index, value: numbers[index] }),
            None => Ok(()),
        }
    }
}
