//! Networks that train while somebody looks, one after another or side by side, in the worker's session.
//!
//! A [`Course`] is a row of heats. A heat of one job is a run, whose weights are watched while it trains, and which is scored on
//! the test digits at the end; a heat of several is a race, which tells of weights once all are through.
//! The session has one run at a time: whoever starts a course ends another one that is under way.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use engine::{Graph, ParamId, Tensor};
use leptos::prelude::*;
use protocol::{Command, EvalSet, Event, Pace, Progress, Race, Racer, RunId};

use super::{
    desk::Desk,
    trained::{Job, Moment, Stage, Trained},
};

/// Runs of all courses, counted up, so that what is told of an earlier one is known.
static RUNS: AtomicU32 = AtomicU32::new(1);

#[derive(Clone, Debug, Default)]
struct Inner {
    /// Each of one job, or of some that train side by side.
    heats: Vec<Vec<Job>>,
    run: RunId,
    /// The test digits had not arrived when they were asked for.
    score_waits: bool,
}

/// The heat under way.
struct Now {
    heat: usize,
    run: RunId,
    /// Its jobs among all.
    places: Range<usize>,
    jobs: Vec<Job>,
}

/// Copying is free.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    desk: Desk,
    inner: StoredValue<Inner>,
    /// Which heat is under way.
    at: RwSignal<Option<usize>>,
    /// As many as there are jobs.
    pub trained: RwSignal<Vec<Trained>>,
}

impl Course {
    /// Nothing trains yet. It ends with the figure.
    pub fn new(desk: Desk) -> Self {
        let course = Self { desk, inner: StoredValue::new(Inner::default()), at: RwSignal::new(None), trained: RwSignal::new(Vec::new()) };
        if !desk.printed {
            desk.learn.engine.witness(move |event, bulk, _| course.hear(event, bulk));
            on_cleanup(move || course.stop());
        }
        course
    }

    /// Trains these, one after another, and forgets those before. On paper nothing trains.
    pub fn start(self, jobs: Vec<Job>) {
        self.race(jobs.into_iter().map(|job| vec![job]).collect());
    }

    /// As [`Course::start`], those of one heat side by side: they have one seed, and the same digits and steps.
    pub fn race(self, heats: Vec<Vec<Job>>) {
        if self.desk.printed || heats.is_empty() {
            return;
        }
        self.trained.set(vec![Trained::default(); heats.iter().map(Vec::len).sum()]);
        self.inner.update_value(|inner| inner.heats = heats);
        self.open(0);
    }

    /// Whether one trains, or is about to.
    pub fn is_busy(self) -> bool {
        self.at.get().is_some()
    }

    pub fn stage(self, job: usize) -> Stage {
        self.trained.with(|all| all.get(job).map_or(Stage::Waits, |t| t.stage))
    }

    /// All are through.
    pub fn is_done(self) -> bool {
        self.trained.with(|all| !all.is_empty() && all.iter().all(|t| t.stage == Stage::Done))
    }

    /// Stops for a while what trains by itself, or lets it go on.
    pub fn pause(self, pause: bool) {
        let Some((at, run, job)) = self.alone() else { return };
        let Some((stage, step)) = self.trained.with_untracked(|all| all.get(at).map(|t| (t.stage, t.progress.step))) else { return };
        if pause && stage == Stage::Trains {
            self.change(at, |t| t.stage = Stage::Rests);
            self.command(Command::Pause { run });
        } else if !pause && stage == Stage::Rests {
            self.change(at, |t| t.stage = Stage::Trains);
            self.command(Command::Step { run, count: job.steps.saturating_sub(step).max(1) });
        }
    }

    /// From now on what trains by itself makes at most so many steps a second, or as many as there can be.
    pub fn set_pace(self, pace: Pace) {
        let Some((_, run, _)) = self.alone() else { return };
        self.inner.update_value(|inner| {
            if let Some([job]) = self.at.get_untracked().and_then(|heat| inner.heats.get_mut(heat)).map(|heat| &mut heat[..]) {
                job.pace = pace;
            }
        });
        self.command(Command::SetPace { run, pace });
    }

    /// Ends what is under way; what is known stays.
    pub fn stop(self) {
        if let Some(now) = self.now() {
            self.command(Command::Close { run: now.run });
            self.end(now.places, "");
        }
    }

    fn end(self, places: Range<usize>, trouble: &str) {
        let _ = self.at.try_set(None);
        for at in places {
            self.change(at, |t| (t.stage, t.trouble) = (Stage::Ended, trouble.to_owned()));
        }
    }

    fn command(self, command: Command) {
        self.desk.learn.engine.command(command, Vec::new());
    }

    fn change(self, at: usize, change: impl FnOnce(&mut Trained)) {
        self.trained.try_update(|all| all.get_mut(at).map(change));
    }

    fn now(self) -> Option<Now> {
        let heat = self.at.try_get_untracked().flatten()?;
        let now = self.inner.try_with_value(|inner| {
            let jobs = inner.heats.get(heat)?.clone();
            let first = inner.heats[..heat].iter().map(Vec::len).sum();
            Some(Now { heat, run: inner.run, places: first..first + jobs.len(), jobs })
        });
        now.flatten()
    }

    /// Place, run and job of what trains by itself.
    fn alone(self) -> Option<(usize, RunId, Job)> {
        let Now { run, places, jobs, .. } = self.now()?;
        let [job] = &jobs[..] else { return None };
        Some((places.start, run, job.clone()))
    }

