//! ONNX: a file that holds the network in evaluation mode with its weights.
//!
//! Numbers of fields are those of `onnx.proto` (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>).

use std::collections::HashSet;

use engine::{Graph, Shape};

use crate::{
    ExchangeError, Weights,
    proto::Message,
    table::{Attribute, Gives, Input, Step, Takes, entry, joins},
    tree::{Layer, tree},
};

/// Version of the set of operators.
const OPSET: i64 = 17;
/// Version of the file format that goes with it.
const IR_VERSION: i64 = 8;

/// The file: `images` (batch, ch, h, w) to `scores` (batch, classes), for any batch.
///
/// # Errors
/// An operator that `table` does not know, or numbers of another network.
pub fn onnx(graph: &Graph, weights: Weights<'_>) -> Result<Vec<u8>, ExchangeError> {
    let (wanted, found) = (graph.params_len() + graph.state_len(), weights.params.len() + weights.state.len());
    if wanted != found || graph.params_len() != weights.params.len() {
        return Err(ExchangeError::Numbers { wanted, found });
    }
    let mut writer = Writer { graph, weights, nodes: Vec::new(), tensors: Vec::new(), written: HashSet::new(), values: 0 };
    let (last, is_vector) = writer.layers(&tree(graph)?, ("images".to_owned(), false))?;
    // The last value gets its name by a node that does nothing else.
    let end = if is_vector { Step::new("Identity") } else { Step::new("Flatten").int("axis", 1) };
    writer.node(&end, &[last], "scores");
    let mut message = Message::new();
    for node in &writer.nodes {
        message = message.message(1, node);
    }
    message = message.text(2, "kernelscope");
    for tensor in &writer.tensors {
        message = message.message(5, tensor);
    }
    let Shape { ch, h, w } = graph.spec.input;
    message = message.message(11, &value("images", &[ch, h, w])).message(12, &value("scores", &[graph.output().len()]));
    let opset = Message::new().text(1, "").int(2, OPSET);
    Ok(Message::new().int(1, IR_VERSION).text(2, "kernelscope").message(7, &message).message(8, &opset).into_bytes())
}

/// What goes in or out: `f32`, any batch.
fn value(name: &str, dims: &[usize]) -> Message {
    let mut shape = Message::new().message(1, &Message::new().text(2, "batch"));
    for dim in dims {
        shape = shape.message(1, &Message::new().int(1, *dim as i64));
    }
    let tensor = Message::new().int(1, 1).message(2, &shape);
    Message::new().text(1, name).message(2, &Message::new().message(1, &tensor))
}

struct Writer<'a> {
    graph: &'a Graph,
    weights: Weights<'a>,
    nodes: Vec<Message>,
    tensors: Vec<Message>,
    written: HashSet<String>,
    values: usize,
}

