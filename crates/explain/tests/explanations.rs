//! Explanations against finite differences, against each other, and against what can be said by hand.

#![allow(clippy::unwrap_used, reason = "everything here is a test")]

use engine::{
    Cpu, Graph, Init, LayerSpec, ModelSpec, NodeId, OptimizerSpec, Padding, Pair, Shape,
    ops::{Add, BatchNorm2d, Conv2d, Dense, Dropout, Flatten, GlobalAvgPool2d, MaxPool2d, Relu},
    rng,
};
use explain::{ExplainError, Explainer, Occluder};

const CLASSES: usize = 3;

fn conv(out_ch: usize) -> LayerSpec {
    Conv2d { out_ch, pad: Padding::all(1), ..Conv2d::default() }.into()
}

/// Everything that differs between training and evaluation stands in it.
fn network() -> ModelSpec {
    let norm = || BatchNorm2d { eps: 1e-5, momentum: 0.1 }.into();
    let pool = MaxPool2d { kernel: Pair::square(2), stride: Pair::square(2), pad: Padding::default() };
    let layers = vec![
        conv(4),
        norm(),
        Relu {}.into(),
        pool.into(),
        Dropout { ..Dropout::default() }.into(),
        Add { branches: vec![vec![], vec![conv(4), norm(), Relu {}.into()]] }.into(),
        conv(5),
        norm(),
        Relu {}.into(),
        GlobalAvgPool2d {}.into(),
        Flatten {}.into(),
        Dense { out: CLASSES, bias: true }.into(),
    ];
    ModelSpec { input: Shape::new(2, 8, 6), layers, init: Init::default() }
}

/// Numbers from -1 to 1.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    (0..count as u32).map(|i| 2.0 * rng::uniform(seed, rng::Stream::INIT, i) - 1.0).collect()
}

fn explainer(spec: &ModelSpec) -> Explainer {
    let graph = std::sync::Arc::new(Graph::check(spec).unwrap());
    let cpu = Cpu::new(&graph, OptimizerSpec::default(), 3);
    // Statistics and gains that are not those of the start.
    let params: Vec<f32> = cpu.params.iter().zip(noise(cpu.params.len(), 1)).map(|(p, n)| p + 0.2 * n).collect();
    let state: Vec<f32> = noise(cpu.state.len(), 2).iter().map(|n| 0.8 + 0.5 * n).collect();
    Explainer::new(spec, &params, &state).unwrap()
}

fn image(spec: &ModelSpec) -> Vec<f32> {
    noise(spec.input.len(), 9).iter().map(|n| 0.5 + 0.5 * n).collect()
}

#[test]
fn the_input_gradient_is_that_of_the_evaluated_network() {
    let spec = network();
    let (mut explainer, image) = (explainer(&spec), image(&spec));
    for target in 0..CLASSES {
        let gradient = explainer.input_gradient(&image, target).unwrap();
        assert!(gradient.iter().any(|g| g.abs() > 0.01), "{gradient:?}");
        let mut off = 0;
        for (i, got) in gradient.iter().enumerate() {
            let mut score = |step: f32| {
                let mut moved = image.clone();
                moved[i] += step;
                explainer.scores(&moved).unwrap()[target]
            };
            let want = (score(1e-3) - score(-1e-3)) / 2e-3;
            // A step may cross the edge of a ReLU or another maximum: there the difference is between two slopes.
            off += usize::from((got - want).abs() > 0.01 * want.abs() + 2e-3);
        }
        assert!(off <= gradient.len() / 20, "{off} of {} slopes are off", gradient.len());
    }
}

