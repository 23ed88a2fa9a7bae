//! The image that every figure shows.

use data::{Framing, FramingOptions, PIXELS};

use super::class_names::ClassNames;
use crate::link::message::Picked;

/// Where the sample comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A blank pad.
    Nothing,
    /// Of the data set: already framed.
    Digit(Picked),
    /// From the pad, with the steps that made the image of it.
    Drawing(Box<Drawing>),
}

/// A drawing and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    pub framing: Framing,
    /// The whole drawing, smaller: [`THUMB`] × [`THUMB`] values from 0 to 1.
    pub thumb: Vec<f32>,
}

/// Columns and rows of a drawing's small picture.
pub const THUMB: usize = 56;

#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub origin: Origin,
    /// What the network is shown: 28 × 28 values from 0 (paper) to 1 (ink), row by row.
    pub image: Vec<f32>,
    pub framing: FramingOptions,
}

impl Default for Sample {
    fn default() -> Self {
        Self { origin: Origin::Nothing, image: vec![0.0; PIXELS], framing: FramingOptions::default() }
    }
}

impl Sample {
    /// Takes a digit of the data set.
    pub fn pick(&mut self, picked: Picked, image: Vec<f32>) {
        self.image = image;
        self.image.resize(PIXELS, 0.0);
        self.origin = Origin::Digit(picked);
    }

    /// Takes a drawing of `width` columns.
    pub fn draw(&mut self, ink: &[f32], width: usize) {
        match Framing::of(ink, width, self.framing) {
            Some(framing) => {
                self.image.clone_from(&framing.image);
                self.origin = Origin::Drawing(Box::new(Drawing { framing, thumb: thumb(ink, width) }));
            }
            None => {
                self.image = vec![0.0; PIXELS];
                self.origin = Origin::Nothing;
            }
        }
    }

    /// What the user would call it.
    pub fn caption(&self, names: &ClassNames) -> String {
        let a = |label: u8| names.with_article(usize::from(label)).replacen('a', "A", 1);
        match &self.origin {
            Origin::Nothing => "Nothing drawn yet".to_owned(),
            Origin::Digit(p) if p.set == "batch" => format!("{}: image {} of the batch", a(p.label), p.index + 1),
            Origin::Digit(p) => {
                let set = if p.set == "train" { "training" } else { &p.set };
                format!("{}: no. {} of the {set} {}s", a(p.label), p.index, names.noun)
            }
            Origin::Drawing(_) => "Your drawing".to_owned(),
        }
    }
}

/// Means over squares of a square drawing, whose side is a multiple of [`THUMB`].
fn thumb(ink: &[f32], width: usize) -> Vec<f32> {
    let step = (width / THUMB).max(1);
    let share = 1.0 / (step * step) as f32;
    let square = |row: usize, col: usize| {
        let line = |y: usize| ink.get((row * step + y) * width + col * step..).unwrap_or_default().iter().take(step).sum::<f32>();
        share * (0..step).map(line).sum::<f32>()
    };
    (0..THUMB * THUMB).map(|i| square(i / THUMB, i % THUMB)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumb_keeps_the_ink() {
        let mut ink = vec![0.0; 168 * 168];
        (30..60).for_each(|y| (90..120).for_each(|x| ink[y * 168 + x] = 1.0));
        let small = thumb(&ink, 168);
        assert_eq!(small.len(), THUMB * THUMB);
        assert!((small.iter().sum::<f32>() - 100.0).abs() < 1e-3);
        assert_eq!(small[10 * THUMB + 30], 1.0);
        assert_eq!(small[9 * THUMB + 30], 0.0);
    }

    #[test]
    fn an_empty_drawing_is_nothing() {
        let mut sample = Sample::default();
        sample.draw(&[1.0; 168 * 168], 168);
        assert!(matches!(sample.origin, Origin::Drawing(_)));
        sample.draw(&[0.0; 168 * 168], 168);
        assert_eq!(sample, Sample::default());
    }
}
