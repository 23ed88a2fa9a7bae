//! The state machine: commands in, events out, work in between.

use std::sync::Arc;

use data::{Dataset, Digits, InstallError, OwnImages, PackFile, Set, Source};
use protocol::{CardReport, Command, Event, Message, Race, RunId, RunSpec};

use crate::{
    Ask, Network, OpenError, Portion, Stage, Standing, Verdict,
    checkpoint::{self, FileError},
    evaluation,
    machine::{self, Alone, Hire, MachineFault, MakeMachine, Numbers},
    race::Contest,
    rest::Rest,
    taken_up::taken_up,
    training::{Outbox, Surroundings, Training, Unit},
};

/// A turn does at most so many steps, should the clock stand still.
const UNITS_PER_TURN: usize = 1_000;

/// At most one run, the digits that it trains on, and the events that nobody has taken yet.
///
/// The host calls [`Session::handle`] with every command and [`Session::turn`] again and again, and
/// sends on what [`Session::take_events`] gives. All times are milliseconds of one clock that does
/// not go back.
#[derive(Debug)]
pub struct Session {
    data: Arc<Dataset>,
    /// A file could not be had: what needs more digits must not wait for them.
    data_broken: bool,
    portion: Portion,
    training: Option<Box<Training>>,
    /// Goes on beside the run, which rests meanwhile.
    race: Option<Contest>,
    /// Makes the machines that runs go on; without it they stay on the CPU.
    maker: Option<Box<dyn MakeMachine>>,
    /// What opens a run that has to wait for its digits.
    waiting: Option<Message<Command>>,
    /// For the moments that a run keeps; 0 for none.
    moments_bytes: usize,
    /// Where the CPU's further cores come from.
    hire: Box<dyn Hire>,
    outbox: Outbox,
}

impl Session {
    /// Without a run. The first event is `Ready`.
    pub fn new(data: impl Into<Arc<Dataset>>) -> Self {
        Self::with_portion(data, Portion::default())
    }

    /// Uses a part of the digits only. Sizes are cut to the whole, and raised to one digit.
    pub fn with_portion(data: impl Into<Arc<Dataset>>, portion: Portion) -> Self {
        let whole = Portion::default();
        let portion = Portion { train: portion.train.clamp(1, whole.train), scored: portion.scored.clamp(1, whole.scored) };
        let ready = Event::Ready { version: env!("CARGO_PKG_VERSION").to_owned() };
        let mut session = Self {
            data: data.into(),
            data_broken: false,
            portion,
            training: None,
            race: None,
            maker: None,
            waiting: None,
            moments_bytes: 0,
            hire: Box::new(Alone),
            outbox: vec![ready.into()],
        };
        if session.data.train_ready() > 0 {
            session.tell_data();
        }
        session
    }

    /// Runs that are opened from now on keep moments to go back to, in so many bytes. At first none.
    pub fn keep_moments(&mut self, budget_bytes: usize) {
        self.moments_bytes = budget_bytes;
    }

    pub fn stage(&self) -> Stage {
        self.training.as_ref().map_or(Stage::Idle, |t| t.stage())
    }

    pub fn data(&self) -> &Dataset {
        &self.data
    }

    /// The events since the last call, oldest first.
    pub fn take_events(&mut self) -> Vec<Message<Event>> {
        std::mem::take(&mut self.outbox)
    }

    /// Digits have arrived: `DataArrived`. A run that waits for them goes on at the next turn.
    pub fn install(&mut self, pack: &PackFile, digits: Digits) -> Result<(), InstallError> {
        Arc::make_mut(&mut self.data).install(pack, digits)?;
        self.data_broken = false;
        self.tell_data();
        if let Some(message) = self.waiting.take() {
            self.carry_out(message, f64::NEG_INFINITY);
        }
        Ok(())
    }

    /// Shapes have been drawn in the places of the digits of `pack`: as [`Session::install`].
    pub fn install_shapes(&mut self, pack: &PackFile, shapes: Digits) -> Result<(), InstallError> {
        Arc::make_mut(&mut self.data).install_shapes(pack, shapes)?;
        self.tell_data();
        if let Some(message) = self.waiting.take() {
            self.carry_out(message, f64::NEG_INFINITY);
        }
        Ok(())
    }

