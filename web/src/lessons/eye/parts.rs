//! A small network on the person's image, part by part.

use crate::reaction::{effect, live};
use engine::{
    Graph, Init, LayerSpec, ModelSpec, Pair, Shape,
    ops::{Conv2d, Dense, Flatten, MaxPool2d, Relu, Softmax},
};
use figures::Range;
use leptos::prelude::*;

use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Matrix, written},
        part::part,
        trainee::{SEED, Trainee},
    },
    link::figure::Wanted,
    widgets::number,
};

const SIDE: usize = data::SIDE;
/// Kernels, and their rows and columns.
const MAPS: usize = 6;
const KERNEL: usize = 5;
/// Rows and columns of the convolution's maps.
const MAP: usize = SIDE + 1 - KERNEL;
/// Updates for one press.
const STEPS: u32 = 150;
/// Layers by their place.
const CONV: usize = 0;
const RELU: usize = 1;
const POOL: usize = 2;
const DENSE: usize = 4;
const SOFTMAX: usize = 5;

/// Convolution, ReLU, pooling, and a dense layer with an answer for each class.
pub fn model() -> ModelSpec {
    let conv = Conv2d { out_ch: MAPS, kernel: Pair::square(KERNEL), ..Conv2d::default() };
    let dense = Dense { out: data::CLASSES, bias: true };
    let layers: Vec<LayerSpec> = vec![conv.into(), Relu {}.into(), MaxPool2d::default().into(), Flatten {}.into(), dense.into()];
    ModelSpec { input: Shape::new(1, SIDE, SIDE), layers, init: Init::default() }
}

fn ask(image: &[f32], weights: &[f32]) -> FigureAsk {
    let mut spec = model();
    spec.layers.push(Softmax {}.into());
    let ask = FigureAsk::new(spec.input, spec.layers, image);
    let ask = if weights.is_empty() { ask.seed(SEED) } else { ask.weights(weights) };
    [CONV, RELU, POOL, DENSE, SOFTMAX].into_iter().fold(ask.want(Wanted::Weight(0)), |ask, node| ask.want(Wanted::Output(node)))
}

/// Signal-like handles: copying is free.
#[derive(Clone, Copy)]
struct Parts {
    desk: Desk,
    answer: ReadSignal<Answer>,
}

impl Parts {
    /// Six maps, each small.
    fn maps(self, node: usize, side: usize, mark: &'static str, name: &'static str, signed: bool) -> AnyView {
        let most = Memo::new(move |_| self.answer.with(|a| a.output(node).iter().fold(1e-6_f32, |m, v| m.max(v.abs()))));
        let look = Signal::derive(move || {
            let range = if signed { Range::symmetric(most.get()) } else { Range { lo: 0.0, hi: most.get() } };
            Look { signed, range: Some(range), ..Look::default() }
        });
        let tile = move |map: usize| {
            let values = move |a: &Answer| a.output(node).get(map * side * side..(map + 1) * side * side).unwrap_or_default().to_vec();
            let matrix = Memo::new(move |_| Matrix::new(side, side, self.answer.with(values)));
            Grid::new("stage-map", Signal::stored(format!("{name}, map {}", map + 1)), matrix).look(look).view(self.desk)
        };
        let inner = view! { <div class="six">{(0..MAPS).map(tile).collect_view()}</div> };
        part(self.desk, mark, name.to_owned(), format!("{MAPS} × {side}×{side}"), inner.into_any())
    }

    /// The kernels of the convolution.
    fn kernels(self) -> AnyView {
        let values = move |a: &Answer| a.get(Wanted::Weight(0)).map(|(_, w)| w.to_vec()).unwrap_or_default();
        let all = Memo::new(move |_| self.answer.with(values));
        let most = Memo::new(move |_| all.with(|w| w.iter().fold(1e-6_f32, |m, v| m.max(v.abs()))));
        let look = Signal::derive(move || Look { signed: true, range: Some(Range::symmetric(most.get())), ..Look::default() });
        let tile = move |map: usize| {
            let plane = KERNEL * KERNEL;
            let matrix = Memo::new(move |_| {
                Matrix::new(KERNEL, KERNEL, all.with(|w| w.get(map * plane..(map + 1) * plane).unwrap_or_default().to_vec()))
            });
            Grid::new("stage-kernel", Signal::stored(format!("Kernel {}", map + 1)), matrix).look(look).view(self.desk)
        };
        let inner = view! { <div class="six">{(0..MAPS).map(tile).collect_view()}</div> };
        part(self.desk, "kernel", "Kernels".to_owned(), format!("{MAPS} × {KERNEL}×{KERNEL}"), inner.into_any())
    }

