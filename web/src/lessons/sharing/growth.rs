//! How many weights the layers have as the image grows.

use leptos::prelude::*;

use super::layers::{KERNELS, Kind, UNITS};
use crate::{learn::desk::Desk, widgets::number};

/// Largest side of the image.
pub const MOST: usize = 256;
const LEAST: usize = 4;
/// Extents of the drawing, and its margins: left, right, top, bottom.
const SIZE: (f64, f64) = (720.0, 300.0);
const MARGIN: [f64; 4] = [64.0, 14.0, 12.0, 34.0];
/// Powers of ten at the ends of the upright axis.
const POWERS: (i32, i32) = (2, 8);

fn kinds() -> [(Kind, &'static str, &'static str, String); 3] {
    [
        (Kind::Dense, "dense", "input", format!("Dense: every pixel to {UNITS} units")),
        (Kind::Local, "local", "kernel", format!("Local: {KERNELS} kernels of 3×3, others at every place")),
        (Kind::Conv, "conv", "output", format!("Shared: {KERNELS} kernels of 3×3 and their biases")),
    ]
}

fn x_of(side: usize) -> f64 {
    let share = (side.saturating_sub(LEAST)) as f64 / (MOST - LEAST) as f64;
    MARGIN[0] + share * (SIZE.0 - MARGIN[0] - MARGIN[1])
}

fn y_of(count: usize) -> f64 {
    let (lo, hi) = (f64::from(POWERS.0), f64::from(POWERS.1));
    let share = ((count.max(1) as f64).log10() - lo) / (hi - lo);
    SIZE.1 - MARGIN[3] - share.clamp(0.0, 1.0) * (SIZE.1 - MARGIN[2] - MARGIN[3])
}

pub fn view(desk: Desk) -> AnyView {
    let side = desk.count("side");
    let side = Memo::new(move |_| side.get().clamp(LEAST, MOST));
    Effect::new(move |_| {
        let side = side.get();
        for (kind, name, ..) in kinds() {
            desk.report(name, kind.count(side) as f64);
        }
        let term = |kind: Kind| format!("<mn class=\"result\">{}</mn>", number::grouped(kind.count(side) as u64));
        desk.live.set(format!(
            "<mtext>dense:</mtext><mspace width=\"0.4em\"/>{}<mspace width=\"1.5em\"/><mtext>shared:</mtext><mspace width=\"0.4em\"/>{}",
            term(Kind::Dense),
            term(Kind::Conv)
        ));
    });
    view! { <div class="growth">{chart(desk, side)}{table(desk, side)}</div> }.into_any()
}

fn chart(desk: Desk, side: Memo<usize>) -> AnyView {
    let line = move |(kind, _, mark, _): (Kind, &'static str, &'static str, String)| {
        let points: Vec<String> = (LEAST..=MOST).step_by(4).map(|s| format!("{:.1},{:.1}", x_of(s), y_of(kind.count(s)))).collect();
        view! {
            <polyline class=format!("line of-{mark}") class:lit=move || desk.is_lit(mark) points=points.join(" ")/>
            <circle class=format!("dot of-{mark}") r="5" cx=move || x_of(side.get()) cy=move || y_of(kind.count(side.get()))/>
        }
        .into_any()
    };
    let power = |power: i32| {
        let y = y_of(10_usize.pow(power as u32));
        let label = number::large(10_f64.powi(power));
        view! {
            <line class="rule" x1=MARGIN[0] x2=SIZE.0 - MARGIN[1] y1=y y2=y/>
            <text class="tick" x=MARGIN[0] - 8.0 y=y + 4.0 text-anchor="end">{label}</text>
        }
        .into_any()
    };
    let at = |s: usize| view! { <text class="tick" x=x_of(s) y=SIZE.1 - MARGIN[3] + 18.0 text-anchor="middle">{s}</text> }.into_any();
    view! {
        <svg viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) role="img" aria-label="Weights by the side of the image; the table beside it has the numbers" data-testid="growth">
            {(POWERS.0..=POWERS.1).map(power).collect_view()}
            {[28, 64, 128, 192, 256].map(at).collect_view()}
            <line class="cursor" x1=move || x_of(side.get()) x2=move || x_of(side.get()) y1=MARGIN[2] y2=SIZE.1 - MARGIN[3]/>
            {kinds().map(line).collect_view()}
            <text class="tick" x=SIZE.0 - MARGIN[1] y=SIZE.1 - 2.0 text-anchor="end">"rows and columns of the image"</text>
        </svg>
    }
    .into_any()
}

fn table(desk: Desk, side: Memo<usize>) -> AnyView {
    let row = move |(kind, name, mark, words): (Kind, &'static str, &'static str, String)| {
        view! {
            <tr class:lit=move || desk.is_lit(mark)><th scope="row" class=format!("name-{mark}")>{words}</th>
                <td class="number" data-testid=format!("count-{name}")>{move || number::grouped(kind.count(side.get()) as u64)}</td></tr>
        }
        .into_any()
    };
    view! {
        <table>
            <thead><tr><th scope="col">{move || format!("An image of {0}×{0}", side.get())}</th><th scope="col">"weights"</th></tr></thead>
            <tbody>{kinds().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}
