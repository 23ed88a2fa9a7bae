//! A session with what it needs around it: files, a clock, turns.

use std::{cell::RefCell, rc::Rc};

use data::{Dataset, Digits, OwnImages, PIXELS, PackFile, Set, packs, shapes};
use protocol::{Event, Message, Wish};
use trainer::{Rest, Session};

use super::{figure, launched, schedule::Schedule, surveyor::Surveyor};
use crate::{
    dom::{fetch, frame, now_ms},
    link::message::{Ask, Labels, Parcel, Picked, Tell, Which},
    shards::{Shared, Workers},
};

/// Where the packs lie, from the page's folder.
const FOLDER: &str = "assets/mnist/";
/// For the moments of a run that can be gone back to.
const MOMENTS_BYTES: usize = 64 << 20;
/// About ten milliseconds' worth.
const SHAPES_AT_ONCE: usize = 200;
/// While speeds are compared: how often to see whether that is over.
const TIMING_TURN_MS: f64 = 20.0;

fn session() -> Session {
    let mut session = Session::new(Dataset::new());
    session.keep_moments(MOMENTS_BYTES);
    session
}

pub struct Host {
    pub(super) session: Session,
    pub(super) surveyor: Surveyor,
    post: Rc<dyn Fn(Parcel<Tell>)>,
    schedule: Option<Schedule>,
    turn_ms: f64,
    base: String,
    fetching: bool,
    /// Shapes are being drawn.
    drawing: bool,
    /// Another round was asked for while one was under way.
    fetch_again: bool,
    /// Those that share the training.
    workers: Option<Rc<Workers>>,
    /// Packs that have arrived, in the order of the manifest.
    arrived: Vec<bool>,
    /// A digit that is wanted and was not there.
    wanted: Option<Which>,
    /// The digit that was picked last, for the next one.
    cursor: usize,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("stage", &self.session.stage()).finish_non_exhaustive()
    }
}

/// A file of our own weights, written for other programs.
fn onnx(file: &[u8]) -> Result<Vec<u8>, String> {
    let (network, numbers) = trainer::checkpoint::open_own(file).map_err(|e| e.to_string())?;
    let weights = exchange::Weights { params: &numbers.params, state: &numbers.state };
    exchange::onnx(&network.graph, weights).map_err(|e| e.to_string())
}

impl Host {
    /// A session without a run. Fetches the data from `base` and speaks through `post` from now on.
    /// What runs compute on follows `wish` and, in time, what the graphics card turns out to be.
    /// On the CPU they share their work between so many cores.
    pub fn start(base: &str, wish: Wish, cores: usize, turn_ms: f64, post: impl Fn(Parcel<Tell>) + 'static) -> Rc<RefCell<Self>> {
        let host = Rc::new(RefCell::new(Self {
            session: session(),
            surveyor: Surveyor::new(wish),
            post: Rc::new(post),
            schedule: None,
            turn_ms,
            base: base.to_owned(),
            fetching: false,
            drawing: false,
            fetch_again: false,
            workers: None,
            arrived: vec![false; packs().len()],
            wanted: None,
            cursor: 0,
        }));
        let ringing = Rc::downgrade(&host);
        let schedule = Schedule::new(move || {
            if let Some(host) = ringing.upgrade() {
                host.borrow_mut().turn();
            }
        });
        host.borrow_mut().schedule = Some(schedule);
        if cores > 1 {
            let called = Rc::downgrade(&host);
            // Not while a turn is under way, which looks for itself.
            let bell = move || {
                if let Some(host) = called.upgrade()
                    && let Ok(mut host) = host.try_borrow_mut()
                {
                    host.turn();
                }
            };
            let workers = Rc::new(Workers::new(cores, Rc::new(bell)));
            let mut open = host.borrow_mut();
            open.session.set_hire(Box::new(Shared(Rc::clone(&workers))));
            open.workers = Some(workers);
        }
        host.borrow_mut().flush();
        Self::fetch(&host);
        host
    }

