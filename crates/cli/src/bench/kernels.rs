//! The kernels of a training step, each against what the card can do.

use engine::{Graph, backend::gpu::profile::KernelTime};
use serde::Serialize;

use crate::{arguments::Bench, table};

/// One kernel, as JSON has it.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kernel {
    /// None where it belongs to the whole network.
    layer: Option<String>,
    shader: &'static str,
    us: f64,
    gflops: f64,
    gbs: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    of_peak_gflops: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    of_peak_gbs: Option<f64>,
}

pub fn kernels(order: &Bench, graph: &Graph, times: &[KernelTime]) -> Vec<Kernel> {
    let kernel = |time: &KernelTime| Kernel {
        layer: time.layer.map(|id| graph.node(id).name.clone()),
        shader: time.shader,
        us: time.ns / 1e3,
        gflops: time.gflops(),
        gbs: time.gbs(),
        of_peak_gflops: order.peak_gflops.map(|peak| time.gflops() / peak),
        of_peak_gbs: order.peak_gbs.map(|peak| time.gbs() / peak),
    };
    times.iter().map(kernel).collect()
}

/// Columns of [`Kernel`]s, in the order of the step.
pub fn text(kernels: &[Kernel]) -> String {
    let all: f64 = kernels.iter().map(|k| k.us).sum();
    let peaks = kernels.first().map_or([false; 2], |k| [k.of_peak_gflops.is_some(), k.of_peak_gbs.is_some()]);
    let names = ["layer", "kernel", "µs", "of step", "GFLOP/s", "GB/s"];
    let mut head: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    for (name, _) in ["of peak GFLOP/s", "of peak GB/s"].iter().zip(peaks).filter(|(_, there)| *there) {
        head.push((*name).to_owned());
    }
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    // What multiplies nothing has no rate of it.
    let rate = |value: f64, digits: usize| if value > 0.0 { format!("{value:.digits$}") } else { "–".to_owned() };
    let row = |k: &Kernel| {
        let layer = k.layer.clone().unwrap_or_else(|| "–".to_owned());
        let mut row =
            vec![layer, k.shader.to_owned(), format!("{:.1}", k.us), percent(k.us / all.max(1e-9)), rate(k.gflops, 1), rate(k.gbs, 2)];
        row.extend([k.of_peak_gflops, k.of_peak_gbs].into_iter().flatten().map(percent));
        row
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(kernels.iter().map(row)).collect();
    format!("{}{} kernels, {:.0} µs together, each in a pass of its own\n", table::aligned(&rows), kernels.len(), all)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use engine::NodeId;

    use super::*;
    use crate::arguments::{Arguments, Task};

    fn order(words: &str) -> Bench {
        match Arguments::try_parse_from(words.split(' ')).unwrap().task {
            Task::Bench(order) => order,
            _ => panic!("{words}"),
        }
    }

    #[test]
    fn rates_and_shares() {
        let graph = Graph::check(&engine::presets::preset("n1").unwrap().model()).unwrap();
        let first = KernelTime { layer: Some(NodeId(0)), shader: "conv2d/forward", ns: 2000.0, multiply_adds: 3_000_000, bytes: 500_000 };
        let update = KernelTime { layer: None, shader: "optim/adam", ns: 6000.0, multiply_adds: 0, bytes: 1_200_000 };
        let times = [first, update];
        let plain = text(&kernels(&order("k bench"), &graph, &times));
        let lines: Vec<&str> = plain.lines().collect();
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(lines[2]), ["conv1", "conv2d/forward", "2.0", "25.0", "%", "3000.0", "250.00"]);
        assert_eq!(words(lines[3]), ["–", "optim/adam", "6.0", "75.0", "%", "–", "200.00"]);
        assert!(lines[4].starts_with("2 kernels, 8 µs"), "{plain}");

        let held = text(&kernels(&order("k bench --peak-gflops 30000 --peak-gbs 1000"), &graph, &times));
        assert!(held.contains("of peak GFLOP/s") && held.contains("10.0 %  "), "{held}");
        assert_eq!(words(held.lines().nth(2).unwrap())[7..], ["10.0", "%", "25.0", "%"]);
    }
}
