//! A search for a rate or a batch size: many short tries on a copy of the network.

use data::Dataset;
use engine::ScheduleSpec;
use protocol::{BatchRow, BatchSuggestion, Finding, Quest, RatePoint};

use crate::{
    Network,
    machine::{self, Done, Hire, Machine, MakeMachine, Numbers, Work},
    suggestion,
};

/// The range test goes from the first rate to the last in so many steps.
pub const RATES: [f64; 2] = [1e-6, 10.0];
pub const RATE_STEPS: u32 = 141;
/// What the running mean of the loss keeps of itself.
const SMOOTH: f64 = 0.9;
/// A running mean above so many times its least has left the ground.
const ASTRAY: f64 = 4.0;
/// Steps before that is asked.
const LEAST_STEPS: usize = 10;

/// The largest batch that is tried.
pub const LARGEST: usize = 1024;
/// More memory than this is not tried: the page has 4 GiB for everything.
const MEMORY_BYTES: usize = 1 << 30;
/// Each size is timed for so long, and for two steps at least.
const TIMING_MS: f64 = 120.0;

/// What a turn came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Turn {
    Worked,
    /// For the machine.
    Waits,
    /// What is left to say.
    Over(String),
}

#[derive(Debug)]
pub struct Trial {
    pub finding: Finding,
    network: Network,
    numbers: Numbers,
    machine: Option<Box<dyn Machine>>,
    /// The step of the run at which it began.
    step: u32,
    /// Tries put to the machine, and those answered.
    put: u32,
    answered: u32,
    mean: f64,
    /// Size under way.
    batch: usize,
    /// When its timing began, and with how many answers.
    timed: Option<(f64, u32)>,
}

impl Trial {
    pub fn new(quest: Quest, network: &Network, numbers: Numbers, step: u32) -> Self {
        let mut network = network.clone();
        // The rate of a step is the one that is put.
        network.schedule = ScheduleSpec::default();
        let finding = match quest {
            Quest::Rate => Finding::Rate { points: Vec::new(), suggestion: None },
            Quest::Batch => Finding::Batch { rows: Vec::new(), suggestion: None },
        };
        Self { finding, network, numbers, machine: None, step, put: 0, answered: 0, mean: 0.0, batch: 1, timed: None }
    }

    pub fn turn(&mut self, now_ms: f64, data: &Dataset, maker: Option<&dyn MakeMachine>, hire: &dyn Hire) -> Turn {
        let done = match self.finding {
            Finding::Rate { .. } => self.try_rates(data, maker, hire),
            Finding::Batch { .. } => self.try_batches(now_ms, data, maker, hire),
        };
        done.unwrap_or_else(Turn::Over)
    }

    /// # Errors
    /// Why the search is over.
    fn try_rates(&mut self, data: &Dataset, maker: Option<&dyn MakeMachine>, hire: &dyn Hire) -> Result<Turn, String> {
        let (network, numbers) = (&self.network, &self.numbers);
        let machine = self.machine.get_or_insert_with(|| machine::made(network, numbers, maker, hire).0);
        let rate_of = |i: u32| {
            let share = f64::from(i) / f64::from(RATE_STEPS - 1);
            (RATES[0] * libm::pow(RATES[1] / RATES[0], share)) as f32
        };
        let mut heard = false;
        let Finding::Rate { points, suggestion } = &mut self.finding else { return Ok(Turn::Worked) };
        while let Some(answer) = machine.take() {
            let Done::Trained(result) = answer.map_err(|fault| fault.to_string())? else { continue };
            heard = true;
            let rate = rate_of(self.answered);
            self.answered += 1;
            let loss = result.mean_loss();
            let least = points.iter().map(|p: &RatePoint| p.smooth).fold(f64::INFINITY, f64::min);
            self.mean = SMOOTH * self.mean + (1.0 - SMOOTH) * loss;
            // As if the mean had not begun with 0.
            let smooth = self.mean / (1.0 - libm::pow(SMOOTH, f64::from(self.answered)));
            let astray = points.len() >= LEAST_STEPS && smooth > ASTRAY * least;
            if loss.is_finite() && smooth.is_finite() {
                points.push(RatePoint { rate, loss, smooth });
            }
            if !loss.is_finite() || !smooth.is_finite() || astray || self.answered == RATE_STEPS {
                let found = suggestion::rate(points);
                let said = found.why.clone();
                *suggestion = Some(found);
                return Err(said);
            }
        }
        let next = self.step + self.put;
        if self.put < RATE_STEPS && machine.has_room() {
            if !self.network.feed.is_ready(next, data) {
                return Ok(Turn::Waits);
            }
            machine.put(Work::Train { step: next, count: 1, rate: rate_of(self.put) }, data);
            self.put += 1;
            return Ok(Turn::Worked);
        }
        Ok(if heard { Turn::Worked } else { Turn::Waits })
    }

