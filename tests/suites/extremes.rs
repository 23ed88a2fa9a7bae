//! Activations far from zero, on every way: where a power would overflow there is a limit, not NaN.

use engine::{
    LayerSpec, Mode, Shape,
    ops::{Elu, Gelu, Hardswish, LeakyRelu, LogSoftmax, Prelu, Relu, Sigmoid, Silu, Softmax, Softplus, Tanh, gelu::Approximate},
};

use crate::{
    problem::{Problem, Tolerance, assert_close, assert_same},
    way::{Way, every_way},
};

every_way! { activations_have_limits, shares_have_limits }

const WITHIN: Tolerance = Tolerance { rtol: 1e-5, atol: 2e-6 };

async fn activations_have_limits(way: Way) {
    let layers: [LayerSpec; 12] = [
        Relu {}.into(),
        LeakyRelu::default().into(),
        Prelu::default().into(),
        Elu { alpha: 1.5 }.into(),
        Gelu::default().into(),
        Gelu { approximate: Approximate::Tanh }.into(),
        Silu {}.into(),
        Sigmoid {}.into(),
        Tanh {}.into(),
        Softplus::default().into(),
        Softplus { beta: 4.0, threshold: 1000.0 }.into(),
        Hardswish {}.into(),
    ];
    let mut input: Vec<f32> = [1e-30, 1e-6, 0.3, 5.0, 20.0, 50.0, 87.5, 100.0, 1e4, 1e10, 1e30].iter().flat_map(|x| [*x, -x]).collect();
    input.push(0.0);
    for layer in layers {
        let mut problem = Problem::new(&layer, Shape::new(1, 1, input.len()), 1, Mode::Train);
        problem.input.clone_from(&input);
        problem.d_output.fill(1.0);
        problem.params.fill(0.25);
        let (got, want) = (way.layer(&problem).await, problem.reference());
        assert!(want.output.iter().chain(&want.d_input).all(|x| x.is_finite()), "{layer:?}: {want:?}");
        assert_close(&format!("{layer:?} {way:?}: output"), &got.output, &want.output, WITHIN);
        assert_close(&format!("{layer:?} {way:?}: d_input"), &got.d_input, &want.d_input, WITHIN);
    }
}

async fn shares_have_limits(way: Way) {
    let layers: [LayerSpec; 2] = [Softmax {}.into(), LogSoftmax {}.into()];
    let input = [[1e30, -1e30, 0.0], [100.0, -100.0, 99.0], [1e4, 1e4, -1e4], [-1e30, -1e30, -1e30], [0.0, 0.0, 1e-30]];
    for layer in layers {
        let mut problem = Problem::new(&layer, Shape::flat(3), input.len(), Mode::Train);
        problem.input = input.concat();
        problem.d_output = [1.0, -2.0, 0.5].repeat(input.len());
        let want = problem.reference();
        assert!(want.output.iter().chain(&want.d_input).all(|x| x.is_finite()), "{layer:?}: {want:?}");
        assert_same(&format!("{layer:?} {way:?}"), &way.layer(&problem).await, &want, WITHIN);
    }
}
