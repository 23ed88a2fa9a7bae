//! The field that is measured: how much each pixel changes one unit.

use crate::reaction::effect;
use engine::{
    LayerSpec, Pair,
    ops::{Conv2d, Relu},
};
use figures::Range;
use leptos::prelude::*;

use super::{
    mass,
    stack::{IMAGE, SIDE},
};
use crate::{
    learn::{
        desk::Desk,
        engine::FigureAsk,
        grid::{Grid, Look, Mark, Outline},
        part::part,
    },
    link::figure::Wanted,
};

/// Layers of 3×3, of which each takes two rows and columns off.
pub const MOST: usize = 12;
/// Of random layers; the measurement is the mean over those of the last.
const CHANNELS: usize = 6;

/// Which layers there are, and how many numbers the last gives for each place.
fn layers(depth: usize, relu: bool, channels: usize) -> Vec<LayerSpec> {
    let conv = Conv2d { out_ch: channels, kernel: Pair::square(3), bias: false, ..Conv2d::default() };
    let each = |i: usize| {
        let behind: Option<LayerSpec> = (relu && i + 1 < depth).then(|| Relu {}.into());
        std::iter::once(LayerSpec::from(conv.clone())).chain(behind)
    };
    (0..depth).flat_map(each).collect()
}

/// Top left corner and side of the field of the unit in the middle.
fn field_of(depth: usize) -> ((usize, usize), usize) {
    let middle = (SIDE - 2 * depth) / 2;
    ((middle, middle), 2 * depth + 1)
}

pub fn view(desk: Desk) -> AnyView {
    let (depth, word, seed, sample) = (desk.count("depth"), desk.text("weights"), desk.count("seed"), desk.sample());
    let depth = Memo::new(move |_| depth.get().clamp(1, MOST));
    let answer = desk.ask(move || {
        let (depth, word) = (depth.get(), word.get());
        let channels = if word == "equal" { 1 } else { CHANNELS };
        let layers = layers(depth, word == "relu", channels);
        let (last, out) = (layers.len() - 1, SIDE - 2 * depth);
        let ask = FigureAsk::new(IMAGE, layers, &sample.get());
        let ask = if word == "equal" { ask.weights(&vec![1.0 / 9.0; 9 * depth]) } else { ask.seed(seed.get() as u32) };
        let index = |channel: usize| channel * out * out + out / 2 * out + out / 2;
        Some((0..channels).fold(ask, |ask, channel| ask.want(Wanted::Field { node: last, index: index(channel) })))
    });
    let measured = Memo::new(move |_| answer.with(mass::measured));
    effect(move || {
        let (place, side) = field_of(depth.get());
        let core = measured.with(|f| mass::core(f, place, side));
        desk.live.set(core.map_or(String::new(), |core| {
            format!("<mi>n</mi><mo>=</mo><mn>{0}</mn><mo>:</mo><mspace width=\"0.5em\"/><mi>r</mi><mo>=</mo><mn>{side}</mn><mo>,</mo><mspace width=\"0.5em\"/><mtext>95 % in</mtext><mspace width=\"0.3em\"/><mn class=\"result\">{core}×{core}</mn>", depth.get())
        }));
        if desk.settings.with(|s| s.is_on("covered")) {
            desk.live.set(String::new());
        }
    });
    let spot = Memo::new(move |_| field_of(depth.get()));
    view! { <div class="measure">{heat(desk, "field", "Influence on one unit", measured, spot)}{said(desk, measured, spot)}</div> }
        .into_any()
}

type Spot = Memo<((usize, usize), usize)>;

