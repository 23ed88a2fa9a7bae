//! Every operator in every case it has, as other programs compute it. See `tests/exchange/check.py`.

#![allow(clippy::unwrap_used)] // A test may panic.

use std::{collections::HashMap, env, fs, path::Path, process::Command, sync::Arc};

use engine::{
    Cpu, Graph, LayerSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Run, StepInputs,
    ops::{Case, Dense, Flatten, KINDS, ParamRole},
    plan::Watch,
    rng::{self, Stream},
};
use exchange::{ExchangeError, Weights};
use safetensors::{Dtype, tensor::TensorView};

const BATCH: usize = 3;

/// A network that begins with the case's layer.
fn network(layer: &LayerSpec, case: &Case) -> Arc<Graph> {
    let layers = vec![layer.clone(), Flatten {}.into(), Dense { out: 5, bias: true }.into()];
    Arc::new(Graph::check(&ModelSpec { input: case.input, layers, init: Default::default() }).unwrap())
}

/// The cases of all operators, by names that suit a file. Joins of nothing but inputs make no network.
fn cases() -> Vec<(String, Arc<Graph>)> {
    let all = KINDS.iter().flat_map(|kind| kind.cases().into_iter().map(move |case| (kind, case)));
    let alone = all.filter(|(_, case)| case.others.is_empty());
    alone.map(|(kind, case)| (format!("{}_{}", kind.name, case.name), network(&case.layer, &case))).collect()
}

fn numbers(len: usize, stream: u32) -> Vec<f32> {
    (0..len).map(|i| rng::normal(9, Stream(stream), i as u32)).collect()
}

/// Numbers as training might leave them: no bias is zero, no variance one.
fn filled(graph: &Arc<Graph>) -> Cpu {
    let mut cpu = Cpu::new(graph, OptimizerSpec::default(), 4);
    for (value, noise) in cpu.params.iter_mut().zip(numbers(graph.params_len(), 100)) {
        *value += 0.1 * noise;
    }
    for param in &graph.state {
        for (value, noise) in cpu.state[param.range.clone()].iter_mut().zip(numbers(param.range.len(), 101)) {
            *value += if param.role == ParamRole::RunningVar { 0.5 * noise.abs() } else { 0.5 * noise };
        }
    }
    cpu
}

fn save(path: &Path, tensors: &[(String, Vec<usize>, &[f32])]) {
    let bytes: Vec<Vec<u8>> = tensors.iter().map(|(_, _, numbers)| numbers.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
    let views = tensors.iter().zip(&bytes).map(|((name, dims, _), b)| (name, TensorView::new(Dtype::F32, dims.clone(), b).unwrap()));
    fs::write(path, safetensors::serialize(views, None::<HashMap<String, String>>).unwrap()).unwrap();
}

/// Writes everything that is compared, and says what Keras has not.
fn write(folder: &Path, name: &str, graph: &Arc<Graph>) -> Option<String> {
    let mut cpu = filled(graph);
    let options = PlanOptions { batch: BATCH, mode: Mode::Eval, watch: Watch::Nothing };
    let mut run = Run::new(Plan::compile(graph, &options).unwrap());
    let images = numbers(run.images.len(), 102);
    run.images.copy_from_slice(&images);
    cpu.forward(&mut run, &StepInputs::default());
    let input = graph.spec.input;
    let io = [
        ("images".to_owned(), vec![BATCH, input.ch, input.h, input.w], &images[..]),
        ("logits".to_owned(), vec![BATCH, graph.output().len()], run.logits()),
    ];
    save(&folder.join(format!("{name}.io.safetensors")), &io);
    let of = |list: &'static str| match list {
        "params" => (&graph.params, &cpu.params),
        _ => (&graph.state, &cpu.state),
    };
    let tensors = ["params", "state"]
        .map(of)
        .into_iter()
        .flat_map(|(list, block)| list.iter().map(|p| (p.name.clone(), p.dims.clone(), &block[p.range.clone()])));
    let mut tensors: Vec<_> = tensors.collect();
    // PyTorch counts batches, and takes no file without the count.
    let counters = graph.state.iter().filter(|p| p.role == ParamRole::RunningMean);
    tensors.extend(counters.map(|p| (p.name.replace("running_mean", "num_batches_tracked"), vec![], &[1.0][..])));
    save(&folder.join(format!("{name}.safetensors")), &tensors);
    fs::write(folder.join(format!("{name}.py")), exchange::pytorch(graph).unwrap()).unwrap();
    fs::write(folder.join(format!("{name}.onnx")), exchange::onnx(graph, Weights { params: &cpu.params, state: &cpu.state }).unwrap())
        .unwrap();
    match exchange::keras(graph) {
        Ok(text) => {
            fs::write(folder.join(format!("{name}_keras.py")), text).unwrap();
            None
        }
        Err(error @ ExchangeError::Missing { .. }) => Some(error.to_string()),
        Err(other) => panic!("{name}: {other}"),
    }
}

