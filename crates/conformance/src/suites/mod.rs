//! One module for each kind of suite: from a case to its comparisons.

mod explain;
mod fractional;
mod layer;
pub mod loss;
mod metric;
pub mod network;
mod optimizer;
mod receptive_field;
mod schedule;

use crate::{
    backend::Backend,
    compare::{Comparison, Deviation},
    file::{CaseError, GoldenCase},
};

/// Suites that there are cases of. (Several of them may hold the cases of one kind of check.)
pub const NAMES: [&str; 18] = [
    "conv2d",
    "conv_transpose2d",
    "pool",
    "resample",
    "dense_activation",
    "norm",
    "loss",
    "optimizer",
    "schedule",
    "network",
    "metric",
    "receptive_field",
    "explain",
    "layer_more",
    "loss_more",
    "optimizer_more",
    "schedule_more",
    "network_more",
];

/// Runs a case of suite `suite` on `on` (schedules, metrics, receptive fields and explanations: on the
/// CPU whatever is asked); the number that lies farthest off.
///
/// # Errors
/// Why it cannot be run: something is missing in the case or in the engine.
pub async fn check(suite: &str, case: &GoldenCase, on: &Backend) -> Result<Deviation, CaseError> {
    let mut comparison = Comparison::new(case.within);
    let into = &mut comparison;
    match suite {
        "pool" if case.inputs.contains_key("samples") => fractional::check(case, on, into).await?,
        "conv2d" | "conv_transpose2d" | "pool" | "resample" | "dense_activation" | "norm" | "layer_more" => {
            layer::check(case, on, into).await?
        }
        "loss" | "loss_more" => loss::check(case, on, into).await?,
        "optimizer" | "optimizer_more" => optimizer::check(case, on, into).await?,
        "network" | "network_more" => network::check(case, on, into).await?,
        "schedule" | "schedule_more" => schedule::check(case, into)?,
        "metric" => metric::check(case, into)?,
        "receptive_field" => receptive_field::check(case, into)?,
        "explain" => explain::check(case, into)?,
        other => return Err(CaseError::NotAvailable(format!("a suite `{other}`"))),
    }
    comparison.worst()
}
