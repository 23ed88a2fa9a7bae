//! Update rules beyond the golden cases, and what stands around a rule: penalties, clipping, rates of
//! layers, accumulation, sharpness-aware minimisation.

use std::{rc::Rc, sync::Arc};

use engine::{
    Graph, Init, Mode, ModelSpec, NodeId, OptimizerSpec, PlanOptions, Shape, StepInputs, Treatment, UpdateSpec,
    backend::gpu::Card,
    ops::{BatchNorm2d, Conv2d, Dense, Flatten, ParamRole, Relu},
    optim::{Adagrad, Lion, Momentum, Nesterov, Rmsprop, Sgd},
    plan::Watch,
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    card::on_card,
    network::{Network, PlanId},
    numbers::normals,
    problem::{Tolerance, assert_close, wide},
    way::{Way, every_way},
};

const WITHIN: Tolerance = Tolerance { rtol: 2e-5, atol: 2e-6 };

every_way! {
    settings_without_golden_cases_follow_pytorch,
    lion_follows_its_paper,
    penalty_clipping_and_rates_do_what_they_say,
    clipping_by_value_is_element_wise,
    what_is_frozen_does_not_move,
    accumulation_takes_the_mean,
    sharpness_is_looked_at_from_above,
}

/// PyTorch 2's `torch.optim` in `float64` on these numbers.
#[rustfmt::skip]
mod pytorch {
    pub const START: [f32; 6] = [-0.486_780_76, -0.603_821_6, -0.558_096_23, 0.667_524_3, -0.197_415_1, 1.942_783_5];
    pub const GRADS: [[f32; 6]; 5] = [
        [-1.401_702, -0.762_557_15, 0.631_213_4, -0.899_135_2, -0.557_793_44, 0.690_718_77],
        [0.222_458_59, -0.666_225_25, 0.684_642_2, 0.574_001_6, -0.582_882_7, 0.767_941_53],
        [0.057_092_66, -1.189_374_6, -0.565_884_9, -0.832_653_76, 0.901_448_67, 0.211_571_13],
        [0.447_927_86, -0.608_823_54, 0.238_946_2, 0.469_888_42, -1.954_004_9, -0.558_733_1],
        [0.429_515_8, -2.264_317, -0.201_712_44, 1.067_711_4, 0.324_631_6, -0.068_354_65],
    ];
    pub const CENTERED: [f64; 6] = [-0.476_969_018_76, -0.471_213_991_45, -0.595_280_910_93, 0.665_813_497_87, -0.137_944_697_88, 1.878_176_549_56];
    pub const WITH_MOMENTUM: [f64; 6] = [-0.464_613_906_92, -0.413_827_185_97, -0.638_366_563_55, 0.693_871_929_01, -0.098_380_889_06, 1.850_986_526_56];
    pub const BOTH: [f64; 6] = [-0.461_726_255_47, -0.389_924_340_19, -0.646_414_261_67, 0.698_078_535_29, -0.088_542_451_08, 1.841_733_345_33];
    pub const ADAGRAD: [f64; 6] = [-0.422_616_306_15, -0.351_143_595_09, -0.674_093_289_75, 0.707_741_877_66, -0.049_812_373_60, 1.779_191_756_77];
    pub const NESTEROV: [f64; 6] = [-0.105_250_261_14, 1.074_846_188_14, -0.845_938_095_10, 0.676_743_967_34, 0.464_181_507_65, 1.121_111_487_25];
    pub const MOMENTUM: [f64; 6] = [-0.091_467_647_37, 0.655_458_556_84, -0.837_305_925_80, 0.769_432_751_28, 0.338_063_709_14, 1.220_971_111_43];
}

