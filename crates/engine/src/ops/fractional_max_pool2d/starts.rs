//! Where windows start along one axis.

/// The starts of all windows of an axis, from one random number u in [0, 1).
///
/// With `room = in − k` pixels to move over in `steps = out − 1` steps, window `i` starts at
/// `⌊(i + u)·room / steps⌋ − ⌊u·room / steps⌋`. As `i·room` and `steps` are whole, `u` counts only through
/// `q = ⌊u·room⌋`: so whole numbers do, and the card has the same windows to the last pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starts {
    /// Windows that are left.
    left: usize,
    room: usize,
    steps: usize,
    /// ⌊q / steps⌋, where counting begins.
    base: usize,
    /// (i·room + q) / steps of the next window i: whole part and remainder.
    whole: usize,
    rest: usize,
}

impl Starts {
    /// From u in steps of 2⁻²⁴, as it is drawn.
    pub(super) fn drawn(room: usize, outputs: usize, u: u32) -> Self {
        Self::from_quota(room, outputs, ((u64::from(u) * room as u64) >> 24) as usize)
    }

    /// From a given u.
    pub(super) fn given(room: usize, outputs: usize, u: f32) -> Self {
        // Exact: 24 bits times at most 16.
        Self::from_quota(room, outputs, (f64::from(u) * room as f64) as usize)
    }

    fn from_quota(room: usize, outputs: usize, q: usize) -> Self {
        let steps = outputs - 1;
        let (base, rest) = q.checked_div(steps).map_or((0, 0), |base| (base, q % steps));
        Self { left: outputs, room, steps, base, whole: base, rest }
    }
}

impl Iterator for Starts {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        if self.left == 0 {
            return Some(self.room);
        }
        let start = self.whole - self.base;
        self.whole += self.room / self.steps;
        self.rest += self.room % self.steps;
        if self.rest >= self.steps {
            self.whole += 1;
            self.rest -= self.steps;
        }
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_those_of_the_formula() {
        for (room, outputs) in [(0, 1), (5, 1), (0, 3), (3, 3), (7, 4), (7, 8), (26, 14), (4095, 1000), (65_000, 4096)] {
            for sample in [0, 1, 1 << 22, 1 << 23, 12_345_678, (1 << 24) - 1] {
                let starts: Vec<usize> = Starts::drawn(room, outputs, sample).collect();
                let given = Starts::given(room, outputs, sample as f32 / 16_777_216.0);
                assert_eq!(given.collect::<Vec<_>>(), starts);
                assert_eq!(starts.len(), outputs);
                assert_eq!(starts[outputs - 1], room);
                assert!(starts.is_sorted());
                // (i + u) · room / steps with u as a fraction of 2²⁴, in whole numbers wide enough for all of it.
                let scaled = |i: usize| (((i as u128) << 24) + u128::from(sample)) * room as u128;
                for (i, start) in starts[..outputs - 1].iter().enumerate() {
                    let divisor = (outputs as u128 - 1) << 24;
                    assert_eq!(*start as u128, scaled(i) / divisor - scaled(0) / divisor, "{room} {outputs} {sample} {i}");
                }
            }
        }
    }
}
