//! Repairs that change settings of the layer that is wrong.

use serde_json::Value;

use super::Repair;
use crate::{
    Init, LayerSpec, ModelSpec, Setting, SettingKind, Shape, ShapeError,
    graph::limit,
    ops::{set, written},
};

/// One change towards a legal layer; asked again until the layer is right.
type Fix = fn(&LayerSpec, &ShapeError) -> Option<LayerSpec>;

const FIXES: [Fix; 6] = [legal, same_padding, undilated, zeros, fewer_channels, usual];

/// Halving the largest count takes so many steps.
const STEPS: usize = 64;

/// The layer with settings that are right for what it takes in: one for each way that leads there.
pub fn mended(layer: &LayerSpec, error: &ShapeError, inputs: &[Shape]) -> Vec<LayerSpec> {
    FIXES.iter().filter_map(|fix| settled(*fix, fix(layer, error)?, inputs)).collect()
}

/// Where one change brings up another error, that is seen to as well: first in the same way, else in the usual one.
fn settled(fix: Fix, mut layer: LayerSpec, inputs: &[Shape]) -> Option<LayerSpec> {
    for _ in 0..STEPS {
        let Err(error) = verdict(&layer, inputs) else { return Some(layer) };
        let next = fix(&layer, &error).filter(|next| *next != layer).or_else(|| legal(&layer, &error))?;
        if next == layer {
            return None;
        }
        layer = next;
    }
    None
}

/// What a graph says of the layer itself.
fn verdict(layer: &LayerSpec, inputs: &[Shape]) -> Result<(), ShapeError> {
    let inferred = layer.op().infer(inputs)?;
    limit("the output of this layer", inferred.output.len())?;
    let weights = inferred.params.iter().map(|p| p.dims.iter().fold(1usize, |n, d| n.saturating_mul(*d)));
    limit("the network with the weights of this layer", weights.fold(0, usize::saturating_add))
}

/// The setting that the error names, at the legal value nearest to it.
fn legal(layer: &LayerSpec, error: &ShapeError) -> Option<LayerSpec> {
    let within = |key: &str, least: usize, most: usize| {
        let value = written(layer)?.get(key)?.clone();
        set(layer, key, clamped(value, least, most))
    };
    match error {
        ShapeError::OutOfRange { setting, least, most, .. } => within(setting, *least, *most),
        ShapeError::WindowTooLarge { largest, .. } => within("kernel", 1, *largest),
        ShapeError::PadTooLarge { pad_mode, extent, .. } => {
            // A mirror without the edge pixel has one pixel less to show.
            let most = if pad_mode == "reflect" { extent - 1 } else { *extent };
            within("pad", 0, most).filter(|mended| mended != layer).or_else(|| zeros(layer, error))
        }
        ShapeError::PadHidesInput { kernel, .. } => {
            let half = within("pad", 0, kernel / 2).filter(|mended| mended != layer);
            half.or_else(|| set(layer, "pad", Value::from(0)))
        }
        ShapeError::PadCutsAll { most, .. } => within("pad", 0, most / 2),
        ShapeError::GroupsDoNotDivide { legal, .. } => set(layer, "groups", Value::from(*legal)),
        ShapeError::NothingToNormalise { .. } => {
            let groups = written(layer)?.get("groups")?.as_u64()?;
            set(layer, "groups", Value::from(groups / 2))
        }
        ShapeError::RatioOutOfRange { setting, value, least, most } => {
            let (value, least, most) = (value.parse::<f32>().ok()?, least.parse::<f32>(), most.parse::<f32>().ok()?);
            let nearest = match least {
                Ok(least) if value < least => least,
                _ if value > most => most,
                _ => return None,
            };
            set(layer, setting, Value::from(nearest))
        }
        _ => None,
    }
}

/// As much padding as the window needs.
fn same_padding(layer: &LayerSpec, error: &ShapeError) -> Option<LayerSpec> {
    matches!(error, ShapeError::WindowTooLarge { .. }).then(|| set(layer, "pad", Value::from("same")))?
}

fn undilated(layer: &LayerSpec, error: &ShapeError) -> Option<LayerSpec> {
    matches!(error, ShapeError::WindowTooLarge { .. }).then(|| set(layer, "dilation", Value::from(1)))?
}

