//! The passes of each layer on the CPU, against what one core can do.

use std::{hint::black_box, time::Instant};

use engine::{Graph, Plan, Run, StepInputs, graph::Feed, plan::Step};
use serde::Serialize;

use super::{
    peak,
    work::{RATE, Work},
};
use crate::{arguments::Mode, table};

/// One pass of one layer, as JSON has it. Times are the shortest of all steps: what interrupts a pass now and then is not
/// its own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pass {
    /// With those fused into it; none where the pass belongs to the whole network.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    pass: &'static str,
    us: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gflops: Option<f64>,
    /// Against the best of the peaks measured between the steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_of_peak: Option<f64>,
}

/// The shortest times of a layer's passes, in seconds.
#[derive(Clone, Copy)]
struct Times {
    forward: f64,
    backward: f64,
    /// The backward pass without the gradient of the input.
    weight: f64,
}

const NEVER: Times = Times { forward: f64::MAX, backward: f64::MAX, weight: f64::MAX };

/// Keeps the shortest time that `work` took.
fn time<R>(best: &mut f64, work: impl FnOnce() -> R) {
    let started = Instant::now();
    black_box(work());
    *best = best.min(started.elapsed().as_secs_f64());
}

/// Goes through whole steps of `plan` for `seconds`, layer by layer, at least five times.
pub fn measure(work: &mut Work, plan: Plan, seconds: f64) -> Vec<Pass> {
    let count = plan.steps.len();
    work.run = Some(Run::new(plan));
    let (mut times, mut loss, mut update, mut best_peak) = (vec![NEVER; count], f64::MAX, f64::MAX, 0.0f64);
    let (started, mut steps) = (Instant::now(), 0);
    while steps < 5 || started.elapsed().as_secs_f64() < seconds {
        best_peak = best_peak.max(peak::gflops());
        work.load();
        let Some(run) = &mut work.run else { break };
        let now = StepInputs { rate: RATE, step: steps, seed: 0 };
        steps += 1;
        for (i, times) in times.iter_mut().enumerate() {
            time(&mut times.forward, || work.cpu.forward_step(run, i, &now));
        }
        if work.mode == Mode::Infer {
            continue;
        }
        let batch = run.plan.batch;
        time(&mut loss, || work.cpu.loss_gradient(run, &work.loss, batch));
        for (i, times) in times.iter_mut().enumerate().rev() {
            let wanted: Vec<_> = run.plan.steps[i].inputs.iter_mut().map(|input| input.grad.take()).collect();
            if wanted.len() == 1 {
                time(&mut times.weight, || work.cpu.backward_step(run, i, &now));
            }
            for (input, grad) in run.plan.steps[i].inputs.iter_mut().zip(wanted) {
                input.grad = grad;
            }
            time(&mut times.backward, || work.cpu.backward_step(run, i, &now));
        }
        time(&mut update, || work.cpu.update(&now));
    }
    work.run.as_ref().map_or_else(Vec::new, |run| passes(work, &run.plan, &times, [loss, update], best_peak))
}

fn passes(work: &Work, plan: &Plan, times: &[Times], [loss, update]: [f64; 2], peak: f64) -> Vec<Pass> {
    let graph: &Graph = &work.cpu.graph;
    let train = work.mode == Mode::Train;
    let mut passes = Vec::new();
    let mut put = |layer: Option<&String>, pass, seconds: f64, operations: f64| {
        // The difference of two shortest times can be next to nothing: a rate beyond the peak is none.
        let gflops = (operations > 0.0).then(|| operations / seconds.max(1e-12) / 1e9).filter(|g| *g <= 1.1 * peak);
        passes.push(Pass { layer: layer.cloned(), pass, us: 1e6 * seconds, gflops, share_of_peak: gflops.map(|g| g / peak) });
    };
    let name = |step: &Step| {
        let mut at = step.gives;
        let mut names = vec![graph.node(at).name.as_str()];
        // Back from the last layer fused into it.
        while at != step.at.node
            && let Feed::Node(before) = graph.node(at).inputs[0]
        {
            at = before;
            names.push(&graph.node(at).name);
        }
        names.reverse();
        names.join(", ")
    };
    let names: Vec<String> = plan.steps.iter().map(name).collect();
    let operations = |i: usize| 2.0 * plan.batch as f64 * graph.node(plan.steps[i].at.node).cost.multiply_adds as f64;
    for (i, times) in times.iter().enumerate() {
        put(Some(&names[i]), "forward", times.forward, operations(i));
    }
    if train {
        put(None, "loss", loss, 0.0);
        for (i, times) in times.iter().enumerate().rev() {
            let (name, operations) = (Some(&names[i]), operations(i));
            if operations == 0.0 {
                put(name, "backward", times.backward, 0.0);
            } else if plan.steps[i].wants()[0] {
                put(name, "weight gradient", times.weight, operations);
                put(name, "input gradient", (times.backward - times.weight).max(0.0), operations);
            } else {
                put(name, "weight gradient", times.backward, operations);
            }
        }
        put(None, "update", update, 0.0);
    }
    passes
}

/// Columns of [`Pass`]es, in the order of the step.
pub fn text(passes: &[Pass]) -> String {
    let all: f64 = passes.iter().map(|pass| pass.us).sum();
    let mut rows = vec![["layer", "pass", "µs", "of step", "GFLOP/s", "of peak"].map(str::to_owned).to_vec()];
    // What multiplies nothing has no rate of it.
    let rate = |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(|| "–".to_owned(), text);
    for pass in passes {
        rows.push(vec![
            pass.layer.clone().unwrap_or_else(|| "–".to_owned()),
            pass.pass.to_owned(),
            format!("{:.1}", pass.us),
            format!("{:.1} %", 100.0 * pass.us / all.max(1e-9)),
            rate(pass.gflops, |g| format!("{g:.1}")),
            rate(pass.share_of_peak, |s| format!("{:.0} %", 100.0 * s)),
        ]);
    }
    format!("{}{:.2} ms together, each at its best\n", table::aligned(&rows), all / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_rates_stand_where_there_are_any() {
        let conv = Pass { layer: Some("conv1".to_owned()), pass: "forward", us: 300.0, gflops: Some(60.0), share_of_peak: Some(0.6) };
        let update = Pass { layer: None, pass: "update", us: 100.0, gflops: None, share_of_peak: None };
        let text = text(&[conv, update]);
        let words = |line: usize| text.lines().nth(line).unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(2), ["conv1", "forward", "300.0", "75.0", "%", "60.0", "60", "%"]);
        assert_eq!(words(3), ["–", "update", "100.0", "25.0", "%", "–", "–"]);
        assert!(text.ends_with("0.40 ms together, each at its best\n"), "{text}");
    }
}