    pub fn receive(host: &Rc<RefCell<Self>>, Parcel { head, bulk, file }: Parcel<Ask>) {
        match head {
            Ask::Session(command) => {
                let mut open = host.borrow_mut();
                open.session.handle(Message { head: *command, bulk, file }, now_ms());
                open.flush();
                open.wake();
                drop(open);
                Self::draw(host);
                Surveyor::look(host);
            }
            Ask::Pick(which) => host.borrow_mut().pick(which),
            Ask::Kernels { spec, subgroups, half } => {
                let listing = launched::listing(&spec, subgroups, half);
                (host.borrow().post)(Parcel::new(Tell::Kernels(listing)));
            }
            Ask::Figure { place, spec } => {
                let (told, numbers) = figure::told(&spec, &bulk);
                (host.borrow().post)(Parcel::with_bulk(Tell::Figure { place, told }, numbers));
            }
            Ask::Onnx => {
                let (problem, file) = match onnx(&file) {
                    Ok(file) => (None, file),
                    Err(why) => (Some(why), Vec::new()),
                };
                (host.borrow().post)(Parcel { head: Tell::Onnx(problem), bulk: Vec::new(), file });
            }
            Ask::Labels => host.borrow().labels(),
            Ask::Greys(numbers) => host.borrow().greys(numbers),
            Ask::Own => {
                if let Ok(own) = OwnImages::from_bytes(&file) {
                    host.borrow_mut().session.set_own(&own);
                }
            }
            Ask::Fetch => Self::fetch(host),
            Ask::Crash => panic!("asked to crash"),
            // What follows, the card tells.
            Ask::LoseCard => host.borrow().surveyor.lose_card(),
            Ask::CrashShard => {
                if let Some(workers) = &host.borrow().workers {
                    workers.crash_one();
                }
            }
        }
    }

    fn turn(&mut self) {
        if let Some(schedule) = &mut self.schedule {
            schedule.rung();
        }
        let rest = if self.surveyor.is_timing() { Rest::After(TIMING_TURN_MS) } else { self.session.turn(self.turn_ms, &mut now_ms) };
        self.flush();
        if let Some(schedule) = &mut self.schedule {
            match rest {
                Rest::Now => schedule.now(),
                Rest::After(ms) | Rest::UntilWoken(ms) => schedule.after(ms),
                Rest::UntilCalled => {}
            }
        }
    }

    /// Takes a turn as soon as the messages that wait have been heard.
    pub(super) fn wake(&mut self) {
        if let Some(schedule) = &mut self.schedule {
            schedule.now();
        }
    }

    pub(super) fn flush(&mut self) {
        for Message { head, bulk, file } in self.session.take_events() {
            if let Event::Opened { spec, .. } = &head {
                self.surveyor.open(spec);
            }
            (self.post)(Parcel { head: Tell::Session(Box::new(head)), bulk, file });
        }
    }

    /// Fetches the packs that have not arrived, one after the other.
    fn fetch(host: &Rc<RefCell<Self>>) {
        if std::mem::replace(&mut host.borrow_mut().fetching, true) {
            host.borrow_mut().fetch_again = true;
            return;
        }
        let host = Rc::clone(host);
        wasm_bindgen_futures::spawn_local(async move {
            for (index, pack) in packs().iter().enumerate() {
                if host.borrow().arrived[index] {
                    continue;
                }
                let url = format!("{}{FOLDER}{}", host.borrow().base, pack.file);
                let answer = fetch::bytes(&url).await;
                let reached = answer.is_ok();
                let installed = answer.and_then(|bytes| host.borrow_mut().install(pack, &bytes));
                let mut open = host.borrow_mut();
                match installed {
                    Ok(()) => {
                        open.arrived[index] = true;
                        if let Some(which) = open.wanted.take() {
                            open.pick(which);
                        }
                    }
                    Err(why) => open.session.report_data_failure(format!("{FOLDER}{}", pack.file), why),
                }
                open.flush();
                open.wake();
                open.surveyor.data_has_come();
                drop(open);
                Surveyor::look(&host);
                // Where the server is away, the other files need not be tried.
                if !reached {
                    break;
                }
            }
            let mut over = host.borrow_mut();
            over.fetching = false;
            let again = std::mem::take(&mut over.fetch_again);
            drop(over);
            if again {
                Self::fetch(&host);
            }
        });
    }

    /// Draws the shapes that are wanted, a few at a time.
    fn draw(host: &Rc<RefCell<Self>>) {
        let mut open = host.borrow_mut();
        let wanted = open.session.data().next_shapes();
        if wanted.is_none() || std::mem::replace(&mut open.drawing, true) {
            return;
        }
        drop(open);
        let host = Rc::clone(host);
        wasm_bindgen_futures::spawn_local(async move {
            loop {
                let next = host.borrow().session.data().next_shapes();
                let Some(pack) = next else { break };
                let mut shapes = Digits::default();
                while !shapes::extend(&mut shapes, pack, SHAPES_AT_ONCE) {
                    frame::pause().await;
                }
                host.borrow_mut().take_shapes(pack, shapes);
                Surveyor::look(&host);
                frame::pause().await;
            }
            host.borrow_mut().drawing = false;
        });
    }

