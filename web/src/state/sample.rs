//! The image that every figure shows.

use data::{Framing, FramingOptions, PIXELS};

use crate::link::message::Picked;

/// Where the sample comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// A blank pad.
    Nothing,
    /// Of the data set: already framed.
    Digit(Picked),
    /// From the pad, with the steps that made the image of it.
    Drawing(Box<Framing>),
}

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
                self.origin = Origin::Drawing(Box::new(framing));
            }
            None => {
                self.image = vec![0.0; PIXELS];
                self.origin = Origin::Nothing;
            }
        }
    }

    /// What the user would call it.
    pub fn caption(&self) -> String {
        match &self.origin {
            Origin::Nothing => "Nothing drawn yet".to_owned(),
            Origin::Digit(p) => format!("A {} from the {} digits, no. {}", p.label, p.set, p.index),
            Origin::Drawing(_) => "Your drawing".to_owned(),
        }
    }
}
