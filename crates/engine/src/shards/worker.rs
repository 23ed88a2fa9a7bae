//! Forward and backward over some leaves of a batch.

use std::ops::Range;

use super::{
    GradSum, Job, Tree,
    claims::{self, Claim},
};
use crate::{
    Augmenter, Cpu, LayerSpec, Plan, Run, StepInputs,
    loss::BatchResult,
    ops::{BatchNorm2d, Placement},
};

/// Some leaves of a batch.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    pub leaves: Range<usize>,
    /// Says which of them, one at a time; without it, all of them.
    pub claim: Option<Claim<'a>>,
    pub now: StepInputs,
    /// Of the images of [`Job::lent`].
    pub pixels: &'a [u8],
    /// Of the whole batch.
    pub labels: &'a [u8],
}

/// Buffers for a leaf.
#[derive(Clone, Debug)]
struct Lane {
    run: Run,
    sum: GradSum,
}

impl Lane {
    fn new(plan: &Plan, job: &Job) -> Self {
        let mut run = Run::new(plan.clone());
        run.whole_labels.reserve(job.split.batch);
        run.targets.reserve(if job.augment.mixes() { plan.batch * job.graph.output().len() } else { 0 });
        Self { run, sum: GradSum::zeros(&plan.graph) }
    }
}

/// Runs leaves. Where they must wait for each other at batch norms, a step falls into phases, each up to the next of
/// them, forward and then backward, and each leaf has buffers of its own; else there is one phase, and the leaves
/// go through the same buffers one after the other.
#[derive(Clone, Debug)]
pub struct Worker {
    job: Job,
    augmenter: Augmenter,
    /// The image that another is mixed with.
    other: Vec<f32>,
    /// The layer of each step of a plan that is a batch norm, where leaves wait for each other.
    stops: Vec<(usize, BatchNorm2d)>,
    /// Numbers of the longest part.
    widest: usize,
    lanes: Vec<Option<Lane>>,
    score: Option<Run>,
    /// Of the last phase that stopped.
    pub parts: Tree<Vec<f64>>,
    part: Vec<f64>,
    /// Of the last phase.
    pub sums: Tree<GradSum>,
}

impl Worker {
    pub fn new(job: &Job) -> Self {
        let norm = |(i, node): (usize, usize)| match &job.graph.nodes[node].layer {
            LayerSpec::BatchNorm2d(norm) if job.is_joint() => Some((i, norm.clone())),
            _ => None,
        };
        let stops: Vec<_> = job.leaf.steps.iter().map(|s| s.at.node.0).enumerate().filter_map(norm).collect();
        let widest = stops.iter().map(|(i, _)| BatchNorm2d::part_len(job.leaf.steps[*i].at.input.ch)).max().unwrap_or(0);
        Self {
            widest,
            lanes: vec![None; if stops.is_empty() { 2 } else { job.split.leaves() }],
            stops,
            augmenter: Augmenter::new(&job.augment, job.split.batch, job.graph.spec.input, job.graph.output().len()),
            other: vec![0.0; if job.augment.mixes() { job.graph.spec.input.len() } else { 0 }],
            job: job.clone(),
            score: None,
            parts: Tree::default(),
            part: Vec::new(),
            sums: Tree::default(),
        }
    }

    /// Makes at once all that any leaves of the batch could need.
    pub fn make_room(&mut self) {
        let plans = [Some(&self.job.leaf), self.job.last.as_ref()];
        for (lane, plan) in self.lanes.iter_mut().zip(plans) {
            *lane = plan.map(|plan| Lane::new(plan, &self.job));
        }
        let branches = claims::most_branches(self.job.split.leaves()) + 1;
        self.sums.make_room(branches, || GradSum::zeros(&self.job.graph));
    }

    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The last phase of a step.
    pub fn last_phase(&self) -> usize {
        2 * self.stops.len()
    }

    /// How parts of the phase are joined.
    pub fn join(&self, phase: usize) -> Join {
        join_of(phase, self.stops.len())
    }

