//! What comes back from the card: a ring of staging buffers, read when the card has filled them.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Poll, Waker},
};

use half::f16;
use wgpu::{Buffer, BufferUsages, MapMode};

use super::card::{Card, CardError};

/// Staging buffers that are kept for the next time.
const KEPT: usize = 8;

const WAITING: u8 = 0;
const FILLED: u8 = 1;
const FAILED: u8 = 2;

#[derive(Debug, Default)]
struct Outcome {
    state: AtomicU8,
    task: Mutex<Option<Waker>>,
}

#[derive(Debug)]
struct Underway {
    staging: Buffer,
    bytes: usize,
    outcome: Arc<Outcome>,
}

/// Read-backs in the order in which they were asked for.
#[derive(Debug)]
pub struct Reader {
    card: Rc<Card>,
    free: RefCell<Vec<Buffer>>,
    underway: RefCell<VecDeque<Underway>>,
}

impl Reader {
    pub fn new(card: &Rc<Card>) -> Self {
        Self { card: Rc::clone(card), free: RefCell::default(), underway: RefCell::default() }
    }

    /// A staging buffer of at least so many bytes.
    pub(super) fn staging(&self, bytes: usize) -> Result<Buffer, CardError> {
        let mut free = self.free.borrow_mut();
        if let Some(i) = free.iter().position(|b| b.size() >= bytes as u64 && b.size() <= 4 * bytes.max(4096) as u64) {
            return Ok(free.swap_remove(i));
        }
        if free.len() >= KEPT {
            free.remove(0);
        }
        self.card.buffer("read-back", bytes, BufferUsages::MAP_READ | BufferUsages::COPY_DST)
    }

    /// To be called after the submission that fills `staging`.
    pub(super) fn expect(&self, staging: Buffer, bytes: usize) {
        let outcome = Arc::new(Outcome::default());
        let (told, waker) = (Arc::clone(&outcome), self.card.waker());
        staging.map_async(MapMode::Read, .., move |result| {
            told.state.store(if result.is_ok() { FILLED } else { FAILED }, Ordering::Release);
            if let Some(task) = told.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
                task.wake();
            }
            if let Some(waker) = waker {
                waker();
            }
        });
        self.underway.borrow_mut().push_back(Underway { staging, bytes, outcome });
    }

    /// Read-backs that have not been taken yet.
    pub fn underway(&self) -> usize {
        self.underway.borrow().len()
    }

    /// The oldest read-back, once it has come.
    ///
    /// # Errors
    /// What is wrong with the card, if anything is: nothing will come any more.
    pub fn take(&self) -> Result<Option<Vec<u8>>, CardError> {
        self.card.poll();
        if let Some(error) = self.card.trouble() {
            return Err(error);
        }
        let state = self.underway.borrow().front().map_or(WAITING, |u| u.outcome.state.load(Ordering::Acquire));
        if state == WAITING {
            return Ok(None);
        }
        let Some(Underway { staging, bytes, .. }) = self.underway.borrow_mut().pop_front() else { return Ok(None) };
        let lost = || CardError::Lost("what it computed could not be read back".to_owned());
        if state == FAILED {
            return Err(lost());
        }
        let view = staging.get_mapped_range(..).map_err(|_| lost())?;
        let content = view[..bytes].to_vec();
        drop(view);
        staging.unmap();
        self.free.borrow_mut().push(staging);
        Ok(Some(content))
    }

    /// Forgets what is under way.
    pub fn forget(&self) {
        self.underway.borrow_mut().clear();
    }

    /// As [`Reader::take`], but waits.
    pub async fn next(&self) -> Result<Vec<u8>, CardError> {
        std::future::poll_fn(|context| {
            // Natively waiting is polling; in a browser the callback comes between two polls of this.
            #[cfg(not(target_arch = "wasm32"))]
            self.card.wait();
            match self.take() {
                Err(error) => Poll::Ready(Err(error)),
                Ok(Some(content)) => Poll::Ready(Ok(content)),
                Ok(None) => match self.underway.borrow().front() {
                    None => Poll::Ready(Err(CardError::Lost("nothing was asked for".to_owned()))),
                    Some(front) => {
                        *front.outcome.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
                        // It may have come in between.
                        if front.outcome.state.load(Ordering::Acquire) != WAITING {
                            context.waker().wake_by_ref();
                        }
                        Poll::Pending
                    }
                },
            }
        })
        .await
    }
}

/// Bytes from the card as numbers.
pub fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b))
}

/// Numbers as bytes for the card.
pub fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Half-precision numbers from the card.
pub fn halves(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks::<2>().0.iter().map(|b| f16::from_le_bytes(*b).to_f32())
}

/// Runs a future of this module to its end (natively: there every one is ready when polled).
#[cfg(not(target_arch = "wasm32"))]
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::halves;

    #[test]
    fn halves_are_read() {
        let bits: [u16; 7] = [0x0000, 0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x7c00];
        let bytes: Vec<u8> = bits.iter().flat_map(|b| b.to_le_bytes()).collect();
        let got: Vec<f32> = halves(&bytes).collect();
        assert_eq!(got, [0.0, 1.0, -2.0, 0.333_251_95, 5.960_464_5e-8, 65504.0, f32::INFINITY]);
    }
}