    /// Shapes that were drawn, unless others are wanted meanwhile.
    fn take_shapes(&mut self, pack: &PackFile, shapes: Digits) {
        if self.session.data().next_shapes() != Some(pack) || self.session.install_shapes(pack, shapes).is_err() {
            return;
        }
        if let Some(which) = self.wanted.take() {
            self.pick(which);
        }
        self.flush();
        self.wake();
        self.surveyor.data_has_come();
    }

    fn install(&mut self, pack: &PackFile, bytes: &[u8]) -> Result<(), String> {
        let digits = pack.open(bytes).map_err(|e| e.to_string())?;
        self.session.install(pack, digits).map_err(|e| e.to_string())
    }

    /// The digit of this number, counted through all sets, once its set has arrived.
    fn digit(&self, number: u32) -> Option<(Set, usize, &[u8], u8)> {
        let (data, mut index) = (self.session.data(), number as usize);
        for set in Set::ALL {
            if index < data.total_of(set) {
                data.whole(set)?;
                return data.image(set, index).map(|(image, label)| (set, index, image, label));
            }
            index -= data.total_of(set);
        }
        None
    }

    fn labels(&self) {
        let data = self.session.data();
        let counts = Set::ALL.map(|set| data.whole(set).unwrap_or_default());
        let totals = Set::ALL.map(|set| data.total_of(set) as u32);
        let mut parcel = Parcel::new(Tell::Labels(Labels { counts: counts.map(|count| count as u32), totals }));
        for (set, count) in Set::ALL.into_iter().zip(counts) {
            parcel.file.extend((0..count).filter_map(|i| data.image(set, i)).map(|(_, label)| label));
        }
        if counts[0] > 0 {
            parcel.bulk = data::digits::class_means((0..counts[0]).filter_map(|i| data.train_image(i)));
        }
        (self.post)(parcel);
    }

    fn greys(&self, numbers: Vec<u32>) {
        let mut numbers = numbers;
        numbers.retain(|n| self.digit(*n).is_some());
        let mut file = Vec::with_capacity(numbers.len() * PIXELS);
        for (_, _, pixels, _) in numbers.iter().filter_map(|n| self.digit(*n)) {
            file.extend_from_slice(pixels);
        }
        (self.post)(Parcel { file, ..Parcel::new(Tell::Greys(numbers)) });
    }

    /// Sends the digit of this number.
    fn pick_number(&self, number: u32) {
        if let Some((set, index, pixels, label)) = self.digit(number) {
            let picked = Picked { set: set.name().to_owned(), index: index as u32, label };
            let bulk = pixels.iter().map(|grey| f32::from(*grey) / 255.0).collect();
            (self.post)(Parcel::with_bulk(Tell::Picked(picked), bulk));
        }
    }

    /// Sends a digit that the network does not train on, as soon as those are there.
    fn pick(&mut self, which: Which) {
        if let Which::Number(number) = which {
            return self.pick_number(number);
        }
        let random = |below: usize| (js_sys::Math::random() * below as f64) as usize % below.max(1);
        let data = self.session.data();
        let whole = [Set::Test, Set::Validation].into_iter().find_map(|set| data.whole(set).filter(|n| *n > 0).map(|count| (set, count)));
        let (set, count) = whole.unwrap_or_else(|| (Set::Train, data.train_ready()));
        let digit = |index: usize| data.image(set, index);
        let index = match which {
            _ if count == 0 => None,
            Which::First | Which::Number(_) => Some(0),
            Which::Next => Some((self.cursor + 1) % count),
            Which::Random => Some(random(count)),
            Which::Class(class) => {
                let start = random(count);
                (0..count).map(|i| (start + i) % count).find(|i| digit(*i).is_some_and(|(_, label)| label == class))
            }
        };
        let Some((index, (pixels, label))) = index.and_then(|i| digit(i).map(|d| (i, d))) else {
            self.wanted = Some(which);
            return;
        };
        let picked = Picked { set: set.name().to_owned(), index: index as u32, label };
        let bulk = pixels.iter().map(|grey| f32::from(*grey) / 255.0).collect();
        (self.post)(Parcel::with_bulk(Tell::Picked(picked), bulk));
        self.cursor = index;
    }
}
