//! Receptive fields, as they follow from the settings of the layers alone.

use serde::Serialize;

use crate::{Shape, json::Read, ops::Window};

/// Receptive field of one unit, in pixels of the image.
///
/// With kernel `k`, dilation `d`, stride `s`, padding `p` of a layer and `jump` the product of the
/// strides before it: `size += (k - 1) · d · jump`, `start -= p · jump`, `jump *= s`.
/// (Araujo, Norris, Sim: *Computing Receptive Fields of Convolutional Neural Networks*, Distill 2019.)
/// Behind an upsampling neighbours may share a field, so places are followed as fractions of whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
pub struct Reach {
    /// Rows and columns seen by one unit, by the one that sees most where they differ.
    pub size: [usize; 2],
    /// Pixels between the fields of units that stand `per` apart.
    pub jump: [usize; 2],
    /// 1, but behind an upsampling, or a pooling with uneven boxes: so many units move on by `jump` together.
    pub per: [usize; 2],
    /// First row and column of the field of unit (0, 0); negative in the padding.
    pub start: [i64; 2],
    axes: [Axis; 2],
}

/// The fields along one axis: unit `i` sees from `start + grain · ⌊(i·steps + first) / per⌋` up to, but without,
/// `start + grain · ⌊(i·steps + last) / per⌋ + size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
struct Axis {
    grain: i64,
    steps: i64,
    per: i64,
    first: i64,
    last: i64,
    start: i64,
    size: i64,
}

impl Reach {
    pub const PIXEL: Self = Self::of([Axis::PIXEL; 2]);

    const fn of(axes: [Axis; 2]) -> Self {
        let [y, x] = axes;
        Self {
            size: [y.largest(), x.largest()],
            jump: [pixels(y.grain.saturating_mul(y.steps)), pixels(x.grain.saturating_mul(x.steps))],
            per: [pixels(y.per), pixels(x.per)],
            start: [y.begin(), x.begin()],
            axes,
        }
    }

    /// The field of a unit of a layer behind units with this field.
    pub fn through(self, window: Window, input: Shape, image: Shape) -> Self {
        let [y, x] = self.axes;
        match window {
            Window::Point => self,
            Window::Whole if input.is_flat() && self.size == [image.h, image.w] => self,
            Window::Whole => Self::of([Axis::whole(image.h), Axis::whole(image.w)]),
            Window::Slide { kernel, stride, dilation, pad } => Self::of([
                y.through(stride.h, 1, -(pad.top as i64), (kernel.h - 1) * dilation.h),
                x.through(stride.w, 1, -(pad.left as i64), (kernel.w - 1) * dilation.w),
            ]),
            Window::Scale { step, first, width, of } => {
                Self::of([y.through(step.h, of.h, first[0], width.h - 1), x.through(step.w, of.w, first[1], width.w - 1)])
            }
        }
    }

    /// What a unit sees that joins units of both at the same place.
    pub fn joined(self, other: Self) -> Self {
        Self::of(std::array::from_fn(|i| self.axes[i].joined(other.axes[i])))
    }
}

impl Axis {
    const PIXEL: Self = Self { grain: 1, steps: 1, per: 1, first: 0, last: 0, start: 0, size: 1 };

    /// Every unit sees all.
    const fn whole(extent: usize) -> Self {
        Self { grain: 0, steps: 0, size: extent as i64, ..Self::PIXEL }
    }

    /// Steps and `per` have no common divisor, so that some unit stands as far inside a step as can be.
    const fn largest(&self) -> usize {
        let steps = self.last.saturating_sub(self.first).saturating_add(self.per - 1).div_euclid(self.per);
        pixels(self.grain.saturating_mul(steps).saturating_add(self.size))
    }

    const fn begin(&self) -> i64 {
        self.start.saturating_add(self.grain.saturating_mul(self.first.div_euclid(self.per)))
    }

