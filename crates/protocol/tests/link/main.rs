//! Links: what they look like, that they come back, what they say when they are wrong.

#![allow(clippy::unwrap_used)] // A test may panic.

mod any;

use any::runs;
use engine::{
    Augment, Graph, Init, ModelSpec, NodeId, OptimizerSpec, Padding, Pair, ScheduleSpec, Shape, Sides, Treatment,
    ops::{AvgPool2d, Conv2d, Dense, Flatten, MaxPool2d, Relu},
    optim::{Adam, Momentum},
    presets::{self, PRESETS},
    schedule::{CurveSpec, Step},
};
use proptest::prelude::*;
use protocol::{
    RunSpec, TrainSpec,
    link::{PAGE_KEYS, decode, encode},
};

fn model(slug: &str) -> ModelSpec {
    presets::preset(slug).unwrap().model()
}

#[test]
fn the_usual_run_is_a_bare_version() {
    assert_eq!(encode(&RunSpec::default()), "v=1");
    for query in ["", "?", "v=1", "?v=1"] {
        assert_eq!(decode(query), (RunSpec::default(), vec![]), "{query}");
    }
}

#[test]
fn a_link_says_what_differs() {
    let run = RunSpec {
        model: model("n1"),
        train: TrainSpec {
            rate: 0.003,
            batch: 128,
            seed: 7,
            epochs: 5,
            optimizer: OptimizerSpec::Momentum(Momentum::default()),
            ..TrainSpec::default()
        },
    };
    let query = "v=1&net=n1&opt=momentum&rate=0.003&batch=128&epochs=5&seed=7";
    assert_eq!(encode(&run), query);
    assert_eq!(decode(query), (run.clone(), vec![]));
    // In any order, as somebody might type it.
    assert_eq!(decode("?seed=7&net=n1&rate=3e-3&batch=128&opt=momentum&epochs=5"), (run, vec![]));
}

#[test]
fn augmentation_is_three_keys() {
    let augment = Augment { shift: 2.0, rotate: 12.5, scale: 0.1, ..Augment::default() };
    let run = |augment| RunSpec { train: TrainSpec { augment, ..TrainSpec::default() }, ..RunSpec::default() };
    assert_eq!(encode(&run(augment)), "v=1&shift=2.0&rotate=12.5&scale=0.1");
    assert_eq!(decode("v=1&shift=2&rotate=12.5&scale=0.1"), (run(augment), vec![]));
    let turned = Augment { rotate: 45.0, ..Augment::default() };
    assert_eq!(encode(&run(turned)), "v=1&rotate=45.0");
    assert_eq!(decode("rotate=45"), (run(turned), vec![]));
    // The rest is a fourth.
    let all = Augment { elastic: 3.0, elastic_cells: 6, mixup: 0.2, ..augment };
    assert_eq!(encode(&run(all)), "v=1&shift=2.0&rotate=12.5&scale=0.1&augment=(elastic:3.0,elastic_cells:6,mixup:0.2)");
    assert_eq!(decode(&encode(&run(all))), (run(all), vec![]));
    let (spec, problems) = decode("v=1&shift=1&augment=(noise:7)");
    assert_eq!(spec, run(Augment { shift: 1.0, ..Augment::default() }));
    assert_eq!(problems[0].to_string(), "`augment` in the link: `noise` is 7, but must lie in 0 to 0.5; the default is used");
}

#[test]
fn a_network_of_ones_own_can_be_read() {
    let layers = vec![
        Conv2d { out_ch: 12, kernel: Pair::new(3, 5), pad: Sides::new(1, 1, 2, 2).into(), ..Conv2d::default() }.into(),
        Relu {}.into(),
        Flatten {}.into(),
        Dense { out: 10, bias: false }.into(),
    ];
    let optimizer = OptimizerSpec::Adam(Adam { eps: 1e-7, ..Adam::default() });
    let run = RunSpec {
        model: ModelSpec { layers, init: Init::XavierNormal, ..RunSpec::default().model },
        train: TrainSpec { optimizer, ..TrainSpec::default() },
    };
    let query = encode(&run);
    assert_eq!(
        query,
        "v=1&net=!((op:conv2d,kernel:!(3,5),out_ch:12,pad:!(1,1,2,2)),(op:relu),(op:flatten),(op:dense,bias:!f))\
         &init=xavier_normal&opt=(optimizer:adam,eps:1e-7)"
    );
    assert_eq!(decode(&query), (run.clone(), vec![]));
    // As a mail program might send it.
    let escaped = query.replace('(', "%28").replace(')', "%29").replace('!', "%21").replace(':', "%3A");
    assert_eq!(decode(&escaped), (run, vec![]));
}

