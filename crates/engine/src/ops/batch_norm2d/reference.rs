//! The formula in f64, with the gradient by the chain rule through mean and variance.

use super::BatchNorm2d;
use crate::{
    Mode,
    ops::{Activation, Placement, Reference},
};

pub(super) fn run(op: &BatchNorm2d, at: &Placement, input: &[f64], params: &[f64], state: &[f64], d_output: &[f64]) -> Reference {
    let (ch, size) = (at.input.ch, at.input.plane());
    let (eps, momentum) = (f64::from(op.eps), f64::from(op.momentum));
    let mut r =
        Reference { output: vec![0.0; input.len()], state: state.to_vec(), d_input: vec![0.0; input.len()], d_params: vec![0.0; 2 * ch] };
    for c in 0..ch {
        let places: Vec<usize> = (0..at.batch).flat_map(|n| (0..size).map(move |i| (n * ch + c) * size + i)).collect();
        let m = places.len() as f64;
        let training = at.mode == Mode::Train;
        let (mean, var) = if training {
            let mean = places.iter().map(|&p| input[p]).sum::<f64>() / m;
            let var = places.iter().map(|&p| (input[p] - mean).powi(2)).sum::<f64>() / m;
            r.state[c] += momentum * (mean - state[c]);
            let unbiased = if m > 1.0 { var * m / (m - 1.0) } else { var };
            r.state[ch + c] += momentum * (unbiased - state[ch + c]);
            (mean, var)
        } else {
            (state[c], state[ch + c])
        };
        let (gain, bias, root) = (params[c], params[ch + c], (var + eps).sqrt());
        let (mut d_mean, mut d_var) = (0.0, 0.0);
        let mut passed = Vec::new();
        for &p in &places {
            let normal = (input[p] - mean) / root;
            let value = normal * gain + bias;
            let off = at.activation == Some(Activation::Relu) && value <= 0.0;
            r.output[p] = if off { 0.0 } else { value };
            let d = if off { 0.0 } else { d_output.get(p).copied().unwrap_or(0.0) };
            r.d_params[c] += d * normal;
            r.d_params[ch + c] += d;
            let d_normal = d * gain;
            d_var += d_normal * (input[p] - mean) * -0.5 / root.powi(3);
            d_mean -= d_normal / root;
            passed.push(d_normal / root);
        }
        for (&p, through) in places.iter().zip(passed) {
            r.d_input[p] = through;
            if training {
                r.d_input[p] += d_var * 2.0 * (input[p] - mean) / m + d_mean / m;
            }
        }
    }
    r
}