fn zeros(layer: &LayerSpec, error: &ShapeError) -> Option<LayerSpec> {
    matches!(error, ShapeError::PadTooLarge { .. }).then(|| set(layer, "pad_mode", Value::from("zeros")))?
}

/// So many kernels that the groups divide them; half of what makes a tensor too large.
fn fewer_channels(layer: &LayerSpec, error: &ShapeError) -> Option<LayerSpec> {
    let json = written(layer)?;
    let count = |key: &str| json.get(key).and_then(Value::as_u64);
    match error {
        ShapeError::GroupsDoNotDivide { groups, side, .. } if side == "output" => {
            let groups = *groups as u64;
            set(layer, "out_ch", Value::from(count("out_ch")?.checked_next_multiple_of(groups)?))
        }
        ShapeError::TooLarge { .. } => {
            // The largest of the settings that make the layer as large as it is.
            let keys = ["out_ch", "out", "scale_factor", "output", "kernel", "stride", "dilation", "pad", "output_padding"];
            let (key, _) =
                keys.iter().filter_map(|key| Some((key, largest(json.get(*key)?)?))).max_by_key(|(_, n)| *n).filter(|(_, n)| *n > 1)?;
            let most = usize::try_from(largest(json.get(*key)?)? / 2).ok()?;
            set(layer, key, clamped(json.get(*key)?.clone(), 0, most))
        }
        _ => None,
    }
}

/// What the setting is where nobody sets it.
fn usual(layer: &LayerSpec, error: &ShapeError) -> Option<LayerSpec> {
    let (ShapeError::RatioOutOfRange { setting, .. } | ShapeError::OutOfRange { setting, .. }) = error else { return None };
    let usual = layer.op().kind().usual()?;
    set(layer, setting, written(&usual)?.get(setting)?.clone())
}

fn largest(value: &Value) -> Option<u64> {
    match value {
        Value::Array(parts) => parts.iter().filter_map(largest).max(),
        _ => value.as_u64(),
    }
}

/// Every number within limits; a word stays.
fn clamped(value: Value, least: usize, most: usize) -> Value {
    match value {
        Value::Array(parts) => parts.into_iter().map(|part| clamped(part, least, most)).collect(),
        Value::Number(n) => Value::from(n.as_u64().unwrap_or(0).clamp(least as u64, most.max(least) as u64)),
        word => word,
    }
}

/// `Set kernel size to 3, padding to same`.
pub fn difference(before: &LayerSpec, after: &LayerSpec) -> String {
    let (Some(old), Some(new)) = (written(before), written(after)) else { return String::new() };
    let kind = after.op().kind();
    let shown = |value: &Value| match value {
        Value::String(word) => word.clone(),
        Value::Array(parts) => parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
        // In the digits of the number as it is kept.
        Value::Number(n) if n.is_f64() => {
            let x = n.as_f64().unwrap_or_default() as f32;
            if x != 0.0 && x.abs() < 1e-3 { format!("{x:e}") } else { x.to_string() }
        }
        other => other.to_string(),
    };
    let changed = new.as_object().into_iter().flatten().filter(|(key, value)| old.get(key.as_str()) != Some(*value));
    let parts = changed.map(|(key, value)| {
        let label = kind.knobs.iter().find(|knob| knob.key == key).map_or_else(|| key.clone(), |knob| knob.label.to_ascii_lowercase());
        format!("{label} to {}", shown(value))
    });
    format!("Set {}", parts.collect::<Vec<_>>().join(", "))
}

/// The rule of the first weights with its number within limits, and the usual rule.
pub fn init(model: &ModelSpec, setting: &str) -> Vec<Repair> {
    let with = |init: Init, words: String| Repair { words, model: ModelSpec { init, ..model.clone() }, place: None };
    let nearest = |s: &Setting| {
        let SettingKind::Number { least, most } = s.kind else { return None };
        let value = s.value(&model.init).filter(|v| !v.is_nan())?.clamp(f64::from(least), f64::from(most));
        let init = s.with(&model.init, value)?;
        Some(with(init, format!("Set {} to {}", s.label.to_ascii_lowercase(), value as f32)))
    };
    let own = model.init.settings().iter().find(|s| s.name() == setting).and_then(nearest);
    own.into_iter().chain([with(Init::default(), format!("Use {}", Init::default().label()))]).collect()
}
