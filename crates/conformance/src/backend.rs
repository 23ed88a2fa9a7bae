//! What computes: the processor or the graphics card. A suite's text is the same for both.

use std::{rc::Rc, sync::Arc};

use engine::{
    Cpu, Graph, LossSpec, OptimizerSpec, Plan, PlanOptions, Run, StepInputs,
    backend::gpu::{
        Card, Gpu, GpuRun, Single, SingleResult, Turn,
        alone::{self, Judged},
        launch::Storage,
        results,
    },
    loss::BatchResult,
    optim::UpdateSpec,
};

use crate::file::CaseError;

#[derive(Clone, Debug)]
pub enum Backend {
    Cpu,
    Card(Rc<Card>),
}

impl Backend {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Card(_) => "gpu",
        }
    }

    /// The fast kernels of a layer.
    pub async fn single(&self, single: &Single<'_>) -> Result<SingleResult, CaseError> {
        Ok(match self {
            Self::Cpu => single.run_on_cpu(),
            Self::Card(card) => single.run(card).await?,
        })
    }

    /// The result of a batch, with and without the gradient with respect to its outputs.
    pub async fn loss(&self, loss: &LossSpec, judged: &Judged<'_>) -> Result<([BatchResult; 2], Vec<f32>), CaseError> {
        let Judged { outputs, output, targets, count } = *judged;
        Ok(match self {
            Self::Cpu => {
                let (mut d_outputs, mut work) = (vec![f32::NAN; outputs.len()], vec![f32::NAN; output.len()]);
                let result = loss.gradient(outputs, &targets, output, count, &mut d_outputs, &mut work);
                ([result, loss.evaluate(outputs, &targets, output)], d_outputs)
            }
            Self::Card(card) => {
                let (result, d_outputs) = alone::gradient(card, loss, judged).await?;
                ([result, alone::evaluate(card, loss, judged).await?], d_outputs)
            }
        })
    }

    /// One update of `params` and of the rule's own `state`.
    pub async fn update(
        &self,
        rule: &OptimizerSpec,
        params: &mut Vec<f32>,
        grads: &[f32],
        state: &mut Vec<f32>,
        now: &StepInputs,
    ) -> Result<(), CaseError> {
        match self {
            Self::Cpu => rule.update(params, grads, state, now),
            Self::Card(card) => alone::update(card, rule, params, grads, state, now).await?,
        }
        Ok(())
    }
}

/// A whole network, and plans over it.
#[derive(Debug)]
pub enum Network {
    Cpu { cpu: Box<Cpu>, runs: Vec<Run> },
    Card { gpu: Box<Gpu>, runs: Vec<GpuRun> },
}

/// One of a network's plans.
#[derive(Clone, Copy, Debug)]
pub struct PlanId(usize);

impl Network {
    /// With these parameters and running statistics, of the graph's lengths.
    pub fn new(on: &Backend, graph: &Arc<Graph>, update: UpdateSpec, params: Vec<f32>, state: Vec<f32>) -> Result<Self, CaseError> {
        let own = vec![0.0; update.state_len(params.len())];
        Ok(match on {
            Backend::Cpu => {
                let cpu = Cpu::with_numbers(graph, update, params, state, own);
                Self::Cpu { cpu: Box::new(cpu), runs: Vec::new() }
            }
            Backend::Card(card) => {
                let gpu = Box::new(Gpu::new(card, graph, update)?);
                gpu.write(&params, &state, &own);
                Self::Card { gpu, runs: Vec::new() }
            }
        })
    }

    fn graph(&self) -> &Arc<Graph> {
        match self {
            Self::Cpu { cpu, .. } => &cpu.graph,
            Self::Card { gpu, .. } => &gpu.graph,
        }
    }

    pub fn plan(&mut self, options: &PlanOptions) -> Result<PlanId, CaseError> {
        let plan = Plan::compile(self.graph(), options)?;
        match self {
            Self::Cpu { runs, .. } => {
                runs.push(Run::new(plan));
                Ok(PlanId(runs.len() - 1))
            }
            Self::Card { gpu, runs } => {
                runs.push(GpuRun::new(gpu, plan, &LossSpec::default(), Storage::F32)?);
                Ok(PlanId(runs.len() - 1))
            }
        }
    }

    /// A forward pass over a whole batch; the scores (batch, classes).
    pub async fn forward(&mut self, id: PlanId, images: &[f32], now: &StepInputs) -> Result<Vec<f32>, CaseError> {
        match self {
            Self::Cpu { cpu, runs } => {
                let run = &mut runs[id.0];
                load(run, images, &[]);
                cpu.forward(run, now);
                Ok(run.logits().to_vec())
            }
            Self::Card { gpu, runs } => {
                let run = &runs[id.0];
                run.set_batch(gpu, images, &[]);
                gpu.look(run, whole(run, now), &[])?;
                Ok(gpu.tensors(run, &[], &gpu.line.reader.next().await?).0)
            }
        }
    }

    /// A step of training; the mean loss before it.
    pub async fn step(&mut self, id: PlanId, images: &[f32], labels: &[u8], now: &StepInputs) -> Result<f64, CaseError> {
        match self {
            Self::Cpu { cpu, runs } => {
                let run = &mut runs[id.0];
                load(run, images, labels);
                let result = cpu.learn(run, &LossSpec::default(), labels.len(), now);
                cpu.update(now);
                Ok(result.mean_loss())
            }
            Self::Card { gpu, runs } => {
                let run = &runs[id.0];
                run.set_batch(gpu, images, labels);
                gpu.train(run, &[whole(run, now)])?;
                Ok(results(&gpu.line.reader.next().await?).next().unwrap_or_default().mean_loss())
            }
        }
    }

    /// Parameters and running statistics as they stand.
    pub async fn numbers(&self) -> Result<[Vec<f32>; 2], CaseError> {
        match self {
            Self::Cpu { cpu, .. } => Ok([cpu.params.clone(), cpu.state.clone()]),
            Self::Card { gpu, .. } => {
                gpu.read()?;
                let [mut params, mut state, mut optimizer_state] = [const { Vec::new() }; 3];
                gpu.numbers(&gpu.line.reader.next().await?, [&mut params, &mut state, &mut optimizer_state]);
                Ok([params, state])
            }
        }
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
