//! The numbers of a network on the card, and the passes over them.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use wgpu::{Buffer, BufferUsages, ErrorFilter};

use super::{
    card::{self, Card, CardError},
    commands::Commands,
    launch::{Slot, Storage},
    line::{Line, PASSES, Traffic, Turn},
    pipeline::Prepared,
    reader,
    run::GpuRun,
    updating::Updating,
};
use crate::{Graph, StepInputs, Tensor, Update, UpdateSpec, loss::BatchResult, optim::Clock};

/// Bytes of one batch's result.
pub const RESULT_BYTES: usize = 16;

type Verdict = Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>;

/// The counterpart of [`crate::Cpu`]: parameters, running statistics, gradients and the optimizer's
/// state, and the order in which what was computed comes back.
pub struct Gpu {
    pub card: Rc<Card>,
    pub graph: Arc<Graph>,
    params: Buffer,
    grads: Buffer,
    state: Buffer,
    optimizer_state: Buffer,
    results: Buffer,
    updating: Updating,
    pub line: Line,
    /// Whether memory sufficed: the card says so some time after it was asked for it.
    verdicts: RefCell<Vec<Verdict>>,
}

impl std::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gpu").field("card", &self.card).field("traffic", &self.line.traffic.get()).finish_non_exhaustive()
    }
}