#[test]
fn padding_is_called_by_its_name() {
    let layers = vec![
        Conv2d { kernel: Pair::square(4), pad: Padding::Same, ..Conv2d::default() }.into(),
        MaxPool2d { pad: Padding::Same, ..MaxPool2d::default() }.into(),
        AvgPool2d { pad: Padding::Valid, ..AvgPool2d::default() }.into(),
        Flatten {}.into(),
        Dense { out: 10, bias: true }.into(),
    ];
    let run = RunSpec { model: ModelSpec { layers, ..RunSpec::default().model }, train: TrainSpec::default() };
    let query = encode(&run);
    assert_eq!(
        query,
        "v=1&net=!((op:conv2d,kernel:4,pad:same),(op:max_pool2d,pad:same),(op:avg_pool2d,pad:valid),(op:flatten),(op:dense))"
    );
    assert_eq!(decode(&query), (run, vec![]));
}

#[test]
fn what_stands_in_a_list_is_one_word() {
    let one_word = |run: RunSpec| {
        let query = encode(&run);
        assert!(!query.contains('('), "{query}");
        assert_eq!(decode(&query), (run, vec![]));
    };
    for preset in PRESETS {
        for optimizer in OptimizerSpec::all() {
            one_word(RunSpec { model: preset.model(), train: TrainSpec { optimizer, ..TrainSpec::default() } });
        }
        for init in Init::ALL {
            one_word(RunSpec { model: ModelSpec { init, ..preset.model() }, ..RunSpec::default() });
        }
    }
    for curve in CurveSpec::all() {
        one_word(RunSpec { train: TrainSpec { schedule: curve.into(), ..TrainSpec::default() }, ..RunSpec::default() });
    }
}

#[test]
fn what_stands_around_the_optimizer_is_one_key() {
    let treatment = Treatment { l2: 1e-3, clip_norm: 1.0, sam: 0.05, rates: [(NodeId(0), 0.0)].into(), ..Treatment::default() };
    let schedule = ScheduleSpec { curve: Step { step_size: 500, ..Step::default() }.into(), warmup_steps: 100, start_factor: 0.1 };
    let model = ModelSpec { init: Init::Normal { std: 0.1 }, ..RunSpec::default().model };
    let run = RunSpec { model, train: TrainSpec { treatment, schedule, ..TrainSpec::default() } };
    let query = encode(&run);
    assert_eq!(
        query,
        "v=1&init=(normal:(std:0.1))&update=(clip_norm:1.0,l2:0.001,rates:!(!(0,0.0)),sam:0.05)\
         &schedule=(curve:step,step_size:500)&warmup=100&warmup_from=0.1"
    );
    assert_eq!(decode(&query), (run, vec![]));
}

#[test]
fn keys_of_the_page_are_passed_over() {
    let query = PAGE_KEYS.iter().map(|k| format!("&{k}=x")).collect::<String>();
    assert_eq!(
        decode(&format!("?seed=3{query}")),
        (RunSpec { train: TrainSpec { seed: 3, ..TrainSpec::default() }, ..RunSpec::default() }, vec![])
    );
}

