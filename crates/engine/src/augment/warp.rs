//! Where each pixel of a bent, slanted, turned, shifted and tilted image comes from.

use super::{Draw, affine::between, elastic::Grid, perspective};
use crate::Shape;

impl Draw {
    /// `grey`, 0 to 255, as 0 to 1, warped; every channel alike. Both hold `shape`.
    pub fn warp(&self, grey: &[u8], shape: Shape, image: &mut [f32]) {
        let sides = [shape.w, shape.h];
        let middle = sides.map(|side| 0.5 * (side as f32 - 1.0));
        // From the first pixel to the last.
        let length = sides.map(|side| (side as f32 - 1.0).max(1.0));
        let grid = (self.elastic > 0.0).then(|| Grid::new(&self.dice, self.elastic_cells));
        for row in 0..shape.h {
            for column in 0..shape.w {
                let p = [column as f32 - middle[0], row as f32 - middle[1]];
                let from = self.source(p, length, grid.as_ref());
                for (grey, image) in grey.chunks_exact(shape.plane()).zip(image.chunks_exact_mut(shape.plane())) {
                    image[row * shape.w + column] = between(grey, shape, from[0] + middle[0], from[1] + middle[1]) / 255.0;
                }
            }
        }
    }

    /// Where pixel `p` comes from, both counted from the centre: what was done last is undone first.
    fn source(&self, mut p: [f32; 2], length: [f32; 2], grid: Option<&Grid>) -> [f32; 2] {
        let unit = |p: [f32; 2]| [0, 1].map(|i| p[i] / length[i] + 0.5);
        if let Some(m) = &self.corners {
            let from = perspective::source(m, unit(p));
            p = [0, 1].map(|i| (from[i] - 0.5) * length[i]);
        }
        let affine = &self.affine;
        let [x, y] = [p[0] - affine.dx, p[1] - affine.dy];
        let [x, y] = [affine.cos * x + affine.sin * y, affine.cos * y - affine.sin * x];
        let mut q = [x - self.shear * y, y];
        if let Some(grid) = grid {
            let by = grid.at(unit(q));
            q = [0, 1].map(|i| q[i] + self.elastic * by[i]);
        }
        [q[0] * self.flip[0], q[1] * self.flip[1]]
    }
}
