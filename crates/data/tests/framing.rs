//! Drawings are framed as MNIST framed its digits.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use data::framing::{CENTRE, Crop, DIGIT_SIDE};
use data::{Dataset, Framing, FramingOptions, PIXELS, SIDE, packs};
use proptest::prelude::*;

const NONE: FramingOptions = FramingOptions { crop: false, scale: false, centre: false };
const ALL: FramingOptions = FramingOptions { crop: true, scale: true, centre: true };

fn all_options() -> Vec<FramingOptions> {
    (0..8).map(|i| FramingOptions { crop: i & 1 != 0, scale: i & 2 != 0, centre: i & 4 != 0 }).collect()
}

/// A drawing of `side` by `side` with the ink of `shape` (column, row) in the box at `left`, `top`.
fn drawing(side: usize, left: usize, top: usize, width: usize, height: usize, shape: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let mut ink = vec![0.0; side * side];
    for row in 0..height {
        for col in 0..width {
            ink[(top + row) * side + left + col] = shape(col, row);
        }
    }
    ink
}

fn first_digits(count: usize) -> Vec<Vec<f32>> {
    let mut dataset = Dataset::new();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/mnist");
    dataset.read_pack(&packs()[0], &folder).unwrap();
    (0..count).map(|i| dataset.train_image(i).unwrap().0.iter().map(|&p| f32::from(p) / 255.0).collect()).collect()
}

