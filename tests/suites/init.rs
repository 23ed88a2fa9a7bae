//! First values: their spread, their shape, that they repeat, and how they are written.

use engine::{
    Graph, Init, ModelSpec, Shape,
    ops::{Conv2d, Dense, Flatten, ParamRole},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::training::checksum;

/// Weights with more columns than rows, and one, 300 × 48, the other way round.
fn graph(init: Init) -> Graph {
    let layers = vec![
        Conv2d { out_ch: 12, kernel: engine::Pair::square(5), ..Conv2d::default() }.into(),
        Flatten {}.into(),
        Dense { out: 300, bias: true }.into(),
        Dense { out: 40, bias: true }.into(),
        Dense { out: 90, bias: true }.into(),
    ];
    Graph::check(&ModelSpec { input: Shape::new(8, 6, 6), layers, init }).unwrap()
}

#[wasm_bindgen_test(unsupported = test)]
fn spreads_are_as_documented() {
    for init in Init::ALL {
        let graph = graph(init);
        let values = graph.initial_params(5);
        assert_eq!(values, graph.initial_params(5), "{init:?}");
        for param in &graph.params {
            let block = &values[param.range.clone()];
            if param.role != ParamRole::Weight {
                assert!(block.iter().all(|v| *v == 0.0), "{init:?}, {}", param.name);
                continue;
            }
            let count = block.len() as f64;
            let mean = block.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
            let deviation = (block.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count).sqrt();
            let (fan_in, fan_out) = (param.fan_in as f64, param.fan_out as f64);
            let (want_mean, want) = match init {
                Init::HeNormal | Init::HeUniform => (0.0, (2.0 / fan_in).sqrt()),
                Init::HeNormalFanOut | Init::HeUniformFanOut => (0.0, (2.0 / fan_out).sqrt()),
                Init::XavierNormal | Init::XavierUniform => (0.0, (2.0 / (fan_in + fan_out)).sqrt()),
                Init::Orthogonal { gain } => (0.0, f64::from(gain) / (param.dims[0].max(block.len() / param.dims[0]) as f64).sqrt()),
                Init::Normal { std } => (0.0, f64::from(std)),
                Init::Uniform { bound } => (0.0, f64::from(bound) / 3f64.sqrt()),
                Init::Constant { value } => (f64::from(value), 0.0),
                Init::Zero => (0.0, 0.0),
            };
            let what = format!("{init:?}, {}: mean {mean}, deviation {deviation}, wanted {want}", param.name);
            assert!((mean - want_mean).abs() <= 4.0 * want / count.sqrt() + 1e-8, "{what}");
            assert!((deviation - want).abs() <= 0.06 * want + 1e-8, "{what}");
            let most = block.iter().fold(0.0f64, |m, v| m.max(f64::from(v.abs())));
            if matches!(init, Init::HeUniform | Init::HeUniformFanOut | Init::XavierUniform | Init::Uniform { .. }) {
                assert!(most <= 3f64.sqrt() * want * 1.000_001, "{what}: {most}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn orthogonal_weights_are_orthogonal() {
    let gain = 1.5;
    let graph = graph(Init::Orthogonal { gain });
    let values = graph.initial_params(7);
    for param in graph.params.iter().filter(|p| p.role == ParamRole::Weight) {
        let (block, rows) = (&values[param.range.clone()], param.dims[0]);
        let columns = block.len() / rows;
        let (count, len) = (rows.min(columns), rows.max(columns));
        let number = |vector: usize, place: usize| {
            f64::from(if rows <= columns { block[vector * columns + place] } else { block[place * columns + vector] })
        };
        for a in 0..count {
            for b in a..count {
                let product: f64 = (0..len).map(|i| number(a, i) * number(b, i)).sum();
                let want = if a == b { f64::from(gain * gain) } else { 0.0 };
                assert!((product - want).abs() < 1e-5, "{}: {a} times {b} is {product}", param.name);
            }
        }
    }
    // The same bits on every machine.
    assert_eq!(checksum(&values), ORTHOGONAL, "the checksum is now {:#018x}", checksum(&values));
}

const ORTHOGONAL: u64 = 0x2c9e_ad93_48f7_47c9;

#[wasm_bindgen_test(unsupported = test)]
fn rules_are_written_by_name() {
    for init in Init::ALL {
        init.check().unwrap();
        let json = serde_json::to_value(init).unwrap();
        assert_eq!(serde_json::from_value::<Init>(json.clone()).unwrap(), init);
        let name = json.as_str().map(str::to_owned).or_else(|| json.as_object().and_then(|o| o.keys().next().cloned())).unwrap();
        assert_eq!(name, init.name());
        assert_eq!(json.is_object(), !init.settings().is_empty(), "{json}");
        for setting in init.settings() {
            assert!(setting.value(&init).is_some(), "{json} has no {}", setting.key);
        }
    }
    let refused = ModelSpec { init: Init::Normal { std: -1.0 }, ..graph(Init::Zero).spec };
    assert_eq!(Graph::check(&refused).unwrap_err().to_string(), "the first weights: `std` is -1, but must lie in 0 to 100");
}
