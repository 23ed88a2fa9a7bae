//! The leader and its shards.

use std::{ops::Range, rc::Rc};

use super::{
    Board, GradSum, Job, Loan, Lost, Part, SCORE_BATCH, Shard, Task, Tree, What, Worker,
    claims::{self, Claim},
};
use crate::{Cpu, Run, StepInputs, loss::BatchResult};

/// A shard, and its task while that is here.
#[derive(Debug)]
struct Member {
    shard: Box<dyn Shard>,
    task: Option<Task>,
    /// Its leaves in the step under way, or its piece of what is scored.
    leaves: Range<usize>,
}

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    /// The leader has done its part of a phase.
    Training {
        phase: usize,
        /// Sharpness-aware minimisation's second pass.
        again: bool,
    },
    Scoring,
}

/// What has been scored: loss and right answers of each piece of [`SCORE_BATCH`], and (image, output).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scored {
    pub pieces: Vec<BatchResult>,
    pub scores: Vec<f32>,
}

/// Works on steps together with its shards; computes a part itself, and all of it where there are none. Nothing is
/// allocated once a step has been made.
#[derive(Debug)]
pub struct Crew {
    own: Worker,
    members: Vec<Member>,
    /// Where all see which leaves nobody has begun. None where leaves are not to change hands.
    board: Option<Rc<dyn Board>>,
    /// The images of what is under way, grey, 0 to 255.
    pixels: Vec<u8>,
    labels: Vec<u8>,
    stage: Stage,
    now: StepInputs,
    /// The leader's own leaves.
    leaves: Range<usize>,
    /// Of the tasks that count.
    number: u32,
    parts: Tree<Vec<f64>>,
    whole: Vec<f64>,
    /// The moments of each batch norm, for the running statistics.
    moments: Vec<Vec<f64>>,
    sums: Tree<GradSum>,
    sum: GradSum,
    result: BatchResult,
    scored: Scored,
    /// Shards that have died and of which nobody has been told.
    lost: Vec<Lost>,
    /// Milliseconds, where somebody wants to know what takes time; else always 0.
    pub clock: fn() -> f64,
    pub spent: Spent,
}

/// Where the leader's time goes, in milliseconds since this was last set to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// Forward and backward over its own leaves.
    pub leaves_ms: f64,
    /// Asking for answers: with threads, waiting for them.
    pub answers_ms: f64,
}

impl Crew {
    pub fn new(job: &Job, shards: Vec<Box<dyn Shard>>) -> Self {
        let mut own = Worker::new(job);
        let norms = own.last_phase() / 2;
        let is_for_all = |board: &Rc<dyn Board>| board.len() > shards.len() && job.is_free();
        let board = shards.first().and_then(|shard| shard.board()).filter(is_for_all);
        let mut sums = Tree::default();
        if board.is_some() {
            own.make_room();
            sums.make_room(job.split.leaves().div_ceil(2) + 1, || GradSum::zeros(&job.graph));
        }
        let member = |shard| Member { shard, task: Some(Task::with_room()), leaves: 0..0 };
        Self {
            own,
            members: shards.into_iter().map(member).collect(),
            board,
            pixels: Vec::with_capacity(job.split.batch * job.graph.spec.input.len()),
            labels: Vec::with_capacity(job.split.batch),
            stage: Stage::Idle,
            now: StepInputs::default(),
            leaves: 0..0,
            number: 0,
            parts: Tree::default(),
            whole: Vec::new(),
            moments: vec![Vec::new(); norms],
            sums,
            sum: GradSum::zeros(&job.graph),
            result: BatchResult::default(),
            scored: Scored::default(),
            lost: Vec::new(),
            clock: || 0.0,
            spent: Spent::default(),
        }
    }

    pub fn job(&self) -> &Job {
        self.own.job()
    }

    /// Cores in use: the leader's and those of its shards that have something to do.
    pub fn cores(&self) -> usize {
        (1 + self.members.len()).min(self.job().split.leaves())
    }

    /// Workers that could take something on now.
    pub fn hands(&self) -> usize {
        1 + self.members.iter().filter(|m| m.task.is_some() && m.shard.is_ready()).count()
    }

    pub fn memory_bytes(&self) -> usize {
        self.own.memory_bytes() * self.cores()
    }

    /// The leader's buffers of a batch that is one leaf.
    pub fn run(&self) -> Option<&Run> {
        self.own.run()
    }

    pub fn is_idle(&self) -> bool {
        self.stage == Stage::Idle
    }

    /// Shards that have died since this was last asked.
    pub fn take_lost(&mut self) -> Vec<Lost> {
        std::mem::take(&mut self.lost)
    }

