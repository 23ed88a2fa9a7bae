//! `kernelscope bench` on the graphics card of this machine, one in software too. Without any the
//! tests are skipped, loudly; where `REQUIRE_GPU` is 1 that is a failure.

#![allow(clippy::unwrap_used)] // A test may panic.

use assert_cmd::Command;
use engine::backend::gpu::{Card, reader::block_on};
use serde_json::Value;

fn card_is_there() -> bool {
    match block_on(Card::open()) {
        Ok(_) => true,
        Err(error) => {
            let required = std::env::var("REQUIRE_GPU").is_ok_and(|value| !value.is_empty() && value != "0");
            assert!(!required, "REQUIRE_GPU is set, but {error}");
            println!("SKIPPED: {error}");
            false
        }
    }
}

/// One line of JSON a measurement, and what is printed beside.
fn bench(words: &str) -> (Vec<Value>, String) {
    let mut command = Command::cargo_bin("kernelscope").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["bench", "--seconds", "0.01", "--rounds", "2"]).args(words.split(' '));
    let output = command.assert().success().get_output().clone();
    let lines = String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, String::from_utf8(output.stderr).unwrap())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn the_card_is_timed_beside_the_cpu() {
    if !card_is_there() {
        return;
    }
    let (lines, text) = bench("--backend gpu --net n4 --batch 16,32 --peak-gflops 1000 --peak-gbs 100");
    let shapes: Vec<(&str, u64)> = lines.iter().map(|l| (l["mode"].as_str().unwrap(), l["batch"].as_u64().unwrap())).collect();
    assert_eq!(shapes, [("train", 16), ("train", 32), ("infer", 16), ("infer", 32)]);
    for line in &lines {
        for key in ["imagesPerSecond", "stepsPerSecond", "msPerStep", "steps"] {
            assert!(number(&line[key]) > 0.0, "{key}: {line}");
        }
        let info = &line["info"];
        assert_eq!(info["backend"], "gpu");
        assert!(!info["adapter"]["name"].as_str().unwrap().is_empty() && info["adapter"]["software"].is_boolean());
        assert!(number(&info["timesCpu"]) > 0.0 && number(&info["cpuImagesPerSecond"]) > 0.0, "{line}");
        assert_eq!(info["rounds"].as_array().unwrap().len(), 2);
    }
    let step = &lines[0];
    let kernels = step["kernels"].as_array().map_or(0, Vec::len);
    let dispatches = number(&step["info"]["dispatchesPerStep"]);
    // Where the card has a clock, every dispatch is timed.
    assert!(kernels == 0 || kernels as f64 == dispatches, "{step}");
    assert!(text.contains("adapter: ") && text.contains("card / CPU"), "{text}");
    assert!(kernels == 0 || text.contains("of peak GB/s"), "{text}");
}

/// From the same weights through the same digits: what the CPU's losses and scores are.
#[test]
fn the_card_learns_as_the_cpu_does() {
    if !card_is_there() {
        return;
    }
    for (mode, key) in [("train", "losses"), ("infer", "logits")] {
        let numbers = |backend: &str| {
            let (lines, _) = bench(&format!("--json --backend {backend} --net n4 --batch 8 --mode {mode}"));
            lines[0][key].as_array().unwrap().iter().map(number).collect::<Vec<f64>>()
        };
        let (card, cpu) = (numbers("gpu"), numbers("cpu"));
        assert_eq!(card.len(), cpu.len());
        assert!(card.len() >= 5 && card.iter().zip(&cpu).all(|(a, b)| (a - b).abs() < 1e-4), "{key}: {card:?}, {cpu:?}");
    }
}
