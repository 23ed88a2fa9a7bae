//! CPU and card side by side on the same steps. The CPU's numbers count; the card starts every step
//! from them, so that what differs afterwards is an error and not rounding carried on.

use std::{collections::VecDeque, rc::Rc};

use data::Dataset;
use engine::{
    Mode, NodeId, ParamId, Plan, PlanOptions, StepInputs, Tensor,
    backend::gpu::{CardError, Gpu, GpuRun, Turn, launch::Storage},
    plan::Watch,
};
use protocol::{Backend, Traffic};

use super::{CpuMachine, Done, Machine, MachineFault, Numbers, Parting, Shelf, Work};
use crate::Network;

/// Most that a tensor may differ, as the length of the difference by the length of the tensor.
///
/// Forward passes differ by rounding alone. In a gradient a maximum or a ReLU whose rivals lie within
/// rounding of each other may fall the other way: single numbers, which count little here.
const FORWARD_MOST: f64 = 1e-4;
const GRADIENT_MOST: f64 = 1e-2;

/// A step that the CPU has made and the card is making.
#[derive(Debug)]
struct Compared {
    step: u32,
    done: Done,
    /// What the CPU computed, in the order in which it is compared.
    want: Vec<Vec<f32>>,
}

#[derive(Debug)]
pub struct TwinMachine {
    cpu: CpuMachine,
    gpu: Gpu,
    run: GpuRun,
    shelf: Rc<Shelf>,
    network: Network,
    tensors: Vec<Tensor>,
    epoch: Option<u32>,
    underway: VecDeque<Compared>,
    done: VecDeque<Done>,
    parted: bool,
    fault: Option<CardError>,
}

impl TwinMachine {
    /// # Errors
    /// A limit of the card that the network exceeds.
    pub fn new(network: &Network, numbers: &Numbers, shelf: &Rc<Shelf>) -> Result<Self, CardError> {
        let mut network = network.clone();
        let options = PlanOptions { batch: network.train.batch, mode: Mode::Train, watch: Watch::Everything };
        // Where memory does not reach for keeping everything, what is kept anyway is compared.
        if let Ok(plan) = Plan::compile(&network.graph, &options) {
            network.train = plan;
        }
        let mut gpu = Gpu::new(shelf.card(), &network.graph, network.spec.train.update())?;
        gpu.set_clock(network.clock);
        let run = GpuRun::with_targets(&gpu, network.train.clone(), &network.loss, network.given(), Storage::F32)?;
        let nodes = || (0..network.graph.nodes.len()).map(NodeId);
        let params = |count: usize| (0..count).map(ParamId);
        let mut tensors = vec![Tensor::Input];
        tensors.extend(nodes().map(Tensor::Output));
        tensors.extend(params(network.graph.state.len()).map(Tensor::State));
        tensors.extend(nodes().rev().map(Tensor::OutputGrad));
        tensors.extend(params(network.graph.params.len()).rev().map(Tensor::ParamGrad));
        tensors.extend(params(network.graph.params.len()).map(Tensor::Param));
        Ok(Self {
            cpu: CpuMachine::watched(&network, numbers.clone()).map_err(|e| CardError::Refused(e.to_string()))?,
            gpu,
            run,
            shelf: Rc::clone(shelf),
            tensors,
            network,
            epoch: None,
            underway: VecDeque::new(),
            done: VecDeque::new(),
            parted: false,
            fault: None,
        })
    }

    fn step(&mut self, step: u32, rate: f32, data: &Dataset) -> Result<(), CardError> {
        let feed = &self.network.feed;
        let sets = self.shelf.sets(data);
        let set = sets.train(data)?;
        sets.label(feed);
        let (epoch, first) = feed.place(step);
        if self.epoch != Some(epoch) {
            set.set_order(&feed.order(epoch));
            self.epoch = Some(epoch);
        }
        if self.run.is_bare() {
            self.run.gather_augmented(&self.gpu, set, true, &self.network.spec.train.augment)?;
        }
        let [params, state, optimizer_state] = self.cpu.numbers();
        self.gpu.write(params, state, optimizer_state);
        let now = StepInputs { rate: self.network.schedule.rate(rate, step), step, seed: feed.seed };
        self.gpu.step_and_peek(&self.run, Turn { now, first: first as u32, count: feed.batch as u32 }, &self.tensors)?;

        self.cpu.put(Work::Train { step, count: 1, rate }, data);
        let want = self.tensors.iter().map(|t| self.cpu.trained(*t).unwrap_or_default().to_vec()).collect();
        if let Some(Ok(done)) = self.cpu.take() {
            self.underway.push_back(Compared { step, done, want });
        }
        Ok(())
    }

