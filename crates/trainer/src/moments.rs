//! The moments of a run that can be gone back to.
//!
//! Which ones are kept follows from the steps alone: powers of two, since a network changes most at its beginning,
//! and the multiples of a stride that doubles as the run grows, so that they lie evenly. What was wanted once and is
//! not wanted any more gives its memory to the next. Their number is bounded by a count and by bytes.

use engine::loss::BatchResult;

use crate::machine::Numbers;

/// Most moments that are kept.
pub const MOMENTS_LIMIT: usize = 64;
/// Fewer than this are of no use: then none is kept.
const LEAST: usize = 4;
/// Powers of two that are kept, at most.
const EARLY_LIMIT: usize = 23;

/// All that a run needs to go on as it did: its numbers after `step` updates.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub step: u32,
    pub rate: f32,
    /// Results since the last point of the curve.
    pub open: BatchResult,
    pub numbers: Numbers,
}

#[derive(Clone, Debug, Default)]
pub struct Moments {
    /// By step.
    list: Vec<Moment>,
    /// 0: none.
    most: usize,
    asked: Option<u32>,
    spare: Vec<Numbers>,
    /// Something has come or gone since this was last told.
    is_news: bool,
}

impl Moments {
    /// As many as fit `budget_bytes` where one takes `size_bytes`.
    pub fn within(budget_bytes: usize, size_bytes: usize) -> Self {
        let fit = (budget_bytes / size_bytes.max(1)).min(MOMENTS_LIMIT);
        Self { most: if fit < LEAST { 0 } else { fit }, ..Self::default() }
    }

    pub fn steps(&self) -> Vec<u32> {
        self.list.iter().map(|m| m.step).collect()
    }

    pub fn list(&self) -> &[Moment] {
        &self.list
    }

    /// How many are powers of two, at most.
    fn early(&self) -> usize {
        (self.most * 3 / 8).min(EARLY_LIMIT)
    }

    /// Between those that lie evenly, in a run of `now` steps.
    fn stride(&self, now: u32) -> u32 {
        // One place is for the first moment, wherever the run began.
        let even = (self.most - self.early()).saturating_sub(1).max(1) as u32;
        let mut stride = 1;
        while now / stride >= even {
            stride *= 2;
        }
        stride
    }

    fn is_early(&self, step: u32) -> bool {
        let early = self.early();
        early > 0
            && step.is_power_of_two()
            && step.ilog2() < EARLY_LIMIT as u32
            && step.ilog2().is_multiple_of(EARLY_LIMIT.div_ceil(early) as u32)
    }

    fn is_wanted(&self, step: u32, now: u32) -> bool {
        step.is_multiple_of(self.stride(now)) || self.is_early(step)
    }

    /// Whether a copy is to be made before `step`.
    pub fn is_due(&self, step: u32) -> bool {
        let is_first = self.list.is_empty() && self.asked.is_none();
        self.most > 0
            && self.asked != Some(step)
            && self.list.binary_search_by_key(&step, |m| m.step).is_err()
            && (is_first || self.is_wanted(step, step))
    }

    /// From `step` on: how many updates until the next copy may be due.
    pub fn gap(&self, step: u32) -> u32 {
        if self.most == 0 {
            return u32::MAX;
        }
        let stride = self.stride(step);
        let even = stride - step % stride;
        let power = step.saturating_add(1).checked_next_power_of_two().map_or(u32::MAX, |p| p - step);
        even.min(power)
    }

    /// The buffers for a copy before `step`, which is asked for now.
    pub fn ask(&mut self, step: u32) -> Numbers {
        self.asked = Some(step);
        self.spare.pop().unwrap_or_default()
    }

    /// A moment of a run that has come to `now`. Numbers that are none are not kept.
    pub fn keep(&mut self, moment: Moment, now: u32) {
        if self.most == 0 || moment.step > now || !moment.numbers.is_sound() {
            return;
        }
        match self.list.binary_search_by_key(&moment.step, |m| m.step) {
            Ok(at) => self.list[at] = moment,
            Err(at) => self.list.insert(at, moment),
        }
        self.is_news = true;
        let mut at = 1;
        while at < self.list.len() {
            if self.is_wanted(self.list[at].step, now) {
                at += 1;
            } else {
                self.spare.push(self.list.remove(at).numbers);
            }
        }
        // At most half of them go at once; the memory of all but a few goes back.
        self.spare.truncate(2);
    }