    /// The batch norms at which the forward pass stops, by phase: place of the state, and the layer.
    pub fn norms(&self) -> impl Iterator<Item = (Range<usize>, &BatchNorm2d)> {
        self.stops.iter().map(|(i, norm)| (self.job.leaf.steps[*i].state.clone(), norm))
    }

    /// Memory of the plans that it runs.
    pub fn memory_bytes(&self) -> usize {
        self.job.leaf.regions.size_bytes() * if self.stops.is_empty() { 1 } else { self.lanes.len() }
    }

    /// The buffers of a batch that is one leaf.
    pub fn run(&self) -> Option<&Run> {
        self.lanes.first()?.as_ref().map(|lane| &lane.run)
    }

    /// Runs a phase of the leaves of `part`: `whole` holds the statistics for the batch norm at which the phase before
    /// stopped. What comes out lies in `parts`, or after the last phase in `sums`.
    pub fn advance(&mut self, cpu: &mut Cpu, part: &Part<'_>, phase: usize, whole: &[f64]) {
        let before = self.job.lent(&part.leaves).start;
        self.parts.clear();
        self.sums.clear();
        let mut all = part.leaves.clone();
        let most = claims::most_branches(self.job.split.leaves());
        let claimed = |claim: Claim<'_>, branches| claim.next(branches < most);
        while let Some(leaf) = part.claim.map_or_else(|| all.next(), |claim| claimed(claim, self.sums.nodes_mut().len())) {
            let images = self.job.split.images(leaf);
            let is_last = images.len() < self.job.split.size;
            let number = if self.stops.is_empty() { usize::from(is_last) } else { leaf };
            let plan = self.job.last.as_ref().filter(|_| is_last).unwrap_or(&self.job.leaf);
            let lane = self.lanes[number].get_or_insert_with(|| Lane::new(plan, &self.job));
            if phase == 0 {
                let mut brush = Brush { augmenter: &mut self.augmenter, other: &mut self.other };
                brush.fill(&mut lane.run, &self.job, part, images, before);
            }
            // The lane's gradients lie in its own place meanwhile.
            std::mem::swap(&mut cpu.grads, &mut lane.sum.grads);
            let mut walk = Walk { cpu, lane, job: &self.job, stops: &self.stops, widest: self.widest, now: &part.now };
            let stopped = walk.phase(phase, whole, &mut self.part);
            std::mem::swap(&mut cpu.grads, &mut lane.sum.grads);
            if stopped {
                self.parts.add(0, leaf as u32, &mut self.part, join_of(phase, self.stops.len()));
            } else {
                self.sums.add(0, leaf as u32, &mut lane.sum, GradSum::join);
            }
        }
    }

    /// Scores of up to [`super::SCORE_BATCH`] images in evaluation mode.
    pub fn score(&mut self, cpu: &mut Cpu, pixels: &[u8], labels: &[u8], scores: &mut Vec<f32>) -> BatchResult {
        scores.clear();
        let run = self.score.get_or_insert_with(|| Run::new(self.job.score.clone()));
        run.images.iter_mut().zip(pixels).for_each(|(x, grey)| *x = f32::from(*grey) / 255.0);
        run.labels.clear();
        run.labels.extend_from_slice(labels);
        cpu.forward(run, &StepInputs::default());
        scores.extend_from_slice(&run.logits()[..labels.len() * cpu.graph.output().len()]);
        cpu.evaluate(run, &self.job.loss)
    }
}

type Join = fn(&mut Vec<f64>, &Vec<f64>);

fn join_of(phase: usize, stops: usize) -> Join {
    if phase < stops { |left, right| BatchNorm2d::join_moments(left, right) } else { |left, right| BatchNorm2d::join_slopes(left, right) }
}

/// What makes images.
struct Brush<'a> {
    augmenter: &'a mut Augmenter,
    other: &'a mut [f32],
}

