//! A loss and its gradient with respect to the outputs.

use engine::{
    LossSpec, Shape,
    backend::gpu::alone::Judged,
    loss::{BceWithLogits, CrossEntropy, Dice, Distillation, Focal, Mse, Targets},
};

use crate::{
    backend::Backend,
    compare::Comparison,
    file::{CaseError, GoldenCase, wide},
};

/// A case in the engine's terms: what is judged, and by what.
#[derive(Clone, Debug)]
pub struct LossCase {
    pub loss: LossSpec,
    /// (batch, outputs)
    pub outputs: Vec<f32>,
    pub output: Shape,
    pub batch: usize,
    /// Classes, or rows of numbers; one of the two is empty.
    pub labels: Vec<u8>,
    pub rows: Vec<f32>,
}

impl LossCase {
    /// # Errors
    /// What is missing or does not fit, and a loss that the engine has not.
    pub fn new(case: &GoldenCase) -> Result<Self, CaseError> {
        let key = |names: [&'static str; 2]| if case.inputs.contains_key(names[0]) { names[0] } else { names[1] };
        let (scores, [batch, outputs]) = case.input_of(key(["logits", "prediction"]))?;
        let target = key(["target", "teacher_logits"]);
        let (labels, rows) = if case.input(target)?.dims.len() == 1 {
            (case.labels(target, outputs)?, Vec::new())
        } else {
            (Vec::new(), case.input(target)?.values.clone())
        };
        for (got, want) in [(labels.len(), batch), (rows.len(), batch * outputs)] {
            if got != 0 && got != want {
                return Err(CaseError::Length { what: target.to_owned(), got, want });
            }
        }
        let (loss, output) = (spec(case)?, Shape::flat(outputs));
        loss.check(output).map_err(|error| CaseError::NotAvailable(format!("such a loss: {error}")))?;
        Ok(Self { loss, outputs: scores.values.clone(), output, batch, labels, rows })
    }

    pub fn judged(&self) -> Judged<'_> {
        let targets = Targets { labels: &self.labels, dense: &self.rows, whole: &[] };
        Judged { outputs: &self.outputs, output: self.output, targets, count: self.batch }
    }
}

fn spec(case: &GoldenCase) -> Result<LossSpec, CaseError> {
    if let Some(loss) = case.own("loss")? {
        return Ok(loss);
    }
    Ok(match case.op.as_str() {
        "cross_entropy" | "cross_entropy_soft" => LossSpec::default(),
        "cross_entropy_smooth" => {
            LossSpec::CrossEntropy(CrossEntropy { label_smoothing: case.number("label_smoothing")?, ..CrossEntropy::default() })
        }
        "cross_entropy_weighted" => {
            LossSpec::CrossEntropy(CrossEntropy { weight: case.input("class_weights")?.values.clone(), ..CrossEntropy::default() })
        }
        "mse" => LossSpec::Mse(Mse {}),
        "focal" => LossSpec::Focal(Focal { gamma: case.number("gamma")? }),
        "bce_logits" => LossSpec::BceWithLogits(BceWithLogits {}),
        "dice" => LossSpec::Dice(Dice { smooth: case.number("smooth")? }),
        "distillation" => LossSpec::Distillation(Distillation { temperature: case.number("temperature")?, alpha: 1.0 }),
        other => return Err(CaseError::NotAvailable(format!("the loss `{other}`"))),
    })
}

pub async fn check(case: &GoldenCase, on: &Backend, into: &mut Comparison) -> Result<(), CaseError> {
    let own = LossCase::new(case)?;
    let key = if case.inputs.contains_key("logits") { "logits" } else { "prediction" };
    case.gives_only(&["loss"], &[key])?;
    let ([learning, evaluated], d_outputs) = on.loss(&own.loss, &own.judged()).await?;
    let want = case.output("loss")?.wide();
    into.add("loss", &[learning.mean_loss()], &want)?;
    into.add("loss without gradient", &[evaluated.mean_loss()], &want)?;
    let gradient = case.grads.get(key).ok_or_else(|| crate::attributes::missing("gradient of", key))?;
    into.add("gradient", &wide(&d_outputs), &gradient.wide())
}
