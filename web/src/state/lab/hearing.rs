//! What the worker says, and what follows from it.

use leptos::prelude::*;
use protocol::{Command, Event};

use super::{Lab, Loading};
use crate::{
    dom::frame,
    link::{
        Heard,
        message::{Ask, Parcel, Picked, Tell, Which},
    },
    state::{
        NoticeKind, Origin, Phase, Remedy,
        events::{self, Then, bump},
    },
};

impl Lab {
    pub(super) fn hear(&self, heard: Heard) {
        let why = match heard {
            Heard::Told(parcel) => {
                let Parcel { head, bulk, file } = *parcel;
                match head {
                    Tell::Session(event) => return self.take(*event, bulk, file),
                    Tell::Labels(labels) => return self.state.catalogue.take_labels(labels, file, bulk),
                    Tell::Greys(numbers) => return self.state.catalogue.take_greys(&numbers, &file),
                    Tell::Picked(picked) => return self.show_digit(picked, bulk),
                    Tell::Kernels(listing) => return self.state.kernels.set(Some(listing)),
                    Tell::Onnx(problem) => return self.converted(problem, &file),
                    // The Lab has no figures of lessons.
                    Tell::Figure { .. } => return,
                    Tell::Panicked(why) => why,
                }
            }
            Heard::Lost(why) => why,
        };
        // A worker dies once, though both its last words and an error tell of it.
        self.inner.update_value(|inner| inner.generation += 1);
        let lab = *self;
        // Not from within the worker's own event: its listeners go with it.
        frame::after(0, move || lab.revive(&why));
    }

    pub(super) fn show_digit(&self, picked: Picked, image: Vec<f32>) {
        // The page's own first digit does not displace what was drawn before it came, or lies on the pad and is shown with
        // the next frame.
        let seen = self.state.sample.with_untracked(|s| matches!(s.origin, Origin::Drawing(_)));
        let drawn = seen || self.state.pad.strokes.with_value(|strokes| !strokes.is_empty());
        if !drawn || self.inner.with_value(|inner| inner.digit_wanted) {
            self.state.sample.update(|sample| sample.pick(picked, image));
            self.show();
        }
    }

    pub(super) fn take(&self, event: Event, bulk: Vec<f32>, file: Vec<u8>) {
        self.note_runs(&event);
        if let Event::Declined { message, .. } = &event
            && self.moment_is_gone(message)
        {
            return;
        }
        if matches!(event, Event::Opened { .. } | Event::Played { .. } | Event::Paused { .. } | Event::Declined { .. }) {
            self.inner.update_value(|inner| inner.play_sent = false);
        }
        if matches!(event, Event::Opened { .. } | Event::Previewed { .. } | Event::Declined { .. }) {
            self.previewed();
        }
        if let Event::Evaluated { run, score } = &event
            && *run == self.state.run.get_untracked()
        {
            self.state.catalogue.take_answers(score.set, &file);
        }
        if let Event::Opened { spec, .. } = &event {
            let data = spec.train.data;
            let before = self.inner.try_update_value(|inner| std::mem::replace(&mut inner.source, data));
            if data.has_own() || before != Some(data) {
                self.state.catalogue.forget();
                // What is shown is of the other set.
                self.send(Ask::Pick(Which::First));
            }
            self.state.catalogue.forget_answers();
        }
        match events::apply(self.state, event, bulk) {
            Then::Nothing => {}
            Then::Begin => self.begin(),
            Then::Draw => self.draw_frame(),
            Then::Keep => self.keep(),
            Then::Changed => self.keep_changed(),
            Then::Looked(step) => {
                if step.is_some() {
                    self.leave_walk();
                }
            }
            Then::Arrived => {
                let play = self.inner.try_update_value(|inner| std::mem::take(&mut inner.play_with_data));
                if play == Some(true) && self.state.phase.get_untracked() == Phase::Paused {
                    self.play();
                }
            }
            Then::Saved(ask) => self.saved(ask, file),
            Then::NotLoaded => {
                let loading = self.inner.try_update_value(|inner| inner.loading.take()).flatten();
                if let Some(spec) = loading.and_then(|l| l.instead) {
                    self.set_run_aside();
                    self.open(spec);
                }
            }
        }
    }

    pub(super) fn begin(&self) {
        let run = self.state.run.get_untracked();
        let loading = self.inner.try_update_value(|inner| inner.loading.take()).flatten();
        self.begin_moments(loading.is_some());
        if let Some(Loading { told, .. }) = loading {
            self.state.builder.told.set(Some((true, told.clone())));
            self.state.notify(NoticeKind::Told, told, Some(Remedy::StartAnew));
        }
        self.command(Command::SetPace { run, pace: self.state.pace.get_untracked() });
        self.command(Command::Probe { run, what: self.state.monitors.wanted() });
        self.command(Command::Watch { run, tensors: self.inner.with_value(|inner| inner.watched.clone()) });
        self.dissect_again();
        if self.state.sample.with_untracked(|s| s.origin != Origin::Nothing) {
            self.show();
        }
        self.put_draft_back();
        let play = self.inner.try_update_value(|inner| std::mem::take(&mut inner.play_when_ready));
        if play == Some(true) {
            self.play();
        }
    }

    pub(super) fn draw_frame(&self) {
        let lab = *self;
        frame::next(move |_| {
            bump(lab.state.frame_tick);
            let (run, frame) = lab.state.frame.with_value(|f| (f.run, f.id));
            // Effects that draw run as soon as this callback ends; the task after them.
            leptos::task::spawn_local(async move { lab.command(Command::Ack { run, frame }) });
        });
    }
}
