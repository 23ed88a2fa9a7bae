//! The image, three kernels, what they make of it: as they are at the moment.

use figures::Range;
use leptos::prelude::*;

use super::net::{CONV, KERNELS, MAP, SIDE};
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Matrix},
        part::part,
    },
    link::figure::Wanted,
};

const KERNEL_IDS: [&str; KERNELS] = ["kernel-0", "kernel-1", "kernel-2"];
const MAP_IDS: [&str; KERNELS] = ["map-0", "map-1", "map-2"];

/// Kernel `k` of all.
pub fn kernel(all: &[f32], k: usize) -> Vec<f32> {
    all.get(k * SIDE * SIDE..(k + 1) * SIDE * SIDE).unwrap_or_default().to_vec()
}

/// The largest size of a number.
pub fn largest(numbers: &[f32]) -> f32 {
    numbers.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

/// The largest difference between two kernels at the same cell.
pub fn difference(all: &[f32]) -> f32 {
    let first = kernel(all, 0);
    all.chunks_exact(SIDE * SIDE).flat_map(|other| first.iter().zip(other)).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()))
}

/// Asks for kernels and maps; `ask` says which network.
pub fn asked(desk: Desk, ask: impl Fn() -> Option<FigureAsk> + Send + Sync + 'static) -> ReadSignal<Answer> {
    desk.ask(move || Some(ask()?.want(Wanted::Weight(0)).want(Wanted::Output(CONV)).want(Wanted::Output(super::net::ANSWER))))
}

pub fn kernels(answer: &Answer) -> Vec<f32> {
    answer.get(Wanted::Weight(0)).map_or_else(Vec::new, |(_, numbers)| numbers.to_vec())
}

/// One kernel and its map for each of the three.
pub fn view(desk: Desk, answer: ReadSignal<Answer>) -> AnyView {
    let sample = desk.sample();
    let image = Grid::new(
        "image",
        Signal::stored("Your image".to_owned()),
        Signal::derive(move || Matrix::new(data::SIDE, data::SIDE, sample.get())),
    )
    .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() });
    let all = Memo::new(move |_| answer.with(kernels));
    let maps = Memo::new(move |_| answer.with(|a| a.output(CONV).to_vec()));
    let (reach, strongest) = (Memo::new(move |_| all.with(|a| largest(a))), Memo::new(move |_| maps.with(|m| largest(m))));
    let signed =
        |most: Memo<f32>| Signal::derive(move || Look { signed: true, range: Some(Range::symmetric(most.get())), ..Look::default() });
    let pair = move |k: usize| {
        let one = Memo::new(move |_| Matrix::new(SIDE, SIDE, all.with(|a| kernel(a, k))));
        let map = Memo::new(move |_| {
            Matrix::new(MAP, MAP, maps.with(|m| m.get(k * MAP * MAP..(k + 1) * MAP * MAP).unwrap_or_default().to_vec()))
        });
        let look = Signal::derive(move || Look { decimals: Some(2), ..signed(reach).get() });
        let one = Grid::new(KERNEL_IDS[k], format!("Kernel {}", k + 1), one).look(look);
        let map = Grid::new(MAP_IDS[k], format!("What kernel {} makes of the image", k + 1), map).look(signed(strongest));
        view! {
            {part(desk, "kernel", format!("Kernel {}", k + 1), String::new(), one.view(desk))}
            {part(desk, "output", "Its map".to_owned(), String::new(), map.view(desk))}
        }
        .into_any()
    };
    view! {
        <div class="bank">
            <div class="bank-image">{part(desk, "input", "Your image".to_owned(), String::new(), image.view(desk))}</div>
            {(0..KERNELS).map(pair).collect_view()}
        </div>
    }
    .into_any()
}
