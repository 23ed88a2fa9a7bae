//! A card that is none: the CPU's answers, held back.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use data::Dataset;
use protocol::{Backend, Traffic};
use trainer::{
    Network,
    machine::{Alone, CpuMachine, Done, Machine, MachineFault, MakeMachine, Numbers, Parting, Work},
};

/// Pieces of work that it takes on at once.
const ROOM: usize = 3;

/// How a card behaves, and what is to happen to it. The card and the test share it.
#[derive(Clone, Debug, Default)]
pub struct Behaviour {
    /// Answers come after so many more pieces of work,
    pub hold_puts: u32,
    /// or after so many questions.
    pub hold_polls: u32,
    pub steps_at_once: u32,
    /// At this piece of work (from 1) the card is lost, and all that it has not answered with it.
    pub lost_at: Option<u32>,
    /// The card is lost now.
    pub lost: bool,
    /// The fault is the card's end, not just this network's.
    pub for_good: bool,
    /// No machine is made; this is why.
    pub refusal: Option<&'static str>,
    /// Said at the next answer.
    pub parting: Option<Parting>,
    /// The next answer is one that nobody asked for.
    pub confused: bool,
    /// Pieces of work so far, and machines.
    pub puts: u32,
    pub made: u32,
}

pub type Shared = Rc<RefCell<Behaviour>>;

#[derive(Debug)]
pub struct LateMaker(pub Shared);

impl MakeMachine for LateMaker {
    fn make(&self, network: &Network, numbers: &Numbers) -> Result<Box<dyn Machine>, MachineFault> {
        let mut behaviour = self.0.borrow_mut();
        if let Some(why) = behaviour.refusal {
            return Err(MachineFault { message: why.to_owned(), lost: behaviour.for_good });
        }
        behaviour.made += 1;
        let inner = CpuMachine::new(network, numbers.clone(), &Alone);
        Ok(Box::new(Late { inner, pieces: VecDeque::new(), behaviour: Rc::clone(&self.0) }))
    }
}

#[derive(Debug)]
struct Piece {
    answers: VecDeque<Done>,
    polls: u32,
    /// Pieces that were put after it.
    puts: u32,
}

#[derive(Debug)]
struct Late {
    inner: CpuMachine,
    pieces: VecDeque<Piece>,
    behaviour: Shared,
}

impl Machine for Late {
    fn cores(&self) -> usize {
        1
    }

    fn word(&mut self) -> Option<String> {
        None
    }

    fn backend(&self) -> Backend {
        Backend::Gpu
    }

    fn half(&self) -> bool {
        true
    }

    fn memory_bytes(&self) -> usize {
        7
    }

    fn has_room(&self) -> bool {
        self.pieces.len() < ROOM
    }

    fn steps_at_once(&self) -> u32 {
        self.behaviour.borrow().steps_at_once
    }

    fn digits_at_once(&self) -> usize {
        self.inner.digits_at_once()
    }

    fn put(&mut self, work: Work, data: &Dataset) {
        assert!(self.has_room(), "put without room");
        self.inner.put(work, data);
        let mut answers = VecDeque::new();
        while let Some(Ok(done)) = self.inner.take() {
            answers.push_back(done);
        }
        self.pieces.iter_mut().for_each(|p| p.puts += 1);
        self.pieces.push_back(Piece { answers, polls: 0, puts: 0 });
        let mut behaviour = self.behaviour.borrow_mut();
        behaviour.puts += 1;
        if behaviour.lost_at == Some(behaviour.puts) {
            behaviour.lost = true;
        }
    }

    fn take(&mut self) -> Option<Result<Done, MachineFault>> {
        let mut behaviour = self.behaviour.borrow_mut();
        if std::mem::take(&mut behaviour.lost) {
            return Some(Err(MachineFault { message: "the card was pulled out".to_owned(), lost: behaviour.for_good }));
        }
        if std::mem::take(&mut behaviour.confused) {
            return Some(Ok(Done::Looked { scores: vec![], tensors: vec![] }));
        }
        let front = self.pieces.front_mut()?;
        if front.polls < behaviour.hold_polls && front.puts < behaviour.hold_puts {
            front.polls += 1;
            return None;
        }
        if let Some(parting) = behaviour.parting.take() {
            return Some(Ok(Done::Parted(parting)));
        }
        let answer = front.answers.pop_front();
        if front.answers.is_empty() {
            self.pieces.pop_front();
        }
        answer.map(Ok)
    }

    fn is_idle(&self) -> bool {
        self.pieces.is_empty()
    }

    fn reset(&mut self, numbers: &Numbers) {
        self.inner.reset(numbers);
        self.pieces.clear();
    }

    fn traffic(&mut self, _now_ms: f64) -> Option<Traffic> {
        Some(Traffic { dispatches_per_step: 9.0, ..Traffic::default() })
    }
}
