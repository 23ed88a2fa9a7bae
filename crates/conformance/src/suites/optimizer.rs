//! Where given gradients lead.

use engine::StepInputs;

use crate::{
    backend::Backend,
    compare::Comparison,
    file::{CaseError, GoldenCase, wide},
    layers,
};

pub async fn check(case: &GoldenCase, on: &Backend, into: &mut Comparison) -> Result<(), CaseError> {
    case.gives_only(&["trajectory"], &[])?;
    let rule = layers::optimizer(case, &case.op)?;
    let (start, [len]) = case.input_of("start")?;
    let (gradients, [steps, width]) = case.input_of("gradients")?;
    let want = case.output("trajectory")?;
    for (what, got, want) in [("gradients", width, len), ("trajectory", want.values.len(), steps * len)] {
        if got != want {
            return Err(CaseError::Length { what: what.to_owned(), got, want });
        }
    }
    let (mut params, mut state) = (start.values.clone(), vec![0.0; rule.state_len(len)]);
    for (step, (gradient, want)) in gradients.values.chunks_exact(len).zip(want.values.chunks_exact(len)).enumerate() {
        let now = StepInputs { rate: case.number("lr")?, step: step as u32, seed: 0 };
        on.update(&rule, &mut params, gradient, &mut state, &now).await?;
        into.add(&format!("after step {step}"), &wide(&params), &wide(want))?;
    }
    Ok(())
}