/// What is wrong with each link, as the page shows it. The run is the usual one.
#[test]
fn what_is_wrong_is_named() {
    let net = |layers: &str| format!("net=!({layers})");
    let cases = [
        ("rat=1".to_owned(), "`rat` in the link: is no key that this page knows; it is passed over"),
        ("rate=fast".to_owned(), "`rate` in the link: `fast` is not a number; the default is used"),
        ("rate=NaN".to_owned(), "`rate` in the link: `NaN` is not a number; the default is used"),
        ("rate=-1".to_owned(), "`rate` in the link: -1 must lie in 0 to 100; the default is used"),
        ("rate=inf".to_owned(), "`rate` in the link: inf must lie in 0 to 100; the default is used"),
        ("rate=1e39".to_owned(), "`rate` in the link: 1e39 must lie in 0 to 100; the default is used"),
        ("batch=0".to_owned(), "`batch` in the link: `0` is not a whole number from 1 to 1024; the default is used"),
        ("batch=1e9".to_owned(), "`batch` in the link: `1e9` is not a whole number from 1 to 1024; the default is used"),
        (
            "batch=99999999999999999999".to_owned(),
            "`batch` in the link: `99999999999999999999` is not a whole number from 1 to 1024; the default is used",
        ),
        ("shift=9".to_owned(), "`shift` in the link: 9 must lie in 0 to 8; the default is used"),
        ("rotate=-1".to_owned(), "`rotate` in the link: -1 must lie in 0 to 45; the default is used"),
        ("scale=0.6".to_owned(), "`scale` in the link: 0.6 must lie in 0 to 0.5; the default is used"),
        ("scale=half".to_owned(), "`scale` in the link: `half` is not a number; the default is used"),
        ("epochs=1001".to_owned(), "`epochs` in the link: `1001` is not a whole number from 1 to 1000; the default is used"),
        ("seed=-1".to_owned(), "`seed` in the link: `-1` is not a whole number from 0 to 4294967295; the default is used"),
        (
            "net=n9".to_owned(),
            "`net` in the link: `n9` is none of lens, n1, n2, n3, n4, lenet5, two-blocks, all-conv, resnet, mobilenet, inception, densenet, unet; the default is used",
        ),
        (
            "opt=lions".to_owned(),
            "`opt` in the link: `lions` is none of sgd, momentum, nesterov, adagrad, rmsprop, adam, adamw, lion; the default is used",
        ),
        (
            "opt=(optimizer:adam,eps:0)".to_owned(),
            "`opt` in the link: `eps` is 0, but must lie in 0.000000000001 to 1; the default is used",
        ),
        (
            "opt=(optimizer:adam,epsilon:1)".to_owned(),
            "`opt` in the link: unknown field `epsilon`, expected one of `betas`, `eps`, `weight_decay`; the default is used",
        ),
        (
            "loss=square".to_owned(),
            "`loss` in the link: `square` is none of cross_entropy, mse, l1, hinge, focal, bce_with_logits, dice, distillation, sum; the default is used",
        ),
        (
            "loss=(loss:cross_entropy,weight:!(1,2))".to_owned(),
            "`loss` in the link: `weight` of `cross_entropy` has 2 entries, but the network gives 10 scores: one entry for each, or none at all; the default is used",
        ),
        (
            "loss=(loss:sum,terms:!((weight:1,loss:(loss:focal,gamma:99))))".to_owned(),
            "`loss` in the link: `gamma` of `focal` is 99, but must lie in 0 to 20; the default is used",
        ),
        (
            "init=he".to_owned(),
            "`init` in the link: `he` is none of he_normal, he_uniform, he_normal_fan_out, he_uniform_fan_out, xavier_normal, xavier_uniform, orthogonal, normal, uniform, constant, zero; the default is used",
        ),
        ("init=(normal:(std:-1))".to_owned(), "`init` in the link: `std` is -1, but must lie in 0 to 100; the default is used"),
        ("update=(l1:-1)".to_owned(), "`update` in the link: `l1` is -1, but must lie in 0 to 100; the default is used"),
        (
            "update=(rates:!(!(6,0.5)))".to_owned(),
            "`update` in the link: layer 7 (`flat1`) has a rate factor, but no weights; the default is used",
        ),
        (
            "update=(rates:!(!(99,0.5)))".to_owned(),
            "`update` in the link: layer 100 has a rate factor, but the network has 11 layers; the default is used",
        ),
        (
            "schedule=saw".to_owned(),
            "`schedule` in the link: `saw` is none of constant, step, exponential, cosine, cosine_restarts, one_cycle, polynomial, plateau; the default is used",
        ),
        ("schedule=(curve:step,gamma:2)".to_owned(), "`schedule` in the link: `gamma` is 2, but must lie in 0 to 1; the default is used"),
        ("warmup=-1".to_owned(), "`warmup` in the link: `-1` is not a whole number from 0 to 100000000; the default is used"),
        ("warmup_from=0".to_owned(), "`warmup_from` in the link: 0 must lie in 0.000001 to 1; the default is used"),
        ("input=28,28".to_owned(), "`input` in the link: expected channels,rows,columns, found `28,28`; the default is used"),
        (
            "input=0,28,28".to_owned(),
            "`input` in the link: this is no network: the input 0×28×28 has an extent that is zero or above 4096; the default is used",
        ),
        (
            net("(op:flatten),(op:dense,out:10"),
            "`net` in the link: cannot be read at character 33: expected `,` or `)`, found the end; the default is used",
        ),
        (net("(op:flatten"), "`net` in the link: cannot be read at character 15: expected `,` or `)`, found the end; the default is used"),
        (net("(op:blur)"), "layer 1: unknown variant `blur`"),
        (
            net("(op:dense,out:10)"),
            "`net` in the link: this is no network: layer 1 (`dense`): `dense` needs a flat vector, but receives 1×28×28; put a `flatten` before it; the default is used",
        ),
        (
            net("(op:flatten),(op:dense,out:9)"),
            "`net` in the link: this is no network: the last layer gives 9, but the loss needs a flat vector of 10 scores; the default is used",
        ),
        ("net=!()".to_owned(), "`net` in the link: this is no network: the network has no layers; the default is used"),
        ("net=!t".to_owned(), "`net` in the link: expected a list of layers; the default is used"),
    ];
    for (query, message) in cases {
        let (run, problems) = decode(&query);
        assert_eq!(problems.len(), 1, "{query}: {problems:?}");
        let text = problems[0].to_string();
        assert!(text == message || message.starts_with("layer") && text.contains(message), "{query}\n  {text}\n  {message}");
        assert_eq!(run, RunSpec::default(), "{query}");
    }
}

