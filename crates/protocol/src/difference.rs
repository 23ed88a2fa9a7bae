//! What one set-up has otherwise than another, in one line.

use engine::{LayerSpec, ModelSpec, json, presets::PRESETS};
use serde_json::Value;

use crate::{RunSpec, change::changes};

/// Parts that a line names; what is beyond is counted.
const NAMED: usize = 4;
/// Layers that may come and go before the networks count as two.
const EDITS: usize = 3;
/// What a person looks for first.
const ORDER: [&str; 9] = ["rate", "optimizer", "loss", "batch", "epochs", "curve", "warmup steps", "l1", "l2"];

/// What is said where nothing differs.
pub const SAME: &str = "same set-up";

/// `conv2d 8 → 16 channels, rate 0.002 → 0.01, Adam → SGD`: what `new` has otherwise than `old`. `same set-up` where
/// that is nothing.
pub fn difference(old: &RunSpec, new: &RunSpec) -> String {
    let mut parts = network(&old.model, &new.model);
    let same = RunSpec { model: old.model.clone(), train: new.train.clone() };
    let mut notes = changes(old, &same, 0);
    engine::order::sort_by_key(&mut notes, |note| match note.what.as_str() {
        // What gives the same run by other luck comes last.
        "seed" => ORDER.len() + 1,
        what => ORDER.iter().position(|o| *o == what).unwrap_or(ORDER.len()),
    });
    parts.extend(notes.iter().map(|note| {
        let [from, to] = [&note.from, &note.to].map(|value| number(value));
        match note.what.as_str() {
            "optimizer" => format!("{} → {}", optimizer(&from), optimizer(&to)),
            "curve" | "schedule curve" => format!("schedule {from} → {to}"),
            what => format!("{what} {from} → {to}"),
        }
    }));
    let more = parts.len().saturating_sub(NAMED);
    parts.truncate(NAMED);
    match (parts.is_empty(), more) {
        (true, _) => SAME.to_owned(),
        (_, 0) => parts.join(", "),
        _ => format!("{} and {more} more", parts.join(", ")),
    }
}

/// A network that is no preset.
const OWN: &str = "Own network";

/// What a network is called: its preset's title, or that it is the user's own.
pub fn network_name(model: &ModelSpec) -> &'static str {
    PRESETS.iter().find(|p| p.model().layers == model.layers).map_or(OWN, |p| p.title)
}

/// `0.0` as `0`.
fn number(text: &str) -> String {
    text.strip_suffix(".0").unwrap_or(text).to_owned()
}

/// An optimizer's word as its papers write it.
pub fn optimizer(word: &str) -> String {
    match word {
        "sgd" => "SGD".to_owned(),
        "rmsprop" => "RMSprop".to_owned(),
        "adamw" => "AdamW".to_owned(),
        word => {
            let mut letters = word.chars();
            letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect()
        }
    }
}

fn network(old: &ModelSpec, new: &ModelSpec) -> Vec<String> {
    let mut parts = Vec::new();
    if old.layers != new.layers {
        let named = [old, new].iter().all(|model| network_name(model) != OWN);
        let edits = if named { None } else { layers(&old.layers, &new.layers) };
        parts.extend(edits.unwrap_or_else(|| vec![replaced(old, new)]));
    }
    if old.init != new.init {
        let [from, to] = [old, new].map(|model| model.init.name().replace('_', " "));
        // One rule with another number.
        parts.push(if from == to { format!("first weights {to} with another number") } else { format!("first weights {from} → {to}") });
    }
    if old.input != new.input {
        parts.push(format!("images {} → {}", old.input, new.input));
    }
    parts
}

fn replaced(old: &ModelSpec, new: &ModelSpec) -> String {
    let [from, to] = [network_name(old), network_name(new)];
    if from == to { format!("another network: {} → {} layers", old.layers.len(), new.layers.len()) } else { format!("{from} → {to}") }
}