    fn image(self) -> AnyView {
        let sample = self.desk.sample();
        let matrix = Memo::new(move |_| Matrix::new(SIDE, SIDE, sample.get()));
        let grid = Grid::new("image", Signal::stored("Your image".to_owned()), matrix)
            .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() });
        part(self.desk, "input", "Image".to_owned(), format!("{SIDE}×{SIDE}"), grid.view(self.desk))
    }

    /// A bar for each class.
    fn bars(self, node: usize, mark: &'static str, name: &'static str, detail: &'static str) -> AnyView {
        let values = Memo::new(move |_| self.answer.with(|a| a.output(node).to_vec()));
        let most = Memo::new(move |_| values.with(|v| v.iter().fold(1e-6_f32, |m, v| m.max(v.abs()))));
        let bar = move |class: usize| {
            let value = move || values.with(|v| v.get(class).copied().unwrap_or(f32::NAN));
            let style = move || {
                let share = value().abs() / most.get();
                format!("--share:{}", if share.is_finite() { share } else { 0.0 })
            };
            let told = move || if value().is_finite() { written(value(), 2) } else { String::new() };
            let best = move || values.with(|v| v.iter().all(|other| value() >= *other)) && value().is_finite();
            let negative = move || value() < 0.0;
            view! {
                <li class:best=best class:negative=negative><span class="number">{class}</span><i style=style></i><span class="number" data-testid=format!("{mark}-{class}")>{live(told)}</span></li>
            }
            .into_any()
        };
        let inner = view! { <ol class="bars">{(0..data::CLASSES).map(bar).collect_view()}</ol> };
        part(self.desk, mark, name.to_owned(), detail.to_owned(), inner.into_any())
    }
}

pub fn view(desk: Desk) -> AnyView {
    let sample = desk.sample();
    let trainee = Trainee::new(desk, model(), STEPS);
    let answer = desk.ask(move || Some(ask(&sample.get(), &trainee.weights.get())));
    let parts = Parts { desk, answer };
    let weights = Graph::check(&model()).map_or(0, |g| g.params_len());
    effect(move || {
        let answers = answer.with(|a| a.output(SOFTMAX).to_vec());
        let best = (0..answers.len()).max_by(|a, b| answers[*a].total_cmp(&answers[*b]));
        desk.report("trained", f64::from(trainee.step.get()));
        let Some(best) = best else { return };
        desk.report("sum", f64::from(answers.iter().sum::<f32>()));
        desk.report("best", best as f64);
        desk.report("probability", f64::from(answers[best]));
        let raw = answer.with(|a| a.output(DENSE).get(best).copied().unwrap_or(f32::NAN));
        desk.live.set(format!(
            "<msub><mi>p</mi><mn>{best}</mn></msub><mo>=</mo><mfrac><msup><mi>e</mi><mn>{}</mn></msup><mo>∑</mo></mfrac><mo>=</mo><mn class=\"result\">{}</mn>",
            written(raw, 2),
            written(answers[best], 3)
        ));
    });
    view! {
        <div class="parts">
            <div class="front">{parts.image()}{parts.kernels()}</div>
            {parts.maps(CONV, MAP, "conv", "Convolution", true)}
            {parts.maps(RELU, MAP, "relu", "ReLU", false)}
            {parts.maps(POOL, MAP / 2, "pool", "Pooling", false)}
            {parts.bars(DENSE, "dense", "Dense", "10 scores")}
            {parts.bars(SOFTMAX, "softmax", "Softmax", "10 shares of 1")}
        </div>
        <div class="below">{trainee.view()}<span class="number count">{format!("{} weights", number::grouped(weights as u64))}</span></div>
    }
    .into_any()
}
