//! Going back: looking at earlier moments, going on from them, and what a parameter was.

use engine::{Cpu, ParamId, Run, StepInputs, Tensor};
use protocol::{Event, Message, Travel};

use super::{Drive, Outbox, Surroundings, Training, Underway};
use crate::{
    Network,
    checkpoint::{self, FileError, Position},
    history::Columns,
    machine::{Numbers, Work},
    moments::{Moment, Moments},
};

/// Least time between two tellings of the kept moments.
const NEWS_GAP_MS: f64 = 250.0;
/// A film has so many numbers at most; of a large parameter it shows fewer moments.
const FILM_LIMIT: usize = 1 << 20;

/// The network as it was, for the sample alone.
#[derive(Debug)]
pub struct Viewer {
    pub step: u32,
    cpu: Cpu,
    run: Run,
}

impl Viewer {
    fn new(network: &Network, moment: &Moment) -> Self {
        let Numbers { params, state, optimizer_state } = moment.numbers.clone();
        let cpu = Cpu::with_numbers(&network.graph, network.spec.train.update(), params, state, optimizer_state);
        Self { step: moment.step, cpu, run: Run::new(network.sample.clone()) }
    }

    fn turn_to(&mut self, Moment { step, numbers, .. }: &Moment) {
        self.step = *step;
        self.cpu.params.clone_from(&numbers.params);
        self.cpu.state.clone_from(&numbers.state);
        self.cpu.optimizer_state.clone_from(&numbers.optimizer_state);
    }

    /// Scores of the image, and these tensors of its pass.
    fn look(&mut self, image: &[f32], tensors: &[Tensor]) -> (Vec<f32>, Vec<Vec<f32>>) {
        self.run.images.copy_from_slice(image);
        self.cpu.forward(&mut self.run, &StepInputs::default());
        let numbers = |tensor: &Tensor| self.cpu.read(&self.run, *tensor).unwrap_or_default().to_vec();
        (self.run.logits().to_vec(), tensors.iter().map(numbers).collect())
    }

    pub fn numbers(&self) -> Numbers {
        let Cpu { params, state, optimizer_state, .. } = &self.cpu;
        Numbers { params: params.clone(), state: state.clone(), optimizer_state: optimizer_state.clone() }
    }
}

impl Training {
    /// From now on keeps moments in so many bytes; 0 for none.
    pub fn keep_moments(&mut self, budget_bytes: usize) {
        let graph = &self.network.graph;
        let size = graph.params_len() + graph.state_len() + self.network.spec.train.update().state_len(graph.params_len());
        self.moments = Moments::within(budget_bytes, 4 * size);
    }

    /// # Errors
    /// Why it is not done.
    pub fn travel(&mut self, travel: Travel, file: &[u8], around: &mut Surroundings) -> Result<(), String> {
        let none = || "time: no moment of this run is kept".to_owned();
        match travel {
            Travel::To { step } => {
                self.pause_for(around);
                let moment = self.moments.nearest(step).ok_or_else(none)?;
                match &mut self.viewer {
                    Some(viewer) => viewer.turn_to(moment),
                    None => self.viewer = Some(Box::new(Viewer::new(&self.network, moment))),
                }
                let step = moment.step;
                self.sample.turn();
                around.outbox.push(Event::Looked { run: self.id, step: Some(step) }.into());
            }
            Travel::Now => {
                if !self.look_now(around.outbox) {
                    around.outbox.push(Event::Looked { run: self.id, step: None }.into());
                }
            }
            Travel::Resume { step } => {
                let moment = self.moments.nearest(step).ok_or_else(none)?.clone();
                self.resume_from(moment, around.outbox);
                around.outbox.push(Event::Resumed { run: self.id, progress: self.progress(0.0) }.into());
                self.tell_moments(around.now_ms, around.outbox);
            }
            Travel::Branch { step, to } => {
                let moment = self.moments.nearest(step).ok_or_else(none)?.clone();
                self.resume_from(moment, around.outbox);
                // The page tells the new run what to show and to watch.
                self.sample = crate::sample::Sample::new(&self.network);
                self.saves.clear();
                self.id = to;
                self.history.mark_sent();
                around.outbox.push(self.opened().into());
                around.outbox.push(Event::Kept { run: to, steps: self.moments.steps() }.into());
            }
            Travel::Film { param } => around.outbox.push(self.film(param)?),
            Travel::Save { step, ask } => {
                let moment =
                    self.moments.nearest(step).filter(|m| m.step == step).ok_or_else(|| format!("time: step {step} is not kept"))?;
                let file = self.file_of(moment).map_err(|e| format!("time: {e}"))?;
                around.outbox.push(Message { head: Event::Saved { run: self.id, ask }, bulk: Vec::new(), file });
            }
            Travel::Recall => {
                let moment = self.moment_of(file).map_err(|e| format!("time: {e}"))?;
                self.moments.keep(moment, self.step);
                self.tell_moments(around.now_ms, around.outbox);
            }
        }
        Ok(())
    }

