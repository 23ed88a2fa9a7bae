//! A whole little run.

use engine::{NodeId, ParamId, SpecError, Tensor, presets};
use protocol::{Command, EvalSet, Event, Message, Pace, RunId, RunSpec, TrainSpec};
use trainer::{Rest, Session, Stage};

use crate::rig::{RUN, Rig, STEPS, digit, digits, is_declined, small};

/// Names of the events, repetitions left out.
fn story(events: &[Message<Event>]) -> Vec<String> {
    let mut names: Vec<String> = events.iter().map(|m| format!("{:?}", m.head).split([' ', '{']).next().unwrap().to_owned()).collect();
    names.dedup();
    names
}

#[test]
fn a_run_from_ready_to_finished() {
    let mut rig = Rig::few();
    assert_eq!(story(&rig.events), ["Ready", "DataArrived"]);
    assert_eq!(rig.events[1].head, Event::DataArrived { train: 50_000, train_total: 50_000 });
    assert_eq!(rig.turn(), Rest::UntilCalled);

    rig.send(Command::Open { run: RUN, spec: small() });
    let Event::Opened { run: RUN, spec, summary, progress, history, scores, .. } = rig.last().clone() else { panic!() };
    assert_eq!((spec, progress.step, history.len(), scores.len()), (small(), 0, 0, 0));
    assert_eq!((summary.steps_per_epoch, summary.params), (STEPS, 4 * 25 + 4 + 8 + 144 * 10 + 10));
    assert!(summary.multiply_adds >= f64::from(144 * 4 * 25 + 1440) && summary.memory_bytes > 4.0 * f64::from(summary.params));
    assert_eq!((rig.session.stage(), rig.turn()), (Stage::Paused, Rest::UntilCalled));

    let tensors = vec![Tensor::Input, Tensor::Output(NodeId(0)), Tensor::Param(ParamId(0)), Tensor::State(ParamId(1))];
    rig.send(Command::Watch { run: RUN, tensors: tensors.clone() });
    rig.send_with(Message { head: Command::Show { run: RUN }, bulk: digit(3), file: vec![] });
    rig.rest();
    rig.send(Command::Play { run: RUN });
    let Event::Finished { progress, .. } = rig.until(|e| matches!(e, Event::Finished { .. })) else { panic!() };
    assert_eq!((progress.step, progress.epoch, progress.images_per_second), (2 * STEPS, 2.0, 0.0));
    rig.rest();
    assert_eq!((rig.session.stage(), rig.turn()), (Stage::Finished, Rest::UntilCalled));

    let mut names = story(&rig.events);
    names.retain(|n| n != "Framed");
    names.dedup();
    let whole = ["Ready", "DataArrived", "Opened", "Played", "Progressed", "Evaluated", "Progressed", "Evaluated", "Finished"];
    assert_eq!(names, whole);
    assert_eq!(rig.curve().iter().map(|p| p.0).collect::<Vec<_>>(), (1..=2 * STEPS).collect::<Vec<_>>());
    let scores = rig.scores();
    assert_eq!(
        scores.iter().map(|s| (s.set, s.step, s.epoch, s.count)).collect::<Vec<_>>(),
        [(EvalSet::Validation, 25, 1.0, 200), (EvalSet::Validation, 50, 2.0, 200), (EvalSet::Test, 50, 2.0, 200)]
    );
    for score in &scores {
        let right: u32 = (0..10).map(|c| score.confusion[c * 11]).sum();
        assert_eq!(score.confusion.iter().sum::<u32>(), 200);
        assert_eq!(score.accuracy, f64::from(right) / 200.0);
    }
    let framed = rig.events.iter().filter_map(|m| match &m.head {
        Event::Framed { probabilities, views, step, .. } => Some((probabilities, views, *step, &m.bulk)),
        _ => None,
    });
    let mut steps = Vec::new();
    for (probabilities, views, step, bulk) in framed {
        assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(views.iter().map(|v| v.tensor).collect::<Vec<_>>(), tensors);
        assert_eq!(
            views.iter().map(|v| v.dims.clone()).collect::<Vec<_>>(),
            [vec![1, 1, 28, 28], vec![1, 4, 12, 12], vec![4, 1, 5, 5], vec![4]]
        );
        assert!(views.iter().all(|v| v.dims.iter().product::<usize>() == v.range.len()));
        assert_eq!((bulk.len(), &bulk[views[0].range.clone()]), (views[3].range.end, &digit(3)[..]));
        steps.push(step);
    }
    assert!(steps.len() > 2 && steps.is_sorted() && steps[0] == 0, "{steps:?}");

    // As many epochs again.
    rig.send(Command::Play { run: RUN });
    let Event::Finished { progress, .. } = rig.until(|e| matches!(e, Event::Finished { .. })) else { panic!() };
    assert_eq!(progress.step, 4 * STEPS);
    assert_eq!(rig.scores().len(), 6);

    rig.send(Command::Close { run: RUN });
    assert_eq!(rig.session.stage(), Stage::Idle);
}

