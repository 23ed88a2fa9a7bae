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
