//! From a number to a colour.
//!
//! A *diverging* map is for signed numbers: zero is the page's neutral, positive runs to orange,
//! negative to blue, equal magnitudes are equally light. A *sequential* map is for numbers that are
//! not negative: zero is the neutral, and each step looks equally large. Both are worked out in
//! OKLab from a few way points in the manner of Crameri's `vik` and of viridis, and lightness alone
//! tells the order, so they survive every kind of colour vision and a grey print.

use crate::{
    colour::{OkLab, Rgb},
    theme::Theme,
};

/// Stops that a gradient in a legend needs to look like the map.
pub const STOPS: usize = 17;

/// Entries of a map's table. Odd, so that zero has an entry of its own.
const ENTRIES: usize = 511;

const ORANGE_DEG: f32 = 52.0;
const BLUE_DEG: f32 = 250.0;

/// What kind of numbers a map is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapKind {
    /// −1 to 1, neutral in the middle.
    Diverging,
    /// 0 to 1, neutral at the start.
    Sequential,
}

/// A table of colours, made once and looked up per pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourMap {
    kind: MapKind,
    table: Vec<[u8; 4]>,
    fault: [u8; 4],
}

impl ColourMap {
    /// For signed numbers.
    pub fn diverging(theme: Theme) -> Self {
        let p = theme.palette();
        Self::diverging_around(p.neutral, p.fault)
    }

    /// For numbers that are not negative.
    pub fn sequential(theme: Theme) -> Self {
        let p = theme.palette();
        Self::sequential_from(p.neutral, p.fault)
    }

    /// For signed numbers, around any neutral: from a light one the arms darken, from a dark one
    /// they lighten. `fault` marks what is no number.
    pub fn diverging_around(neutral: Rgb, fault: Rgb) -> Self {
        let zero = neutral.oklab();
        let (end, chroma) = if zero.lightness > 0.5 { (0.43, [0.135, 0.15]) } else { (0.86, [0.13, 0.1]) };
        let arm = |t: f32, chroma: f32, hue: f32| {
            // Chroma leads lightness a little, so that small numbers already show their sign.
            let strength = libm::powf(t, 0.8);
            let away = OkLab::polar(zero.lightness + (end - zero.lightness) * t, chroma * strength, hue);
            OkLab { lightness: away.lightness, a: away.a + zero.a * (1.0 - t), b: away.b + zero.b * (1.0 - t) }.in_gamut()
        };
        let middle = ENTRIES / 2;
        let table = (0..ENTRIES)
            .map(|i| {
                let t = (i as f32 - middle as f32) / middle as f32;
                match i.cmp(&middle) {
                    std::cmp::Ordering::Equal => neutral,
                    std::cmp::Ordering::Less => arm(-t, chroma[1], BLUE_DEG),
                    std::cmp::Ordering::Greater => arm(t, chroma[0], ORANGE_DEG),
                }
                .rgba()
            })
            .collect();
        Self { kind: MapKind::Diverging, table, fault: fault.rgba() }
    }

    /// For numbers that are not negative, from any neutral: from a light one through teal to deep
    /// blue, from a dark one through teal to pale yellow.
    pub fn sequential_from(neutral: Rgb, fault: Rgb) -> Self {
        let zero = neutral.oklab();
        let dark = zero.lightness <= 0.5;
        // (share of the way in lightness, chroma, hue in degrees)
        let points: &[(f32, f32, f32)] = if dark {
            &[(0.12, 0.07, 285.0), (0.35, 0.105, 262.0), (0.6, 0.1, 190.0), (0.82, 0.14, 135.0), (1.0, 0.11, 104.0)]
        } else {
            &[(0.12, 0.05, 125.0), (0.35, 0.085, 165.0), (0.6, 0.09, 215.0), (0.82, 0.115, 258.0), (1.0, 0.11, 283.0)]
        };
        let end = if dark { 0.96 } else { 0.24 };
        let mut way = vec![zero];
        way.extend(points.iter().map(|&(share, chroma, hue)| OkLab::polar(zero.lightness + (end - zero.lightness) * share, chroma, hue)));
        Self { kind: MapKind::Sequential, table: even_table(&way, neutral), fault: fault.rgba() }
    }

    pub fn kind(&self) -> MapKind {
        self.kind
    }

    /// Colour of what is no number.
    pub fn fault(&self) -> [u8; 4] {
        self.fault
    }

    /// The colour at `t`, from −1 (diverging) or 0 (sequential) to 1; beyond the ends, the ends.
    pub fn at(&self, t: f32) -> Rgb {
        let [r, g, b, _] = self.lookup(t, Window { offset: 0.0, gain: 1.0 });
        Rgb(r, g, b)
    }

