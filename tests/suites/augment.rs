//! Images moved at random: by hand, in their spread, on the card as on the CPU, and that they teach.

use std::{rc::Rc, sync::Arc};

use data::PIXELS;
use engine::{
    Augment, Augmenter, Cpu, Graph, Init, LossSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Run, Shape, StepInputs, Tensor,
    augment::{Affine, ROTATIONS, SCALES, SHIFTS},
    backend::gpu::{Card, DigitSet, Gpu, GpuRun, Turn, launch::Storage, results},
    loss::BatchResult,
    ops::{Dense, Flatten},
    plan::Watch,
    presets::preset,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    card::on_card,
    digits::{batch_of, digits},
    problem::{Tolerance, assert_close, wide},
    training::checksum,
};

on_card! {
    the_card_moves_images_as_the_cpu => follow,
    planes_of_any_shape_are_moved_on_the_card => planes,
}

const DIGIT: Shape = Shape::new(1, 28, 28);
const MOVED: Augment = Augment { shift: 3.0, rotate: 20.0, scale: 0.2, ..NOTHING };
const NOTHING: Augment = Augment {
    shift: 0.0,
    rotate: 0.0,
    scale: 0.0,
    shear: 0.0,
    perspective: 0.0,
    elastic: 0.0,
    elastic_cells: 4,
    hflip: 0.0,
    vflip: 0.0,
    blur: 0.0,
    brightness: 0.0,
    contrast: 0.0,
    noise: 0.0,
    erase: 0.0,
    erase_area: 0.33,
    cutout: 0.0,
    mixup: 0.0,
    cutmix: 0.0,
    rand_count: 0.0,
    rand_magnitude: 5.0,
};

/// What [`Affine::image`] makes of grey values, in greys.
fn moved(affine: Affine, shape: Shape, grey: &[u8]) -> Vec<f32> {
    let mut image = vec![f32::NAN; shape.len()];
    affine.image(grey, shape, &mut image);
    image.iter().map(|x| 255.0 * x).collect()
}

#[track_caller]
fn assert_greys(got: &[f32], want: &[f32]) {
    assert_close(&"greys", &wide(got), &wide(want), Tolerance { rtol: 1e-6, atol: 1e-4 });
}

/// The batch of digits `numbers` in the step of `now`.
fn batch(augment: &Augment, now: &StepInputs, batch: usize, numbers: &[u32]) -> Vec<f32> {
    let mut images = vec![f32::NAN; numbers.len() * PIXELS];
    let mut augmenter = Augmenter::new(augment, batch, DIGIT, 10);
    for (place, (number, image)) in numbers.iter().zip(images.chunks_exact_mut(PIXELS)).enumerate() {
        augmenter.image(now, place, digits().image(*number as usize), image);
    }
    images
}

