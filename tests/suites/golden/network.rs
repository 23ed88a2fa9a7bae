//! Whole training runs against PyTorch's: every loss, the final weights and running statistics, and
//! the scores of the trained network.

use std::{collections::HashMap, sync::Arc};

use engine::{Cpu, Graph, Mode, Param, Plan, PlanOptions, Run, StepInputs, plan::Watch};

use super::{
    file::{Golden, GoldenCase},
    layers,
};
use crate::problem::{assert_close, wide};

pub fn train(case: &GoldenCase) {
    for watch in [Watch::Nothing, Watch::Everything] {
        train_watching(case, &watch);
    }
}

fn train_watching(case: &GoldenCase, watch: &Watch) {
    let graph = Arc::new(Graph::check(&layers::model(case)).unwrap());
    let optimizer = layers::optimizer(case, case.attrs["optimizer"].as_str().unwrap());
    let mut cpu = Cpu::new(&graph, optimizer, 1);
    fill(case, &graph.params, &mut cpu.params);
    fill(case, &graph.state, &mut cpu.state);

    let (images, labels) = (&case.inputs["images"], case.inputs["labels"].labels());
    let batch = images.dims[1];
    let size = batch * graph.spec.input.len();
    let run = |mode| Run::new(Plan::compile(&graph, &PlanOptions { batch, mode, watch: watch.clone() }).unwrap());
    let mut training = run(Mode::Train);
    let mut losses = Vec::new();
    for (step, (x, t)) in images.values.chunks_exact(size).zip(labels.chunks_exact(batch)).enumerate() {
        let now = StepInputs { rate: case.number("lr"), step: step as u32, seed: 1 };
        training.images.copy_from_slice(x);
        training.labels.clear();
        training.labels.extend_from_slice(t);
        cpu.forward(&mut training, &now);
        losses.push(cpu.backward(&mut training, &Default::default(), batch, &now).mean_loss());
        cpu.update(&now);
    }
    let what = format!("{} {} with {}, {watch:?}", case.name, case.attrs["network"], case.attrs["optimizer"]);
    assert_close(&format!("{what}: losses"), &losses, &case.outputs["losses"].wide(), case.within);
    for (list, values) in [(&graph.params, &cpu.params), (&graph.state, &cpu.state)] {
        for param in list {
            let want = named(case, &case.outputs, param);
            assert_close(&format!("{what}: {}", param.name), &wide(&values[param.range.clone()]), &want.wide(), case.within);
        }
    }
    let given = case.outputs.keys().filter(|k| k.starts_with("param/")).count();
    assert_eq!(given, graph.params.len() + graph.state.len(), "{what}: tensors");

    let mut evaluation = run(Mode::Eval);
    evaluation.images.copy_from_slice(&images.values[..size]);
    cpu.forward(&mut evaluation, &StepInputs::default());
    assert_close(&format!("{what}: scores"), &wide(evaluation.logits()), &case.outputs["eval_logits"].wide(), case.within);
}

/// The tensor that PyTorch's module list calls `parts.N.weight`.
fn named<'a>(case: &GoldenCase, tensors: &'a HashMap<String, Golden>, param: &Param) -> &'a Golden {
    let tensor = tensors.get(&format!("param/parts.{}", param.name)).unwrap_or_else(|| panic!("{}: no {}", case.name, param.name));
    assert_eq!(tensor.dims, param.dims, "{}: extents of {}", case.name, param.name);
    tensor
}

fn fill(case: &GoldenCase, params: &[Param], block: &mut [f32]) {
    for param in params {
        block[param.range.clone()].copy_from_slice(&named(case, &case.inputs, param).values);
    }
}