#[test]
fn two_hundred_steps_on_five_hundred_digits_are_enough_for_most() {
    let train = TrainSpec { batch: 50, epochs: 20, rate: 2e-3, ..TrainSpec::default() };
    let mut rig = Rig::open(RunSpec { train, ..RunSpec::default() });
    rig.send(Command::Play { run: RUN });
    let Event::Finished { progress, .. } = rig.until(|e| matches!(e, Event::Finished { .. })) else { panic!() };
    assert_eq!(progress.step, 200);
    let scores = rig.scores();
    let test = scores.last().unwrap();
    assert_eq!((test.set, test.count), (EvalSet::Test, 200));
    assert!(test.accuracy >= 0.85, "{}", test.accuracy);
    assert!(progress.accuracy >= 0.9, "{}", progress.accuracy);
}

#[test]
fn what_is_no_run_is_refused() {
    let mut rig = Rig::few();
    let mut open = |spec: RunSpec| {
        let said: Vec<_> = rig.send(Command::Open { run: RUN, spec }).iter().map(|m| m.head.clone()).collect();
        assert_eq!((said.len(), rig.session.stage()), (1, Stage::Idle));
        said[0].clone()
    };
    let mut spec = small();
    spec.model.layers.pop();
    assert!(matches!(open(spec), Event::Refused { run: RUN, error: SpecError::Output { .. } }));
    let mut spec = RunSpec { model: presets::PRESETS[1].model(), ..small() };
    spec.model.layers = vec![engine::ops::Relu {}.into(); 300];
    assert!(matches!(open(spec), Event::Refused { error: SpecError::TooManyLayers { .. }, .. }));
    let with = |change: &dyn Fn(&mut RunSpec)| {
        let mut spec = small();
        change(&mut spec);
        spec
    };
    assert!(is_declined(&open(with(&|s| s.train.batch = 0)), "open: `batch` is 0, but must lie in 1 to 1024"));
    assert!(is_declined(&open(with(&|s| s.train.batch = 501)), "`batch` is 501, but there are only 500 training digits"));
    assert!(is_declined(&open(with(&|s| s.train.rate = -1.0)), "`rate` is -1"));
    assert!(is_declined(&open(with(&|s| s.model.input.h = 29)), "images of 1×29×28, but the digits are 1×28×28"));
    // Too much memory: wide layers at the largest batch.
    let wide = with(&|s| {
        s.train.batch = 500;
        s.model.layers.splice(
            0..4,
            (0..4).map(|_| {
                engine::ops::Conv2d { out_ch: 512, pad: engine::Padding::all(1), kernel: engine::Pair::square(3), ..Default::default() }
                    .into()
            }),
        );
    });
    assert!(matches!(open(wide), Event::Refused { error: SpecError::Memory { batch: 500, .. }, .. }));
}