#[test]
fn every_operator_is_in_the_table() {
    for (name, graph) in &cases() {
        let weights = Weights { params: &graph.initial_params(1), state: &graph.initial_state() };
        exchange::pytorch(graph).unwrap_or_else(|e| panic!("{name}: {e}"));
        exchange::onnx(graph, weights).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!matches!(exchange::keras(graph), Err(ExchangeError::Unknown { .. })), "{name}");
    }
}

/// Other programs know no flipped kernels: PyTorch's code turns them as it runs, Keras's as it reads them, and ONNX
/// has them turned. The file of weights has them as they are trained.
#[test]
fn flipped_kernels_are_turned() {
    let layer = engine::ops::Conv2d { out_ch: 1, kernel: engine::Pair::new(1, 3), bias: false, flipped: true, ..Default::default() };
    let layers = vec![layer.into(), Flatten {}.into(), Dense { out: 2, bias: false }.into()];
    let model = ModelSpec { input: engine::Shape::new(1, 2, 3), layers, init: Default::default() };
    let graph = Arc::new(Graph::check(&model).unwrap());
    assert!(exchange::pytorch(&graph).unwrap().contains("class FlippedConv2d(PaddedConv2d)"));
    assert!(exchange::keras(&graph).unwrap().contains("[::-1, ::-1]"));
    let mut params = graph.initial_params(1);
    params[..3].copy_from_slice(&[1.5, 2.5, 3.5]);
    let file = exchange::onnx(&graph, Weights { params: &params, state: &[] }).unwrap();
    let has = |numbers: [f32; 3]| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        file.windows(bytes.len()).any(|window| window == bytes)
    };
    assert!(has([3.5, 2.5, 1.5]) && !has([1.5, 2.5, 3.5]));
}

#[test]
fn numbers_of_another_network_are_refused() {
    let (_, graph) = &cases()[0];
    let error = exchange::onnx(graph, Weights { params: &[0.0], state: &[] }).unwrap_err();
    assert_eq!(error, ExchangeError::Numbers { wanted: graph.params_len(), found: 1 });
}

#[test]
fn every_case_comes_out_alike_elsewhere() {
    let python = env::var("KERNELSCOPE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_torch = Command::new(&python).args(["-c", "import torch, safetensors"]).output().is_ok_and(|o| o.status.success());
    if !has_torch {
        eprintln!(
            "SKIPPED: `{python}` has no torch with safetensors (KERNELSCOPE_PYTHON names another): exported networks are not compared"
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let without_keras: Vec<String> = cases().iter().filter_map(|(name, graph)| write(folder.path(), name, graph)).collect();
    println!("not in Keras: {without_keras:#?}");
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/exchange/check.py");
    let output = Command::new(python).arg(check).arg(folder.path()).output().unwrap();
    let (text, trouble) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}\n{trouble}");
    println!("{text}");
}
