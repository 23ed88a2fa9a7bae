//! Shards on threads of this process.

use std::{
    hint::spin_loop,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
};

use super::{Board, Hand, Job, Loan, Lost, Shard, Task};

/// Cores of this machine, at most eight.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, |n| n.get()).min(8)
}

/// Looks at the other side so often before sleeping: answers mostly come together, and waking takes longer.
const LOOKS: u32 = 4_000;

/// Where the task lies.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Nowhere,
    ToShard(Task),
    ToLeader(Task),
    Over,
}

#[derive(Debug, Default)]
struct Desk {
    place: Mutex<Place>,
    bell: Condvar,
    /// Counts what happens, so that one can look without the lock.
    news: AtomicU32,
}

impl Desk {
    fn open(&self) -> MutexGuard<'_, Place> {
        // Nothing can panic while it is open.
        self.place.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    fn lay(&self, place: Place) {
        *self.open() = place;
        self.news.fetch_add(1, Ordering::Release);
        self.bell.notify_one();
    }

    /// Waits until something lies here that `wanted` takes.
    fn wait<T>(&self, mut wanted: impl FnMut(&mut Place) -> Option<T>) -> T {
        let mut seen = self.news.load(Ordering::Acquire);
        if let Some(found) = wanted(&mut self.open()) {
            return found;
        }
        for _ in 0..LOOKS {
            let news = self.news.load(Ordering::Acquire);
            if news != seen {
                seen = news;
                if let Some(found) = wanted(&mut self.open()) {
                    return found;
                }
            }
            spin_loop();
        }
        let mut open = self.open();
        loop {
            if let Some(found) = wanted(&mut open) {
                return found;
            }
            open = self.bell.wait(open).unwrap_or_else(|broken| broken.into_inner());
        }
    }
}

/// A shard on a thread, which ends with this value.
#[derive(Debug)]
pub struct ThreadShard {
    desk: Arc<Desk>,
    board: Arc<[AtomicU32]>,
    thread: Option<JoinHandle<()>>,
}

impl ThreadShard {
    /// Those of a crew on up to so many cores, the leader's included; fewer where the system refuses a thread.
    pub fn crew(job: &Job, cores: usize) -> Vec<Box<dyn Shard>> {
        let cores = cores.min(job.split.leaves());
        let board: Arc<[AtomicU32]> = (0..cores).map(|_| AtomicU32::default()).collect();
        (1..cores).map_while(|_| Self::new(job, &board).ok()).map(|shard| Box::new(shard) as Box<dyn Shard>).collect()
    }

    /// # Errors
    /// In words, where there can be no thread.
    fn new(job: &Job, board: &Arc<[AtomicU32]>) -> Result<Self, String> {
        let desk = Arc::<Desk>::default();
        let (own, job, seen) = (Arc::clone(&desk), job.clone(), Arc::clone(board));
        let work = move || {
            // What panics ends the thread, and the leader is told.
            let done = catch_unwind(AssertUnwindSafe(|| serve(&own, &job, seen)));
            if done.is_err() {
                own.lay(Place::Over);
            }
        };
        let thread = thread::Builder::new().name("shard".to_owned()).spawn(work).map_err(|e| e.to_string())?;
        Ok(Self { desk, board: Arc::clone(board), thread: Some(thread) })
    }
}

fn serve(desk: &Desk, job: &Job, board: Arc<[AtomicU32]>) {
    let mut hand = Hand::new(job, Some(Rc::new(board)));
    while let Some(mut task) = desk.wait(|place| match std::mem::take(place) {
        Place::ToShard(task) => Some(Some(task)),
        Place::Over => Some(None),
        other => {
            *place = other;
            None
        }
    }) {
        hand.work(&mut task);
        desk.lay(Place::ToLeader(task));
    }
}

impl Shard for ThreadShard {
    fn is_ready(&self) -> bool {
        true
    }

    fn board(&self) -> Option<Rc<dyn Board>> {
        Some(Rc::new(Arc::clone(&self.board)))
    }

    fn put(&mut self, mut task: Task, loan: &Loan<'_>) {
        task.take_along(loan);
        // A shard that is over stays over; its leader learns it in `take`.
        if !matches!(*self.desk.open(), Place::Over) {
            self.desk.lay(Place::ToShard(task));
        }
    }

    fn take(&mut self) -> Option<Result<Task, Lost>> {
        Some(self.desk.wait(|place| match std::mem::take(place) {
            Place::ToLeader(task) => Some(Ok(task)),
            Place::Over => {
                *place = Place::Over;
                Some(Err(Lost("its thread has ended".to_owned())))
            }
            other => {
                *place = other;
                None
            }
        }))
    }
}

impl Drop for ThreadShard {
    fn drop(&mut self) {
        self.desk.lay(Place::Over);
        if let Some(thread) = self.thread.take() {
            // It has ended or is about to: it works at one task at most.
            let _ = thread.join();
        }
    }
}
