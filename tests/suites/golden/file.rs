//! Reads the golden files.

use std::collections::HashMap;

use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::Value;

use crate::problem::{Tolerance, wide};

/// A suite: its list of cases and their tensors, both part of the test binary.
pub struct Suite {
    pub name: &'static str,
    json: &'static str,
    tensors: &'static [u8],
}

macro_rules! suites {
    ($($name:literal),+ $(,)?) => {
        pub const SUITES: &[Suite] = &[$(Suite {
            name: $name,
            json: include_str!(concat!("../../golden/", $name, ".json")),
            tensors: include_bytes!(concat!("../../golden/", $name, ".safetensors")),
        }),+];
    };
}

suites!["conv2d", "conv_transpose2d", "pool", "resample", "dense_activation", "norm", "loss", "optimizer", "schedule", "network"];

#[derive(Deserialize)]
struct Listing {
    suite: String,
    cases: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    op: String,
    attrs: Value,
    rtol: f64,
    atol: f64,
    inputs: HashMap<String, String>,
    outputs: HashMap<String, String>,
    grads: HashMap<String, String>,
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

    pub fn labels(&self) -> Vec<u8> {
        self.values.iter().map(|v| *v as u8).collect()
    }
}

/// One case with its tensors.
pub struct GoldenCase {
    pub name: String,
    pub op: String,
    pub attrs: Value,
    pub within: Tolerance,
    pub inputs: HashMap<String, Golden>,
    pub outputs: HashMap<String, Golden>,
    pub grads: HashMap<String, Golden>,
}

impl GoldenCase {
    /// What tells the operator: `op`, and for collective ones the kind or the network's name.
    pub fn kind(&self) -> String {
        match self.attrs.get("kind").or_else(|| self.attrs.get("network")).and_then(Value::as_str) {
            Some(kind) => format!("{} {kind}", self.op),
            None => self.op.clone(),
        }
    }

    /// A whole number among the attributes.
    pub fn count(&self, key: &str) -> usize {
        self.attrs[key].as_u64().unwrap_or_else(|| panic!("{}: no {key}", self.name)) as usize
    }

    pub fn number(&self, key: &str) -> f32 {
        self.attrs[key].as_f64().unwrap_or_else(|| panic!("{}: no {key}", self.name)) as f32
    }

    pub fn number_or(&self, key: &str, absent: f32) -> f32 {
        self.attrs[key].as_f64().map_or(absent, |v| v as f32)
    }
}

impl Suite {
    pub fn cases(&self) -> Vec<GoldenCase> {
        let listing: Listing = serde_json::from_str(self.json).unwrap();
        assert_eq!(listing.suite, self.name);
        let file = SafeTensors::deserialize(self.tensors).unwrap();
        let load = |names: HashMap<String, String>| names.into_iter().map(|(key, name)| (key, read(&file, &name))).collect();
        listing
            .cases
            .into_iter()
            .map(|c| GoldenCase {
                within: Tolerance { rtol: c.rtol, atol: c.atol },
                inputs: load(c.inputs),
                outputs: load(c.outputs),
                grads: load(c.grads),
                name: c.name,
                op: c.op,
                attrs: c.attrs,
            })
            .collect()
    }
}

fn read(file: &SafeTensors<'_>, name: &str) -> Golden {
    let view = file.tensor(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let words = view.data().chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]]);
    let values = match view.dtype() {
        safetensors::Dtype::F32 => words.map(f32::from_le_bytes).collect(),
        safetensors::Dtype::I32 => words.map(|b| i32::from_le_bytes(b) as f32).collect(),
        other => panic!("{name}: unexpected type {other:?}"),
    };
    Golden { dims: view.shape().to_vec(), values }
}
