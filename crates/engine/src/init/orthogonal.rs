//! Random matrices with perpendicular rows.

/// Numbers that are summed side by side.
const LANES: usize = 8;

/// Fills `block`, `rows` long rows one after another, from standard normal numbers: with perpendicular rows of
/// length `gain`, or columns where there are fewer of those.
///
/// The shorter side's vectors are made perpendicular one after another by taking off what points along those
/// before (Gram and Schmidt), twice, so that rounding does not stay. The result is the `Q` of the QR
/// decomposition whose `R` has a positive diagonal, as PyTorch takes it.
pub fn draw(block: &mut [f32], rows: usize, gain: f32, normal: impl Fn(u32) -> f32) {
    let columns = block.len() / rows.max(1);
    let (count, len) = (rows.min(columns), rows.max(columns));
    let mut vectors: Vec<f64> = (0..(count * len) as u32).map(|i| f64::from(normal(i))).collect();
    for i in 0..count {
        let (before, rest) = vectors.split_at_mut(i * len);
        let own = &mut rest[..len];
        for _ in 0..2 {
            for other in before.chunks_exact(len) {
                let along = dot(own, other);
                for (x, o) in own.iter_mut().zip(other) {
                    *x -= along * o;
                }
            }
        }
        let length = dot(own, own).sqrt();
        for x in own {
            *x /= length;
        }
    }
    for (i, v) in block.iter_mut().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let x = if rows <= columns { vectors[row * len + column] } else { vectors[column * len + row] };
        *v = gain * x as f32;
    }
}

/// Σ a·b over eight sums in a fixed order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (pairs_a, rest_a) = a.as_chunks::<LANES>();
    let (pairs_b, rest_b) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, y) in pairs_a.iter().zip(pairs_b) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(x, y)| x * y).sum::<f64>()
}
