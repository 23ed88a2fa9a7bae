//! Further workers that share the steps of training: the leader's end.
//!
//! A shard is another worker of this very program, started by the worker that leads (or by the bench's page), and the two
//! talk to each other directly. What crosses is one `ArrayBuffer`, moved to the shard with a task and back with the answer
//! ([`wire`]). Where the host sends the headers that browsers want for it, they also share a [`board`](SharedBoard), so that
//! leaves go to whoever is free; plain hosts of files do not send them, and there each keeps its share.

mod board;
mod life;
mod wire;

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use board::SharedBoard;
use engine::shards::{Board, Loan, Lost, Shard, Task};
use js_sys::{Array, ArrayBuffer, Object, Reflect};
use protocol::RunSpec;
use trainer::{Network, machine::Hire};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::{dom::listen::Listener, link::program::Program};

pub use life::serve;

/// The first message's key that makes a worker a shard.
pub const KEY: &str = "shard";
/// Most cores that are used.
const CORES: usize = 8;

/// The cores that a run may use, by the link or else by the device: one is left to the page's own thread where there
/// are more than two.
pub fn cores(asked: Option<&str>) -> usize {
    if let Some(cores) = asked.and_then(|word| word.parse::<usize>().ok()) {
        return cores.clamp(1, CORES);
    }
    let field = |of: &JsValue, key: &str| Reflect::get(of, &JsValue::from_str(key)).ok();
    let there = field(&js_sys::global(), "navigator").and_then(|n| field(&n, "hardwareConcurrency")).and_then(|n| n.as_f64());
    match there.unwrap_or(1.0) as usize {
        there @ 0..=2 => there.max(1),
        there => (there - 1).min(CORES),
    }
}

/// What has come from a shard.
#[derive(Default)]
struct Inbox {
    /// It has made itself ready for the job that it was given last.
    ready: Cell<bool>,
    answer: RefCell<Option<ArrayBuffer>>,
    lost: RefCell<Option<String>>,
}

/// A worker that can be given jobs.
struct Hired {
    worker: Worker,
    inbox: Rc<Inbox>,
    _listeners: [Listener; 2],
}

impl Drop for Hired {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Hired {
    fn new(bell: &Rc<dyn Fn()>) -> Result<Self, JsValue> {
        let first = Object::new();
        Reflect::set(&first, &KEY.into(), &JsValue::TRUE)?;
        let worker = Program::own().start("kernelscope shard", &first)?;
        let inbox = Rc::<Inbox>::default();
        let (heard, failed, rings) = (Rc::clone(&inbox), Rc::clone(&inbox), [Rc::clone(bell), Rc::clone(bell)]);
        let [ring, ring_failed] = rings;
        let listeners = [
            Listener::new(&worker, "message", move |event| {
                let Ok(data) = event.dyn_into::<MessageEvent>().map(|e| e.data()) else { return };
                match data.dyn_into::<ArrayBuffer>() {
                    // Answers to an earlier job come before the shard is ready for this one.
                    Ok(buffer) if heard.ready.get() => *heard.answer.borrow_mut() = Some(buffer),
                    Ok(_) => return,
                    Err(said) => match said.as_string() {
                        Some(words) => *heard.lost.borrow_mut() = Some(words),
                        None => heard.ready.set(true),
                    },
                }
                ring();
            }),
            // Unless it is prevented from going on, an error here becomes one of the leader.
            Listener::active(&worker, "error", move |event| {
                event.prevent_default();
                let said = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|said| !said.is_empty());
                // Last words say more.
                failed.lost.borrow_mut().get_or_insert(said.unwrap_or_else(|| "it could not be loaded".to_owned()));
                ring_failed();
            }),
        ];
        Ok(Self { worker, inbox, _listeners: listeners })
    }
}

type Pool = Rc<RefCell<Vec<Hired>>>;

/// Hires workers, and keeps those that are let go for the next network.
pub struct Workers {
    cores: usize,
    /// Called when something has come from a shard.
    bell: Rc<dyn Fn()>,
    idle: Pool,
    /// Those at work, for a test that has one die.
    busy: Rc<RefCell<Vec<Worker>>>,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workers").field("cores", &self.cores).finish_non_exhaustive()
    }
}

