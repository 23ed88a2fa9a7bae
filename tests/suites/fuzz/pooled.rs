//! Poolings that convolutions do as they write: the same bits as by themselves; and back, where only winners are multiplied,
//! the same gradients up to rounding.

use engine::{
    LayerSpec, LossSpec, Mode, ModelSpec, Padding, Pair, Plan, PlanOptions, Run, Shape, Sides,
    ops::{Conv2d, Dense, Flatten, MaxPool2d, Relu, conv2d::PadMode},
    plan::Watch,
    presets::PRESETS,
};
use wasm_bindgen_test::wasm_bindgen_test;

use super::{Trial, layout, specs, try_all};

/// How many poolings the plan for the processor leaves to the layers before them, after comparing it with the plain one:
/// scores, gradients, running statistics and loss. `edit` changes the images.
fn compare(spec: &ModelSpec, batch: usize, edit: impl Fn(&mut [f32])) -> usize {
    let mut trial = Trial::new(spec, batch);
    edit(&mut trial.images);
    let mut fused = 0;
    for mode in [Mode::Train, Mode::Eval] {
        let options = PlanOptions { batch, mode, watch: Watch::Nothing };
        let plans = [Plan::compile(&trial.graph, &options), Plan::compile_for_cpu(&trial.graph, &options)].map(Result::unwrap);
        plans.iter().for_each(layout::check);
        fused = plans[1].steps.iter().filter(|s| s.at.pooled.is_some()).count();
        assert_eq!(plans[0].steps.len(), plans[1].steps.len() + fused);
        assert!(fused == 0 || plans[1].regions.activations < plans[0].regions.activations || mode == Mode::Eval);
        let [plain, pooled] = plans.map(|plan| {
            let (mut cpu, mut run) = (trial.cpu.clone(), Run::new(plan));
            run.images.copy_from_slice(&trial.images);
            run.labels.extend_from_slice(&trial.labels);
            let mut loss = None;
            // Twice: what the first step leaves in buffers is not seen by the second.
            for _ in 0..2 {
                cpu.forward(&mut run, &trial.now);
                if mode == Mode::Train {
                    cpu.grads.fill(f32::NAN);
                    loss = Some(cpu.backward(&mut run, &LossSpec::default(), batch, &trial.now).loss_sum.to_bits());
                }
            }
            let bits = |values: &[f32]| values.iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect::<Vec<_>>();
            let loss = loss.map(|l| vec![l as u32, (l >> 32) as u32]).unwrap_or_default();
            (cpu.grads.clone(), [bits(run.logits()), bits(&cpu.state), loss])
        });
        for (what, (plain, pooled)) in ["scores", "statistics", "loss"].into_iter().zip(plain.1.iter().zip(&pooled.1)) {
            assert!(plain == pooled, "{what} in {mode:?} of {batch}: {spec:?}");
        }
        if mode == Mode::Train {
            let largest = |values: &[f32]| values.iter().filter(|v| v.is_finite()).fold(0.0f32, |most, v| most.max(v.abs()));
            let all = largest(&plain.0);
            for param in &trial.graph.params {
                let (plain, pooled) = (&plain.0[param.range.clone()], &pooled.0[param.range.clone()]);
                let allowed = 1e-5 * largest(plain) + 1e-6 * all;
                // Zero times what is no number is none; that product is left out.
                let same = |(a, b): (&f32, &f32)| !a.is_finite() || (a - b).abs() <= allowed;
                assert!(plain.iter().zip(pooled).all(same), "gradient of {} in {batch}: {spec:?}", param.name);
            }
        }
    }
    fused
}

fn network(input: Shape, conv: Conv2d, relu: bool) -> ModelSpec {
    let mut layers: Vec<LayerSpec> = vec![Conv2d { out_ch: 6, pad: Padding::all(1), ..Conv2d::default() }.into(), conv.into()];
    layers.extend(relu.then(|| Relu {}.into()));
    layers.extend([MaxPool2d::default().into(), Flatten {}.into(), Dense { out: 3, bias: true }.into()]);
    ModelSpec { input, layers, init: engine::Init::default() }
}