#[test]
fn one_mistake_spoils_one_setting() {
    let (run, problems) = decode("v=1&net=n2&rate=no&rate=0.5&batch=32&batch=64&colour=red");
    let expected = RunSpec { model: model("n2"), train: TrainSpec { batch: 32, ..TrainSpec::default() } };
    assert_eq!(run, expected);
    assert_eq!(problems.iter().map(|p| p.key.as_str()).collect::<Vec<_>>(), ["rate", "batch", "colour", "rate"]);
}

#[test]
fn another_version_is_not_guessed_at() {
    for version in ["2", "0", "", "one"] {
        let (run, problems) = decode(&format!("net=n2&seed=9&v={version}"));
        assert_eq!(run, RunSpec::default());
        assert_eq!(problems.len(), 1);
        assert!(problems[0].to_string().contains("it reads 1"), "{}", problems[0]);
    }
}

#[test]
fn long_links_are_cut_off() {
    let (run, problems) = decode(&format!("seed={}", "1".repeat(70_000)));
    assert_eq!((run, problems.len()), (RunSpec::default(), 1));
    let (_, problems) = decode(&format!("{}=1&seed={}", "k".repeat(1_000), "x".repeat(1_000)));
    assert!(problems.iter().all(|p| p.to_string().len() < 200), "{problems:?}");
}

proptest! {
    #[test]
    fn every_run_comes_back(run in runs()) {
        let query = encode(&run);
        prop_assert!(query.chars().all(|c| c.is_ascii_graphic() && !"\"#<>`".contains(c)), "{}", query);
        prop_assert_eq!(decode(&query), (run, vec![]), "{}", query);
    }

    #[test]
    fn no_text_panics_and_every_result_is_legal(text in "\\PC{0,80}|([a-z]{1,6}=[-0-9a-z!():,.%]{0,30}&){0,5}|(net|opt|loss|v|input)=[!(a-z:,)0-9-]{0,60}") {
        let (run, _) = decode(&text);
        prop_assert!(Graph::check_classifier(&run.model, 10).is_ok());
        prop_assert!(run.train.check().is_ok());
        prop_assert!(run.train.loss.check(Shape::flat(10)).is_ok());
    }

    #[test]
    fn a_damaged_link_does_not_panic(run in runs(), at in any::<prop::sample::Index>(), c in any::<char>()) {
        let mut chars: Vec<char> = encode(&run).chars().collect();
        let at = at.index(chars.len());
        chars[at] = c;
        let (run, _) = decode(&chars.iter().collect::<String>());
        prop_assert!(Graph::check_classifier(&run.model, 10).is_ok());
    }
}
