//! Where in its run the page looks, and a step that it walks through.

use std::sync::Arc;

use engine::{ParamId, Tensor};
use leptos::prelude::*;
use protocol::{Event, Progress, Score};

use super::{
    AppState, Frame, Sample,
    events::{Then, bump},
    walk::Walk,
};

/// A parameter at the kept moments.
#[derive(Clone, Debug, PartialEq)]
pub struct Film {
    pub param: ParamId,
    pub steps: Vec<u32>,
    /// (moment, numbers of the parameter).
    pub numbers: Vec<f32>,
}

/// What the page shows of the present while it looks at the past.
#[derive(Clone, Debug, Default)]
struct Present {
    progress: Progress,
    scores: Vec<Score>,
    history: Vec<Progress>,
}

/// Handles only: copying is free.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The moments that the run keeps, as updates made.
    pub moments: RwSignal<Vec<u32>>,
    /// The moment that every panel shows; `None` is now.
    pub looking: RwSignal<Option<u32>>,
    /// Where the run stands, whatever is looked at.
    pub now: RwSignal<u32>,
    present: StoredValue<Present>,
    pub film: RwSignal<Option<Arc<Film>>>,
    /// The step that is walked through.
    pub walk: RwSignal<Option<Arc<Walk>>>,
    /// Which of its stops.
    pub stop: RwSignal<usize>,
    /// A walk has been asked for.
    pub asked: RwSignal<bool>,
    /// What a walk lights on the stage; everything else is dimmed.
    pub lit: RwSignal<Option<Vec<Tensor>>>,
    /// What was shown before the walk.
    before: StoredValue<Option<Sample>>,
}

impl Time {
    pub fn new() -> Self {
        Self {
            moments: RwSignal::new(Vec::new()),
            looking: RwSignal::new(None),
            now: RwSignal::new(0),
            present: StoredValue::new(Present::default()),
            film: RwSignal::new(None),
            walk: RwSignal::new(None),
            stop: RwSignal::new(0),
            asked: RwSignal::new(false),
            lit: RwSignal::new(None),
            before: StoredValue::new(None),
        }
    }

    /// What is shown reaches to this step: points and scores after it lie in the future.
    pub fn end(&self) -> u32 {
        self.looking.get().unwrap_or(u32::MAX)
    }

    /// Another run, or the same from another point: what was seen of the old one is over.
    pub fn reset(&self) {
        self.moments.set(Vec::new());
        self.looking.set(None);
        self.film.set(None);
        self.forget_walk();
    }

    pub fn forget_walk(&self) {
        self.asked.set(false);
        self.walk.set(None);
        self.lit.set(None);
        self.before.set_value(None);
    }
}

impl AppState {
    /// What the worker tells of the run's progress: shown, unless the past is looked at.
    pub fn set_progress(&self, progress: Progress) {
        self.time.now.set(progress.step);
        if self.time.looking.get_untracked().is_some() {
            self.time.present.update_value(|present| present.progress = progress);
        } else {
            self.progress.set(progress);
        }
    }

    pub fn add_score(&self, score: Score) {
        if self.time.looking.get_untracked().is_some() {
            self.time.present.update_value(|present| present.scores.push(score));
        } else {
            self.scores.update(|all| all.push(score));
        }
    }

    /// Further points of the curve.
    pub fn add_points(&self, points: Vec<Progress>) {
        if self.time.looking.get_untracked().is_some() {
            self.time.present.update_value(|present| present.history.extend(points));
        } else {
            self.history.update_value(|all| all.extend(points));
        }
        bump(self.curve_tick);
    }

    /// The curve as far as the run has come, whatever is looked at.
    pub fn history_now(&self) -> Vec<Progress> {
        if self.time.looking.get_untracked().is_some() {
            self.time.present.with_value(|present| present.history.clone())
        } else {
            self.history.get_value()
        }
    }

    /// The scores of all that the run has reached, whatever is looked at.
    pub fn scores_now(&self) -> Vec<Score> {
        if self.time.looking.get_untracked().is_some() {
            self.time.present.with_value(|present| present.scores.clone())
        } else {
            self.scores.get_untracked()
        }
    }

