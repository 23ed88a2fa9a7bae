//! What is measured, and the digits that it is measured on.

use std::sync::Arc;

use engine::{Graph, Mode, Plan, PlanOptions, plan::Watch, presets};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

pub const PIXELS: usize = 784;
pub const TRAIN: usize = 60_000;
pub const TEST: usize = 10_000;
pub const RATE: f32 = 1e-3;

/// All of MNIST as the bench packs it.
#[derive(Debug)]
pub struct Pixels(Vec<u8>);

impl Pixels {
    pub fn parse(bytes: Vec<u8>) -> Result<Self, String> {
        let wanted = (TRAIN + TEST) * (PIXELS + 1);
        if bytes.len() == wanted { Ok(Self(bytes)) } else { Err(format!("mnist.bin has {} bytes, expected {wanted}", bytes.len())) }
    }

    pub fn train(&self, index: usize) -> (&[u8], u8) {
        (&self.0[index * PIXELS..(index + 1) * PIXELS], self.0[TRAIN * PIXELS + index])
    }

    pub fn test(&self, index: usize) -> (&[u8], u8) {
        let base = TRAIN * (PIXELS + 1);
        (&self.0[base + index * PIXELS..base + (index + 1) * PIXELS], self.0[base + TEST * PIXELS + index])
    }

    /// A whole set: its images, one after another, and their classes.
    pub fn set(&self, training: bool) -> (&[u8], &[u8]) {
        let (base, count) = if training { (0, TRAIN) } else { (TRAIN * (PIXELS + 1), TEST) };
        let (images, rest) = self.0[base..].split_at(count * PIXELS);
        (images, &rest[..count])
    }
}

/// Grey values as numbers from 0 to 1.
pub fn numbers(image: &[u8]) -> impl Iterator<Item = f32> {
    image.iter().map(|grey| f32::from(*grey) / 255.0)
}

/// What is measured.
#[derive(Clone, Debug)]
pub struct Task {
    pub net: String,
    pub training: bool,
    pub batch: usize,
    /// The first losses and scores are wanted, to be held against another system's.
    pub check: bool,
    /// The time of every kernel is wanted.
    pub profile: bool,
}

impl Task {
    pub fn read(config: &JsValue) -> Result<Self, String> {
        let get = |key: &str| Reflect::get(config, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
        let net = get("net").as_string().ok_or("`net` is missing")?;
        let training = match get("mode").as_string().as_deref() {
            Some("train") => true,
            Some("infer") => false,
            other => return Err(format!("`mode` is {other:?}; expected train or infer")),
        };
        let batch = get("batch").as_f64().filter(|b| *b >= 1.0 && *b <= 4096.0).ok_or("`batch` is no number from 1 to 4096")? as usize;
        Ok(Self { net, training, batch, check: get("check").is_truthy(), profile: get("profile").is_truthy() })
    }

    /// The network, to which so many weights belong.
    pub fn graph(&self, weights: usize) -> Result<Arc<Graph>, String> {
        let preset = presets::preset(&self.net.to_ascii_lowercase()).ok_or_else(|| format!("no network named {}", self.net))?;
        let graph = Graph::check(&preset.model()).map_err(|e| e.to_string())?;
        if graph.params_len() != weights {
            return Err(format!("{} has {} weights here, {weights} in the file", self.net, graph.params_len()));
        }
        Ok(Arc::new(graph))
    }

    pub fn mode(&self) -> Mode {
        if self.training { Mode::Train } else { Mode::Eval }
    }
}

/// For a card.
pub fn plan(graph: &Arc<Graph>, batch: usize, mode: Mode) -> Result<Plan, String> {
    Plan::compile(graph, &PlanOptions { batch, mode, watch: Watch::Nothing }).map_err(|e| e.to_string())
}

/// For the processor.
pub fn plan_for_cpu(graph: &Arc<Graph>, batch: usize, mode: Mode) -> Result<Plan, String> {
    Plan::compile_for_cpu(graph, &PlanOptions { batch, mode, watch: Watch::Nothing }).map_err(|e| e.to_string())
}