    /// `count` colours from one end to the other.
    pub fn stops(&self, count: usize) -> Vec<Rgb> {
        let last = self.table.len() - 1;
        (0..count)
            .map(|i| {
                let [r, g, b, _] = self.table[i * last / count.saturating_sub(1).max(1)];
                Rgb(r, g, b)
            })
            .collect()
    }

    /// How numbers of `range` fall on this map. A diverging map stays symmetric about zero; a
    /// sequential one starts at zero unless some number is negative.
    pub fn window(&self, range: Range) -> Window {
        let inverse = |width: f32| if width > 0.0 && width.is_finite() { 1.0 / width } else { 0.0 };
        match self.kind {
            MapKind::Diverging => Window { offset: 0.0, gain: inverse(range.magnitude()) },
            MapKind::Sequential => {
                let low = range.lo.min(0.0);
                Window { offset: low, gain: inverse(range.hi - low) }
            }
        }
    }

    /// The colour of `value` as RGBA.
    #[inline]
    pub fn lookup(&self, value: f32, window: Window) -> [u8; 4] {
        if !value.is_finite() {
            return self.fault;
        }
        let t = (value - window.offset) * window.gain;
        let share = match self.kind {
            MapKind::Diverging => 0.5 * (t + 1.0),
            MapKind::Sequential => t,
        };
        let last = self.table.len() - 1;
        self.table[(share.clamp(0.0, 1.0) * last as f32 + 0.5) as usize]
    }
}

/// Where numbers fall on a map: `(value - offset) · gain`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    pub offset: f32,
    pub gain: f32,
}

/// Least and greatest of some numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    pub lo: f32,
    pub hi: f32,
}

impl Range {
    /// Of the finite ones among `values`; 0 to 0 where there is none.
    pub fn of(values: &[f32]) -> Self {
        let mut range = Self { lo: f32::MAX, hi: f32::MIN };
        for v in values.iter().filter(|v| v.is_finite()) {
            range.lo = range.lo.min(*v);
            range.hi = range.hi.max(*v);
        }
        if range.lo <= range.hi { range } else { Self::default() }
    }

    /// −`limit` to `limit`.
    pub fn symmetric(limit: f32) -> Self {
        Self { lo: -limit.abs(), hi: limit.abs() }
    }

