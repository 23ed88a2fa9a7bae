//! What else is done to the images of training: by hand, by what must hold of any, and on the card as on the CPU.

mod card;

use data::PIXELS;
use engine::{
    Augment, Augmenter, Shape, StepInputs,
    augment::{AUGMENTATIONS, Draw, Patch, Quantiles},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    digits::digits,
    problem::{Tolerance, assert_close},
};

const DIGIT: Shape = Shape::new(1, 28, 28);
const BATCH: usize = 32;

fn now(step: u32, seed: u32) -> StepInputs {
    StepInputs { rate: 2e-3, step, seed }
}

/// Each augmentation by itself, strong.
fn singles() -> Vec<(&'static str, Augment)> {
    AUGMENTATIONS
        .iter()
        .map(|a| {
            let setting = &a.settings[0];
            let value = match a.name {
                "hflip" | "vflip" | "erase" => 0.7,
                "mixup" | "cutmix" => 1.0,
                "rand" => 2.0,
                _ => f64::from(a.strongest.unwrap()),
            };
            (a.name, setting.with(&Augment::default(), value).unwrap())
        })
        .collect()
}

fn all_at_once() -> Augment {
    Augment {
        shift: 3.0,
        rotate: 20.0,
        scale: 0.2,
        shear: 10.0,
        perspective: 0.3,
        elastic: 3.0,
        hflip: 0.5,
        vflip: 0.2,
        blur: 1.0,
        brightness: 0.4,
        contrast: 0.4,
        noise: 0.1,
        erase: 0.5,
        cutout: 8.0,
        ..Augment::default()
    }
}

/// `count` draws of images of the digits' size.
fn draws(augment: &Augment, count: usize) -> Vec<Draw> {
    let augmenter = Augmenter::new(augment, BATCH, DIGIT, 10);
    (0..count).map(|i| augmenter.draw(&now((i / BATCH) as u32, 7), i % BATCH)).collect()
}

fn one(augment: &Augment, shape: Shape, grey: &[u8]) -> Vec<f32> {
    let mut image = vec![f32::NAN; shape.len()];
    Augmenter::new(augment, 1, shape, 10).image(&now(0, 1), 0, grey, &mut image);
    image
}

fn greys(image: &[f32]) -> Vec<f64> {
    image.iter().map(|x| 255.0 * f64::from(*x)).collect()
}

#[track_caller]
fn assert_greys(got: &[f32], want: &[f64]) {
    assert_close(&"greys", &greys(got), want, Tolerance { rtol: 1e-5, atol: 1e-3 });
}

/// Images and targets of a batch of digits in order.
fn batch(augment: &Augment, now: &StepInputs) -> (Vec<f32>, Vec<u8>, Vec<f32>) {
    let (mut images, mut labels, mut targets) = (vec![f32::NAN; BATCH * PIXELS], Vec::new(), Vec::new());
    let chosen = (0..BATCH).map(|i| (digits().image(i), digits().labels[i]));
    Augmenter::new(augment, BATCH, DIGIT, 10).fill(now, chosen, &mut images, &mut labels, &mut targets);
    (images, labels, targets)
}

#[wasm_bindgen_test(unsupported = test)]
fn every_augmentation_is_one_that_changes_images_and_is_off_at_first() {
    assert!(Augment::default().is_nothing() && Augment::default().check().is_ok());
    let (plain, ..) = batch(&Augment::default(), &now(3, 1));
    for (name, augment) in singles() {
        assert!(!augment.is_nothing() && augment.check().is_ok(), "{name}");
        assert_eq!(augment.is_affine(), matches!(name, "shift" | "rotate" | "scale"), "{name}");
        let (images, labels, targets) = batch(&augment, &now(3, 1));
        let changed = images.iter().zip(&plain).filter(|(a, b)| a != b).count();
        assert!(changed > plain.len() / 50, "{name} changes {changed} numbers");
        // Ink stays between paper and full.
        assert!(images.iter().all(|x| (-1e-6..=1.000_001).contains(x)), "{name}");
        assert_eq!(labels.is_empty(), augment.mixes(), "{name}");
        assert_eq!(targets.len(), if augment.mixes() { BATCH * 10 } else { 0 }, "{name}");
        // The same again; other numbers at another step and seed.
        assert!(batch(&augment, &now(3, 1)).0 == images, "{name}");
        assert!(batch(&augment, &now(4, 1)).0 != images && batch(&augment, &now(3, 2)).0 != images, "{name}");
    }
    for (i, a) in AUGMENTATIONS.iter().enumerate() {
        assert!(AUGMENTATIONS[..i].iter().all(|b| b.name != a.name) && !a.about.is_empty());
        for setting in a.settings {
            assert!(setting.value(&Augment::default()).is_some(), "{} has no {}", a.name, setting.key);
        }
    }
}