    /// Images of one's own, for runs that are opened from now on. A run on earlier ones ends.
    pub fn set_own(&mut self, own: &OwnImages) {
        if self.data.source().has_own() {
            (self.training, self.waiting) = (None, None);
        }
        Arc::make_mut(&mut self.data).set_own(own);
    }

    /// What the run that is to be opened trains on.
    fn choose(&mut self, source: Source) {
        if self.data.source() != source {
            Arc::make_mut(&mut self.data).choose(source);
            self.tell_data();
        }
    }

    /// A file cannot be had: `DataFailed`. A run goes on as far as the digits reach, then pauses;
    /// evaluations that lack their digits are left out.
    pub fn report_data_failure(&mut self, file: String, message: String) {
        self.data_broken = true;
        self.outbox.push(Event::DataFailed { file, message }.into());
        if let Some(message) = self.waiting.take() {
            self.carry_out(message, f64::NEG_INFINITY);
        }
    }

    /// Where runs go on from now on: on machines of `maker`, or on the CPU. An open run moves there in
    /// the turns that follow: `Moved`. Where it cannot, it stays on the CPU, and `Moved` says why. A
    /// maker whose card is lost is forgotten.
    pub fn set_maker(&mut self, maker: Option<Box<dyn MakeMachine>>) {
        if let Some(training) = &mut self.training {
            training.ask_move(maker.is_some());
        }
        self.maker = maker;
    }

    /// What runs that are opened from now on share their work on the CPU with.
    pub fn set_hire(&mut self, hire: Box<dyn Hire>) {
        self.hire = hire;
    }

    /// What has been found out about the graphics card: `Checked`.
    pub fn report_card(&mut self, report: CardReport) {
        self.outbox.push(Event::Checked { report }.into());
    }

    fn tell_data(&mut self) {
        let train = self.data.train_ready() as u32;
        self.outbox.push(Event::DataArrived { train, train_total: self.data.total_of(Set::Train) as u32 }.into());
    }

    /// Carries out a command, as [`crate::stage::TABLE`] says. Commands to a run that is not the open
    /// one are dropped.
    pub fn handle(&mut self, message: Message<Command>, now_ms: f64) {
        let (ask, run) = (Ask::from(&message.head), message.head.run());
        let opens = matches!(ask, Ask::Open | Ask::Load);
        if !opens && self.training.as_ref().is_some_and(|t| t.id != run) {
            return;
        }
        match ask.verdict(self.stage()) {
            Verdict::Pass => {}
            Verdict::Decline => {
                let name = format!("{ask:?}").to_ascii_lowercase();
                self.decline(run, format!("{name}: no run is open"));
            }
            Verdict::Do => self.carry_out(message, now_ms),
        }
    }

    fn decline(&mut self, run: RunId, message: String) {
        self.outbox.push(Event::Declined { run, message }.into());
    }

