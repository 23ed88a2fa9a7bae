//! Ticks and the words on them.

/// Round numbers (1, 2 or 5 times a power of ten apart) within `lo..=hi`, at most `most` of them.
/// Empty where the range is.
pub fn ticks(lo: f64, hi: f64, most: usize) -> Vec<f64> {
    let step = tick_step(lo, hi, most);
    if step <= 0.0 {
        return Vec::new();
    }
    let first = libm::ceil(lo / step - 1e-9);
    (0..=most).map(|i| (first + i as f64) * step).take_while(|t| *t <= hi + step * 1e-9).collect()
}

/// Distance of [`ticks`]; 0 where the range is empty.
pub fn tick_step(lo: f64, hi: f64, most: usize) -> f64 {
    let width = hi - lo;
    if !width.is_finite() || width <= 0.0 || most < 2 {
        return 0.0;
    }
    let power = libm::pow(10.0, libm::floor(libm::log10(width / (most - 1) as f64)) - 1.0);
    let count = |step: f64| libm::floor(hi / step + 1e-9) - libm::ceil(lo / step - 1e-9) + 1.0;
    // With a step of the width itself there are two ticks at most.
    [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0]
        .into_iter()
        .map(|multiple| multiple * power)
        .find(|step| count(*step) <= most as f64)
        .unwrap_or(500.0 * power)
}

/// Round numbers for a logarithmic axis from `lo` to `hi`, both positive: 1-2-5 within each power
/// of ten where they fit, else 1-3, else whole powers, of which some are left out if need be.
pub fn log_ticks(lo: f64, hi: f64, most: usize) -> Vec<f64> {
    if !(lo > 0.0 && hi > lo && hi.is_finite()) {
        return Vec::new();
    }
    let (first, last) = (libm::floor(libm::log10(lo)) as i32, libm::ceil(libm::log10(hi)) as i32);
    let within = |multiples: &[f64], every: i32| -> Vec<f64> {
        (first..=last)
            .filter(|power| power.rem_euclid(every) == 0)
            .flat_map(|power| multiples.iter().map(move |m| m * libm::pow(10.0, f64::from(power))))
            .filter(|t| *t >= lo * (1.0 - 1e-9) && *t <= hi * (1.0 + 1e-9))
            .collect()
    };
    let candidates = [within(&[1.0, 2.0, 5.0], 1), within(&[1.0, 3.0], 1), within(&[1.0], 1)];
    if let Some(found) = candidates.into_iter().find(|t| t.len() <= most) {
        // Less than a factor of two between the ends: round numbers as on a plain axis.
        return if found.len() < 2 { ticks(lo, hi, most.max(2)) } else { found };
    }
    (2..).map(|every| within(&[1.0], every)).find(|t| t.len() <= most.max(1)).unwrap_or_default()
}

/// A tick's label, with as many decimals as its neighbours at `step` need.
pub fn tick_label(value: f64, step: f64) -> String {
    if step >= 1000.0 {
        // 12k: ticks of thousands are multiples of a thousand.
        return if value == 0.0 { String::from("0") } else { format!("{}k", trimmed(value / 1000.0)) };
    }
    let decimals = if step > 0.0 { (-libm::floor(libm::log10(step) + 1e-9)).clamp(0.0, 9.0) as usize } else { 0 };
    let text = format!("{value:.decimals$}");
    if text.trim_start_matches('-').bytes().all(|b| b == b'0' || b == b'.') { text.replace('-', "") } else { text }
}

/// A number without trailing zeros: `0.05`, `2`, `1e-6`.
pub fn trimmed(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        return format!("{value:e}");
    }
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A measured number in three significant digits: `2.30`, `0.0431`, `1.2e-5`.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-3..1e4).contains(&size) {
        return format!("{value:.1e}");
    }
    let digits = if size == 0.0 { 0 } else { libm::floor(libm::log10(size)) as i32 };
    format!("{value:.*}", (2 - digits).clamp(0, 5) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_ticks() {
        assert_eq!(ticks(0.0, 1.0, 6), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(0.0, 2345.0, 5), [0.0, 500.0, 1000.0, 1500.0, 2000.0]);
        assert_eq!(ticks(0.0, 2345.0, 4), [0.0, 1000.0, 2000.0]);
        assert_eq!(ticks(0.9, 1.0, 3), [0.9, 0.9500000000000001, 1.0]);
        assert!(ticks(1.0, 1.0, 5).is_empty() && ticks(0.0, f64::NAN, 5).is_empty());
    }

    #[test]
    fn never_more_ticks_than_asked_for() {
        for hi in [1e-7, 0.013, 0.99, 1.0, 3.3, 781.0, 46_875.0, 1e9] {
            for lo in [0.0, -0.37 * hi, 0.8 * hi] {
                for most in 2..12 {
                    let t = ticks(lo, hi, most);
                    assert!(t.len() <= most, "{lo} to {hi}, {most}: {t:?}");
                    assert!(t.iter().all(|t| *t >= lo - 1e-9 * hi && *t <= hi * (1.0 + 1e-9)), "{lo} to {hi}, {most}: {t:?}");
                }
            }
        }
    }

    #[test]
    fn logarithmic_ticks() {
        assert_eq!(log_ticks(0.1, 2.0, 8), [0.1, 0.2, 0.5, 1.0, 2.0]);
        assert_eq!(log_ticks(0.01, 3.0, 6).iter().map(|t| trimmed(*t)).collect::<Vec<_>>(), ["0.01", "0.03", "0.1", "0.3", "1", "3"]);
        assert_eq!(log_ticks(1e-4, 10.0, 6).len(), 6);
        assert_eq!(log_ticks(1e-12, 1.0, 4).len(), 4);
        assert!(log_ticks(0.2, 0.23, 4).len() >= 2);
        assert!(log_ticks(0.0, 1.0, 4).is_empty());
    }

    #[test]
    fn labels() {
        assert_eq!(tick_label(0.6000000000000001, 0.2), "0.6");
        assert_eq!(tick_label(200.0, 100.0), "200");
        assert_eq!(tick_label(-1e-18, 0.5), "0.0");
        assert_eq!(tick_label(2000.0, 1000.0), "2k");
        assert_eq!(tick_label(0.0, 1000.0), "0");
        assert_eq!(trimmed(0.05), "0.05");
        assert_eq!(trimmed(1e-6), "1e-6");
        assert_eq!(trimmed(100.0), "100");
    }

    #[test]
    fn measured_numbers() {
        for (value, want) in
            [(2.296, "2.30"), (0.0431, "0.0431"), (0.25, "0.250"), (0.0, "0.00"), (123.4, "123"), (0.000_012, "1.2e-5"), (f64::NAN, "NaN")]
        {
            assert_eq!(short(value), want);
        }
    }
}