impl Brush<'_> {
    /// Puts the images of a leaf into its buffers; `before` is the number of the first that `part` holds.
    fn fill(&mut self, run: &mut Run, job: &Job, part: &Part<'_>, images: Range<usize>, before: usize) {
        let (len, now, count) = (job.graph.spec.input.len(), &part.now, part.labels.len());
        let grey = |place: usize| &part.pixels[(place - before) * len..][..len];
        run.first = images.start;
        run.labels.clear();
        run.targets.clear();
        run.whole_labels.clear();
        let mixes = job.augment.mixes();
        for (place, room) in images.clone().zip(run.images.chunks_exact_mut(len)) {
            self.augmenter.image(now, place, grey(place), room);
            if mixes {
                let other = self.augmenter.other(now, place, count);
                let draw = self.augmenter.draw(now, place);
                self.augmenter.image(now, other, grey(other), self.other);
                self.augmenter.mix(&draw, room, self.other);
                self.augmenter.share(&draw, part.labels[place], part.labels[other], &mut run.targets);
            }
        }
        if mixes {
            return;
        }
        run.labels.extend_from_slice(&part.labels[images]);
        if job.split.leaves() > 1 {
            run.whole_labels.extend_from_slice(part.labels);
        }
    }
}

/// Buffers go from one batch norm to the next: each gets room for the widest at once.
fn size(part: &mut Vec<f64>, widest: usize, at: &Placement) {
    part.clear();
    part.reserve(widest);
    part.resize(BatchNorm2d::part_len(at.input.ch), 0.0);
}

/// A leaf on its way.
struct Walk<'a> {
    cpu: &'a mut Cpu,
    lane: &'a mut Lane,
    job: &'a Job,
    stops: &'a [(usize, BatchNorm2d)],
    widest: usize,
    now: &'a StepInputs,
}

impl Walk<'_> {
    /// One phase. True where it stopped at a batch norm, whose statistics over this leaf then lie in `part`; false at the end.
    fn phase(&mut self, phase: usize, whole: &[f64], part: &mut Vec<f64>) -> bool {
        let (stops, count) = (self.stops, self.stops.len());
        if phase <= count {
            let first = match phase.checked_sub(1).map(|before| &stops[before]) {
                Some((at, norm)) => {
                    self.cpu.forward_by(&mut self.lane.run, *at, self.now, |_, at, io| norm.forward_of(at, io, whole));
                    at + 1
                }
                None => 0,
            };
            let stop = stops.get(phase).map(|stop| stop.0);
            for index in first..stop.unwrap_or(self.lane.run.plan.steps.len()) {
                self.cpu.forward_step(&mut self.lane.run, index, self.now);
            }
            if let Some(stop) = stop {
                self.cpu.forward_by(&mut self.lane.run, stop, self.now, |_, at, io| {
                    size(part, self.widest, at);
                    BatchNorm2d::moments(at, io.inputs[0], part);
                });
                return true;
            }
            self.lane.sum.result = self.cpu.loss_gradient(&mut self.lane.run, &self.job.loss, self.job.split.batch);
            return self.back(self.lane.run.plan.steps.len(), count, part);
        }
        // Backward from this one on.
        let here = 2 * count - phase;
        let at = stops[here].0;
        self.cpu.backward_by(&mut self.lane.run, at, self.now, |_, at, io| BatchNorm2d::backward_of(at, io, whole));
        self.cpu.add_gradients(&mut self.lane.run, at);
        self.back(at, here, part)
    }

    /// Backward through the steps before `end`, down to the last of the first `stops` batch norms.
    fn back(&mut self, end: usize, stops: usize, part: &mut Vec<f64>) -> bool {
        let stop = stops.checked_sub(1).map(|last| self.stops[last].0);
        for index in (stop.map_or(0, |stop| stop + 1)..end).rev() {
            self.cpu.backward_step(&mut self.lane.run, index, self.now);
        }
        let Some(stop) = stop else { return false };
        self.cpu.backward_by(&mut self.lane.run, stop, self.now, |_, at, io| {
            size(part, self.widest, at);
            BatchNorm2d::slopes(at, io, part);
        });
        true
    }
}