    /// Begins a step on a batch, images as grey from 0 to 255 and their classes; [`Crew::poll`] ends it.
    pub fn begin<'a>(&mut self, cpu: &mut Cpu, images: impl Iterator<Item = (&'a [u8], u8)>, now: StepInputs) {
        self.fill(images);
        self.now = now;
        self.launch(cpu, false);
    }

    fn fill<'a>(&mut self, images: impl Iterator<Item = (&'a [u8], u8)>) {
        self.pixels.clear();
        self.labels.clear();
        for (pixels, label) in images {
            self.pixels.extend_from_slice(pixels);
            self.labels.push(label);
        }
    }

    /// Gives up what is under way.
    pub fn give_up(&mut self) {
        self.stage = Stage::Idle;
        self.number = self.number.wrapping_add(1);
    }

    /// The answers that have come. True where all that count are there.
    fn gather(&mut self) -> bool {
        let begun = (self.clock)();
        let whole = self.gather_untimed();
        self.spent.answers_ms += (self.clock)() - begun;
        whole
    }

    fn gather_untimed(&mut self) -> bool {
        let (number, lost) = (self.number, &mut self.lost);
        let mut whole = true;
        self.members.retain_mut(|member| {
            if member.task.is_none() {
                match member.shard.take() {
                    Some(Ok(task)) => member.task = Some(task),
                    // A thread that still works at something given up is not waited for twice.
                    None => whole &= member.leaves.is_empty(),
                    Some(Err(why)) => {
                        lost.push(why);
                        whole &= member.leaves.is_empty();
                        return false;
                    }
                }
                if member.task.as_ref().is_some_and(|task| task.number != number) {
                    member.leaves = 0..0;
                }
            }
            true
        });
        whole
    }

    /// Phase 0 of a pass, with whoever is there.
    fn launch(&mut self, cpu: &mut Cpu, again: bool) {
        self.number = self.number.wrapping_add(1);
        self.gather();
        let split = self.job().split;
        let workers = self.hands().min(split.leaves());
        let (number, now, image) = (self.number, self.now, self.job().graph.spec.input.len());
        if let Some(board) = &self.board {
            claims::lay(board.as_ref(), number, (0..workers).map(|worker| split.share(worker, workers)));
        }
        let mut next = 1;
        for member in &mut self.members {
            member.leaves = 0..0;
            if next == workers || !member.shard.is_ready() {
                continue;
            }
            let Some(mut task) = member.task.take() else { continue };
            member.leaves = split.share(next, workers);
            (task.number, task.what, task.now) = (number, What::Begin, now);
            (task.leaves, task.place) = match &self.board {
                Some(_) => (0..split.leaves(), Some(next)),
                None => (member.leaves.clone(), None),
            };
            next += 1;
            let images = self.own.job().lent(&task.leaves);
            let pixels = &self.pixels[images.start * image..images.end * image];
            member.shard.put(task, &Loan { params: &cpu.params, pixels, labels: &self.labels, ..Loan::default() });
        }
        self.leaves = split.share(0, workers);
        self.stage = Stage::Training { phase: 0, again };
        self.advance(cpu, 0);
    }

    /// The leader's own part of a phase.
    fn advance(&mut self, cpu: &mut Cpu, phase: usize) {
        let claim = self.board.as_deref().map(|board| Claim { board, own: 0, number: self.number });
        let leaves = if claim.is_some() { 0..self.own.job().split.leaves() } else { self.leaves.clone() };
        let part = Part { leaves, claim, now: self.now, pixels: &self.pixels, labels: &self.labels };
        let begun = (self.clock)();
        self.own.advance(cpu, &part, phase, &self.whole);
        self.spent.leaves_ms += (self.clock)() - begun;
    }

    /// Goes on with the step, as far as answers have come. At its end its loss, and in `cpu.grads` the gradient that the
    /// update is to see.
    pub fn poll(&mut self, cpu: &mut Cpu) -> Option<BatchResult> {
        while let Stage::Training { phase, again } = self.stage {
            let members = self.members.len();
            let whole = self.gather();
            if self.members.len() < members {
                // Nothing has changed since the pass began: once more, without those that are gone.
                self.launch(cpu, again);
                continue;
            }
            if !whole {
                return None;
            }
            if phase < self.own.last_phase() {
                self.join_parts(phase);
                self.stage = Stage::Training { phase: phase + 1, again };
                for member in self.members.iter_mut().filter(|m| !m.leaves.is_empty()) {
                    if let Some(mut task) = member.task.take() {
                        task.what = What::GoOn { phase: phase as u32 + 1 };
                        member.shard.put(task, &Loan { whole: &self.whole, ..Loan::default() });
                    }
                }
                self.advance(cpu, phase + 1);
                continue;
            }
            self.join_sums(cpu);
            if again {
                cpu.descend();
            } else {
                self.result = self.sum.result;
                for ((state, norm), moments) in self.own.norms().zip(&self.moments) {
                    norm.track(&mut cpu.state[state], moments);
                }
                if cpu.update.treatment().has_sam() {
                    cpu.climb();
                    self.launch(cpu, true);
                    continue;
                }
            }
            self.stage = Stage::Idle;
            return Some(self.result);
        }
        None
    }

    fn join_parts(&mut self, phase: usize) {
        let join = self.own.join(phase);
        for node in self.own.parts.nodes_mut() {
            self.parts.add(node.level, node.index, &mut node.sum, join);
        }
        for task in self.members.iter_mut().filter(|m| !m.leaves.is_empty()).filter_map(|m| m.task.as_mut()) {
            for node in &mut task.parts {
                self.parts.add(node.level, node.index, &mut node.sum, join);
            }
        }
        self.parts.finish(&mut self.whole, join);
        if let Some(moments) = self.moments.get_mut(phase) {
            moments.clone_from(&self.whole);
        }
    }

    fn join_sums(&mut self, cpu: &mut Cpu) {
        for node in self.own.sums.nodes_mut() {
            self.sums.add(node.level, node.index, &mut node.sum, GradSum::join);
        }
        for task in self.members.iter_mut().filter(|m| !m.leaves.is_empty()).filter_map(|m| m.task.as_mut()) {
            for node in &mut task.sums {
                self.sums.add(node.level, node.index, &mut node.sum, GradSum::join);
            }
        }
        self.sums.finish(&mut self.sum, GradSum::join);
        std::mem::swap(&mut cpu.grads, &mut self.sum.grads);
    }

    /// Images that can be scored at once.
    pub fn score_limit(&self) -> usize {
        SCORE_BATCH * self.hands()
    }

    /// Begins to score up to [`Crew::score_limit`] images; [`Crew::poll_score`] ends it.
    pub fn begin_score<'a>(&mut self, cpu: &mut Cpu, images: impl Iterator<Item = (&'a [u8], u8)>) {
        self.fill(images);
        self.launch_score(cpu);
    }

    fn launch_score(&mut self, cpu: &mut Cpu) {
        self.number = self.number.wrapping_add(1);
        self.gather();
        let (number, image, count) = (self.number, self.job().graph.spec.input.len(), self.labels.len());
        let pieces = count.div_ceil(SCORE_BATCH);
        let outputs = self.job().graph.output().len();
        self.scored.pieces.resize(pieces, BatchResult::default());
        self.scored.scores.resize(count * outputs, 0.0);
        // The last pieces go to shards, the first ones stay.
        let mut next = pieces;
        for member in &mut self.members {
            member.leaves = 0..0;
            if next <= 1 || !member.shard.is_ready() {
                continue;
            }
            let Some(mut task) = member.task.take() else { continue };
            next -= 1;
            member.leaves = next..next + 1;
            let images = next * SCORE_BATCH..((next + 1) * SCORE_BATCH).min(count);
            (task.number, task.what, task.leaves) = (number, What::Score, member.leaves.clone());
            let (pixels, labels) = (&self.pixels[images.start * image..images.end * image], &self.labels[images]);
            member.shard.put(task, &Loan { params: &cpu.params, state: &cpu.state, pixels, labels, whole: &[] });
        }
        self.leaves = 0..next;
        self.stage = Stage::Scoring;
        let mut scores = Vec::new();
        for piece in 0..next {
            let images = piece * SCORE_BATCH..((piece + 1) * SCORE_BATCH).min(count);
            let pixels = &self.pixels[images.start * image..images.end * image];
            self.scored.pieces[piece] = self.own.score(cpu, pixels, &self.labels[images.clone()], &mut scores);
            self.scored.scores[images.start * outputs..images.end * outputs].copy_from_slice(&scores);
        }
    }

    /// What was scored, once all of it is.
    pub fn poll_score(&mut self, cpu: &mut Cpu) -> Option<Scored> {
        while self.stage == Stage::Scoring {
            let members = self.members.len();
            let whole = self.gather();
            if self.members.len() < members {
                self.launch_score(cpu);
                continue;
            }
            if !whole {
                return None;
            }
            let outputs = self.job().graph.output().len();
            for member in self.members.iter_mut().filter(|m| !m.leaves.is_empty()) {
                let Some(task) = &member.task else { continue };
                let first = member.leaves.start;
                self.scored.pieces[first] = task.result;
                self.scored.scores[first * SCORE_BATCH * outputs..][..task.scores.len()].copy_from_slice(&task.scores);
            }
            self.stage = Stage::Idle;
            return Some(std::mem::take(&mut self.scored));
        }
        None
    }
}
