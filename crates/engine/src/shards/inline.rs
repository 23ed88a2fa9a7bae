//! A shard within the leader's own thread: what a crew does can be tested with it, deaths too.

use std::rc::Rc;

use super::{Board, Hand, Job, Loan, Lost, Shard, Task};

/// Works as soon as it is asked.
#[derive(Debug)]
pub struct Inline {
    hand: Hand,
    board: Option<Rc<dyn Board>>,
    task: Option<Task>,
    /// Tasks until it dies.
    pub life: Option<u32>,
}

impl Inline {
    pub fn new(job: &Job, life: Option<u32>) -> Self {
        Self { hand: Hand::new(job, None), board: None, task: None, life }
    }

    /// One that, since it works at once, takes all that its leader and earlier ones have left.
    pub fn greedy(job: &Job, board: &Rc<dyn Board>) -> Self {
        Self { hand: Hand::new(job, Some(Rc::clone(board))), board: Some(Rc::clone(board)), task: None, life: None }
    }
}

impl Shard for Inline {
    fn is_ready(&self) -> bool {
        true
    }

    fn board(&self) -> Option<Rc<dyn Board>> {
        self.board.clone()
    }

    fn put(&mut self, mut task: Task, loan: &Loan<'_>) {
        task.take_along(loan);
        if let Some(left) = &mut self.life {
            *left = left.saturating_sub(1);
        }
        self.hand.work(&mut task);
        self.task = Some(task);
    }

    fn take(&mut self) -> Option<Result<Task, Lost>> {
        if self.life == Some(0) {
            return Some(Err(Lost("its life was over".to_owned())));
        }
        self.task.take().map(Ok)
    }
}
