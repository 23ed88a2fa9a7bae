//! Several cores beside one, in turns, and what does not get faster with more of them.

use std::{sync::OnceLock, time::Instant};

use data::Dataset;
use engine::shards::{Hand, Job, Loan, Lost, Shard, Spent, Task, What, threads::ThreadShard};
use serde::Serialize;

use super::{Net, Task as Measured, median, steps_of_a_round, work::Work};
use crate::{
    arguments::{Bench, Mode},
    error::Error,
    table,
};

/// Numbers of cores for which a speed is worked out.
const CORES: [usize; 3] = [2, 4, 8];

/// One line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    net: String,
    mode: &'static str,
    batch: usize,
    threads: usize,
    leaves: usize,
    /// Medians of the rounds, which went to one thread and to several in turns.
    ms_per_step_on_one: f64,
    ms_per_step: f64,
    images_per_second: f64,
    /// Median of the rounds' own.
    ratio: f64,
    /// The losses of the first steps are the same.
    same_losses: bool,
    expected: Vec<Expected>,
}

/// A step on so many cores: the leader's own time, measured, and what follows from it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    cores: usize,
    /// What the leader does beside its leaves: gathers, sends, adds, updates.
    serial_ms: f64,
    /// Of the step on one core.
    serial_share: f64,
    /// With cores of their own for all, and answers that come when the leader is through with its leaves.
    speed_up: f64,
}

pub fn run(order: &Bench, nets: &[Net], data: &Dataset) -> Result<(), Error> {
    let heads = ["net", "batch", "leaves", "ms on 1", "ms", "images/s", "ratio", "losses"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for cores in CORES {
        rows[0].extend([format!("serial ms, {cores}"), "of step".to_owned(), "speed-up".to_owned()]);
    }
    let batches = if order.batch.is_empty() { &[64, 256][..] } else { &order.batch };
    for Net { slug, graph, weights } in nets {
        for batch in batches {
            let task = Measured { net: slug, graph, weights, data, mode: Mode::Train, batch: *batch };
            let outcome = measure(order, &task)?;
            let mut row = vec![
                outcome.net.clone(),
                outcome.batch.to_string(),
                outcome.leaves.to_string(),
                format!("{:.3}", outcome.ms_per_step_on_one),
                format!("{:.3}", outcome.ms_per_step),
                format!("{:.0}", outcome.images_per_second),
                format!("{:.2}", outcome.ratio),
                if outcome.same_losses { "the same" } else { "differ" }.to_owned(),
            ];
            for e in &outcome.expected {
                row.extend([format!("{:.3}", e.serial_ms), format!("{:.1} %", 100.0 * e.serial_share), format!("{:.2}", e.speed_up)]);
            }
            rows.push(row);
            println!("{}", serde_json::to_string(&outcome)?);
        }
    }
    if !order.json {
        let vector = engine::backend::cpu::simd::vector_name();
        eprintln!("{} threads beside one, {vector}, medians of {} rounds of {} s each", order.threads, order.rounds, order.seconds);
        eprint!("{}", table::aligned(&rows));
    }
    Ok(())
}

fn measure(order: &Bench, task: &Measured<'_>) -> Result<Outcome, Error> {
    let shared = |job: &Job| ThreadShard::crew(job, order.threads);
    let same_losses = Work::new(task, |_| Vec::new())?.losses(5) == Work::new(task, shared)?.losses(5);
    let mut works = [Work::new(task, |_| Vec::new())?, Work::new(task, shared)?];
    let mut step_s = [0.0; 2];
    for (work, step_s) in works.iter_mut().zip(&mut step_s) {
        work.timed_steps(2);
        *step_s = work.timed_steps(1).min(work.timed_steps(2) / 2.0);
    }
    let (mut rounds, mut ratios) = ([vec![], vec![]], vec![]);
    for _ in 0..order.rounds {
        for ((work, step_s), rounds) in works.iter_mut().zip(&mut step_s).zip(&mut rounds) {
            let count = steps_of_a_round(order, *step_s);
            *step_s = work.timed_steps(count) / count as f64;
            rounds.push(1e3 * *step_s);
        }
        ratios.push(step_s[0] / step_s[1]);
    }
    let [one, several] = rounds.map(|r| median(&r));
    let leaves = works[0].crew.job().split.leaves();
    Ok(Outcome {
        net: task.net.to_owned(),
        mode: task.mode_name(),
        batch: task.batch,
        threads: order.threads,
        leaves,
        ms_per_step_on_one: one,
        ms_per_step: several,
        images_per_second: 1e3 * task.batch as f64 / several,
        ratio: median(&ratios),
        same_losses,
        expected: CORES.into_iter().map(|cores| expected(task, cores)).collect::<Result<_, _>>()?,
    })
}

/// Milliseconds since the first call.
fn clock() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    1e3 * START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

/// Steps in which the others answer at once: then all that the leader does is its own.
fn expected(task: &Measured<'_>, cores: usize) -> Result<Expected, Error> {
    const STEPS: usize = 15;
    let timed = |cores: usize| -> Result<[f64; 2], Error> {
        let mut work =
            Work::new(task, |job| (1..cores.min(job.split.leaves())).map(|_| Box::new(Echo::new(job)) as Box<dyn Shard>).collect())?;
        // The first of each is computed, to be repeated.
        work.timed_steps(2);
        work.crew.clock = clock;
        let (mut serial, mut own) = (Vec::new(), Vec::new());
        for _ in 0..STEPS {
            work.crew.spent = Spent::default();
            let step_ms = 1e3 * work.timed_steps(1);
            own.push(work.crew.spent.leaves_ms);
            serial.push(step_ms - work.crew.spent.leaves_ms);
        }
        Ok([median(&serial), median(&own)])
    };
    let ([serial_alone, all_ms], [serial_ms, own_ms]) = (timed(1)?, timed(cores)?);
    let alone = serial_alone + all_ms;
    Ok(Expected { cores, serial_ms, serial_share: serial_ms / alone, speed_up: alone / (serial_ms + own_ms) })
}

/// Answers a phase as it did the first time, at once: what is left is the leader's own work.
#[derive(Debug)]
struct Echo {
    hand: Hand,
    /// By phase.
    known: Vec<Task>,
    task: Option<Task>,
}

impl Echo {
    fn new(job: &Job) -> Self {
        Self { hand: Hand::new(job, None), known: Vec::new(), task: None }
    }
}

impl Shard for Echo {
    fn is_ready(&self) -> bool {
        true
    }

    fn put(&mut self, mut task: Task, loan: &Loan<'_>) {
        task.take_along(loan);
        let phase = if let What::GoOn { phase } = task.what { phase as usize } else { 0 };
        match self.known.get(phase) {
            // The lists themselves, as a thread hands them over.
            Some(known) => {
                task.parts.clone_from(&known.parts);
                task.sums.clone_from(&known.sums);
            }
            None => {
                self.hand.work(&mut task);
                self.known.push(task.clone());
            }
        }
        self.task = Some(task);
    }

    fn take(&mut self) -> Option<Result<Task, Lost>> {
        self.task.take().map(Ok)
    }
}
