//! How single values are read.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use protocol::Wish;

/// Reads what computes.
pub fn backend() -> impl TypedValueParser<Value = Wish> {
    let values = [
        PossibleValue::new("auto").help("The graphics card where it is right and faster, else the CPU"),
        PossibleValue::new("cpu").help("The CPU"),
        // The other name is that of browsers, under which harnesses ask for it.
        PossibleValue::new("gpu").alias("webgpu").help("The graphics card, however slow"),
        PossibleValue::new("twin").help("Both on the same numbers, until they part"),
    ];
    PossibleValuesParser::new(values).try_map(|word| if word == "webgpu" { Ok(Wish::Gpu) } else { word.parse::<Wish>() })
}

pub fn batch(text: &str) -> Result<usize, String> {
    let limits = protocol::run::BATCHES;
    match text.parse() {
        Ok(count) if limits.contains(&count) => Ok(count),
        _ => Err(format!("must be {} to {}", limits.start(), limits.end())),
    }
}

pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=64).contains(&count) => Ok(count),
        _ => Err(String::from("must be 1 to 64")),
    }
}

pub fn peak(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(peak) if (0.001..=1e9).contains(&peak) => Ok(peak),
        _ => Err(String::from("must be 0.001 to 1,000,000,000")),
    }
}

pub fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.001..=600.0).contains(&seconds) => Ok(seconds),
        _ => Err(String::from("must be 0.001 to 600")),
    }
}

pub fn init_help() -> String {
    let names: Vec<&str> = engine::Init::ALL.iter().map(|i| i.name()).collect();
    format!("How weights start, with its usual number: {}", names.join(", "))
}

pub fn preset_help() -> String {
    let names: Vec<&str> = engine::presets::PRESETS.iter().map(|p| p.slug).collect();
    format!("A preset: {}", names.join(", "))
}

pub fn loss_help() -> String {
    let names: Vec<&str> = engine::LossSpec::all().iter().map(engine::LossSpec::name).collect();
    format!(
        "What training makes small: {}; with other than the usual settings as a link writes it, '(loss:focal,gamma:3)'",
        names.join(", ")
    )
}

pub fn optimizer_help() -> String {
    let names: Vec<String> = engine::OptimizerSpec::all().iter().map(|o| o.rule().name().to_owned()).collect();
    format!("Update rule, with its usual settings: {}", names.join(", "))
}

pub fn schedule_help() -> String {
    let names: Vec<&str> = engine::schedule::CurveSpec::all().iter().map(|c| c.curve().name()).collect();
    format!("How the learning rate changes over the run, with its usual settings: {}", names.join(", "))
}
