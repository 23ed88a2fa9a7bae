//! Random numbers that a derivative can be taken at.

use engine::{
    ops::ParamRole,
    rng::{Stream, normal, shuffle, uniform},
};

use crate::problem::Problem;

/// Apart from every use that the engine itself makes of a seed.
const STREAM: Stream = Stream(0x7e57_0000);

/// Distinct numbers of both signs, none nearer to zero than 0.1 and no two nearer to each other
/// than 1.9 / `len`: no ReLU is at its kink and no maximum has a rival within a small step.
pub fn clear_of_kinks(len: usize, seed: u32) -> Vec<f32> {
    let mut ranks: Vec<u32> = (0..len as u32).collect();
    shuffle(&mut ranks, seed, STREAM.part(1));
    let sign = |i: usize| if uniform(seed, STREAM.part(2), i as u32) < 0.5 { -1.0 } else { 1.0 };
    ranks.iter().enumerate().map(|(i, rank)| sign(i) * (0.1 + 1.9 * (*rank as f32 + 0.5) / len as f32)).collect()
}

/// Standard normal numbers.
pub fn normals(len: usize, seed: u32) -> Vec<f32> {
    (0..len).map(|i| normal(seed, STREAM.part(3), i as u32)).collect()
}

/// Draws every number of `problem`.
pub fn draw(problem: &mut Problem, seed: u32) {
    problem.input = clear_of_kinks(problem.input.len(), seed);
    problem.d_output = normals(problem.d_output.len(), seed);
    let (mut params, mut state) = (Vec::new(), Vec::new());
    for (index, spec) in problem.inferred.params.iter().enumerate() {
        let seed = seed.wrapping_add(1000 * (index as u32 + 1));
        let len = spec.dims.iter().product();
        let one_to_two = (0..len).map(|i| 1.0 + uniform(seed, STREAM.part(4), i as u32));
        match spec.role {
            ParamRole::Weight | ParamRole::Slope => params.extend(normals(len, seed).iter().map(|v| 0.5 * v)),
            ParamRole::Bias => params.extend(normals(len, seed)),
            ParamRole::Gain => params.extend(one_to_two),
            ParamRole::RunningMean => state.extend(normals(len, seed)),
            ParamRole::RunningVar => state.extend(one_to_two),
        }
    }
    (problem.params, problem.state) = (params, state);
}
