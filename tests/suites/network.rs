//! A whole network on either way: its numbers, and plans over them.

use std::sync::Arc;

use engine::{
    Cpu, Graph, LossSpec, Plan, PlanOptions, Run, StepInputs, Tensor, UpdateSpec,
    backend::gpu::{Gpu, GpuRun, Turn, launch::Storage, results},
    loss::BatchResult,
};

use crate::way::Way;

pub struct Network {
    pub graph: Arc<Graph>,
    /// What plans made from now on are judged by.
    pub loss: LossSpec,
    place: Place,
}

enum Place {
    Cpu { cpu: Box<Cpu>, runs: Vec<Run> },
    Card { gpu: Box<Gpu>, runs: Vec<GpuRun> },
}

/// One of a network's plans.
#[derive(Clone, Copy)]
pub struct PlanId(usize);

/// All that training changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    pub params: Vec<f32>,
    pub state: Vec<f32>,
    pub optimizer_state: Vec<f32>,
}

impl Network {
    /// With the numbers that `seed` draws, on both ways the same.
    pub fn new(way: &Way, graph: &Arc<Graph>, update: impl Into<UpdateSpec>, seed: u32) -> Self {
        let update = update.into();
        let cpu = Box::new(Cpu::new(graph, update.clone(), seed));
        let place = match way {
            Way::Cpu => Place::Cpu { cpu, runs: Vec::new() },
            Way::Card(card) => {
                let gpu = Box::new(Gpu::new(card, graph, update).unwrap());
                gpu.write(&cpu.params, &cpu.state, &cpu.optimizer_state);
                Place::Card { gpu, runs: Vec::new() }
            }
        };
        Self { graph: Arc::clone(graph), loss: LossSpec::default(), place }
    }

    pub fn plan(&mut self, options: &PlanOptions) -> PlanId {
        let plan = Plan::compile(&self.graph, options).unwrap();
        match &mut self.place {
            Place::Cpu { runs, .. } => {
                runs.push(Run::new(plan));
                PlanId(runs.len() - 1)
            }
            Place::Card { gpu, runs } => {
                runs.push(GpuRun::new(gpu, plan, &self.loss, Storage::F32).unwrap());
                PlanId(runs.len() - 1)
            }
        }
    }

    /// Puts other parameters and running statistics in place.
    pub fn set(&mut self, params: &[f32], state: &[f32]) {
        match &mut self.place {
            Place::Cpu { cpu, .. } => {
                cpu.params.copy_from_slice(params);
                cpu.state.copy_from_slice(state);
            }
            Place::Card { gpu, .. } => gpu.write(params, state, &[]),
        }
    }

    /// A forward pass; the scores (batch, classes).
    pub async fn forward(&mut self, id: PlanId, images: &[f32], now: &StepInputs) -> Vec<f32> {
        match &mut self.place {
            Place::Cpu { cpu, runs } => {
                let run = &mut runs[id.0];
                load(run, images, &[]);
                cpu.forward(run, now);
                run.logits().to_vec()
            }
            Place::Card { gpu, runs } => {
                let run = &runs[id.0];
                run.set_batch(gpu, images, &[]);
                gpu.look(run, whole(run, now), &[]).unwrap();
                gpu.tensors(run, &[], &gpu.line.reader.next().await.unwrap()).0
            }
        }
    }

    /// A forward pass in evaluation; the result.
    pub async fn evaluate(&mut self, id: PlanId, images: &[f32], labels: &[u8], now: &StepInputs) -> BatchResult {
        match &mut self.place {
            Place::Cpu { cpu, runs } => {
                let run = &mut runs[id.0];
                load(run, images, labels);
                cpu.forward(run, now);
                cpu.evaluate(run, &self.loss)
            }
            Place::Card { gpu, runs } => {
                let run = &runs[id.0];
                run.set_batch(gpu, images, labels);
                gpu.score(run, &[whole(run, now)]).unwrap();
                let content = gpu.line.reader.next().await.unwrap();
                let scores = 4 * run.plan.batch * run.plan.graph.output().len();
                results(&content[scores..]).next().unwrap()
            }
        }
    }

    /// Forward and backward; the gradients stay where they are.
    pub async fn learn(&mut self, id: PlanId, images: &[f32], labels: &[u8], now: &StepInputs) -> BatchResult {
        match &mut self.place {
            Place::Cpu { cpu, runs } => {
                let run = &mut runs[id.0];
                load(run, images, labels);
                cpu.grads.fill(f32::NAN);
                cpu.learn(run, &self.loss, labels.len(), now)
            }
            Place::Card { gpu, runs } => {
                let run = &runs[id.0];
                run.set_batch(gpu, images, labels);
                gpu.learn(run, whole(run, now)).unwrap();
                results(&gpu.line.reader.next().await.unwrap()).next().unwrap()
            }
        }
    }

    /// A step of training.
    pub async fn step(&mut self, id: PlanId, images: &[f32], labels: &[u8], now: &StepInputs) -> BatchResult {
        if let Place::Card { gpu, runs } = &self.place {
            let run = &runs[id.0];
            run.set_batch(gpu, images, labels);
            gpu.train(run, &[whole(run, now)]).unwrap();
            return results(&gpu.line.reader.next().await.unwrap()).next().unwrap();
        }
        let result = self.learn(id, images, labels, now).await;
        if let Place::Cpu { cpu, .. } = &mut self.place {
            cpu.update(now);
        }
        result
    }

    /// What these tensors hold now; `None` where the plan keeps no such tensor.
    pub async fn read(&self, id: PlanId, tensors: &[Tensor]) -> Vec<Option<Vec<f32>>> {
        match &self.place {
            Place::Cpu { cpu, runs } => tensors.iter().map(|t| cpu.read(&runs[id.0], *t).map(<[f32]>::to_vec)).collect(),
            Place::Card { gpu, runs } => {
                let run = &runs[id.0];
                gpu.peek(run, tensors).unwrap();
                let (_, found) = gpu.tensors(run, tensors, &gpu.line.reader.next().await.unwrap());
                found.into_iter().map(|t| Some(t).filter(|t| !t.is_empty())).collect()
            }
        }
    }

    pub async fn numbers(&self) -> Numbers {
        match &self.place {
            Place::Cpu { cpu, .. } => {
                Numbers { params: cpu.params.clone(), state: cpu.state.clone(), optimizer_state: cpu.optimizer_state.clone() }
            }
            Place::Card { gpu, .. } => {
                gpu.read().unwrap();
                let [mut params, mut state, mut optimizer_state] = [const { Vec::new() }; 3];
                gpu.numbers(&gpu.line.reader.next().await.unwrap(), [&mut params, &mut state, &mut optimizer_state]);
                Numbers { params, state, optimizer_state }
            }
        }
    }

    /// The gradients of all parameters, in their order.
    pub async fn grads(&self, id: PlanId) -> Vec<f32> {
        let tensors: Vec<Tensor> = (0..self.graph.params.len()).map(|i| Tensor::ParamGrad(engine::ParamId(i))).collect();
        self.read(id, &tensors).await.into_iter().flatten().flatten().collect()
    }
}

fn load(run: &mut Run, images: &[f32], labels: &[u8]) {
    run.images.copy_from_slice(images);
    run.labels.clear();
    run.labels.extend_from_slice(labels);
}

/// The whole batch that is in place.
fn whole(run: &GpuRun, now: &StepInputs) -> Turn {
    Turn { now: *now, first: 0, count: run.plan.batch as u32 }
}
