//! Any run that can be said in a link.

use engine::{
    Augment, Graph, Init, LayerSpec, LossSpec, ModelSpec, OptimizerSpec, Padding, Pair, ScheduleSpec, Shape, Sides, Treatment,
    augment::{ROTATIONS, SCALES, SHIFTS},
    loss::{CrossEntropy, Distillation, Focal, Hinge, Sum, Term},
    ops::{AvgPool2d, BatchNorm2d, Conv2d, Dense, Dropout, Flatten, MaxPool2d, Relu},
    optim::{Adam, Momentum, Sgd},
    presets::PRESETS,
    schedule::CurveSpec,
};
use proptest::prelude::*;
use protocol::{
    ClassWeights, Precision, RunSpec, Selection, Stopping, TrainSpec,
    regime::Word,
    run::{BATCHES, EPOCHS, RATES},
};

fn layers() -> impl Strategy<Value = Vec<LayerSpec>> {
    let conv = (1..20usize, 0..3usize, 0..3usize, any::<bool>()).prop_map(|(out_ch, h, w, bias)| {
        let (kernel, pad) = (Pair::new(2 * h + 1, 2 * w + 1), Padding::from(Sides::new(h, h, w, w)));
        LayerSpec::from(Conv2d { out_ch, kernel, pad, bias, ..Conv2d::default() })
    });
    let middle = prop_oneof![
        conv,
        Just(Relu {}.into()),
        Just(MaxPool2d::default().into()),
        Just(AvgPool2d::default().into()),
        Just(BatchNorm2d::default().into()),
        (0.0..0.9f32).prop_map(|p| Dropout { p }.into()),
    ];
    let head = (1..200usize, any::<bool>()).prop_map(|(out, bias)| Dense { out, bias }.into());
    (prop::collection::vec(middle, 0..6), prop::collection::vec(head, 0..3), any::<bool>()).prop_map(|(mut layers, head, bias)| {
        layers.push(Flatten {}.into());
        layers.extend(head);
        layers.push(Dense { out: 10, bias }.into());
        layers
    })
}

fn losses() -> impl Strategy<Value = LossSpec> {
    let weight = prop_oneof![Just(vec![]), prop::collection::vec(0.001..9f32, 10)];
    let single = prop_oneof![
        prop::sample::select(LossSpec::all()),
        (0.0..=1f32, weight).prop_map(|(label_smoothing, weight)| LossSpec::CrossEntropy(CrossEntropy { label_smoothing, weight })),
        (0.0..=20f32).prop_map(|gamma| LossSpec::Focal(Focal { gamma })),
        (0.0..=1000f32).prop_map(|margin| LossSpec::Hinge(Hinge { margin })),
        (0.01..=1000f32, 0.0..=1f32).prop_map(|(temperature, alpha)| LossSpec::Distillation(Distillation { temperature, alpha })),
    ];
    single.prop_recursive(2, 4, 2, |inner| {
        let term = (0.0..=1e6f32, inner).prop_map(|(weight, loss)| Term { weight, loss });
        prop::collection::vec(term, 1..=2).prop_map(|terms| LossSpec::Sum(Sum { terms }))
    })
}

pub fn runs() -> impl Strategy<Value = RunSpec> {
    let decay = 0.0..0.1f32;
    let optimizer = prop_oneof![
        Just(OptimizerSpec::default()),
        decay.clone().prop_map(|weight_decay| OptimizerSpec::Sgd(Sgd { weight_decay })),
        (decay.clone(), 0.0..0.99f32).prop_map(|(weight_decay, momentum)| OptimizerSpec::Momentum(Momentum { momentum, weight_decay })),
        (decay, 0.0..0.99f32, 1e-12..1f32).prop_map(|(weight_decay, b, eps)| OptimizerSpec::Adam(Adam {
            betas: [b, b / 2.0],
            eps,
            weight_decay
        })),
    ];
    let treatment = prop_oneof![
        Just(Treatment::default()),
        (0.0..1f32, 0.0..1f32, 0.0..10f32, 1..9u32, any::<bool>(), any::<bool>()).prop_map(|(l1, l2, clip_norm, accumulate, a, b)| {
            Treatment { l1, l2, clip_norm, accumulate, penalise_all: a, decay_all: b, ..Treatment::default() }
        }),
    ];
    let schedule = (prop::sample::select(CurveSpec::all()), 0..1000u32, 0.01..1f32)
        .prop_map(|(curve, warmup_steps, start_factor)| ScheduleSpec { curve, warmup_steps, start_factor });
    let augment = prop_oneof![
        Just(Augment::default()),
        (SHIFTS, ROTATIONS, SCALES).prop_map(|(shift, rotate, scale)| Augment { shift, rotate, scale, ..Augment::default() }),
        (0.0..8f32, 1..9u32, 0.0..1f32, 0.0..0.5f32, 0.0..4f32, 0.0..5f32).prop_map(
            |(elastic, elastic_cells, hflip, noise, mixup, rand_count)| Augment {
                elastic,
                elastic_cells,
                hflip,
                noise,
                mixup,
                rand_count,
                ..Augment::default()
            }
        ),
    ];
    let selection = prop_oneof![
        Just(Selection::default()),
        (100..30_000u32, 0..59_900u32, prop::collection::vec(0.0..=1f32, 0..=10), 0.0..=1f32, any::<bool>()).prop_map(
            |(validation, subset, keep, label_noise, balanced)| Selection {
                validation,
                subset,
                keep,
                label_noise,
                balanced,
                ..Selection::default()
            }
        )
    ];
    let stopping = (0..1000u32, prop_oneof![Just(0.0), 0.0..100f32], any::<bool>())
        .prop_map(|(patience, min_delta, restore_best)| Stopping { patience, min_delta, restore_best });
    let words = (prop::sample::select(ClassWeights::ALL), prop::sample::select(Precision::ALL));
    let lengths = (RATES, BATCHES, EPOCHS, any::<u32>());
    let train = (losses(), optimizer, treatment, schedule, lengths, augment, selection, stopping, words).prop_map(
        |(loss, optimizer, treatment, schedule, (rate, batch, epochs, seed), augment, selection, stopping, words)| {
            let (class_weights, precision) = (words.0.0, words.1.0);
            let usual = TrainSpec { loss, optimizer, treatment, schedule, augment, selection, ..TrainSpec::default() };
            TrainSpec { rate, batch, epochs, seed, stopping, class_weights, precision, ..usual }
        },
    );
    let init = prop_oneof![prop::sample::select(Init::ALL.to_vec()), (0.0..9f32).prop_map(|std| Init::Normal { std })];
    let input = prop_oneof![Just(Shape::new(1, 28, 28)), (1..4usize, 24..40usize, 24..40usize).prop_map(|(c, h, w)| Shape::new(c, h, w))];
    let own = (layers(), init, input).prop_map(|(layers, init, input)| ModelSpec { layers, init, input });
    let model = prop_oneof![prop::sample::select(PRESETS.iter().map(|p| p.model()).collect::<Vec<_>>()), own];
    (model, train)
        .prop_map(|(model, train)| RunSpec { model, train })
        .prop_filter("pooled away", |run| Graph::check_classifier(&run.model, 10).is_ok())
}
