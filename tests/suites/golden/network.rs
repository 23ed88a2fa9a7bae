//! Whole training runs against PyTorch's: every loss, the final weights and running statistics, and
//! the scores of the trained network.

use std::{collections::HashMap, sync::Arc};

use engine::{Graph, Mode, Param, PlanOptions, StepInputs, plan::Watch};

use super::{
    file::{Golden, GoldenCase},
    layers,
};
use crate::{
    network::Network,
    problem::{assert_close, wide},
    way::Way,
};

pub async fn train(case: &GoldenCase, way: &Way) {
    for watch in [Watch::Nothing, Watch::Everything] {
        train_watching(case, way, &watch).await;
    }
}

async fn train_watching(case: &GoldenCase, way: &Way, watch: &Watch) {
    let graph = Arc::new(Graph::check(&layers::model(case)).unwrap());
    let optimizer = layers::optimizer(case, case.attrs["optimizer"].as_str().unwrap());
    let mut network = Network::new(way, &graph, optimizer, 1);
    network.set(&filled(case, &graph.params, graph.params_len()), &filled(case, &graph.state, graph.state_len()));

    let (images, labels) = (&case.inputs["images"], case.inputs["labels"].labels());
    let batch = images.dims[1];
    let size = batch * graph.spec.input.len();
    let [training, evaluation] = [Mode::Train, Mode::Eval].map(|mode| network.plan(&PlanOptions { batch, mode, watch: watch.clone() }));
    let mut losses = Vec::new();
    for (step, (x, t)) in images.values.chunks_exact(size).zip(labels.chunks_exact(batch)).enumerate() {
        let now = StepInputs { rate: case.number("lr"), step: step as u32, seed: 1 };
        losses.push(network.step(training, x, t, &now).await.mean_loss());
    }
    let what = format!("{} {} with {}, {watch:?}, {way:?}", case.name, case.attrs["network"], case.attrs["optimizer"]);
    assert_close(&format!("{what}: losses"), &losses, &case.outputs["losses"].wide(), case.within);
    let numbers = network.numbers().await;
    for (list, values) in [(&graph.params, &numbers.params), (&graph.state, &numbers.state)] {
        for param in list {
            let want = named(case, &case.outputs, param);
            assert_close(&format!("{what}: {}", param.name), &wide(&values[param.range.clone()]), &want.wide(), case.within);
        }
    }
    let given = case.outputs.keys().filter(|k| k.starts_with("param/")).count();
    assert_eq!(given, graph.params.len() + graph.state.len(), "{what}: tensors");

    let scores = network.forward(evaluation, &images.values[..size], &StepInputs::default()).await;
    assert_close(&format!("{what}: scores"), &wide(&scores), &case.outputs["eval_logits"].wide(), case.within);
}

/// The tensor that PyTorch's module list calls `parts.N.weight`.
fn named<'a>(case: &GoldenCase, tensors: &'a HashMap<String, Golden>, param: &Param) -> &'a Golden {
    let tensor = tensors.get(&format!("param/parts.{}", param.name)).unwrap_or_else(|| panic!("{}: no {}", case.name, param.name));
    assert_eq!(tensor.dims, param.dims, "{}: extents of {}", case.name, param.name);
    tensor
}

fn filled(case: &GoldenCase, params: &[Param], len: usize) -> Vec<f32> {
    let mut block = vec![f32::NAN; len];
    for param in params {
        block[param.range.clone()].copy_from_slice(&named(case, &case.inputs, param).values);
    }
    block
}
