//! The learning rate of every step.

use crate::{
    compare::Comparison,
    file::{CaseError, GoldenCase},
};

pub fn check(case: &GoldenCase, into: &mut Comparison) -> Result<(), CaseError> {
    case.gives_only(&["lr"], &[])?;
    let want = case.output("lr")?.wide();
    into.add("rate", &rates(case, want.len())?, &want)
}

/// The rates of `count` steps.
fn rates(case: &GoldenCase, count: usize) -> Result<Vec<f64>, CaseError> {
    Err(CaseError::NotAvailable(format!("the schedule `{}` (over {count} steps)", case.op)))
}
