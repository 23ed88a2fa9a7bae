//! Probes measure what is there, on any machine, and change nothing.

use engine::{NodeId, Tensor};
use protocol::{Command, Event, Probing, Reading, probe::BINS};

use crate::rig::{RUN, Rig, digits, small};

fn readings(rig: &Rig) -> Vec<Reading> {
    let probed = rig.events.iter().filter_map(|m| match m.head {
        Event::Probed { probe, .. } => Some(Reading::from_bulk(probe, &m.bulk).unwrap()),
        _ => None,
    });
    probed.collect()
}

#[test]
fn a_probe_agrees_with_a_step_by_hand() {
    let mut rig = Rig::open(small());
    rig.send(Command::Probe { run: RUN, what: Probing::Distributions });
    rig.until(|e| matches!(e, Event::Probed { .. }));
    let reading = readings(&rig).remove(0);
    assert_eq!((reading.head.step, reading.head.images, reading.layers.len()), (0, 32, 7));

    // The same by hand: 32 digits through the first weights.
    let spec = small();
    let graph = std::sync::Arc::new(engine::Graph::check(&spec.model).unwrap());
    let options = engine::PlanOptions { batch: 32, mode: engine::Mode::Train, watch: engine::plan::Watch::Everything };
    let mut run = engine::Run::new(engine::Plan::compile(&graph, &options).unwrap());
    let mut cpu = engine::Cpu::new(&graph, spec.train.update(), spec.train.seed);
    for i in 0..32 {
        let dataset = digits();
        let (pixels, label) = dataset.train_image(i).unwrap();
        run.images[784 * i..784 * (i + 1)].iter_mut().zip(pixels).for_each(|(to, p)| *to = f32::from(*p) / 255.0);
        run.labels.push(label);
    }
    let now = engine::StepInputs { rate: spec.train.rate, step: 0, seed: spec.train.seed };
    cpu.forward(&mut run, &now);
    cpu.backward(&mut run, &spec.train.loss, 32, &now);
    let near = |got: f32, want: f64| assert!((f64::from(got) - want).abs() <= 1e-5 * want.abs().max(1e-6), "{got} against {want}");
    let length = |numbers: &[f32]| numbers.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    let conv = 0..graph.params[1].range.end;
    near(reading.layers[0].grad_norm, length(&cpu.grads[conv.clone()]));
    near(reading.layers[0].weight_norm, length(&cpu.params[conv.clone()]));
    let before = cpu.params.clone();
    cpu.update(&now);
    let moved: Vec<f32> = before.iter().zip(&cpu.params).map(|(b, a)| a - b).collect();
    let ratio = length(&moved[conv.clone()]) / length(&before[conv]);
    assert!((f64::from(reading.layers[0].update_ratio) / ratio - 1.0).abs() < 1e-3);

    let relu = cpu.read(&run, Tensor::Output(NodeId(2))).unwrap();
    near(reading.layers[2].zeros, relu.iter().filter(|x| **x == 0.0).count() as f64 / relu.len() as f64);
    near(reading.layers[2].mean, relu.iter().map(|x| f64::from(*x)).sum::<f64>() / relu.len() as f64);
    assert!(reading.layers[2].grad_norm.is_nan() && reading.layers[2].units == 4);
    let histogram = reading.layers[0].histograms[0].as_ref().unwrap();
    assert!(histogram.shares.len() == BINS && (histogram.shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    assert!(reading.memory_kib[0] > 0.0 && reading.layers[0].forward_ms > 0.0);
}

#[test]
fn probes_come_now_and_then_and_stop_when_nobody_looks() {
    let mut rig = Rig::open(small());
    rig.send(Command::Probe { run: RUN, what: Probing::Layers });
    rig.send(Command::Play { run: RUN });
    rig.until(|e| matches!(e, Event::Finished { .. }));
    rig.rest();
    let found = readings(&rig);
    let steps: Vec<u32> = found.iter().map(|r| r.head.step).collect();
    assert!(steps.len() >= 2 && steps.is_sorted_by(|a, b| a < b) && *steps.last().unwrap() == 50, "{steps:?}");
    assert!(found.iter().all(|r| r.layers[0].histograms == [None, None, None]));
    let count = found.len();
    rig.send(Command::Probe { run: RUN, what: Probing::Off });
    rig.step(20);
    rig.rest();
    assert_eq!(readings(&rig).len(), count);
}
