//! The first weights that every system of a comparison starts from: He-uniform, drawn in the order of
//! the parameters by mulberry32 (Tommy Ettinger, public domain) from seed 42; biases 0, gains 1.

use engine::{Graph, ops::ParamRole};

const SEED: u32 = 42;

/// The parameter block of `graph`. Numbers are worked out in `f64`, as JavaScript does.
pub fn weights(graph: &Graph) -> Vec<f32> {
    let mut values = vec![0.0; graph.params_len()];
    let mut random = Mulberry32(SEED);
    for param in &graph.params {
        let block = &mut values[param.range.clone()];
        match param.role {
            ParamRole::Weight => {
                let limit = (6.0 / param.fan_in as f64).sqrt();
                block.fill_with(|| ((random.next() * 2.0 - 1.0) * limit) as f32);
            }
            ParamRole::Gain => block.fill(1.0),
            ParamRole::Slope => block.fill(0.25),
            ParamRole::Bias | ParamRole::RunningMean | ParamRole::RunningVar => {}
        }
    }
    values
}

struct Mulberry32(u32);

impl Mulberry32 {
    /// In [0, 1).
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x6d2b_79f5);
        let a = self.0;
        let mut t = (a ^ (a >> 15)).wrapping_mul(1 | a);
        t = t.wrapping_add((t ^ (t >> 7)).wrapping_mul(61 | t)) ^ t;
        f64::from(t ^ (t >> 14)) / 4_294_967_296.0
    }
}

#[cfg(test)]
mod tests {
    use engine::presets::preset;

    use super::*;

    #[test]
    fn random_numbers_are_mulberrys() {
        // The first three of the JavaScript function with seed 42.
        let mut random = Mulberry32(42);
        for want in [0.601_103_751_920_163_6, 0.448_290_558_997_541_67, 0.852_465_793_490_409_9] {
            assert!((random.next() - want).abs() < 1e-15);
        }
    }

    #[test]
    fn biases_are_zero_and_gains_one() {
        let graph = Graph::check(&preset("n3").unwrap().model()).unwrap();
        let values = weights(&graph);
        for param in &graph.params {
            let block = &values[param.range.clone()];
            match param.role {
                ParamRole::Weight => {
                    let limit = (6.0 / param.fan_in as f32).sqrt();
                    assert!(block.iter().all(|w| w.abs() <= limit) && block.iter().any(|w| w.abs() > 0.9 * limit), "{}", param.name);
                }
                ParamRole::Gain => assert!(block.iter().all(|w| *w == 1.0)),
                _ => assert!(block.iter().all(|w| *w == 0.0)),
            }
        }
    }
}
