//! Digits of the data set, for figures that count over many images.

use leptos::prelude::*;

use super::desk::Desk;
use crate::dom::frame;

/// Between two questions, while the digits have not arrived yet.
const AGAIN_MS: i32 = 400;

/// The first `count` digits, 784 numbers from 0 to 1 each, one after another; empty until they are there.
pub fn bank(desk: Desk, count: u32) -> ReadSignal<Vec<f32>> {
    let (digits, set_digits) = signal(Vec::new());
    ask(desk, count, set_digits);
    digits
}

fn ask(desk: Desk, count: u32, digits: WriteSignal<Vec<f32>>) {
    desk.learn.engine.greys((0..count).collect(), move |greys| {
        if greys.len() == count as usize * data::SIDE * data::SIDE {
            let _ = digits.try_set(greys.iter().map(|grey| f32::from(*grey) / 255.0).collect());
        } else if !digits.is_disposed() {
            frame::after(AGAIN_MS, move || ask(desk, count, digits));
        }
    });
}
