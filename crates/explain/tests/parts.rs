//! Parts of tiles against what the layers give, for every operator; measured fields against small changes of the
//! image.

#![allow(clippy::unwrap_used)] // A test may panic.

use std::sync::Arc;

use engine::{
    Cpu, Graph, LayerSpec, Mode, OptimizerSpec, Plan, PlanOptions, Run, StepInputs, Tensor,
    graph::Feed,
    ops::{
        KINDS, ParamRole,
        account::{Cell, Form, Ground, PartKind},
    },
    plan::Watch,
    presets,
    rng::{Stream, normal},
};
use explain::{FieldMeter, parts};

/// A network with an image, run as it is evaluated.
struct Seen {
    graph: Arc<Graph>,
    cpu: Cpu,
    run: Run,
}

fn seen(slug: &str) -> Seen {
    let graph = Arc::new(Graph::check(&presets::preset(slug).unwrap().model()).unwrap());
    let plan = Plan::compile(&graph, &PlanOptions { batch: 1, mode: Mode::Eval, watch: Watch::Everything }).unwrap();
    let (mut cpu, mut run) = (Cpu::new(&graph, OptimizerSpec::default(), 3), Run::new(plan));
    for param in &graph.state {
        // Means about zero: others would silence every ReLU.
        let middle = if param.role == ParamRole::RunningVar { 1.0 } else { 0.0 };
        for i in param.range.clone() {
            cpu.state[i] = middle + 0.1 * normal(2, Stream(5), i as u32).abs();
        }
    }
    for (i, v) in run.images.iter_mut().enumerate() {
        *v = normal(1, Stream(4), i as u32).abs().min(1.0);
    }
    cpu.forward(&mut run, &StepInputs::default());
    Seen { graph, cpu, run }
}

impl Seen {
    fn read(&self, feed: &Feed) -> &[f32] {
        let tensor = match *feed {
            Feed::Image => Tensor::Input,
            Feed::Node(id) => Tensor::Output(id),
        };
        self.cpu.read(&self.run, tensor).unwrap()
    }
}

#[test]
fn parts_lead_from_input_to_output_in_every_network() {
    for slug in ["lens", "n1", "n3", "lenet5", "resnet", "mobilenet", "inception", "densenet", "unet"] {
        let seen = seen(slug);
        for node in &seen.graph.nodes {
            let inputs: Vec<&[f32]> = node.inputs.iter().map(|feed| seen.read(feed)).collect();
            let block = |list: &[engine::Param], of: &[f32]| list.iter().flat_map(|p| of[p.range.clone()].to_vec()).collect::<Vec<_>>();
            let params = block(&seen.graph.params[node.params.clone()], &seen.cpu.params);
            let state = block(&seen.graph.state[node.state.clone()], &seen.cpu.state);
            let ground = Ground { inputs: &inputs, params: &params, state: &state };
            let channel = node.output.ch / 2;
            let output = &seen.read(&Feed::Node(node.id))[channel * node.output.plane()..][..node.output.plane()];
            let made = parts::parts(node, ground, channel);
            let part = |kind| made.iter().find(|p| p.kind == kind);
            for (i, got) in output.iter().enumerate() {
                let cell = Cell { example: 0, channel, row: i / node.output.w, col: i % node.output.w };
                let account = parts::account(node, ground, cell);
                let close = |a: f64, b: f64, what: &str| {
                    assert!((a - b).abs() <= 1e-4 * (1.0 + a.abs()), "{slug} {} {cell:?}: {what} {a} and {b}", node.name);
                };
                close(f64::from(*got), account.result(), "the cell");
                if let Some(sum) = part(PartKind::Sum) {
                    let told = f64::from(sum.values[i]);
                    match account.form {
                        Form::Sum { bias } => close(told, f64::from(*got) - f64::from(bias.unwrap_or(0.0)), "the sum"),
                        Form::Mean { count } => close(told / count as f64, f64::from(*got), "the mean"),
                        form => panic!("{form:?} has no sum"),
                    }
                }
                if let Some(even) = part(PartKind::Standardised) {
                    let Form::Standardised { affine: Some([gain, bias]), .. } = account.form else { panic!() };
                    close(f64::from(even.values[i] * gain + bias), f64::from(*got), "standardised");
                }
                if let Some(winners) = part(PartKind::Winners) {
                    let plane = &inputs[0][channel * node.input.plane()..][..node.input.plane()];
                    assert_eq!(plane[winners.values[i] as usize], *got, "{slug} {}", node.name);
                }
            }
            if let (Some(products), Some(sum)) = (part(PartKind::Products), part(PartKind::Sum)) {
                let mut total = vec![0.0; sum.values.len()];
                for share in products.values.chunks(sum.values.len()) {
                    total.iter_mut().zip(share).for_each(|(t, v)| *t += v);
                }
                assert!(total.iter().zip(&sum.values).all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + a.abs())), "{slug} {}", node.name);
            }
        }
    }
}

