//! The page's colours, in one table per theme: charts and pixels take the numbers, style sheets the
//! custom properties of [`css_tokens`].
//!
//! Colour is kept for data; everything else is paper, ink and hairlines. The series colours follow
//! Okabe and Ito, *Color Universal Design*, 2008. The ten class colours were found by a search that
//! makes the smallest OKLab distance between any two as large as possible for normal sight and for
//! protan, deutan and tritan vision (simulated after Machado, Oliveira and Fernandes, 2009), with
//! one set of hues for both grounds and at least 3 to 1 of contrast; the tests measure all of that.

use std::fmt::Write as _;

use crate::{
    colour::Rgb,
    scale::{ColourMap, STOPS},
};

/// Which of the page's looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    #[default]
    Light,
    Dark,
    /// Light, for those who ask for more contrast.
    LightContrast,
    /// Dark, for those who ask for more contrast.
    DarkContrast,
}

/// What a class is drawn in, by class number.
pub const CLASSES: usize = 10;

/// Every colour of a theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// The page.
    pub background: Rgb,
    /// A raised part of the page: a menu, a dialog.
    pub surface: Rgb,
    /// Text.
    pub foreground: Rgb,
    /// Captions, units, axis labels: AA on `background` and `surface`.
    pub muted: Rgb,
    /// Hairlines between parts, the border of a control.
    pub line: Rgb,
    /// Lines of a chart's grid.
    pub grid: Rgb,
    /// What can be pressed and what has the focus: AA on `background`.
    pub accent: Rgb,
    /// Text on `accent`.
    pub on_accent: Rgb,
    pub good: Rgb,
    pub warning: Rgb,
    pub danger: Rgb,
    /// Zero of the diverging and of the sequential scale.
    pub neutral: Rgb,
    /// A number that is none: NaN or infinite. In no scale.
    pub fault: Rgb,
    /// Series of charts.
    pub train: Rgb,
    pub validation: Rgb,
    pub test: Rgb,
    pub classes: [Rgb; CLASSES],
}

const CLASSES_LIGHT: [Rgb; CLASSES] = [
    Rgb::hex(0xcb_0a4f),
    Rgb::hex(0x70_0910),
    Rgb::hex(0xcb_7408),
    Rgb::hex(0x64_5605),
    Rgb::hex(0x7b_966b),
    Rgb::hex(0x07_7266),
    Rgb::hex(0x0a_95eb),
    Rgb::hex(0x26_299e),
    Rgb::hex(0x75_5ec1),
    Rgb::hex(0x4f_175e),
];

const CLASSES_DARK: [Rgb; CLASSES] = [
    Rgb::hex(0xee_3362),
    Rgb::hex(0xfe_8f6a),
    Rgb::hex(0xff_f1dc),
    Rgb::hex(0xff_d24d),
    Rgb::hex(0x19_8215),
    Rgb::hex(0x0c_cdb6),
    Rgb::hex(0xab_dafe),
    Rgb::hex(0x79_94fd),
    Rgb::hex(0x8f_52ec),
    Rgb::hex(0xb1_70a4),
];

const LIGHT: Palette = Palette {
    background: Rgb::hex(0xfa_faf8),
    surface: Rgb::hex(0xff_ffff),
    foreground: Rgb::hex(0x1a_1e24),
    muted: Rgb::hex(0x5a_626c),
    line: Rgb::hex(0xd5_d8d6),
    grid: Rgb::hex(0xe6_e8e5),
    accent: Rgb::hex(0x2f_56c8),
    on_accent: Rgb::WHITE,
    good: Rgb::hex(0x1a_7549),
    warning: Rgb::hex(0x85_5600),
    danger: Rgb::hex(0xb3_261e),
    neutral: Rgb::hex(0xee_efec),
    fault: Rgb::hex(0xe0_0aa0),
    train: Rgb::hex(0x00_72b2),
    validation: Rgb::hex(0xcc_5a00),
    test: Rgb::hex(0x00_573c),
    classes: CLASSES_LIGHT,
};

const DARK: Palette = Palette {
    background: Rgb::hex(0x12_151a),
    surface: Rgb::hex(0x1a_1e25),
    foreground: Rgb::hex(0xe7_eaee),
    muted: Rgb::hex(0x9a_a3af),
    line: Rgb::hex(0x34_3a44),
    grid: Rgb::hex(0x26_2b33),
    accent: Rgb::hex(0x93_b2ff),
    on_accent: Rgb::hex(0x0c_1022),
    good: Rgb::hex(0x5f_d39a),
    warning: Rgb::hex(0xf0_b64d),
    danger: Rgb::hex(0xff_8a80),
    neutral: Rgb::hex(0x22_262d),
    fault: Rgb::hex(0xff_4fc8),
    train: Rgb::hex(0x56_b4e9),
    validation: Rgb::hex(0xf0_9a3e),
    test: Rgb::hex(0x8f_e3b4),
    classes: CLASSES_DARK,
};

