//! The lists: operators, optimizers, presets. What each entry says of itself holds.

use std::collections::HashSet;

use engine::{
    Graph, LayerSpec, ModelSpec, OptimizerSpec, Shape,
    ops::{Control, Conv2d, Dense, Family, Flatten, KINDS, Kind, KnobValue, PADDINGS},
    presets::{PRESETS, preset},
};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

fn assert_unique<'a>(what: &str, names: impl IntoIterator<Item = &'a str>) {
    let mut seen = HashSet::new();
    for name in names {
        assert!(!name.is_empty(), "an empty {what}");
        assert!(seen.insert(name), "{what} {name} stands twice in the list");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn operators_are_named_once_and_described() {
    assert_unique("operator", KINDS.iter().map(|k| k.name));
    assert_unique("stem", KINDS.iter().map(|k| k.short));
    assert_unique("title", KINDS.iter().map(|k| k.title));
    for kind in KINDS {
        assert!(kind.about().trim().len() > 100, "{}: about.md says nothing", kind.name);
        assert_unique(&format!("knob of {}", kind.name), kind.knobs.iter().map(|k| k.key));
        assert_unique(&format!("label in {}", kind.name), kind.knobs.iter().map(|k| k.label));
        assert_unique(&format!("case of {}", kind.name), kind.cases().iter().map(|c| c.name));
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn operators_and_folders_are_the_same() {
    let ops = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/engine/src/ops");
    let mut folders: Vec<String> = std::fs::read_dir(&ops)
        .unwrap()
        .map(|entry| entry.unwrap())
        // Each operator tells students what it is; folders that serve several of them do not.
        .filter(|entry| entry.path().join("about.md").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut names: Vec<&str> = KINDS.iter().map(|k| k.name).collect();
    names.sort_unstable();
    assert_eq!(names, folders);
}

#[wasm_bindgen_test(unsupported = test)]
fn cases_are_legal_and_one_is_worked() {
    for kind in KINDS {
        let cases = kind.cases();
        assert!(cases.iter().any(|c| c.worked.is_some()), "{}: no case is worked by hand", kind.name);
        for case in cases {
            let written = serde_json::to_value(&case.layer).unwrap();
            assert_eq!(written["op"], kind.name, "{}: the tag is not the name", case.name);
            assert_eq!(case.layer.op().kind().name, kind.name, "{}", case.name);
            assert_eq!(serde_json::from_value::<LayerSpec>(written).unwrap(), case.layer, "{}: does not come back as written", case.name);
            case.layer.op().infer(&[&[case.input], case.others].concat()).unwrap_or_else(|e| panic!("{}, {}: {e}", kind.name, case.name));
        }
    }
}

/// A layer of this operator as it is written with nothing set, or its first case where it needs something.
fn usual(kind: &Kind) -> Value {
    let bare = json!({ "op": kind.name });
    match serde_json::from_value::<LayerSpec>(bare) {
        Ok(layer) => serde_json::to_value(layer).unwrap(),
        Err(_) => serde_json::to_value(&kind.cases()[0].layer).unwrap(),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn knobs_are_settings() {
    for kind in KINDS {
        for knob in kind.knobs {
            let written = usual(kind);
            // A switch that is off may be left out; that there is such a setting shows where it is set.
            let may_be_left_out = knob.control == Control::Switch;
            let is_setting = may_be_left_out || written.get(knob.key).is_some();
            assert!(is_setting, "{}: {} is a knob, but {written} has no such setting", kind.name, knob.key);
            let values: Vec<Value> = match knob.control {
                Control::Count { least, most } => {
                    assert!(least < most, "{}.{}", kind.name, knob.key);
                    vec![json!(least), json!(most)]
                }
                Control::Ratio { least, most, step } => {
                    assert!(least < most && step > 0.0, "{}.{}", kind.name, knob.key);
                    vec![json!(least), json!(most)]
                }
                Control::Padding { most } => {
                    PADDINGS.iter().map(|n| json!(n)).chain([json!(0), json!(most), json!([0, 1, 1, 0])]).collect()
                }
                Control::Choice(names) => names.iter().map(|n| json!(n)).collect(),
                Control::Switch => vec![json!(false), json!(true)],
            };
            let mut accepted = 0;
            for value in values {
                let mut set = written.clone();
                set[knob.key] = value;
                let layer: LayerSpec = serde_json::from_value(set.clone()).unwrap_or_else(|e| panic!("{set}: {e}"));
                let mut back = serde_json::to_value(&layer).unwrap();
                if set[knob.key] == json!(false) && back.get(knob.key).is_none() {
                    back[knob.key] = json!(false);
                }
                assert_eq!(back.as_object().unwrap().keys().collect::<Vec<_>>(), set.as_object().unwrap().keys().collect::<Vec<_>>());
                for input in [Shape::new(3, 64, 64), Shape::flat(100), Shape::new(1, 1, 1)] {
                    let spec = ModelSpec { input, layers: vec![layer.clone()], init: Default::default() };
                    // Legal or not, the answer is an answer: a knob at its stop never panics.
                    let _ = Graph::check(&spec);
                    accepted += usize::from(layer.op().infer(&[input]).is_ok());
                }
            }
            assert!(accepted > 0, "{}.{}: no end of the range is legal on any input", kind.name, knob.key);
        }
    }
}

/// What an editor does with a knob, for every operator: nothing that can be set lies outside, and what is set is read
/// again, with all else as it was.
#[wasm_bindgen_test(unsupported = test)]
fn every_setting_has_a_knob_and_comes_back() {
    for kind in KINDS {
        let layer = kind.usual().unwrap_or_else(|| panic!("{}: needs something to be written at all", kind.name));
        let written = serde_json::to_value(&layer).unwrap();
        let left_out = kind.knobs.iter().filter(|k| k.control == Control::Switch && k.value(&layer) == Some(KnobValue::Switch(false)));
        let settings = written.as_object().unwrap().keys().map(String::as_str).filter(|k| !["op", "branches"].contains(k));
        let settings: HashSet<&str> = settings.chain(left_out.map(|k| k.key)).collect();
        assert_eq!(settings, kind.knobs.iter().map(|k| k.key).collect(), "{}: settings and knobs", kind.name);
        for knob in kind.knobs {
            let counts = |n: usize| (0..n).map(|i| i + 1).collect::<Vec<_>>();
            let mut values = match knob.control {
                Control::Count { least, most } => vec![KnobValue::Counts(vec![least]), KnobValue::Counts(vec![most])],
                Control::Padding { most } => {
                    let names = PADDINGS.iter().map(|name| KnobValue::Word((*name).to_owned()));
                    names.chain([KnobValue::Counts(vec![0]), KnobValue::Counts(vec![most])]).collect()
                }
                Control::Ratio { least, most, step } => {
                    vec![KnobValue::Ratio(least), KnobValue::Ratio(most), KnobValue::Ratio(least + step)]
                }
                Control::Choice(names) => names.iter().map(|name| KnobValue::Word((*name).to_owned())).collect(),
                Control::Switch => vec![KnobValue::Switch(false), KnobValue::Switch(true)],
            };
            if knob.sides(&layer) > 1 {
                values.push(KnobValue::Counts(counts(knob.sides(&layer))));
            }
            assert_eq!(knob.with(&layer, &knob.value(&layer).unwrap()), Some(layer.clone()), "{}.{}: as it was", kind.name, knob.key);
            for value in values {
                let set = knob.with(&layer, &value).unwrap_or_else(|| panic!("{}.{} cannot be {value:?}", kind.name, knob.key));
                assert_eq!(knob.value(&set), Some(value), "{}.{}", kind.name, knob.key);
                for other in kind.knobs.iter().filter(|other| other.key != knob.key) {
                    assert_eq!(other.value(&set), other.value(&layer), "{}.{} changes {}", kind.name, knob.key, other.key);
                }
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn operators_stand_in_families_and_say_what_they_are_in_a_sentence() {
    for family in Family::ALL {
        assert!(KINDS.iter().any(|k| k.family == family), "{} is empty", family.title());
    }
    for kind in KINDS {
        let summary = kind.summary();
        assert!(summary.ends_with('.') && (20..230).contains(&summary.len()), "{}: {summary}", kind.name);
        assert_eq!(kind.usual().is_some_and(|l| l.op().branches().len() == 2), kind.family == Family::Join, "{}", kind.name);
    }
}

/// Files and links from before there was such a setting read and write the same.
#[wasm_bindgen_test(unsupported = test)]
fn a_kernel_that_is_not_flipped_is_not_said_to_be() {
    let usual = serde_json::to_value(LayerSpec::from(Conv2d::default())).unwrap();
    assert!(usual.get("flipped").is_none(), "{usual}");
    let flipped = LayerSpec::from(Conv2d { flipped: true, ..Conv2d::default() });
    let written = serde_json::to_value(&flipped).unwrap();
    assert_eq!(written["flipped"], true);
    assert_eq!(serde_json::from_value::<LayerSpec>(written).unwrap(), flipped);
    let knob = KINDS.iter().flat_map(|kind| kind.knobs).find(|knob| knob.key == "flipped").unwrap();
    assert_eq!(knob.with(&flipped, &KnobValue::Switch(false)), Some(Conv2d::default().into()));
    assert_eq!(knob.value(&Dense { out: 3, bias: true }.into()), None, "another layer has no such setting");
}

#[wasm_bindgen_test(unsupported = test)]
fn unknown_settings_are_refused() {
    for kind in KINDS {
        let mut written = usual(kind);
        written["no_such_setting"] = json!(1);
        let error = serde_json::from_value::<LayerSpec>(written).expect_err(kind.name).to_string();
        assert!(error.contains("no_such_setting"), "{}: {error}", kind.name);
    }
    let error = serde_json::from_value::<LayerSpec>(json!({ "op": "no_such_op" })).unwrap_err().to_string();
    assert!(error.contains("no_such_op") && error.contains("conv2d"), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn every_operator_stands_in_a_network() {
    for kind in KINDS {
        for case in kind.cases() {
            // Something to learn follows, so that the network is one even where the layer has no weights.
            let layers = vec![case.layer.clone(), Flatten {}.into(), Dense { out: 10, bias: true }.into()];
            let spec = ModelSpec { input: case.input, layers, init: Default::default() };
            let graph = Graph::check_classifier(&spec, 10).unwrap_or_else(|e| panic!("{}, {}: {e}", kind.name, case.name));
            assert!(graph.nodes[0].name.starts_with(kind.short));
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn optimizers_are_named_as_they_are_written() {
    let all = OptimizerSpec::all();
    let names: Vec<&str> = all.iter().map(|o| o.rule().name()).collect();
    assert_unique("optimizer", names.iter().copied());
    for (optimizer, name) in all.iter().zip(names) {
        let written = serde_json::to_value(optimizer).unwrap();
        assert_eq!(written["optimizer"], name);
        assert_eq!(serde_json::from_value::<OptimizerSpec>(written).unwrap(), *optimizer);
        assert_eq!(
            serde_json::from_value::<OptimizerSpec>(json!({ "optimizer": name })).unwrap(),
            *optimizer,
            "nothing set is the usual rule"
        );
        assert_unique(&format!("slot of {name}"), optimizer.rule().slots().iter().copied());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn presets_are_networks() {
    assert_unique("preset", PRESETS.iter().map(|p| p.slug));
    assert_unique("title", PRESETS.iter().map(|p| p.title));
    for entry in PRESETS {
        assert!(
            entry.slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{} does not suit a link",
            entry.slug
        );
        assert!(!entry.about.is_empty());
        let graph = Graph::check_classifier(&entry.model(), 10).unwrap_or_else(|e| panic!("{}: {e}", entry.slug));
        assert_unique(&format!("layer of {}", entry.slug), graph.nodes.iter().map(|n| n.name.as_str()));
        assert_unique(&format!("tensor of {}", entry.slug), graph.params.iter().chain(&graph.state).map(|p| p.name.as_str()));
        assert_eq!(preset(entry.slug).unwrap().title, entry.title);
        let written = serde_json::to_string(&entry.model()).unwrap();
        assert_eq!(serde_json::from_str::<ModelSpec>(&written).unwrap(), entry.model());
    }
    assert!(preset("no-such-preset").is_none());
}