fn enlarged(image: &[f32], times: usize) -> Vec<f32> {
    let side = SIDE * times;
    (0..side * side).map(|i| image[i / side / times * SIDE + i % side / times]).collect()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// The strongest test there is: MNIST's own digits, ten times as large, come out as they are.
#[test]
fn digits_of_the_data_set_are_framed_already() {
    let (mut same, count) = (0, 500);
    for digit in first_digits(count) {
        let framing = Framing::of(&enlarged(&digit, 10), SIDE * 10, ALL).unwrap();
        // Faint pixels at the edge of a digit are ink to MNIST and not to the crop box, so that
        // some digits are a little smaller to us.
        same += usize::from(largest_difference(&framing.image, &digit) < 1e-3);
    }
    assert!(same * 100 >= count * 98, "{same} of {count} digits come out as they were");
}

#[test]
fn without_any_step_the_whole_drawing_is_reduced() {
    for digit in first_digits(20) {
        let framing = Framing::of(&enlarged(&digit, 10), SIDE * 10, NONE).unwrap();
        assert!(largest_difference(&framing.image, &digit) < 1e-5);
        assert_eq!(framing.offset, (0, 0));
        assert_eq!(framing.crop, Crop { left: 0, top: 0, width: 280, height: 280 });
    }
}

#[test]
fn each_step_does_its_part() {
    // A block of 40 × 80 near the lower right corner.
    let ink = drawing(280, 200, 180, 40, 80, |_, _| 1.0);
    let framing = Framing::of(&ink, 280, ALL).unwrap();
    assert_eq!(framing.crop, Crop { left: 200, top: 180, width: 40, height: 80 });
    assert_eq!((framing.scaled.width, framing.scaled.height), (10, DIGIT_SIDE));
    assert!(framing.scaled.ink.iter().all(|v| (v - 1.0).abs() < 1e-5));
    assert!((framing.mass.0 - 4.5).abs() < 1e-4 && (framing.mass.1 - 9.5).abs() < 1e-4, "{:?}", framing.mass);

    let cropped = Framing::of(&ink, 280, FramingOptions { crop: true, ..NONE }).unwrap();
    assert_eq!((cropped.scaled.width, cropped.scaled.height), (4, 8), "as large as on the pad");
    assert_eq!(cropped.offset, (12, 10), "in the middle");

    let scaled = Framing::of(&ink, 280, FramingOptions { scale: true, ..NONE }).unwrap();
    assert_eq!((scaled.scaled.width, scaled.scaled.height), (20, 20), "the whole pad");

    let centred = Framing::of(&ink, 280, FramingOptions { centre: true, ..NONE }).unwrap();
    assert_eq!((centred.scaled.width, centred.scaled.height), (28, 28));
    assert_eq!(centred.offset, (-7, -7), "block from (20, 18) to (24, 26), its middle (21.5, 21.5) moves to (14, 14)");
    assert!((centred.image[14 * SIDE + 14] - 1.0).abs() < 1e-5);
}

#[test]
fn aspect_is_kept_by_grey_edges() {
    // 30 × 80 at a quarter: 7.5 columns, so both outer ones are three quarters grey.
    let framing = Framing::of(&drawing(100, 10, 10, 30, 80, |_, _| 1.0), 100, ALL).unwrap();
    assert_eq!((framing.scaled.width, framing.scaled.height), (8, 20));
    let row = &framing.scaled.ink[..8];
    assert!((row[0] - 0.75).abs() < 1e-4 && (row[7] - 0.75).abs() < 1e-4 && (row[3] - 1.0).abs() < 1e-4, "{row:?}");
}

#[test]
fn nothing_drawn_is_nothing() {
    for options in all_options() {
        assert_eq!(Framing::of(&[], 0, options), None);
        assert_eq!(Framing::of(&[], 28, options), None);
        assert_eq!(Framing::of(&[1.0; 10], 0, options), None);
        assert_eq!(Framing::of(&[1.0; 10], 28, options), None, "not one whole row");
        assert_eq!(Framing::of(&[0.0; 784], 28, options), None);
        assert_eq!(Framing::of(&[f32::NAN; 784], 28, options), None);
    }
}

#[test]
fn one_dot_is_a_full_square() {
    let framing = Framing::of(&drawing(280, 3, 270, 1, 1, |_, _| 1.0), 280, ALL).unwrap();
    assert_eq!((framing.scaled.width, framing.scaled.height), (20, 20));
    assert!(framing.scaled.ink.iter().all(|v| (v - 1.0).abs() < 1e-4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever is drawn: values in range, mass where it should be, no panic.
    #[test]
    fn any_drawing_is_framed(
        width in 1usize..70,
        ink in prop::collection::vec(prop_oneof![4 => Just(0.0f32), 2 => 0.0f32..1.0, 1 => any::<f32>()], 0..3000),
    ) {
        for options in all_options() {
            let Some(framing) = Framing::of(&ink, width, options) else { continue };
            prop_assert_eq!(framing.image.len(), PIXELS);
            prop_assert!(framing.image.iter().all(|v| (0.0..=1.001).contains(v)));
            prop_assert!(framing.scaled.width <= SIDE && framing.scaled.height <= SIDE);
            prop_assert_eq!(framing.scaled.ink.len(), framing.scaled.width * framing.scaled.height);
            if options.scale {
                prop_assert_eq!(framing.scaled.width.max(framing.scaled.height), DIGIT_SIDE);
            }
            if options.centre {
                let across = framing.mass.0 + framing.offset.0 as f32 - CENTRE as f32;
                let down = framing.mass.1 + framing.offset.1 as f32 - CENTRE as f32;
                prop_assert!(across.abs() <= 0.501 && down.abs() <= 0.501, "{} {}", across, down);
            }
        }
    }

    /// Where on the pad a digit is drawn, and how large, changes nothing.
    #[test]
    fn place_and_size_do_not_matter(left in 0usize..100, top in 0usize..100, times in 1usize..4) {
        // A seven: a bar above, and a slanted stroke.
        let seven = |col: usize, row: usize| f32::from(row < 8 || col.abs_diff(38 - row / 2) < 5);
        let plain = Framing::of(&drawing(48, 2, 3, 40, 40, seven), 48, ALL).unwrap();
        let moved = drawing(300, left, top, 40 * times, 40 * times, |c, r| seven(c / times, r / times));
        let moved = Framing::of(&moved, 300, ALL).unwrap();
        prop_assert!(largest_difference(&plain.image, &moved.image) < 1e-3);
    }
}