impl Workers {
    pub fn new(cores: usize, bell: Rc<dyn Fn()>) -> Self {
        Self { cores, bell, idle: Pool::default(), busy: Rc::default() }
    }

    /// Shards for a job of so many leaves, which `spec` describes; none where the browser gives no worker.
    pub fn shards_for(&self, spec: &RunSpec, leaves: usize) -> Vec<Box<dyn Shard>> {
        let wanted = self.cores.min(leaves).saturating_sub(1);
        let Ok(job) = engine::json::write(spec) else { return Vec::new() };
        let board = if wanted > 0 { SharedBoard::new(1 + wanted) } else { None };
        let job = Array::of2(&JsValue::from_str(&job), board.as_ref().map_or(&JsValue::UNDEFINED, |board| board.as_value()));
        let hire = |_| {
            let hired = self.idle.borrow_mut().pop();
            let hired = hired.filter(|h| h.inbox.lost.borrow().is_none()).map_or_else(|| Hired::new(&self.bell), Ok).ok()?;
            hired.inbox.ready.set(false);
            hired.inbox.answer.take();
            hired.worker.post_message(&job).ok()?;
            Some(hired)
        };
        let hired: Vec<Hired> = (0..wanted).map_while(hire).collect();
        self.idle.borrow_mut().clear();
        *self.busy.borrow_mut() = hired.iter().map(|h| h.worker.clone()).collect();
        let remote = |hired| Remote { hired: Some(hired), board: board.clone(), buffer: None, task: None, pool: Rc::downgrade(&self.idle) };
        hired.into_iter().map(|hired| Box::new(remote(hired)) as Box<dyn Shard>).collect()
    }

    /// Has a shard panic.
    pub fn crash_one(&self) {
        if let Some(worker) = self.busy.borrow().last() {
            let _ = worker.post_message(&JsValue::NULL);
        }
    }
}

/// So that the session and its host can both hold it.
#[derive(Clone, Debug)]
pub struct Shared(pub Rc<Workers>);

impl Hire for Shared {
    fn shards(&self, network: &Network) -> Vec<Box<dyn Shard>> {
        self.0.shards_for(&network.spec, network.job.split.leaves())
    }
}

/// A shard in another worker.
struct Remote {
    hired: Option<Hired>,
    board: Option<SharedBoard>,
    /// The one that goes to and fro.
    buffer: Option<ArrayBuffer>,
    task: Option<Task>,
    pool: Weak<RefCell<Vec<Hired>>>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("task", &self.task).finish_non_exhaustive()
    }
}

impl Shard for Remote {
    fn is_ready(&self) -> bool {
        // One that has died is found out when it is given something.
        self.hired.as_ref().is_some_and(|h| h.inbox.ready.get() || h.inbox.lost.borrow().is_some())
    }

    fn board(&self) -> Option<Rc<dyn Board>> {
        self.board.clone().map(|board| Rc::new(board) as Rc<dyn Board>)
    }

    fn put(&mut self, task: Task, loan: &Loan<'_>) {
        let Some(hired) = &self.hired else { return };
        let buffer = wire::write_task(self.buffer.take(), &task, loan);
        if hired.worker.post_message_with_transfer(&buffer, &Array::of1(&buffer)).is_err() {
            hired.inbox.lost.borrow_mut().get_or_insert_with(|| "it takes no messages".to_owned());
        }
        self.task = Some(task);
    }

    fn take(&mut self) -> Option<Result<Task, Lost>> {
        let inbox = &self.hired.as_ref()?.inbox;
        if let Some(why) = inbox.lost.borrow().clone() {
            return Some(Err(Lost(why)));
        }
        let buffer = inbox.answer.take()?;
        let mut task = self.task.take()?;
        wire::read_answer(&buffer, &mut task);
        self.buffer = Some(buffer);
        Some(Ok(task))
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // One that has died goes there too: its error event comes after its last words, and what nobody listens to
        // would be taken for the leader's own.
        if let (Some(pool), Some(hired)) = (self.pool.upgrade(), self.hired.take()) {
            pool.borrow_mut().push(hired);
        }
    }
}
