//! How wide text is, without asking anyone.
//!
//! A chart must know before it draws. plotters would ask the browser by putting an element into the
//! page for each label, which lays the page out anew every time; so widths come from a table: those
//! of Inter with tabular figures, the typeface that PNG files are lettered in. System typefaces are
//! within a few percent of it.

/// Height of a capital letter, in ems.
pub const CAP_HEIGHT: f64 = 0.7275;

/// Advance widths of U+0020 to U+007E, in thousandths of an em.
const WIDTHS: [u16; 95] = [
    281, 288, 466, 633, 642, 982, 644, 300, 365, 365, 501, 662, 288, 460, 288, 360, //  !"#$%&'()*+,-./
    648, 648, 648, 648, 648, 648, 648, 648, 648, 648, 288, 302, 662, 662, 662, 511, // 0-9 :;<=>?
    966, 690, 654, 730, 722, 601, 590, 746, 743, 269, 571, 672, 565, 903, 753, 765, // @ A-O
    639, 765, 644, 642, 646, 744, 690, 985, 682, 679, 629, 365, 360, 365, 471, 456, // P-Z [\]^_
    323, 562, 612, 571, 612, 583, 370, 613, 591, 242, 242, 549, 242, 876, 591, 600, // ` a-o
    612, 612, 376, 528, 327, 591, 562, 818, 546, 562, 552, 426, 333, 426, 662, // p-z {|}~
];

/// Width of any other character: that of a figure.
const OTHER: u16 = 648;

/// The part that bold letters are wider.
const BOLD: f64 = 1.06;

/// Weight of the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    Regular,
    Bold,
}

/// Width of `text`, in ems.
pub fn width_em(text: &str, weight: Weight) -> f64 {
    let sum: u32 =
        text.chars().map(|c| u32::from((c as usize).checked_sub(0x20).and_then(|i| WIDTHS.get(i)).copied().unwrap_or(OTHER))).sum();
    f64::from(sum) / 1000.0 * if weight == Weight::Bold { BOLD } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_add_up() {
        assert!((width_em("10", Weight::Regular) - 1.296).abs() < 1e-12);
        assert_eq!(width_em("", Weight::Bold), 0.0);
        assert!(width_em("Loss", Weight::Bold) > width_em("Loss", Weight::Regular));
    }

    #[test]
    fn the_table_is_the_typeface() {
        let face = ttf_parser::Face::parse(crate::files::REGULAR, 0).unwrap();
        let em = f64::from(face.units_per_em());
        for c in ' '..='~' {
            let glyph = face.glyph_index(c).unwrap();
            let width = f64::from(face.glyph_hor_advance(glyph).unwrap()) / em;
            assert!((width_em(&c.to_string(), Weight::Regular) - width).abs() < 6e-4, "{c}");
        }
        assert!((f64::from(face.capital_height().unwrap()) / em - CAP_HEIGHT).abs() < 1e-3);
        let bold = ttf_parser::Face::parse(crate::files::SEMIBOLD, 0).unwrap();
        let text = "Accuracy Loss training 0.98";
        let width: u16 = text.chars().map(|c| bold.glyph_hor_advance(bold.glyph_index(c).unwrap()).unwrap()).sum();
        assert!((width_em(text, Weight::Bold) / (f64::from(width) / em) - 1.0).abs() < 0.04);
    }
}
