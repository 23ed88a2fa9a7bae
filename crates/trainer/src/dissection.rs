//! A tile of the sample taken apart, and the field of one of its cells, from what the machine read.

use engine::{
    NodeId, ParamId, Tensor,
    graph::Feed,
    ops::account::{Ground, PartKind},
};
use explain::{ExplainError, FieldMeter, parts};
use protocol::{Event, Message, Opened, PartView, RunId};

use crate::Network;

/// Least time between two measured fields: each takes all weights and a way back through the network.
const FIELD_GAP_MS: f64 = 150.0;

/// What the page looks into.
#[derive(Clone, Debug, Default)]
pub struct Dissector {
    opened: Option<Opened>,
    meter: Option<FieldMeter>,
    measured_ms: Option<f64>,
}

/// Everything that the parts of a tile are made from: what goes into its layer, the layer's own numbers, and for
/// a field all weights.
pub fn needed(network: &Network, opened: &Opened) -> Vec<Tensor> {
    let graph = &network.graph;
    let Some(node) = graph.nodes.get(opened.node.0) else { return Vec::new() };
    let mut tensors: Vec<Tensor> = node.inputs.iter().map(tensor_of).collect();
    let (params, state) = match opened.field_of {
        Some(_) => (0..graph.params.len(), 0..graph.state.len()),
        None => (node.params.clone(), node.state.clone()),
    };
    tensors.extend(params.map(|i| Tensor::Param(ParamId(i))));
    tensors.extend(state.map(|i| Tensor::State(ParamId(i))));
    tensors
}

fn tensor_of(feed: &Feed) -> Tensor {
    match *feed {
        Feed::Image => Tensor::Input,
        Feed::Node(id) => Tensor::Output(id),
    }
}

impl Dissector {
    /// # Errors
    /// A tile or a cell that the network does not have.
    pub fn open(&mut self, opened: Option<Opened>, network: &Network) -> Result<(), String> {
        if let Some(Opened { node, channel, field_of }) = opened {
            let count = network.graph.nodes.len();
            let out =
                network.graph.nodes.get(node.0).ok_or(format!("dissect: there are {count} layers, none is number {}", node.0))?.output;
            let [row, col] = field_of.unwrap_or_default();
            if channel as usize >= out.ch || row as usize >= out.h || col as usize >= out.w {
                return Err(format!("dissect: layer {} gives {out}, which has no channel {channel}, row {row}, column {col}", node.0));
            }
        }
        self.opened = opened;
        self.measured_ms = None;
        Ok(())
    }

    /// What the next look is to be about. A field is not measured with every one.
    pub fn due(&mut self, now_ms: f64) -> Option<Opened> {
        let mut opened = self.opened?;
        if opened.field_of.is_some() {
            if self.measured_ms.is_some_and(|last| now_ms - last < FIELD_GAP_MS) {
                opened.field_of = None;
            } else {
                self.measured_ms = Some(now_ms);
            }
        }
        Some(opened)
    }

    /// From the numbers of [`needed`].
    pub fn dissected(
        &mut self,
        run: RunId,
        network: &Network,
        opened: Opened,
        image: &[f32],
        numbers: &[(Tensor, &[f32])],
    ) -> Message<Event> {
        let find = |wanted: Tensor| numbers.iter().find(|(tensor, _)| *tensor == wanted).map_or(&[][..], |(_, numbers)| *numbers);
        let (mut bulk, mut views, mut trouble) = (Vec::new(), Vec::new(), None);
        let mut add = |kind, dims, values: &[f32]| {
            views.push(PartView { kind, dims, range: bulk.len()..bulk.len() + values.len() });
            bulk.extend_from_slice(values);
        };
        if let Some(node) = network.graph.nodes.get(opened.node.0) {
            let inputs: Vec<&[f32]> = node.inputs.iter().map(|feed| find(tensor_of(feed))).collect();
            let block = |tensor: fn(ParamId) -> Tensor, range: std::ops::Range<usize>| -> Vec<f32> {
                range.flat_map(|i| find(tensor(ParamId(i)))).copied().collect()
            };
            let (params, state) = (block(Tensor::Param, node.params.clone()), block(Tensor::State, node.state.clone()));
            let ground = Ground { inputs: &inputs, params: &params, state: &state };
            for part in parts::parts(node, ground, opened.channel as usize) {
                add(part.kind, [part.shape.ch, part.shape.h, part.shape.w], &part.values);
            }
            if let Some([row, col]) = opened.field_of {
                let all = [block(Tensor::Param, 0..network.graph.params.len()), block(Tensor::State, 0..network.graph.state.len())];
                let index = (opened.channel as usize * node.output.h + row as usize) * node.output.w + col as usize;
                match self.field(network, opened.node, &all, image, index) {
                    Ok(field) => {
                        let shape = network.graph.spec.input;
                        add(PartKind::Field, [shape.ch, shape.h, shape.w], &field);
                    }
                    Err(error) => trouble = Some(error.to_string()),
                }
            }
        }
        Message { head: Event::Dissected { run, opened, parts: views, trouble }, bulk, file: Vec::new() }
    }

    fn field(
        &mut self,
        network: &Network,
        node: NodeId,
        [params, state]: &[Vec<f32>; 2],
        image: &[f32],
        index: usize,
    ) -> Result<Vec<f32>, ExplainError> {
        let meter = match self.meter.take_if(|meter| meter.node() == node) {
            Some(mut meter) => {
                meter.renew(&network.graph, params, state)?;
                meter
            }
            None => FieldMeter::new(&network.graph, node, params, state)?,
        };
        Ok(self.meter.insert(meter).field(image, index))
    }
}
