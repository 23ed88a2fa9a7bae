//! What each kind costs, live.

use crate::reaction::effect;
use leptos::prelude::*;

use super::layers::{Kind, SIDE};
use crate::{learn::desk::Desk, widgets::number};

/// A shorter bar could not be seen.
const LEAST: f64 = 0.4;

pub fn view(desk: Desk) -> AnyView {
    let (channels, size, covered) = (desk.count("channels"), desk.count("size"), desk.is_on("covered"));
    let set = Memo::new(move |_| (channels.get().clamp(2, 256) / 2 * 2, size.get().clamp(1, 7)));
    effect(move || {
        let (channels, kernel) = set.get();
        let (full, separable) = (Kind::Full.cost(channels, kernel), Kind::Separable.cost(channels, kernel));
        for kind in Kind::ALL {
            desk.report(kind.word(), kind.cost(channels, kernel).0 as f64);
        }
        let share = separable.1 as f64 / full.1.max(1) as f64;
        desk.report("share", share);
        let live = format!(
            "<mfrac><mn>1</mn><mn>{channels}</mn></mfrac><mo>+</mo><mfrac><mn>1</mn><msup><mn>{kernel}</mn><mn>2</mn></msup></mfrac><mo>=</mo><mn class=\"result\">{}</mn>",
            number::short(share)
        );
        desk.live.set(if covered.get() { String::new() } else { live });
    });
    let line = move |kind: Kind| {
        let mark = kind.mark();
        let cost = move || set.with(|(channels, kernel)| kind.cost(*channels, *kernel));
        let share = move || {
            let (channels, kernel) = set.get();
            100.0 * cost().1 as f64 / Kind::Full.cost(channels, kernel).1.max(1) as f64
        };
        let hidden = move || covered.get() && kind != Kind::Full;
        let told = move |value: u64| if hidden() { "?".to_owned() } else { number::grouped(value) };
        let width = move || format!("width:{:.2}%", if hidden() { 0.0 } else { share().clamp(LEAST, 100.0) });
        view! {
            <tr class:lit=move || desk.is_lit(mark)>
                <th scope="row" class=format!("name-{mark}")>{kind.name()}</th>
                <td class="bar" aria-hidden="true"><i class=format!("of-{mark}") style=width></i></td>
                <td class="number" data-testid=format!("weights-{}", kind.word())>{move || told(cost().0)}</td>
                <td class="number" data-testid=format!("work-{}", kind.word())>{move || told(cost().1)}</td>
            </tr>
        }
        .into_any()
    };
    // The curve of the kinds over kernels, on a scale of powers of ten.
    let heading =
        move || set.with(|(channels, kernel)| format!("{channels} channels to {channels}, {SIDE}×{SIDE} pixels, kernel {kernel}×{kernel}"));
    view! {
        <div class="cost">
            <p class="situation" data-testid="situation">{heading}</p>
            <table class="costs">
                <thead><tr><th scope="col">"Kind"</th><th></th><th scope="col">"weights"</th><th scope="col">"multiply-adds"</th></tr></thead>
                <tbody>{Kind::ALL.map(line).collect_view()}</tbody>
            </table>
            {growth(desk, set, covered)}
        </div>
    }
    .into_any()
}

/// Weights by the size of the kernel, of all kinds: the upright axis counts in powers of ten.
fn growth(desk: Desk, set: Memo<(usize, usize)>, covered: Memo<bool>) -> AnyView {
    use crate::learn::chart::{Axes, Chart, Line, numbered};
    let lines = Signal::derive(move || {
        let (channels, _) = set.get();
        let line = |kind: Kind| {
            let points = (1..=7).map(|k| (k as f64, (kind.cost(channels, k).0.max(1) as f64).log10())).collect();
            let hidden = covered.get() && kind != Kind::Full;
            Line { mark: kind.mark(), points: if hidden { Vec::new() } else { points }, ..Line::default() }
        };
        [Kind::Full, Kind::Separable, Kind::Depthwise].map(line).to_vec()
    });
    let axes = Axes {
        x: (1.0, 7.0),
        y: (0.0, 7.0),
        x_ticks: numbered((1..=7).map(f64::from)),
        y_ticks: numbered((0..=7).map(f64::from)),
        x_name: "rows and columns of the kernel",
    };
    let label = "Weights by the size of the kernel, in powers of ten; the table has the numbers";
    let chart =
        Chart::new("growth", label, Signal::stored(axes), lines).cursor(Signal::derive(move || set.with(|(_, kernel)| *kernel as f64)));
    view! { <div class="by-kernel"><p class="axis">"weights, as a power of ten"</p>{chart.view(desk)}</div> }.into_any()
}