/// All strengths at 0, through the whole way: an image is what it was, bit for bit.
#[wasm_bindgen_test(unsupported = test)]
fn no_strength_is_no_change() {
    let none = Augment { rand_count: 3.0, rand_magnitude: 0.0, ..Augment::default() };
    assert!(!none.is_affine());
    let (plain, labels, _) = batch(&Augment::default(), &now(3, 1));
    let (images, same, _) = batch(&none, &now(3, 1));
    assert!(images == plain && labels == same);
}

#[wasm_bindgen_test(unsupported = test)]
fn flips_by_hand() {
    let grey = [10, 20, 30, 40, 50, 60];
    let shape = Shape::new(1, 2, 3);
    assert_greys(&one(&Augment { hflip: 1.0, ..Augment::default() }, shape, &grey), &[30.0, 20.0, 10.0, 60.0, 50.0, 40.0]);
    assert_greys(&one(&Augment { vflip: 1.0, ..Augment::default() }, shape, &grey), &[40.0, 50.0, 60.0, 10.0, 20.0, 30.0]);
    let share = draws(&Augment { hflip: 0.25, ..Augment::default() }, 4000).iter().filter(|d| d.flip[0] < 0.0).count();
    // Deviation 27.
    assert!(share.abs_diff(1000) < 110, "{share} of 4000 are mirrored");
}

#[wasm_bindgen_test(unsupported = test)]
fn shear_by_hand() {
    // Rows −1, 0 and 1 slide by tan(angle) times their height.
    let augment = Augment { shear: 30.0, ..Augment::default() };
    let shape = Shape::new(1, 3, 3);
    let draw = Augmenter::new(&augment, 1, shape, 10).draw(&now(0, 1), 0);
    let t = f64::from(draw.shear);
    assert!(t != 0.0 && t.abs() <= 30f64.to_radians().tan() + 1e-6);
    let image = greys(&one(&augment, shape, &[0, 100, 0, 0, 100, 0, 0, 100, 0]));
    let s = 100.0 * t.abs();
    // The upper row shows what lies t to its right: its ink moves against that.
    let upper = if t > 0.0 { [s, 100.0 - s, 0.0] } else { [0.0, 100.0 - s, s] };
    let lower = if t > 0.0 { [0.0, 100.0 - s, s] } else { [s, 100.0 - s, 0.0] };
    assert_close(&"upper", &image[..3], &upper, Tolerance { rtol: 1e-4, atol: 1e-2 });
    assert_close(&"middle", &image[3..6], &[0.0, 100.0, 0.0], Tolerance { rtol: 1e-4, atol: 1e-2 });
    assert_close(&"lower", &image[6..], &lower, Tolerance { rtol: 1e-4, atol: 1e-2 });
}

/// The corners of the picture lie where they were drawn, and straight lines stay straight.
#[wasm_bindgen_test(unsupported = test)]
fn perspective_takes_corners_to_where_they_were_drawn() {
    for draw in draws(&Augment { perspective: 0.6, ..Augment::default() }, 200) {
        let m = draw.corners.unwrap().map(f64::from);
        let from = |x: f64, y: f64| {
            let below = m[6] * x + m[7] * y + 1.0;
            [(m[0] * x + m[1] * y + m[2]) / below, (m[3] * x + m[4] * y + m[5]) / below]
        };
        let inward = |i: u32| 0.3 * f64::from(draw.dice.uniform(5 + i));
        let corners = [
            ([inward(0), inward(1)], [0.0, 0.0]),
            ([1.0 - inward(2), inward(3)], [1.0, 0.0]),
            ([1.0 - inward(4), 1.0 - inward(5)], [1.0, 1.0]),
            ([inward(6), 1.0 - inward(7)], [0.0, 1.0]),
        ];
        for ([x, y], want) in corners {
            assert_close(&"corner", &from(x, y), &want, Tolerance { rtol: 0.0, atol: 1e-5 });
        }
    }
}

