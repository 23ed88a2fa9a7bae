//! A step taken apart is the step that is then made.

use engine::{NodeId, ParamId, Tensor};
use protocol::{Command, Event, Message, RunSpec, Save, Trace, View};
use trainer::checkpoint;

use crate::rig::{FEW, RUN, Rig, contents, digits, small, with_momentum};

fn trace(rig: &mut Rig, place: u32) -> (Trace, Vec<f32>) {
    let said = rig.send(Command::Trace { run: RUN, place });
    match said.last() {
        Some(Message { head: Event::Traced { trace, .. }, bulk, .. }) => (trace.clone(), bulk.clone()),
        other => panic!("{other:?}"),
    }
}

fn view<'a>(views: &[View], bulk: &'a [f32], tensor: Tensor) -> &'a [f32] {
    let view = views.iter().find(|v| v.tensor == tensor).unwrap_or_else(|| panic!("no {tensor:?}"));
    assert_eq!(view.dims.iter().product::<usize>(), view.range.len());
    &bulk[view.range.clone()]
}

fn after(rig: &mut Rig, spec: &RunSpec) -> Vec<f32> {
    let mut spec = spec.clone();
    spec.train.batch = 1;
    let (_, numbers, _) = checkpoint::open(&rig.save(Save::Weights), &spec).unwrap();
    numbers.params
}

#[test]
fn the_step_is_made_as_it_was_shown() {
    let first = RunSpec { train: small().train, ..RunSpec::default() };
    for spec in [small(), with_momentum(small()), first] {
        let mut plain = Rig::open(spec.clone());
        plain.step(4);
        let mut rig = Rig::open(spec.clone());
        rig.step(3);
        let before = rig.save(Save::Checkpoint);
        let (told, bulk) = trace(&mut rig, 2);
        assert!(contents(&rig.save(Save::Checkpoint)) == contents(&before), "taking apart changes nothing");
        assert_eq!((told.step, told.place, told.batch, told.rate), (3, 2, 20, spec.train.rate));
        rig.step(1);
        // Bit for bit an ordinary step, and bit for bit what was shown.
        assert!(contents(&rig.save(Save::Checkpoint)) == contents(&plain.save(Save::Checkpoint)));
        let params = after(&mut rig, &spec);
        let shown: Vec<f32> = told.after.iter().flat_map(|v| bulk[v.range.clone()].to_vec()).collect();
        assert_eq!(shown.len(), params.len());
        assert!(shown.iter().zip(&params).all(|(a, b)| a.to_bits() == b.to_bits()));
        let loss = rig.events.iter().rev().find_map(|m| match &m.head {
            Event::Progressed { history, .. } => history.last().map(|p| (p.step, p.loss)),
            _ => None,
        });
        assert_eq!(loss, Some((4, told.loss)));
    }
}

#[test]
fn the_numbers_hang_together() {
    let mut rig = Rig::open(small());
    rig.step(1);
    let (told, bulk) = trace(&mut rig, 5);
    let (again, _) = trace(&mut rig, 6);
    assert_eq!((told.loss, told.correct), (again.loss, again.correct));
    assert_ne!(told.probabilities, again.probabilities);
    // The image is one of the training digits, and the label is its.
    let image = view(&told.views, &bulk, Tensor::Input);
    let dataset = digits();
    let found = (0..FEW.train).find(|i| dataset.train_image(*i).unwrap().0.iter().zip(image).all(|(p, x)| f32::from(*p) / 255.0 == *x));
    assert_eq!(dataset.train_image(found.unwrap()).unwrap().1, told.label);
    // Cross-entropy: minus the log of the label's probability, and its gradient (p − y) / batch.
    let p = told.probabilities[usize::from(told.label)];
    assert!((told.example_loss + f64::from(p).ln()).abs() < 1e-5, "{} {p}", told.example_loss);
    let d = view(&told.views, &bulk, Tensor::OutputGrad(NodeId(6)));
    for (class, (d, p)) in d.iter().zip(&told.probabilities).enumerate() {
        let y = if class == usize::from(told.label) { 1.0 } else { 0.0 };
        assert!((d - (p - y) / 20.0).abs() < 1e-7);
    }
    // Gradients come back through pooling and rectifier: where ReLU gave nothing, nothing comes back.
    let (given, back) = (view(&told.views, &bulk, Tensor::Output(NodeId(2))), view(&told.views, &bulk, Tensor::OutputGrad(NodeId(1))));
    assert!(back.iter().any(|g| *g != 0.0) && given.iter().zip(back).all(|(o, g)| *o > 0.0 || *g == 0.0));
    // Plain arithmetic of Adam: the change has the length that is told.
    let (old, new) = (view(&told.views, &bulk, Tensor::Param(ParamId(0))), view(&told.after, &bulk, Tensor::Param(ParamId(0))));
    let change = old.iter().zip(new).map(|(o, n)| f64::from(n - o).powi(2)).sum::<f64>().sqrt();
    assert!((told.changes[0].change - change).abs() < 1e-6 * change.max(1e-3) && change > 0.0);
    assert!(told.changes.iter().all(|c| c.before >= 0.0 && c.gradient > 0.0));
}

#[test]
fn a_place_beyond_the_batch_is_its_last() {
    let mut rig = Rig::open(small());
    assert_eq!(trace(&mut rig, 1_000).0.place, 19);
}
