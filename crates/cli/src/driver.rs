//! Drives a session as the page's worker does: commands in, turns, events out.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use data::Dataset;
use engine::{backend::gpu::reader::block_on, shards::threads::cores};
use protocol::{Backend, Command, EvalSet, Event, Message, Progress, RunId, RunSpec, Save, Score, Summary, Wish};
use trainer::{
    Rest, Session,
    machine::Threads,
    survey::{Survey, survey},
};

use crate::error::Error;

/// Length of a turn: how often progress is looked at.
const TURN_MS: f64 = 50.0;
/// How often a card at work is asked.
const POLL_MS: f64 = 0.2;
const RUN: RunId = RunId(1);

/// A session with one open run.
pub struct Driver {
    session: Session,
    started: Instant,
    pub summary: Summary,
}

/// Looks at an event for what was asked.
type Answer<'a, T> = dyn FnMut(&mut Message<Event>) -> Result<Option<T>, Error> + 'a;

/// What goes on while a run plays.
pub enum News<'a> {
    Progress {
        now: &'a Progress,
        history: &'a [Progress],
    },
    Score(&'a Score),
    /// The run goes on elsewhere, or two halves of a twin part.
    Notice(&'a str),
}

impl Driver {
    /// Opens a run on what `wish` asks for, and says what that is. On the CPU so many threads share the work.
    ///
    /// # Errors
    /// A card was asked for and there is none, or the run cannot be opened.
    pub fn open(data: Dataset, spec: &RunSpec, wish: Wish, threads: Option<usize>) -> Result<Self, Error> {
        let started = Instant::now();
        let mut driver = Self { session: Session::new(data), started, summary: Summary::default() };
        driver.session.set_hire(Box::new(Threads { cores: threads.unwrap_or_else(cores) }));
        // What is wrong with the run is known before a card is looked for.
        driver.tell(Command::Open { run: RUN, spec: spec.clone() }.into());
        driver.opened()?;
        let Survey { report, maker, .. } = block_on(survey(wish, spec, &(Rc::new(move || milliseconds(started)) as Rc<dyn Fn() -> f64>)));
        if matches!(wish, Wish::Gpu | Wish::Twin) && report.chosen == Backend::Cpu {
            return Err(Error::NoCard { asked: wish.name(), why: report.reason });
        }
        if report.chosen != Backend::Cpu {
            let on = report.adapter.map(|a| format!(" on {}", a.name)).unwrap_or_default();
            eprintln!("{}{on}: {}", report.chosen.name(), report.reason);
        }
        if maker.is_some() {
            driver.session.set_maker(maker);
        }
        Ok(driver)
    }

    /// Puts weights or a checkpoint into the run.
    ///
    /// # Errors
    /// The message says what does not fit.
    pub fn load(&mut self, file: Vec<u8>) -> Result<(), Error> {
        self.tell(Message { head: Command::Load { run: RUN }, bulk: Vec::new(), file });
        self.opened()
    }

    /// Trains to the end, or for `steps` steps; every event about it goes to `hear`.
    pub fn train(&mut self, steps: Option<u32>, hear: &mut dyn FnMut(News)) -> Result<(), Error> {
        self.tell(match steps {
            Some(count) => Command::Step { run: RUN, count }.into(),
            None => Command::Play { run: RUN }.into(),
        });
        self.until("train", &mut |message| {
            match &message.head {
                Event::Progressed { progress, history, .. } => hear(News::Progress { now: progress, history }),
                Event::Evaluated { score, .. } => hear(News::Score(score)),
                Event::Faulted { message, .. } => return Err(Error::Faulted { message: message.clone() }),
                Event::Moved { message, .. } | Event::Parted { message, .. } => hear(News::Notice(message)),
                Event::Finished { progress, .. } | Event::Paused { progress, .. } => {
                    hear(News::Progress { now: progress, history: &[] });
                    return Ok(Some(()));
                }
                _ => {}
            }
            Ok(None)
        })
    }

    /// Scores the network.
    pub fn score(&mut self, set: EvalSet) -> Result<Score, Error> {
        self.tell(Command::Evaluate { run: RUN, set }.into());
        self.until("evaluate", &mut |message| {
            Ok(match &message.head {
                Event::Evaluated { score, .. } if score.set == set => Some(score.clone()),
                _ => None,
            })
        })
    }

    /// The weights as safetensors.
    pub fn weights(&mut self) -> Result<Vec<u8>, Error> {
        self.tell(Command::Save { run: RUN, ask: 1, what: Save::Weights }.into());
        self.until("save", &mut |message| {
            Ok(match message.head {
                Event::Saved { .. } => Some(std::mem::take(&mut message.file)),
                _ => None,
            })
        })
    }

    fn opened(&mut self) -> Result<(), Error> {
        self.summary = self.until("open", &mut |message| {
            Ok(match &message.head {
                Event::Opened { summary, .. } => Some(summary.clone()),
                _ => None,
            })
        })?;
        Ok(())
    }

    fn tell(&mut self, message: Message<Command>) {
        let now_ms = milliseconds(self.started);
        self.session.handle(message, now_ms);
    }

    /// Takes turns until `answer` finds what it waits for among the events.
    fn until<T>(&mut self, asked: &'static str, answer: &mut Answer<T>) -> Result<T, Error> {
        let started = self.started;
        let mut rest = Rest::Now;
        loop {
            let events = self.session.take_events();
            // All digits are there: a session that rests without having said anything never answers.
            if events.is_empty() && rest == Rest::UntilCalled {
                return Err(Error::NoAnswer { asked });
            }
            for mut message in events {
                match &message.head {
                    Event::Refused { error, .. } => return Err(Error::Refused { cause: error.clone() }),
                    Event::Declined { message, .. } | Event::LoadFailed { message, .. } => {
                        return Err(Error::Declined { message: message.clone() });
                    }
                    _ => {}
                }
                if let Some(found) = answer(&mut message)? {
                    return Ok(found);
                }
            }
            rest = self.session.turn(TURN_MS, &mut || milliseconds(started));
            let wait_ms = match rest {
                Rest::Now | Rest::UntilCalled => 0.0,
                Rest::After(wait_ms) => wait_ms,
                // A card calls nobody here: it is asked.
                Rest::UntilWoken(wait_ms) => wait_ms.min(POLL_MS),
            };
            if wait_ms > 0.0 {
                std::thread::sleep(Duration::from_secs_f64((wait_ms / 1e3).min(1.0)));
            }
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
