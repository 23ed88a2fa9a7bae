//! Numbers in words.

/// Three significant digits: `2.30`, `0.0431`, `1.2e-5`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "no number".to_owned();
    }
    if size != 0.0 && !(1e-3..1e4).contains(&size) {
        return format!("{value:.1e}");
    }
    let decimals = if size >= 100.0 {
        0
    } else if size >= 10.0 {
        1
    } else if size >= 1.0 {
        2
    } else if size >= 0.1 {
        3
    } else {
        4
    };
    format!("{value:.decimals$}")
}

pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A learning rate: as short as it can be said.
pub fn rate(value: f32) -> String {
    if value != 0.0 && value < 1e-4 { format!("{value:e}") } else { value.to_string() }
}
