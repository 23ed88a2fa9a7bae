//! Numbers as text: few digits, no jumping.

/// A learning rate: `0.001`, `3e-5`.
pub fn rate(value: f32) -> String {
    if value == 0.0 || (1e-4..1000.0).contains(&value) { short(f64::from(value)) } else { format!("{value:.1e}") }
}

/// About three significant digits, without trailing zeros.
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = (2 - value.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// As in `−0.123`: fixed width, a real minus.
pub fn signed(value: f32) -> String {
    let text = if value == 0.0 || (0.01..1000.0).contains(&value.abs()) { format!("{value:.3}") } else { format!("{value:.2e}") };
    text.replace('-', "−")
}

/// Thousands set apart by a thin space.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Whole from ten on.
pub fn rounded(value: f64) -> String {
    if value < 10.0 { short(value) } else { grouped(value.round() as u64) }
}

/// `12.3 k`, `4.56 M`.
pub fn large(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{} G", short(v / 1e9)),
        v if v >= 1e6 => format!("{} M", short(v / 1e6)),
        v if v >= 1e4 => format!("{} k", short(v / 1e3)),
        v => grouped(v as u64),
    }
}

/// A share as `98.52 %`.
pub fn percent(share: f64) -> String {
    format!("{:.2}\u{202f}%", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_short() {
        assert_eq!(rate(0.001), "0.001");
        assert_eq!(rate(0.0316), "0.0316");
        assert_eq!(rate(3e-5), "3.0e-5");
        assert_eq!(rate(1.0), "1");
        assert_eq!(rate(0.0), "0");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(large(31_418.0), "31.4 k");
        assert_eq!(large(2_000_000.0), "2 M");
    }

    #[test]
    fn minus_is_a_minus() {
        assert_eq!(signed(-0.5), "−0.500");
        assert_eq!(signed(1.5e-5), "1.50e−5");
    }
}
