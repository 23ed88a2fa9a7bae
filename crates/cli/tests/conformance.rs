//! `kernelscope conformance`: what it prints, and its exit code.

#![allow(clippy::unwrap_used, reason = "everything here is a test")]

use std::fs;

use assert_cmd::Command;
use predicates::{prelude::PredicateBooleanExt, str::contains};
use serde_json::Value;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden");

fn conformance(words: &[&str]) -> Command {
    let mut command = Command::cargo_bin("kernelscope").unwrap();
    command.arg("conformance").args(words);
    command
}

#[test]
fn a_suite_that_passes() {
    let table = contains("conv2d      40       0").and(contains("40 passed, 0 failed"));
    conformance(&[GOLDEN, "--suite", "conv2d"]).assert().success().stdout(table).stderr("");

    let output = conformance(&[GOLDEN, "--suite", "metric", "--json"]).assert().success().stderr("").get_output().stdout.clone();
    let found: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!((&found["backend"], &found["passed"], &found["failed"]), (&"cpu".into(), &10.into(), &0.into()));
    let suite = &found["suites"][0];
    assert_eq!((&suite["suite"], &suite["passed"], &suite["failures"]), (&"metric".into(), &10.into(), &Value::Array(vec![])));
    assert!((0.0..=1.0).contains(&suite["worst"]["tolerances"].as_f64().unwrap()), "{found}");
    assert!(suite["worst"]["case"].as_str().unwrap().starts_with("metric_0") && suite["worst"]["result"].is_string(), "{found}");
}

#[test]
fn what_fails_is_named_and_ends_in_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    conformance(&[place]).assert().code(1).stderr(contains("holds no list of cases"));
    for file in ["metric.json", "metric.safetensors"] {
        fs::copy(format!("{GOLDEN}/{file}"), folder.path().join(file)).unwrap();
    }
    let list = fs::read_to_string(folder.path().join("metric.json")).unwrap();
    fs::write(folder.path().join("metric.json"), list.replacen("\"classification\"", "\"ranking\"", 1)).unwrap();
    fs::write(folder.path().join("pool.json"), "{").unwrap();
    fs::write(folder.path().join("pool.safetensors"), "").unwrap();
    let named = contains("FAILED metric_000 (ranking): the metric `ranking` is not available here")
        .and(contains("FAILED pool: pool.json is damaged"));
    conformance(&[place]).assert().code(1).stdout(named).stderr("error: 2 of 11 golden cases failed\n");

    let output = conformance(&[place, "--json"]).assert().code(1).get_output().stdout.clone();
    let found: Value = serde_json::from_slice(&output).unwrap();
    assert_eq!((&found["passed"], &found["failed"]), (&9.into(), &2.into()));
    let failure = &found["suites"][0]["failures"][0];
    assert_eq!((&failure["case"], &failure["op"]), (&"metric_000".into(), &"ranking".into()));
    assert_eq!(found["suites"][1]["worst"], Value::Null);

    conformance(&[place, "--suite", "norm"]).assert().code(1).stderr(contains("no suite `norm`; it has metric, pool"));
    conformance(&[]).assert().code(2);
    conformance(&[GOLDEN, "--backend", "twin"]).assert().code(2).stderr(contains("cpu, gpu"));
}
