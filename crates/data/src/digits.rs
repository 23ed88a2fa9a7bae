//! Labelled grey pictures of digits.

/// Rows and columns of a picture.
pub const SIDE: usize = 28;
/// Pixels of a picture.
pub const PIXELS: usize = SIDE * SIDE;
/// Number of classes: the digits 0 to 9.
pub const CLASSES: usize = 10;

/// Pictures with their labels, in one block each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digits {
    /// `len · 784` grey values, row by row; 0 is paper, 255 is ink.
    pub pixels: Vec<u8>,
    /// `len` classes, each below [`CLASSES`].
    pub labels: Vec<u8>,
}

impl Digits {
    /// `count` blank pictures of class 0.
    pub fn blank(count: usize) -> Self {
        Self { pixels: vec![0; count * PIXELS], labels: vec![0; count] }
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The 784 pixels of picture `i`.
    ///
    /// # Panics
    /// If there is no picture `i`.
    pub fn image(&self, i: usize) -> &[u8] {
        &self.pixels[i * PIXELS..(i + 1) * PIXELS]
    }

    /// A copy of the pictures `first..first + count`.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn part(&self, first: usize, count: usize) -> Self {
        Self { pixels: self.pixels[first * PIXELS..(first + count) * PIXELS].to_vec(), labels: self.labels[first..first + count].to_vec() }
    }

    /// How many pictures there are of each class.
    ///
    /// # Panics
    /// If a label is not a class.
    pub fn class_counts(&self) -> [usize; CLASSES] {
        let mut counts = [0; CLASSES];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }
}