impl Writer<'_> {
    fn fresh(&mut self, stem: &str) -> String {
        self.values += 1;
        format!("{stem}/{}", self.values)
    }

    fn node(&mut self, step: &Step, inputs: &[String], output: &str) {
        let mut node = Message::new();
        for input in inputs {
            node = node.text(1, input);
        }
        node = node.text(2, output).text(3, output).text(4, step.op);
        for (name, attribute) in &step.attributes {
            let message = Message::new().text(1, name);
            let message = match attribute {
                Attribute::Float(x) => message.float(2, *x).int(20, 1),
                Attribute::Int(n) => message.int(3, *n).int(20, 2),
                Attribute::Text(text) => message.text(4, text).int(20, 3),
                Attribute::Ints(numbers) => numbers.iter().fold(message, |m, n| m.int(8, *n)).int(20, 7),
            };
            node = node.message(5, &message);
        }
        self.nodes.push(node);
    }

    /// A tensor of the file; each name once.
    fn tensor(&mut self, name: &str, dims: &[usize], kind: i64, bytes: &[u8]) {
        if self.written.insert(name.to_owned()) {
            let dims: Vec<i64> = dims.iter().map(|n| *n as i64).collect();
            self.tensors.push(Message::new().ints(1, &dims).int(2, kind).text(8, name).blob(9, bytes));
        }
    }

    fn floats(&mut self, name: &str, dims: &[usize], numbers: &[f32]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.tensor(name, dims, 1, &bytes);
    }

    /// Writes layers one after another. A value is its name and whether it is a vector.
    fn layers(&mut self, layers: &[Layer<'_>], mut value: (String, bool)) -> Result<(String, bool), ExchangeError> {
        for layer in layers {
            if joins(layer) {
                value = self.join(layer, value)?;
                continue;
            }
            let entry = entry(layer)?;
            value = match (entry.takes, value.1) {
                (Takes::Maps, true) => self.as_maps(layer.name, value.0),
                (Takes::Vector, false) => {
                    let flat = self.fresh(layer.name);
                    self.node(&Step::new("Flatten").int("axis", 1), &[value.0], &flat);
                    (flat, true)
                }
                _ => value,
            };
            let (mut given, mut before) = (Vec::new(), value.0.clone());
            for step in &entry.onnx {
                let inputs: Result<Vec<String>, _> =
                    step.inputs.iter().map(|input| self.input(layer, input, &value.0, &before, &given)).collect();
                before = self.fresh(layer.name);
                self.node(step, &inputs?, &before);
                given.push(before.clone());
            }
            let is_vector = match entry.gives {
                Gives::Same => value.1,
                Gives::Maps => false,
                Gives::Vector => true,
            };
            value = (before, is_vector);
        }
        Ok(value)
    }

    fn as_maps(&mut self, stem: &str, vector: String) -> (String, bool) {
        let (maps, axes) = (self.fresh(stem), self.fresh(stem));
        let bytes: Vec<u8> = [2_i64, 3].iter().flat_map(|n| n.to_le_bytes()).collect();
        self.tensor(&axes, &[2], 7, &bytes);
        self.node(&Step::new("Unsqueeze"), &[vector, axes], &maps);
        (maps, false)
    }

    fn input(&mut self, layer: &Layer<'_>, input: &Input, start: &str, before: &str, given: &[String]) -> Result<String, ExchangeError> {
        Ok(match input {
            Input::Before => before.to_owned(),
            Input::Nothing => String::new(),
            Input::Layer => start.to_owned(),
            Input::Step(index) => given[*index].clone(),
            Input::Param(name) => {
                let dims = layer.param(name)?.dims.clone();
                self.param(layer, name, &dims)?
            }
            Input::Turned(name) => {
                let param = layer.param(name)?;
                let area = param.dims.iter().skip(2).product::<usize>().max(1);
                let numbers = self.weights.params[param.range.clone()].chunks_exact(area).flat_map(|kernel| kernel.iter().rev().copied());
                let numbers: Vec<f32> = numbers.collect();
                let turned = format!("{}/turned", param.name);
                self.floats(&turned, &param.dims, &numbers);
                turned
            }
            Input::Shaped(name, dims) => self.param(layer, name, dims)?,
            Input::Floats(dims, numbers) => {
                let name = self.fresh(layer.name);
                self.floats(&name, dims, numbers);
                name
            }
            Input::Ints(numbers) => {
                let name = self.fresh(layer.name);
                let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
                self.tensor(&name, &[numbers.len()], 7, &bytes);
                name
            }
        })
    }

    fn param(&mut self, layer: &Layer<'_>, name: &str, dims: &[usize]) -> Result<String, ExchangeError> {
        let param = layer.param(name)?;
        let is_state = self.graph.state.iter().any(|p| p.name == param.name);
        let block = if is_state { self.weights.state } else { self.weights.params };
        self.floats(&param.name, dims, &block[param.range.clone()]);
        Ok(param.name.clone())
    }

    fn join(&mut self, layer: &Layer<'_>, value: (String, bool)) -> Result<(String, bool), ExchangeError> {
        let branches = layer.branches.iter().map(|branch| self.layers(branch, value.clone())).collect::<Result<Vec<_>, _>>()?;
        let all_vectors = branches.iter().all(|(_, is_vector)| *is_vector);
        let mut names = Vec::new();
        for (name, is_vector) in branches {
            names.push(if is_vector && !all_vectors { self.as_maps(layer.name, name).0 } else { name });
        }
        let step = match layer.op.as_str() {
            "add" => Step::new("Sum"),
            "concat" => Step::new("Concat").int("axis", 1),
            "scale" => Step::new("Mul"),
            _ => return Err(ExchangeError::Unknown { layer: layer.name.to_owned(), op: layer.op.clone() }),
        };
        let joined = self.fresh(layer.name);
        self.node(&step, &names, &joined);
        Ok((joined, all_vectors))
    }
}
