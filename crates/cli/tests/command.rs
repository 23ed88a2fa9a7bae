//! The program as it is called: what it prints, what it writes, how it fails.

#![allow(clippy::unwrap_used)] // A test may panic.

use std::{fs, path::Path};

use assert_cmd::Command;
use predicates::{prelude::PredicateBooleanExt, str::contains};
use serde_json::Value;

fn kernelscope() -> Command {
    let mut command = Command::cargo_bin("kernelscope").unwrap();
    // Tests run in the package's folder: the digits are found two folders above.
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    // Without it Mesa complains on stderr before a word of ours.
    command.env("XDG_RUNTIME_DIR", std::env::temp_dir());
    command
}

/// The same where Vulkan finds no driver: on Linux nothing else offers an adapter.
#[cfg(target_os = "linux")]
fn without_card() -> Command {
    let mut command = kernelscope();
    command.env("VK_DRIVER_FILES", "none").env("VK_ICD_FILENAMES", "none");
    command
}

/// Trains the smallest preset for `steps` steps into `out`; returns what was printed.
fn trained(out: &Path, steps: &str, more: &[&str]) -> String {
    let mut command = kernelscope();
    command.args(["train", "--net", "n4", "--steps", steps, "--batch", "50", "--seed", "7", "--out"]).arg(out).args(more);
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// The last line of standard error.
fn complaint(command: &mut Command) -> String {
    let output = command.assert().code(1).get_output().stderr.clone();
    let text = String::from_utf8(output).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn train_writes_what_eval_reads() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("runs/first");
    let printed = trained(&out, "60", &[]);
    assert!(printed.contains("109386 parameters, 60 steps of 50 digits"), "{printed}");
    for name in ["weights.safetensors", "run.json", "curves.svg", "curves.png", "curves.csv", "confusion.svg"] {
        assert!(fs::metadata(out.join(name)).unwrap().len() > 500, "{name}");
    }
    assert_eq!(fs::read(out.join("curves.png")).unwrap()[..8], *b"\x89PNG\r\n\x1a\n");
    let svg = fs::read_to_string(out.join("curves.svg")).unwrap();
    assert!(svg.contains("validation") && svg.contains("Accuracy") && svg.contains("After 60 steps"));
    let record: Value = serde_json::from_str(&fs::read_to_string(out.join("run.json")).unwrap()).unwrap();
    assert_eq!((record["steps"].as_u64(), record["spec"]["train"]["seed"].as_u64()), (Some(60), Some(7)));
    let table = fs::read_to_string(out.join("curves.csv")).unwrap();
    assert_eq!(table.lines().filter(|line| line.starts_with("train,")).count(), 60);
    let test = &record["scores"][1];
    assert_eq!(test["set"], "test");
    // 60 steps read most digits already.
    assert!(test["accuracy"].as_f64().unwrap() > 0.7, "{test}");

    // The file knows its network; the score is the one that training ended with.
    let weights = out.join("weights.safetensors");
    let output = kernelscope().args(["eval", "--json", "--weights"]).arg(&weights).assert().success().get_output().stdout.clone();
    let score = json(&String::from_utf8(output).unwrap());
    for key in ["accuracy", "loss", "count", "confusion"] {
        assert_eq!(score[key], test[key], "{key}");
    }
    assert_eq!(score["count"], 10_000);
    let quality = |key: &str| score["quality"][key].as_f64().unwrap();
    let accuracy = score["accuracy"].as_f64().unwrap();
    assert!(accuracy < quality("top_2") && quality("top_2") < quality("top_3") && quality("top_3") <= 1.0, "{score}");
    assert!((0.0..0.5).contains(&quality("ece")) && (0.0..1.0).contains(&quality("brier")), "{score}");
    let areas = score["quality"]["roc_auc"].as_array().unwrap();
    assert!(areas.len() == 10 && areas.iter().all(|a| (0.6..=1.0).contains(&a.as_f64().unwrap())), "{score}");
    assert_eq!(score["classes"].as_array().unwrap().iter().map(|c| c["count"].as_u64().unwrap()).sum::<u64>(), 10_000);

    let accuracy = format!("{:.2} %", 100.0 * test["accuracy"].as_f64().unwrap());
    kernelscope()
        .args(["eval", "--net", "n4", "--weights"])
        .arg(&weights)
        .assert()
        .success()
        .stdout(contains(accuracy).and(contains("ROC AUC")).and(contains("calibration error")).and(contains("read as")));
}

#[test]
fn shapes_need_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("shapes");
    let printed = trained(&out, "40", &["--data", "shapes"]);
    assert!(printed.contains("40 steps of 50 shapes") && printed.contains("of 10000 shapes"), "{printed}");
    let record: Value = serde_json::from_str(&fs::read_to_string(out.join("run.json")).unwrap()).unwrap();
    assert_eq!(record["spec"]["train"]["data"], "shapes");
    assert!(record["link"].as_str().unwrap().contains("data=shapes"));
    // The file knows what it was trained on, and the classes have their names.
    let weights = out.join("weights.safetensors");
    kernelscope().args(["eval", "--weights"]).arg(&weights).assert().success().stdout(contains("crescent").and(contains("10000 shapes")));
    // Images of one's own are the page's.
    let words = complaint(kernelscope().args(["train", "--link", "v=1&data=own", "--out"]).arg(&out));
    assert!(words.contains("kept by the page"), "{words}");
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| folder.path().join(name));
    trained(&a, "25", &[]);
    trained(&b, "25", &[]);
    // The run again from its own record, and once with another seed.
    let record = a.join("run.json");
    kernelscope().args(["train", "--steps", "25", "--spec"]).arg(&record).arg("--out").arg(&c).assert().success();
    trained(&d, "25", &["--rate", "0.0005"]);
    // Without the header, whose entries come in any order.
    let weights = |folder: &Path| {
        let bytes = fs::read(folder.join("weights.safetensors")).unwrap();
        let header = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
        bytes[8 + header..].to_vec()
    };
    assert!(weights(&a) == weights(&b));
    assert!(weights(&a) == weights(&c));
    assert!(weights(&a) != weights(&d));
}