    /// Where the run stands, whatever is looked at.
    pub fn progress_now(&self) -> Progress {
        if self.time.looking.get_untracked().is_some() {
            self.time.present.with_value(|present| present.progress)
        } else {
            self.progress.get_untracked()
        }
    }

    /// Every panel shows the run as it was, or as it is.
    fn look(&self, step: Option<u32>) {
        let time = self.time;
        if time.looking.get_untracked().is_none() {
            let history = self.history.try_update_value(std::mem::take).unwrap_or_default();
            let present = Present { progress: self.progress.get_untracked(), scores: self.scores.get_untracked(), history };
            time.present.set_value(present);
        }
        let Present { progress, mut scores, mut history } = time.present.get_value();
        time.looking.set(step);
        match step {
            None => self.progress.set(progress),
            Some(step) => {
                scores.retain(|s| s.step <= step);
                let per_epoch = f64::from(self.summary.with_untracked(|s| s.steps_per_epoch)).max(1.0);
                // The curves end at that moment: what they read last is what it was then.
                history.retain(|p| p.step <= step);
                let point = history.last().copied();
                let epoch = f64::from(step) / per_epoch;
                self.progress.set(Progress { step, epoch, images_per_second: 0.0, ..point.unwrap_or_default() });
            }
        }
        self.history.set_value(history);
        self.scores.set(scores);
        bump(self.curve_tick);
    }

    /// What came after `progress` is void.
    pub fn rewind(&self, progress: Progress) {
        if self.time.looking.get_untracked().is_some() {
            self.look(None);
        }
        self.monitors.rewind(&progress);
        self.set_progress(progress);
        self.history.update_value(|all| all.retain(|p| p.step <= progress.step));
        self.scores.update(|all| all.retain(|s| s.step <= progress.step));
        bump(self.curve_tick);
    }

    /// The walk's numbers on the stage: a frame of its own, and the followed image.
    pub fn show_walk(&self, walk: &Walk) {
        self.time.before.update_value(|before| {
            before.get_or_insert_with(|| self.sample.get_untracked());
        });
        self.sample.update(|sample| walk.show_image(sample));
        self.probabilities.set(walk.trace.probabilities.clone());
        let (views, numbers) = (walk.trace.views.clone(), walk.numbers.clone());
        self.frame.update_value(|frame| *frame = Frame { id: frame.id, run: frame.run, step: walk.trace.step, views, numbers });
        bump(self.frame_tick);
    }

    /// The walk is over: what was shown before comes back. True where there was one.
    pub fn leave_walk(&self) -> bool {
        let time = self.time;
        let was = time.walk.with_untracked(Option::is_some);
        if let Some(before) = time.before.try_update_value(Option::take).flatten() {
            self.sample.set(before);
        }
        if was || time.asked.get_untracked() {
            time.forget_walk();
        }
        was
    }
}

/// Takes in what the worker tells about time.
pub fn apply(state: AppState, event: Event, bulk: Vec<f32>) -> Then {
    let time = state.time;
    match event {
        Event::Kept { steps, .. } => time.moments.set(steps),
        Event::Looked { step, .. } => {
            if step.is_some() || time.looking.get_untracked().is_some() {
                state.look(step);
            }
            return Then::Looked(step);
        }
        Event::Resumed { progress, .. } => {
            state.rewind(progress);
            state.rate.set(progress.rate);
            state.phase.set(super::Phase::Paused);
        }
        Event::Filmed { param, steps, .. } => time.film.set(Some(Arc::new(Film { param, steps, numbers: bulk }))),
        Event::Traced { trace, .. } => {
            let graph = state.graph.get_untracked();
            if let Some(graph) = graph.filter(|_| time.asked.get_untracked()) {
                let again = time.walk.with_untracked(|w| w.as_ref().is_some_and(|w| w.trace.step == trace.step));
                let walk = Arc::new(Walk::of(&graph, trace, bulk));
                state.show_walk(&walk);
                time.asked.set(false);
                if !again {
                    time.stop.set(0);
                }
                time.walk.set(Some(walk));
            }
        }
        _ => {}
    }
    Then::Nothing
}