    /// A run that plays is paused, for something that needs it to stand still.
    pub(super) fn pause_for(&mut self, around: &mut Surroundings) {
        if matches!(self.drive, Drive::Playing { .. }) {
            self.pause(around.now_ms, around.outbox);
        }
    }

    /// The sample is shown as it is now. True where it was not.
    pub(super) fn look_now(&mut self, outbox: &mut Outbox) -> bool {
        let looked = self.viewer.take().is_some();
        if looked {
            self.sample.turn();
            outbox.push(Event::Looked { run: self.id, step: None }.into());
        }
        looked
    }

    /// The frame of the moment that is looked at.
    pub(super) fn show_past(&mut self, around: &mut Surroundings) {
        let (look, work) = self.sample.look(around.now_ms);
        if let (Some(viewer), Work::Look { image, tensors }) = (&mut self.viewer, work) {
            let (scores, tensors) = viewer.look(&image, &tensors);
            let step = viewer.step;
            around.outbox.push(self.sample.frame(self.id, &self.network, &look, scores, &tensors, step));
        }
    }

    fn resume_from(&mut self, moment: Moment, outbox: &mut Outbox) {
        let Moment { step, rate, open, numbers } = moment;
        self.machine.reset(&numbers);
        self.safeguard = crate::safeguard::Safeguard::new(step, numbers);
        self.go_back(step);
        self.look_now(outbox);
        self.history.reopen(open);
        self.rate = rate;
        self.asked.clear();
        self.trace = None;
        self.drive = Drive::Paused;
        self.sample.turn();
    }

    /// Says which moments are kept, where that has changed. Gives the milliseconds until the next telling.
    pub(super) fn tell_moments(&mut self, now_ms: f64, outbox: &mut Outbox) -> f64 {
        if !self.moments.has_news() {
            return f64::INFINITY;
        }
        let wait_ms = self.moments_told_ms + NEWS_GAP_MS - now_ms;
        if wait_ms > 0.0 && matches!(self.drive, Drive::Playing { .. }) {
            return wait_ms;
        }
        self.moments_told_ms = now_ms;
        if let Some(steps) = self.moments.news() {
            outbox.push(Event::Kept { run: self.id, steps }.into());
        }
        f64::INFINITY
    }

    /// Asks for a copy of the numbers as they stand before the next step.
    pub(super) fn put_moment(&mut self, around: &Surroundings) {
        let step = self.step + self.ahead;
        let buffers = self.moments.ask(step);
        self.put(Underway::Moment { step, rate: self.rate }, Work::Read(buffers), around);
    }

    /// The copy has come: all steps before it have been answered.
    pub(super) fn kept(&mut self, step: u32, rate: f32, numbers: Numbers) {
        let moment = Moment { step, rate, open: self.history.open(), numbers };
        self.moments.keep(moment, step);
    }

    fn film(&self, param: ParamId) -> Result<Message<Event>, String> {
        let graph = &self.network.graph;
        let wanted = graph.params.get(param.0).ok_or_else(|| format!("time: this network has no parameter {}", param.0))?;
        let list = self.moments.list();
        let every = (list.len() * wanted.range.len()).div_ceil(FILM_LIMIT).max(1);
        // The newest one is always among them.
        let chosen = || list.iter().enumerate().filter(|(i, _)| (list.len() - 1 - i).is_multiple_of(every)).map(|(_, m)| m);
        let steps = chosen().map(|m| m.step).collect();
        let bulk = chosen().flat_map(|m| &m.numbers.params[wanted.range.clone()]).copied().collect();
        Ok(Message { head: Event::Filmed { run: self.id, param, steps }, bulk, file: Vec::new() })
    }

    /// A checkpoint without the curve, which the store has already.
    fn file_of(&self, moment: &Moment) -> Result<Vec<u8>, FileError> {
        let Moment { step, rate, open, numbers } = moment;
        let position = Position {
            step: *step,
            rate: *rate,
            goal: self.goal,
            train_digits: self.network.portion.train,
            history: Columns { open: (open.loss_sum, open.correct, open.count), ..Columns::default() },
            scores: Vec::new(),
        };
        checkpoint::write(&self.network, numbers, *step, Some(position))
    }

    fn moment_of(&self, bytes: &[u8]) -> Result<Moment, FileError> {
        let network = &self.network;
        let file = checkpoint::read(bytes)?;
        let other = |cause: &str| FileError::History { cause: cause.to_owned() };
        let (spec, position) = file.checkpoint().ok_or_else(|| other("it is no checkpoint"))?;
        if *spec != network.spec {
            return Err(other("it is of another run"));
        }
        position.check(network.feed.steps_per_epoch(), network.portion.train)?;
        if position.step > self.step {
            return Err(other("it lies ahead of the run"));
        }
        let mut numbers = network.first_numbers();
        file.fill_weights(network, &mut numbers)?;
        file.fill_optimizer(network, &mut numbers)?;
        let (loss_sum, correct, count) = position.history.open;
        let open = engine::loss::BatchResult { loss_sum, correct, count };
        Ok(Moment { step: position.step, rate: position.rate, open, numbers })
    }
}
