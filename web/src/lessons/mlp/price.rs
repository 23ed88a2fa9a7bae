//! Weights, work and memory as the image grows.

use leptos::prelude::*;

use super::nets::Net;
use crate::{
    learn::{
        chart::{Axes, Chart, Line},
        desk::Desk,
        part::part,
    },
    widgets::number,
};

pub const LEAST: usize = 28;
pub const MOST: usize = 256;
/// Powers of ten at the ends of the upright axis.
const POWERS: (i32, i32) = (3, 7);

pub fn view(desk: Desk) -> AnyView {
    let side = desk.count("side");
    let side = Memo::new(move |_| side.get().clamp(LEAST, MOST));
    let prices = Memo::new(move |_| Net::ALL.map(|net| net.price(side.get()).unwrap_or_default()));
    Effect::new(move |_| {
        let [mlp, cnn, gap] = prices.get();
        for (name, value) in
            [("mlp_weights", mlp[0]), ("cnn_weights", cnn[0]), ("gap_weights", gap[0]), ("mlp_work", mlp[1]), ("cnn_work", cnn[1])]
        {
            desk.report(name, value as f64);
        }
        let side = side.get();
        desk.live.set(format!(
            "<msup><mn>{side}</mn><mn>2</mn></msup><mo>·</mo><mn>16</mn><mo>+</mo><mn>16</mn><mo>+</mo><mn>170</mn><mo>=</mo><mn class=\"result\">{}</mn>",
            number::grouped(mlp[0])
        ));
    });
    let curve = Net::ALL.map(|net| {
        let weights = |side: usize| net.price(side).map(|p| (side as f64, (p[0] as f64).log10()));
        Line { mark: net.mark(), points: (LEAST..=MOST).step_by(12).filter_map(weights).collect(), ..Line::default() }
    });
    let lines = Memo::new(move |_| {
        let here = Net::ALL.into_iter().zip(prices.get()).map(|(net, price)| Line {
            mark: net.mark(),
            points: vec![(side.get() as f64, (price[0].max(1) as f64).log10())],
            dots: true,
            ..Line::default()
        });
        curve.iter().cloned().chain(here).collect::<Vec<_>>()
    });
    let axes = Axes {
        x: (LEAST as f64, MOST as f64),
        y: (f64::from(POWERS.0), f64::from(POWERS.1)),
        x_ticks: [28, 96, 176, 256].map(|x| (f64::from(x), x.to_string())).to_vec(),
        y_ticks: (POWERS.0..=POWERS.1).map(|p| (f64::from(p), number::large(10_f64.powi(p)))).collect(),
        x_name: "rows and columns of the image",
    };
    let chart =
        Chart::new("price-curve", "Weights by the side of the image; the table has the numbers", Signal::stored(axes), lines).view(desk);
    view! {
        <div class="price">
            {part(desk, "sum", "Weights".to_owned(), Signal::derive(move || format!("{0}×{0}", side.get())), chart)}
            {table(prices)}
        </div>
    }
    .into_any()
}

fn table(prices: Memo<[[u64; 3]; 3]>) -> AnyView {
    let row = move |(i, net): (usize, Net)| {
        let cell = move |what: usize| {
            let text = move || number::large(prices.with(|p| p[i][what]) as f64);
            view! { <td class="number" data-testid=format!("price-{}-{what}", net.slug())>{text}</td> }.into_any()
        };
        view! { <tr><th scope="row" class=format!("name-{}", net.mark())>{net.name()}</th>{(0..3).map(cell).collect_view()}</tr> }
            .into_any()
    };
    view! {
        <table>
            <thead><tr><th scope="col"></th><th scope="col">"weights"</th><th scope="col">"multiplications"</th><th scope="col">"numbers kept"</th></tr></thead>
            <tbody>{Net::ALL.into_iter().enumerate().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}
