//! What is to be trained, and what is known of it.

use std::sync::Arc;

use protocol::{EvalSet, Pace, Progress, Racer, RunSpec};

use crate::widgets::number;

/// Moments that are kept of a run; when there are more, every second one goes.
const FILM_LIMIT: usize = 120;
/// A batch is few images: what is drawn is the mean of so many.
const SMOOTH: usize = 20;

/// A network that is to train for so many steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub spec: RunSpec,
    pub steps: u32,
    pub pace: Pace,
    /// Images of one's own that it trains on, as a file has them.
    pub own: Option<Arc<Vec<u8>>>,
}

impl Job {
    pub fn new(spec: RunSpec, steps: u32) -> Self {
        Self { spec, steps, pace: Pace::Full, own: None }
    }

    /// Trains on these instead of the digits.
    pub fn on(mut self, own: Arc<Vec<u8>>) -> Self {
        self.spec.train.data = data::Source::Own;
        Self { own: Some(own), ..self }
    }

    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Its turn has not come.
    #[default]
    Waits,
    /// The worker makes it, or waits for its digits.
    Opens,
    Trains,
    /// Somebody has stopped it for a while.
    Rests,
    Scores,
    Done,
    /// It will not go on.
    Ended,
}

/// All weights after so many steps, in the order of the graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    pub step: u32,
    pub weights: Arc<Vec<f32>>,
}

/// What is known of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trained {
    pub stage: Stage,
    pub progress: Progress,
    /// The curve of its loss and accuracy.
    pub points: Vec<Progress>,
    /// The first, the newest, and some between.
    pub film: Vec<Moment>,
    /// Share of the test digits that it gets right at the end.
    pub accuracy: Option<f64>,
    /// Why it was ended.
    pub trouble: String,
}

impl Trained {
    /// How far it has come, or the share of the test digits that it gets right, in words.
    pub fn stands(&self) -> String {
        match (self.accuracy, self.stage) {
            (Some(share), _) => number::percent(share),
            (None, Stage::Trains | Stage::Rests) => format!("step {}", self.progress.step),
            (None, Stage::Scores) => "being asked".to_owned(),
            (None, Stage::Opens) => "digits on their way".to_owned(),
            (None, Stage::Ended) if !self.trouble.is_empty() => self.trouble.clone(),
            _ => "–".to_owned(),
        }
    }

    pub fn newest(&self) -> Option<&Moment> {
        self.film.last()
    }

    pub fn take(&mut self, moment: Moment) {
        self.film.retain(|m| m.step < moment.step);
        self.film.push(moment);
        if self.film.len() > FILM_LIMIT {
            let last = self.film.len() - 1;
            let mut place = 0..;
            self.film.retain(|_| place.next().is_some_and(|i: usize| i.is_multiple_of(2) || i == last));
        }
    }

    /// What a race says of it.
    pub fn race(&mut self, racer: &Racer, job: &Job, weights: &[f32], over: bool) {
        if let Some(first) = racer.points.first() {
            self.points.retain(|p| p.step < first.step);
        }
        self.points.extend(racer.points.iter().copied());
        self.progress = racer.progress;
        self.accuracy = racer.scores.iter().rfind(|s| s.set == EvalSet::Test && s.step == racer.progress.step).map(|s| s.accuracy);
        if !weights.is_empty() {
            self.take(Moment { step: racer.progress.step, weights: Arc::new(weights.to_vec()) });
        }
        let through = over && self.accuracy.is_some() && self.newest().is_some();
        self.stage = match () {
            () if through => Stage::Done,
            () if over => Stage::Ended,
            () if racer.progress.step >= job.steps => Stage::Scores,
            () => Stage::Trains,
        };
        if self.stage == Stage::Ended {
            self.trouble.clone_from(&racer.trouble);
        }
    }

    /// Points after this step are void.
    pub fn rewind(&mut self, to: &Progress) {
        self.points.retain(|p| p.step <= to.step);
        self.film.retain(|m| m.step <= to.step);
        self.progress = *to;
    }
}

/// One of a curve's numbers by steps, each the mean of the last few.
pub fn smooth(points: &[Progress], of: fn(&Progress) -> f64) -> Vec<(f64, f64)> {
    let mean = |end: usize| {
        let last = &points[(end + 1).saturating_sub(SMOOTH)..=end];
        (f64::from(points[end].step), last.iter().map(of).sum::<f64>() / last.len() as f64)
    };
    // More points than the drawing has pixels are of no use.
    let stride = points.len().div_ceil(300).max(1);
    (0..points.len()).rev().step_by(stride).map(mean).collect::<Vec<_>>().into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_keeps_its_ends() {
        let mut trained = Trained::default();
        let moment = |step| Moment { step, weights: Arc::default() };
        (0..=1_000).for_each(|step| trained.take(moment(step)));
        assert!(trained.film.len() <= FILM_LIMIT && trained.film.len() > FILM_LIMIT / 3);
        assert_eq!((trained.film[0].step, trained.newest().map(|m| m.step)), (0, Some(1_000)));
        assert!(trained.film.windows(2).all(|w| w[0].step < w[1].step));
        trained.points = [5, 600].map(|step| Progress { step, ..Progress::default() }).to_vec();
        trained.rewind(&Progress { step: 500, ..Progress::default() });
        assert!(trained.newest().is_some_and(|m| m.step <= 500) && trained.points.len() == 1);
    }

    #[test]
    fn curves_are_means() {
        let point = |step: u32| Progress { step, loss: f64::from(step % 2), ..Progress::default() };
        let points: Vec<Progress> = (1..=100).map(point).collect();
        let line = smooth(&points, |p| p.loss);
        assert_eq!((line.len(), line[0], line[99]), (100, (1.0, 1.0), (100.0, 0.5)));
        assert!(smooth(&[], |p| p.loss).is_empty());
    }
}
