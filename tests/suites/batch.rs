//! A batch before and after the layers: which digits it is made of on the card, and how a score that
//! is no number shows.

use std::{rc::Rc, sync::Arc};

use engine::{
    Cpu, Graph, LayerSpec, LossSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Shape, StepInputs, Tensor,
    backend::gpu::{Card, DigitSet, Gpu, GpuRun, Turn, launch::Storage, results},
    loss::Targets,
    ops::{BatchNorm2d, GlobalAvgPool2d},
    plan::Watch,
};

use crate::{
    card::on_card,
    way::{Way, classes, every_way},
};

on_card! { batches_are_the_digits_asked_for => gathered }
every_way! { a_lost_score_is_seen }

const BATCH: usize = 5;
const DIGITS: usize = 8;
const IMAGE: Shape = Shape::new(10, 6, 6);
const ORDER: [u32; DIGITS] = [7, 6, 5, 0, 1, 2, 3, 4];

async fn gathered(card: Rc<Card>) {
    let layers: Vec<LayerSpec> = vec![BatchNorm2d::default().into(), GlobalAvgPool2d::default().into()];
    let graph = Arc::new(Graph::check(&ModelSpec { input: IMAGE, layers, init: Default::default() }).unwrap());
    let gpu = Gpu::new(&card, &graph, OptimizerSpec::default()).unwrap();
    let start = Cpu::new(&graph, OptimizerSpec::default(), 1);
    gpu.write(&start.params, &start.state, &start.optimizer_state);
    let plan = Plan::compile(&graph, &PlanOptions { batch: BATCH, mode: Mode::Eval, watch: Watch::Everything }).unwrap();
    let mut run = GpuRun::new(&gpu, plan, &LossSpec::default(), Storage::F32).unwrap();

    // Every grey value stands somewhere in the first digit; the set comes in two parts.
    let pixels: Vec<u8> = (0..DIGITS * IMAGE.len()).map(|i| (if i < 256 { i } else { i * 37 / 4 }) as u8).collect();
    let classes: Vec<u8> = (1..=DIGITS as u8).collect();
    let set = DigitSet::new(&card, DIGITS, IMAGE.len()).unwrap();
    let (some, rest) = pixels.split_at(3 * IMAGE.len());
    set.append(some, &classes[..3]);
    set.append(rest, &classes[3..]);
    set.set_order(&ORDER);

    for (in_order, first, count) in [(false, 0, 5), (false, 3, 2), (true, 0, 5), (true, 3, 5), (true, 7, 1), (true, 0, 0)] {
        let what = format!("{count} from {first}, in order {in_order}");
        run.gather_from(&gpu, &set, in_order).unwrap();
        let turn = Turn { now: StepInputs::default(), first: first as u32, count: count as u32 };
        gpu.score(&run, &[turn]).unwrap();
        let content = gpu.line.reader.next().await.unwrap();
        let result = results(&content[content.len() - 16..]).next().unwrap();
        gpu.peek(&run, &[Tensor::Input]).unwrap();
        let content = gpu.line.reader.next().await.unwrap();
        let (scores, tensors) = gpu.tensors(&run, &[Tensor::Input], &content);

        let digits: Vec<usize> = (first..first + count).map(|i| if in_order { ORDER[i] as usize } else { i }).collect();
        let grey = digits.iter().flat_map(|d| &pixels[d * IMAGE.len()..(d + 1) * IMAGE.len()]);
        let mut images: Vec<f32> = grey.map(|byte| f32::from(*byte) / 255.0).collect();
        images.resize(BATCH * IMAGE.len(), 0.0);
        assert_eq!(tensors[0].len(), images.len(), "{what}");
        for (i, (got, want)) in tensors[0].iter().zip(&images).enumerate() {
            assert_eq!(got.to_bits(), want.to_bits(), "{what}: number {i} is {got}, not {want}");
        }
        // The classes show in the loss of these scores.
        let labels: Vec<u8> = digits.iter().map(|d| classes[*d]).collect();
        let want = LossSpec::default().evaluate(&scores[..10 * count], &Targets::labels(&labels), Shape::flat(10));
        assert_eq!((result.correct, result.count), (want.correct, want.count), "{what}");
        assert!((result.loss_sum - want.loss_sum).abs() < 1e-4, "{what}: {result:?}, not {want:?}");
    }
}

/// A comparison with NaN is false, and a largest of some numbers may leave it out: the loss must not.
async fn a_lost_score_is_seen(way: Way) {
    let labels = [1, 0, 2];
    let whole: Vec<f32> = (0..9).map(|i| (i as f32).sin()).collect();
    for (spec, lost, place) in LossSpec::all().iter().flat_map(|spec| {
        let lost = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        lost.into_iter().flat_map(move |lost| (0..9).map(move |place| (spec, lost, place)))
    }) {
        let mut scores = whole.clone();
        scores[place] = lost;
        for count in 0..=3 {
            let inside = place / 3 < count;
            let alone = way.evaluate(spec, &classes(&scores, &labels, count)).await;
            let (with_gradient, _) = way.gradient(spec, &classes(&scores, &labels, count)).await;
            for result in [alone, with_gradient] {
                assert_eq!(result.loss_sum.is_finite(), !inside, "{}: {lost} at {place}, {count} count: {result:?}", spec.name());
                assert_eq!(result.count as usize, count);
            }
        }
    }
}