#[test]
fn grad_cam_of_the_last_maps_is_the_class_activation_map() {
    let spec = network();
    let (mut explainer, image) = (explainer(&spec), image(&spec));
    for target in 0..CLASSES {
        let (cam, grad_cam) = (explainer.cam(&image, target).unwrap(), explainer.grad_cam(&image, target, None).unwrap());
        assert_eq!((cam.h, cam.w, cam.values.len()), (4, 3, 12));
        assert!(cam.values.iter().any(|v| v.abs() > 1e-3));
        // The mean of a map has the gradient weight / places everywhere.
        for (c, g) in cam.values.iter().zip(&grad_cam.values) {
            assert!((c.max(0.0) / 12.0 - g).abs() < 1e-6, "{c} {g}");
        }
        // The score is the mean of the map and the bias: what it is on an image without maps.
        let mean = cam.values.iter().sum::<f32>() / 12.0;
        let bias = explainer.scores(&image).unwrap()[target] - mean;
        let other: Vec<f32> = image.iter().map(|x| 1.0 - x).collect();
        let mean = explainer.cam(&other, target).unwrap().values.iter().sum::<f32>() / 12.0;
        assert!((explainer.scores(&other).unwrap()[target] - mean - bias).abs() < 1e-5);
    }
    assert_eq!(explainer.grad_cam(&image, 0, Some(NodeId(2))).unwrap().values.len(), 48);
}

#[test]
fn an_attack_stays_near_and_raises_the_loss() {
    let spec = network();
    let (mut explainer, image) = (explainer(&spec), image(&spec));
    let mut loss = |image: &[f32], label: usize| {
        let mut scores = explainer.scores(image).unwrap();
        let sum = engine::loss::softmax(&mut scores.clone());
        sum - scores.swap_remove(label)
    };
    let before = [0, 1, 2].map(|label| loss(&image, label));
    for label in 0..CLASSES {
        let mut explainer = self::explainer(&spec);
        let attacked = explainer.fgsm(&image, label, 0.05).unwrap();
        assert!(attacked.iter().zip(&image).all(|(a, x)| (a - x).abs() <= 0.05 + 1e-6 && (0.0..=1.0).contains(a)));
        assert!(loss(&attacked, label) > before[label] + 1e-3, "{label}");
        assert_eq!(explainer.fgsm(&image, label, 0.0).unwrap(), image);
    }
}

#[test]
fn covering_counts_where_the_network_looks() {
    // One weight: the second class is seen by the pixel in row 1, column 2.
    let spec = ModelSpec {
        input: Shape::new(1, 4, 4),
        layers: vec![Flatten {}.into(), Dense { out: 2, bias: false }.into()],
        init: Init::default(),
    };
    let mut weights = vec![0.0; 32];
    weights[16 + 6] = 3.0;
    let mut explainer = Explainer::new(&spec, &weights, &[]).unwrap();
    let patch = Occluder { size: Pair::square(2), stride: Pair::square(2), grey: 0.0 };
    let map = explainer.occlusion(&[1.0; 16], 1, &patch).unwrap();
    let lost = 1.0 / (1.0 + (-3.0f32).exp()) - 0.5;
    assert_eq!((map.h, map.w), (2, 2));
    assert_eq!(map.values.iter().map(|v| *v == 0.0).collect::<Vec<_>>(), [true, false, true, true]);
    assert!((map.values[1] - lost).abs() < 1e-6);
    assert_eq!(explainer.input_gradient(&[1.0; 16], 1).unwrap(), weights[16..]);

    let wide = Occluder { size: Pair::new(2, 5), ..patch };
    let error = explainer.occlusion(&[1.0; 16], 1, &wide).unwrap_err().to_string();
    assert!(error.contains("2×5") && error.contains("4 columns"), "{error}");
    assert_eq!(explainer.grad_cam(&[1.0; 16], 1, None), Err(ExplainError::NoMap));
}

#[test]
fn what_cannot_be_explained_is_said() {
    let spec = network();
    let (mut explainer, image) = (explainer(&spec), image(&spec));
    assert_eq!(explainer.input_gradient(&image[1..], 0), Err(ExplainError::Image { want: 96, got: 95 }));
    assert_eq!(explainer.fgsm(&image, 3, 0.1), Err(ExplainError::Target { target: 3, classes: 3 }));
    let flat = explainer.grad_cam(&image, 0, Some(NodeId(12))).unwrap_err().to_string();
    assert_eq!(flat, "layer 13 gives no map: there are 15 layers, and the last to give one is layer 12");
    let mut other = spec.clone();
    other.layers.remove(9);
    assert_eq!(self::explainer(&other).cam(&image, 0), Err(ExplainError::NoCam));
    let error = Explainer::new(&spec, &[0.0; 3], &[]).unwrap_err().to_string();
    assert!(error.starts_with("the network has") && error.ends_with("3 came"), "{error}");
}