/// Few and many channels, even and uneven maps, windows fewer than a vector's eight and more, groups, strides, paddings.
#[wasm_bindgen_test(unsupported = test)]
fn convolutions_that_pool_give_the_numbers_of_two_layers() {
    let conv = |out_ch, kernel| Conv2d { out_ch, kernel: Pair::square(kernel), ..Conv2d::default() };
    let mut fused = 0;
    for (h, w) in [(4, 4), (5, 7), (8, 9), (11, 13), (12, 20), (19, 34)] {
        for (i, conv) in [
            conv(1, 3),
            conv(6, 1),
            conv(8, 3),
            conv(13, 2),
            Conv2d { groups: 2, ..conv(12, 3) },
            Conv2d { groups: 6, pad: Padding::all(1), ..conv(6, 3) },
            Conv2d { pad: Padding::Same, bias: false, flipped: true, ..conv(9, 4) },
            Conv2d { pad: Padding::all(2), ..conv(5, 5) },
            Conv2d { pad: Sides::new(2, 0, 1, 1).into(), pad_mode: PadMode::Reflect, ..conv(7, 3) },
            Conv2d { stride: Pair::new(2, 1), dilation: Pair::new(1, 2), pad: Padding::all(2), ..conv(10, 3) },
        ]
        .into_iter()
        .enumerate()
        {
            for (relu, batch) in [(true, 3), (false, 9)] {
                let spec = network(Shape::new(1 + i % 2, h, w), conv.clone(), relu);
                if engine::Graph::check(&spec).is_ok() {
                    fused += compare(&spec, batch, |_| {});
                }
            }
        }
    }
    assert!(fused > 60, "only {fused} poolings were fused");
}

/// Of equals the first wins, and what is no number wins or loses as it does alone.
#[wasm_bindgen_test(unsupported = test)]
fn ties_and_what_is_no_number_fall_the_same_way() {
    let conv = |out_ch, kernel| Conv2d { out_ch, kernel: Pair::square(kernel), ..Conv2d::default() };
    // Sums of 54 terms, of 6, and of 150.
    for (conv, relu) in [(conv(16, 3), true), (conv(7, 1), false), (conv(8, 5), true)] {
        let spec = network(Shape::new(1, 13, 20), conv, relu);
        let black = |images: &mut [f32]| images.fill(0.0);
        let steps = |images: &mut [f32]| images.iter_mut().for_each(|v| *v = v.round());
        let broken = |images: &mut [f32]| images.iter_mut().step_by(37).for_each(|v| *v = f32::NAN);
        let endless = |images: &mut [f32]| images.iter_mut().step_by(41).for_each(|v| *v = f32::INFINITY);
        for fused in [compare(&spec, 3, black), compare(&spec, 3, steps), compare(&spec, 3, broken), compare(&spec, 3, endless)] {
            assert_eq!(fused, 1);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn random_networks_and_presets_give_the_same_numbers_however_they_pool() {
    try_all(200, specs::legal(), |spec| {
        compare(&spec, 5, |_| {});
    });
    for (slug, count) in [("lens", 2), ("n1", 2), ("n2", 2), ("n3", 0), ("n4", 0), ("unet", 2)] {
        let preset = PRESETS.iter().find(|p| p.slug == slug).unwrap();
        let fused = compare(&preset.model(), 4, |_| {});
        assert!(fused == count || slug == "unet", "{slug}: {fused} poolings fused");
    }
}

/// What is watched, or read by somebody else, is there.
#[wasm_bindgen_test(unsupported = test)]
fn a_map_that_somebody_looks_at_is_pooled_by_itself() {
    let trial = Trial::new(&PRESETS.iter().find(|p| p.slug == "n1").unwrap().model(), 2);
    let fused = |watch| {
        let plan = Plan::compile_for_cpu(&trial.graph, &PlanOptions { batch: 2, mode: Mode::Eval, watch }).unwrap();
        layout::check(&plan);
        plan.steps.iter().filter(|s| s.at.pooled.is_some()).count()
    };
    let name = |name: &str| trial.graph.nodes.iter().find(|n| n.name == name).unwrap().id;
    assert_eq!(fused(Watch::Nothing), 2);
    assert_eq!(fused(Watch::Everything), 0);
    for watched in ["conv1", "relu1"] {
        assert_eq!(fused(Watch::Nodes(vec![name(watched)])), 1, "{watched}");
    }
    assert_eq!(fused(Watch::Nodes(vec![name("pool1"), name("relu3")])), 2);
}
