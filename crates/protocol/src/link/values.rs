//! What stands behind a key of a link: from its text to the value, or what is wrong with it.

use std::ops::RangeInclusive;

use engine::{Augment, Init, LayerSpec, LossSpec, OptimizerSpec, ScheduleSpec, Shape, Treatment, json::Read, presets, schedule::CurveSpec};
use serde_json::Value;

use super::{CLASSES, LinkProblem};
use crate::{RunError, compact, regime::Word};

/// At most so many characters of a bad value are repeated in a message.
const SHOWN: usize = 40;

pub fn shown(text: &str) -> String {
    if text.chars().count() <= SHOWN { text.to_owned() } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

pub fn layers_of(text: &str) -> Result<Vec<LayerSpec>, LinkProblem> {
    if !text.starts_with('!') {
        let known = || presets::PRESETS.iter().map(|p| p.slug).collect::<Vec<_>>().join(", ");
        let preset = presets::preset(text).ok_or_else(|| LinkProblem::UnknownName { got: shown(text), known: known() })?;
        return Ok(preset.model().layers);
    }
    let Value::Array(items) = compact::read(text).map_err(|error| LinkProblem::Text { error })? else {
        return Err(LinkProblem::Content { reason: "expected a list of layers".to_owned() });
    };
    let layer = |(i, item): (usize, Value)| {
        LayerSpec::read(item).map_err(|e| LinkProblem::Content { reason: format!("layer {}: {}", i + 1, shown_reason(&e)) })
    };
    items.into_iter().enumerate().map(layer).collect()
}

/// Serde repeats an unknown word in full.
pub fn shown_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.chars().count() <= 200 { text } else { text.chars().take(200).chain(['…']).collect() }
}

pub fn input_of(text: &str) -> Result<Shape, LinkProblem> {
    let extents: Result<Vec<usize>, _> = text.split(',').map(str::parse).collect();
    match extents.as_deref() {
        Ok(&[ch, h, w]) => Ok(Shape::new(ch, h, w)),
        _ => Err(LinkProblem::Content { reason: format!("expected channels,rows,columns, found `{}`", shown(text)) }),
    }
}

pub fn init_of(text: &str) -> Result<Init, LinkProblem> {
    if text.starts_with('(') {
        let init: Init = content_of(text)?;
        init.check().map_err(|error| LinkProblem::Setting { error })?;
        return Ok(init);
    }
    let known = || Init::ALL.iter().map(|i| i.name()).collect::<Vec<_>>().join(", ");
    Init::ALL.into_iter().find(|i| i.name() == text).ok_or_else(|| LinkProblem::UnknownName { got: shown(text), known: known() })
}

/// Settings in the text of [`compact`], within their limits.
pub fn checked_of<T: Read>(text: &str, check: fn(&T) -> Result<(), RunError>) -> Result<T, LinkProblem> {
    let settings: T = content_of(text)?;
    check(&settings).map_err(|error| LinkProblem::Setting { error })?;
    Ok(settings)
}

pub fn word_of<T: Word>(text: &str) -> Result<T, LinkProblem> {
    T::of(text).ok_or_else(|| LinkProblem::UnknownName { got: shown(text), known: T::known() })
}

pub fn treatment_of(text: &str) -> Result<Treatment, LinkProblem> {
    let treatment: Treatment = content_of(text)?;
    treatment.check_settings().map_err(|error| LinkProblem::Setting { error })?;
    Ok(treatment)
}

/// The augmentation that `text` says as in a link, its usual settings left out.
///
/// # Errors
/// What is wrong with it.
pub fn augment_of(text: &str) -> Result<Augment, LinkProblem> {
    let augment: Augment = content_of(text)?;
    augment.check().map_err(|error| LinkProblem::Setting { error })?;
    Ok(augment)
}

pub fn curve_of(text: &str) -> Result<CurveSpec, LinkProblem> {
    let known = CurveSpec::all().iter().map(|c| c.curve().name()).collect::<Vec<_>>().join(", ");
    let curve: CurveSpec = tagged_of(text, "curve", &known)?;
    ScheduleSpec::from(curve).check().map_err(|error| LinkProblem::Setting { error })?;
    Ok(curve)
}

/// The loss that `text` says as in a link: a name, or name and settings. It can train a network of ten classes.
///
/// # Errors
/// What is wrong with it.
pub fn loss_of(text: &str) -> Result<LossSpec, LinkProblem> {
    let known = LossSpec::all().iter().map(|l| l.name()).collect::<Vec<_>>().join(", ");
    let loss: LossSpec = tagged_of(text, "loss", &known)?;
    // Every network of a link gives so many scores.
    loss.check(Shape::flat(CLASSES)).map_err(|error| LinkProblem::Loss { error })?;
    Ok(loss)
}

pub fn optimizer_of(text: &str) -> Result<OptimizerSpec, LinkProblem> {
    let known = OptimizerSpec::all().iter().map(|o| o.rule().name()).collect::<Vec<_>>().join(", ");
    let optimizer: OptimizerSpec = tagged_of(text, "optimizer", &known)?;
    optimizer.check().map_err(|error| LinkProblem::Setting { error })?;
    Ok(optimizer)
}

pub fn tagged_of<T: Read>(text: &str, tag: &str, known: &str) -> Result<T, LinkProblem> {
    if !text.starts_with('(') {
        return T::read(serde_json::json!({ tag: text }))
            .map_err(|_| LinkProblem::UnknownName { got: shown(text), known: known.to_owned() });
    }
    content_of(text)
}

pub fn content_of<T: Read>(text: &str) -> Result<T, LinkProblem> {
    let value = compact::read(text).map_err(|error| LinkProblem::Text { error })?;
    T::read(value).map_err(|e| LinkProblem::Content { reason: shown_reason(&e) })
}

pub fn number_of(text: &str, limits: &RangeInclusive<f32>) -> Result<f32, LinkProblem> {
    let number: f32 = text.parse().map_err(|_| LinkProblem::NotANumber { got: shown(text) })?;
    if number.is_nan() {
        return Err(LinkProblem::NotANumber { got: shown(text) });
    }
    if !limits.contains(&number) {
        return Err(LinkProblem::OutOfRange { got: shown(text), least: *limits.start(), most: *limits.end() });
    }
    Ok(number)
}

pub fn whole_of(text: &str, least: u64, most: u64) -> Result<u64, LinkProblem> {
    match text.parse() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(LinkProblem::NotWhole { got: shown(text), least, most }),
    }
}