    /// The range that holds both.
    pub fn union(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// Largest magnitude.
    pub fn magnitude(self) -> f32 {
        self.lo.abs().max(self.hi.abs())
    }
}

/// The way through `points` cut into entries of equal perceived distance, the first one `start`.
fn even_table(points: &[OkLab], start: Rgb) -> Vec<[u8; 4]> {
    const FINE: usize = 2048;
    // What a screen can show, not what was asked for, is what must be even.
    let way: Vec<OkLab> = (0..=FINE).map(|i| along(points, i as f32 / FINE as f32).in_gamut_lab()).collect();
    // The way in eight bits is jagged; measured over 32 points, steps average out.
    const SPAN: usize = 32;
    let mut travelled = vec![0.0_f32];
    for i in (SPAN..=FINE).step_by(SPAN) {
        travelled.push(travelled[travelled.len() - 1] + way[i].distance(way[i - SPAN]));
    }
    let total = travelled[travelled.len() - 1];
    (0..ENTRIES)
        .map(|entry| {
            if entry == 0 {
                return start.rgba();
            }
            let goal = total * entry as f32 / (ENTRIES - 1) as f32;
            let after = travelled.partition_point(|d| *d < goal).clamp(1, travelled.len() - 1);
            let (before, span) = (travelled[after - 1], travelled[after] - travelled[after - 1]);
            let part = if span > 0.0 { (goal - before) / span } else { 0.0 };
            along(points, ((after - 1) as f32 + part) * SPAN as f32 / FINE as f32).in_gamut().rgba()
        })
        .collect()
}

/// Point `t` (0 to 1) of a Catmull–Rom curve through `points`.
fn along(points: &[OkLab], t: f32) -> OkLab {
    let spans = points.len() - 1;
    let at = (t * spans as f32).clamp(0.0, spans as f32);
    let i = (at as usize).min(spans - 1);
    let (u, p) = (at - i as f32, |k: usize| points[k.min(spans)]);
    let (p0, p1, p2, p3) = (p(i.saturating_sub(1)), p(i), p(i + 1), p(i + 2));
    let blend = |a: f32, b: f32, c: f32, d: f32| {
        0.5 * (2.0 * b + (c - a) * u + (2.0 * a - 5.0 * b + 4.0 * c - d) * u * u + (3.0 * b - a - 3.0 * c + d) * u * u * u)
    };
    OkLab {
        lightness: blend(p0.lightness, p1.lightness, p2.lightness, p3.lightness),
        a: blend(p0.a, p1.a, p2.a, p3.a),
        b: blend(p0.b, p1.b, p2.b, p3.b),
    }
}

impl OkLab {
    fn in_gamut_lab(self) -> Self {
        self.in_gamut().oklab()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lightness(map: &ColourMap, t: f32) -> f32 {
        map.at(t).oklab().lightness
    }

    #[test]
    fn zero_is_the_neutral() {
        for theme in Theme::ALL {
            let neutral = theme.palette().neutral;
            assert_eq!(ColourMap::diverging(theme).at(0.0), neutral);
            assert_eq!(ColourMap::sequential(theme).at(0.0), neutral);
        }
        let page = Rgb::hex(0x80_4020);
        assert_eq!(ColourMap::diverging_around(page, Rgb::WHITE).at(0.0), page);
    }

    #[test]
    fn sequential_is_monotone_and_even() {
        for theme in Theme::ALL {
            let map = ColourMap::sequential(theme);
            let sign = if theme.is_dark() { 1.0 } else { -1.0 };
            let colours: Vec<OkLab> = map.stops(STOPS).iter().map(|c| c.oklab()).collect();
            let steps: Vec<f32> = colours.windows(2).map(|w| w[1].distance(w[0])).collect();
            let mean = steps.iter().sum::<f32>() / steps.len() as f32;
            for (i, w) in colours.windows(2).enumerate() {
                assert!(sign * (w[1].lightness - w[0].lightness) > 0.0, "{theme:?}: lightness turns at step {i}");
                assert!((steps[i] / mean - 1.0).abs() < 0.1, "{theme:?}: step {i} is {} of the mean", steps[i] / mean);
            }
            assert!((lightness(&map, 1.0) - lightness(&map, 0.0)).abs() > 0.6, "{theme:?}");
        }
    }

    #[test]
    fn diverging_is_symmetric_and_monotone() {
        for theme in Theme::ALL {
            let map = ColourMap::diverging(theme);
            let sign = if theme.is_dark() { 1.0 } else { -1.0 };
            for i in 0..=20 {
                let t = i as f32 / 20.0;
                let (plus, minus) = (lightness(&map, t), lightness(&map, -t));
                assert!((plus - minus).abs() < 0.01, "{theme:?} at {t}: {plus} and {minus}");
                if i > 0 {
                    assert!(sign * (plus - lightness(&map, t - 0.05)) > 0.015, "{theme:?} at {t}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_has_its_own_colour() {
        for theme in Theme::ALL {
            for map in [ColourMap::diverging(theme), ColourMap::sequential(theme)] {
                let unit = Window { offset: 0.0, gain: 1.0 };
                for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    assert_eq!(map.lookup(value, unit), map.fault());
                }
                let fault = theme.palette().fault.oklab();
                let nearest = map.stops(ENTRIES).iter().map(|c| c.oklab().distance(fault)).fold(f32::MAX, f32::min);
                assert!(nearest > 0.12, "{theme:?} {:?}: {nearest}", map.kind());
            }
        }
    }

    #[test]
    fn ranges_pass_over_what_is_no_number() {
        assert_eq!(Range::of(&[f32::NAN, 2.0, f32::NEG_INFINITY, -1.0]), Range { lo: -1.0, hi: 2.0 });
        assert_eq!(Range::of(&[f32::NAN]), Range { lo: 0.0, hi: 0.0 });
        assert_eq!(Range::of(&[]), Range::default());
        assert_eq!(Range::symmetric(-2.0), Range { lo: -2.0, hi: 2.0 });
        assert_eq!(Range { lo: 0.0, hi: 1.0 }.union(Range { lo: -1.0, hi: 0.5 }), Range { lo: -1.0, hi: 1.0 });
    }

    #[test]
    fn windows_keep_zero_in_its_place() {
        let theme = Theme::Light;
        let (signed, positive) = (ColourMap::diverging(theme), ColourMap::sequential(theme));
        let w = signed.window(Range { lo: -1.0, hi: 4.0 });
        assert_eq!(signed.lookup(0.0, w), theme.palette().neutral.rgba());
        assert_eq!(signed.lookup(4.0, w), signed.at(1.0).rgba());
        assert_eq!(signed.lookup(-1.0, w), signed.at(-0.25).rgba());
        // A map of 3 to 5 does not begin at 3: the tile of a layer that never is silent is not pale.
        let w = positive.window(Range { lo: 3.0, hi: 5.0 });
        assert_eq!(positive.lookup(0.0, w), theme.palette().neutral.rgba());
        assert_eq!(positive.lookup(5.0, w), positive.at(1.0).rgba());
        // All zeros, and a range too wide for f32.
        assert_eq!(signed.lookup(0.0, signed.window(Range::default())), theme.palette().neutral.rgba());
        let w = positive.window(Range { lo: f32::MIN, hi: f32::MAX });
        assert_eq!(positive.lookup(f32::MAX, w), positive.lookup(0.0, w));
    }
}
