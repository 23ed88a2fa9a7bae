//! Leaves that go to whoever is free.
//!
//! Each worker has a run of leaves of its own and begins them from the left. One that is through takes single leaves from
//! the right end of the longest run that is left. So nobody waits for a core that is slower for a while, by more than a
//! leaf, and sums still are over few branches. What is left of the runs lies where all workers see it, one number for
//! each run; which worker computes a leaf does not change a bit of the result.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// Numbers that all workers see and change one at a time.
pub trait Board {
    fn len(&self) -> usize;

    fn get(&self, place: usize) -> u32;

    fn set(&self, place: usize, value: u32);

    /// Replaces `from` by `to`; false, and no change, where it is not `from` any more.
    fn replace(&self, place: usize, from: u32, to: u32) -> bool;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for dyn Board + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Board")
    }
}

impl Board for Arc<[AtomicU32]> {
    fn len(&self) -> usize {
        self.as_ref().len()
    }

    fn get(&self, place: usize) -> u32 {
        self[place].load(Ordering::Acquire)
    }

    fn set(&self, place: usize, value: u32) {
        self[place].store(value, Ordering::Release);
    }

    fn replace(&self, place: usize, from: u32, to: u32) -> bool {
        self[place].compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// Bits of a leaf's number in an entry; the others tell one step from the next.
const LEAF_BITS: u32 = 11;
const LEAF_MASK: u32 = (1 << LEAF_BITS) - 1;

/// Most leaves that can be shared in this way.
pub const MOST_LEAVES: usize = LEAF_MASK as usize;

/// Most branches that a worker's leaves are to fall into: of a run of its own, and of some that it has taken. (Of two
/// neighbours that are both there one branch is made, so they are never more than half of the leaves.)
pub(super) fn most_branches(leaves: usize) -> usize {
    leaves.div_ceil(2).min(2 * leaves.max(1).ilog2() as usize + 4)
}

/// A run of leaves as an entry of a board.
fn entry(number: u32, first: u32, end: u32) -> u32 {
    number << (2 * LEAF_BITS) | first << LEAF_BITS | end
}

/// The leaves that are left of a run; `None` if the entry is of another step.
fn left(entry: u32, number: u32) -> Option<(u32, u32)> {
    let (first, end) = (entry >> LEAF_BITS & LEAF_MASK, entry & LEAF_MASK);
    (entry == self::entry(number, first, end)).then_some((first, end))
}

/// Lays out the runs of a step: nobody may have begun it.
pub fn lay(board: &dyn Board, number: u32, runs: impl Iterator<Item = std::ops::Range<usize>>) {
    let mut runs = runs.fuse();
    for place in 0..board.len() {
        let run = runs.next().unwrap_or(0..0);
        board.set(place, entry(number, run.start as u32, run.end as u32));
    }
}

/// A worker's view of the board in one step.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    pub board: &'a dyn Board,
    /// The place of its own run.
    pub own: usize,
    /// The step's.
    pub number: u32,
}

impl Claim<'_> {
    /// A leaf that nobody else will begin, of the own run or, where it `may` be, another's; `None` when there is none left,
    /// or the step has been given up.
    pub fn next(&self, may: bool) -> Option<usize> {
        loop {
            let own = self.board.get(self.own);
            let (first, end) = left(own, self.number)?;
            if first < end {
                if self.board.replace(self.own, own, entry(self.number, first + 1, end)) {
                    return Some(first as usize);
                }
                continue;
            }
            if !may {
                return None;
            }
            let (mut place, mut most) = (self.own, 0);
            for other in 0..self.board.len() {
                let (first, end) = left(self.board.get(other), self.number)?;
                if end - first > most {
                    (place, most) = (other, end - first);
                }
            }
            let seen = self.board.get(place);
            let (first, end) = left(seen, self.number)?;
            if most == 0 {
                return None;
            }
            if first < end && self.board.replace(place, seen, entry(self.number, first, end - 1)) {
                return Some(end as usize - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn board(workers: usize) -> Arc<[AtomicU32]> {
        (0..workers).map(|_| AtomicU32::new(0)).collect()
    }

    #[test]
    fn own_leaves_come_from_the_left_others_from_the_right() {
        let board = board(3);
        lay(&board, 7, [0..4, 4..8].into_iter());
        let claim = |own| Claim { board: &board, own, number: 7 }.next(own != 1);
        assert_eq!([claim(0), claim(0), claim(1)], [Some(0), Some(1), Some(4)]);
        // The third has none of its own. Of 5 to 7 there are more than of 2 and 3, then as many.
        assert_eq!([claim(2), claim(2), claim(2)], [Some(7), Some(3), Some(6)]);
        assert_eq!([claim(0), claim(1), claim(1), claim(0)], [Some(2), Some(5), None, None]);
    }

    #[test]
    fn a_step_that_was_given_up_has_no_leaves() {
        let board = board(2);
        lay(&board, 1023, [0..4, 4..8].into_iter());
        let stale = Claim { board: &board, own: 1, number: 1023 };
        assert_eq!(stale.next(true), Some(4));
        lay(&board, 1024, std::iter::once(0..8));
        assert_eq!(stale.next(true), None);
        assert_eq!(Claim { number: 1024, ..stale }.next(true), Some(7));
    }

    #[test]
    fn each_leaf_is_begun_once() {
        for leaves in [1, 2, 7, 64, MOST_LEAVES] {
            let board = board(4);
            lay(&board, 3, (0..4).map(|w| w * leaves / 4..(w + 1) * leaves / 4));
            let taken: Vec<Vec<usize>> = thread::scope(|scope| {
                let work = |own| {
                    let board = Arc::clone(&board);
                    scope.spawn(move || std::iter::from_fn(|| Claim { board: &board, own, number: 3 }.next(true)).collect())
                };
                let workers: Vec<_> = (0..4).map(work).collect();
                workers.into_iter().map(|w| w.join().unwrap()).collect()
            });
            let mut all = taken.concat();
            all.sort_unstable();
            assert_eq!(all, (0..leaves).collect::<Vec<_>>());
        }
    }
}
