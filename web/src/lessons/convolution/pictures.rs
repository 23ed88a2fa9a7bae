//! What the kernel slides over.

use engine::Shape;

/// Five rows of a wall in the sun beside its shadow. Under the vertical edge kernel the first window gives
/// 60 + 61 + 59 − 10 − 9 − 9 = 152.
pub const FIVE: [f32; 25] = [
    60.0, 58.0, 10.0, 12.0, 11.0, //
    61.0, 57.0, 9.0, 11.0, 12.0, //
    59.0, 60.0, 9.0, 10.0, 10.0, //
    62.0, 59.0, 11.0, 10.0, 12.0, //
    60.0, 61.0, 10.0, 12.0, 11.0,
];

/// Rows and columns of the coloured scene.
pub const SCENE: usize = 40;

/// Channels and numbers of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub shape: Shape,
    pub values: Vec<f32>,
}

impl Picture {
    pub fn five() -> Self {
        Self { shape: Shape::new(1, 5, 5), values: FIVE.to_vec() }
    }

    /// 28 × 28 numbers from 0 to 1.
    pub fn digit(image: &[f32]) -> Self {
        Self { shape: Shape::new(1, data::SIDE, data::SIDE), values: image.to_vec() }
    }

    /// A house by a meadow: red roof, blue sky, green grass, a yellow sun. Edges of every colour in every direction.
    pub fn scene() -> Self {
        let n = SCENE;
        let mut values = vec![0.0; 3 * n * n];
        for i in 0..n * n {
            let colour = scene_at((i % n) as f32 + 0.5, (i / n) as f32 + 0.5);
            for (c, v) in colour.into_iter().enumerate() {
                values[c * n * n + i] = v;
            }
        }
        Self { shape: Shape::new(3, n, n), values }
    }

    /// The mean of the channels, where there are three.
    pub fn grey(self) -> Self {
        let plane = self.shape.plane();
        if self.shape.ch != 3 {
            return self;
        }
        let values = (0..plane).map(|i| (self.values[i] + self.values[plane + i] + self.values[2 * plane + i]) / 3.0).collect();
        Self { shape: Shape { ch: 1, ..self.shape }, values }
    }
}

/// Red, green and blue at a place.
fn scene_at(x: f32, y: f32) -> [f32; 3] {
    let ground = 28.5 + 0.006 * (x - 18.0) * (x - 18.0);
    let (roof_top, eaves, left, right) = (9.0, 18.0, 9.0, 25.0);
    let middle = 0.5 * (left + right);
    let in_roof = y >= roof_top && y < eaves && (x - middle).abs() < (y - roof_top) / (eaves - roof_top) * (0.5 * (right - left) + 2.5);
    let in_wall = y >= eaves && y < 31.0 && x >= left && x < right;
    let in_door = (20.0..24.0).contains(&x) && (23.0..31.0).contains(&y);
    let in_window = (11.5..16.5).contains(&x) && (21.0..26.0).contains(&y);
    let (sx, sy) = (x - 33.0, y - 7.5);
    if sx * sx + sy * sy < 16.0 {
        [1.0, 0.86, 0.2]
    } else if in_door {
        [0.35, 0.2, 0.12]
    } else if in_window {
        [0.55, 0.78, 0.95]
    } else if in_roof {
        [0.8, 0.16, 0.13]
    } else if in_wall {
        [0.93, 0.88, 0.76]
    } else if y > ground {
        [0.2, 0.55 - 0.012 * (y - 29.0), 0.18]
    } else {
        [0.36 + 0.009 * y, 0.6 + 0.008 * y, 0.95]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_in_range_and_have_all_colours() {
        let scene = Picture::scene();
        assert_eq!(scene.values.len(), scene.shape.len());
        assert!(scene.values.iter().all(|v| (0.0..=1.0).contains(v)));
        let plane = scene.shape.plane();
        for c in 0..3 {
            let own = &scene.values[c * plane..(c + 1) * plane];
            let most = own.iter().copied().fold(0.0, f32::max);
            assert!(most > 0.5 && own.iter().any(|v| *v < 0.3), "{c}");
        }
        assert_eq!(scene.grey().shape, Shape::new(1, SCENE, SCENE));
    }
}