#[test]
fn settings_out_of_range_are_declined_and_the_run_goes_on() {
    let mut rig = Rig::open(small());
    rig.send(Command::Play { run: RUN });
    rig.turn();
    for (pace, said) in [(0.0, "pace: `steps per second` is 0"), (-1.0, "is -1"), (1e9, "but must lie in 0.01 to 10000")] {
        let said_now = &rig.send(Command::SetPace { run: RUN, pace: Pace::StepsPerSecond(pace) })[0].head;
        assert!(is_declined(said_now, said), "{said_now:?}");
    }
    // JSON has no NaN, but a host of the same program has.
    for rate in [f32::NAN, f32::INFINITY, -0.1] {
        rig.session.handle(Command::Tune { run: RUN, hyper: protocol::Hyper { rate } }.into(), rig.now_ms);
        let said = rig.session.take_events();
        assert!(is_declined(&said[0].head, "tune: `rate` is "), "{said:?}");
    }
    let watch = Command::Watch { run: RUN, tensors: vec![Tensor::Input, Tensor::Output(NodeId(99))] };
    assert!(is_declined(&rig.send(watch)[0].head, "watch: this network has no Output(NodeId(99))"));
    let show = |bulk| Message { head: Command::Show { run: RUN }, bulk, file: vec![] };
    assert!(is_declined(&rig.send_with(show(vec![0.0; 3]))[0].head, "show: the image has 3 numbers; the network takes 784"));
    let mut image = digit(0);
    image[7] = f32::NAN;
    assert!(is_declined(&rig.send_with(show(image))[0].head, "show: number 7 of the image is NaN"));
    assert_eq!(rig.session.stage(), Stage::Playing);
    rig.send(Command::Tune { run: RUN, hyper: protocol::Hyper { rate: 0.5 } });
    let finished = rig.until(|e| matches!(e, Event::Finished { .. }));
    assert!(matches!(finished, Event::Finished { progress, .. } if progress.rate == 0.5));
}

#[test]
fn commands_to_another_run_are_dropped() {
    let mut rig = Rig::open(small());
    assert!(rig.send(Command::Play { run: RunId(0) }).is_empty());
    assert!(rig.send(Command::Close { run: RunId(2) }).is_empty());
    assert_eq!(rig.session.stage(), Stage::Paused);
    rig.send(Command::Open { run: RunId(2), spec: small() });
    assert!(rig.send(Command::Play { run: RUN }).is_empty());
    assert!(matches!(rig.send(Command::Play { run: RunId(2) }), [Message { head: Event::Played { run: RunId(2) }, .. }]));
}

#[test]
fn a_pace_is_kept_and_steps_are_counted() {
    let mut rig = Rig::open(small());
    rig.send(Command::SetPace { run: RUN, pace: Pace::StepsPerSecond(20.0) });
    let started = rig.now_ms;
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Progressed { progress, .. } if progress.step >= 21));
    let passed = rig.now_ms - started;
    assert!((1_000.0..1_150.0).contains(&passed), "{passed}");
    // Speed counts the waiting: 20 steps of 20 images.
    let Some(Event::Progressed { progress, .. }) =
        rig.events.iter().rev().map(|m| m.head.clone()).find(|e| matches!(e, Event::Progressed { .. }))
    else {
        panic!()
    };
    assert!((380.0..480.0).contains(&progress.images_per_second), "{}", progress.images_per_second);
    rig.send(Command::Pause { run: RUN });
    let Event::Paused { progress, .. } = rig.last() else { panic!() };
    let step = progress.step;
    rig.send(Command::SetPace { run: RUN, pace: Pace::Full });
    rig.send(Command::Step { run: RUN, count: 7 });
    let paused = rig.until(|e| matches!(e, Event::Paused { .. }));
    assert!(matches!(paused, Event::Paused { progress, .. } if progress.step == step + 7));
    assert_eq!((rig.session.stage(), rig.turn()), (Stage::Paused, Rest::UntilCalled));
    let said: Vec<_> = rig.send(Command::Step { run: RUN, count: 0 }).iter().map(|m| m.head.clone()).collect();
    assert!(matches!(&said[..], [Event::Played { .. }, Event::Paused { .. }]), "{said:?}");
}

#[test]
fn a_turn_is_bounded_even_where_the_clock_stands_still() {
    let mut session = Session::new(digits());
    let train = TrainSpec { batch: 1, epochs: 1, ..small().train };
    session.handle(Command::Open { run: RUN, spec: RunSpec { train, ..small() } }.into(), 0.0);
    session.handle(Command::Play { run: RUN }.into(), 0.0);
    assert_eq!(session.turn(10.0, &mut || 0.0), Rest::Now);
    session.handle(Command::Pause { run: RUN }.into(), 0.0);
    let paused = session.take_events().pop().unwrap().head;
    assert!(matches!(paused, Event::Paused { progress, .. } if progress.step == 1_000), "{paused:?}");
}