    fn open(self, heat: usize) {
        let run = RunId(RUNS.fetch_add(1, Ordering::Relaxed));
        self.inner.try_update_value(|inner| (inner.run, inner.score_waits) = (run, false));
        let _ = self.at.try_set(Some(heat));
        let Some(Now { places, jobs, .. }) = self.now() else {
            let _ = self.at.try_set(None);
            return;
        };
        for at in places {
            self.change(at, |t| *t = Trained { stage: Stage::Opens, ..Trained::default() });
        }
        let Some(first) = jobs.into_iter().next() else { return };
        if let Some(own) = &first.own {
            self.desk.learn.engine.set_own(own.to_vec());
        }
        self.command(Command::Open { run, spec: first.spec });
    }

    fn hear(self, event: &Event, bulk: &[f32]) {
        let Some(now) = self.now() else { return };
        let run = now.run;
        match event {
            // A new worker, which knows of nothing.
            Event::Ready { .. } => return self.open(now.heat),
            Event::DataArrived { .. } => {
                if self.inner.try_update_value(|inner| std::mem::take(&mut inner.score_waits)) == Some(true) {
                    self.command(Command::Evaluate { run, set: EvalSet::Test });
                }
                return;
            }
            Event::DataFailed { message, .. } => return self.end(now.places, message),
            // Somebody else's, and newer: the session has but one.
            Event::Opened { run: other, .. } if *other > run => return self.end(now.places, ""),
            _ if event.run() != Some(run) => return,
            Event::Refused { error, .. } => return self.end(now.places, &error.to_string()),
            Event::Declined { message, .. } if message.starts_with("evaluate") => {
                self.inner.try_update_value(|inner| inner.score_waits = true);
                return;
            }
            Event::Declined { message, .. } | Event::Faulted { message, .. } => return self.end(now.places, message),
            _ => {}
        }
        match &now.jobs[..] {
            [job] => self.hear_run(event, bulk, &now, job),
            jobs => self.hear_race(event, bulk, &now, jobs),
        }
    }

    fn hear_race(self, event: &Event, bulk: &[f32], now: &Now, jobs: &[Job]) {
        match event {
            Event::Opened { run, .. } => {
                let entries = jobs.iter().map(|job| job.spec.clone()).collect();
                let steps = jobs.iter().map(|job| job.steps).max().unwrap_or_default();
                self.command(Command::Race { run: *run, race: Some(Race { entries, steps }) });
            }
            Event::Raced { racers, over, message, .. } => {
                let weights = Racer::weights_of(racers, bulk);
                for (((at, job), racer), weights) in now.places.clone().zip(jobs).zip(racers).zip(weights) {
                    self.change(at, |t| t.race(racer, job, weights, *over));
                }
                match over {
                    true if message.is_empty() => self.open(now.heat + 1),
                    true => self.end(now.places.clone(), message),
                    false => {}
                }
            }
            _ => {}
        }
    }

    fn hear_run(self, event: &Event, bulk: &[f32], now: &Now, job: &Job) {
        let (at, run) = (now.places.start, now.run);
        match event {
            Event::Opened { progress, .. } => self.begin(at, run, job, progress),
            Event::Progressed { progress, history, .. } => self.change(at, |t| {
                t.progress = *progress;
                t.points.extend(history.iter().copied());
            }),
            Event::Framed { frame, step, views, .. } => {
                let weights: Vec<f32> = views.iter().filter_map(|v| bulk.get(v.range.clone())).flatten().copied().collect();
                let moment = Moment { step: *step, weights: Arc::new(weights) };
                self.change(at, |t| t.take(moment));
                self.command(Command::Ack { run, frame: *frame });
                self.settle(now, job);
            }
            Event::Paused { progress, .. } | Event::Finished { progress, .. } => {
                self.change(at, |t| t.progress = *progress);
                if progress.step >= job.steps || matches!(event, Event::Finished { .. }) {
                    self.change(at, |t| t.stage = Stage::Scores);
                    self.command(Command::Evaluate { run, set: EvalSet::Test });
                }
            }
            Event::Evaluated { score, .. } if score.set == EvalSet::Test => {
                self.change(at, |t| {
                    if t.stage == Stage::Scores {
                        t.accuracy = Some(score.accuracy);
                    }
                });
                self.settle(now, job);
            }
            Event::Moved { progress, .. } | Event::Resumed { progress, .. } => self.change(at, |t| t.rewind(progress)),
            _ => {}
        }
    }

    fn begin(self, at: usize, run: RunId, job: &Job, progress: &Progress) {
        let Ok(graph) = Graph::check(&job.spec.model) else { return };
        let tensors = (0..graph.params.len()).map(|i| Tensor::Param(ParamId(i))).collect();
        self.change(at, |t| (t.stage, t.progress) = (Stage::Trains, *progress));
        self.command(Command::SetPace { run, pace: job.pace });
        self.command(Command::Watch { run, tensors });
        self.command(Command::Step { run, count: job.steps });
    }

    /// Goes on to the next heat once this has its score and its last weights.
    fn settle(self, now: &Now, job: &Job) {
        let at = now.places.start;
        let done = self.trained.try_with_untracked(|all| {
            all.get(at).is_some_and(|t| t.accuracy.is_some() && t.newest().is_some_and(|m| m.step >= t.progress.step.min(job.steps)))
        });
        if done == Some(true) {
            self.change(at, |t| t.stage = Stage::Done);
            self.open(now.heat + 1);
        }
    }
}