fn now(step: u32, seed: u32) -> StepInputs {
    StepInputs { rate: 2e-3, step, seed }
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_a_copy() {
    let numbers: Vec<u32> = (0..20).collect();
    let (want, _) = batch_of(0..20);
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert!(bits(&batch(&Augment::default(), &now(3, 1), 20, &numbers)) == bits(&want));
    // Sampling without moving gives the same.
    let mut image = vec![f32::NAN; PIXELS];
    Affine::new(0.0, 0.0, 0.0, 1.0).image(digits().image(0), DIGIT, &mut image);
    assert!(bits(&image) == bits(&want[..PIXELS]));
}

#[wasm_bindgen_test(unsupported = test)]
fn shifts_by_hand() {
    let shape = Shape::new(1, 2, 3);
    let grey = [10, 20, 30, 40, 50, 60];
    let by = |dx, dy| moved(Affine::new(dx, dy, 0.0, 1.0), shape, &grey);
    assert_greys(&by(1.0, 0.0), &[0.0, 10.0, 20.0, 0.0, 40.0, 50.0]);
    assert_greys(&by(-1.0, 0.0), &[20.0, 30.0, 0.0, 50.0, 60.0, 0.0]);
    assert_greys(&by(0.0, 1.0), &[0.0, 0.0, 0.0, 10.0, 20.0, 30.0]);
    assert_greys(&by(0.5, 0.0), &[5.0, 15.0, 25.0, 20.0, 45.0, 55.0]);
    assert_greys(&by(0.0, -0.5), &[25.0, 35.0, 45.0, 20.0, 25.0, 30.0]);
    assert_greys(&by(0.5, 0.5), &[2.5, 7.5, 12.5, 12.5, 30.0, 40.0]);
    assert_greys(&by(8.0, -8.0), &[0.0; 6]);
}

#[wasm_bindgen_test(unsupported = test)]
fn turns_by_hand() {
    let shape = Shape::new(1, 3, 3);
    let grey = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    // A right angle, which the polynomials do not reach: clockwise, so that the left column is on top.
    let quarter = Affine { dx: 0.0, dy: 0.0, cos: 0.0, sin: 1.0 };
    assert_greys(&moved(quarter, shape, &grey), &[7.0, 4.0, 1.0, 8.0, 5.0, 2.0, 9.0, 6.0, 3.0]);
    // And then to the right, where it has been turned.
    let shifted = Affine { dx: 1.0, ..quarter };
    assert_greys(&moved(shifted, shape, &grey), &[0.0, 7.0, 4.0, 0.0, 8.0, 5.0, 0.0, 9.0, 6.0]);
    // Of even sides the centre lies between pixels; both planes are turned.
    let both = Shape::new(2, 2, 2);
    assert_greys(&moved(quarter, both, &[1, 2, 3, 4, 50, 60, 70, 80]), &[3.0, 1.0, 4.0, 2.0, 70.0, 50.0, 80.0, 60.0]);
    // Half of that: the middle of the upper edge shows what lies 1/√2 up and left, where the corner's weight is 1/2.
    let eighth = Affine::new(0.0, 0.0, 45f32.to_radians(), 1.0);
    assert_greys(&moved(eighth, shape, &[90, 0, 0, 0, 0, 0, 0, 0, 0]), &[0.0, 45.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn scales_by_hand() {
    let shape = Shape::new(1, 1, 5);
    let grey = [10, 20, 40, 20, 10];
    let by = |factor| moved(Affine::new(0.0, 0.0, 0.0, factor), shape, &grey);
    assert_greys(&by(0.5), &[0.0, 10.0, 40.0, 10.0, 0.0]);
    assert_greys(&by(2.0), &[20.0, 30.0, 40.0, 30.0, 20.0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn directions_are_those_of_the_angle() {
    for tenth in -450..=450 {
        let degrees = tenth as f32 / 10.0;
        let affine = Affine::new(0.0, 0.0, degrees.to_radians(), 1.0);
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        let off = (f64::from(affine.sin) - sin).abs().max((f64::from(affine.cos) - cos).abs());
        assert!(off < 1e-6, "{degrees}°: {affine:?} is off by {off:e}");
    }
}

/// dx, dy, angle (degrees) and factor - 1, each by its most: −1 to 1.
fn shares(augment: &Augment, seed: u32, count: u32) -> Vec<[f64; 4]> {
    let augmenter = Augmenter::new(augment, 16, DIGIT, 10);
    let draws = (0..count).map(|i| {
        let affine = augmenter.draw(&now(i / 16, seed), i as usize % 16).affine;
        let [sin, cos] = [affine.sin, affine.cos].map(f64::from);
        let (angle, factor) = (sin.atan2(cos).to_degrees(), 1.0 / sin.hypot(cos));
        let share = |value: f64, most: f32| if most == 0.0 { value } else { value / f64::from(most) };
        [
            share(f64::from(affine.dx), augment.shift),
            share(f64::from(affine.dy), augment.shift),
            share(angle, augment.rotate),
            share(factor - 1.0, augment.scale),
        ]
    });
    draws.collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn draws_are_spread_evenly() {
    let most = Augment { shift: *SHIFTS.end(), rotate: *ROTATIONS.end(), scale: *SCALES.end(), ..NOTHING };
    for (augment, seed) in [(most, 1), (MOVED, 1), (MOVED, 77)] {
        let count = 4096;
        let draws = shares(&augment, seed, count);
        for part in 0..4 {
            let mut quarters = [0u32; 4];
            for draw in &draws {
                assert!(draw[part].abs() <= 1.0 + 1e-5, "{augment:?}: {draw:?}");
                quarters[((draw[part] + 1.0) * 2.0).clamp(0.0, 3.0) as usize] += 1;
            }
            // A quarter each; the deviation of such a count is 28.
            assert!(quarters.iter().all(|n| n.abs_diff(count / 4) < 110), "{augment:?}, {part}: {quarters:?}");
            for other in 0..part {
                // Of numbers that know nothing of each other, as their number grows, 0; here 0.005 off.
                let product = draws.iter().map(|d| d[part] * d[other]).sum::<f64>() / f64::from(count);
                assert!(product.abs() < 0.025, "{augment:?}: {part} and {other}: {product}");
            }
        }
    }
    // Each part by itself.
    for draw in shares(&Augment { rotate: 10.0, ..Augment::default() }, 1, 64) {
        assert!(draw[0] == 0.0 && draw[1] == 0.0 && draw[2] != 0.0 && draw[3].abs() < 1e-6, "{draw:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_image_of_a_run_gets_its_own() {
    let at = |step, seed, batch, place| Augmenter::new(&MOVED, batch, DIGIT, 10).draw(&now(step, seed), place).affine;
    assert_eq!(at(2, 1, 16, 3), at(1, 1, 32, 3), "image 35 of the run");
    assert_ne!(at(2, 1, 16, 3), at(2, 1, 16, 4));
    assert_ne!(at(2, 1, 16, 3), at(3, 1, 16, 3));
    assert_ne!(at(2, 1, 16, 3), at(2, 2, 16, 3));
    // So far no run goes; it is no reason to panic.
    assert!(at(u32::MAX, 1, 1024, 1023).dx.is_finite());
}

/// The bits of a batch of moved digits, on every machine.
const BATCH_BITS: u64 = 0x00d1_0d99_2f66_cc0d;

#[wasm_bindgen_test(unsupported = test)]
fn a_moved_batch_has_the_bits_on_record() {
    let images = batch(&MOVED, &now(5, 1), 16, &(0..16).collect::<Vec<_>>());
    assert_eq!(checksum(&images), BATCH_BITS, "the images' checksum is now {:#018x}", checksum(&images));
}

#[wasm_bindgen_test(unsupported = test)]
fn moved_images_teach_and_repeat() {
    let first = trained(1, 150);
    assert!(first.0.accuracy() >= 0.85, "of 1000 digits as they are, only {:.1} % are right", 100.0 * first.0.accuracy());
    let few = [trained(1, 3), trained(1, 3), trained(2, 3)].map(|(result, sum)| (result.loss_sum.to_bits(), sum));
    assert_eq!(few[0], few[1]);
    assert_ne!(few[0], few[2]);
}

/// The first preset after so many steps over 500 moved digits: its result on 1000 others as they are,
/// and the checksum of its weights.
fn trained(seed: u32, steps: u32) -> (BatchResult, u64) {
    let graph = Arc::new(Graph::check(&preset("lens").unwrap().model()).unwrap());
    let plan = |batch, mode| Plan::compile(&graph, &PlanOptions { batch, mode, watch: Watch::Nothing }).unwrap();
    let mut cpu = Cpu::new(&graph, OptimizerSpec::default(), seed);
    let (mut train, mut score) = (Run::new(plan(50, Mode::Train)), Run::new(plan(1000, Mode::Eval)));
    let augment = Augment { shift: 2.0, rotate: 10.0, scale: 0.1, ..NOTHING };
    for step in 0..steps {
        let now = now(step, seed);
        let first = step * 50 % 500;
        train.images = batch(&augment, &now, 50, &(first..first + 50).collect::<Vec<_>>());
        train.labels = batch_of(first as usize..first as usize + 50).1;
        cpu.forward(&mut train, &now);
        cpu.backward(&mut train, &LossSpec::default(), 50, &now);
        cpu.update(&now);
    }
    (score.images, score.labels) = batch_of(1000..2000);
    cpu.forward(&mut score, &StepInputs::default());
    (cpu.evaluate(&score, &LossSpec::default()), checksum(&cpu.params))
}

/// What a card may differ by in a number between 0 and 1. Where a pixel comes from is off by some
/// roundings of a coordinate up to 50 (2⁻¹⁸ each), and over one pixel the grey changes by 1 at most.
const PIXEL_MOST: f64 = 4e-5;

/// Images on the card, and a network that takes them in.
struct Moving {
    gpu: Gpu,
    set: DigitSet,
    run: GpuRun,
}

impl Moving {
    fn new(card: &Rc<Card>, shape: Shape, batch: usize, storage: Storage, grey: &[u8]) -> Self {
        let layers = vec![Flatten {}.into(), Dense { out: 10, bias: true }.into()];
        let graph = Arc::new(Graph::check(&ModelSpec { input: shape, layers, init: Init::default() }).unwrap());
        let gpu = Gpu::new(card, &graph, OptimizerSpec::default()).unwrap();
        let total = grey.len() / shape.len();
        let set = DigitSet::new(card, total, shape.len()).unwrap();
        set.append(grey, &vec![1; total]);
        let plan = Plan::compile(&graph, &PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing }).unwrap();
        let run = GpuRun::new(&gpu, plan, &LossSpec::default(), storage).unwrap();
        Self { gpu, set, run }
    }

    /// The batch that a step trains on.
    async fn batch(&mut self, augment: &Augment, in_order: bool, turn: Turn) -> Vec<f64> {
        self.run.gather_augmented(&self.gpu, &self.set, in_order, augment).unwrap();
        self.gpu.learn(&self.run, turn).unwrap();
        let result = results(&self.gpu.line.reader.next().await.unwrap()).next().unwrap();
        assert_eq!(result.count, turn.count);
        self.gpu.peek(&self.run, &[Tensor::Input]).unwrap();
        let (_, found) = self.gpu.tensors(&self.run, &[Tensor::Input], &self.gpu.line.reader.next().await.unwrap());
        wide(&found[0])
    }
}

async fn follow(card: Rc<Card>) {
    let (size, total) = (16, 160);
    let settings = [
        Augment { shift: 8.0, ..Augment::default() },
        Augment { rotate: 45.0, ..Augment::default() },
        Augment { scale: 0.5, ..Augment::default() },
        MOVED,
        Augment { shift: 8.0, rotate: 45.0, scale: 0.5, ..NOTHING },
    ];
    let order: Vec<u32> = (0..total as u32).map(|i| i * 77 % total as u32).collect();
    for storage in [Storage::F32, Storage::F16] {
        if storage == Storage::F16 && !card.info.half {
            continue;
        }
        let mut moving = Moving::new(&card, DIGIT, size, storage, &digits().pixels[..total * PIXELS]);
        moving.set.set_order(&order);
        let rtol = if storage == Storage::F16 { 1e-3 } else { 0.0 };
        for augment in settings {
            for (now, first, count) in [(now(0, 1), 0, size), (now(9, 4_000_000_000), 144, size), (now(u32::MAX - 1, 3), 32, 5)] {
                let got = moving.batch(&augment, true, Turn { now, first: first as u32, count: count as u32 }).await;
                let mut want = batch(&augment, &now, size, &order[first..first + count]);
                want.resize(size * PIXELS, 0.0);
                let what = format!("{augment:?} in step {}, {storage:?}", now.step);
                assert_close(&what, &got, &wide(&want), Tolerance { rtol, atol: PIXEL_MOST });
            }
        }
    }
}

/// Sides that differ, and several channels.
async fn planes(card: Rc<Card>) {
    let (shape, size, now) = (Shape::new(3, 8, 4), 5, now(4, 6));
    let grey: Vec<u8> = (0..size * shape.len()).map(|i| (i * 37 % 251) as u8).collect();
    let mut moving = Moving::new(&card, shape, size, Storage::F32, &grey);
    let got = moving.batch(&MOVED, false, Turn { now, first: 0, count: size as u32 }).await;
    let mut want = vec![f32::NAN; grey.len()];
    let mut augmenter = Augmenter::new(&MOVED, size, shape, 10);
    for (place, (grey, image)) in grey.chunks_exact(shape.len()).zip(want.chunks_exact_mut(shape.len())).enumerate() {
        augmenter.image(&now, place, grey, image);
    }
    assert_close(&"3×8×4", &got, &wide(&want), Tolerance { rtol: 0.0, atol: PIXEL_MOST });
}