/// The measured field as a picture, with its profile beneath: what each column adds up to.
pub fn heat(desk: Desk, testid: &'static str, name: &'static str, measured: Memo<Vec<f32>>, spot: Spot) -> AnyView {
    let (covered, sample) = (desk.is_on("covered"), desk.sample());
    let matrix = Memo::new(move |_| if covered.get() { mass::matrix(&sample.get()) } else { measured.with(|f| mass::matrix(f)) });
    let look = Signal::derive(move || Look {
        range: Some(Range { lo: 0.0, hi: matrix.with(|m| mass::largest(&m.values)).max(1e-12) }),
        ..Look::default()
    });
    let outlines = move || {
        let (place, side) = spot.get();
        let square = |side_of: usize, mark: Mark| {
            let (top, left) = mass::centred(place, side, side_of);
            Outline::new(top, left, side_of, side_of, mark)
        };
        let half = square(mass::inner(side), Mark::Output);
        vec![square(side, Mark::Input), half]
    };
    let grid = Grid::new(testid, Signal::stored(name.to_owned()), matrix).look(look).outlines(Signal::derive(outlines));
    let points = move || {
        let points = if covered.get() || measured.with(Vec::is_empty) { Vec::new() } else { measured.with(|f| mass::profile(f)) };
        points
            .iter()
            .enumerate()
            .map(|(col, share)| format!("{:.1},{:.2}", col as f32 + 0.5, 7.0 - 6.5 * share))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let edges = move || {
        let ((_, left), side) = spot.get();
        format!("M{left} 0V7.4M{} 0V7.4", left + side)
    };
    let sees = Signal::derive(move || format!("sees {0}×{0}", spot.get().1));
    let inner = view! {
        {grid.view(desk)}
        <svg class="profile" viewBox="0 0 28 7.5" preserveAspectRatio="none" role="img" aria-label="What each column adds up to">
            <path class="rule" d="M0 7H28"/><path class="edge" d=edges/>
            <polyline points=points/>
        </svg>
    };
    part(desk, "input", name.to_owned(), sees, inner.into_any())
}

/// Shares in words, and as facts.
pub fn said(desk: Desk, measured: Memo<Vec<f32>>, spot: Spot) -> AnyView {
    let covered = desk.is_on("covered");
    let shares = Memo::new(move |_| {
        let (place, side) = spot.get();
        let half = mass::inner(side);
        measured.with(|f| Some((mass::within(f, mass::centred(place, side, half), half)?, mass::core(f, place, side)?)))
    });
    effect(move || {
        let (side, half) = (spot.get().1, mass::inner(spot.get().1));
        desk.report("field", side as f64);
        desk.report("even", (half * half) as f64 / (side * side) as f64);
        desk.report("inner", shares.get().map_or(f64::NAN, |(inner, _)| inner));
        desk.report("core", shares.get().map_or(f64::NAN, |(_, core)| core as f64));
    });
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let of = move |tell: &dyn Fn((f64, usize)) -> String| {
        if covered.get() { "?".to_owned() } else { shares.get().map_or_else(|| "–".to_owned(), tell) }
    };
    let line = move |mark: &'static str, name: AnyView, value: AnyView| {
        view! { <tr class=format!("of-{mark}")><th scope="row" class=format!("name-{mark}")>{name}</th><td class="number">{value}</td></tr> }.into_any()
    };
    let half = move || mass::inner(spot.get().1);
    view! {
        <table class="shares" data-testid="shares"><tbody>
            {line("input", view! { "The field, by the formula" }.into_any(), view! { {move || format!("{0}×{0}", spot.get().1)} }.into_any())}
            {line("output", view! { {move || format!("Its inner half, {0}×{0}: of the area", half())} }.into_any(), view! { {move || percent((half() * half()) as f64 / (spot.get().1 * spot.get().1) as f64)} }.into_any())}
            {line("output", view! { "of the influence" }.into_any(), view! { <b data-testid="inner">{move || of(&|(inner, _)| percent(inner))}</b> }.into_any())}
            {line("sum", view! { "95 % of the influence lies in" }.into_any(), view! { <b data-testid="core">{move || of(&|(_, core)| format!("{core}×{core}"))}</b> }.into_any())}
        </tbody></table>
    }
    .into_any()
}
