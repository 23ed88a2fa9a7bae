//! Runs on other images than MNIST's: shapes, and images of one's own.

use std::sync::Arc;

use data::{Dataset, Digits, OwnImages, Set, Source, packs, shapes};
use protocol::{Command, EvalSet, Event, RunSpec, Save, Selection, TrainSpec};
use trainer::{Network, OpenError, Portion, Session, Standing};

use crate::rig::{FEW, RUN, Rig, digits, is_declined, small};

fn on(source: Source) -> RunSpec {
    let spec = small();
    RunSpec { train: TrainSpec { data: source, ..spec.train }, ..spec }
}

/// The first 2,000 training shapes, and some of those that score.
fn some_shapes() -> Dataset {
    let mut data = Dataset::new();
    data.choose(Source::Shapes);
    for pack in packs().iter().filter(|p| p.first == 0) {
        let mut drawn = Digits::default();
        shapes::extend(&mut drawn, pack, 2_000);
        // Blank ones behind them, which nothing asks for.
        drawn.pixels.resize(pack.count as usize * data::PIXELS, 0);
        drawn.labels.resize(pack.count as usize, 0);
        data.install_shapes(pack, drawn).unwrap();
    }
    data
}

/// Digits of the training set as if they were one's own.
fn own(count: usize) -> OwnImages {
    let mut own = OwnImages::default();
    for i in 0..count {
        let (image, label) = digits().train_image(1_000 + i).map(|(image, label)| (image.to_vec(), label)).unwrap();
        own.add(image.as_slice().try_into().unwrap(), label).unwrap();
    }
    own
}

fn with_own(count: usize) -> Rig {
    let mut rig = Rig::new(Session::new(digits()));
    rig.session.set_own(&own(count));
    rig
}

fn open(rig: &mut Rig, spec: RunSpec) -> Event {
    rig.send(Command::Open { run: RUN, spec });
    rig.last().clone()
}

/// A small network tells the ten shapes apart, which chance would with 10 %.
#[test]
fn shapes_are_learnt() {
    let portion = Portion { train: 2_000, scored: 1_000 };
    let mut rig = Rig::new(Session::with_portion(some_shapes(), portion));
    let mut spec = on(Source::Shapes);
    spec.train.epochs = 12;
    assert!(matches!(open(&mut rig, spec), Event::Opened { .. }));
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    let last = rig.scores().into_iter().rfind(|s| s.set == EvalSet::Test).unwrap();
    assert_eq!(last.count, 1_000);
    assert!(last.accuracy > 0.6, "{}", last.accuracy);
    let found: Vec<f64> = (0..10)
        .map(|class| f64::from(last.confusion[11 * class]) / f64::from(last.confusion[10 * class..][..10].iter().sum::<u32>()))
        .collect();
    assert!(found.iter().all(|share| *share > 0.25), "every class is told from the others: {found:?}");
}

#[test]
fn images_of_ones_own_train_and_score() {
    let mut rig = with_own(200);
    assert!(matches!(open(&mut rig, on(Source::Own)), Event::Opened { .. }));
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    let scores = rig.scores();
    let of = |set| scores.iter().rfind(|s| s.set == set).unwrap();
    // Of 200 images 160 train, in two epochs of 8 steps; 20 each score.
    assert_eq!((of(EvalSet::Validation).count, of(EvalSet::Test).count, of(EvalSet::Test).step), (20, 20, 16));
    assert_eq!(rig.session.data().total_of(Set::Train), 160);
    // And beside the digits.
    assert!(matches!(open(&mut rig, on(Source::DigitsAndOwn)), Event::Opened { .. }));
    rig.step(3);
    assert_eq!(rig.session.data().total_of(Set::Train), 50_160);
    rig.send(Command::Evaluate { run: RUN, set: EvalSet::Validation });
    rig.rest();
    assert_eq!(rig.scores().last().unwrap().count, 10_020);
    // And back: the digits are as they were.
    let mut plain = Rig::new(Session::new(digits()));
    open(&mut plain, small());
    plain.step(3);
    open(&mut rig, small());
    let seen = rig.events.len();
    rig.step(3);
    let news = Rig { session: Session::new(Dataset::new()), now_ms: 0.0, events: rig.events.split_off(seen), acknowledges: true };
    assert_eq!(news.curve(), plain.curve());
}

