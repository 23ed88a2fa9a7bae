//! What a network runs on: one interface over the CPU, which answers at once, and a graphics card,
//! which answers later.

mod cpu;
mod gpu;
mod maker;
mod shelf;
mod twin;

use std::rc::Rc;

use data::Dataset;
#[cfg(not(target_family = "wasm"))]
use engine::shards::threads::ThreadShard;
use engine::{Tensor, loss::BatchResult, shards::Shard};
use protocol::{Backend, EvalSet, Traffic};

pub use cpu::CpuMachine;
pub use gpu::GpuMachine;
pub use maker::CardMaker;
pub use shelf::Shelf;
pub use twin::TwinMachine;

/// Milliseconds of a clock that does not go back.
pub type Clock = Rc<dyn Fn() -> f64>;

use crate::Network;

/// What a network runs on. Work goes in with `put`, in order; what it gave comes out with `take`, in
/// the same order: at once on the CPU, later on a card.
pub trait Machine {
    fn backend(&self) -> Backend;

    /// Activations are stored in half precision.
    fn half(&self) -> bool;

    /// Memory of the training plan, in bytes.
    fn memory_bytes(&self) -> usize;

    /// Processor cores that share a step of training.
    fn cores(&self) -> usize;

    /// Whether more work may be put now. (A card has a few submissions under way at most.) An idle
    /// machine has room.
    fn has_room(&self) -> bool;

    /// How many steps of training one piece of work should hold: 1 on the CPU; on a card what takes
    /// about half a frame.
    fn steps_at_once(&self) -> u32;

    /// How many digits one piece of scoring may hold: few enough that a turn stays short.
    fn digits_at_once(&self) -> usize;

    /// Takes on a piece of work; called only where [`Machine::has_room`] is true. Its digits are in
    /// `data`.
    fn put(&mut self, work: Work, data: &Dataset);

    /// What the oldest piece of work gave, if it is there. Never waits. An error makes the machine
    /// useless (card lost, out of memory) and may come at any time, also while the machine is idle:
    /// nothing is asked of it afterwards.
    fn take(&mut self) -> Option<Result<Done, MachineFault>>;

    /// Something that the user is to be told, oldest first; the run goes on.
    fn word(&mut self) -> Option<String>;

    /// No work has been put whose answers have not all been taken.
    fn is_idle(&self) -> bool;

    /// Forgets what is under way, of which no answer comes any more, and goes on from these numbers.
    fn reset(&mut self, numbers: &Numbers);

    /// What went to the card and came back over the last moment; `None` on the CPU.
    fn traffic(&mut self, now_ms: f64) -> Option<Traffic>;
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn Machine + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Machine")
    }
}

/// A piece of work.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// So many steps of training from `step` on, all in one epoch, whose digits have arrived.
    /// Answered by one [`Done::Trained`] for each, in order; a machine may leave out those after a
    /// step whose loss is not finite, for it is reset then. `rate` is what [`Network::schedule`] starts from.
    Train { step: u32, count: u32, rate: f32 },
    /// The digits `first..first + count` of a set in evaluation mode; at most
    /// [`Machine::digits_at_once`]. Answered by [`Done::Scored`].
    Score { set: EvalSet, first: usize, count: usize },
    /// One image, 0 to 1, in evaluation mode, and these tensors of its pass, which
    /// [`Network::sample`] keeps. Answered by [`Done::Looked`].
    Look { image: Vec<f32>, tensors: Vec<Tensor> },
    /// The numbers as they stand after the work put before. The buffers, of any length, are there to
    /// be filled. Answered by [`Done::Read`].
    Read(Numbers),
}

/// What a piece of work gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// Loss and right answers of one step, before its update.
    Trained(BatchResult),
    /// `scores`: (digit, class), before softmax. The results of a set's pieces are added one by one, so that the sum
    /// does not depend on how many of them are scored at once.
    Scored {
        pieces: Vec<BatchResult>,
        scores: Vec<f32>,
    },
    /// `scores`: one for each class; `tensors`: numbers of those asked for, in that order.
    Looked {
        scores: Vec<f32>,
        tensors: Vec<Vec<f32>>,
    },
    Read(Numbers),
    /// The answer to no work: the two halves of a twin have come to differ.
    Parted(Parting),
}

/// Where CPU and card, running the same steps, come to differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// Updates made before the step in which it shows.
    pub step: u32,
    pub tensor: String,
    /// Place in the tensor of the number that differs most.
    pub position: u32,
    pub cpu: f32,
    pub gpu: f32,
    pub message: String,
}

/// All that training changes in a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    pub params: Vec<f32>,
    /// Running statistics.
    pub state: Vec<f32>,
    /// The optimizer's slots, one after another, each as long as `params`.
    pub optimizer_state: Vec<f32>,
}

impl Numbers {
    /// True where every one is a number.
    pub fn is_sound(&self) -> bool {
        [&self.params, &self.state, &self.optimizer_state].into_iter().flatten().all(|x| x.is_finite())
    }
}

/// Why a machine is of no more use, or could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MachineFault {
    /// What has happened, in words that go before a comma: `the graphics card was lost`.
    pub message: String,
    /// The card is gone, not just this network's place on it: no further machine is asked for.
    pub lost: bool,
}

/// Makes machines on one card.
pub trait MakeMachine {
    /// A machine for `network` that begins with `numbers`.
    ///
    /// # Errors
    /// A limit of the card that is too small, or memory that it has not. What shows only later comes
    /// through [`Machine::take`].
    fn make(&self, network: &Network, numbers: &Numbers) -> Result<Box<dyn Machine>, MachineFault>;
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn MakeMachine + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MakeMachine")
    }
}

/// Where the CPU's further cores come from.
pub trait Hire {
    /// Shards for the network's job: at most one for each core beside the leader's.
    fn shards(&self, network: &Network) -> Vec<Box<dyn Shard>>;
}

/// Not a bound of the trait: what its implementors would print of themselves, all programs would carry.
impl std::fmt::Debug for dyn Hire + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hire")
    }
}

/// The leader's core alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Hire for Alone {
    fn shards(&self, _network: &Network) -> Vec<Box<dyn Shard>> {
        Vec::new()
    }
}

/// Threads of this process.
#[cfg(not(target_family = "wasm"))]
#[derive(Clone, Copy, Debug)]
pub struct Threads {
    /// The leader's too.
    pub cores: usize,
}

#[cfg(not(target_family = "wasm"))]
impl Hire for Threads {
    fn shards(&self, network: &Network) -> Vec<Box<dyn Shard>> {
        ThreadShard::crew(&network.job, self.cores)
    }
}

/// The machine that `maker` makes; without one, or where it fails, the CPU, and why it failed.
pub(crate) fn made(
    network: &Network,
    numbers: &Numbers,
    maker: Option<&dyn MakeMachine>,
    hire: &dyn Hire,
) -> (Box<dyn Machine>, Option<MachineFault>) {
    let refusal = match maker.map(|maker| maker.make(network, numbers)) {
        Some(Ok(machine)) => return (machine, None),
        Some(Err(fault)) => Some(fault),
        None => None,
    };
    (Box::new(CpuMachine::new(network, numbers.clone(), hire)), refusal)
}