async fn settings_without_golden_cases_follow_pytorch(way: Way) {
    let rmsprop = Rmsprop { alpha: 0.9, eps: 1e-8, ..Rmsprop::default() };
    let cases: [(OptimizerSpec, f32, [f64; 6]); 6] = [
        (Rmsprop { centered: true, weight_decay: 0.1, ..rmsprop }.into(), 0.01, pytorch::CENTERED),
        (Rmsprop { momentum: 0.5, ..rmsprop }.into(), 0.01, pytorch::WITH_MOMENTUM),
        (Rmsprop { momentum: 0.5, centered: true, ..rmsprop }.into(), 0.01, pytorch::BOTH),
        (Adagrad { lr_decay: 0.3, weight_decay: 0.1, ..Adagrad::default() }.into(), 0.1, pytorch::ADAGRAD),
        (Nesterov { momentum: 0.9, weight_decay: 0.1 }.into(), 0.1, pytorch::NESTEROV),
        (Momentum { momentum: 0.9, weight_decay: 0.1 }.into(), 0.1, pytorch::MOMENTUM),
    ];
    for (rule, rate, want) in cases {
        let (mut params, mut state) = (pytorch::START.to_vec(), vec![0.0; rule.state_len(6)]);
        for (step, grads) in (0..).zip(pytorch::GRADS) {
            way.update(&rule, &mut params, &grads, &mut state, &StepInputs { rate, step, seed: 0 }).await;
        }
        assert_close(&format!("{rule:?} {way:?}"), &wide(&params), &want, WITHIN);
    }
}

/// Algorithm 2 of Chen et al. 2023, word for word.
async fn lion_follows_its_paper(way: Way) {
    let (b1, b2, decay, rate) = (0.9f64, 0.99f64, 0.1f64, 0.01f64);
    let rule = OptimizerSpec::from(Lion { betas: [b1 as f32, b2 as f32], weight_decay: decay as f32 });
    let (mut params, mut state) = (normals(200, 1), vec![0.0; 200]);
    let (mut theta, mut m) = (wide(&params), vec![0.0f64; 200]);
    for step in 0..8 {
        let mut grads = normals(200, 2 + step);
        grads[7] = 0.0;
        for ((t, m), g) in theta.iter_mut().zip(&mut m).zip(wide(&grads)) {
            let c = b1 * *m + (1.0 - b1) * g;
            let sign = if c == 0.0 { 0.0 } else { c.signum() };
            *t -= rate * (sign + decay * *t);
            *m = b2 * *m + (1.0 - b2) * g;
        }
        way.update(&rule, &mut params, &grads, &mut state, &StepInputs { rate: rate as f32, step, seed: 0 }).await;
    }
    assert_close(&format!("weights {way:?}"), &wide(&params), &theta, WITHIN);
    assert_close(&format!("averages {way:?}"), &wide(&state), &m, WITHIN);
}

/// Weights, gains and biases, on images of 6×6. A bias before a batch norm would have a gradient of
/// nothing but rounding, which Adam makes large.
fn model() -> ModelSpec {
    let layers = vec![
        Conv2d { out_ch: 3, bias: false, ..Conv2d::default() }.into(),
        BatchNorm2d::default().into(),
        Relu {}.into(),
        Flatten {}.into(),
        Dense { out: 5, bias: true }.into(),
    ];
    ModelSpec { input: Shape::new(1, 6, 6), layers, init: Init::default() }
}

const BATCH: usize = 4;
const RATE: f32 = 0.1;

/// A network, its plan of training, and batches for it.
struct Bench {
    network: Network,
    plan: PlanId,
}

impl Bench {
    fn new(way: &Way, update: impl Into<UpdateSpec>) -> Self {
        let graph = Arc::new(Graph::check(&model()).unwrap());
        let update = update.into();
        update.check(&graph).unwrap();
        let mut network = Network::new(way, &graph, update, 3);
        // Biases and gains of their own, or nothing would show in them.
        let params = graph.initial_params(3).iter().zip(normals(graph.params_len(), 9)).map(|(p, n)| p + 0.3 * n).collect::<Vec<_>>();
        network.set(&params, &graph.initial_state());
        let plan = network.plan(&PlanOptions { batch: BATCH, mode: Mode::Train, watch: Watch::Nothing });
        Self { network, plan }
    }