/// Layers that came, went or changed in place; `None` where the two are not alike.
fn layers(old: &[LayerSpec], new: &[LayerSpec]) -> Option<Vec<String>> {
    let name = |layer: &LayerSpec| layer.op().kind().name;
    let mut parts = Vec::new();
    let mut swaps: Vec<(&str, &str, usize)> = Vec::new();
    for step in aligned(old, new)? {
        match step {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) if name(a) == name(b) => parts.extend(settings(a, b)),
            // One kind for another in several places is one change.
            (Some(a), Some(b)) => match swaps.iter_mut().find(|s| (s.0, s.1) == (title(a), title(b))) {
                Some(swap) => swap.2 += 1,
                None => swaps.push((title(a), title(b), 1)),
            },
            (None, Some(b)) => parts.push(format!("+ {}", title(b))),
            (Some(a), None) => parts.push(format!("− {}", title(a))),
            (None, None) => {}
        }
    }
    let swapped =
        swaps.into_iter().map(|(a, b, count)| if count > 1 { format!("{a} → {b} ({count} times)") } else { format!("{a} → {b}") });
    Some(swapped.chain(parts).collect())
}

fn title(layer: &LayerSpec) -> &'static str {
    layer.op().kind().title
}

/// What of one layer corresponds to what of the other.
type Pairs<'a> = Vec<(Option<&'a LayerSpec>, Option<&'a LayerSpec>)>;

/// The cheapest way from one list to the other by putting in, taking out and changing (Wagner and Fischer 1974).
fn aligned<'a>(old: &'a [LayerSpec], new: &'a [LayerSpec]) -> Option<Pairs<'a>> {
    let family = |layer: &LayerSpec| layer.op().kind().family;
    // Another setting is nearest, then another operator of the same sort; anything else comes and goes.
    let swap = |a: &LayerSpec, b: &LayerSpec| match (a == b, a.op().kind().name == b.op().kind().name) {
        (true, _) => 0,
        (_, true) => 1,
        _ if family(a) == family(b) => 2,
        _ => 5,
    };
    let wide = new.len() + 1;
    let mut costs = vec![0_usize; (old.len() + 1) * wide];
    let way = |i: usize, j: usize, costs: &[usize]| {
        let out = if i > 0 { costs[(i - 1) * wide + j] + 2 } else { usize::MAX };
        let into = if j > 0 { costs[i * wide + j - 1] + 2 } else { usize::MAX };
        let both = if i > 0 && j > 0 { costs[(i - 1) * wide + j - 1] + swap(&old[i - 1], &new[j - 1]) } else { usize::MAX };
        [(both, 0), (out, 1), (into, 2)].into_iter().min().unwrap_or((0, 0))
    };
    for i in 0..=old.len() {
        for j in 0..wide {
            if i + j > 0 {
                costs[i * wide + j] = way(i, j, &costs).0;
            }
        }
    }
    let (mut i, mut j, mut pairs) = (old.len(), new.len(), Vec::new());
    while i + j > 0 {
        match way(i, j, &costs).1 {
            0 => {
                (i, j) = (i - 1, j - 1);
                pairs.push((Some(&old[i]), Some(&new[j])));
            }
            1 => {
                i -= 1;
                pairs.push((Some(&old[i]), None));
            }
            _ => {
                j -= 1;
                pairs.push((None, Some(&new[j])));
            }
        }
    }
    pairs.reverse();
    let moved = pairs.iter().filter(|(a, b)| a.is_none() || b.is_none()).count();
    (moved <= EDITS).then_some(pairs)
}

/// What one layer has otherwise than another of its kind.
fn settings(old: &LayerSpec, new: &LayerSpec) -> Vec<String> {
    let (Ok(Value::Object(a)), Ok(Value::Object(b))) = (json::value(old), json::value(new)) else { return Vec::new() };
    let name = new.op().kind().name;
    let mut keys: Vec<&String> = b.keys().filter(|key| a.get(*key) != b.get(*key)).collect();
    engine::order::sort_by(&mut keys, |a, b| a.cmp(b));
    keys.into_iter().map(|key| format!("{name} {}", setting(key, a.get(key).unwrap_or(&Value::Null), &b[key]))).collect()
}