#[test]
fn every_operator_can_be_taken_apart() {
    for kind in KINDS {
        for case in kind.cases() {
            let shapes = [&[case.input], case.others].concat();
            let output = case.layer.op().infer(&shapes).unwrap().output;
            let graph = graph_of(&case.layer, case.input);
            let Some(graph) = graph else { continue };
            let node = graph.nodes.iter().find(|n| n.layer.op().kind().name == kind.name).unwrap();
            let inputs: Vec<Vec<f32>> = node.shapes().map(|s| (0..s.len()).map(|i| normal(7, Stream(9), i as u32)).collect()).collect();
            let inputs: Vec<&[f32]> = inputs.iter().map(|v| &v[..]).collect();
            let count = |list: &[engine::Param]| list.iter().map(|p| p.range.len()).sum::<usize>();
            let params = vec![0.5; count(&graph.params[node.params.clone()])];
            let state = vec![1.0; count(&graph.state[node.state.clone()])];
            let ground = Ground { inputs: &inputs, params: &params, state: &state };
            for part in parts::parts(node, ground, output.ch - 1) {
                assert_eq!(part.values.len(), part.shape.len(), "{}: {:?}", kind.name, part.kind);
                assert!(part.values.iter().all(|v| v.is_finite()), "{}: {:?}", kind.name, part.kind);
            }
            assert!(parts::parts(node, ground, node.output.ch).is_empty(), "{}: a channel that there is not", kind.name);
        }
    }
}

/// A network in which the layer stands behind something that can learn; joins have empty branches here, which is
/// legal for those whose inputs agree.
fn graph_of(layer: &LayerSpec, input: engine::Shape) -> Option<Graph> {
    let lead = engine::ops::Conv2d { out_ch: input.ch, kernel: engine::Pair::one(), ..Default::default() };
    let spec = engine::ModelSpec { input, layers: vec![lead.into(), layer.clone()], init: Default::default() };
    Graph::check(&spec).ok()
}

#[test]
fn fields_are_slopes_through_branches_too() {
    for (slug, nodes) in [("n3", [1, 6]), ("resnet", [8, 15]), ("inception", [12, 25]), ("unet", [9, 20])] {
        let mut seen = seen(slug);
        for index in nodes {
            let node = seen.graph.nodes[index].clone();
            // A cell that is on: a silent ReLU has no slope.
            let output = seen.read(&Feed::Node(node.id));
            let at = (0..output.len()).max_by(|a, b| output[*a].total_cmp(&output[*b])).unwrap();
            let mut meter = FieldMeter::new(&seen.graph, node.id, &seen.cpu.params, &seen.cpu.state).unwrap();
            let image = seen.run.images.clone();
            let field = meter.field(&image, at);
            let [rows, cols] = theory(&seen.graph, &node, at);
            let number = |seen: &mut Seen, image: &[f32]| {
                seen.run.images.copy_from_slice(image);
                seen.cpu.forward(&mut seen.run, &StepInputs::default());
                seen.read(&Feed::Node(node.id))[at]
            };
            for pixel in (0..784).step_by(31) {
                if !(rows.contains(&((pixel / 28) as i64)) && cols.contains(&((pixel % 28) as i64))) {
                    assert_eq!(field[pixel], 0.0, "{slug} {}: pixel {pixel} lies outside of {rows:?}, {cols:?}", node.name);
                }
                let step = 2e-3;
                let moved = |seen: &mut Seen, by: f32| {
                    let mut image = image.clone();
                    image[pixel] += by;
                    number(seen, &image)
                };
                let slope = (moved(&mut seen, step) - moved(&mut seen, -step)) / (2.0 * step);
                // Kinks of ReLU and pooling lie within a step now and then.
                let size = field.iter().fold(0.0f32, |m, v| m.max(v.abs()));
                assert!((field[pixel] - slope).abs() <= 0.2 * size + 1e-3, "{slug} {}: {} and {slope}", node.name, field[pixel]);
            }
            assert!(field.iter().any(|v| *v != 0.0), "{slug} {}", node.name);
        }
    }
}

fn theory(graph: &Graph, node: &engine::Node, at: usize) -> [std::ops::Range<i64>; 2] {
    let (y, x) = (at / node.output.w % node.output.h, at % node.output.w);
    let _ = graph;
    let along = |axis: usize, i: usize| {
        let reach = node.reach;
        // Generous by one step where steps are fractions of pixels.
        let start = reach.start[axis] + (i * reach.jump[axis] / reach.per[axis]) as i64;
        start - reach.jump[axis] as i64..start + reach.size[axis] as i64 + reach.jump[axis] as i64
    };
    [along(0, y), along(1, x)]
}