#[test]
fn too_few_images_are_told() {
    let mut rig = Rig::few();
    assert!(is_declined(&open(&mut rig, on(Source::Own)), "there are no images of your own"));
    rig.session.set_own(&own(10));
    assert!(is_declined(&open(&mut rig, on(Source::Own)), "`batch` is 20, but there are only 8 training digits"));
    let mut alike = OwnImages::default();
    (0..40).for_each(|_| assert!(alike.add(&[9; 784], 3).is_ok()));
    rig.session.set_own(&alike);
    assert!(is_declined(&open(&mut rig, on(Source::Own)), "all images are of one class"));
    assert!(matches!(open(&mut rig, on(Source::DigitsAndOwn)), Event::Opened { .. }), "beside digits that is no matter");
}

#[test]
fn ones_own_come_as_often_as_is_said() {
    let mut data = Dataset::clone(&digits());
    data.set_own(&own(30));
    data.choose(Source::DigitsAndOwn);
    let opened = |repeat| {
        let mut spec = on(Source::DigitsAndOwn);
        spec.train.selection = Selection { repeat, ..Selection::default() };
        Network::open_on(&spec, Portion::default(), Standing::default(), &data)
    };
    for repeat in [1_u32, 7] {
        let feed = opened(repeat).unwrap().feed;
        let order = feed.order(1);
        assert_eq!((order.len(), feed.train), (50_000 + 24 * repeat as usize, order.len()));
        let times = |i: u32| order.iter().filter(|o| **o == i).count();
        assert!((0..24).all(|i| times(i) == repeat as usize));
        assert!([24, 30_000, 50_023].into_iter().all(|i| times(i) == 1));
        assert_eq!(feed.digit(0, &data).unwrap().1, data.image(Set::Train, 0).unwrap().1);
    }
    // What does not go together says so.
    assert!(matches!(opened(101), Err(OpenError::Setting(_))));
    let mut spec = small();
    spec.train.selection.repeat = 2;
    let error = Network::open_on(&spec, FEW, Standing::default(), &digits()).unwrap_err();
    assert_eq!(error.to_string(), "`repeat` is 2, but must lie in 1 to 1");
}

#[test]
fn a_run_goes_on_when_images_have_come() {
    let mut rig = with_own(100);
    open(&mut rig, on(Source::Own));
    rig.step(6);
    let file = rig.save(Save::Checkpoint);
    let mut later = with_own(140);
    later.send_with(protocol::Message { head: Command::Load { run: RUN }, bulk: vec![], file: file.clone() });
    let Event::Opened { progress, .. } = later.last() else { panic!("{:?}", later.last()) };
    // Four steps were an epoch of 80 images.
    assert_eq!((progress.step, progress.epoch), (6, 1.0));
    later.step(3);
    assert!(matches!(later.last(), Event::Paused { progress, .. } if progress.step == 9));
    // Without images it is not lost, but told.
    let mut bare = Rig::new(Session::new(Arc::clone(&digits())));
    open(&mut bare, small());
    let seen = bare.events.len();
    bare.send_with(protocol::Message { head: Command::Load { run: RUN }, bulk: vec![], file });
    assert!(
        bare.events[seen..]
            .iter()
            .any(|m| matches!(&m.head, Event::LoadFailed { message, .. } if message.contains("no images of your own")))
    );
    assert_eq!(bare.session.data().source(), Source::Digits, "the run that is open goes on");
    bare.step(2);
}

#[test]
fn another_set_is_another_run() {
    let mut rig = with_own(100);
    open(&mut rig, small());
    rig.send(Command::Amend { run: RUN, spec: on(Source::Own) });
    assert!(is_declined(rig.last(), "another data set begins another run"));
}
