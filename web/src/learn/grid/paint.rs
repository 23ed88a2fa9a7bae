//! Lines, numbers and outlines over a grid.

use figures::{ColourMap, Range, Rgb, theme::Palette};
use web_sys::CanvasRenderingContext2d;

use super::{Look, Matrix, Outline};

/// Cells with numbers are at least so wide and high, in CSS pixels.
const NUMBERS_FROM: f64 = 22.0;
const LINES_FROM: f64 = 7.0;

/// A number in few figures, with a real minus.
pub fn written(value: f32, decimals: usize) -> String {
    let text = if (value - value.round()).abs() < 5e-5 { format!("{:.0}", value.round()) } else { format!("{value:.decimals$}") };
    if text.trim_start_matches(['-', '0', '.']).is_empty() { "0".to_owned() } else { text.replace('-', "−") }
}

/// The overlay of one grid.
pub struct Paint<'a> {
    pub context: &'a CanvasRenderingContext2d,
    pub palette: &'a Palette,
    /// Width and height of a cell in CSS pixels.
    pub cell: f64,
    pub matrix: &'a Matrix,
    pub look: &'a Look,
}

impl Paint<'_> {
    /// Hatches what is not of the image itself.
    pub fn rim(&self) {
        let [top, bottom, left, right] = self.look.rim;
        if top + bottom + left + right == 0 {
            return;
        }
        self.context.set_stroke_style_str(&self.palette.muted.to_string());
        self.context.set_global_alpha(0.5);
        self.context.set_line_width(1.0);
        let (rows, cols) = (self.matrix.rows, self.matrix.cols);
        for row in 0..rows {
            for col in 0..cols {
                if row < top || row + bottom >= rows || col < left || col + right >= cols {
                    let (x, y, c) = (col as f64 * self.cell, row as f64 * self.cell, self.cell);
                    self.context.begin_path();
                    self.context.move_to(x, y + c);
                    self.context.line_to(x + c, y);
                    self.context.stroke();
                }
            }
        }
        self.context.set_global_alpha(1.0);
    }

    pub fn lines(&self) {
        // A picture is not cut up.
        if self.cell < LINES_FROM || self.matrix.planes == 3 {
            return;
        }
        let (rows, cols) = (self.matrix.rows, self.matrix.cols);
        self.context.set_stroke_style_str(&self.palette.background.to_string());
        self.context.set_line_width(1.0);
        self.context.begin_path();
        let (w, h) = (cols as f64 * self.cell, rows as f64 * self.cell);
        for col in 1..cols {
            let x = (col as f64 * self.cell).round() + 0.5;
            self.context.move_to(x, 0.0);
            self.context.line_to(x, h);
        }
        for row in 1..rows {
            let y = (row as f64 * self.cell).round() + 0.5;
            self.context.move_to(0.0, y);
            self.context.line_to(w, y);
        }
        self.context.stroke();
    }

    pub fn numbers(&self, map: &ColourMap) {
        let Some(decimals) = self.look.decimals.filter(|_| self.cell >= NUMBERS_FROM && self.matrix.planes == 1) else { return };
        let window = map.window(self.look.range.unwrap_or_else(|| Range::of(&self.matrix.values)));
        let known = self.look.known.unwrap_or(usize::MAX);
        let texts: Vec<String> = self.matrix.values.iter().map(|v| written(*v, decimals)).collect();
        let widest = texts.iter().map(|t| t.chars().count()).max().unwrap_or(1) as f64;
        // A monospaced figure is six tenths as wide as it is high.
        let height = (self.cell * 0.42).min(self.cell * 0.86 / (0.6 * widest)).min(20.0);
        if height < 7.0 {
            return;
        }
        self.context.set_font(&format!("500 {height:.1}px ui-monospace, \"SF Mono\", \"Roboto Mono\", \"Liberation Mono\", monospace"));
        self.context.set_text_align("center");
        self.context.set_text_baseline("middle");
        for (i, (value, text)) in self.matrix.values.iter().zip(&texts).enumerate().take(known) {
            if value.is_nan() {
                continue;
            }
            let [r, g, b, _] = map.lookup(*value, window);
            self.context.set_fill_style_str(&Rgb(r, g, b).ink_on().to_string());
            let (row, col) = (i / self.matrix.cols, i % self.matrix.cols);
            let _ = self.context.fill_text(text, (col as f64 + 0.5) * self.cell, (row as f64 + 0.53) * self.cell);
        }
    }

    pub fn outline(&self, outline: &Outline) {
        let (x, y) = (outline.left * self.cell, outline.top * self.cell);
        let (w, h) = (outline.cols * self.cell, outline.rows * self.cell);
        let colour = outline.mark.colour(self.palette).to_string();
        if outline.filled {
            self.context.set_fill_style_str(&colour);
            self.context.set_global_alpha(0.22);
            self.context.fill_rect(x, y, w, h);
            self.context.set_global_alpha(1.0);
        }
        // A rim of the page's colour sets it off from any cell.
        let ground = self.palette.background.to_string();
        let wide = (self.cell * 0.12).clamp(1.5, 3.0);
        for (colour, width, inset) in [(&ground, wide + 2.0, 0.5 * wide), (&colour, wide, 0.5 * wide)] {
            self.context.set_stroke_style_str(colour);
            self.context.set_line_width(width);
            self.context.stroke_rect(x + inset, y + inset, (w - 2.0 * inset).max(1.0), (h - 2.0 * inset).max(1.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn numbers_are_short() {
        assert_eq!(written(152.0, 2), "152");
        assert_eq!(written(-0.254, 2), "−0.25");
        assert_eq!(written(-0.001, 2), "0");
        assert_eq!(written(0.999_99, 2), "1");
    }
}
