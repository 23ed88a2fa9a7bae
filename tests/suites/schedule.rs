//! Schedules beyond the golden cases: numbers of PyTorch, legal settings, illegal ones.

use engine::{
    ScheduleSpec,
    schedule::{Cosine, CosineRestarts, CurveSpec, OneCycle, Plateau, Polynomial, Reduction, Step, ThresholdMode},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::problem::{Tolerance, assert_close};

const WITHIN: Tolerance = Tolerance { rtol: 1e-6, atol: 1e-9 };

fn rates(schedule: ScheduleSpec, count: u32) -> Vec<f64> {
    (0..count).map(|step| f64::from(schedule.rate(0.1, step))).collect()
}

/// PyTorch 2's `lr_scheduler` from a rate of 0.1.
#[wasm_bindgen_test(unsupported = test)]
fn schedules_follow_pytorch() {
    let cases: [(ScheduleSpec, &[f64]); 4] = [
        (
            CurveSpec::from(Polynomial { total_iters: 8, power: 2.0 }).into(),
            &[0.1, 0.0765625, 0.05625, 0.0390625, 0.025, 0.0140625, 0.00625, 0.0015625, 0.0, 0.0, 0.0],
        ),
        // Beyond its length it rises again.
        (
            CurveSpec::from(Cosine { t_max: 5, min_rate: 0.01 }).into(),
            &[
                0.1,
                0.091405765,
                0.068905765,
                0.041094235,
                0.018594235,
                0.01,
                0.018594235,
                0.041094235,
                0.068905765,
                0.091405765,
                0.1,
                0.091405765,
                0.068905765,
            ],
        ),
        (
            CurveSpec::from(CosineRestarts { t_0: 3, t_mult: 1, min_rate: 0.01 }).into(),
            &[0.1, 0.0775, 0.0325, 0.1, 0.0775, 0.0325, 0.1, 0.0775],
        ),
        // `SequentialLR` of `LinearLR` and `StepLR`.
        (
            ScheduleSpec { curve: Step { step_size: 3, gamma: 0.5 }.into(), warmup_steps: 4, start_factor: 0.25 },
            &[0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025],
        ),
    ];
    for (schedule, want) in cases {
        assert_close(&schedule, &rates(schedule, want.len() as u32), want, WITHIN);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_plateau_cools_down() {
    let plateau = Plateau { factor: 0.5, patience: 1, cooldown: 2, threshold: 0.05, threshold_mode: ThresholdMode::Abs, min_rate: 0.02 };
    let values = [1.0, 0.9, 0.95, 0.91, 0.92, 0.93, 0.94, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
    let want = [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.02, 0.02];
    let mut reduction = Reduction::default();
    let got = values.map(|value| {
        let rate = 0.1 * reduction.factor();
        reduction.observe(&plateau, 0.1, value);
        f64::from(rate)
    });
    assert_close(&plateau, &got, &want, WITHIN);
    // A loss that is no number is no improvement.
    let mut reduction = Reduction::default();
    (0..3).for_each(|_| reduction.observe(&plateau, 0.1, f64::NAN));
    assert_eq!(reduction.factor(), 0.5);
}

/// The names in the lists are those of the specification; every curve is legal as it is, gives numbers, and
/// comes back from its text.
#[wasm_bindgen_test(unsupported = test)]
fn every_curve_is_described() {
    for curve in CurveSpec::all() {
        let schedule = ScheduleSpec { warmup_steps: 10, ..curve.into() };
        schedule.check().unwrap();
        let json = serde_json::to_value(curve).unwrap();
        assert_eq!(json["curve"], curve.curve().name());
        let numbers = json.as_object().unwrap().values().filter(|v| v.is_number()).count();
        assert_eq!(curve.curve().settings().len(), numbers, "{json}: the list is not whole");
        for setting in curve.curve().settings() {
            let value = setting.value(&curve).unwrap_or_else(|| panic!("{json} has no {}", setting.key));
            assert_eq!(setting.with(&curve, value).unwrap(), curve, "{}", setting.key);
        }
        assert_eq!(serde_json::from_str::<CurveSpec>(&json.to_string()).unwrap(), curve);
        let bare = serde_json::json!({ "curve": curve.curve().name() });
        assert_eq!(serde_json::from_value::<CurveSpec>(bare).unwrap(), curve, "the usual settings go without saying");
        for schedule in [schedule, schedule.fitted(1), schedule.fitted(100)] {
            for step in [0, 1, 9, 10, 11, 99, 100, 1_000_000, u32::MAX] {
                let rate = schedule.rate(0.1, step);
                assert!((0.0..=0.1).contains(&rate), "{schedule:?} gives {rate} at {step}");
            }
        }
    }
    for setting in ScheduleSpec::SETTINGS {
        assert!(setting.value(&ScheduleSpec::default()).is_some(), "{}", setting.key);
    }
}

/// A length of nothing is that of the run, less the warm-up.
#[wasm_bindgen_test(unsupported = test)]
fn lengths_fit_the_run() {
    let fitted = |curve: CurveSpec| ScheduleSpec { warmup_steps: 10, ..curve.into() }.fitted(110).curve;
    assert_eq!(fitted(Cosine::default().into()), Cosine { t_max: 100, ..Cosine::default() }.into());
    assert_eq!(fitted(OneCycle::default().into()), OneCycle { total_steps: 100, ..OneCycle::default() }.into());
    assert_eq!(fitted(Step::default().into()), Step { step_size: 34, ..Step::default() }.into());
    assert_eq!(fitted(CosineRestarts::default().into()), CosineRestarts { t_0: 15, ..CosineRestarts::default() }.into());
    // One that is set stays.
    assert_eq!(fitted(Polynomial { total_iters: 7, power: 1.0 }.into()), Polynomial { total_iters: 7, power: 1.0 }.into());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_wrong_is_said() {
    let check = |json: &str| serde_json::from_str::<ScheduleSpec>(json).unwrap().check().unwrap_err().to_string();
    let cases = [
        (r#"{"curve": {"curve": "step", "gamma": 1.5}}"#, "`gamma` is 1.5, but must lie in 0 to 1"),
        (r#"{"curve": {"curve": "cosine_restarts", "t_mult": 0}}"#, "`t_mult` is 0, but must lie in 1 to 100"),
        (r#"{"curve": {"curve": "one_cycle", "div_factor": 0}}"#, "`div_factor` is 0, but must lie in 1 to 1000000"),
        (r#"{"warmup_steps": 5, "start_factor": 0}"#, "`start_factor` is 0, but must lie in 0.000001 to 1"),
    ];
    for (json, want) in cases {
        assert_eq!(check(json), want, "{json}");
    }
}
