//! The worker, as figures see it: they ask, it answers; and a session for lessons that train.

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
    sync::Arc,
};

use engine::{Init, LayerSpec, Mode, ModelSpec, Shape, ops::account::PartKind};
use leptos::prelude::*;
use protocol::{Command, Event, Wish};

use crate::{
    dom::frame,
    link::{
        Heard, Link,
        figure::{FigureSpec, Told, Wanted},
        message::{Ask, Parcel, Picked, Tell, Which},
    },
    shards,
    state::url,
};

/// Deaths of workers after which none is started any more.
const DEATHS_LIMIT: u32 = 3;

/// A question with the numbers that it goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureAsk {
    pub spec: FigureSpec,
    images: Vec<f32>,
    weights: Vec<f32>,
    pull: Vec<f32>,
}

impl FigureAsk {
    /// One image through these layers, with weights drawn from seed 0.
    pub fn new(input: Shape, layers: Vec<LayerSpec>, image: &[f32]) -> Self {
        let model = ModelSpec { input, layers, init: Init::default() };
        let images = image.len() / input.len().max(1);
        let spec = FigureSpec { model, images, given: false, pulled: false, seed: 0, step: 0, mode: Mode::Eval, wanted: Vec::new() };
        Self { spec, images: image.to_vec(), weights: Vec::new(), pull: Vec::new() }
    }

    /// All weights, in the order of the graph.
    pub fn weights(mut self, weights: &[f32]) -> Self {
        self.spec.given = true;
        self.weights = weights.to_vec();
        self
    }

    pub fn seed(mut self, seed: u32) -> Self {
        self.spec.seed = seed;
        self
    }

    /// As in training: dropout drops, batch norm measures. What is drawn at random is that of `step`.
    pub fn training(mut self, step: u32) -> Self {
        (self.spec.mode, self.spec.step) = (Mode::Train, step);
        self
    }

    /// The gradient of what the last layer gives, which goes back through all layers.
    pub fn pull(mut self, gradient: &[f32]) -> Self {
        self.spec.pulled = true;
        self.pull = gradient.to_vec();
        self
    }

    pub fn want(mut self, wanted: Wanted) -> Self {
        self.spec.wanted.push(wanted);
        self
    }
}

/// What the engine has told; empty before the first answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub told: Told,
    pub numbers: Arc<Vec<f32>>,
}

impl Answer {
    /// Extents and numbers of one of the things that were asked for.
    pub fn get(&self, wanted: Wanted) -> Option<(&[usize], &[f32])> {
        let given = self.told.given.iter().find(|given| given.of == wanted)?;
        Some((&given.dims, self.numbers.get(given.range.clone())?))
    }

    /// One of the parts between a layer's input and its output.
    pub fn part(&self, kind: PartKind) -> Option<(&[usize], &[f32])> {
        let given = self.told.given.iter().find(|given| given.part == Some(kind))?;
        Some((&given.dims, self.numbers.get(given.range.clone())?))
    }

    /// What layer `node` gives; empty before the first answer.
    pub fn output(&self, node: usize) -> &[f32] {
        self.get(Wanted::Output(node)).map_or(&[], |(_, numbers)| numbers)
    }
}

type Hearer = Rc<dyn Fn(Answer)>;
type Witness = Rc<dyn Fn(&Event, &[f32], &[u8])>;
type Listener = Rc<dyn Fn(&Tell, &[u8])>;
type Picker = Rc<dyn Fn(Picked, Vec<f32>)>;
type Collector = Box<dyn FnOnce(&[u8])>;

struct Place {
    hearer: Hearer,
    /// What was asked last, for a new worker.
    last: Option<FigureAsk>,
    under_way: bool,
    /// Asked meanwhile.
    next: Option<FigureAsk>,
}

