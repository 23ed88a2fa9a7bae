//! Schedules and what stands around the optimizer, in a run: they hold from step to step, over checkpoints and
//! from one epoch to the next.

use engine::{
    NodeId, OptimizerSpec, ScheduleSpec, Treatment,
    optim::Lion,
    schedule::{Cosine, CurveSpec, OneCycle, Plateau},
};
use protocol::{Command, EvalSet, Event, Hyper, RunSpec, Save};

use crate::rig::{RUN, Rig, STEPS, small};

/// The rate of every step, as the curve has it.
fn rates(rig: &Rig) -> Vec<f32> {
    let points = rig.events.iter().flat_map(|m| match &m.head {
        Event::Progressed { history, .. } => &history[..],
        _ => &[],
    });
    points.map(|p| p.rate).collect()
}

fn scheduled(curve: impl Into<CurveSpec>, warmup_steps: u32) -> RunSpec {
    let mut spec = small();
    spec.train.schedule = ScheduleSpec { curve: curve.into(), warmup_steps, ..ScheduleSpec::default() };
    spec
}

#[test]
fn the_schedule_sets_the_rate_of_every_step() {
    let spec = scheduled(OneCycle::default(), 5);
    let mut rig = Rig::open(spec.clone());
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    // Its length is that of two epochs, less the warm-up.
    let schedule = ScheduleSpec { curve: OneCycle { total_steps: 2 * STEPS - 5, ..OneCycle::default() }.into(), ..spec.train.schedule };
    let want: Vec<f32> = (0..2 * STEPS).map(|step| schedule.rate(spec.train.rate, step)).collect();
    assert_eq!(rates(&rig), want);
    assert!(want.iter().any(|r| *r > 0.99 * spec.train.rate) && want[0] < 0.1 * spec.train.rate);
}

#[test]
fn a_rate_that_is_set_meanwhile_is_scheduled_too() {
    let mut rig = Rig::open(scheduled(Cosine { t_max: 40, min_rate: 0.0 }, 0));
    rig.step(20);
    rig.send(Command::Tune { run: RUN, hyper: Hyper { rate: 1.0 } });
    rig.step(1);
    // Half way down a cosine.
    let last = *rates(&rig).last().unwrap();
    assert!((last - 0.5).abs() < 1e-6, "{last}");
}

#[test]
fn a_plateau_lowers_the_rate() {
    // Only a tenth of the loss would be better: every epoch but the first is one without improvement.
    let plateau = Plateau { factor: 0.5, patience: 0, threshold: 0.9, ..Plateau::default() };
    let mut spec = scheduled(plateau, 0);
    spec.train.epochs = 3;
    let play = |rig: &mut Rig| {
        rig.send(Command::Play { run: RUN });
        rig.until(|e| matches!(e, Event::Finished { .. }));
    };
    let mut rig = Rig::open(spec.clone());
    // What somebody asks for meanwhile is no observation.
    rig.step(10);
    rig.send(Command::Evaluate { run: RUN, set: EvalSet::Validation });
    rig.until(|e| matches!(e, Event::Evaluated { .. }));
    play(&mut rig);
    let rate = spec.train.rate;
    let want: Vec<f32> = (0..3 * STEPS).map(|step| if step < 2 * STEPS { rate } else { rate * 0.5 }).collect();
    assert_eq!(rates(&rig), want, "one and a half epochs bear it: the second observation is the first that is no better");

    // A run that resumes finds it again.
    let mut first = Rig::open(spec);
    first.step(2 * STEPS + 3);
    let file = first.save(Save::Checkpoint);
    let mut rig = Rig::few();
    rig.load(&file);
    rig.step(1);
    assert_eq!(rates(&rig), [rate * 0.5]);
}

/// With every part of the update in use, and sums and averages in the middle of their way.
#[test]
fn a_checkpoint_goes_on_where_it_stopped() {
    let mut spec = scheduled(Cosine::default(), 10);
    let rates = [(NodeId(0), 0.5)].into();
    spec.train.treatment = Treatment { l2: 1e-3, clip_norm: 1.0, sam: 0.02, accumulate: 3, rates, ..Treatment::default() };
    for optimizer in [OptimizerSpec::default(), Lion::default().into()] {
        spec.train.optimizer = optimizer;
        // After a batch that is only added to the sum.
        for first in [10, 11] {
            let mut whole = Rig::open(spec.clone());
            whole.step(first);
            let file = whole.save(Save::Checkpoint);
            whole.step(20);
            let mut rig = Rig::few();
            rig.load(&file);
            rig.step(20);
            assert_eq!(rig.curve(), whole.curve(), "{first}");
            let numbers = |rig: &mut Rig| {
                let file = rig.save(Save::Weights);
                let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
                file[8 + header..].to_vec()
            };
            assert_eq!(numbers(&mut rig), numbers(&mut whole));
        }
    }
}

#[test]
fn what_is_frozen_stays() {
    let mut spec = small();
    spec.train.treatment.rates = [(NodeId(0), 0.0)].into();
    let mut rig = Rig::open(spec);
    let kernel = |rig: &mut Rig| {
        rig.send(Command::Watch { run: RUN, tensors: vec![engine::Tensor::Param(engine::ParamId(0))] });
        rig.rest();
        rig.events.iter().rev().find(|m| matches!(m.head, Event::Framed { .. })).unwrap().bulk.clone()
    };
    let before = kernel(&mut rig);
    rig.step(30);
    assert_eq!(kernel(&mut rig), before);
}

#[test]
fn what_is_wrong_is_refused_by_name() {
    let refused = |spec: RunSpec| {
        let mut rig = Rig::few();
        rig.send(Command::Open { run: RUN, spec });
        format!("{:?}", rig.last())
    };
    let mut spec = small();
    spec.train.treatment.rates = [(NodeId(2), 0.5)].into();
    assert!(refused(spec).contains("layer 3 (`relu1`) has a rate factor, but no weights"));
    let mut spec = small();
    spec.train.treatment.accumulate = 0;
    assert!(refused(spec).contains("`accumulate` is 0, but must lie in 1 to 1024"));
    let mut spec = scheduled(Plateau { factor: 2.0, ..Plateau::default() }, 0);
    spec.train.epochs = 1;
    assert!(refused(spec).contains("`factor` is 2, but must lie in 0 to 1"));
}
