//! What the next batch looks like, and training on augmented batches.

use data::PIXELS;
use engine::{Augment, Augmenter, Shape, StepInputs};
use protocol::{Command, Event, Preview, Previewed, RunSpec, Save, TrainSpec};

use crate::rig::{RUN, Rig, STEPS, digits, is_declined, small};

fn mixed() -> Augment {
    Augment { elastic: 2.0, noise: 0.1, erase: 0.5, mixup: 0.4, cutmix: 1.0, rand_count: 1.0, ..Augment::default() }
}

fn with(augment: Augment) -> RunSpec {
    let spec = small();
    RunSpec { train: TrainSpec { augment, ..spec.train }, ..spec }
}

fn look(rig: &mut Rig, preview: Preview) -> (u32, Vec<Previewed>, Vec<f32>) {
    let said = rig.send(Command::Preview { run: RUN, preview });
    let [message] = said else { panic!("{said:?}") };
    let Event::Previewed { ask, step, images, .. } = &message.head else { panic!("{:?}", message.head) };
    assert_eq!(*ask, 4);
    assert_eq!(message.bulk.len(), 2 * images.len() * PIXELS);
    (*step, images.clone(), message.bulk.clone())
}

/// What is shown is what the next step trains on: the same digits, the same draws.
#[test]
fn the_preview_is_the_next_batch() {
    let mut rig = Rig::open(with(mixed()));
    rig.step(STEPS + 3);
    let seed = small().train.seed;
    let (step, images, bulk) = look(&mut rig, Preview { ask: 4, augment: mixed(), seed, count: 100 });
    assert_eq!((step, images.len()), (STEPS + 3, 20), "no more than a batch");
    // By its own way: the order of the epoch, then a batch as the CPU fills it.
    let feed = trainer::Feed::plain(500, 20, seed);
    let (epoch, first) = feed.place(step);
    let order = feed.order(epoch);
    let digits = digits();
    let chosen: Vec<(&[u8], u8)> = order[first..first + 20].iter().map(|i| digits.train_image(*i as usize).unwrap()).collect();
    let (mut want, mut labels, mut targets) = (vec![0.0; 20 * PIXELS], Vec::new(), Vec::new());
    let now = StepInputs { rate: 0.0, step, seed };
    Augmenter::new(&mixed(), 20, Shape::new(1, 28, 28), 10).fill(&now, chosen.iter().copied(), &mut want, &mut labels, &mut targets);
    for (place, (grey, label)) in chosen.iter().enumerate() {
        let shown = &bulk[2 * place * PIXELS..][..2 * PIXELS];
        assert!(shown[..PIXELS].iter().zip(*grey).all(|(x, grey)| *x == f32::from(*grey) / 255.0), "before");
        assert!(shown[PIXELS..] == want[place * PIXELS..][..PIXELS], "after");
        let Previewed { label: own, other, share } = images[place];
        assert_eq!(own, *label);
        let row = &targets[place * 10..][..10];
        assert!(own == other || (row[usize::from(own)] - share).abs() < 1e-6, "{row:?}");
    }
    // Other settings and seeds show other images of the same digits, fewer where fewer are asked for.
    let (_, few, plain) = look(&mut rig, Preview { ask: 4, augment: Augment::default(), seed, count: 3 });
    assert_eq!(few.len(), 3);
    assert!(plain.chunks(2 * PIXELS).all(|pair| pair[..PIXELS] == pair[PIXELS..]) && plain[..PIXELS] == bulk[..PIXELS]);
    let (_, _, other) = look(&mut rig, Preview { ask: 4, augment: mixed(), seed: seed + 1, count: 20 });
    assert!(other != bulk);
    // Looking changes nothing.
    rig.step(2);
    let mut untouched = Rig::open(with(mixed()));
    untouched.step(STEPS + 5);
    assert_eq!(rig.curve(), untouched.curve());

    let wrong = Preview { augment: Augment { noise: 2.0, ..Augment::default() }, ..Preview::default() };
    rig.send(Command::Preview { run: RUN, preview: wrong });
    assert!(is_declined(rig.last(), "preview: `noise` is 2, but must lie in 0 to 0.5"), "{:?}", rig.last());
}

#[test]
fn mixed_batches_teach_and_a_checkpoint_goes_on_with_them() {
    let mut whole = Rig::open(with(mixed()));
    whole.step(2 * STEPS);
    let curve = whole.curve();
    let mean = |points: &[(u32, u64, u64)]| points.iter().map(|p| f64::from_bits(p.1)).sum::<f64>() / points.len() as f64;
    assert!(mean(&curve[curve.len() - 5..]) < mean(&curve[..5]), "{curve:?}");
    let mut first = Rig::open(with(mixed()));
    first.step(13);
    let file = first.save(Save::Checkpoint);
    let mut second = Rig::few();
    assert!(matches!(second.load(&file), Event::Opened { spec, .. } if spec.train.augment == mixed()));
    second.step(2 * STEPS - 13);
    assert_eq!(second.curve(), curve, "taken up again");
}