#[test]
fn a_whole_epoch_is_scored_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let link = "http://localhost:8080/?v=1&net=n4&epochs=1&batch=500";
    let output = kernelscope().args(["train", "--link", link, "--out"]).arg(folder.path()).assert().success().get_output().stdout.clone();
    let printed = String::from_utf8(output).unwrap();
    assert!(printed.contains("100 steps of 500 digits"), "{printed}");
    assert_eq!(printed.matches("epoch 1.00: validation accuracy").count(), 1, "{printed}");
    assert_eq!(printed.matches("epoch 1.00: test accuracy").count(), 1, "{printed}");
}

#[test]
fn bench_prints_one_object() {
    for (mode, extra) in [("train", "losses"), ("infer", "logits")] {
        let output = kernelscope()
            .args(["bench", "--net", "N4", "--mode", mode, "--batch", "64", "--backend", "cpu", "--threads", "1"])
            .args(["--seconds", "0.02", "--rounds", "3"])
            .assert()
            .success()
            .stderr(contains("images/s"))
            .get_output()
            .stdout
            .clone();
        let text = String::from_utf8(output).unwrap();
        assert_eq!(text.lines().count(), 1);
        let found = json(&text);
        let positive = |value: &Value| value.as_f64().is_some_and(|v| v > 0.0 && v.is_finite());
        for key in ["imagesPerSecond", "msPerStep", "steps"] {
            assert!(positive(&found[key]), "{key}: {found}");
        }
        let (rate, step_ms) = (found["imagesPerSecond"].as_f64().unwrap(), found["msPerStep"].as_f64().unwrap());
        assert!((rate * step_ms / 64_000.0 - 1.0).abs() < 1e-9);
        assert_eq!(found["info"]["rounds"].as_array().unwrap().len(), 3);
        assert!(positive(&found["info"]["peakGflops"]) && positive(&found["info"]["gflops"]));
        assert_eq!(found[extra].as_array().unwrap().len(), if mode == "train" { 5 } else { 10 });
    }
}

