//! What the worker tells, written into the state.

use std::sync::Arc;

use engine::Graph;
use leptos::prelude::*;
use protocol::{Backend, Event, Reading, Wish};

use super::{AppState, Arrived, Batch, Frame, NoticeKind, Parting, Phase, Remedy};
use crate::widgets::number;

/// What is left to do after an event has been taken in.
#[derive(Debug, PartialEq)]
pub enum Then {
    Nothing,
    /// A run stands ready: watch, show the sample, play.
    Begin,
    /// A frame waits to be drawn and then acknowledged.
    Draw,
    /// The end of an epoch or of play: worth keeping.
    Keep,
    /// Settings have changed: the last checkpoint is one of another run.
    Changed,
    /// A moment is looked at, or the present again.
    Looked(Option<u32>),
    /// More digits are there.
    Arrived,
    /// A file that was asked for under this number.
    Saved(u32),
    /// The run that was to be loaded could not be.
    NotLoaded,
}

/// Takes in one event. Events of runs that the page has left are dropped.
pub fn apply(state: AppState, event: Event, bulk: Vec<f32>) -> Then {
    if event.run().is_some_and(|run| run != state.run.get_untracked()) {
        return Then::Nothing;
    }
    match event {
        Event::Ready { .. } => Then::Nothing,
        Event::DataArrived { train, train_total } => {
            state.arrived.set(Arrived { train, train_total });
            Then::Arrived
        }
        Event::Opened { spec, summary, progress, history, scores, notes, .. } => {
            state.toolbox.clear(notes);
            let graph = Graph::check(&spec.model).ok().map(Arc::new);
            if state.graph.with_untracked(|g| g.as_deref() != graph.as_deref()) {
                state.focus.set(None);
                state.stage.clear();
                state.graph.set(graph);
            }
            super::url::write(&spec);
            state.rate.set(if progress.step > 0 { progress.rate } else { spec.train.rate });
            state.spec.set(spec);
            state.summary.set(summary);
            state.moved.set(None);
            state.traffic.set(None);
            state.parting.set(None);
            state.leave_walk();
            state.time.reset();
            state.set_progress(progress);
            state.history.set_value(history);
            state.scores.set(scores);
            state.phase.set(Phase::Paused);
            state.monitors.begin();
            if progress.step > 0 {
                state.monitors.mark(progress.step, "taken up again".to_owned(), false);
            }
            bump(state.curve_tick);
            Then::Begin
        }
        Event::Amended { step, spec, summary, notes, .. } => {
            let graph = Graph::check(&spec.model).ok().map(Arc::new);
            if state.graph.with_untracked(|g| g.as_deref() != graph.as_deref()) {
                state.graph.set(graph);
            }
            super::url::write(&spec);
            state.rate.set(spec.train.rate);
            state.spec.set(spec);
            state.summary.set(summary);
            state.toolbox.amended(step, notes);
            Then::Changed
        }
        Event::Found { finding, over, message, .. } => {
            state.toolbox.found(finding, over, message);
            Then::Nothing
        }
        Event::Raced { .. } => Then::Nothing,
        Event::Refused { error, .. } => {
            state.phase.set(Phase::Stopped);
            state.notify(NoticeKind::Failed, format!("This is no network: {error}."), Some(Remedy::StartAnew));
            Then::Nothing
        }
        Event::Declined { message, .. } if message.starts_with("amend: ") => {
            state.toolbox.answer.set(Some(Err(sentence(&message[7..]))));
            Then::Nothing
        }
        Event::Declined { message, .. } => {
            state.notify(NoticeKind::Warned, format!("Not done: {message}."), None);
            Then::Nothing
        }
        Event::Played { .. } => {
            state.phase.set(Phase::Playing);
            Then::Nothing
        }
        Event::Paused { progress, .. } => {
            state.monitors.rewind(&progress);
            state.set_progress(progress);
            state.phase.set(Phase::Paused);
            Then::Keep
        }
        Event::Progressed { progress, history, traffic, .. } => {
            state.set_progress(progress);
            state.traffic.set(traffic);
            if !history.is_empty() {
                state.add_points(history);
            }
            Then::Nothing
        }
        Event::Framed { run, frame, step, probabilities, views } => {
            let walks = state.time.walk.with_untracked(|w| w.as_ref().is_some_and(|w| step <= w.trace.step));
            if walks {
                // The stage shows the walk; the frame is only acknowledged.
                state.frame.update_value(|f| (f.id, f.run) = (frame, run));
                return Then::Draw;
            }
            state.probabilities.set(probabilities);
            state.frame.set_value(Frame { id: frame, run, step, views, numbers: bulk });
            Then::Draw
        }
        Event::Dissected { opened, parts, trouble, .. } => {
            state.stage.parts.update_value(|known| known.take(opened, parts, bulk));
            if state.stage.trouble.with_untracked(|t| *t != trouble) {
                state.stage.trouble.set(trouble);
            }
            Then::Nothing
        }
        Event::Previewed { step, images, .. } => {
            state.next_batch.batch.set_value(Batch { step, images, numbers: bulk });
            bump(state.next_batch.tick);
            Then::Nothing
        }
        Event::Evaluated { score, .. } => {
            state.add_score(score);
            bump(state.curve_tick);
            Then::Keep
        }
        Event::Finished { progress, message, .. } => {
            state.set_progress(progress);
            state.phase.set(Phase::Finished);
            if let Some(message) = message {
                state.notify(NoticeKind::Told, format!("Training has ended: {message}."), None);
            }
            Then::Keep
        }
        Event::Saved { ask, .. } => Then::Saved(ask),
        Event::Checked { report } => {
            state.card.set(Some(report));
            Then::Nothing
        }
        Event::Moved { backend, half, cores, progress, message, .. } => {
            state.summary.update(|s| (s.backend, s.half, s.cores) = (backend, half, cores));
            state.rewind(progress);
            state.traffic.set(None);
            state.monitors.mark(progress.step, format!("on to the {}", backend_words(backend)), false);
            let told = sentence(&message);
            // Only a run that had to leave the card, or was kept from it, is worth worrying about.
            let wished = matches!(state.wish.get_untracked(), Wish::Cpu);
            let kind = if backend == Backend::Cpu && !wished { NoticeKind::Warned } else { NoticeKind::Told };
            state.moved.set(Some(told.clone()));
            state.notify(kind, told, None);
            Then::Nothing
        }
        Event::Parted { step, tensor, position, cpu, gpu, message, .. } => {
            state.parting.set(Some(Parting { step, tensor, position, cpu, gpu }));
            let numbers = format!("Number {position} is {} on the CPU and {} on the card.", number::signed(cpu), number::signed(gpu));
            state.notify(NoticeKind::Warned, format!("{} {numbers}", sentence(&message)), None);
            Then::Nothing
        }
        event @ (Event::Kept { .. } | Event::Looked { .. } | Event::Resumed { .. } | Event::Filmed { .. } | Event::Traced { .. }) => {
            super::time::apply(state, event, bulk)
        }
        Event::LoadFailed { message, .. } => {
            let told = format!("The file was not loaded: {message}. The run goes on as it was.");
            state.builder.told.set(Some((false, told.clone())));
            state.notify(NoticeKind::Failed, told, None);
            Then::NotLoaded
        }
        Event::DataFailed { file, message } => {
            state.notify(NoticeKind::Failed, format!("The digits in {file} cannot be had: {message}."), Some(Remedy::FetchAgain));
            Then::Nothing
        }
        Event::Probed { probe, .. } => {
            if let Some(reading) = Reading::from_bulk(probe, &bulk) {
                state.monitors.take(reading);
            }
            Then::Nothing
        }
        Event::Advised { advice, .. } => {
            state.monitors.advice.set(advice);
            Then::Nothing
        }
        Event::Faulted { message, .. } => {
            state.monitors.mark(state.progress.with_untracked(|p| p.step), "numbers lost".to_owned(), false);
            state.phase.set(Phase::Paused);
            state.notify(NoticeKind::Failed, format!("Training stopped: {message}."), Some(Remedy::StartAnew));
            Then::Nothing
        }
    }
}

fn backend_words(backend: Backend) -> &'static str {
    match backend {
        Backend::Cpu => "CPU",
        Backend::Gpu => "graphics card",
        Backend::Twin => "CPU and the card",
    }
}

/// As a sentence of its own.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    first.chain(letters).chain(stop.chars()).collect()
}

pub fn bump(tick: RwSignal<u32>) {
    tick.update(|t| *t = t.wrapping_add(1));
}
