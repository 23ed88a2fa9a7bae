//! Going back in the run, and walking through one of its steps.

use engine::{ParamId, Tensor};
use leptos::prelude::*;
use protocol::{Command, RunId, Travel};

use super::Lab;
use crate::{
    link::message::{Ask, Parcel},
    reaction::effect,
    state::{Phase, walk::Stop},
};

impl Lab {
    fn travel(&self, travel: Travel) {
        self.tell_run(Command::Time { run: self.state.run.get_untracked(), travel });
    }

    /// Shows the kept moment nearest to `step` in every panel.
    pub fn look_at(&self, step: u32) {
        let nearest = self.state.time.moments.with_untracked(|m| m.iter().copied().min_by_key(|m| m.abs_diff(step)));
        if nearest.is_some() && nearest != self.state.time.looking.get_untracked() {
            self.leave_walk();
            self.travel(Travel::To { step });
        }
    }

    pub fn look_now(&self) {
        if self.state.time.looking.get_untracked().is_some() {
            self.travel(Travel::Now);
        }
    }

    /// From moment to moment: `by` of them forward, or back where negative; after the last comes now.
    pub fn look_by(&self, by: i32) {
        let looking = self.state.time.looking.get_untracked();
        let (at, count, next) = self.state.time.moments.with_untracked(|moments| {
            let at = looking.map_or(moments.len(), |step| moments.partition_point(|m| *m < step));
            let next = at.saturating_add_signed(by as isize);
            (at, moments.len(), moments.get(next).copied())
        });
        match next {
            Some(step) => self.look_at(step),
            None if at < count => self.look_now(),
            None => {}
        }
    }

    /// The run goes on from the moment that is looked at; what came after it is void.
    pub fn resume(&self) {
        if let Some(step) = self.state.time.looking.get_untracked() {
            self.travel(Travel::Resume { step });
            self.play();
        }
    }

    /// A new run from the moment that is looked at. The curve that it leaves stays as a ghost.
    pub fn branch(&self) {
        let state = self.state;
        let Some(step) = state.time.looking.get_untracked() else { return };
        let to = RunId(state.run.get_untracked().0 + 1);
        self.travel(Travel::Branch { step, to });
        state.run.set(to);
        state.phase.set(Phase::Starting);
        state.runs.branching.set_value(Some(step));
    }

    /// What frames bring besides what the stage has in view.
    pub fn watch_also(&self, tensors: Vec<Tensor>) {
        let all = self.inner.with_value(|inner| {
            let more = tensors.iter().filter(|t| !inner.watched.contains(t)).copied();
            inner.watched.iter().copied().chain(more).collect()
        });
        self.tell_run(Command::Watch { run: self.state.run.get_untracked(), tensors: all });
    }

    pub fn film(&self, param: ParamId) {
        self.travel(Travel::Film { param });
    }

    /// The image of the batch whose way is followed; starts a walk where there is none.
    pub fn follow(&self, place: u32) {
        let state = self.state;
        if !state.is_open() || self.is_made() {
            return;
        }
        state.time.asked.set(true);
        self.command(Command::Trace { run: state.run.get_untracked(), place });
    }

    /// The next step, taken apart.
    pub fn walk(&self) {
        self.leave_walk();
        self.state.tabs.monitor.set("slow");
        self.follow(0);
    }

    /// So many stops further, or back where negative. At the end the step is made, and the next one can be walked.
    pub fn walk_by(&self, by: i32) {
        let time = self.state.time;
        let Some(walk) = time.walk.get_untracked() else {
            if by > 0 && !time.asked.get_untracked() {
                self.walk();
            }
            return;
        };
        let at = time.stop.get_untracked();
        if by > 0 && at == walk.last() {
            return self.walk();
        }
        self.walk_to(at.saturating_add_signed(by as isize));
    }

    pub fn walk_to(&self, stop: usize) {
        let state = self.state;
        let Some(walk) = state.time.walk.get_untracked() else { return };
        let stop = stop.min(walk.last());
        let made = state.progress.with_untracked(|p| p.step) > walk.trace.step;
        if stop == walk.last() && !made {
            self.command(Command::Step { run: state.run.get_untracked(), count: 1 });
        }
        state.time.stop.set(stop);
    }

    /// Whether the step that is walked through has been made.
    fn is_made(&self) -> bool {
        let step = self.state.progress.with_untracked(|p| p.step);
        self.state.time.walk.with_untracked(|w| w.as_ref().is_some_and(|w| step > w.trace.step))
    }

    /// Back to the network as it is now.
    pub fn leave_walk(&self) {
        if self.state.leave_walk() {
            // A frame of the present.
            self.show();
        }
    }

    /// What the rate changes, a walk that has not come to its end shows.
    pub(super) fn renew_walk(&self) {
        let place = self.state.time.walk.with_untracked(|w| w.as_ref().map(|w| w.trace.place));
        if let Some(place) = place {
            self.follow(place);
        }
    }

    /// The stage follows the stops of the walk.
    pub(super) fn follow_stops(&self) {
        let state = self.state;
        effect(move || {
            let (walk, stop) = (state.time.walk.get(), state.time.stop.get());
            let lit = walk.and_then(|walk| {
                let last = matches!(walk.stop(stop), Stop::Made);
                let graph = state.graph.get_untracked().filter(|_| !last)?;
                Some(walk.lit(&graph, stop))
            });
            state.time.lit.set(lit);
        });
    }

    /// A kept moment as a file.
    pub(super) fn ask_moment(&self, step: u32, ask: u32) {
        self.travel(Travel::Save { step, ask });
    }

    /// A moment out of the browser's store.
    pub(super) fn recall(&self, file: Vec<u8>) {
        let command = Command::Time { run: self.state.run.get_untracked(), travel: Travel::Recall };
        self.post(Parcel { head: Ask::Session(Box::new(command)), bulk: Vec::new(), file });
    }
}
