//! Reads golden files: `SUITE.json` with the cases, `SUITE.safetensors` with their tensors.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;

use crate::{attributes::missing, compare::Tolerance};

/// A suite of a folder, by the name of its files.
#[derive(Debug)]
pub struct Suite {
    pub name: String,
    pub cases: Vec<Listed>,
}

/// A case as it is listed; what is wrong with its part of the file concerns it alone.
#[derive(Debug)]
pub struct Listed {
    pub name: String,
    pub op: String,
    pub case: Result<GoldenCase, CaseError>,
}

/// Why a suite cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("cannot read {}: {cause}", .path.display())]
    Read { path: PathBuf, cause: io::Error },
    #[error("{} holds no list of cases: it has no .json file", .path.display())]
    NoSuites { path: PathBuf },
    #[error("{} has no suite `{name}`; it has {known}", .path.display())]
    NoSuite { path: PathBuf, name: String, known: String },
    #[error("{name}.json is damaged: {cause}")]
    Json { name: String, cause: serde_json::Error },
    #[error("{name}.json says that it is the suite `{found}`")]
    OtherName { name: String, found: String },
    #[error("{name}.json lists no cases")]
    NoCases { name: String },
    #[error("{name}.safetensors is damaged: {cause}")]
    Tensors { name: String, cause: safetensors::SafeTensorError },
    #[error("{name}.safetensors has no {name}.json that says what it is for")]
    NoList { name: String },
}