#[derive(Default)]
struct Inner {
    link: Option<Link>,
    generation: u32,
    deaths: u32,
    last_place: u32,
    places: HashMap<u32, Place>,
    witnesses: HashMap<u32, Witness>,
    listeners: HashMap<u32, Listener>,
    picker: Option<Picker>,
    /// Who waits for pictures, in the order of the questions.
    collectors: VecDeque<Collector>,
    wish: Wish,
}

/// Copying is free.
#[derive(Clone, Copy)]
pub struct Engine(StoredValue<Inner, LocalStorage>);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    /// Starts the worker.
    pub fn start() -> Self {
        let wish = url::page_value("backend").and_then(|word| word.parse().ok()).unwrap_or_default();
        let engine = Self(StoredValue::new_local(Inner { wish, ..Inner::default() }));
        engine.connect();
        engine
    }

    fn connect(self) {
        let (generation, wish) = self
            .0
            .try_update_value(|inner| {
                inner.generation += 1;
                (inner.generation, inner.wish)
            })
            .unwrap_or_default();
        let ear: Rc<dyn Fn(Heard)> = Rc::new(move |heard| {
            if self.0.try_with_value(|inner| inner.generation) == Some(generation) {
                self.hear(heard);
            }
        });
        let worker = if url::page_value("workers").as_deref() == Some("0") {
            None
        } else {
            Link::spawn(wish, shards::cores(url::page_value("threads").as_deref()), Rc::clone(&ear)).ok()
        };
        let link = worker.or_else(|| Link::on_page(wish, ear).ok());
        self.0.update_value(|inner| inner.link = link);
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Told(parcel) => {
                let Parcel { head, bulk, file } = *parcel;
                match head {
                    Tell::Figure { place, told } => self.answer(place, Answer { told, numbers: Arc::new(bulk) }),
                    Tell::Session(event) => {
                        let witnesses: Vec<Witness> = self.0.with_value(|inner| inner.witnesses.values().cloned().collect());
                        witnesses.iter().for_each(|witness| witness(&event, &bulk, &file));
                    }
                    Tell::Picked(picked) => {
                        if let Some(picker) = self.0.with_value(|inner| inner.picker.clone()) {
                            picker(picked, bulk);
                        }
                    }
                    Tell::Panicked(_) => self.revive(),
                    Tell::Greys(_) => {
                        if let Some(collect) = self.0.try_update_value(|inner| inner.collectors.pop_front()).flatten() {
                            collect(&file);
                        }
                    }
                    Tell::Labels(_) => {
                        let listeners: Vec<Listener> = self.0.with_value(|inner| inner.listeners.values().cloned().collect());
                        listeners.iter().for_each(|listener| listener(&head, &file));
                    }
                    Tell::Kernels(_) | Tell::Onnx(_) => {}
                }
            }
            Heard::Lost(_) => self.revive(),
        }
    }

    /// Another worker in the place of one that has died; it is asked what the other was.
    fn revive(self) {
        let goes_on = self.0.try_update_value(|inner| {
            inner.generation += 1;
            inner.deaths += 1;
            inner.deaths <= DEATHS_LIMIT
        });
        if goes_on != Some(true) {
            return;
        }
        // Not from within the worker's own event: its listeners go with it.
        frame::after(0, move || {
            self.connect();
            let again: Vec<(u32, FigureAsk)> = self
                .0
                .try_update_value(|inner| {
                    let last = |(id, place): (&u32, &mut Place)| {
                        place.under_way = false;
                        Some((*id, place.next.take().or(place.last.clone())?))
                    };
                    inner.places.iter_mut().filter_map(last).collect()
                })
                .unwrap_or_default();
            again.into_iter().for_each(|(place, ask)| self.ask(place, ask));
            // Nothing has come: they ask again.
            let waiting = self.0.try_update_value(|inner| std::mem::take(&mut inner.collectors)).unwrap_or_default();
            waiting.into_iter().for_each(|collect| collect(&[]));
        });
    }

    fn answer(self, place: u32, answer: Answer) {
        let heard = self.0.try_update_value(|inner| {
            let place = inner.places.get_mut(&place)?;
            place.under_way = false;
            Some((Rc::clone(&place.hearer), place.next.take()))
        });
        let Some((hearer, next)) = heard.flatten() else { return };
        hearer(answer);
        if let Some(next) = next {
            self.ask(place, next);
        }
    }

    /// A place that questions come from; `hearer` has each answer.
    pub fn open(self, hearer: impl Fn(Answer) + 'static) -> u32 {
        self.0
            .try_update_value(|inner| {
                inner.last_place += 1;
                let place = Place { hearer: Rc::new(hearer), last: None, under_way: false, next: None };
                inner.places.insert(inner.last_place, place);
                inner.last_place
            })
            .unwrap_or_default()
    }

    pub fn close(self, place: u32) {
        self.0.try_update_value(|inner| inner.places.remove(&place));
    }

    /// Asks now, or as soon as the answer to what was asked before has come; of several that wait the newest is asked.
    pub fn ask(self, id: u32, ask: FigureAsk) {
        self.0.update_value(|inner| {
            let Inner { link: Some(link), places, .. } = inner else { return };
            let Some(place) = places.get_mut(&id) else { return };
            if place.under_way {
                place.next = Some(ask);
                return;
            }
            place.under_way = true;
            let bulk = [&ask.images[..], &ask.weights, &ask.pull].concat();
            link.send(Parcel::with_bulk(Ask::Figure { place: id, spec: Box::new(ask.spec.clone()) }, bulk));
            place.last = Some(ask);
        });
    }

    fn send(self, parcel: Parcel<Ask>) {
        self.0.with_value(|inner| {
            if let Some(link) = &inner.link {
                link.send(parcel);
            }
        });
    }

    /// A digit of the data set for the sample.
    pub fn pick(self, which: Which) {
        self.send(Parcel::new(Ask::Pick(which)));
    }

    pub fn on_pick(self, picker: impl Fn(Picked, Vec<f32>) + 'static) {
        self.0.update_value(|inner| inner.picker = Some(Rc::new(picker)));
    }

    /// The grey values of these digits, counted through all sets, of as many as have arrived.
    pub fn greys(self, numbers: Vec<u32>, collect: impl FnOnce(&[u8]) + 'static) {
        self.0.update_value(|inner| inner.collectors.push_back(Box::new(collect)));
        self.send(Parcel::new(Ask::Greys(numbers)));
    }

    /// A command for the session, for lessons in which a network trains. `bulk`: what travels beside it.
    pub fn command(self, command: Command, bulk: Vec<f32>) {
        self.send(Parcel::with_bulk(Ask::Session(Box::new(command)), bulk));
    }

    /// The classes of all digits, please: told to whoever listens.
    pub fn ask_labels(self) {
        self.send(Parcel::new(Ask::Labels));
    }

    /// Images of one's own, as a file has them, for the runs that are opened from now on.
    pub fn set_own(self, file: Vec<u8>) {
        self.send(Parcel { file, ..Parcel::new(Ask::Own) });
    }

    /// Calls with every answer about digits until the owner is gone.
    pub fn listen(self, listener: impl Fn(&Tell, &[u8]) + 'static) {
        let id = self.0.try_update_value(|inner| {
            inner.last_place += 1;
            inner.listeners.insert(inner.last_place, Rc::new(listener));
            inner.last_place
        });
        on_cleanup(move || {
            self.0.try_update_value(|inner| id.map(|id| inner.listeners.remove(&id)));
        });
    }

    /// Calls with every event of the session until the owner is gone.
    pub fn witness(self, witness: impl Fn(&Event, &[f32], &[u8]) + 'static) {
        let id = self.0.try_update_value(|inner| {
            inner.last_place += 1;
            inner.witnesses.insert(inner.last_place, Rc::new(witness));
            inner.last_place
        });
        on_cleanup(move || {
            self.0.try_update_value(|inner| id.map(|id| inner.witnesses.remove(&id)));
        });
    }
}
