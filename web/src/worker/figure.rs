//! Computes what a lesson's figure shows.

use std::sync::Arc;

use engine::{
    Cpu, Graph, LayerSpec, Mode, ModelSpec, Node, NodeId, OptimizerSpec, Pair, ParamId, Plan, PlanOptions, Run, StepInputs, Tensor,
    graph::Feed,
    ops::{Conv2d, account::Ground},
    plan::Watch,
};
use explain::FieldMeter;

use crate::link::figure::{FigureSpec, Given, Told, Wanted};

/// The answer, with its numbers.
pub fn told(spec: &FigureSpec, bulk: &[f32]) -> (Told, Vec<f32>) {
    let (mut told, mut numbers) = (Told::default(), Vec::new());
    let outcome = Bench::new(spec, bulk).and_then(|mut bench| {
        bench.run(spec);
        spec.wanted.iter().try_for_each(|wanted| bench.tell(spec, *wanted, &mut told.given, &mut numbers))
    });
    told.trouble = outcome.err();
    (told, numbers)
}

/// A network with its numbers, and one pass through it.
struct Bench<'a> {
    graph: Arc<Graph>,
    cpu: Cpu,
    run: Run,
    image: &'a [f32],
    pull: &'a [f32],
    /// Layers that stand before those that were asked for.
    lead: usize,
}

impl<'a> Bench<'a> {
    fn new(spec: &FigureSpec, bulk: &'a [f32]) -> Result<Self, String> {
        let own = Graph::check(&spec.model).map_err(|e| e.to_string())?;
        let batch = spec.images.max(1);
        // The engine does not go back into the image, so that a layer that changes nothing stands before.
        let lead = usize::from(spec.wanted.contains(&Wanted::ImageGrad));
        let shape = spec.model.input;
        let (images, weights) = (batch * shape.len(), if spec.given { own.params_len() } else { 0 });
        let pulled = if spec.pulled { batch * own.output().len() } else { 0 };
        let want = images + weights + pulled;
        if bulk.len() != want {
            return Err(format!(
                "{} numbers came, but {images} of images, {weights} weights and {pulled} of a gradient are read",
                bulk.len()
            ));
        }
        let (image, rest) = bulk.split_at(images);
        let (weights, pull) = rest.split_at(weights);
        let mut params = if spec.given { weights.to_vec() } else { own.initial_params(spec.seed) };
        let graph = if lead > 0 { Graph::check(&led(&spec.model)).map_err(|e| e.to_string())? } else { own };
        if lead > 0 {
            params.splice(0..0, std::iter::repeat_n(1.0, shape.ch));
        }
        let graph = Arc::new(graph);
        let mode = if spec.pulled { Mode::Train } else { spec.mode };
        let plan = Plan::compile(&graph, &PlanOptions { batch, mode, watch: Watch::Everything }).map_err(|e| e.to_string())?;
        let state = graph.initial_state();
        let cpu = Cpu::with_numbers(&graph, OptimizerSpec::default(), params, state, Vec::new());
        Ok(Self { run: Run::new(plan), graph, cpu, image, pull, lead })
    }

    fn run(&mut self, spec: &FigureSpec) {
        let now = StepInputs { rate: 0.0, step: spec.step, seed: spec.seed };
        self.run.images.copy_from_slice(self.image);
        self.cpu.forward(&mut self.run, &now);
        if spec.pulled {
            self.cpu.backward_from(&mut self.run, self.pull, &now);
        }
    }

    fn tell(&mut self, spec: &FigureSpec, of: Wanted, given: &mut Vec<Given>, numbers: &mut Vec<f32>) -> Result<(), String> {
        let mut add = |part, dims: Vec<usize>, values: &[f32]| {
            let start = numbers.len();
            numbers.extend_from_slice(values);
            given.push(Given { of, part, dims, range: start..numbers.len() });
        };
        // The lead has one weight and is one layer.
        let tensor = match of {
            Wanted::Output(node) => Tensor::Output(NodeId(node + self.lead)),
            Wanted::Weight(param) => Tensor::Param(ParamId(param + self.lead)),
            Wanted::OutputGrad(node) => Tensor::OutputGrad(NodeId(node + self.lead)),
            Wanted::WeightGrad(param) => Tensor::ParamGrad(ParamId(param + self.lead)),
            Wanted::ImageGrad => Tensor::OutputGrad(NodeId(0)),
            Wanted::Parts { node, channel } => {
                let node = self.node(node + self.lead)?.clone();
                for part in self.parts(&node, channel) {
                    add(Some(part.kind), vec![1, part.shape.ch, part.shape.h, part.shape.w], &part.values);
                }
                return Ok(());
            }
            Wanted::Field { node, index } => {
                let id = self.node(node + self.lead)?.id;
                let first = self.image.get(..spec.model.input.len()).unwrap_or_default();
                let meter = FieldMeter::new(&self.graph, id, &self.cpu.params, &self.cpu.state);
                let field = meter.map_err(|e| e.to_string())?.field(first, index);
                let shape = spec.model.input;
                add(None, vec![1, shape.ch, shape.h, shape.w], &field);
                return Ok(());
            }
        };
        let dims = self.run.plan.dims(tensor).ok_or_else(|| format!("there is no {of:?} in this network"))?;
        let values = self.cpu.read(&self.run, tensor).ok_or_else(|| format!("{of:?} is not kept"))?;
        add(None, dims, values);
        Ok(())
    }

