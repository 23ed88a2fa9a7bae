//! The learning rate of every step.

use engine::schedule::{CurveSpec, Reduction};

use crate::{
    compare::Comparison,
    file::{CaseError, GoldenCase},
    layers,
};

pub fn check(case: &GoldenCase, into: &mut Comparison) -> Result<(), CaseError> {
    case.gives_only(&["lr"], &[])?;
    let want = case.output("lr")?.wide();
    into.add("rate", &rates(case, want.len())?, &want)
}

/// The rates of `count` steps.
fn rates(case: &GoldenCase, count: usize) -> Result<Vec<f64>, CaseError> {
    let (schedule, base) = (layers::schedule(case)?, case.number("base_lr")?);
    let mut reduction = Reduction::default();
    let mut rates = Vec::with_capacity(count);
    for step in 0..count {
        rates.push(f64::from(schedule.rate(base, step as u32) * reduction.factor()));
        if let CurveSpec::Plateau(plateau) = &schedule.curve {
            let (metrics, [observed]) = case.input_of("metrics")?;
            let metric = metrics.values.get(step).ok_or(CaseError::Length { what: "metrics".to_owned(), got: observed, want: count })?;
            reduction.observe(plateau, base, f64::from(*metric));
        }
    }
    Ok(rates)
}