    fn carry_out(&mut self, Message { head, bulk, file }: Message<Command>, now_ms: f64) {
        let run = head.run();
        match head {
            Command::Open { run, spec } => return self.open(run, spec, file),
            Command::Load { run } => return self.load(run, file),
            Command::Close { .. } => (self.training, self.waiting, self.race) = (None, None, None),
            Command::Race { run, race } => return self.hold_race(run, race, now_ms),
            Command::Play { .. } | Command::Step { .. } | Command::Seek { .. } if self.race.is_some() => {
                let name = format!("{:?}", Ask::from(&head)).to_ascii_lowercase();
                return self.decline(run, format!("{name}: a race is under way; it can be ended"));
            }
            _ => {}
        }
        let Self { data, data_broken, training, maker, hire, outbox, .. } = self;
        let Some(training) = training else { return };
        let done = match head {
            Command::Play { .. } => {
                training.play(None, now_ms, outbox);
                Ok(())
            }
            Command::Step { count, .. } => {
                training.play(Some(count), now_ms, outbox);
                Ok(())
            }
            Command::Pause { .. } => {
                training.pause(now_ms, outbox);
                Ok(())
            }
            Command::Tune { hyper, .. } => {
                hyper.check().map(|()| outbox.push(training.tune(hyper, now_ms).into())).map_err(|e| format!("tune: {e}"))
            }
            Command::Amend { spec, .. } => {
                let around = Surroundings { now_ms, data, data_broken: *data_broken, maker, hire: &**hire, outbox };
                let done = training.ask_amend(spec, &around).map_err(|e| format!("amend: {e}"));
                done.map(|event| outbox.extend(event.map(Message::from)))
            }
            Command::Seek { quest, .. } => {
                training.seek(quest, outbox);
                Ok(())
            }
            Command::SetPace { pace, .. } => pace.check().map(|()| training.set_pace(pace)).map_err(|e| format!("pace: {e}")),
            Command::Watch { tensors, .. } => training.sample.watch(tensors, &training.network),
            Command::Dissect { opened, .. } => training.sample.dissect(opened, &training.network),
            Command::Show { .. } => training.sample.show(bulk),
            Command::Probe { what, .. } => {
                training.want(what, outbox);
                Ok(())
            }
            Command::Ack { frame, .. } => {
                training.sample.acknowledge(frame);
                Ok(())
            }
            Command::Evaluate { set, .. } => match data.whole(evaluation::set_of(set)) {
                Some(_) => {
                    training.ask_score(set);
                    Ok(())
                }
                None => Err(format!("evaluate: the {} digits have not arrived", evaluation::name(set))),
            },
            Command::Preview { preview, .. } => training.preview(&preview, data).map(|shown| outbox.push(shown)),
            Command::Save { ask, what, .. } => {
                training.ask_save(ask, what, &mut Surroundings { now_ms, data, data_broken: *data_broken, maker, hire: &**hire, outbox });
                Ok(())
            }
            Command::Time { travel, .. } => {
                training.travel(travel, &file, &mut Surroundings { now_ms, data, data_broken: *data_broken, maker, hire: &**hire, outbox })
            }
            Command::Trace { place, .. } => {
                training.ask_trace(place, &mut Surroundings { now_ms, data, data_broken: *data_broken, maker, hire: &**hire, outbox });
                Ok(())
            }
            Command::Open { .. } | Command::Load { .. } | Command::Close { .. } | Command::Race { .. } => Ok(()),
        };
        if let Err(message) = done {
            self.decline(run, message);
        }
    }

    /// Begins a race, or ends the one under way.
    fn hold_race(&mut self, run: RunId, race: Option<Race>, now_ms: f64) {
        self.end_race("the race was ended");
        let Some(race) = race else { return };
        match Contest::new(run, &race, self.portion, &self.data, self.maker.as_deref()) {
            Ok(contest) => self.race = Some(contest),
            Err(why) => return self.decline(run, format!("race: {why}")),
        }
        if let Some(training) = self.training.as_mut().filter(|t| matches!(t.stage(), Stage::Playing | Stage::Scoring)) {
            training.pause(now_ms, &mut self.outbox);
        }
    }

    fn end_race(&mut self, why: &str) {
        if let Some(mut contest) = self.race.take() {
            self.outbox.push(contest.report(true, why.to_owned()));
        }
    }

    fn open(&mut self, run: RunId, spec: RunSpec, file: Vec<u8>) {
        self.end_race("another run was opened");
        (self.training, self.waiting) = (None, None);
        self.choose(spec.train.data);
        match Network::open_on(&spec, self.portion, Standing::default(), &self.data) {
            Ok(network) => {
                let mut numbers = network.first_numbers();
                if !file.is_empty()
                    && let Err(error) = checkpoint::graft(&file, &network, &mut numbers)
                {
                    return self.decline(run, format!("open: {error}"));
                }
                let (training, refusal) = self.training(run, network, numbers);
                self.begin(training, refusal);
            }
            Err(OpenError::Waits) if !self.data_broken => {
                self.waiting = Some(Message { head: Command::Open { run, spec }, bulk: Vec::new(), file });
            }
            Err(OpenError::Spec(error)) => self.outbox.push(Event::Refused { run, error }.into()),
            Err(error) => self.decline(run, format!("open: {error}")),
        }
    }

