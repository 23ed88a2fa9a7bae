//! Four maps in, four out: who is joined to whom, and what comes of it.

use crate::reaction::effect;
use engine::{LayerSpec, Padding, Shape, ops::Conv2d};
use figures::Range;
use leptos::prelude::*;

use super::layers::{BANK, DRAWN, Kind, SIDE, drawn, graph};
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch},
        part::part,
    },
    link::figure::Wanted,
    widgets::number,
};

const KERNEL: usize = 3;
const IMAGE: Shape = Shape::new(1, SIDE, SIDE);

fn layers(kind: Kind) -> Vec<LayerSpec> {
    let bank = Conv2d { out_ch: DRAWN, pad: Padding::Same, bias: false, ..Conv2d::default() };
    [LayerSpec::from(bank)].into_iter().chain(kind.layers(DRAWN, KERNEL)).collect()
}

fn asked(desk: Desk, kind: Memo<Kind>) -> ReadSignal<Answer> {
    let sample = desk.sample();
    desk.ask(move || {
        let layers = layers(kind.get());
        let count = graph(IMAGE, layers.clone())?.params_len() - BANK.len();
        let weights = [&BANK[..], &drawn(count)].concat();
        let ask = FigureAsk::new(IMAGE, layers.clone(), &sample.get()).weights(&weights);
        Some((0..layers.len()).fold(ask, |ask, node| ask.want(Wanted::Output(node))))
    })
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

#[derive(Clone, Copy)]
struct Wires {
    desk: Desk,
    kind: Memo<Kind>,
    answer: ReadSignal<Answer>,
    /// Which channel of the output is looked at.
    at: Memo<usize>,
    covered: Memo<bool>,
}

impl Wires {
    /// Channels of layer `stage`'s input from which the chosen output takes something.
    fn used(self, stage: usize) -> Vec<usize> {
        let joined = self.kind.get().joined();
        let mut wanted = vec![self.at.get()];
        for lines in joined.iter().skip(stage).rev() {
            wanted = (0..DRAWN).filter(|from| lines.iter().any(|(f, to)| f == from && wanted.contains(to))).collect();
        }
        wanted
    }

    /// The maps that layer `node` gives, one below the other.
    fn maps(self, node: usize, testid: &'static str, mark: &'static str, title: &'static str) -> AnyView {
        let desk = self.desk;
        let last = node + 1 == layers(self.kind.get_untracked()).len();
        let numbers = Memo::new(move |_| self.answer.with(|a| a.output(node).to_vec()));
        let range = Signal::derive(move || Range::symmetric(numbers.with(|n| largest(n))));
        let one = move |channel: usize| {
            let plane = move || numbers.with(|n| n.iter().skip(channel * SIDE * SIDE).take(SIDE * SIDE).copied().collect());
            let matrix = Memo::new(move |_| Matrix::new(SIDE, SIDE, plane()));
            let known = move || (last && self.covered.get()).then_some(0);
            let look = Signal::derive(move || Look { signed: true, range: Some(range.get()), known: known(), ..Look::default() });
            let whole = Outline::new(0, 0, SIDE, SIDE, if last { Mark::Output } else { Mark::Input });
            let shown = move || if last { self.at.get() == channel } else { self.used(node).contains(&channel) };
            let grid = Grid::new(testid, Signal::stored(format!("{title}: channel {}", channel + 1)), matrix)
                .look(look)
                .outlines(Signal::derive(move || if shown() { vec![whole] } else { Vec::new() }));
            let grid = if last {
                grid.touch(move |touch: Touch| {
                    if touch.pressed {
                        desk.set("at", channel);
                    }
                })
            } else {
                grid
            };
            grid.view(desk)
        };
        let inner = view! { <div class="column">{(0..DRAWN).map(one).collect_view()}</div> };
        part(desk, mark, title.to_owned(), String::new(), inner.into_any())
    }

    /// Lines of one layer between the columns.
    fn lines(self, stage: usize) -> AnyView {
        let y = |channel: usize| (2 * channel + 1) as f64 * 100.0 / (2 * DRAWN) as f64;
        let line = move |(from, to): (usize, usize)| {
            let lit = move || {
                let behind = if stage + 1 == self.kind.get().joined().len() { vec![self.at.get()] } else { self.used(stage + 1) };
                behind.contains(&to)
            };
            view! { <polyline class="wire" class:on=lit points=format!("0,{} 100,{}", y(from), y(to))/> }.into_any()
        };
        let lines = self.kind.get_untracked().joined().get(stage).cloned().unwrap_or_default();
        let name = if self.kind.get_untracked() == Kind::Pointwise || stage == 1 { "1×1" } else { "3×3" };
        let count = lines.len();
        let inner = view! {
            <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true" data-testid="wires">{lines.into_iter().map(line).collect_view()}</svg>
        };
        part(self.desk, "kernel", name.to_owned(), format!("{count} kernels"), inner.into_any())
    }
}

pub fn view(desk: Desk) -> AnyView {
    let (word, at) = (desk.text("kind"), desk.count("at"));
    let kind = Memo::new(move |_| word.with(|w| Kind::of(w)));
    let at = Memo::new(move |_| at.get().min(DRAWN - 1));
    let wires = Wires { desk, kind, answer: asked(desk, kind), at, covered: desk.is_on("covered") };
    effect(move || {
        let kind = kind.get();
        let (weights, work) = kind.cost(DRAWN, KERNEL);
        desk.report("weights", weights as f64);
        let map = wires
            .answer
            .with(|a| a.output(layers(kind).len() - 1).iter().skip(at.get() * SIDE * SIDE).take(SIDE * SIDE).copied().collect::<Vec<_>>());
        desk.report("strongest", f64::from(largest(&map)));
        let kernels: usize = kind.joined().iter().map(Vec::len).sum();
        let term = match kind {
            Kind::Pointwise => format!("<mn>{kernels}</mn><mo>·</mo><msup><mn>1</mn><mn>2</mn></msup>"),
            Kind::Separable => {
                "<mn>4</mn><mo>·</mo><msup><mn>3</mn><mn>2</mn></msup><mo>+</mo><mn>16</mn><mo>·</mo><msup><mn>1</mn><mn>2</mn></msup>"
                    .to_owned()
            }
            _ => format!("<mn>{kernels}</mn><mo>·</mo><msup><mn>3</mn><mn>2</mn></msup>"),
        };
        desk.live.set(format!(
            "{term}<mo>=</mo><mn class=\"result\">{weights}</mn><mspace width=\"1.4em\"/><mtext>multiply-adds:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{}</mn>",
            number::grouped(work)
        ));
    });
    // Another kind may have another number of columns.
    let columns = move || {
        let two = kind.get() == Kind::Separable;
        let between = two.then(|| view! { {wires.maps(1, "between", "sum", "Between")} {wires.lines(1)} });
        view! {
            <div class="wires" class:two=two>
                {wires.maps(0, "in", "input", "Maps in")}
                {wires.lines(0)}
                {between}
                {wires.maps(if two { 2 } else { 1 }, "out", "output", "Maps out")}
            </div>
        }
        .into_any()
    };
    view! { {move || columns()} }.into_any()
}
