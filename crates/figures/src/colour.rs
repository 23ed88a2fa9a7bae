//! Colours as numbers: sRGB, OKLab, contrast.
//!
//! OKLab after Björn Ottosson, *A perceptual color space for image processing*, 2020; contrast and
//! relative luminance after WCAG 2.2.

use std::fmt;

/// An sRGB colour of eight bits a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    pub const BLACK: Self = Self(0, 0, 0);
    pub const WHITE: Self = Self(255, 255, 255);

    /// From `0xRRGGBB`.
    pub const fn hex(value: u32) -> Self {
        Self((value >> 16) as u8, (value >> 8) as u8, value as u8)
    }

    /// Red, green, blue and full opacity, as a picture stores them.
    pub const fn rgba(self) -> [u8; 4] {
        [self.0, self.1, self.2, 255]
    }

    /// Light intensities, 0 to 1.
    pub fn linear(self) -> [f32; 3] {
        [self.0, self.1, self.2].map(|byte| {
            let v = f32::from(byte) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { libm::powf((v + 0.055) / 1.055, 2.4) }
        })
    }

    /// From light intensities; what lies outside 0 to 1 is clipped.
    pub fn from_linear(linear: [f32; 3]) -> Self {
        let [r, g, b] = linear.map(|v| {
            let v = v.clamp(0.0, 1.0);
            let encoded = if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * libm::powf(v, 1.0 / 2.4) - 0.055 };
            (encoded * 255.0 + 0.5) as u8
        });
        Self(r, g, b)
    }

    pub fn oklab(self) -> OkLab {
        let [r, g, b] = self.linear();
        let l = libm::cbrtf(0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b);
        let m = libm::cbrtf(0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b);
        let s = libm::cbrtf(0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b);
        OkLab {
            lightness: 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    /// Relative luminance, 0 (black) to 1 (white).
    pub fn luminance(self) -> f32 {
        let [r, g, b] = self.linear();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Contrast ratio, 1 to 21. Text needs 4.5 (AA), large text and marks need 3.
    pub fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Black or white, whichever reads better on this colour: at least 4.58 to 1 on any.
    pub fn ink_on(self) -> Self {
        if self.contrast(Self::BLACK) >= self.contrast(Self::WHITE) { Self::BLACK } else { Self::WHITE }
    }

    /// This colour moved in lightness, hue kept, only as far as needed to reach `ratio` on `ground`.
    pub fn readable_on(self, ground: Self, ratio: f32) -> Self {
        let towards = ground.ink_on();
        let lab = self.oklab();
        let goal = towards.oklab().lightness;
        (0..=64)
            .map(|step| {
                if step == 0 {
                    return self;
                }
                let lightness = lab.lightness + (goal - lab.lightness) * step as f32 / 64.0;
                OkLab { lightness, ..lab }.in_gamut()
            })
            .find(|colour| colour.contrast(ground) >= ratio)
            .unwrap_or(towards)
    }
}

impl fmt::Display for Rgb {
    /// As in CSS: `#rrggbb`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// A colour in which equal distances look about equally large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OkLab {
    /// 0 (black) to 1 (white).
    pub lightness: f32,
    /// Green to red.
    pub a: f32,
    /// Blue to yellow.
    pub b: f32,
}

impl OkLab {
    /// From lightness, chroma (0 to about 0.3) and hue in degrees.
    pub fn polar(lightness: f32, chroma: f32, hue_deg: f32) -> Self {
        let hue = hue_deg.to_radians();
        Self { lightness, a: chroma * libm::cosf(hue), b: chroma * libm::sinf(hue) }
    }

    pub fn distance(self, other: Self) -> f32 {
        let (dl, da, db) = (self.lightness - other.lightness, self.a - other.a, self.b - other.b);
        libm::sqrtf(dl * dl + da * da + db * db)
    }

    fn linear(self) -> [f32; 3] {
        let cube = |v: f32| v * v * v;
        let l = cube(self.lightness + 0.396_337_78 * self.a + 0.215_803_76 * self.b);
        let m = cube(self.lightness - 0.105_561_346 * self.a - 0.063_854_17 * self.b);
        let s = cube(self.lightness - 0.089_484_18 * self.a - 1.291_485_5 * self.b);
        [
            4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
            -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
            -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
        ]
    }

    /// The nearest colour that a screen can show with this lightness and hue: chroma gives way.
    pub fn in_gamut(self) -> Rgb {
        let fits = |c: Self| c.linear().iter().all(|v| (-1e-4..=1.0001).contains(v));
        let (mut low, mut high) = (0.0, 1.0);
        if fits(self) {
            low = 1.0;
        } else {
            for _ in 0..20 {
                let middle = 0.5 * (low + high);
                let part = Self { a: self.a * middle, b: self.b * middle, ..self };
                if fits(part) { low = middle } else { high = middle }
            }
        }
        Rgb::from_linear(Self { a: self.a * low, b: self.b * low, ..self }.linear())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_contrasts() {
        assert!((Rgb::BLACK.contrast(Rgb::WHITE) - 21.0).abs() < 1e-3);
        assert_eq!(Rgb::WHITE.contrast(Rgb::WHITE), 1.0);
        // WebAIM's example of the lightest grey that passes AA on white.
        assert!((Rgb::hex(0x76_7676).contrast(Rgb::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn oklab_of_known_colours() {
        // Values of Ottosson's reference implementation.
        let white = Rgb::WHITE.oklab();
        assert!((white.lightness - 1.0).abs() < 1e-4 && white.a.abs() < 1e-4 && white.b.abs() < 1e-4);
        let red = Rgb(255, 0, 0).oklab();
        assert!((red.lightness - 0.627_96).abs() < 1e-3 && (red.a - 0.224_86).abs() < 1e-3 && (red.b - 0.125_85).abs() < 1e-3);
    }

    #[test]
    fn oklab_and_back_is_the_same_colour() {
        for value in (0..0x0100_0000).step_by(0x1357) {
            let colour = Rgb::hex(value);
            assert_eq!(colour.oklab().in_gamut(), colour);
        }
    }

    #[test]
    fn ink_reads_on_every_colour() {
        for value in (0..0x0100_0000).step_by(0x0931) {
            let ground = Rgb::hex(value);
            assert!(ground.contrast(ground.ink_on()) >= 4.5, "{ground}");
        }
    }

    #[test]
    fn readable_moves_no_further_than_needed() {
        let (colour, ground) = (Rgb::hex(0x1f_9ade), Rgb::WHITE);
        let text = colour.readable_on(ground, 4.5);
        assert!((4.5..5.2).contains(&text.contrast(ground)), "{text}");
        assert_eq!(Rgb::BLACK.readable_on(ground, 4.5), Rgb::BLACK);
    }

    #[test]
    fn css_form() {
        assert_eq!(Rgb(1, 171, 255).to_string(), "#01abff");
    }
}
