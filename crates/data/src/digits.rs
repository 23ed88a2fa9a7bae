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

    /// The mean picture of each class, 0 to 1, `CLASSES · 784` numbers; of a class without pictures, paper.
    ///
    /// # Panics
    /// If a label is not a class.
    pub fn class_means(&self) -> Vec<f32> {
        class_means(self.pixels.chunks_exact(PIXELS).zip(self.labels.iter().copied()))
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

/// As [`Digits::class_means`], of any pictures.
pub fn class_means<'a>(pictures: impl Iterator<Item = (&'a [u8], u8)>) -> Vec<f32> {
    let (mut sums, mut counts) = (vec![0u32; CLASSES * PIXELS], [0usize; CLASSES]);
    for (picture, label) in pictures {
        let own = &mut sums[usize::from(label) * PIXELS..][..PIXELS];
        own.iter_mut().zip(picture).for_each(|(sum, grey)| *sum += u32::from(*grey));
        counts[usize::from(label)] += 1;
    }
    let mean = |(i, sum): (usize, &u32)| (f64::from(*sum) / (255.0 * counts[i / PIXELS].max(1) as f64)) as f32;
    sums.iter().enumerate().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_the_class() {
        let mut digits = Digits::blank(3);
        digits.labels = vec![4, 4, 0];
        digits.pixels[0] = 255;
        digits.pixels[PIXELS] = 51;
        digits.pixels[2 * PIXELS - 1] = 255;
        let means = digits.class_means();
        assert_eq!(means.len(), CLASSES * PIXELS);
        assert!((means[4 * PIXELS] - 0.6).abs() < 1e-6 && means[5 * PIXELS - 1] == 0.5);
        assert_eq!(means.iter().filter(|m| **m != 0.0).count(), 2, "class 0 is blank, the others are not there");
    }
}
