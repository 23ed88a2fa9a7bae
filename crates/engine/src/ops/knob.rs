//! The settings of layers as controls show them: read and written by name, whatever the operator.

use serde_json::Value;

use super::LayerSpec;
use crate::json::{self, Read};

/// One setting of a layer, as the layer editor shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knob {
    /// The setting's name in the specification.
    pub key: &'static str,
    pub label: &'static str,
    pub control: Control,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Control {
    /// A whole number (also for a pair or for four sides that agree).
    Count {
        least: usize,
        most: usize,
    },
    Ratio {
        least: f32,
        most: f32,
        step: f32,
    },
    /// Pixels on all sides, `0..=most`, or a convention by name: [`super::PADDINGS`].
    Padding {
        most: usize,
    },
    Choice(&'static [&'static str]),
    Switch,
}

/// What a knob is set to.
#[derive(Clone, Debug, PartialEq)]
pub enum KnobValue {
    /// One number, or as many as there are sides: rows and columns; top, bottom, left and right.
    Counts(Vec<usize>),
    Ratio(f32),
    Word(String),
    Switch(bool),
}

impl Knob {
    /// Added to a variance before its root is taken.
    pub(super) const EPS: Self = Self { key: "eps", label: "Epsilon", control: Control::Ratio { least: 1e-8, most: 1.0, step: 1e-5 } };

    /// Its setting in `layer`; `None` where the layer has none of this name. A switch that is not written down is off.
    pub fn value(&self, layer: &LayerSpec) -> Option<KnobValue> {
        let whole = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
        let json = written(layer)?;
        let Some(value) = json.get(self.key) else {
            let is_off = self.control == Control::Switch && layer.op().kind().knobs.contains(self);
            return is_off.then_some(KnobValue::Switch(false));
        };
        Some(match (self.control, value) {
            (Control::Ratio { .. }, _) => KnobValue::Ratio(value.as_f64().unwrap_or(f64::NAN) as f32),
            (_, Value::Bool(on)) => KnobValue::Switch(*on),
            (_, Value::String(word)) => KnobValue::Word(word.clone()),
            (_, Value::Array(parts)) => KnobValue::Counts(parts.iter().map(whole).collect::<Option<_>>()?),
            (_, Value::Number(_)) => KnobValue::Counts(vec![whole(value)?]),
            _ => return None,
        })
    }

    /// `layer` with this setting; `None` where it cannot be written so.
    pub fn with(&self, layer: &LayerSpec, value: &KnobValue) -> Option<LayerSpec> {
        let value = match value {
            KnobValue::Counts(parts) => match parts.as_slice() {
                [one] => Value::from(*one),
                several => Value::from(several),
            },
            KnobValue::Ratio(x) => Value::from(*x),
            KnobValue::Word(word) => Value::from(word.as_str()),
            KnobValue::Switch(on) => Value::from(*on),
        };
        set(layer, self.key, value)
    }

    /// Into how many numbers the setting can be taken apart: 1, 2 for a pair, 4 for sides.
    pub fn sides(&self, layer: &LayerSpec) -> usize {
        match self.control {
            Control::Count { .. } | Control::Padding { .. } => {
                [4, 2].into_iter().find(|n| set(layer, self.key, Value::from(vec![1; *n])).is_some()).unwrap_or(1)
            }
            _ => 1,
        }
    }
}

/// The layer as it is written down.
pub(crate) fn written(layer: &LayerSpec) -> Option<Value> {
    json::value(layer).ok()
}

/// `layer` with another value under `key`; `None` where it has no such setting or takes no such value.
pub(crate) fn set(layer: &LayerSpec, key: &str, value: Value) -> Option<LayerSpec> {
    let mut json = written(layer)?;
    // What is not among the layer's settings is refused when it is read.
    json.as_object_mut()?.insert(key.to_owned(), value);
    LayerSpec::read(json).ok()
}

#[cfg(test)]
mod tests {
    use crate::ops::{KINDS, KnobValue};

    fn knob(op: &str, key: &str) -> (super::Knob, crate::LayerSpec) {
        let kind = KINDS.iter().find(|k| k.name == op).unwrap();
        (*kind.knobs.iter().find(|k| k.key == key).unwrap(), kind.usual().unwrap())
    }

    #[test]
    fn pairs_and_sides_come_apart() {
        for (op, key, sides) in [("conv2d", "kernel", 2), ("conv2d", "pad", 4), ("conv2d", "out_ch", 1), ("conv_transpose2d", "pad", 4)] {
            let (knob, layer) = knob(op, key);
            assert_eq!(knob.sides(&layer), sides, "{op}.{key}");
        }
        let (kernel, layer) = knob("conv2d", "kernel");
        let wide = kernel.with(&layer, &KnobValue::Counts(vec![3, 5])).unwrap();
        assert_eq!(kernel.value(&wide), Some(KnobValue::Counts(vec![3, 5])));
        assert_eq!(kernel.with(&wide, &KnobValue::Word("same".to_owned())), None);
    }
}