const LIGHT_CONTRAST: Palette = Palette {
    background: Rgb::WHITE,
    foreground: Rgb::BLACK,
    muted: Rgb::hex(0x33_3a42),
    line: Rgb::hex(0x6a_7078),
    grid: Rgb::hex(0xb4_b8bc),
    accent: Rgb::hex(0x16_3aa0),
    good: Rgb::hex(0x0a_5632),
    warning: Rgb::hex(0x63_3f00),
    danger: Rgb::hex(0x8e_140e),
    train: Rgb::hex(0x00_558a),
    validation: Rgb::hex(0xa0_4300),
    test: Rgb::hex(0x00_3d2b),
    ..LIGHT
};

const DARK_CONTRAST: Palette = Palette {
    background: Rgb::BLACK,
    surface: Rgb::hex(0x0c_0e11),
    foreground: Rgb::WHITE,
    muted: Rgb::hex(0xd0_d6de),
    line: Rgb::hex(0x9a_a2ad),
    grid: Rgb::hex(0x4c_535d),
    accent: Rgb::hex(0xb8_cdff),
    good: Rgb::hex(0x8c_eebd),
    warning: Rgb::hex(0xff_cf7d),
    danger: Rgb::hex(0xff_b3ab),
    train: Rgb::hex(0x8c_d0f7),
    validation: Rgb::hex(0xff_b86b),
    test: Rgb::hex(0xc8_ffd8),
    ..DARK
};

impl Theme {
    pub const ALL: [Self; 4] = [Self::Light, Self::Dark, Self::LightContrast, Self::DarkContrast];

    /// The word for it in links and style sheets.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::LightContrast => "light-contrast",
            Self::DarkContrast => "dark-contrast",
        }
    }

    pub const fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
            Self::LightContrast => &LIGHT_CONTRAST,
            Self::DarkContrast => &DARK_CONTRAST,
        }
    }

    pub fn is_dark(self) -> bool {
        matches!(self, Self::Dark | Self::DarkContrast)
    }
}

impl Palette {
    /// Colour of a class's bars and marks; classes beyond ten start over.
    pub const fn class(&self, class: usize) -> Rgb {
        self.classes[class % CLASSES]
    }

    /// A class's colour for words: the same hue, AA on the page.
    pub fn class_text(&self, class: usize) -> Rgb {
        self.class(class).readable_on(self.background, 4.5)
    }
}

