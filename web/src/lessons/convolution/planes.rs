//! A kernel for a colour image has a plane for each channel; their products are added to one number.

use crate::reaction::{effect, live};
use engine::ops::account::PartKind;
use figures::Range;
use leptos::prelude::*;

use super::{
    figure::{Parts, plane},
    weights,
};
use crate::learn::{
    engine::Answer,
    grid::{Grid, Look, Mark, Matrix, Outline, written},
    part::part,
    player::player,
};

const PERIOD_MS: i32 = 420;
pub const MIXES: &[(&str, &str)] = &[("all", "alike"), ("red", "red only"), ("warm", "red − blue")];
const NAMES: [&str; 3] = ["Red", "Green", "Blue"];

/// How strongly each channel's plane weighs.
fn shares(mix: &str) -> [f32; 3] {
    match mix {
        "red" => [1.0, 0.0, 0.0],
        "warm" => [1.0, 0.0, -1.0],
        _ => [1.0, 1.0, 1.0],
    }
}

pub fn view(parts: Parts) -> AnyView {
    let desk = parts.desk;
    let mix = desk.text("mix");
    let channels = Memo::new(move |_| parts.picture.with(|p| p.shape.ch));
    let kernels = move || {
        let (kernel, shares) = (parts.kernel.get(), mix.with(|m| shares(m)));
        (0..channels.get()).flat_map(|c| kernel.weights.iter().map(move |w| w * shares[c.min(2)]).collect::<Vec<_>>()).collect()
    };
    let answer = parts.convolved(kernels, true);
    let output = Memo::new(move |_| answer.with(|a| plane(a, 0, parts.out.get())));
    let range = Signal::derive(move || Range::symmetric(reach(&answer.read(), &output.read())));
    effect(move || {
        let (at, told) = (parts.at.get(), parts.out.get());
        let terms: Vec<f32> = (0..channels.get()).map(|c| answer.with(|a| share(a, c, told)).get(at.0, at.1)).collect();
        let sum = output.with(|m| m.get(at.0, at.1));
        desk.report("value", f64::from(sum));
        desk.live.set(added(&terms, sum));
    });
    let lines = move || (0..channels.get()).map(|c| line(parts, answer, range, c)).collect_view();
    let total = Signal::derive(move || {
        let (rows, cols) = parts.out.get();
        rows * cols
    });
    view! {
        <div class="planes">
            <div class="whole">
                {part(desk, "input", "Image", "", parts.input().view(desk))}
                {weights::view(parts)}
            </div>
            <div class="lines">{live(lines)}</div>
            {part(desk, "sum", "Output", "their sum", parts.map("output", "Output: drag from here, too", output.into(), range).view(desk))}
        </div>
        {player(desk, "at", total, PERIOD_MS)}
    }
    .into_any()
}

/// What one channel adds to the output.
fn share(answer: &Answer, channel: usize, (rows, cols): (usize, usize)) -> Matrix {
    let numbers = match answer.part(PartKind::Products) {
        Some((&[_, _, h, w], numbers)) if (h, w) == (rows, cols) => numbers,
        _ => &[],
    };
    Matrix::new(rows, cols, numbers.iter().skip(channel * rows * cols).take(rows * cols).copied().collect())
}

/// One scale for the shares and their sum.
fn reach(answer: &Answer, output: &Matrix) -> f32 {
    let shares = answer.part(PartKind::Products).map_or(&[][..], |(_, numbers)| numbers);
    shares.iter().chain(output.values.iter()).filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

fn line(parts: Parts, answer: ReadSignal<Answer>, range: Signal<Range>, channel: usize) -> AnyView {
    let desk = parts.desk;
    let of_channel = Signal::derive(move || {
        parts.picture.with(|p| {
            let plane = p.shape.plane();
            Matrix::new(p.shape.h, p.shape.w, p.values.iter().skip(channel * plane).take(plane).copied().collect())
        })
    });
    let input = Grid::new("plane", Signal::stored(format!("{} channel", NAMES[channel.min(2)])), of_channel)
        .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() })
        .outlines(parts.window())
        .touch(move |touch| parts.go_to_window(touch));
    let added = Signal::derive(move || answer.with(|a| share(a, channel, parts.out.get())));
    let map = Grid::new("share", Signal::stored(format!("What {} adds", NAMES[channel.min(2)])), added)
        .look(Signal::derive(move || Look { signed: true, range: Some(range.get()), ..Look::default() }))
        .outlines(Signal::derive(move || vec![Outline::cell(parts.at.get(), Mark::Output)]))
        .touch(move |touch| parts.go_to(touch));
    let mix = desk.text("mix");
    let factor = move || mix.with(|m| format!("× {}", written(shares(m)[channel.min(2)], 1)));
    let name = if parts.picture.with_untracked(|p| p.shape.ch) == 3 { NAMES[channel.min(2)] } else { "Grey" };
    view! {
        <div class="line">
            {part(desk, "input", name, "", input.view(desk))}
            <span class="sign"><i>"kernel"</i><b class="number">{live(factor)}</b></span>
            {part(desk, "output", "adds", "", map.view(desk))}
        </div>
    }
    .into_any()
}

/// The sum of the channels with its numbers.
fn added(terms: &[f32], sum: f32) -> String {
    let number = |value: f32| {
        let text = written(value, 2);
        if value < 0.0 { format!("<mo>(</mo><mn>{text}</mn><mo>)</mo>") } else { format!("<mn>{text}</mn>") }
    };
    if terms.iter().chain([&sum]).any(|v| !v.is_finite()) {
        return String::new();
    }
    let terms: Vec<String> = terms.iter().map(|t| number(*t)).collect();
    format!("<mo>=</mo>{}<mo>=</mo><mn class=\"result\">{}</mn>", terms.join("<mo>+</mo>"), written(sum, 2))
}
