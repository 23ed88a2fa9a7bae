//! What goes to a shard and comes back.

use std::{ops::Range, rc::Rc};

use super::{Board, GradSum, Job, Node, Part, Worker, claims::Claim, tree::ROOM};
use crate::{Cpu, OptimizerSpec, StepInputs, loss::BatchResult};

/// What a task asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// Phase 0 of a step: parameters, pixels and labels are new.
    #[default]
    Begin,
    /// The next phase of the step under way: `whole` is new.
    GoOn { phase: u32 },
    /// Scores of some images in evaluation mode: parameters, statistics, pixels and labels are new.
    Score,
}

/// A piece of work on its way to a shard, and the answer on its way back. The same buffers go to and fro.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// Tells the answer to this from those to tasks that were given up.
    pub number: u32,
    pub what: What,
    pub leaves: Range<usize>,
    /// The place of its own run on the board, from which `leaves` then are to be claimed.
    pub place: Option<usize>,
    pub now: StepInputs,
    pub params: Vec<f32>,
    /// Running statistics.
    pub state: Vec<f32>,
    /// The images of `leaves`, or those to be scored; grey, 0 to 255.
    pub pixels: Vec<u8>,
    /// Of the whole batch, or of the images to be scored.
    pub labels: Vec<u8>,
    /// Statistics of the whole batch, for the batch norm at which the phase before stopped.
    pub whole: Vec<f64>,
    /// Answer of a phase that stops at a batch norm: its statistics over branches of the tree.
    pub parts: Vec<Node<Vec<f64>>>,
    /// Answer of the last phase: gradients over branches of the tree.
    pub sums: Vec<Node<GradSum>>,
    /// Answer to [`What::Score`].
    pub result: BatchResult,
    pub scores: Vec<f32>,
}

/// The leader's numbers that tasks take along: which, [`What`] says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loan<'a> {
    pub params: &'a [f32],
    pub state: &'a [f32],
    pub pixels: &'a [u8],
    pub labels: &'a [u8],
    pub whole: &'a [f64],
}

impl Task {
    /// An empty one in whose lists there is room for the branches of any share.
    pub fn with_room() -> Self {
        Self { parts: Vec::with_capacity(ROOM), sums: Vec::with_capacity(ROOM), ..Self::default() }
    }

    /// Copies what this task needs.
    pub fn take_along(&mut self, loan: &Loan<'_>) {
        fn copy<T: Copy>(to: &mut Vec<T>, from: &[T]) {
            to.clear();
            to.extend_from_slice(from);
        }
        copy(&mut self.params, loan.params);
        copy(&mut self.state, loan.state);
        copy(&mut self.pixels, loan.pixels);
        copy(&mut self.labels, loan.labels);
        copy(&mut self.whole, loan.whole);
    }
}

/// A shard that has died: why, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Lost(pub String);

/// The leader's end of a shard. It has one task at a time.
pub trait Shard {
    /// Whether it can take its first task by now.
    fn is_ready(&self) -> bool;

    /// Where it looks which leaves nobody has begun: all of a crew look at the same place.
    fn board(&self) -> Option<Rc<dyn Board>> {
        None
    }

    /// Sends the task off, and with it what it needs of `loan`.
    fn put(&mut self, task: Task, loan: &Loan<'_>);

    /// The task that was put, answered. A thread is waited for; else `None` while the answer has not come.
    fn take(&mut self) -> Option<Result<Task, Lost>>;
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn Shard + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shard")
    }
}

/// The shard's end: does tasks. Keeps nothing between steps.
#[derive(Clone, Debug)]
pub struct Hand {
    cpu: Cpu,
    worker: Worker,
    board: Option<Rc<dyn Board>>,
}

impl Hand {
    pub fn new(job: &Job, board: Option<Rc<dyn Board>>) -> Self {
        let graph = &job.graph;
        let (params, state) = (vec![0.0; graph.params_len()], vec![0.0; graph.state_len()]);
        let cpu = Cpu::with_numbers(graph, OptimizerSpec::Sgd(Default::default()), params, state, Vec::new());
        let mut worker = Worker::new(job);
        if board.is_some() && job.is_free() {
            worker.make_room();
        }
        Self { cpu, worker, board }
    }

    /// Leaves the answer in `task`.
    pub fn work(&mut self, task: &mut Task) {
        let Self { cpu, worker, board } = self;
        let phase = match task.what {
            What::Score => {
                std::mem::swap(&mut cpu.params, &mut task.params);
                std::mem::swap(&mut cpu.state, &mut task.state);
                task.result = worker.score(cpu, &task.pixels, &task.labels, &mut task.scores);
                return;
            }
            What::Begin => {
                std::mem::swap(&mut cpu.params, &mut task.params);
                0
            }
            What::GoOn { phase } => phase as usize,
        };
        let claim = board.as_deref().zip(task.place).map(|(board, own)| Claim { board, own, number: task.number });
        let part = Part { leaves: task.leaves.clone(), claim, now: task.now, pixels: &task.pixels, labels: &task.labels };
        worker.parts.take_back(&mut task.parts);
        worker.sums.take_back(&mut task.sums);
        worker.advance(cpu, &part, phase, &task.whole);
        worker.parts.hand_out(&mut task.parts);
        worker.sums.hand_out(&mut task.sums);
    }
}
