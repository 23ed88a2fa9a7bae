//! Folders as they come: whole, with a wrong number, damaged, with what nobody knows.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "everything here is a test")]

use std::{fs, future::Future, path::Path, pin::pin, task};

use conformance::{Backend, Report, report::SuiteReport, suites::NAMES};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden");

/// On the CPU every future is ready when asked.
fn finished<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut task::Context::from_waker(task::Waker::noop())) {
        task::Poll::Ready(value) => value,
        task::Poll::Pending => panic!("this would have to be waited for"),
    }
}

fn run(folder: &Path) -> Report {
    finished(conformance::run(folder, None, &Backend::Cpu)).unwrap()
}

/// A folder with these suites.
fn copied(suites: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in suites.iter().flat_map(|s| [format!("{s}.json"), format!("{s}.safetensors")]) {
        fs::copy(Path::new(GOLDEN).join(&name), folder.path().join(&name)).unwrap();
    }
    folder
}

fn listing(folder: &Path, suite: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.join(format!("{suite}.json"))).unwrap()).unwrap()
}

/// Runs a suite after a change of its list of cases.
fn changed(suite: &str, change: impl FnOnce(&mut Value)) -> SuiteReport {
    let folder = copied(&[suite]);
    let mut list = listing(folder.path(), suite);
    change(&mut list);
    fs::write(folder.path().join(format!("{suite}.json")), list.to_string()).unwrap();
    run(folder.path()).suites.remove(0)
}

/// The only failure, of the first case.
fn reason(report: &SuiteReport) -> &str {
    let [failure] = &report.failures[..] else { panic!("{:?}", report.failures) };
    assert!(failure.case.ends_with("_000"), "{failure:?}");
    &failure.reason
}

#[test]
fn every_suite_of_a_folder_runs() {
    let report = run(Path::new(GOLDEN));
    let mut names = NAMES;
    names.sort_unstable();
    assert_eq!(report.suites.iter().map(|s| s.suite.as_str()).collect::<Vec<_>>(), names);
    for found in &report.suites {
        assert_eq!(found.failed, 0, "{found:?}");
        assert!(found.worst.as_ref().unwrap().tolerances <= 0.5, "{found:?}");
    }
    assert!(report.passed >= 222, "{report}");
}

