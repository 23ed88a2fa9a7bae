//! The passes over all gradients on the CPU. Sums have a fixed order.

use super::{Group, sign};

/// Numbers that are summed side by side.
const LANES: usize = 8;

/// The part of `values` that belongs to each group.
fn parts<'a>(values: &'a [f32], groups: &'a [Group]) -> impl Iterator<Item = (&'a Group, &'a [f32])> {
    let mut first = 0;
    groups.iter().map(move |group| {
        let part = &values[first..group.end];
        first = group.end;
        (group, part)
    })
}

/// Σ f(x), in `f64`, over eight sums.
fn sum(values: &[f32], f: impl Fn(f64) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += f(f64::from(*x));
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|x| f(f64::from(*x))).sum::<f64>()
}

/// Length of what is trained of the gradient.
pub fn norm(grads: &[f32], groups: &[Group]) -> f32 {
    let squares: f64 = parts(grads, groups).filter(|(group, _)| group.factor != 0.0).map(|(_, part)| sum(part, |g| g * g)).sum();
    squares.sqrt() as f32
}

/// `l1 · Σ|w| + l2 / 2 · Σw²`.
pub fn penalty(params: &[f32], [l1, l2]: [f32; 2]) -> f64 {
    let (l1, half) = (f64::from(l1), 0.5 * f64::from(l2));
    sum(params, |p| l1 * p.abs() + half * p * p)
}

pub fn penalise(params: &[f32], grads: &mut [f32], groups: &[Group], [l1, l2]: [f32; 2]) {
    let mut rest = grads;
    for (group, part) in parts(params, groups) {
        let (own, others) = rest.split_at_mut(part.len());
        rest = others;
        if group.penalised {
            for (g, p) in own.iter_mut().zip(part) {
                *g += l2 * p + l1 * sign(*p);
            }
        }
    }
}

/// `params += grads · scale` where something is trained.
pub fn add_scaled(params: &mut [f32], grads: &[f32], groups: &[Group], scale: f32) {
    let mut rest = params;
    for (group, part) in parts(grads, groups) {
        let (own, others) = rest.split_at_mut(part.len());
        rest = others;
        if group.factor != 0.0 {
            for (p, g) in own.iter_mut().zip(part) {
                *p += g * scale;
            }
        }
    }
}

/// `sums += grads · scale`; at the last batch the sum goes to `grads` and begins again.
pub fn accumulate(grads: &mut [f32], sums: &mut [f32], scale: f32, last: bool) {
    for (g, s) in grads.iter_mut().zip(sums) {
        let sum = *s + *g * scale;
        if last {
            (*g, *s) = (sum, 0.0);
        } else {
            *s = sum;
        }
    }
}

pub fn clip_value(grads: &mut [f32], limit: f32) {
    for g in grads {
        *g = g.clamp(-limit, limit);
    }
}

pub fn scale(grads: &mut [f32], factor: f32) {
    for g in grads {
        *g *= factor;
    }
}