/// Bending moves places by no more than the knots, and by nothing on the whole.
#[wasm_bindgen_test(unsupported = test)]
fn elastic_moves_no_further_than_its_knots() {
    // A ramp of greys tells where a pixel comes from, as long as that lies inside.
    let ramp: Vec<u8> = (0..PIXELS).map(|i| (i % 28 * 9) as u8).collect();
    let augment = Augment { elastic: 2.0, ..Augment::default() };
    let (mut most, mut sum, mut count) = (0.0f64, 0.0, 0.0);
    for step in 0..40 {
        let mut image = vec![0.0; PIXELS];
        Augmenter::new(&augment, 1, DIGIT, 10).image(&now(step, 1), 0, &ramp, &mut image);
        for row in 4..24 {
            for column in 4..24 {
                let by = 255.0 * f64::from(image[row * 28 + column]) / 9.0 - column as f64;
                (most, sum, count) = (most.max(by.abs()), sum + by, count + 1.0);
            }
        }
    }
    assert!(most > 0.8 && most <= 2.0, "moved by up to {most}");
    assert!((sum / count).abs() < 0.1, "moved by {} in the mean", sum / count);
}

#[wasm_bindgen_test(unsupported = test)]
fn blur_by_hand() {
    // A single pixel becomes the weights themselves.
    let mut grey = [0u8; 81];
    grey[40] = 250;
    let shape = Shape::new(1, 9, 9);
    let augment = Augment { blur: 2.0, ..Augment::default() };
    let draw = Augmenter::new(&augment, 1, shape, 10).draw(&now(0, 1), 0);
    let w = draw.blur.map(f64::from);
    assert!((w[0] + 2.0 * (w[1] + w[2] + w[3]) - 1.0).abs() < 1e-6 && w[1] > 0.01, "{w:?}");
    // w₂ / w₀ = (w₁ / w₀)⁴, as exp(−k²/2σ²) has it.
    assert!((w[2] / w[0] - (w[1] / w[0]).powi(4)).abs() < 1e-5, "{w:?}");
    let image = greys(&one(&augment, shape, &grey));
    for (i, got) in image.iter().enumerate() {
        let (down, across) = ((i / 9).abs_diff(4), (i % 9).abs_diff(4));
        let want = if down < 4 && across < 4 { 250.0 * w[down] * w[across] } else { 0.0 };
        assert!((got - want).abs() < 1e-2, "{i}: {got}, not {want}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn light_by_hand() {
    let shape = Shape::new(1, 1, 4);
    let grey = [0, 50, 100, 250];
    let augment = Augment { brightness: 0.9, ..Augment::default() };
    let b = f64::from(Augmenter::new(&augment, 1, shape, 10).draw(&now(0, 1), 0).brightness);
    assert!(b != 1.0);
    assert_greys(&one(&augment, shape, &grey), &[0.0, 50.0 * b, 100.0 * b, (250.0 * b).min(255.0)]);
    let augment = Augment { contrast: 0.9, ..Augment::default() };
    let c = f64::from(Augmenter::new(&augment, 1, shape, 10).draw(&now(0, 1), 0).contrast);
    let cut = |grey: f64| (100.0 + c * (grey - 100.0)).clamp(0.0, 255.0);
    assert_greys(&one(&augment, shape, &grey), &[cut(0.0), cut(50.0), cut(100.0), cut(250.0)]);
}

/// On grey nothing is cut, so that mean and deviation are those of the numbers drawn.
#[wasm_bindgen_test(unsupported = test)]
fn noise_is_normal() {
    let grey = vec![128u8; PIXELS];
    let augment = Augment { noise: 0.1, ..Augment::default() };
    let mut all: Vec<f64> = Vec::new();
    for step in 0..20 {
        let mut image = vec![0.0; PIXELS];
        Augmenter::new(&augment, 1, DIGIT, 10).image(&now(step, 1), 0, &grey, &mut image);
        all.extend(image.iter().map(|x| (f64::from(*x) - 128.0 / 255.0) / 0.1));
    }
    let mean = |f: &dyn Fn(f64) -> f64| all.iter().map(|x| f(*x)).sum::<f64>() / all.len() as f64;
    assert!(mean(&|x| x).abs() < 0.03, "mean {}", mean(&|x| x));
    assert!((mean(&|x| x * x) - 1.0).abs() < 0.04, "variance {}", mean(&|x| x * x));
    // Of a normal distribution 68.3 % and 95.4 %.
    for (within, want) in [(1.0, 0.683), (2.0, 0.954)] {
        let share = mean(&|x| f64::from(u8::from(x.abs() < within)));
        assert!((share - want).abs() < 0.015, "{share} within {within}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn patches_by_hand() {
    let patch = Patch { left: 0.5, top: 0.0, right: 2.0, bottom: 1.25 };
    assert_eq!(patch.area(), 1.875);
    let shares: Vec<f32> = (0..6).map(|i| patch.share(i % 3, i / 3)).collect();
    assert_eq!(shares, [0.5, 1.0, 0.0, 0.125, 0.25, 0.0]);
    let mut image = [1.0; 6];
    patch.cover(3, 6, &mut image, |_| 0.0);
    assert_eq!(image, [0.5, 0.0, 1.0, 0.875, 0.75, 1.0]);
    assert_eq!(Patch::about([1.0, 1.0], [4.0, 1.0], [3.0, 2.0]), Patch { left: 0.0, top: 0.5, right: 3.0, bottom: 1.5 });
}

/// How much is erased, and by what: on full ink what is missing is what the cutout took.
#[wasm_bindgen_test(unsupported = test)]
fn erasing_takes_the_area_that_was_drawn() {
    let all = draws(&Augment { erase: 0.5, erase_area: 0.3, ..Augment::default() }, 4000);
    let erased: Vec<&Draw> = all.iter().filter(|d| !d.erase.is_empty()).collect();
    assert!(erased.len().abs_diff(2000) < 130, "{} of 4000", erased.len());
    let areas: Vec<f64> = erased.iter().map(|d| f64::from(d.erase.area()) / PIXELS as f64).collect();
    assert!(areas.iter().all(|a| (0.0199..=0.3001).contains(a)));
    let mean = areas.iter().sum::<f64>() / areas.len() as f64;
    assert!((mean - 0.16).abs() < 0.008, "mean area {mean}");
    for draw in erased {
        let Patch { left, top, right, bottom } = draw.erase;
        assert!(left >= 0.0 && top >= 0.0 && right <= 28.001 && bottom <= 28.001, "{:?}", draw.erase);
        let aspect = (bottom - top) / (right - left);
        assert!((0.299..3.34).contains(&aspect), "{aspect}");
    }
    let augment = Augment { cutout: 8.0, ..Augment::default() };
    let mut inside = 0;
    for step in 0..50 {
        let mut image = vec![0.0; PIXELS];
        let mut augmenter = Augmenter::new(&augment, 1, DIGIT, 10);
        augmenter.image(&now(step, 1), 0, &[255; PIXELS], &mut image);
        let missing = PIXELS as f32 - image.iter().sum::<f32>();
        let area = augmenter.draw(&now(step, 1), 0).cutout.area();
        assert!((missing - area).abs() < 0.01 && area <= 64.001, "{missing} of {area}");
        inside += u32::from(area > 63.99);
    }
    // (20/28)² lie inside as a whole.
    assert!((15..=36).contains(&inside), "{inside} of 50 lie inside");
}

/// Mean 1/2, variance 1 / (4 (2α + 1)); by hand for α = 1 (uniform) and 1/2 (the arc sine).
#[wasm_bindgen_test(unsupported = test)]
fn shares_are_from_the_beta_distribution() {
    let flat = Quantiles::new(1.0);
    let arc = Quantiles::new(0.5);
    for u in [0.0f32, 0.1, 0.25, 0.5, 0.9, 0.999] {
        assert!((flat.at(u) - u).abs() < 1e-6, "{u}: {}", flat.at(u));
        let want = (std::f32::consts::FRAC_PI_2 * u).sin().powi(2);
        assert!((arc.at(u) - want).abs() < 1e-5, "{u}: {}, not {want}", arc.at(u));
    }
    for alpha in [0.05, 0.2, 0.4, 1.0, 2.0, 4.0] {
        let shares: Vec<f64> = draws(&Augment { mixup: alpha, ..Augment::default() }, 6000).iter().map(|d| f64::from(d.blend)).collect();
        assert!(shares.iter().all(|s| (0.0..=1.0).contains(s)));
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let variance = shares.iter().map(|s| (s - mean) * (s - mean)).sum::<f64>() / shares.len() as f64;
        let want = 0.25 / (2.0 * f64::from(alpha) + 1.0);
        assert!((mean - 0.5).abs() < 0.02 && (variance / want - 1.0).abs() < 0.06, "alpha {alpha}: {mean}, {variance}, not {want}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn mixed_targets_say_what_the_images_show() {
    let (plain, labels, _) = batch(&Augment::default(), &now(3, 1));
    for (name, augment) in singles().into_iter().filter(|(_, a)| a.mixes()) {
        let augmenter = Augmenter::new(&augment, BATCH, DIGIT, 10);
        let (images, _, targets) = batch(&augment, &now(3, 1));
        for place in 0..BATCH {
            let (draw, other) = (augmenter.draw(&now(3, 1), place), augmenter.other(&now(3, 1), place, BATCH));
            assert_ne!(other, place);
            let row = &targets[place * 10..][..10];
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{name}: {row:?}");
            let (own, theirs) = (usize::from(labels[place]), usize::from(labels[other]));
            let want = if own == theirs { 1.0 } else { draw.share };
            assert!((row[own] - want).abs() < 1e-6, "{name}: {row:?}, {}", draw.share);
            let ink = |of: &[f32], place: usize| of[place * PIXELS..][..PIXELS].iter().map(|x| f64::from(*x)).sum::<f64>();
            if name == "mixup" {
                let want = f64::from(draw.share) * ink(&plain, place) + f64::from(1.0 - draw.share) * ink(&plain, other);
                assert!((ink(&images, place) - want).abs() < 1e-3, "{name}: {} of {want}", ink(&images, place));
            } else {
                assert!((draw.share - (1.0 - draw.cut.area() / PIXELS as f32)).abs() < 1e-6);
                // Well inside the rectangle is the other, well outside the own.
                for i in 0..PIXELS {
                    let share = draw.cut.share(i % 28, i / 28);
                    let from = if share == 1.0 { other } else { place };
                    if share == 0.0 || share == 1.0 {
                        assert_eq!(images[place * PIXELS + i], plain[from * PIXELS + i], "{name}: pixel {i}");
                    }
                }
            }
        }
    }
    // Everybody is somebody's other.
    let augmenter = Augmenter::new(&Augment { mixup: 1.0, ..Augment::default() }, BATCH, DIGIT, 10);
    let mut others: Vec<usize> = (0..BATCH).map(|place| augmenter.other(&now(8, 1), place, BATCH)).collect();
    others.sort_unstable();
    assert!(others.into_iter().eq(0..BATCH));
    assert_eq!(augmenter.other(&now(8, 1), 0, 1), 0, "an image alone");
}

#[wasm_bindgen_test(unsupported = test)]
fn rand_augment_takes_so_many_at_one_strength() {
    let augment = Augment { rand_count: 2.0, rand_magnitude: 5.0, ..Augment::default() };
    let all = draws(&augment, 3000);
    let (mut chosen, mut turned) = ([0u32; 4], 0u32);
    for draw in &all {
        let (sin, cos) = (draw.affine.sin, draw.affine.cos);
        let degrees = sin.atan2(cos).to_degrees().abs();
        let on = [
            degrees > 1e-3,
            (sin.hypot(cos) - 1.0).abs() > 1e-3,
            draw.affine.dx != 0.0,
            draw.shear != 0.0,
            draw.corners.is_some(),
            draw.elastic > 0.0,
            draw.blur[0] < 1.0,
            draw.brightness != 1.0,
            draw.contrast != 1.0,
            draw.noise > 0.0,
            !draw.cutout.is_empty(),
        ];
        let count = on.iter().filter(|x| **x).count();
        assert!(count <= 2, "{count} operations");
        chosen[count] += 1;
        if on[0] {
            turned += 1;
            assert!((degrees - 15.0).abs() < 1e-3, "half of 30°, not {degrees}");
        }
        assert!(draw.elastic == 0.0 || draw.elastic == 2.0);
    }
    // Of 12 candidates, one of which does nothing, 2: two operations in 10/12 of all cases, each in 2/12.
    assert!(chosen[0] == 0 && chosen[2].abs_diff(2500) < 90, "{chosen:?}");
    assert!(turned.abs_diff(500) < 90, "{turned} are turned");
}