#[test]
fn bench_times_the_passes_of_layers() {
    let output = kernelscope()
        .args(["bench", "--net", "n1", "--batch", "8", "--seconds", "0.02", "--rounds", "1", "--layers"])
        .assert()
        .success()
        .stderr(contains("weight gradient"))
        .get_output()
        .stdout
        .clone();
    let found = json(&String::from_utf8(output).unwrap());
    let passes = found["layers"].as_array().unwrap();
    let of =
        |layer: &str, pass: &str| passes.iter().find(|p| p["layer"].as_str().is_some_and(|l| l.starts_with(layer)) && p["pass"] == pass);
    for pass in ["forward", "weight gradient", "input gradient"] {
        let share = of("conv2, relu2", pass).unwrap()["shareOfPeak"].as_f64().unwrap();
        assert!(share > 0.0 && share.is_finite(), "{pass}: {share}");
    }
    // Nobody asks for the image's gradient.
    assert!(of("conv1, relu1", "weight gradient").is_some() && of("conv1, relu1", "input gradient").is_none());
    assert!(passes.iter().any(|p| p["pass"] == "update" && p["layer"].is_null()));
}

#[test]
fn bench_takes_given_weights() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("start.bin");
    fs::write(&file, vec![0; 4 * 109_386]).unwrap();
    let order = ["bench", "--json", "--net", "n4", "--seconds", "0.01", "--rounds", "1", "--start"];
    let output = kernelscope().args(order).arg(&file).assert().success().stderr("").get_output().stdout.clone();
    let losses = json(&String::from_utf8(output).unwrap())["losses"].clone();
    // All scores are zero at first: ln 10.
    assert!((losses[0].as_f64().unwrap() - 10.0_f64.ln()).abs() < 1e-6, "{losses}");
    fs::write(&file, [0; 12]).unwrap();
    kernelscope()
        .args(order)
        .arg(&file)
        .assert()
        .code(1)
        .stderr(contains("holds 12 bytes, but the 109386 weights of `n4` take 437544"))
        .stdout(contains(r#"{"error":""#));
}

#[test]
fn bench_says_what_it_cannot_do() {
    #[cfg(target_os = "linux")]
    {
        let no_card = without_card().args(["bench", "--backend", "gpu"]).assert().code(1).stderr(contains("offers no adapter"));
        no_card.stdout(contains(r#"{"error":""#));
    }
    kernelscope().args(["bench", "--backend", "twin"]).assert().code(1).stdout(contains("is not timed"));
    kernelscope().args(["bench", "--mode", "infer", "--threads", "2"]).assert().code(1).stdout(contains("2 threads were asked for"));
    kernelscope().args(["bench", "--net", "n1,n9"]).assert().code(1).stderr(contains("no preset `n9`"));
    kernelscope().args(["bench", "--batch", "0"]).assert().code(2);
}

#[test]
#[cfg(target_os = "linux")]
fn backends_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let weights = out.join("weights.safetensors");
    let (out, file) = (out.to_str().unwrap(), weights.to_str().unwrap());
    let tasks: [&[&str]; 3] = [&["train", "--steps", "1", "--out", out], &["eval", "--weights", file], &["bench"]];
    for task in tasks {
        let known = contains("auto, cpu, gpu, twin").and(contains("'npu'"));
        kernelscope().args(task).args(["--backend", "npu"]).assert().code(2).stderr(known);
        // A file that cannot be read is named first.
        for asked in ["gpu", "twin"].into_iter().filter(|_| task[0] != "eval") {
            let text = complaint(without_card().args(task).args(["--backend", asked]));
            assert!(text.contains(&format!("--backend {asked}")) && text.contains("graphics card"), "{text}");
        }
        let help = contains("--backend <NAME>").and(contains("however slow")).and(contains("webgpu").not());
        kernelscope().args([task[0], "--help"]).assert().success().stdout(help);
    }
    assert!(!weights.exists());
}

#[test]
fn missing_and_damaged_digits() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let order = |data: &Path| {
        let mut command = kernelscope();
        command.args(["train", "--steps", "1", "--data"]).arg(data).arg("--out").arg(folder.path().join("out"));
        command
    };
    let text = complaint(&mut order(&empty));
    assert!(text.contains("train-0.pack") && text.contains("cargo xtask data"), "{text}");

    let damaged = folder.path().join("damaged");
    fs::create_dir(&damaged).unwrap();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/mnist")).unwrap() {
        let path = entry.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if path.ends_with("train-1.pack") {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
        }
        fs::write(damaged.join(path.file_name().unwrap()), bytes).unwrap();
    }
    let text = complaint(&mut order(&damaged));
    assert!(text.contains("train-1.pack") && !folder.path().join("out").exists(), "{text}");
}

