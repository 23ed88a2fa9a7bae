//! Numbers that are lost, machines that are lost, and moving from one to another.

use protocol::{Backend, Event};

use super::{Drive, Outbox, Surroundings, Training, Underway};
use crate::{
    adviser::Fault,
    machine::{CpuMachine, MachineFault, Numbers},
};

impl Training {
    /// The numbers are lost: goes back to the last good ones and pauses.
    pub(super) fn fault(&mut self, outbox: &mut Outbox) {
        let at = self.step;
        let loss = self.history.points().last().map(|p| p.loss);
        let (step, numbers) = self.safeguard.restore();
        self.machine.reset(numbers);
        self.go_back(step);
        self.asked.clear();
        self.drive = Drive::Paused;
        let message = format!(
            "the loss was no longer a number at step {at}, with a learning rate of {}; the weights of step {step} are back in place: lower the rate and play on",
            self.rate
        );
        outbox.push(Event::Faulted { run: self.id, message }.into());
        outbox.push(Event::Paused { run: self.id, progress: self.progress(0.0) }.into());
        self.lost = Some(Fault { step: at, rate: self.rate, loss });
        self.advise(outbox);
    }

    /// The machine is lost: continues on the CPU with the last numbers that were read from it.
    pub(super) fn fall_back(&mut self, fault: &MachineFault, around: &mut Surroundings) {
        if fault.lost && !self.moves {
            *around.maker = None;
        }
        self.moves &= around.maker.is_some();
        let reached = self.step;
        let (step, numbers) = self.safeguard.latest();
        self.machine = Box::new(CpuMachine::new(&self.network, numbers.clone(), around.hire));
        self.go_back(step);
        self.meter.start(around.now_ms);
        let lost = match reached - step {
            0 => String::new(),
            1 => "; the step after it is lost".to_owned(),
            count => format!("; the {count} steps after it are lost"),
        };
        let message = format!("{fault}: the run continues on the CPU with the weights of step {step}{lost}");
        around.outbox.push(self.moved(message).into());
        if self.drive == Drive::Pausing || (self.drive == Drive::Finished && !self.at_goal()) {
            self.drive = Drive::Pausing;
            self.stop(around.now_ms, around.outbox);
        }
    }

    /// Stands after `step` updates, as it once did. Nothing is under way; what was asked for is put again.
    pub(super) fn go_back(&mut self, step: u32) {
        if step < self.step {
            self.history.rewind(step);
            self.scores.retain(|s| s.step <= step);
        }
        (self.step, self.ahead) = (step, 0);
        self.told.0 = step;
        self.evaluation = None;
        self.moments.rewind(step);
        for underway in self.underway.drain(..).rev() {
            if let Underway::Save { ask, what, .. } = underway {
                self.saves.push_front((ask, what));
            } else if let Underway::Trace { place } = underway {
                self.trace = Some(place);
            }
        }
        self.probes.forget(step);
        self.sample.forget_look();
    }

    /// The old machine has given its `numbers` out: continues on another, or on the CPU.
    pub(super) fn arrive(&mut self, numbers: Numbers, around: &mut Surroundings) {
        self.moves = false;
        self.report(around.now_ms, around.outbox);
        let made = around.maker.as_ref().map(|maker| maker.make(&self.network, &numbers));
        let step = self.step;
        let message = match made {
            Some(Ok(machine)) => {
                self.machine = machine;
                let place = match self.machine.backend() {
                    Backend::Cpu => "the CPU",
                    Backend::Gpu => "the graphics card",
                    Backend::Twin => "the CPU and the graphics card side by side",
                };
                format!("the run continues on {place} from step {step}")
            }
            refused => {
                if self.machine.backend() != Backend::Cpu {
                    self.machine = Box::new(CpuMachine::new(&self.network, numbers.clone(), around.hire));
                }
                match refused {
                    Some(Err(fault)) => {
                        if fault.lost {
                            *around.maker = None;
                        }
                        format!("{fault}: the run continues on the CPU from step {step}")
                    }
                    _ => format!("the run continues on the CPU from step {step}"),
                }
            }
        };
        self.safeguard.keep(step, numbers);
        self.go_back(step);
        self.meter.start(around.now_ms);
        around.outbox.push(self.moved(message).into());
    }
}