    /// A run on a machine of the maker, or on the CPU and why.
    fn training(&self, run: RunId, network: Network, numbers: Numbers) -> (Training, Option<MachineFault>) {
        let (machine, refusal) = machine::made(&network, &numbers, self.maker.as_deref(), &*self.hire);
        let mut training = Training::open(run, network, numbers, machine);
        training.keep_moments(self.moments_bytes);
        (training, refusal)
    }

    fn begin(&mut self, training: Training, refusal: Option<MachineFault>) {
        self.end_race("another run was opened");
        self.outbox.push(training.opened().into());
        if let Some(fault) = refusal {
            if fault.lost {
                self.maker = None;
            }
            self.outbox.push(training.moved(format!("{fault}: the run continues on the CPU")).into());
        }
        self.training = Some(Box::new(training));
    }

    fn load(&mut self, run: RunId, file: Vec<u8>) {
        self.waiting = None;
        match self.loaded(run, &file) {
            Ok((training, refusal)) => self.begin(training, refusal),
            Err(FileError::Open(OpenError::Waits)) if !self.data_broken => {
                self.training = None;
                self.waiting = Some(Message { head: Command::Load { run }, bulk: Vec::new(), file });
            }
            Err(error) => {
                if let Some(open) = self.training.as_ref().map(|t| t.network.spec.train.data) {
                    self.choose(open);
                }
                self.outbox.push(Event::LoadFailed { run, message: error.to_string() }.into());
            }
        }
    }

    fn loaded(&mut self, run: RunId, bytes: &[u8]) -> Result<(Training, Option<MachineFault>), FileError> {
        let file = checkpoint::read(bytes)?;
        if let Some((spec, position)) = file.checkpoint() {
            self.choose(spec.train.data);
            let (network, position) = taken_up(spec, self.portion, position, &self.data)?;
            let mut numbers = network.first_numbers();
            file.fill_weights(&network, &mut numbers)?;
            file.fill_optimizer(&network, &mut numbers)?;
            let best = file.best(&network)?;
            let (mut training, refusal) = self.training(run, network, numbers);
            training.resume(&position, best)?;
            return Ok((training, refusal));
        }
        let open = self.training.as_ref().filter(|t| t.id == run).ok_or(FileError::NoNetwork)?;
        let network = Network::open_on(&open.network.spec, self.portion, Standing::default(), &self.data)?;
        let mut numbers = network.first_numbers();
        file.fill_weights(&network, &mut numbers)?;
        Ok(self.training(run, network, numbers))
    }

    /// Works for about `budget_ms`: at least one piece, at most until `clock` says that the time is
    /// over. Says when to call again.
    pub fn turn(&mut self, budget_ms: f64, clock: &mut dyn FnMut() -> f64) -> Rest {
        let Self { data, data_broken, training, race, maker, hire, outbox, .. } = self;
        let Some(training) = training else { return Rest::UntilCalled };
        let started = clock();
        let mut now_ms = started;
        for _ in 0..UNITS_PER_TURN {
            let mut around = Surroundings { now_ms, data, data_broken: *data_broken, maker, hire: &**hire, outbox };
            let unit = training.unit(&mut around);
            let measured = training.probe(&mut *clock, outbox);
            let mut waits = if let (Unit::Waits(rest), false) = (unit, measured) { Some(rest) } else { None };
            if let Some(contest) = race {
                let now_ms = clock();
                let mut around = Surroundings { now_ms, data, data_broken: *data_broken, maker, hire: &**hire, outbox };
                let raced = contest.unit(&mut around, clock);
                if raced.is_none() {
                    outbox.push(contest.report(true, String::new()));
                    *race = None;
                }
                waits = match raced {
                    Some(Unit::Waits(rest)) => waits.map(|other| rest.sooner(other)),
                    _ => None,
                };
            }
            if let Some(rest) = waits {
                return rest;
            }
            now_ms = clock();
            if now_ms - started >= budget_ms {
                break;
            }
        }
        Rest::Now
    }
}