    fn batch(number: u32) -> (Vec<f32>, Vec<u8>) {
        (normals(BATCH * 36, 100 + number), (0..BATCH).map(|i| ((i as u32 + number) % 5) as u8).collect())
    }

    async fn step(&mut self, step: u32, batch: u32) {
        let (images, labels) = Self::batch(batch);
        self.network.step(self.plan, &images, &labels, &now(step)).await;
    }

    /// The gradients of a batch at the network's weights.
    async fn grads(&mut self, batch: u32) -> Vec<f64> {
        let (images, labels) = Self::batch(batch);
        self.network.learn(self.plan, &images, &labels, &now(0)).await;
        wide(&self.network.grads(self.plan).await)
    }

    async fn params(&self) -> Vec<f64> {
        wide(&self.network.numbers().await.params)
    }

    /// Of each weight: its layer, and whether it is one (else a bias or gain).
    fn roles(&self) -> Vec<(NodeId, bool)> {
        let graph = &self.network.graph;
        graph.params.iter().flat_map(|p| p.range.clone().map(move |_| (p.node, p.role == ParamRole::Weight))).collect()
    }
}

fn now(step: u32) -> StepInputs {
    StepInputs { rate: RATE, step, seed: 3 }
}

fn treated(optimizer: impl Into<OptimizerSpec>, treatment: Treatment) -> UpdateSpec {
    UpdateSpec { optimizer: optimizer.into(), treatment }
}