impl Gpu {
    /// Room for the numbers of `graph`; [`Gpu::write`] fills it.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn new(card: &Rc<Card>, graph: &Arc<Graph>, update: impl Into<UpdateSpec>) -> Result<Self, CardError> {
        let update = Update::new(update.into(), graph);
        let len = graph.params_len();
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let mut gpu = Self {
            params: card.buffer("the weights", len * 4, usage)?,
            grads: card.buffer("the gradients of the weights", len * 4, usage)?,
            state: card.buffer("the running statistics", graph.state_len() * 4, usage)?,
            optimizer_state: card.buffer("the optimizer's state", update.state_len() * 4, usage)?,
            results: card.buffer("the results", PASSES * RESULT_BYTES, usage)?,
            updating: Updating::new(card, graph, update)?,
            line: Line::new(card)?,
            card: Rc::clone(card),
            graph: Arc::clone(graph),
            verdicts: RefCell::default(),
        };
        let ready = gpu.updating.prepared(card, |slot| gpu.block(slot))?;
        gpu.updating.launches = ready;
        Ok(gpu)
    }

    /// How weights are updated.
    pub fn rule(&self) -> &Update {
        &self.updating.update
    }

    /// From where updates are counted.
    pub fn set_clock(&mut self, clock: Clock) {
        self.updating.update.clock = clock;
    }

    /// The buffers that all runs share.
    pub(super) fn block(&self, slot: Slot) -> &Buffer {
        match slot {
            Slot::Params => &self.params,
            Slot::Grads => &self.grads,
            Slot::State => &self.state,
            Slot::OptimizerState => &self.optimizer_state,
            Slot::Rates => &self.updating.rates,
            Slot::Scratch => &self.updating.scratch,
            _ => &self.results,
        }
    }

    /// Makes buffers such that a want of memory is noticed.
    pub(super) fn watching_memory<T>(&self, make: impl FnOnce() -> T) -> T {
        let scope = self.card.device.push_error_scope(ErrorFilter::OutOfMemory);
        let made = make();
        self.verdicts.borrow_mut().push(Box::pin(scope.pop()));
        made
    }

    /// What went wrong on the card, want of memory included.
    pub fn trouble(&self) -> Option<CardError> {
        let mut context = Context::from_waker(Waker::noop());
        let mut short = None;
        self.verdicts.borrow_mut().retain_mut(|verdict| match verdict.as_mut().poll(&mut context) {
            Poll::Pending => true,
            Poll::Ready(None) => false,
            Poll::Ready(Some(error)) => {
                short = Some(card::of(error));
                false
            }
        });
        short.or_else(|| self.card.trouble())
    }

    /// Puts numbers in place: weights, running statistics, the optimizer's state.
    pub fn write(&self, params: &[f32], state: &[f32], optimizer_state: &[f32]) {
        for (buffer, numbers) in [(&self.params, params), (&self.state, state), (&self.optimizer_state, optimizer_state)] {
            if !numbers.is_empty() {
                self.card.queue.write_buffer(buffer, 0, &reader::bytes(numbers));
            }
        }
    }

    /// Asks for all numbers: [`Gpu::numbers`] takes them apart.
    pub fn read(&self) -> Result<(), CardError> {
        let sizes = self.sizes();
        let mut commands = Commands::new(&self.line, 4 * sizes.iter().sum::<usize>())?;
        for (buffer, len) in [&self.params, &self.state, &self.optimizer_state].into_iter().zip(sizes) {
            commands.copy(buffer, 0, 4 * len);
        }
        commands.submit();
        Ok(())
    }

    /// What [`Gpu::read`] asked for, into buffers of the right length.
    pub fn numbers(&self, content: &[u8], into: [&mut Vec<f32>; 3]) {
        let mut rest = content;
        for (list, len) in into.into_iter().zip(self.sizes()) {
            let (own, others) = rest.split_at((4 * len).min(rest.len()));
            list.clear();
            list.extend(reader::floats(own));
            rest = others;
        }
    }

    fn sizes(&self) -> [usize; 3] {
        let len = self.graph.params_len();
        [len, self.graph.state_len(), self.rule().state_len()]
    }

    /// The parts of a training step that moves the weights, in order. The second pass of sharpness-aware
    /// minimisation is left out.
    pub(super) fn step_launches<'a>(&'a self, run: &'a GpuRun) -> [&'a [Prepared]; 5] {
        [&run.gather, &run.forward, &run.gradient, &run.backward, &self.updating.launches.apply]
    }

    /// What the batches of the next submission are; where each takes two passes, the second ones follow
    /// after all first ones.
    fn set_steps(&self, turns: &[Turn]) {
        let rule = |now: &StepInputs| self.rule().rule_numbers(now);
        if self.rule().treatment().has_sam() {
            self.line.set_turns(&[turns, turns].concat(), rule);
        } else {
            self.line.set_turns(turns, rule);
        }
    }

    /// Loss and gradients of batch `slot` of `count`.
    fn put_gradient(&self, commands: &mut Commands<'_>, run: &GpuRun, slot: usize, count: usize) {
        for part in [&run.gather, &run.forward, &run.gradient, &run.backward] {
            commands.launch(part, slot);
        }
        let Updating { launches, kept: Some([params, state]), .. } = &self.updating else { return };
        let [params_bytes, state_bytes] = [4 * self.graph.params_len(), 4 * self.graph.state_len()];
        commands.duplicate(&self.params, params, params_bytes);
        commands.duplicate(&self.state, state, state_bytes);
        commands.launch(&launches.climb, slot);
        // Its loss is not asked for: it has a place of its own among the results.
        for part in [&run.forward, &run.gradient, &run.backward, &launches.descend] {
            commands.launch(part, count + slot);
        }
        commands.duplicate(params, &self.params, params_bytes);
        commands.duplicate(state, &self.state, state_bytes);
    }

    fn put_update(&self, commands: &mut Commands<'_>, now: &StepInputs, slot: usize) {
        let launches = &self.updating.launches;
        commands.launch(if self.rule().moves_at(now.step) { &launches.apply } else { &launches.keep }, slot);
    }

    /// Training steps, one after another, in one submission; what comes back is read by [`results`].
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn train(&self, run: &GpuRun, turns: &[Turn]) -> Result<(), CardError> {
        self.set_steps(turns);
        let mut commands = Commands::new(&self.line, turns.len() * RESULT_BYTES)?;
        for (slot, turn) in turns.iter().enumerate() {
            self.put_gradient(&mut commands, run, slot, turns.len());
            self.put_update(&mut commands, &turn.now, slot);
        }
        commands.copy(&self.results, 0, turns.len() * RESULT_BYTES);
        commands.submit();
        Ok(())
    }

    /// As [`Gpu::train`] for one step on the batch that is in place, without the update; the
    /// gradients stay on the card.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn learn(&self, run: &GpuRun, turn: Turn) -> Result<(), CardError> {
        self.set_steps(&[turn]);
        let mut commands = Commands::new(&self.line, RESULT_BYTES)?;
        self.put_gradient(&mut commands, run, 0, 1);
        commands.copy(&self.results, 0, RESULT_BYTES);
        commands.submit();
        Ok(())
    }

    /// The optimizer's step alone. Nothing comes back.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn update(&self, now: &StepInputs) -> Result<(), CardError> {
        self.set_steps(&[Turn { now: *now, ..Turn::default() }]);
        let mut commands = Commands::new(&self.line, 0)?;
        self.put_update(&mut commands, now, 0);
        commands.submit();
        Ok(())
    }

    /// Scores batches: first come the scores of each (batch, classes), then the results of all.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn score(&self, run: &GpuRun, turns: &[Turn]) -> Result<(), CardError> {
        self.set_steps(turns);
        let scores = run.scores();
        let mut commands = Commands::new(&self.line, turns.len() * (RESULT_BYTES + 4 * scores.count))?;
        for slot in 0..turns.len() {
            for part in [&run.gather, &run.forward, &run.evaluate] {
                commands.launch(part, slot);
            }
            commands.copy_place(scores);
        }
        commands.copy(&self.results, 0, turns.len() * RESULT_BYTES);
        commands.submit();
        Ok(())
    }

    /// A forward pass over the batch that is in place; the scores come back, and then the numbers of
    /// `tensors`, as far as the plan keeps them.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn look(&self, run: &GpuRun, turn: Turn, tensors: &[Tensor]) -> Result<(), CardError> {
        self.set_steps(&[turn]);
        self.with_tensors(run, tensors, |commands| commands.launch(&run.forward, 0))
    }

    /// A whole training step, and then some tensors as it leaves them: [`Gpu::tensors`].
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn step_and_peek(&self, run: &GpuRun, turn: Turn, tensors: &[Tensor]) -> Result<(), CardError> {
        self.set_steps(&[turn]);
        self.with_tensors(run, tensors, |commands| {
            self.put_gradient(commands, run, 0, 1);
            self.put_update(commands, &turn.now, 0);
        })
    }

    /// The scores and some tensors as they are now.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn peek(&self, run: &GpuRun, tensors: &[Tensor]) -> Result<(), CardError> {
        self.with_tensors(run, tensors, |_| {})
    }

    fn with_tensors(&self, run: &GpuRun, tensors: &[Tensor], launch: impl FnOnce(&mut Commands<'_>)) -> Result<(), CardError> {
        let scores = run.scores();
        let places: Vec<_> = std::iter::once(scores).chain(tensors.iter().filter_map(|t| run.place(self, *t))).collect();
        let mut commands = Commands::new(&self.line, places.iter().map(|p| Commands::size_of(*p)).sum())?;
        launch(&mut commands);
        for place in places {
            commands.copy_place(place);
        }
        commands.submit();
        Ok(())
    }

    /// What [`Gpu::look`] and [`Gpu::peek`] asked for: the scores, and each tensor (empty where the
    /// plan does not keep it).
    pub fn tensors(&self, run: &GpuRun, tensors: &[Tensor], content: &[u8]) -> (Vec<f32>, Vec<Vec<f32>>) {
        let mut rest = content;
        let mut take = |place| {
            let (own, others) = rest.split_at(Commands::size_of(place).min(rest.len()));
            rest = others;
            match place.storage {
                Storage::F32 => reader::floats(own).take(place.count).collect::<Vec<_>>(),
                Storage::F16 => reader::halves(own).take(place.count).collect(),
            }
        };
        let scores = take(run.scores());
        (scores, tensors.iter().map(|t| run.place(self, *t).map(&mut take).unwrap_or_default()).collect())
    }

    /// What was asked of the card so far.
    pub fn traffic(&self) -> Traffic {
        self.line.traffic.get()
    }

    /// Dispatches of a training step that moves the weights, the second pass of sharpness-aware
    /// minimisation left out.
    pub fn dispatches_per_step(&self, run: &GpuRun) -> usize {
        run.launches() + self.updating.launches.apply.len()
    }
}

/// The batches' results in what came back from [`Gpu::train`], or at the end of what came back from
/// [`Gpu::score`].
pub fn results(content: &[u8]) -> impl Iterator<Item = BatchResult> {
    content.as_chunks::<RESULT_BYTES>().0.iter().map(|block| {
        let word = |i: usize| u32::from_le_bytes([block[4 * i], block[4 * i + 1], block[4 * i + 2], block[4 * i + 3]]);
        BatchResult { loss_sum: f64::from(f32::from_bits(word(0))), correct: word(1), count: word(2) }
    })
}