#[test]
fn missing_damaged_and_foreign_weights() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    trained(&out, "2", &[]);
    let weights = out.join("weights.safetensors");
    let eval = |file: &Path, more: &[&str]| {
        let mut command = kernelscope();
        command.args(["eval", "--weights"]).arg(file).args(more);
        complaint(&mut command)
    };
    let text = eval(&folder.path().join("none.safetensors"), &[]);
    assert!(text.contains("cannot read") && text.contains("none.safetensors"), "{text}");
    let text = eval(&weights, &["--net", "n1"]);
    assert!(text.contains("another network"), "{text}");

    let whole = fs::read(&weights).unwrap();
    let broken = folder.path().join("broken.safetensors");
    for bytes in [&whole[..whole.len() - 100], &whole[..20], &[], b"\x89PNG\r\n\x1a\n and so on, and so on"] {
        fs::write(&broken, bytes).unwrap();
        let text = eval(&broken, &[]);
        assert!(text.contains("broken.safetensors") && text.contains("cannot be used"), "{text}");
    }
}

#[test]
fn specifications_that_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("net.json"), folder.path().join("out"));
    let train = |arguments: &[&str]| {
        let mut command = kernelscope();
        command.args(["train", "--steps", "1"]).args(arguments).arg("--out").arg(&out);
        complaint(&mut command)
    };
    let spec = file.to_str().unwrap();
    fs::write(&file, "{\"input\": [1, 28, 28], \"layers\": [{\"op\": \"convolution\"}]}").unwrap();
    assert!(train(&["--spec", spec]).contains("convolution"));
    fs::write(&file, "[1, 2").unwrap();
    assert!(train(&["--spec", spec]).contains("net.json is no specification"));
    fs::write(&file, r#"{"input": [1, 28, 28], "layers": [{"op": "dense", "out": 10, "bias": true}]}"#).unwrap();
    let text = train(&["--spec", spec]);
    assert!(text.contains("layer 1 (`dense`)") && text.contains("flatten"), "{text}");
    assert!(train(&["--net", "vgg"]).contains("there are lens, n1, n2, n3, n4"));
    assert!(train(&["--optimizer", "lions"]).contains("adam"));
    assert!(train(&["--batch", "0"]).contains("`batch` is 0"));
    assert!(train(&["--link", "?v=1&net=nothing"]).contains("net"));
    assert!(!out.exists());
    kernelscope().args(["train", "--net", "n1", "--link", "x"]).assert().code(2).stderr(contains("cannot be used with"));
}

#[test]
fn a_rate_that_breaks_the_network() {
    let folder = tempfile::tempdir().unwrap();
    // Without an activation nothing dies down: the weights grow until they are no numbers.
    let spec = folder.path().join("linear.json");
    fs::write(&spec, r#"{"input": [1, 28, 28], "layers": [{"op": "flatten"}, {"op": "dense", "out": 64}, {"op": "dense", "out": 10}]}"#)
        .unwrap();
    kernelscope()
        .args(["train", "--steps", "60", "--optimizer", "sgd", "--rate", "100", "--out"])
        .arg(folder.path().join("out"))
        .arg("--spec")
        .arg(&spec)
        .assert()
        .code(1)
        .stderr(contains("no longer a number").and(contains("lower the rate")));
}

#[test]
fn results_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let mut command = kernelscope();
    command.args(["train", "--net", "n4", "--steps", "1", "--out"]).arg(file.join("run"));
    let text = complaint(&mut command);
    assert!(text.contains("cannot write") && text.contains("--out"), "{text}");
}