fn setting(key: &str, old: &Value, new: &Value) -> String {
    let shown = |value: &Value| match value {
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::String(word) => word.replace('_', " "),
        Value::Array(items) if items.iter().all(Value::is_number) => {
            items.iter().map(|i| number(&i.to_string())).collect::<Vec<_>>().join("×")
        }
        Value::Number(n) => number(&n.to_string()),
        Value::Null => "none".to_owned(),
        _ => "other".to_owned(),
    };
    let (from, to) = (shown(old), shown(new));
    match key {
        "out_ch" => format!("{from} → {to} channels"),
        "out" => format!("{from} → {to} units"),
        _ if from == to => format!("{} changed", key.replace('_', " ")),
        _ => format!("{} {from} → {to}", key.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use engine::{
        Init,
        ops::{BatchNorm2d, Conv2d, Dropout, Tanh},
        optim::Sgd,
        presets::preset,
    };

    use super::*;

    fn told(change: impl Fn(&mut RunSpec)) -> String {
        let old = RunSpec::default();
        let mut new = old.clone();
        change(&mut new);
        difference(&old, &new)
    }

    #[test]
    fn settings_of_training_in_one_line() {
        assert_eq!(told(|_| {}), "same set-up");
        assert_eq!(told(|s| (s.train.rate, s.train.optimizer) = (0.01, Sgd::default().into())), "rate 0.002 → 0.01, Adam → SGD");
        assert_eq!(told(|s| (s.train.seed, s.train.batch) = (7, 128)), "batch 64 → 128, seed 1 → 7");
        let many = |s: &mut RunSpec| {
            (s.train.rate, s.train.batch, s.train.epochs, s.train.seed) = (1.0, 1, 9, 3);
            (s.train.treatment.l2, s.train.augment.shift) = (0.5, 2.0);
        };
        assert_eq!(told(many), "rate 0.002 → 1, batch 64 → 1, epochs 3 → 9, l2 0 → 0.5 and 2 more");
    }

    #[test]
    fn layers_that_change_come_and_go() {
        let wider = |s: &mut RunSpec| {
            let LayerSpec::Conv2d(conv) = &s.model.layers[0] else { panic!() };
            s.model.layers[0] = Conv2d { out_ch: 16, ..conv.clone() }.into();
        };
        assert_eq!(told(wider), "conv2d 8 → 16 channels");
        assert_eq!(told(|s| s.model.layers.insert(1, BatchNorm2d::default().into())), "+ Batch norm");
        assert_eq!(told(|s| s.model.layers[9] = Dropout { p: 0.5 }.into()), "dropout p 0.25 → 0.5");
        let tanh = |s: &mut RunSpec| {
            for layer in s.model.layers.iter_mut().filter(|l| l.op().kind().name == "relu") {
                *layer = Tanh {}.into();
            }
        };
        assert_eq!(told(tanh), "ReLU → Tanh (3 times)");
        assert_eq!(told(|s| drop(s.model.layers.remove(9))), "− Dropout");
        assert_eq!(told(|s| s.model.init = Init::XavierNormal), "first weights he uniform → xavier normal");
    }

    #[test]
    fn another_network_is_named() {
        assert_eq!(told(|s| s.model = preset("n4").unwrap().model()), "Lens → MLP");
        // Every two presets have a line, and no line is empty or long.
        for a in PRESETS {
            for b in PRESETS {
                let [old, new] = [a, b].map(|p| RunSpec { model: p.model(), ..RunSpec::default() });
                let line = difference(&old, &new);
                assert!(!line.is_empty() && line.chars().count() < 200, "{line}");
                assert_eq!(line == "same set-up", old.model == new.model, "{} {}: {line}", a.slug, b.slug);
            }
        }
    }
}
