//! Networks as other programs write them.
//!
//! ```text
//! Graph --tree--> layers --table--> what each is there --pytorch, keras, onnx--> a file
//! ```
//!
//! What an operator is called elsewhere stands in one place, [`table`]; the writers know no operator but the joins.
//! Evaluation is what agrees: an ONNX file holds nothing else, and in training other programs draw other numbers.

mod keras;
mod onnx;
mod proto;
mod pytorch;
mod table;
mod tree;

use engine::Graph;

pub use keras::keras;
pub use onnx::onnx;
pub use pytorch::pytorch;

/// A network's numbers, as the engine keeps them.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a> {
    pub params: &'a [f32],
    /// Running statistics.
    pub state: &'a [f32],
}

/// Why a network cannot be written so.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ExchangeError {
    #[error("`{layer}`: what `{op}` is called elsewhere is not known")]
    Unknown { layer: String, op: String },
    #[error("`{layer}` (`{op}`): {cause}")]
    Setting { layer: String, op: String, cause: String },
    #[error("`{layer}` (`{op}`): {peer} {cause}")]
    Missing { layer: String, op: String, peer: &'static str, cause: String },
    #[error("the network has {wanted} numbers, but {found} were given")]
    Numbers { wanted: usize, found: usize },
    #[error("the network cannot be written as JSON: {cause}")]
    Json { cause: String },
}

/// The specification, as `--spec` reads it.
pub fn json(graph: &Graph) -> Result<String, ExchangeError> {
    serde_json::to_string_pretty(&graph.spec).map(|text| text + "\n").map_err(|e| ExchangeError::Json { cause: e.to_string() })
}
