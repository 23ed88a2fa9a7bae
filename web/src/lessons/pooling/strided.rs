//! Three ways to a map half as large: pool, skip, or learn how.

use crate::reaction::effect;
use engine::{
    Graph, Init, LayerSpec, ModelSpec, Padding, Pair, Shape,
    ops::{Conv2d, MaxPool2d, Relu},
};
use figures::Range;
use leptos::prelude::*;

use super::{
    kinds::{EDGE, IMAGE},
    trained,
};
use crate::{
    learn::{
        desk::Desk,
        engine::FigureAsk,
        grid::{Grid, Look, Matrix},
        part::part,
        training::Course,
    },
    link::figure::Wanted,
    widgets::number,
};

const SIDE: usize = data::SIDE;
const HALF: usize = SIDE / 2;
pub const CHANNELS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Every place is looked at, and the largest of four kept.
    Pooled,
    /// Only every second place is looked at.
    Strided,
    /// Every place is looked at, and a second convolution weighs four.
    Learned,
}

impl Way {
    pub const ALL: [Self; 3] = [Self::Pooled, Self::Strided, Self::Learned];

    pub fn word(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::Strided => "strided",
            Self::Learned => "learned",
        }
    }

    /// Among all.
    pub fn place(self) -> usize {
        self as usize
    }

    pub fn mark(self) -> &'static str {
        match self {
            Self::Pooled => "input",
            Self::Strided => "kernel",
            Self::Learned => "output",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pooled => "3×3, then maximum",
            Self::Strided => "3×3 with stride 2",
            Self::Learned => "3×3, then 2×2 with stride 2",
        }
    }

    /// From `channels` maps to as many, with a rectifier behind the kernels.
    pub fn layers(self, channels: usize) -> Vec<LayerSpec> {
        let conv = Conv2d { out_ch: channels, pad: Padding::all(1), bias: false, ..Conv2d::default() };
        let two = Pair::square(2);
        match self {
            Self::Pooled => vec![conv.into(), Relu {}.into(), MaxPool2d::default().into()],
            Self::Strided => vec![Conv2d { stride: two, ..conv }.into(), Relu {}.into()],
            Self::Learned => {
                vec![conv.clone().into(), Relu {}.into(), Conv2d { kernel: two, stride: two, pad: Padding::default(), ..conv }.into()]
            }
        }
    }

    /// Weights and multiply-adds, as the engine counts them.
    pub fn cost(self, channels: usize) -> (u64, u64) {
        let spec = ModelSpec { input: Shape::new(channels, SIDE, SIDE), layers: self.layers(channels), init: Init::default() };
        Graph::check(&spec).map_or((0, 0), |graph| {
            let work = graph.nodes.iter().map(|node| node.cost.multiply_adds).sum();
            (graph.params_len() as u64, work)
        })
    }
}

fn largest(matrix: &Matrix) -> f32 {
    matrix.values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

pub fn view(desk: Desk) -> AnyView {
    let (channels, covered) = (desk.count("channels"), desk.is_on("covered"));
    let channels = Memo::new(move |_| channels.get().clamp(1, CHANNELS));
    let maps = Way::ALL.map(|way| asked(desk, way));
    let range = Signal::derive(move || Range { lo: 0.0, hi: maps.iter().map(|m| m.with(largest)).fold(0.0, f32::max) });
    effect(move || {
        for (way, map) in Way::ALL.into_iter().zip(maps) {
            desk.report(way.word(), way.cost(channels.get()).1 as f64);
            desk.report(if way == Way::Strided { "strongest strided" } else { "strongest" }, f64::from(map.with(largest)));
        }
        let c = channels.get();
        let term = |way: Way, kernel: &str, places: usize| {
            format!(
                "<mtr><mtd><mtext>{kernel}</mtext></mtd><mtd><msup><mn>{places}</mn><mn>2</mn></msup><mo>·</mo><msup><mn>{c}</mn><mn>2</mn></msup><mo>·</mo><msup><mn>3</mn><mn>2</mn></msup><mo>=</mo><mn class=\"result\">{}</mn></mtd></mtr>",
                number::grouped(way.cost(c).1)
            )
        };
        let rows = [term(Way::Pooled, "stride 1:", SIDE), term(Way::Strided, "stride 2:", HALF)].concat();
        desk.live.set(if covered.get() { String::new() } else { format!("<mtable columnalign=\"left\">{rows}</mtable>") });
    });
    let course = Course::new(desk);
    let tile = move |(i, way): (usize, Way)| {
        let look = Signal::derive(move || Look { range: Some(range.get()), ..Look::default() });
        let grid = Grid::new("half", Signal::stored(format!("What is left: {}", way.name())), maps[i]).look(look);
        part(desk, way.mark(), way.name().to_owned(), format!("{HALF}×{HALF}"), grid.view(desk))
    };
    let row = move |way: Way| {
        let mark = way.mark();
        let parameters = move || number::grouped(way.cost(channels.get()).0);
        let work = move || if covered.get() { "?".to_owned() } else { number::grouped(way.cost(channels.get()).1) };
        view! {
            <tr class:lit=move || desk.is_lit(mark)><th scope="row" class=format!("name-{mark}")>{way.name()}</th>
                <td class="number" data-testid=format!("weights-{}", way.word())>{parameters}</td>
                <td class="number" data-testid=format!("work-{}", way.word())>{work}</td>
                <td class="number" data-testid=format!("right-{}", way.word())>{move || trained::stands(course, way)}</td></tr>
        }
        .into_any()
    };
    let heading = move || match channels.get() {
        1 => "From 1 map to 1".to_owned(),
        n => format!("From {n} maps to {n}"),
    };
    view! {
        <div class="strided">
            <div class="tiles">{Way::ALL.into_iter().enumerate().map(tile).collect_view()}</div>
            <div class="below">
                <div class="rates">
                    <table class="told">
                        <thead><tr><th scope="col">{heading}</th><th scope="col">"weights"</th><th scope="col">"multiply-adds"</th><th scope="col">"test digits right"</th></tr></thead>
                        <tbody>{Way::ALL.map(row).collect_view()}</tbody>
                    </table>
                    {trained::button(desk, course)}
                </div>
                {trained::curves(desk, course)}
            </div>
        </div>
    }
    .into_any()
}

/// One map of the person's image on each way; the second convolution begins as the average of its four.
fn asked(desk: Desk, way: Way) -> Memo<Matrix> {
    let sample = desk.sample();
    let last = way.layers(1).len() - 1;
    let answer = desk.ask(move || {
        let mut weights = EDGE.to_vec();
        if way == Way::Learned {
            weights.extend([0.25; 4]);
        }
        Some(FigureAsk::new(IMAGE, way.layers(1), &sample.get()).weights(&weights).want(Wanted::Output(last)))
    });
    Memo::new(move |_| Matrix::new(HALF, HALF, answer.with(|a| a.output(last).to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_counted() {
        assert_eq!(Way::Pooled.cost(1), (9, 28 * 28 * 9));
        assert_eq!(Way::Strided.cost(8), (9 * 64, 14 * 14 * 9 * 64));
        assert_eq!(Way::Learned.cost(2), (13 * 4, (28 * 28 * 9 + 14 * 14 * 4) * 4));
    }
}
