//! Kernels that people have found useful, in every size.

/// Largest side of a kernel.
pub const MOST: usize = 7;

#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub slug: &'static str,
    pub name: &'static str,
    /// What it answers to.
    pub about: &'static str,
    /// The smallest side at which it is what its name says.
    pub least: usize,
    weights: fn(usize) -> Vec<f32>,
}

pub const PRESETS: &[Preset] = &[
    Preset { slug: "edge", name: "Vertical edge", about: "bright left of dark", least: 2, weights: edge },
    Preset { slug: "sobel-x", name: "Sobel →", about: "brighter to the right, smoothed downwards", least: 3, weights: sobel_x },
    Preset { slug: "sobel-y", name: "Sobel ↓", about: "brighter downwards, smoothed sideways", least: 3, weights: sobel_y },
    Preset { slug: "laplacian", name: "Laplacian", about: "differs from its four neighbours", least: 3, weights: laplacian },
    Preset { slug: "outline", name: "Outline", about: "differs from everything around it", least: 3, weights: outline },
    Preset { slug: "blur", name: "Blur", about: "the mean of the window", least: 2, weights: blur },
    Preset { slug: "gaussian", name: "Gaussian", about: "a mean that weighs the middle most", least: 2, weights: gaussian },
    Preset { slug: "sharpen", name: "Sharpen", about: "the pixel, and how it differs from its neighbours", least: 3, weights: sharpen },
    Preset { slug: "emboss", name: "Emboss", about: "lit from one corner", least: 3, weights: emboss },
    Preset { slug: "motion", name: "Motion", about: "a mean along the diagonal", least: 2, weights: motion },
    Preset { slug: "identity", name: "Identity", about: "the image as it is", least: 1, weights: identity },
];

pub fn preset(slug: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|p| p.slug == slug)
}

impl Preset {
    /// The side that is nearest to the one asked for.
    pub fn side(&self, side: usize) -> usize {
        side.clamp(self.least, MOST)
    }

    /// Row by row.
    pub fn weights(&self, side: usize) -> Vec<f32> {
        (self.weights)(self.side(side))
    }
}

/// Of every row and column.
fn of(n: usize, weight: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    (0..n * n).map(|i| weight(i / n, i % n)).collect()
}

fn identity(n: usize) -> Vec<f32> {
    of(n, |y, x| if y == n / 2 && x == n / 2 { 1.0 } else { 0.0 })
}

/// Positive left of the middle, negative right of it.
fn edge(n: usize) -> Vec<f32> {
    of(n, |_, x| match (2 * x + 1).cmp(&n) {
        std::cmp::Ordering::Less => 1.0,
        std::cmp::Ordering::Equal => 0.0,
        std::cmp::Ordering::Greater => -1.0,
    })
}

/// A row of Pascal's triangle: 1 2 1, 1 4 6 4 1.
fn binomial(n: usize) -> Vec<f32> {
    let mut row = vec![1.0];
    for _ in 1..n {
        row = (0..=row.len()).map(|i| row.get(i).copied().unwrap_or(0.0) + if i > 0 { row[i - 1] } else { 0.0 }).collect();
    }
    row
}

/// The difference of neighbours two apart, smoothed: −1 0 1, −1 −2 0 2 1.
fn slope(n: usize) -> Vec<f32> {
    let smooth = binomial(n - 2);
    let at = |i: usize| smooth.get(i).copied().unwrap_or(0.0);
    (0..n).map(|i| if i >= 2 { at(i - 2) } else { 0.0 } - at(i)).collect()
}

fn sobel_x(n: usize) -> Vec<f32> {
    let (down, across) = (binomial(n), slope(n));
    of(n, |y, x| down[y] * across[x])
}

fn sobel_y(n: usize) -> Vec<f32> {
    let (across, down) = (binomial(n), slope(n));
    of(n, |y, x| down[y] * across[x])
}

/// One in the row and the column of the middle.
fn cross(n: usize, y: usize, x: usize) -> f32 {
    if y == n / 2 || x == n / 2 { 1.0 } else { 0.0 }
}

fn laplacian(n: usize) -> Vec<f32> {
    of(n, |y, x| if y == n / 2 && x == n / 2 { -2.0 * (n - 1) as f32 } else { cross(n, y, x) })
}

fn outline(n: usize) -> Vec<f32> {
    of(n, |y, x| if y == n / 2 && x == n / 2 { (n * n - 1) as f32 } else { -1.0 })
}

fn sharpen(n: usize) -> Vec<f32> {
    of(n, |y, x| if y == n / 2 && x == n / 2 { 1.0 + 2.0 * (n - 1) as f32 } else { 0.0 - cross(n, y, x) })
}

fn blur(n: usize) -> Vec<f32> {
    of(n, |_, _| 1.0 / (n * n) as f32)
}

fn gaussian(n: usize) -> Vec<f32> {
    let row = binomial(n);
    let whole: f32 = row.iter().sum();
    of(n, |y, x| row[y] * row[x] / (whole * whole))
}

fn emboss(n: usize) -> Vec<f32> {
    // What leans from one corner to the other adds up to nothing; the middle is the pixel itself.
    of(n, |y, x| (y + x) as f32 - (n - 1) as f32 + if y == n / 2 && x == n / 2 { 1.0 } else { 0.0 })
}

fn motion(n: usize) -> Vec<f32> {
    of(n, |y, x| if y == x { 1.0 / n as f32 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_by_three_are_those_of_the_books() {
        let weights = |slug: &str| preset(slug).unwrap().weights(3);
        assert_eq!(weights("edge"), [1.0, 0.0, -1.0].repeat(3));
        assert_eq!(weights("sobel-x"), [-1.0, 0.0, 1.0, -2.0, 0.0, 2.0, -1.0, 0.0, 1.0]);
        assert_eq!(weights("sobel-y"), [-1.0, -2.0, -1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0]);
        assert_eq!(weights("laplacian"), [0.0, 1.0, 0.0, 1.0, -4.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(weights("outline"), [-1.0, -1.0, -1.0, -1.0, 8.0, -1.0, -1.0, -1.0, -1.0]);
        assert_eq!(weights("sharpen"), [0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0]);
        assert_eq!(weights("emboss"), [-2.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 2.0]);
        assert_eq!(weights("gaussian"), [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0].map(|w| w / 16.0));
    }

    #[test]
    fn every_size_keeps_what_the_kernel_is_for() {
        for preset in PRESETS {
            for side in 1..=MOST {
                let (n, weights) = (preset.side(side), preset.weights(side));
                assert_eq!(weights.len(), n * n, "{} {side}", preset.slug);
                let sum: f32 = weights.iter().sum();
                let want = match preset.slug {
                    "edge" | "sobel-x" | "sobel-y" | "laplacian" | "outline" => 0.0,
                    _ => 1.0,
                };
                assert!((sum - want).abs() < 1e-4, "{} of {n}: {sum}", preset.slug);
            }
        }
    }
}