    /// Unit `i` now sees the units from `⌊(i·step + first) / of⌋` to `⌊(i·step + first + further) / of⌋`.
    fn through(mut self, step: usize, of: usize, first: i64, further: usize) -> Self {
        let (step, of, last) = (step as i64, of as i64, first.saturating_add(further as i64));
        if of > 1 && self.steps != 1 {
            // What begins at whole pixels only must not be divided: the steps become coarser ones. Where they
            // are fractions too, the largest stands for all.
            self = Self {
                grain: self.grain.saturating_mul(self.steps.saturating_add(self.per - 1).div_euclid(self.per)),
                size: self.largest() as i64,
                start: self.begin(),
                ..Self::PIXEL
            };
        }
        // Nothing bounds the strides of windows of which only one fits: all saturates.
        let along = |offset: i64, own: i64| offset.saturating_mul(self.steps).saturating_add(own.saturating_mul(of));
        let (first, last) = (along(first, self.first), along(last, self.last));
        let (steps, per) = (self.steps.saturating_mul(step), self.per.saturating_mul(of));
        let shared = common(steps, per);
        let down = |n: i64| n.div_euclid(shared);
        Self { steps: down(steps), per: down(per), first: down(first), last: down(last), ..self }
    }

    fn joined(self, other: Self) -> Self {
        if self.grain == 0 || other.grain == 0 {
            // One of them sees the same everywhere: all of the image.
            return if self.grain == 0 { self } else { other };
        }
        let apart = other.start.saturating_sub(self.start);
        if (self.grain, self.steps, self.per) == (other.grain, other.steps, other.per) && apart % self.grain == 0 {
            let ahead = (apart / self.grain).saturating_mul(self.per);
            let first = self.first.min(other.first.saturating_add(ahead));
            // The ends are told by `last`, and beyond it by `size`: the larger of each covers both.
            let last = self.last.max(other.last.saturating_add(ahead));
            return Self { first, last, size: self.size.max(other.size), ..self };
        }
        // Units that do not keep step are followed as if they did, in the larger steps.
        let end = |axis: &Self| axis.begin().saturating_add(axis.largest() as i64);
        let start = self.begin().min(other.begin());
        let size = end(&self).max(end(&other)).saturating_sub(start);
        let longer = if self.grain.saturating_mul(other.per) >= other.grain.saturating_mul(self.per) { self } else { other };
        Self { first: 0, last: 0, start, size, ..longer }
    }
}

/// What a machine's word holds of a count.
const fn pixels(n: i64) -> usize {
    if n as u64 > usize::MAX as u64 { usize::MAX } else { n as usize }
}

/// The greatest common divisor; of 0 and `b` it is `b`.
fn common(a: i64, b: i64) -> i64 {
    if a == 0 { b } else { common(b % a, a) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Pair, Sides};

    const IMAGE: Shape = Shape::new(1, 100, 100);

    fn slide(kernel: usize, stride: usize, pad: usize) -> Window {
        Window::Slide { kernel: Pair::square(kernel), stride: Pair::square(stride), dilation: Pair::one(), pad: Sides::all(pad) }
    }

    fn nearest(factor: usize) -> Window {
        Window::Scale { step: Pair::one(), first: [0, 0], width: Pair::one(), of: Pair::square(factor) }
    }

    fn along(windows: &[Window]) -> Reach {
        windows.iter().fold(Reach::PIXEL, |reach, window| reach.through(*window, IMAGE, IMAGE))
    }

    #[test]
    fn convolutions_and_poolings_by_the_formula() {
        let reach = along(&[slide(3, 1, 1), slide(2, 2, 0), slide(3, 1, 1)]);
        assert_eq!((reach.size, reach.jump, reach.per, reach.start), ([8; 2], [2; 2], [1; 2], [-3; 2]));
    }

    #[test]
    fn what_is_halved_and_doubled_keeps_step_with_what_was_not() {
        let way = along(&[slide(2, 2, 0), nearest(2)]);
        assert_eq!((way.size, way.jump, way.per), ([2; 2], [2; 2], [2; 2]));
        let joined = way.joined(along(&[slide(3, 1, 1)]));
        // From one pixel before to one behind what either sees.
        assert_eq!((joined.size, joined.start), ([3; 2], [-1; 2]));
        let both = along(&[slide(3, 1, 1)]).joined(along(&[slide(5, 1, 2)]));
        assert_eq!((both.size, both.jump, both.start), ([5; 2], [1; 2], [-2; 2]));
    }

    #[test]
    fn enormous_strides_saturate() {
        let reach = along(&[slide(1, 4096, 0); 12]);
        assert!(reach.size == [1; 2] && reach.jump[0] > 1 << 30);
        along(&[&[slide(4096, 4096, 4095); 12][..], &[nearest(4096); 12], &[slide(3, 7, 1); 3]].concat());
    }
}