    /// Forgets what came after `step`, and what is under way.
    pub fn rewind(&mut self, step: u32) {
        let before = self.list.len();
        self.list.retain(|m| m.step <= step);
        self.is_news |= before != self.list.len();
        self.asked = None;
    }

    /// The one nearest to `step`, of two the earlier.
    pub fn nearest(&self, step: u32) -> Option<&Moment> {
        self.list.iter().min_by_key(|m| m.step.abs_diff(step))
    }

    /// The steps, where they have changed since this was last asked.
    pub fn news(&mut self) -> Option<Vec<u32>> {
        std::mem::take(&mut self.is_news).then(|| self.steps())
    }

    pub fn has_news(&self) -> bool {
        self.is_news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(step: u32) -> Moment {
        Moment { step, rate: 0.1, open: BatchResult::default(), numbers: Numbers { params: vec![step as f32], ..Numbers::default() } }
    }

    /// A run of `steps`, each copy made where it is due.
    fn run(mut moments: Moments, first: u32, steps: u32) -> Moments {
        let mut step = first;
        while step < steps {
            if moments.is_due(step) {
                moments.ask(step);
                moments.keep(moment(step), step);
            }
            assert!(moments.list.len() <= moments.most, "{} at step {step}", moments.list.len());
            let gap = moments.gap(step);
            assert!(
                (1..gap).take_while(|ahead| *ahead < 5_000).all(|ahead| !moments.is_due(step.saturating_add(ahead))),
                "step {step} skips one"
            );
            step = step.saturating_add(gap);
        }
        moments
    }

    #[test]
    fn moments_are_few_and_lie_evenly() {
        let moments = run(Moments::within(64 << 20, 4), 0, 100_001);
        let steps = moments.steps();
        assert!((32..=MOMENTS_LIMIT).contains(&steps.len()), "{steps:?}");
        assert_eq!(steps[..8], [0, 1, 2, 4, 8, 16, 32, 64]);
        let stride = moments.stride(100_000);
        assert!((0..=100_000 / stride).all(|i| steps.contains(&(i * stride))));
        assert!(steps.windows(2).all(|w| w[1] - w[0] <= stride));
        assert!(moments.spare.len() <= 2);
    }

    #[test]
    fn bytes_bound_them() {
        for (bytes, most) in [(1_000, 64), (39, 9), (19, 4), (15, 0), (0, 0)] {
            let moments = run(Moments::within(bytes, 4), 7, 3_000);
            assert_eq!(moments.most, most);
            // The first one stays, wherever the run began.
            assert_eq!(moments.steps().first().copied(), (most > 0).then_some(7));
            assert!(most == 0 || moments.steps().len() >= most / 3, "{:?}", moments.steps());
        }
    }

    #[test]
    fn going_back_forgets_and_goes_on_as_before() {
        let all = run(Moments::within(64 << 20, 4), 0, 500);
        let mut back = all.clone();
        assert!(back.news().is_some() && back.news().is_none());
        back.rewind(128);
        assert_eq!(back.steps().last(), Some(&128));
        assert_eq!(back.news().map(|s| s.len()), Some(back.list.len()));
        assert_eq!(run(back, 128, 500).steps(), all.steps());
        assert_eq!(all.nearest(131).map(|m| m.step), Some(128));
        assert_eq!(all.nearest(u32::MAX).map(|m| m.step), all.steps().last().copied());
    }

    #[test]
    fn what_is_no_number_is_not_kept() {
        let mut moments = Moments::within(64 << 20, 4);
        moments.keep(Moment { numbers: Numbers { params: vec![f32::NAN], ..Numbers::default() }, ..moment(0) }, 0);
        moments.keep(moment(9), 5);
        assert!(moments.steps().is_empty() && moments.nearest(3).is_none());
    }
}