/// Why a case cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error("{0} is not available here")]
    NotAvailable(String),
    #[error("it has no {kind} `{key}`")]
    Missing { kind: &'static str, key: String },
    #[error("its {kind} `{key}` is not known")]
    Unknown { kind: &'static str, key: String },
    #[error("its attribute `{key}` is {found}, not {expected}")]
    Attribute { key: String, found: String, expected: &'static str },
    #[error("its {key} names the tensor `{name}`, which the file does not hold")]
    NoTensor { key: String, name: String },
    #[error("its tensor `{name}` is of type {found}; golden tensors are F32 or I32")]
    Type { name: String, found: String },
    #[error("its tolerance is {rtol} · |want| + {atol}, which no number can be within")]
    Tolerance { rtol: f64, atol: f64 },
    #[error("its {key} has extents {found:?}, not {expected}")]
    Extents { key: String, found: Vec<usize>, expected: String },
    #[error("number {place} of its {key} is {found}, not {expected}")]
    Number { key: String, place: usize, found: f32, expected: String },
    #[error("{what}: {got} numbers, expected {want}")]
    Length { what: String, got: usize, want: usize },
    #[error("it says nothing that could be compared")]
    Nothing,
    #[error(transparent)]
    Shape(#[from] engine::ShapeError),
    #[error(transparent)]
    Spec(#[from] engine::SpecError),
    #[error(transparent)]
    Card(#[from] engine::backend::gpu::CardError),
    #[error(transparent)]
    Explain(#[from] explain::ExplainError),
    #[error(transparent)]
    Metric(#[from] metrics::MetricError),
}

#[derive(Deserialize)]
struct Listing {
    suite: String,
    cases: Vec<Entry>,
}

type Names = BTreeMap<String, String>;
type Tensors = BTreeMap<String, Golden>;

#[derive(Deserialize)]
struct Entry {
    name: String,
    op: String,
    attrs: Value,
    rtol: f64,
    atol: f64,
    inputs: Names,
    outputs: Names,
    grads: Names,
}

/// A tensor of a case. Integers become floats: they are class numbers.
#[derive(Clone, Debug, Default)]
pub struct Golden {
    pub dims: Vec<usize>,
    pub values: Vec<f32>,
}

impl Golden {
    pub fn wide(&self) -> Vec<f64> {
        wide(&self.values)
    }
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// One case with its tensors.
#[derive(Debug)]
pub struct GoldenCase {
    pub name: String,
    pub op: String,
    pub attrs: Value,
    pub within: Tolerance,
    pub inputs: Tensors,
    pub outputs: Tensors,
    pub grads: Tensors,
}

impl GoldenCase {
    /// What tells the operator: `op`, and for collective ones the kind or the network's name.
    pub fn kind(&self) -> String {
        // The network of an explanation is a sentence.
        let word = |key: &str| self.attrs.get(key).and_then(Value::as_str).filter(|w| !w.contains(' '));
        match word("kind").or_else(|| word("network")) {
            Some(kind) => format!("{} {kind}", self.op),
            None => self.op.clone(),
        }
    }

    pub fn input(&self, key: &str) -> Result<&Golden, CaseError> {
        self.inputs.get(key).ok_or_else(|| missing("input", key))
    }

    pub fn output(&self, key: &str) -> Result<&Golden, CaseError> {
        self.outputs.get(key).ok_or_else(|| missing("output", key))
    }

    /// An input of as many axes as `N`, none of them empty.
    pub fn input_of<const N: usize>(&self, key: &str) -> Result<(&Golden, [usize; N]), CaseError> {
        let golden = self.input(key)?;
        let dims: Result<[usize; N], _> = golden.dims.clone().try_into();
        match dims {
            Ok(dims) if !dims.contains(&0) => Ok((golden, dims)),
            _ => Err(CaseError::Extents { key: key.into(), found: golden.dims.clone(), expected: format!("{N} that are not 0") }),
        }
    }

    /// Class numbers of an input, each below `classes`.
    pub fn labels(&self, key: &str, classes: usize) -> Result<Vec<u8>, CaseError> {
        let classes = classes.min(256);
        let values = &self.input(key)?.values;
        let fits = |v: f32| v >= 0.0 && v < classes as f32 && v.fract() == 0.0;
        match values.iter().position(|v| !fits(*v)) {
            None => Ok(values.iter().map(|v| *v as u8).collect()),
            Some(place) => {
                let expected = format!("a class, 0 to {}", classes - 1);
                Err(CaseError::Number { key: key.into(), place, found: values[place], expected })
            }
        }
    }

    /// That the case gives no results beyond these: one that nobody compares would pass unseen.
    pub fn gives_only(&self, outputs: &[&str], grads: &[&str]) -> Result<(), CaseError> {
        for (kind, tensors, known) in [("output", &self.outputs, outputs), ("gradient of", &self.grads, grads)] {
            if let Some(key) = tensors.keys().find(|k| !known.contains(&k.as_str())) {
                return Err(CaseError::Unknown { kind, key: key.clone() });
            }
        }
        Ok(())
    }
}

impl Suite {
    /// From the content of the two files of suite `name`.
    ///
    /// # Errors
    /// A file that cannot be read as a whole. What is wrong with one case stands at that case.
    pub fn read(name: &str, json: &[u8], tensors: &[u8]) -> Result<Self, FileError> {
        let name = name.to_owned();
        let listing: Listing = match serde_json::from_slice(json) {
            Ok(listing) => listing,
            Err(cause) => return Err(FileError::Json { name, cause }),
        };
        if listing.suite != name {
            return Err(FileError::OtherName { name, found: listing.suite });
        }
        if listing.cases.is_empty() {
            return Err(FileError::NoCases { name });
        }
        match SafeTensors::deserialize(tensors) {
            Ok(file) => {
                let listed = |entry: Entry| Listed { name: entry.name.clone(), op: entry.op.clone(), case: GoldenCase::read(&file, entry) };
                Ok(Self { cases: listing.cases.into_iter().map(listed).collect(), name })
            }
            Err(cause) => Err(FileError::Tensors { name, cause }),
        }
    }

    /// Suite `name` of a folder.
    ///
    /// # Errors
    /// As [`Suite::read`], and files that are not there.
    pub fn open(folder: &Path, name: &str) -> Result<Self, FileError> {
        let content = |ending: &str| {
            let path = folder.join(format!("{name}.{ending}"));
            fs::read(&path).map_err(|cause| FileError::Read { path, cause })
        };
        let json = match content("json") {
            Err(FileError::Read { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(FileError::NoList { name: name.to_owned() });
            }
            other => other?,
        };
        Self::read(name, &json, &content("safetensors")?)
    }
}

/// The names of the suites in a folder, sorted: of its `.json` and of its `.safetensors` files.
///
/// # Errors
/// A folder that cannot be read, or that has no suite.
pub fn suites(folder: &Path) -> Result<Vec<String>, FileError> {
    let failed = |cause| FileError::Read { path: folder.to_owned(), cause };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "json" || e == "safetensors")
            && let Some(stem) = path.file_stem()
        {
            names.insert(stem.to_string_lossy().into_owned());
        }
    }
    if names.is_empty() { Err(FileError::NoSuites { path: folder.to_owned() }) } else { Ok(names.into_iter().collect()) }
}

impl GoldenCase {
    fn read(file: &SafeTensors<'_>, entry: Entry) -> Result<Self, CaseError> {
        let Entry { name, op, attrs, rtol, atol, inputs, outputs, grads } = entry;
        if !(rtol >= 0.0 && atol >= 0.0) {
            return Err(CaseError::Tolerance { rtol, atol });
        }
        let load = |names: Names| -> Result<Tensors, CaseError> {
            names.into_iter().map(|(key, name)| tensor(file, &key, &name).map(|golden| (key, golden))).collect()
        };
        let (inputs, outputs, grads) = (load(inputs)?, load(outputs)?, load(grads)?);
        Ok(Self { name, op, attrs, within: Tolerance { rtol, atol }, inputs, outputs, grads })
    }
}

fn tensor(file: &SafeTensors<'_>, key: &str, name: &str) -> Result<Golden, CaseError> {
    let view = file.tensor(name).map_err(|_| CaseError::NoTensor { key: key.to_owned(), name: name.to_owned() })?;
    let words = view.data().as_chunks::<4>().0.iter();
    let values = match view.dtype() {
        safetensors::Dtype::F32 => words.map(|b| f32::from_le_bytes(*b)).collect(),
        safetensors::Dtype::I32 => words.map(|b| i32::from_le_bytes(*b) as f32).collect(),
        other => return Err(CaseError::Type { name: name.to_owned(), found: format!("{other:?}") }),
    };
    Ok(Golden { dims: view.shape().to_vec(), values })
}