fn length(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

async fn penalty_clipping_and_rates_do_what_they_say(way: Way) {
    let (l1, l2, clip_norm) = (0.01f32, 0.2f32, 0.7f32);
    for (penalise_all, decay_all, frozen) in [(false, true, false), (true, true, true), (false, false, false)] {
        let rates = [(NodeId(0), if frozen { 0.0 } else { 0.25 }), (NodeId(1), 2.0)].into();
        let treatment = Treatment { l1, l2, penalise_all, decay_all, clip_norm, rates, ..Treatment::default() };
        let weight_decay = 0.05;
        let mut plain = Bench::new(&way, OptimizerSpec::from(Sgd::default()));
        let (start, grads) = (plain.params().await, plain.grads(0).await);
        let mut bench = Bench::new(&way, treated(Sgd { weight_decay }, treatment.clone()));
        bench.step(0, 0).await;

        let roles = bench.roles();
        let penalised: Vec<f64> = grads
            .iter()
            .zip(&start)
            .zip(&roles)
            .map(|((g, p), (_, weight))| if *weight || penalise_all { g + f64::from(l2) * p + f64::from(l1) * p.signum() } else { *g })
            .collect();
        let factor = |node: &NodeId| f64::from(treatment.rates.get(node).copied().unwrap_or(1.0));
        let norm = length(penalised.iter().zip(&roles).filter(|(_, (node, _))| factor(node) > 0.0).map(|(g, _)| *g));
        assert!(norm > f64::from(clip_norm), "the gradient of length {norm} is not cut");
        let scale = f64::from(clip_norm) / (norm + 1e-6);
        let want: Vec<f64> = (start.iter().zip(&penalised).zip(&roles))
            .map(|((p, g), (node, weight))| {
                let decay = if *weight || decay_all { f64::from(weight_decay) } else { 0.0 };
                p - f64::from(RATE) * factor(node) * (g * scale + decay * p)
            })
            .collect();
        assert_close(&format!("{treatment:?} {way:?}"), &bench.params().await, &want, WITHIN);
    }
}

async fn clipping_by_value_is_element_wise(way: Way) {
    let mut plain = Bench::new(&way, OptimizerSpec::from(Sgd::default()));
    let (start, grads) = (plain.params().await, plain.grads(0).await);
    let clip_value = 0.05f32;
    let cut = grads.iter().filter(|g| g.abs() > f64::from(clip_value)).count();
    assert!(cut > 0 && cut < grads.len(), "{cut} of {}", grads.len());
    let mut bench = Bench::new(&way, treated(Sgd::default(), Treatment { clip_value, ..Treatment::default() }));
    bench.step(0, 0).await;
    let limit = f64::from(clip_value);
    let want: Vec<f64> = start.iter().zip(&grads).map(|(p, g)| p - f64::from(RATE) * g.clamp(-limit, limit)).collect();
    assert_close(&format!("{way:?}"), &bench.params().await, &want, WITHIN);

    // A limit that nothing exceeds changes nothing, not even a bit.
    let mut wide_open = Bench::new(&way, treated(Sgd::default(), Treatment { clip_value: 1e4, clip_norm: 1e4, ..Treatment::default() }));
    let mut plain = Bench::new(&way, OptimizerSpec::from(Sgd::default()));
    for bench in [&mut wide_open, &mut plain] {
        bench.step(0, 0).await;
    }
    assert_eq!(wide_open.params().await, plain.params().await, "{way:?}");
}

async fn what_is_frozen_does_not_move(way: Way) {
    for optimizer in OptimizerSpec::all() {
        let rates = [(NodeId(0), 0.0)].into();
        let treatment = Treatment { l2: 0.1, clip_norm: 1.0, sam: 0.05, rates, ..Treatment::default() };
        let mut bench = Bench::new(&way, treated(optimizer, treatment));
        let start = bench.params().await;
        for step in 0..3 {
            bench.step(step, step).await;
        }
        let numbers = bench.network.numbers().await;
        let (end, roles) = (wide(&numbers.params), bench.roles());
        for (i, (node, _)) in roles.iter().enumerate() {
            let slots = numbers.optimizer_state.iter().skip(i).step_by(start.len());
            if *node == NodeId(0) {
                assert_eq!(start[i], end[i], "{optimizer:?} {way:?}: weight {i}");
                assert!(slots.into_iter().all(|s| *s == 0.0), "{optimizer:?} {way:?}: slots of weight {i}");
            } else {
                assert_ne!(start[i], end[i], "{optimizer:?} {way:?}: weight {i}");
            }
        }
    }
}

async fn accumulation_takes_the_mean(way: Way) {
    let accumulating = |optimizer| treated(optimizer, Treatment { accumulate: 3, ..Treatment::default() });
    // Plain descent on three batches: by the mean of their gradients, at the third.
    let mut plain = Bench::new(&way, OptimizerSpec::from(Sgd::default()));
    let start = plain.params().await;
    let grads = [plain.grads(0).await, plain.grads(1).await, plain.grads(2).await];
    let mut bench = Bench::new(&way, accumulating(OptimizerSpec::from(Sgd::default())));
    for step in 0..3 {
        assert_eq!(bench.params().await, start, "{way:?}: nothing moves before the third batch");
        bench.step(step, step).await;
    }
    let want: Vec<f64> = (0..start.len()).map(|i| start[i] - f64::from(RATE) * (grads[0][i] + grads[1][i] + grads[2][i]) / 3.0).collect();
    assert_close(&format!("{way:?}"), &bench.params().await, &want, WITHIN);

    // A batch three times over is that batch: also for a rule that counts its updates.
    let mut bench = Bench::new(&way, accumulating(OptimizerSpec::default()));
    let mut plain = Bench::new(&way, OptimizerSpec::default());
    for update in 0..3 {
        for part in 0..3 {
            bench.step(3 * update + part, update).await;
        }
        plain.step(update, update).await;
    }
    assert_close(&format!("Adam {way:?}"), &bench.params().await, &plain.params().await, Tolerance { rtol: 1e-3, atol: 1e-4 });
    let state = bench.network.numbers().await.optimizer_state;
    assert_eq!(state.len(), 3 * start.len());
    assert!(state[2 * start.len()..].iter().all(|s| *s == 0.0), "the sum begins again");
}

async fn sharpness_is_looked_at_from_above(way: Way) {
    let (sam, l2) = (0.2f32, 0.3f32);
    let mut plain = Bench::new(&way, OptimizerSpec::from(Sgd::default()));
    let start = plain.params().await;
    let roles = plain.roles();
    let penalised = |grads: &[f64], params: &[f64]| -> Vec<f64> {
        let pull = |(p, (_, weight)): (&f64, &(NodeId, bool))| if *weight { f64::from(l2) * p } else { 0.0 };
        grads.iter().zip(params.iter().zip(&roles).map(pull)).map(|(g, pull)| g + pull).collect()
    };
    let first = penalised(&plain.grads(0).await, &start);
    let state = plain.network.numbers().await.state;
    let scale = f64::from(sam) / length(first.iter().copied());
    let above: Vec<f64> = start.iter().zip(&first).map(|(p, g)| p + scale * g).collect();
    let narrow: Vec<f32> = above.iter().map(|p| *p as f32).collect();
    plain.network.set(&narrow, &plain.network.graph.initial_state());
    let second = penalised(&plain.grads(0).await, &above);
    let want: Vec<f64> = start.iter().zip(&second).map(|(p, g)| p - f64::from(RATE) * g).collect();

    let mut bench = Bench::new(&way, treated(Sgd::default(), Treatment { sam, l2, ..Treatment::default() }));
    bench.step(0, 0).await;
    assert_close(&format!("{way:?}"), &bench.params().await, &want, Tolerance { rtol: 1e-4, atol: 1e-5 });
    let off = length(first.iter().zip(&second).map(|(a, b)| a - b)) / length(first.iter().copied());
    assert!(off > 0.01, "the two gradients are the same");
    assert_eq!(bench.network.numbers().await.state, state, "{way:?}: running statistics of the first pass");
}

on_card! { everything_at_once_agrees_with_the_cpu => everything }

async fn everything(card: Rc<Card>) {
    let rates = [(NodeId(0), 0.5), (NodeId(1), 0.0)].into();
    let treatment = Treatment {
        l1: 1e-3,
        l2: 1e-2,
        decay_all: false,
        clip_value: 0.5,
        clip_norm: 1.0,
        sam: 0.05,
        accumulate: 2,
        rates,
        ..Treatment::default()
    };
    for optimizer in OptimizerSpec::all() {
        // The sign of a number near zero is a matter of rounding.
        if matches!(optimizer, OptimizerSpec::Lion(_)) {
            continue;
        }
        let mut ends = Vec::new();
        for way in [Way::Cpu, Way::Card(Rc::clone(&card))] {
            let mut bench = Bench::new(&way, treated(optimizer, treatment.clone()));
            for step in 0..5 {
                bench.step(step, step).await;
            }
            ends.push(bench.network.numbers().await);
        }
        for (what, of) in [
            ("weights", (|n| &n.params) as fn(&crate::network::Numbers) -> &Vec<f32>),
            ("statistics", |n| &n.state),
            ("slots", |n| &n.optimizer_state),
        ] {
            assert_close(&format!("{optimizer:?}: {what}"), &wide(of(&ends[1])), &wide(of(&ends[0])), Tolerance { rtol: 2e-3, atol: 2e-4 });
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_penalty_has_a_value() {
    let graph = Graph::check(&model()).unwrap();
    let params = normals(graph.params_len(), 4);
    let value = |penalise_all| {
        let spec = treated(Sgd::default(), Treatment { l1: 0.5, l2: 3.0, penalise_all, ..Treatment::default() });
        spec.treatment.penalty(&graph, &params)
    };
    for penalise_all in [false, true] {
        let blocks = graph.params.iter().filter(|p| penalise_all || p.role == ParamRole::Weight);
        let want: f64 = blocks.flat_map(|p| wide(&params[p.range.clone()])).map(|p| 0.5 * p.abs() + 1.5 * p * p).sum();
        assert_close(&"penalty", &[value(penalise_all)], &[want], Tolerance { rtol: 1e-9, atol: 0.0 });
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_wrong_is_said() {
    let graph = Graph::check(&model()).unwrap();
    let check = |json: &str| serde_json::from_str::<UpdateSpec>(json).unwrap().check(&graph).unwrap_err().to_string();
    let cases = [
        (r#"{"treatment": {"clip_norm": -1}}"#, "`clip_norm` is -1, but must lie in 0 to 1000000"),
        (r#"{"treatment": {"clip_value": 2e6}}"#, "`clip_value` is 2000000, but must lie in 0 to 1000000"),
        (r#"{"treatment": {"sam": 11}}"#, "`sam` is 11, but must lie in 0 to 10"),
        (r#"{"treatment": {"accumulate": 0}}"#, "`accumulate` is 0, but must lie in 1 to 1024"),
        (r#"{"treatment": {"rates": [[0, -0.5]]}}"#, "`rates` is -0.5, but must lie in 0 to 1000"),
        (r#"{"treatment": {"rates": [[9, 1]]}}"#, "layer 10 has a rate factor, but the network has 5 layers"),
        (r#"{"treatment": {"rates": [[2, 1]]}}"#, "layer 3 (`relu1`) has a rate factor, but no weights"),
        (r#"{"treatment": {"rates": [[0, 0], [1, 0], [4, 0]]}}"#, "every layer is frozen: give one with weights a rate factor above 0"),
        (r#"{"optimizer": {"optimizer": "lion", "betas": [0.9, 1]}}"#, "`betas` is 1, but must lie in 0 to 0.999999"),
        (r#"{"optimizer": {"optimizer": "adagrad", "eps": 0}}"#, "`eps` is 0, but must lie in 0.000000000001 to 1"),
    ];
    for (json, want) in cases {
        assert_eq!(check(json), want, "{json}");
    }
}

/// The names in the list of settings are those of the specification, and its defaults are legal.
#[wasm_bindgen_test(unsupported = test)]
fn settings_are_named_as_they_are_written() {
    for optimizer in OptimizerSpec::all() {
        optimizer.check().unwrap();
        for setting in optimizer.rule().settings() {
            let value = setting.value(&optimizer).unwrap_or_else(|| panic!("{optimizer:?} has no {}", setting.key));
            let changed = setting.with(&optimizer, if value == 0.0 { 1.0 } else { value / 2.0 }).unwrap();
            assert_ne!(changed, optimizer, "{}", setting.key);
            assert_eq!(setting.with(&changed, value).unwrap(), optimizer, "{}", setting.key);
        }
        let json = serde_json::to_value(optimizer).unwrap();
        let numbers: usize = json.as_object().unwrap().values().map(|v| v.as_array().map_or(1, Vec::len)).sum();
        assert_eq!(optimizer.rule().settings().len(), numbers - 1, "{json}: the list is not whole");
    }
    let usual = Treatment::default();
    usual.check_settings().unwrap();
    for setting in Treatment::SETTINGS {
        assert!(setting.value(&usual).is_some(), "{}", setting.key);
    }
    assert_eq!(Treatment::SETTINGS.len() + 1, serde_json::to_value(&usual).unwrap().as_object().unwrap().len());
    // As it is written, with everything in it.
    let spec = treated(Lion::default(), Treatment { rates: [(NodeId(3), 0.1)].into(), ..usual });
    assert_eq!(serde_json::from_str::<UpdateSpec>(&serde_json::to_string(&spec).unwrap()).unwrap(), spec);
}
