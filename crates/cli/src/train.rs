//! `kernelscope train`.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use figures::{
    ChartOptions, Confusion, Curves, Measured, MeasuredOn, TrainPoint, XAxis,
    files::{self, Size},
};
use indicatif::{ProgressBar, ProgressStyle};
use protocol::{EvalSet, Progress, RunSpec, Score, link};
use serde::Serialize;

use crate::{
    arguments::Train,
    digits,
    driver::{Driver, News},
    error::Error,
};

const CURVES: Size = Size { width: 960, height: 360 };
const MATRIX: Size = Size { width: 420, height: 420 };
/// Pixels of a PNG to a CSS pixel.
const RATIO: u32 = 2;

/// What `run.json` says.
#[derive(Serialize)]
struct Record<'a> {
    /// Enough to do the same again: `--spec run.json`.
    spec: &'a RunSpec,
    /// The same as the query of a link.
    link: String,
    params: u32,
    steps: u32,
    seconds: f64,
    scores: &'a [Score],
}

pub fn run(order: &Train) -> Result<(), Error> {
    let spec = order.spec()?;
    let data = digits::of(spec.train.data, order.data.as_deref())?;
    let mut driver = Driver::open(data, &spec, order.backend, order.threads)?;
    // Before the work, not after it.
    fs::create_dir_all(&order.out).map_err(|cause| Error::Write { path: order.out.clone(), cause })?;
    let all = driver.summary.steps_per_epoch.saturating_mul(spec.train.epochs);
    let steps = order.steps.filter(|steps| *steps < all);
    let noun = spec.train.data.noun();
    println!("{} parameters, {} steps of {} {noun}s", driver.summary.params, steps.unwrap_or(all), spec.train.batch);

    let mut story = Story::new(u64::from(steps.unwrap_or(all)), driver.summary.steps_per_epoch, noun);
    let started = Instant::now();
    driver.train(steps, &mut |news| story.hear(&news))?;
    story.bar.finish_and_clear();
    if steps.is_some() {
        // Stopped before the end, where nothing is scored by itself.
        for set in [EvalSet::Validation, EvalSet::Test] {
            let score = driver.score(set)?;
            story.hear(&News::Score(&score));
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("trained in {seconds:.1} s");

    let weights = driver.weights()?;
    let record = Record {
        spec: &spec,
        link: link::encode(&spec),
        params: driver.summary.params,
        steps: story.steps,
        seconds,
        scores: &story.scores,
    };
    save(order, &story, &record, &weights)
}

/// What a run has told so far.
struct Story {
    bar: ProgressBar,
    /// What an image is called.
    noun: &'static str,
    steps_per_epoch: u32,
    steps: u32,
    history: Vec<Progress>,
    scores: Vec<Score>,
}

impl Story {
    fn new(steps: u64, steps_per_epoch: u32, noun: &'static str) -> Self {
        let bar = ProgressBar::new(steps);
        let style = ProgressStyle::with_template("{prefix} {bar:28} {pos}/{len} steps, {msg}  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━━─"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, noun, steps_per_epoch, steps: 0, history: Vec::new(), scores: Vec::new() }
    }

    fn hear(&mut self, news: &News) {
        match news {
            News::Progress { now, history } => {
                self.steps = now.step;
                self.history.extend_from_slice(history);
                self.bar.set_position(u64::from(now.step));
                self.bar.set_prefix(format!("epoch {}", (now.step.saturating_sub(1)) / self.steps_per_epoch.max(1) + 1));
                // Nothing was trained in the last moment: the speed before it says more.
                if now.images_per_second > 0.0 {
                    let (loss, accuracy) = (now.loss, 100.0 * now.accuracy);
                    self.bar.set_message(format!("{:.0} images/s, loss {loss:.4}, accuracy {accuracy:.1} %", now.images_per_second));
                }
            }
            News::Notice(words) => self.bar.suspend(|| println!("{words}")),
            News::Score(score) => {
                let set = match score.set {
                    EvalSet::Validation => "validation",
                    EvalSet::Test => "test",
                };
                let (accuracy, loss) = (100.0 * score.accuracy, score.loss);
                self.bar.suspend(|| {
                    println!(
                        "epoch {:.2}: {set} accuracy {accuracy:.2} %, loss {loss:.4} ({} of {} {}s)",
                        score.epoch,
                        (score.accuracy * f64::from(score.count)).round(),
                        score.count,
                        self.noun
                    );
                });
                self.scores.push((*score).clone());
            }
        }
    }

    fn curves(&self) -> Curves {
        let train = self.history.iter().map(|p| TrainPoint { step: p.step, epoch: p.epoch, loss: p.loss, accuracy: p.accuracy });
        let scores = self.scores.iter().map(|s| Measured {
            on: match s.set {
                EvalSet::Validation => MeasuredOn::Validation,
                EvalSet::Test => MeasuredOn::Test,
            },
            step: s.step,
            epoch: s.epoch,
            loss: s.loss,
            accuracy: s.accuracy,
        });
        Curves { train: train.collect(), scores: scores.collect() }
    }
}

fn save(order: &Train, story: &Story, record: &Record, weights: &[u8]) -> Result<(), Error> {
    let theme = order.theme.into();
    let options = ChartOptions {
        theme,
        x_axis: if story.steps > story.steps_per_epoch { XAxis::Epoch } else { XAxis::Step },
        ..ChartOptions::default()
    };
    let curves = story.curves();
    let put = |name: &str, bytes: &[u8]| write(&order.out.join(name), bytes);
    put("weights.safetensors", weights)?;
    put("run.json", serde_json::to_string_pretty(record)?.as_bytes())?;
    put("curves.svg", files::curves_svg(&curves, &options, CURVES)?.as_bytes())?;
    put("curves.png", &files::curves_png(&curves, &options, CURVES, RATIO)?)?;
    put("curves.csv", curves.to_csv().as_bytes())?;
    if let Some(last) = story.scores.iter().rev().find(|s| s.set == EvalSet::Test) {
        let matrix = Confusion::new(data::CLASSES, last.confusion.clone())?;
        let source = record.spec.train.data;
        let matrix = matrix.named(source.noun(), source.class_names().map_or(&[], |names| &names[..]));
        put("confusion.svg", files::confusion_svg(&matrix, theme, MATRIX)?.as_bytes())?;
    }
    println!("saved in {}: weights.safetensors, run.json, curves.svg, curves.png, curves.csv, confusion.svg", order.out.display());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|cause| Error::Write { path: path.to_owned(), cause })
}
