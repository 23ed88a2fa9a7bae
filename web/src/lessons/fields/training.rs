//! The field of the same unit before and after training.

use crate::reaction::effect;
use engine::{
    Init, LayerSpec, ModelSpec, Pair,
    ops::{Conv2d, Dense, Flatten, MaxPool2d, Relu},
};
use leptos::prelude::*;

use super::{
    effective::{heat, said},
    mass,
    stack::{IMAGE, SIDE},
};
use crate::{
    learn::{
        desk::Desk,
        engine::FigureAsk,
        trainee::{SEED, Trainee},
    },
    link::figure::Wanted,
};

/// Convolutions of 3×3, and the kernels of each.
const DEPTH: usize = 6;
const CHANNELS: usize = 6;
/// Rows and columns of the last one's map.
const OUT: usize = SIDE - 2 * DEPTH;
/// Updates for one press.
const STEPS: u32 = 150;

/// Six convolutions, and what makes an answer of the last map.
pub fn model() -> ModelSpec {
    let conv = Conv2d { out_ch: CHANNELS, kernel: Pair::square(3), ..Conv2d::default() };
    let mut layers: Vec<LayerSpec> = (0..DEPTH).flat_map(|_| [conv.clone().into(), Relu {}.into()]).collect();
    layers.extend([MaxPool2d::default().into(), Flatten {}.into(), Dense { out: data::CLASSES, bias: true }.into()]);
    ModelSpec { input: IMAGE, layers, init: Init::default() }
}

/// The field of the unit in the middle of the last convolution, over all its kernels.
fn ask(image: &[f32]) -> FigureAsk {
    let spec = model();
    let ask = FigureAsk::new(spec.input, spec.layers, image).seed(SEED);
    let index = |channel: usize| channel * OUT * OUT + OUT / 2 * OUT + OUT / 2;
    (0..CHANNELS).fold(ask, |ask, channel| ask.want(Wanted::Field { node: 2 * (DEPTH - 1), index: index(channel) }))
}

pub fn view(desk: Desk) -> AnyView {
    let sample = desk.sample();
    let trainee = Trainee::new(desk, model(), STEPS);
    let before = desk.ask(move || Some(ask(&sample.get())));
    let after = desk.ask(move || {
        let weights = trainee.weights.get();
        Some(if weights.is_empty() { ask(&sample.get()) } else { ask(&sample.get()).weights(&weights) })
    });
    let before = Memo::new(move |_| before.with(mass::measured));
    let after = Memo::new(move |_| after.with(mass::measured));
    let spot = Memo::new(|_| ((OUT / 2, OUT / 2), 2 * DEPTH + 1));
    effect(move || {
        desk.report("trained", f64::from(trainee.step.get()));
        let core = |field: &Vec<f32>| mass::core(field, (OUT / 2, OUT / 2), 2 * DEPTH + 1);
        if let (Some(b), Some(a)) = (before.with(core), after.with(core)) {
            desk.report("core-before", b as f64);
            desk.live
                .set(format!("<mtext>95 % in</mtext><mspace width=\"0.4em\"/><mn>{b}×{b}</mn><mo>→</mo><mn class=\"result\">{a}×{a}</mn>"));
        }
    });
    view! {
        <div class="pair">
            {heat(desk, "field-before", "Before training", before, spot)}
            {heat(desk, "field-after", "As trained now", after, spot)}
        </div>
        {trainee.view()}
        {said(desk, after, spot)}
    }
    .into_any()
}