    fn compare(&mut self, Compared { step, done, want }: Compared, content: &[u8]) {
        self.done.push_back(done);
        let (_, got) = self.gpu.tensors(&self.run, &self.tensors, content);
        if self.parted {
            return;
        }
        for ((tensor, got), want) in self.tensors.iter().zip(got).zip(want) {
            let most = match tensor {
                Tensor::Input | Tensor::Output(_) | Tensor::State(_) => FORWARD_MOST,
                // A weight that has moved differs no more than its gradient.
                Tensor::OutputGrad(_) | Tensor::ParamGrad(_) | Tensor::Param(_) => GRADIENT_MOST,
            };
            let (distance, position) = difference(&got, &want);
            if distance <= most {
                continue;
            }
            self.parted = true;
            let name = self.name(*tensor);
            let (cpu, gpu) = (want.get(position).copied().unwrap_or_default(), got.get(position).copied().unwrap_or_default());
            let message = format!(
                "CPU and card part at step {step}, in {name}: the card's numbers are off by {:.2e} of their size (at most {most:.0e} is rounding)",
                distance.min(f64::MAX)
            );
            self.done.push_back(Done::Parted(Parting { step, tensor: name, position: position as u32, cpu, gpu, message }));
            return;
        }
    }

    fn name(&self, tensor: Tensor) -> String {
        let graph = &self.network.graph;
        let node = |id: NodeId| &graph.node(id).name;
        match tensor {
            Tensor::Input => "the batch of images".to_owned(),
            Tensor::Output(id) => format!("the output of {}", node(id)),
            Tensor::OutputGrad(id) => format!("the gradient of the output of {}", node(id)),
            Tensor::Param(ParamId(i)) => format!("{} after the update", graph.params[i].name),
            Tensor::ParamGrad(ParamId(i)) => format!("the gradient of {}", graph.params[i].name),
            Tensor::State(ParamId(i)) => graph.state[i].name.clone(),
        }
    }
}

/// Length of the difference by the length of what is wanted, and where the two differ most.
fn difference(got: &[f32], want: &[f32]) -> (f64, usize) {
    if got.len() != want.len() {
        return (f64::INFINITY, 0);
    }
    let (mut off, mut size, mut most, mut position) = (0.0f64, 0.0f64, 0.0f64, 0);
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let (g, w) = (f64::from(*g), f64::from(*w));
        // Both lost the number: that is no difference between the two.
        let d = if g.is_nan() && w.is_nan() || g == w { 0.0 } else { (g - w).abs() };
        if !d.is_finite() {
            return (f64::INFINITY, i);
        }
        off += d * d;
        size += if w.is_finite() { w * w } else { 0.0 };
        if d > most {
            (most, position) = (d, i);
        }
    }
    // Where everything is nearly zero, so is what may differ.
    (off.sqrt() / size.sqrt().max(1e-6), position)
}

impl Machine for TwinMachine {
    fn cores(&self) -> usize {
        self.cpu.cores()
    }

    fn word(&mut self) -> Option<String> {
        None
    }

    fn backend(&self) -> Backend {
        Backend::Twin
    }

    fn half(&self) -> bool {
        false
    }

    fn memory_bytes(&self) -> usize {
        self.cpu.memory_bytes() + self.run.memory_bytes as usize
    }

    fn has_room(&self) -> bool {
        self.underway.is_empty() && self.done.is_empty()
    }

    fn steps_at_once(&self) -> u32 {
        1
    }

    fn digits_at_once(&self) -> usize {
        self.cpu.digits_at_once()
    }

    fn put(&mut self, work: Work, data: &Dataset) {
        match work {
            Work::Train { step, count, rate } => {
                for step in step..step + count {
                    if self.fault.is_none() {
                        self.fault = self.gpu.trouble().or_else(|| self.step(step, rate, data).err());
                    }
                }
            }
            other => {
                self.cpu.put(other, data);
                while let Some(Ok(done)) = self.cpu.take() {
                    self.done.push_back(done);
                }
            }
        }
    }

    fn take(&mut self) -> Option<Result<Done, MachineFault>> {
        if let Some(error) = self.fault.clone().or_else(|| self.gpu.trouble()) {
            return Some(Err(error.into()));
        }
        if self.done.is_empty() && !self.underway.is_empty() {
            match self.gpu.line.reader.take() {
                Ok(None) => {}
                Ok(Some(content)) => {
                    if let Some(compared) = self.underway.pop_front() {
                        self.compare(compared, &content);
                    }
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
        self.done.pop_front().map(Ok)
    }

    fn is_idle(&self) -> bool {
        self.underway.is_empty() && self.done.is_empty()
    }

    fn reset(&mut self, numbers: &Numbers) {
        self.gpu.line.reader.forget();
        self.underway.clear();
        self.done.clear();
        self.cpu.reset(numbers);
    }

    fn traffic(&mut self, _now_ms: f64) -> Option<Traffic> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn differences_are_relative_and_placed() {
        assert_eq!(difference(&[1.0, 2.0], &[1.0, 2.0]), (0.0, 0));
        let (d, at) = difference(&[3.0, 4.5], &[3.0, 4.0]);
        assert!((d - 0.1).abs() < 1e-12 && at == 1);
        assert_eq!(difference(&[1.0, f32::NAN], &[1.0, 2.0]), (f64::INFINITY, 1));
        assert_eq!(difference(&[f32::NAN], &[f32::NAN]).0, 0.0);
        assert_eq!(difference(&[1.0], &[]).0, f64::INFINITY);
    }
}