#[test]
fn one_suite_alone_and_none() {
    let one = finished(conformance::run(Path::new(GOLDEN), Some("metric"), &Backend::Cpu)).unwrap();
    assert_eq!((one.suites.len(), one.passed, one.failed, one.is_passed()), (1, 10, 0, true));
    let error = finished(conformance::run(Path::new(GOLDEN), Some("metrics"), &Backend::Cpu)).unwrap_err().to_string();
    assert!(error.contains("no suite `metrics`") && error.contains("conv2d, conv_transpose2d"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    for folder in [empty.path(), &empty.path().join("absent")] {
        let error = finished(conformance::run(folder, None, &Backend::Cpu)).unwrap_err().to_string();
        assert!(error.contains(folder.to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_wrong_number_fails_in_every_result() {
    for suite in NAMES {
        let folder = copied(&[suite]);
        let all = run(folder.path()).suites.remove(0);
        let list = listing(folder.path(), suite);
        let runs = |case: &Value| !all.failures.iter().any(|f| f.case == case["name"].as_str().unwrap());
        let Some(case) = list["cases"].as_array().unwrap().iter().find(|c| runs(c)) else { continue };
        for group in ["outputs", "grads"] {
            for (key, name) in case[group].as_object().unwrap() {
                wrong_by(folder.path(), suite, name.as_str().unwrap(), 0.5);
                let report = run(folder.path()).suites.remove(0);
                let failure = report.failures.iter().find(|f| f.case == case["name"].as_str().unwrap());
                // What flows in makes everything that comes back wrong, if there is anything.
                if !(key == "upstream" && case["grads"].as_object().unwrap().is_empty()) {
                    let failure = failure.unwrap_or_else(|| panic!("{suite} {key}"));
                    assert!(failure.reason.starts_with("too far off"), "{suite} {key}: {failure:?}");
                    assert!(report.worst.unwrap().tolerances > 1.0);
                }
                wrong_by(folder.path(), suite, name.as_str().unwrap(), -0.5);
            }
        }
    }
    let report = changed("receptive_field", |list| list["cases"][0]["attrs"]["final_jump"] = json!(1000));
    assert!(reason(&report).contains("the network"), "{report:?}");
}

/// Adds to the last number of a tensor in a file.
fn wrong_by(folder: &Path, suite: &str, tensor: &str, by: f32) {
    let path = folder.join(format!("{suite}.safetensors"));
    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let changed: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = file
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            let mut data = view.data().to_vec();
            if name == tensor {
                let at = data.len() - 4;
                let last = data[at..].try_into().unwrap();
                let bytes = match view.dtype() {
                    Dtype::F32 => (f32::from_le_bytes(last) + by).to_le_bytes(),
                    _ => (i32::from_le_bytes(last) + (2.0 * by) as i32).to_le_bytes(),
                };
                data[at..].copy_from_slice(&bytes);
            }
            (name, view.dtype(), view.shape().to_vec(), data)
        })
        .collect();
    let views = changed.iter().map(|(name, dtype, shape, data)| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()));
    fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn damaged_files_are_named() {
    let complaint = |name: &str, damage: &dyn Fn(&Path)| {
        let folder = copied(&["norm", "loss"]);
        damage(&folder.path().join(name));
        let report = run(folder.path());
        // The other suite runs as if nothing were.
        assert_eq!(report.suites[0].suite, "loss");
        assert!(report.suites[0].passed >= 3);
        let [failure] = &report.suites[1].failures[..] else { panic!("{report}") };
        assert_eq!((report.suites[1].passed, failure.case.as_str(), &failure.op), (0, "norm", &None));
        failure.reason.clone()
    };
    let cut = |path: &Path| fs::write(path, &fs::read(path).unwrap()[..1000]).unwrap();
    let found = [
        (complaint("norm.json", &cut), "norm.json is damaged: EOF"),
        (complaint("norm.json", &|p| fs::write(p, [0xff, 0xfe]).unwrap()), "norm.json is damaged: expected value"),
        (complaint("norm.json", &|p| fs::write(p, r#"{"suite": "pool", "cases": []}"#).unwrap()), "says that it is the suite `pool`"),
        (complaint("norm.json", &|p| fs::write(p, r#"{"suite": "norm", "cases": []}"#).unwrap()), "norm.json lists no cases"),
        (complaint("norm.json", &|p| fs::remove_file(p).unwrap()), "norm.safetensors has no norm.json"),
        (complaint("norm.safetensors", &cut), "norm.safetensors is damaged"),
        (complaint("norm.safetensors", &|p| fs::write(p, "").unwrap()), "norm.safetensors is damaged"),
        (complaint("norm.safetensors", &|p| fs::remove_file(p).unwrap()), "cannot read"),
    ];
    for (got, want) in found {
        assert!(got.contains(want), "{got}, not {want}");
    }
}

#[test]
fn what_is_wrong_with_a_case_concerns_it_alone() {
    let conv = |change: &dyn Fn(&mut Value)| {
        let report = changed("conv2d", |list| change(&mut list["cases"][0]));
        assert_eq!((report.passed, report.failed), (39, 1));
        reason(&report).to_owned()
    };
    let drop = |group: &'static str, key: &'static str| {
        move |case: &mut Value| {
            case[group].as_object_mut().unwrap().remove(key).unwrap();
        }
    };
    let found = [
        (conv(&|c| c["op"] = json!("conv7d")), "the operator `conv7d` is not available here"),
        (conv(&|c| c["attrs"]["kind"] = json!("flipped")), "the operator `conv2d flipped` is not available here"),
        (conv(&drop("attrs", "stride")), "it has no attribute `stride`"),
        (conv(&drop("inputs", "weight")), "it has no input `weight`"),
        (conv(&drop("outputs", "output")), "it has no output `output`"),
        (conv(&drop("grads", "weight")), "naive d_params"),
        (conv(&|c| c["attrs"]["stride"] = json!([1, -1])), "its attribute `stride` is [1,-1], not two whole numbers"),
        (conv(&|c| c["attrs"]["pad_mode"] = json!("mirror")), r#"its attribute `pad_mode` is "mirror", not a way to pad"#),
        (conv(&|c| c["attrs"]["groups"] = json!(7)), "groups do not divide"),
        (conv(&|c| c["attrs"]["dilation"] = json!([0, 1])), "`dilation` is 0"),
        (conv(&|c| c["attrs"]["pad"] = json!([3, 3, 3, 3])), "its output has extents"),
        (conv(&|c| c["inputs"]["weight"] = json!("conv2d_000/inputs/wait")), "its weight names the tensor `conv2d_000/inputs/wait`"),
        (conv(&|c| c["inputs"]["weight"] = c["inputs"]["bias"].clone()), "its weight has extents"),
        (conv(&|c| c["outputs"]["more"] = c["outputs"]["output"].clone()), "its output `more` is not known"),
        (conv(&|c| c["grads"]["scale"] = c["grads"]["input"].clone()), "its gradient of `scale` is not known"),
        (conv(&|c| c["rtol"] = json!(-1)), "its tolerance is -1"),
    ];
    for (got, want) in found {
        assert!(got.contains(want), "{got}, not {want}");
    }
    let label = changed("loss", |list| {
        let scores = list["cases"][0]["inputs"]["logits"].clone();
        list["cases"].as_array_mut().unwrap().truncate(1);
        list["cases"][0]["inputs"]["target"] = scores;
    });
    // Rows of numbers are soft targets, and other ones than those of the file.
    assert!(reason(&label).starts_with("too far off"), "{label:?}");
    let strides = changed("receptive_field", |list| {
        list["cases"][0]["attrs"]["layers"] = vec![json!({"kernel": 1, "stride": 4096, "dilation": 1, "rf": 1, "jump": 1}); 40].into();
    });
    assert!(reason(&strides).starts_with("too far off"), "{strides:?}");
}

#[test]
fn a_suite_that_nobody_knows_fails_case_by_case() {
    let folder = copied(&["pool"]);
    for ending in ["json", "safetensors"] {
        let [from, to] = ["pool", "attention"].map(|name| folder.path().join(format!("{name}.{ending}")));
        fs::rename(from, to).unwrap();
    }
    let mut list = listing(folder.path(), "attention");
    list["suite"] = json!("attention");
    fs::write(folder.path().join("attention.json"), list.to_string()).unwrap();
    let report = run(folder.path());
    assert_eq!((report.passed, report.failed), (0, 30));
    assert_eq!(report.suites[0].failures[0].reason, "a suite `attention` is not available here");
    assert!(report.to_string().contains("FAILED pool_000 (pool2d max): a suite `attention` is not available here\n"), "{report}");
}

/// Every setting of every case replaced by what makes no sense, every tensor left out or exchanged for
/// another: the answer is a result, whatever it is.
#[test]
fn no_case_makes_it_panic() {
    let odd = [
        json!(null),
        json!(0),
        json!(-1),
        json!(7),
        json!(4096),
        json!(1e300),
        json!("x"),
        json!([]),
        json!([0, 0]),
        json!({"op": "residual"}),
    ];
    for suite in NAMES {
        let folder = copied(&[suite]);
        let list = listing(folder.path(), suite);
        let bytes = fs::read(folder.path().join(format!("{suite}.safetensors"))).unwrap();
        let mut names: Vec<String> = SafeTensors::deserialize(&bytes).unwrap().names().iter().map(|n| (*n).to_owned()).collect();
        names.sort_unstable();
        let mut cases = Vec::new();
        for (i, case) in list["cases"].as_array().unwrap().iter().enumerate() {
            let mut add = |group: &str, key: &str, value: Option<Value>| {
                let mut case = case.clone();
                match value {
                    Some(value) => case[group][key] = value,
                    None => drop(case[group].as_object_mut().unwrap().remove(key)),
                }
                cases.push(case);
            };
            for key in case["attrs"].as_object().unwrap().keys() {
                odd.iter().for_each(|value| add("attrs", key, Some(value.clone())));
                add("attrs", key, None);
            }
            for group in ["inputs", "outputs", "grads"] {
                for (k, key) in case[group].as_object().unwrap().keys().enumerate() {
                    add(group, key, None);
                    for other in [3 * i + k, 7 * i + 5 * k + 11] {
                        add(group, key, Some(json!(names[other % names.len()])));
                    }
                }
            }
        }
        let count = cases.len();
        let json = json!({"suite": suite, "cases": cases}).to_string();
        let suite = conformance::Suite::read(suite, json.as_bytes(), &bytes).unwrap();
        let report = finished(conformance::report::judge(&suite, &Backend::Cpu));
        assert_eq!(report.passed + report.failed, count);
        assert!(report.failed > count / 3, "{}: {} of {count} failed", suite.name, report.failed);
    }
}