    /// # Errors
    /// Why the search is over.
    fn try_batches(&mut self, now_ms: f64, data: &Dataset, maker: Option<&dyn MakeMachine>, hire: &dyn Hire) -> Result<Turn, String> {
        let (mut heard, batch) = (false, self.batch);
        let machine = match &mut self.machine {
            Some(machine) => machine,
            none => match started(&self.network, &self.numbers, batch, maker, hire) {
                Ok((network, machine)) => {
                    self.network = network;
                    (self.put, self.answered, self.timed) = (0, 0, None);
                    none.insert(machine)
                }
                Err(why) => return Err(self.judged(&why)),
            },
        };
        while let Some(answer) = machine.take() {
            match answer {
                Ok(Done::Trained(_)) => {
                    heard = true;
                    self.answered += 1;
                }
                Ok(_) => {}
                Err(fault) => return Err(self.judged(&format!("{batch} images a step: {fault}"))),
            }
        }
        // The first step makes things ready and does not count.
        let (begun_ms, before) = match self.timed {
            None if self.answered > 0 => *self.timed.insert((now_ms, self.answered)),
            Some(timed) => timed,
            None => (f64::INFINITY, 0),
        };
        let (spent_ms, steps) = (now_ms - begun_ms, self.answered - before.min(self.answered));
        if steps >= 2 && spent_ms >= TIMING_MS {
            let step_ms = spent_ms / f64::from(steps);
            let memory_bytes = machine.memory_bytes() as f64;
            self.machine = None;
            let row = BatchRow { batch: batch as u32, images_per_second: batch as f64 * 1e3 / step_ms, step_ms, memory_bytes };
            if let Finding::Batch { rows, .. } = &mut self.finding {
                rows.push(row);
            }
            self.batch *= 2;
            if self.batch > LARGEST {
                return Err(self.judged(""));
            }
            return Ok(Turn::Worked);
        }
        if machine.has_room() {
            // The same few batches again and again: how fast they are trained on does not depend on what they show.
            let feed = &self.network.feed;
            let first = feed.origin.step;
            let mut count = machine.steps_at_once().min(feed.left_in_epoch(first)).max(1);
            while count > 1 && !feed.is_ready(first + count - 1, data) {
                count -= 1;
            }
            if !feed.is_ready(first, data) {
                return Ok(Turn::Waits);
            }
            // A rate of 0 leaves the weights sound, however often.
            machine.put(Work::Train { step: first, count, rate: 0.0 }, data);
            self.put += count;
            return Ok(Turn::Worked);
        }
        Ok(if heard { Turn::Worked } else { Turn::Waits })
    }

    /// The suggestion, and why no larger size was tried.
    fn judged(&mut self, ended: &str) -> String {
        let Finding::Batch { rows, suggestion } = &mut self.finding else { return String::new() };
        let found = suggestion::batch(rows);
        let said = if ended.is_empty() { found.why.clone() } else { format!("{} ({ended})", found.why) };
        *suggestion = Some(BatchSuggestion { why: said.clone(), ..found });
        said
    }
}

/// The network for batches of this size, on a machine.
fn started(
    network: &Network,
    numbers: &Numbers,
    batch: usize,
    maker: Option<&dyn MakeMachine>,
    hire: &dyn Hire,
) -> Result<(Network, Box<dyn Machine>), String> {
    let network = network.resized(batch).map_err(|e| e.to_string())?;
    let needed = network.train.regions.size_bytes();
    if needed > MEMORY_BYTES {
        return Err(format!("{batch} images a step would take {} MiB", needed >> 20));
    }
    match machine::made(&network, numbers, maker, hire) {
        (machine, None) => Ok((network, machine)),
        (_, Some(fault)) => Err(format!("{batch} images a step: {fault}")),
    }
}
