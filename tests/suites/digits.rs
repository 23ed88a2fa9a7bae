//! Real digits.

use std::{ops::Range, sync::OnceLock};

use data::{Digits, pack};

/// The first training digits of MNIST.
pub fn digits() -> &'static Digits {
    static DIGITS: OnceLock<Digits> = OnceLock::new();
    DIGITS.get_or_init(|| pack::decode(include_bytes!("../../assets/mnist/train-0.pack")).unwrap())
}

/// These digits as a network takes them in, and their classes.
pub fn batch_of(range: Range<usize>) -> (Vec<f32>, Vec<u8>) {
    let images = range.clone().flat_map(|i| digits().image(i).iter().map(|grey| f32::from(*grey) / 255.0)).collect();
    (images, digits().labels[range].to_vec())
}