/// The theme's colours as CSS custom properties, one declaration a line, without a selector.
///
/// `--class-0` … `--class-9` are for marks, `--class-text-0` … for words; `--scale-diverging` and
/// `--scale-sequential` are gradients for legends.
pub fn css_tokens(theme: Theme) -> String {
    let p = theme.palette();
    let plain = [
        ("background", p.background),
        ("surface", p.surface),
        ("foreground", p.foreground),
        ("muted", p.muted),
        ("line", p.line),
        ("grid", p.grid),
        ("accent", p.accent),
        ("on-accent", p.on_accent),
        ("good", p.good),
        ("warning", p.warning),
        ("danger", p.danger),
        ("neutral", p.neutral),
        ("fault", p.fault),
        ("train", p.train),
        ("validation", p.validation),
        ("test", p.test),
        ("positive", ColourMap::diverging(theme).at(1.0)),
        ("negative", ColourMap::diverging(theme).at(-1.0)),
    ];
    let mut css = format!("color-scheme: {};\n", if theme.is_dark() { "dark" } else { "light" });
    // Writing to a String cannot fail.
    for (name, colour) in plain {
        let _ = writeln!(css, "--{name}: {colour};");
    }
    for class in 0..CLASSES {
        let _ = writeln!(css, "--class-{class}: {};\n--class-text-{class}: {};", p.class(class), p.class_text(class));
    }
    for (name, map) in [("diverging", ColourMap::diverging(theme)), ("sequential", ColourMap::sequential(theme))] {
        let stops: Vec<String> = map.stops(STOPS).iter().map(Rgb::to_string).collect();
        let _ = writeln!(css, "--scale-{name}: linear-gradient(to right, {});", stops.join(", "));
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::colour::OkLab;

    #[test]
    fn the_first_paint_has_the_background_of_the_theme() {
        // The page is painted once before the program can bring its colours.
        let page = include_str!("../../../index.html");
        for theme in [Theme::Light, Theme::Dark] {
            let background = format!("html {{ background: {}; }}", theme.palette().background);
            assert!(page.contains(&background), "index.html lacks `{background}`");
        }
    }

    #[test]
    fn text_is_readable() {
        for theme in Theme::ALL {
            let p = theme.palette();
            let body = if p.foreground == Rgb::BLACK || p.foreground == Rgb::WHITE { 15.0 } else { 12.0 };
            for ground in [p.background, p.surface] {
                assert!(p.foreground.contrast(ground) >= body, "{theme:?} foreground");
                for (name, colour) in
                    [("muted", p.muted), ("accent", p.accent), ("good", p.good), ("warning", p.warning), ("danger", p.danger)]
                {
                    let ratio = colour.contrast(ground);
                    assert!(ratio >= 4.5, "{theme:?} {name} on {ground}: {ratio}");
                }
            }
            assert!(p.on_accent.contrast(p.accent) >= 4.5, "{theme:?} on accent");
            for class in 0..CLASSES {
                assert!(p.class_text(class).contrast(p.background) >= 4.5, "{theme:?} class {class}");
            }
        }
    }

    #[test]
    fn marks_stand_out_from_the_page() {
        for theme in Theme::ALL {
            let p = theme.palette();
            let series = [p.train, p.validation, p.test, p.fault];
            for colour in p.classes.into_iter().chain(series) {
                let ratio = colour.contrast(p.background);
                assert!(ratio >= 3.0, "{theme:?} {colour}: {ratio}");
            }
        }
    }

    #[test]
    fn more_contrast_is_more_contrast() {
        for (plain, more) in [(Theme::Light, Theme::LightContrast), (Theme::Dark, Theme::DarkContrast)] {
            let (p, m) = (plain.palette(), more.palette());
            for (a, b) in [(p.muted, m.muted), (p.line, m.line), (p.train, m.train), (p.validation, m.validation), (p.accent, m.accent)] {
                assert!(b.contrast(m.background) > a.contrast(p.background));
            }
        }
    }

    /// Colour vision deficiency of full severity, on linear RGB (Machado, Oliveira, Fernandes 2009).
    const SIGHTS: [(&str, [[f32; 3]; 3]); 4] = [
        ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        ("protan", [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]]),
        ("deutan", [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]]),
        ("tritan", [[1.255_528, -0.076_749, -0.178_779], [-0.078_411, 0.930_809, 0.147_602], [0.004_733, 0.691_367, 0.303_900]]),
    ];

    fn seen(colour: Rgb, sight: &[[f32; 3]; 3]) -> OkLab {
        let light = colour.linear();
        Rgb::from_linear(sight.map(|row| row.iter().zip(light).map(|(m, v)| m * v).sum())).oklab()
    }

    fn closest(colours: &[Rgb], sight: &[[f32; 3]; 3]) -> f32 {
        let mut least = f32::MAX;
        for (i, a) in colours.iter().enumerate() {
            for b in &colours[..i] {
                least = least.min(seen(*a, sight).distance(seen(*b, sight)));
            }
        }
        least
    }

    #[test]
    fn classes_and_series_differ_for_every_eye() {
        for theme in Theme::ALL {
            let p = theme.palette();
            for (name, sight) in &SIGHTS {
                // For comparison: matplotlib's tab10 reaches 0.007, petroff10 0.061.
                let classes = closest(&p.classes, sight);
                assert!(classes >= 0.08, "{theme:?} {name}: classes {classes}");
                let series = closest(&[p.train, p.validation, p.test], sight);
                assert!(series >= 0.08, "{theme:?} {name}: series {series}");
            }
        }
    }

    #[test]
    fn positive_and_negative_differ_for_every_eye() {
        for theme in Theme::ALL {
            let map = ColourMap::diverging(theme);
            for (name, sight) in &SIGHTS {
                for t in [0.4, 0.7, 1.0] {
                    let gap = seen(map.at(t), sight).distance(seen(map.at(-t), sight));
                    assert!(gap >= 0.05, "{theme:?} {name} at {t}: {gap}");
                }
            }
        }
    }

    #[test]
    fn tokens_name_every_colour_once() {
        for theme in Theme::ALL {
            let css = css_tokens(theme);
            let names: Vec<&str> = css.lines().map(|line| line.split(':').next().unwrap()).collect();
            let mut unique = names.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), names.len());
            assert!(css.contains(&format!("--background: {};", theme.palette().background)));
            assert!(css.contains("--class-9: ") && css.contains("--scale-diverging: linear-gradient(to right, #"));
            assert!(css.lines().all(|line| line.ends_with(';')));
        }
    }
}
