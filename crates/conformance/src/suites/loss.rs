//! A loss and its gradient with respect to the scores.

use engine::LossSpec;

use crate::{
    backend::Backend,
    compare::Comparison,
    file::{CaseError, GoldenCase, wide},
};

pub async fn check(case: &GoldenCase, on: &Backend, into: &mut Comparison) -> Result<(), CaseError> {
    let loss = match case.op.as_str() {
        "cross_entropy" => LossSpec::default(),
        other => return Err(CaseError::NotAvailable(format!("the loss `{other}`"))),
    };
    case.gives_only(&["loss"], &["logits"])?;
    let (scores, [batch, classes]) = case.input_of("logits")?;
    let labels = case.labels("target", classes)?;
    if labels.len() != batch {
        return Err(CaseError::Length { what: "target".to_owned(), got: labels.len(), want: batch });
    }
    let ([learning, evaluated], d_scores) = on.loss(&loss, &scores.values, &labels).await?;
    let want = case.output("loss")?.wide();
    into.add("loss", &[learning.mean_loss()], &want)?;
    into.add("loss without gradient", &[evaluated.mean_loss()], &want)?;
    let gradient = case.grads.get("logits").ok_or_else(|| crate::attributes::missing("gradient of", "logits"))?;
    into.add("gradient", &wide(&d_scores), &gradient.wide())
}
