//! One step of training taken apart: the CPU makes it once more, with everything watched.

use std::ops::Range;

use engine::{
    NodeId, ParamId, Tensor,
    loss::{BatchResult, Targets, softmax},
};
use protocol::{Event, Message, ParamChange, Trace, View};

use super::{Surroundings, Training, Underway};
use crate::machine::{Alone, CpuMachine, Done, Machine, Numbers, Work};

/// Parameters of more numbers are told by their lengths alone.
const SHOWN_LIMIT: usize = 1 << 16;

impl Training {
    /// As soon as the run stands still: on the CPU at once.
    pub fn ask_trace(&mut self, place: u32, around: &mut Surroundings) {
        self.pause_for(around);
        self.look_now(around.outbox);
        self.trace = Some(place);
        self.put_trace(around);
        self.take(around);
    }

    /// True where it was put.
    pub(super) fn put_trace(&mut self, around: &Surroundings) -> bool {
        if self.ahead > 0 || !self.takes_more() {
            return false;
        }
        let Some(place) = self.trace.take() else { return false };
        self.put(Underway::Trace { place }, Work::Read(Numbers::default()), around);
        true
    }

    /// The numbers before the step have come.
    pub(super) fn traced(&self, place: u32, before: &Numbers, around: &mut Surroundings) {
        let run = self.id;
        let message = match self.trace(place, before, around) {
            Ok((trace, bulk)) => Message { head: Event::Traced { run, trace }, bulk, file: Vec::new() },
            Err(message) => Event::Declined { run, message: format!("trace: {message}") }.into(),
        };
        around.outbox.push(message);
    }

    fn trace(&self, place: u32, before: &Numbers, around: &Surroundings) -> Result<(Trace, Vec<f32>), String> {
        if !self.network.feed.is_ready(self.step, around.data) {
            return Err("the digits of the next batch have not arrived".to_owned());
        }
        let network = &self.network;
        let rate = self.rate_now();
        let made = |mut machine: CpuMachine| {
            machine.put(Work::Train { step: self.step, count: 1, rate }, around.data);
            match machine.take() {
                Some(Ok(Done::Trained(result))) => Ok((machine, result)),
                _ => Err("the step was not made".to_owned()),
            }
        };
        // The way of the image, with the batch in one piece; and the step as it is made, piece by piece.
        let (machine, _) = made(CpuMachine::watched(network, before.clone()).map_err(|e| e.to_string())?)?;
        let (plain, result) = made(CpuMachine::new(network, before.clone(), &Alone))?;
        if !result.loss_sum.is_finite() {
            return Err("the loss of the next batch is no number".to_owned());
        }
        let batch = network.feed.batch;
        let place = (place as usize).min(batch - 1);
        let graph = &network.graph;
        let mut tray = Tray::default();
        let mut views = Vec::new();
        let nodes = || (0..graph.nodes.len()).map(NodeId);
        for tensor in std::iter::once(Tensor::Input).chain(nodes().map(Tensor::Output)).chain(nodes().map(Tensor::OutputGrad)) {
            let (Some(all), Some(mut dims)) = (machine.trained(tensor), network.sample.dims(tensor)) else { continue };
            let len = all.len() / batch;
            dims[0] = 1;
            views.push(tray.view(tensor, dims, &all[place * len..(place + 1) * len]));
        }
        let (mut changes, mut after) = (Vec::with_capacity(graph.params.len()), Vec::new());
        for (i, param) in graph.params.iter().enumerate() {
            let (old, id) = (&before.params[param.range.clone()], ParamId(i));
            let (gradient, new) = (&plain.gradients()[param.range.clone()], &plain.numbers()[0][param.range.clone()]);
            changes.push(ParamChange {
                before: length(old.iter().map(|x| f64::from(*x))),
                gradient: length(gradient.iter().map(|x| f64::from(*x))),
                change: length(new.iter().zip(old).map(|(n, o)| f64::from(*n) - f64::from(*o))),
            });
            if old.len() <= SHOWN_LIMIT {
                views.push(tray.view(Tensor::Param(id), param.dims.clone(), old));
                views.push(tray.view(Tensor::ParamGrad(id), param.dims.clone(), gradient));
                after.push(tray.view(Tensor::Param(id), param.dims.clone(), new));
            }
        }
        let logits = machine.trained(Tensor::Output(NodeId(graph.nodes.len() - 1))).unwrap_or_default();
        let classes = logits.len() / batch;
        let mut probabilities = logits[place * classes..(place + 1) * classes].to_vec();
        let label = machine.labels().get(place).copied().unwrap_or_default();
        let targets = Targets { labels: &[label], dense: &[], whole: &[] };
        let alone = network.spec.train.loss.evaluate(&probabilities, &targets, graph.output());
        softmax(&mut probabilities);
        let trace = Trace {
            step: self.step,
            place: place as u32,
            batch: batch as u32,
            label,
            rate: network.schedule.rate(rate, self.step),
            loss: result.mean_loss(),
            example_loss: finite(BatchResult::mean_loss(&alone)),
            correct: result.correct,
            probabilities,
            changes,
            views,
            after,
        };
        Ok((trace, tray.0))
    }
}

/// Numbers that travel beside a message.
#[derive(Default)]
struct Tray(Vec<f32>);

impl Tray {
    fn view(&mut self, tensor: Tensor, dims: Vec<usize>, numbers: &[f32]) -> View {
        let start = self.0.len();
        self.0.extend_from_slice(numbers);
        let range: Range<usize> = start..self.0.len();
        View { tensor, dims, range }
    }
}

/// Of a vector. A head holds finite numbers.
fn length(numbers: impl Iterator<Item = f64>) -> f64 {
    finite(numbers.map(|x| x * x).sum::<f64>().sqrt())
}

fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { 0.0 }
}
