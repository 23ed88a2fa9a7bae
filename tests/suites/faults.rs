//! What may go wrong with a card: it ends in an error that says so, never in a panic.

use std::{rc::Rc, sync::Arc};

use engine::{
    Graph, Init, LayerSpec, LossSpec, Mode, ModelSpec, OptimizerSpec, Plan, PlanOptions, Shape, StepInputs, Tensor,
    backend::gpu::{Card, CardError, DigitSet, Gpu, GpuRun, Turn, launch::Storage},
    ops::{Conv2d, Dense, Flatten},
    plan::Watch,
    presets::preset,
};

use crate::{card::on_card, digits::batch_of};

on_card! {
    a_card_lost_in_training_says_so => lost,
    a_card_lost_before_training_says_so => lost_before,
    a_layer_beyond_the_limits_is_named => beyond,
}

fn training(card: &Rc<Card>) -> Result<(Gpu, GpuRun), CardError> {
    let graph = Arc::new(Graph::check(&preset("lens").unwrap().model()).unwrap());
    let gpu = Gpu::new(card, &graph, OptimizerSpec::default())?;
    let plan = Plan::compile(&graph, &PlanOptions { batch: 4, mode: Mode::Train, watch: Watch::Nothing }).unwrap();
    let run = GpuRun::new(&gpu, plan, &LossSpec::default(), Storage::F32)?;
    Ok((gpu, run))
}

/// Every pass that a run may ask for, and its answer.
async fn ask_everything(gpu: &Gpu, run: &mut GpuRun) -> Vec<Result<Vec<u8>, CardError>> {
    let turn = Turn { now: StepInputs { rate: 1e-3, step: 0, seed: 1 }, first: 0, count: 4 };
    let (images, labels) = batch_of(0..4);
    run.set_batch(gpu, &images, &labels);
    gpu.write(&vec![0.5; gpu.graph.params_len()], &[], &[]);
    let mut answers = Vec::new();
    let mut note = async |asked: Result<(), CardError>| {
        answers.push(match asked {
            Ok(()) => gpu.line.reader.next().await,
            Err(error) => Err(error),
        });
    };
    note(gpu.train(run, &[turn, turn])).await;
    note(gpu.learn(run, turn)).await;
    note(gpu.score(run, &[turn])).await;
    note(gpu.look(run, turn, &[Tensor::Input])).await;
    note(gpu.peek(run, &[Tensor::Input])).await;
    note(gpu.read()).await;
    let _ = gpu.update(&turn.now);
    answers
}

async fn lost(_: Rc<Card>) {
    // One of its own: others may share the card that was opened.
    let card = Card::open().await.unwrap();
    let (gpu, mut run) = training(&card).unwrap();
    for answer in ask_everything(&gpu, &mut run).await {
        assert!(!answer.unwrap().is_empty());
    }
    let turn = Turn { now: StepInputs { rate: 1e-3, step: 0, seed: 1 }, first: 0, count: 4 };
    gpu.train(&run, &[turn; 8]).unwrap();
    gpu.train(&run, &[turn; 8]).unwrap();
    card.destroy();
    // What was under way will not come, and nobody waits for it.
    assert!(matches!(gpu.line.reader.next().await, Err(CardError::Lost(_))));
    assert!(matches!(gpu.line.reader.take(), Err(CardError::Lost(_))));
    for answer in ask_everything(&gpu, &mut run).await {
        assert!(matches!(answer, Err(CardError::Lost(_))), "{answer:?}");
    }
    assert!(matches!(gpu.trouble(), Some(CardError::Lost(_))), "{:?}", gpu.trouble());
}

async fn lost_before(_: Rc<Card>) {
    let card = Card::open().await.unwrap();
    card.destroy();
    // Making buffers and pipelines may go on for a while before anybody asks.
    if let Ok((gpu, mut run)) = training(&card) {
        let set = DigitSet::new(&card, 4, 784).unwrap();
        set.append(&[0; 4 * 784], &[1; 4]);
        set.set_order(&[3, 2, 1, 0]);
        run.gather_from(&gpu, &set, true).unwrap();
        for answer in ask_everything(&gpu, &mut run).await {
            assert!(matches!(answer, Err(CardError::Lost(_))), "{answer:?}");
        }
    }
    // A second one is to be had.
    let (gpu, mut run) = training(&Card::open().await.unwrap()).unwrap();
    for answer in ask_everything(&gpu, &mut run).await {
        assert!(answer.is_ok(), "{answer:?}");
    }
}

/// Each in turn of what the card must hold is too large: the layer, or what else it is, has a name.
async fn beyond(_: Rc<Card>) {
    const MOST: u64 = 1 << 20;
    let card = Card::open_within(MOST).await.unwrap();
    let conv = |out_ch| Conv2d { out_ch, ..Conv2d::default() }.into();
    let model = |layers| ModelSpec { input: Shape::new(1, 28, 28), layers, init: Init::default() };
    let named = |error: CardError| match error {
        CardError::Limit { what, needed, most: MOST, unit: "bytes" } if needed > MOST => what,
        other => panic!("{other:?}"),
    };
    let refused = |layers, batch| {
        let graph = Arc::new(Graph::check(&model(layers)).unwrap());
        let gpu = Gpu::new(&card, &graph, OptimizerSpec::default()).map_err(named)?;
        let plan = Plan::compile(&graph, &PlanOptions { batch, mode: Mode::Train, watch: Watch::Nothing }).unwrap();
        GpuRun::new(&gpu, plan, &LossSpec::default(), Storage::F32).map(|_| ()).map_err(named)
    };
    let head = |out: usize| -> [LayerSpec; 2] { [Flatten {}.into(), Dense { out, bias: true }.into()] };
    let with = |first: &[LayerSpec], out: usize| [first, &head(out)].concat();
    assert_eq!(refused(with(&[], 10), 4), Ok(()));
    // 16 · 26 · 26 · 4 bytes for each of 40 examples; half of it fits.
    assert_eq!(refused(with(&[conv(2), conv(16)], 10), 40), Err("the output of conv2".to_owned()));
    assert_eq!(refused(with(&[conv(2), conv(16)], 10), 20), Ok(()));
    assert_eq!(refused(with(&[], 1000), 4), Err("the weights".to_owned()));
    assert_eq!(DigitSet::new(&card, 5000, 784).map(|_| ()).map_err(named), Err("the images".to_owned()));
    assert_eq!(card.trouble(), None, "the card was never asked");
    assert!(Card::open_within(MOST).await.is_ok());
}
