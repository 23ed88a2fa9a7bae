//! What differs between two specifications of a run, setting by setting, and notes of it.

use engine::{json, json::Read};
use serde::Serialize;
use serde_json::Value;

use crate::RunSpec;

/// Something that happened to a run at a step: a setting was changed, or it was ended early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Updates made before it.
    pub step: u32,
    /// The setting, or in words what happened.
    pub what: String,
    /// Its value before and after; both empty where no setting was changed.
    pub from: String,
    pub to: String,
}

impl Note {
    pub fn told(step: u32, what: impl Into<String>) -> Self {
        Self { step, what: what.into(), from: String::new(), to: String::new() }
    }

    /// `step 812: rate 0.002 → 0.0005`
    pub fn sentence(&self) -> String {
        let Self { step, what, from, to } = self;
        if from.is_empty() && to.is_empty() { format!("step {step}: {what}") } else { format!("step {step}: {what} {from} → {to}") }
    }
}

/// Longest value that a note repeats.
const SHOWN: usize = 60;

/// What `new` has otherwise than `old`, as notes at `step`: a rule or a loss of another kind is one change, whatever
/// its settings are.
pub fn changes(old: &RunSpec, new: &RunSpec, step: u32) -> Vec<Note> {
    let mut notes = Vec::new();
    if let (Ok(old), Ok(new)) = (json::value(old), json::value(new)) {
        compare("", &old, &new, &mut |what, from, to| notes.push(Note { step, what, from, to }));
    }
    notes
}

const TAGS: [&str; 4] = ["optimizer", "loss", "curve", "op"];

fn kind(value: &Value) -> Option<&str> {
    TAGS.iter().find_map(|tag| value.get(tag)?.as_str())
}

fn compare(name: &str, old: &Value, new: &Value, tell: &mut dyn FnMut(String, String, String)) {
    if old == new {
        return;
    }
    match (old, new) {
        (Value::Object(a), Value::Object(b)) if kind(old) == kind(new) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))).collect();
            engine::order::sort_by(&mut keys, |a, b| a.cmp(b));
            for key in keys {
                let [old, new] = [a, b].map(|object| object.get(key).unwrap_or(&Value::Null));
                compare(&joined(name, key), old, new, tell);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() && name.ends_with("layers") => {
            for (i, (old, new)) in a.iter().zip(b).enumerate() {
                compare(&format!("layer {}", i + 1), old, new, tell);
            }
        }
        _ => tell(name.to_owned(), shown(old), shown(new)),
    }
}

/// What stands around a setting is left out where its own name says enough.
fn joined(outer: &str, key: &str) -> String {
    let plain = matches!(outer, "" | "model" | "train" | "train treatment" | "treatment" | "selection" | "stopping");
    let key = key.replace('_', " ");
    if plain { key } else { format!("{outer} {key}") }
}

/// The factor of a layer's rate.
fn pair(item: &Value) -> String {
    let layer = item[0].as_u64().unwrap_or_default() + 1;
    if item[1].as_f64() == Some(0.0) { format!("layer {layer} frozen") } else { format!("layer {layer} × {}", item[1]) }
}

fn shown(value: &Value) -> String {
    let text = match (value, kind(value)) {
        (_, Some(kind)) => kind.replace('_', " "),
        (Value::String(word), _) => word.replace('_', " "),
        (Value::Null, _) => "none".to_owned(),
        (Value::Array(items), _) if items.is_empty() => "none".to_owned(),
        (Value::Array(items), _) if items.iter().all(|i| i.as_array().is_some_and(|pair| pair.len() == 2)) => {
            items.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        (Value::Bool(on), _) => if *on { "on" } else { "off" }.to_owned(),
        (value, _) => value.to_string(),
    };
    if text.chars().count() <= SHOWN { text } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use engine::{
        LossSpec, OptimizerSpec,
        loss::{CrossEntropy, Focal},
        optim::{Adam, Sgd},
    };

    use super::*;
    use crate::TrainSpec;

    fn told(change: impl Fn(&mut TrainSpec)) -> Vec<String> {
        let old = RunSpec::default();
        let mut new = old.clone();
        change(&mut new.train);
        changes(&old, &new, 812).iter().map(Note::sentence).collect()
    }

    #[test]
    fn changes_are_told_setting_by_setting() {
        assert!(told(|_| {}).is_empty());
        assert_eq!(told(|t| t.rate = 5e-4), ["step 812: rate 0.002 → 0.0005"]);
        assert_eq!(told(|t| (t.batch, t.epochs) = (128, 4)), ["step 812: batch 64 → 128", "step 812: epochs 3 → 4"]);
        assert_eq!(told(|t| t.optimizer = Sgd::default().into()), ["step 812: optimizer adam → sgd"]);
        assert_eq!(
            told(|t| t.optimizer = Adam { weight_decay: 0.5, ..Adam::default() }.into()),
            ["step 812: optimizer weight decay 0.0 → 0.5"]
        );
        assert_eq!(told(|t| t.loss = LossSpec::Focal(Focal::default())), ["step 812: loss cross entropy → focal"]);
        let smooth = LossSpec::CrossEntropy(CrossEntropy { label_smoothing: 0.1, ..CrossEntropy::default() });
        assert_eq!(told(|t| t.loss = smooth.clone()), ["step 812: loss label smoothing 0.0 → 0.1"]);
        assert_eq!(told(|t| t.treatment.l2 = 0.5), ["step 812: l2 0.0 → 0.5"]);
        let rates = [(engine::NodeId(0), 0.0), (engine::NodeId(3), 0.5)];
        assert_eq!(told(|t| t.treatment.rates = rates.into()), ["step 812: rates none → layer 1 frozen, layer 4 × 0.5"]);
        assert_eq!(told(|t| t.stopping.patience = 2), ["step 812: patience 0 → 2"]);
        assert_eq!(told(|t| t.selection.balanced = true), ["step 812: balanced off → on"]);
        assert_eq!(OptimizerSpec::default(), RunSpec::default().train.optimizer);
    }
}