    fn node(&self, index: usize) -> Result<&Node, String> {
        self.graph.nodes.get(index).ok_or_else(|| format!("there is no layer {}", index + 1 - self.lead))
    }

    fn parts(&self, node: &Node, channel: usize) -> Vec<explain::parts::Part> {
        let read = |tensor| self.cpu.read(&self.run, tensor).unwrap_or_default();
        let of_first = |feed: &Feed, len: usize| {
            let all = match feed {
                Feed::Image => read(Tensor::Input),
                Feed::Node(id) => read(Tensor::Output(*id)),
            };
            all.get(..len).unwrap_or_default()
        };
        let inputs: Vec<&[f32]> = node.inputs.iter().zip(node.shapes()).map(|(feed, shape)| of_first(feed, shape.len())).collect();
        let block = |make: fn(ParamId) -> Tensor, range: std::ops::Range<usize>| -> Vec<f32> {
            range.flat_map(|i| read(make(ParamId(i))).to_vec()).collect()
        };
        let (params, state) = (block(Tensor::Param, node.params.clone()), block(Tensor::State, node.state.clone()));
        explain::parts::parts(node, Ground { inputs: &inputs, params: &params, state: &state }, channel)
    }
}

/// The same network behind a convolution that changes nothing.
fn led(model: &ModelSpec) -> ModelSpec {
    let ch = model.input.ch;
    let lead = Conv2d { out_ch: ch, kernel: Pair::one(), groups: ch, bias: false, ..Conv2d::default() };
    let mut layers: Vec<LayerSpec> = vec![lead.into()];
    layers.extend(model.layers.iter().cloned());
    ModelSpec { layers, ..model.clone() }
}

#[cfg(test)]
mod tests {
    use engine::{Init, Shape};

    use super::*;

    fn spec(wanted: Vec<Wanted>, pulled: bool) -> FigureSpec {
        let conv = Conv2d { out_ch: 1, kernel: Pair::square(2), bias: false, ..Conv2d::default() };
        let model = ModelSpec { input: Shape::new(1, 3, 3), layers: vec![conv.into()], init: Init::default() };
        FigureSpec { model, images: 1, given: true, pulled, seed: 0, step: 0, mode: Mode::Eval, wanted }
    }

    const IMAGE: [f32; 9] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    const KERNEL: [f32; 4] = [1.0, 0.0, 0.0, -1.0];

    #[test]
    fn outputs_parts_and_fields_come_back() {
        let wanted = vec![Wanted::Output(0), Wanted::Weight(0), Wanted::Parts { node: 0, channel: 0 }, Wanted::Field { node: 0, index: 3 }];
        let (told, numbers) = told(&spec(wanted, false), &[&IMAGE[..], &KERNEL].concat());
        assert_eq!(told.trouble, None);
        let of = |i: usize| &numbers[told.given[i].range.clone()];
        assert_eq!(of(0), [-4.0; 4]);
        assert_eq!(told.given[0].dims, [1, 1, 2, 2]);
        assert_eq!(of(1), KERNEL);
        let field = told.given.iter().find(|g| matches!(g.of, Wanted::Field { .. })).unwrap();
        assert_eq!(numbers[field.range.clone()], [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0]);
        assert!(told.given.iter().any(|g| g.part.is_some()));
    }

    #[test]
    fn gradients_go_back_into_the_image() {
        let bulk = [&IMAGE[..], &KERNEL, &[0.0, 1.0, 0.0, 0.0]].concat();
        let (told, numbers) = told(&spec(vec![Wanted::ImageGrad, Wanted::WeightGrad(0), Wanted::Output(0)], true), &bulk);
        assert_eq!(told.trouble, None);
        let of = |i: usize| &numbers[told.given[i].range.clone()];
        assert_eq!(of(0), [0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0]);
        assert_eq!(of(1), [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(of(2), [-4.0; 4]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let trouble = |spec: &FigureSpec, bulk: &[f32]| told(spec, bulk).0.trouble.unwrap();
        assert!(trouble(&spec(vec![], false), &IMAGE).contains("9 numbers came"));
        let bulk = [&IMAGE[..], &KERNEL].concat();
        assert!(trouble(&spec(vec![Wanted::Output(4)], false), &bulk).contains("Output(4)"));
        let mut large = spec(vec![], false);
        large.model.input = Shape::new(1, 1, 1);
        assert!(trouble(&large, &bulk).contains("layer 1"));
    }
}
