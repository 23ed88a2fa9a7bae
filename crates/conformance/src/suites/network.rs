//! Whole training runs against PyTorch's: every loss, the final weights and running statistics, and
//! the scores of the trained network.

use std::{collections::BTreeMap, sync::Arc};

use engine::{Graph, LayerSpec, Mode, Param, PlanOptions, StepInputs, ops::Add, plan::Watch};

use crate::{
    attributes::missing,
    backend::{Backend, Network},
    compare::Comparison,
    file::{CaseError, Golden, GoldenCase, wide},
    layers,
};

pub async fn check(case: &GoldenCase, on: &Backend, into: &mut Comparison) -> Result<(), CaseError> {
    for watch in [Watch::Nothing, Watch::Everything] {
        train(case, on, &watch, into).await?;
    }
    Ok(())
}

async fn train(case: &GoldenCase, on: &Backend, watch: &Watch, into: &mut Comparison) -> Result<(), CaseError> {
    let graph = Arc::new(Graph::check(&layers::model(case)?)?);
    known(case, &graph)?;
    let (params, state) = (filled(case, &graph.params)?, filled(case, &graph.state)?);
    let mut network = Network::new(on, &graph, layers::update(case)?, params, state)?;

    let (images, [steps, batch, ..]) = case.input_of::<5>("images")?;
    let labels = case.labels("labels", graph.output().len())?;
    if labels.len() != steps * batch {
        return Err(CaseError::Length { what: "labels".to_owned(), got: labels.len(), want: steps * batch });
    }
    let size = batch * graph.spec.input.len();
    let training = network.plan(&PlanOptions { batch, mode: Mode::Train, watch: watch.clone() })?;
    let evaluation = network.plan(&PlanOptions { batch, mode: Mode::Eval, watch: watch.clone() })?;
    let mut losses = Vec::with_capacity(steps);
    for (step, (x, t)) in images.values.chunks_exact(size).zip(labels.chunks_exact(batch)).enumerate() {
        let now = StepInputs { rate: case.number("lr")?, step: step as u32, seed: 1 };
        losses.push(network.step(training, x, t, &now).await?);
    }
    let what = |of: &str| format!("{of} ({})", if *watch == Watch::Nothing { "nothing watched" } else { "everything watched" });
    into.add(&what("losses"), &losses, &case.output("losses")?.wide())?;
    let [params, state] = network.numbers().await?;
    for (list, values) in [(&graph.params, &params), (&graph.state, &state)] {
        for param in list {
            let want = named(&case.outputs, "output", param)?;
            into.add(&what(&param.name), &wide(&values[param.range.clone()]), &want.wide())?;
        }
    }
    let scores = network.forward(evaluation, &images.values[..size], &StepInputs::default()).await?;
    into.add(&what("evaluated scores"), &wide(&scores), &case.output("eval_logits")?.wide())
}

/// That the case names no results and no weights that the network does not have.
fn known(case: &GoldenCase, graph: &Graph) -> Result<(), CaseError> {
    let own: Vec<String> = graph.params.iter().chain(&graph.state).map(|p| name_in(&case.inputs, p)).collect();
    if let Some(key) = case.inputs.keys().find(|k| k.starts_with("param/") && !own.contains(k)) {
        return Err(CaseError::Unknown { kind: "input", key: key.clone() });
    }
    let outputs: Vec<&str> = own.iter().map(String::as_str).chain(["losses", "eval_logits"]).collect();
    case.gives_only(&outputs, &[])
}

fn named<'a>(tensors: &'a BTreeMap<String, Golden>, kind: &'static str, param: &Param) -> Result<&'a Golden, CaseError> {
    let name = name_in(tensors, param);
    let tensor = tensors.get(&name).ok_or_else(|| missing(kind, &name))?;
    if tensor.dims != param.dims {
        return Err(CaseError::Extents { key: name, found: tensor.dims.clone(), expected: format!("{:?}", param.dims) });
    }
    Ok(tensor)
}

/// What a case calls a parameter: by the engine's own name, or by that of nested module lists.
fn name_in(tensors: &BTreeMap<String, Golden>, param: &Param) -> String {
    let own = format!("param/{}", param.name);
    if tensors.contains_key(&own) { own } else { module_name(&param.name) }
}

/// The block of these parameters, which stand in it one after another.
fn filled(case: &GoldenCase, params: &[Param]) -> Result<Vec<f32>, CaseError> {
    let mut block = Vec::new();
    for param in params {
        block.extend_from_slice(&named(&case.inputs, "input", param)?.values);
    }
    Ok(block)
}

/// `x + body(x)`: a sum of two branches, the first of which is empty.
pub fn residual(body: Vec<LayerSpec>) -> LayerSpec {
    Add { branches: vec![vec![], body] }.into()
}

/// What PyTorch's nested module lists call a parameter of the engine: `3.bias` is `parts.3.bias`, and
/// `2.1.0.weight` (layer, branch, layer of the branch) is `parts.2.parts.0.weight`.
pub fn module_name(param: &str) -> String {
    let mut words: Vec<&str> = param.split('.').collect();
    let tensor = words.pop().unwrap_or_default();
    let mut name = String::from("param/");
    for layer in words.iter().step_by(2) {
        name.push_str("parts.");
        name.push_str(layer);
        name.push('.');
    }
    name + tensor
}

#[cfg(test)]
mod tests {
    use super::module_name;

    #[test]
    fn parameters_are_named_as_in_nested_lists() {
        assert_eq!(module_name("3.bias"), "param/parts.3.bias");
        assert_eq!(module_name("2.1.0.weight"), "param/parts.2.parts.0.weight");
        assert_eq!(module_name("2.1.0.0.4.running_mean"), "param/parts.2.parts.0.parts.4.running_mean");
    }
}
