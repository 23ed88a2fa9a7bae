//! Looking for a graphics card, checking it, and deciding whether to use it.

use std::rc::Rc;

use engine::{
    ModelSpec,
    backend::gpu::{
        Card, CardError, CardInfo,
        check::{self, Scope, Subject},
        launch::Storage,
    },
    presets::PRESETS,
};
use protocol::{Adapter, Backend, CardReport, Check, RunSpec, Timing, Wish};

use crate::machine::{CardMaker, Clock, MakeMachine};

/// How long each of the two is timed.
const TIMING_MS: f64 = 100.0;
/// Half precision must be so much faster to be taken.
const HALF_GAIN: f64 = 0.95;

/// What was found.
#[derive(Debug)]
pub struct Survey {
    pub report: CardReport,
    /// The card, where it was opened.
    pub card: Option<Rc<Card>>,
    /// What makes machines, where the card was chosen.
    pub maker: Option<Box<dyn MakeMachine>>,
}

impl Survey {
    fn stay(report: CardReport, reason: String, card: Option<Rc<Card>>) -> Self {
        Self { report: CardReport { chosen: Backend::Cpu, reason, ..report }, card, maker: None }
    }
}

/// Opens the card, has it compute known numbers with the operators that the network of `spec` uses, times it
/// against the CPU on that network, and chooses as `wish` says. `clock` gives milliseconds.
pub async fn survey(wish: Wish, spec: &RunSpec, clock: &Clock) -> Survey {
    let report = CardReport::default();
    if wish == Wish::Cpu {
        return Survey::stay(report, "The CPU was asked for.".to_owned(), None);
    }
    match Card::open().await {
        Ok(card) => examine(wish, spec, clock, card).await,
        Err(error) => Survey::stay(report, format!("The CPU does the work: {error}."), None),
    }
}

async fn examine(wish: Wish, spec: &RunSpec, clock: &Clock, card: Rc<Card>) -> Survey {
    let mut report = CardReport { adapter: Some(adapter(&card.info)), ..CardReport::default() };
    if wish == Wish::Auto && card.info.software {
        let reason = "This graphics card is software, played by the processor: the CPU does the work itself.".to_owned();
        return Survey::stay(report, reason, Some(card));
    }
    let failed = |error: CardError| format!("The CPU does the work: {error}.");
    let scope = Scope::of(&spec.model, spec.train.batch, &card);
    match check::run(&card, &scope).await {
        Ok(checks) => report.checks = checks.into_iter().map(found).collect(),
        Err(error) => return Survey::stay(report, failed(error), Some(card)),
    }
    let wrong = report.checks.iter().find(|c| !c.passed).map(|c| c.name.clone());
    let forced = match wish {
        Wish::Twin => Some(Backend::Twin),
        Wish::Gpu => Some(Backend::Gpu),
        Wish::Auto | Wish::Cpu => None,
    };
    if let Some(chosen) = forced {
        report.reason = match wrong {
            None => "It was asked for, and it computes the known numbers.".to_owned(),
            Some(name) => format!("It was asked for, although it computes wrong numbers: {name}."),
        };
        report.chosen = chosen;
        return chosen_for(report, card, Storage::F32, clock);
    }
    if let Some(name) = wrong {
        return Survey::stay(report, format!("The CPU does the work: the card computes wrong numbers ({name})."), Some(card));
    }

    let (timing, storage) = match timed(spec, clock, &card).await {
        Ok(found) => found,
        Err(error) => return Survey::stay(report, failed(error), Some(card)),
    };
    let (cpu_ms, gpu_ms) = (timing.cpu_step_ms, timing.gpu_step_ms);
    report.timing = Some(timing);
    if gpu_ms >= cpu_ms {
        let reason = format!("The CPU makes a step of this network in {cpu_ms:.2} ms, the card in {gpu_ms:.2} ms.");
        return Survey::stay(report, reason, Some(card));
    }
    report.chosen = Backend::Gpu;
    report.reason = format!("The card computes the known numbers, and makes a step {:.1} times as fast as the CPU.", cpu_ms / gpu_ms);
    chosen_for(report, card, storage, clock)
}

fn chosen_for(report: CardReport, card: Rc<Card>, storage: Storage, clock: &Clock) -> Survey {
    let maker = CardMaker::new(&card, report.chosen, storage, Rc::clone(clock));
    Survey { report, card: Some(card), maker: Some(Box::new(maker)) }
}

/// The faster way to store activations, and its time. A network that is none is timed by the first preset.
async fn timed(spec: &RunSpec, clock: &Clock, card: &Rc<Card>) -> Result<(Timing, Storage), CardError> {
    let preset = PRESETS[0].model();
    let update = spec.train.update();
    let measure = async |model: &ModelSpec, storage: Storage| {
        let subject = Subject { model, update: &update, batch: spec.train.batch, augment: spec.train.augment };
        check::time(card, &subject, storage, TIMING_MS, &**clock).await
    };
    let title = PRESETS.iter().find(|p| p.model().layers == spec.model.layers).map_or("this network", |known| known.title);
    let (found, model, title) = match measure(&spec.model, Storage::F32).await? {
        Some(timing) => (timing, &spec.model, title),
        None => match measure(&preset, Storage::F32).await? {
            Some(timing) => (timing, &preset, PRESETS[0].title),
            None => return Err(CardError::Refused("nothing could be timed".to_owned())),
        },
    };
    let half = if card.info.half { measure(model, Storage::F16).await? } else { None };
    let (gpu_step_ms, storage) = match half {
        Some(half) if half.gpu_step_ms < HALF_GAIN * found.gpu_step_ms => (half.gpu_step_ms, Storage::F16),
        _ => (found.gpu_step_ms, Storage::F32),
    };
    let timing = Timing { cpu_step_ms: found.cpu_step_ms, gpu_step_ms, network: title.to_owned(), batch: spec.train.batch as u32 };
    Ok((timing, storage))
}

fn adapter(info: &CardInfo) -> Adapter {
    Adapter {
        name: info.name.clone(),
        vendor: info.vendor.clone(),
        backend: info.backend.clone(),
        software: info.software,
        half: info.half,
        subgroups: info.subgroups,
        timestamps: info.timestamps,
    }
}

fn found(check: check::Check) -> Check {
    Check { name: check.name, worst: check.worst.min(f64::MAX), passed: check.passed }
}
