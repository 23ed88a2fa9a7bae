//! Ten shapes, drawn from a seed and a number: a set that nobody has to fetch.
//!
//! Shape `index` is the same whoever draws it, and whatever was drawn before: its class, place, size, turn, outline,
//! filling and noise follow from the counter hash of the engine. Ten shapes in a row, beginning with a multiple of
//! ten, are one of each class. Only additions, products, quotients, square roots and `libm` are used, so every machine
//! draws the same bytes.

mod outline;

use engine::rng::{self, Stream};

use crate::{CLASSES, Digits, PIXELS, SIDE, manifest::PackFile, manifest::Set};
use outline::{Outline, Point};

/// Of the set that is trained on.
pub const SEED: u32 = 1;

/// What the classes are called.
pub const NAMES: [&str; CLASSES] = ["circle", "square", "triangle", "cross", "star", "ring", "arrow", "crescent", "heart", "bolt"];

/// As signs, where there is room for one letter.
pub const SIGNS: [&str; CLASSES] = ["●", "■", "▲", "✚", "★", "○", "↑", "☽", "♥", "ϟ"];

const CLASS: Stream = Stream::SHAPES;
const PLACE: Stream = Stream::SHAPES.part(0x0400_0000);
const NOISE: Stream = Stream::SHAPES.part(0x0800_0000);

/// Distance from the middle of the shape to its farthest point, in pixels.
const RADII: (f32, f32) = (7.0, 11.0);
/// The middle lies within so many pixels of the middle of the picture.
const SHIFT: f32 = 2.5;
/// Width of the line around it.
const LINES: (f32, f32) = (1.2, 2.4);
/// Ink between the lines.
const FILLS: (f32, f32) = (0.3, 1.0);
/// Most that noise adds to a pixel or takes from it.
const NOISES: (f32, f32) = (0.0, 0.16);

/// Everything about one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pose {
    middle: Point,
    radius: f32,
    /// Cosine and sine of the turn.
    turn: (f32, f32),
    line: f32,
    fill: f32,
    noise: f32,
}

impl Pose {
    fn of(seed: u32, index: u32) -> Self {
        let draw = |place: u32, (lo, hi): (f32, f32)| lo + (hi - lo) * rng::uniform(seed, PLACE.part(place), index);
        let angle = draw(3, (0.0, std::f32::consts::TAU));
        let middle = (SIDE as f32 - 1.0) / 2.0;
        Self {
            middle: Point { x: middle + draw(0, (-SHIFT, SHIFT)), y: middle + draw(1, (-SHIFT, SHIFT)) },
            radius: draw(2, RADII),
            turn: (libm::cosf(angle), libm::sinf(angle)),
            line: draw(4, LINES),
            fill: draw(5, FILLS),
            noise: draw(6, NOISES),
        }
    }

    /// Ink at a point of the picture, 0 to 1: the line, and paler what it encloses, over a pixel's width at the edges.
    fn ink(&self, outline: &Outline, x: f32, y: f32) -> f32 {
        let (dx, dy) = (x - self.middle.x, y - self.middle.y);
        if dx * dx + dy * dy > (self.radius + 1.5) * (self.radius + 1.5) {
            return 0.0;
        }
        let (cos, sin) = self.turn;
        let at = Point { x: (dx * cos + dy * sin) / self.radius, y: (dy * cos - dx * sin) / self.radius };
        let distance = outline.distance(at) * self.radius;
        let inside = cover(distance);
        let inner = cover(distance + self.line);
        inside - inner + inner * self.fill
    }
}

/// How much of a pixel lies inside an edge at this distance from its middle, negative inside.
fn cover(distance: f32) -> f32 {
    (0.5 - distance).clamp(0.0, 1.0)
}

/// The class of shape `index`.
pub fn class(seed: u32, index: u32) -> u8 {
    let mut order: [u32; CLASSES] = std::array::from_fn(|i| i as u32);
    rng::shuffle(&mut order, seed, CLASS.part(index / CLASSES as u32));
    order[index as usize % CLASSES] as u8
}

/// The 784 grey values of shape `index`, which is of [`class`].
pub fn draw(seed: u32, index: u32) -> [u8; PIXELS] {
    let pose = Pose::of(seed, index);
    let outline = Outline::of(usize::from(class(seed, index)));
    let mut picture = [0; PIXELS];
    for (place, grey) in picture.iter_mut().enumerate() {
        let ink = pose.ink(&outline, (place % SIDE) as f32, (place / SIDE) as f32);
        let number = index.wrapping_mul(PIXELS as u32).wrapping_add(place as u32);
        let noise = pose.noise * (2.0 * rng::uniform(seed, NOISE, number) - 1.0);
        *grey = ((ink + noise).clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    }
    picture
}

/// The number of the first shape of a set: training, validation and test shapes follow one another.
pub fn first_of(set: Set) -> u32 {
    Set::ALL.iter().take_while(|s| **s != set).map(|s| s.total() as u32).sum()
}

/// The shapes that stand where the digits of `pack` stand: there are as many, in sets of the same sizes.
pub fn of_pack(pack: &PackFile) -> Digits {
    let mut shapes = Digits::default();
    extend(&mut shapes, pack, pack.count as usize);
    shapes
}

/// Draws so many more shapes of `pack`, at most as many as it takes. True once it is full.
pub fn extend(shapes: &mut Digits, pack: &PackFile, count: usize) -> bool {
    let first = first_of(pack.set) + pack.first;
    let end = (shapes.len() + count).min(pack.count as usize);
    for place in shapes.len()..end {
        let index = first + place as u32;
        shapes.pixels.extend_from_slice(&draw(SEED, index));
        shapes.labels.push(class(SEED, index));
    }
    end == pack.count as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checksum(shapes: &Digits) -> u32 {
        let mut sum = 0x811c_9dc5_u32;
        for byte in shapes.pixels.iter().chain(&shapes.labels) {
            sum = (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
        sum
    }

    fn some(count: usize) -> Digits {
        let mut shapes = Digits::default();
        extend(&mut shapes, &crate::packs()[0], count);
        shapes
    }

    /// The same on every machine: natively and as WebAssembly, with and without optimisation.
    #[test]
    fn the_same_bytes_everywhere() {
        assert_eq!(checksum(&some(1_000)), 1_948_998_475);
    }

    #[test]
    fn a_shape_does_not_depend_on_what_was_drawn_before() {
        let shapes = some(30);
        assert_eq!(shapes.image(17), draw(SEED, 17));
        assert_eq!(shapes.labels[17], class(SEED, 17));
        assert_ne!(draw(SEED, 17), draw(SEED + 1, 17));
        let validation = crate::packs().iter().find(|p| p.set == Set::Validation).unwrap();
        let mut other = Digits::default();
        assert!(!extend(&mut other, validation, 1));
        assert_eq!(other.image(0), draw(SEED, 50_000));
    }

    #[test]
    fn classes_are_balanced_exactly() {
        assert_eq!(some(2_000).class_counts(), [200; CLASSES]);
        for ten in some(200).labels.chunks_exact(CLASSES) {
            let mut ten = ten.to_vec();
            ten.sort_unstable();
            assert_eq!(ten, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        }
    }

    /// Ink enough to see, paper at the rim, greys at the edges.
    #[test]
    fn pictures_look_like_digits_do() {
        let shapes = some(1_000);
        for (place, picture) in shapes.pixels.chunks_exact(PIXELS).enumerate() {
            let mean = picture.iter().map(|grey| f64::from(*grey)).sum::<f64>() / (255.0 * PIXELS as f64);
            assert!((0.04..0.55).contains(&mean), "shape {place}, class {}: mean {mean}", shapes.labels[place]);
            let ink = picture.iter().filter(|grey| **grey > 160).count();
            assert!(ink > 20, "shape {place}, class {}: {ink} dark pixels", shapes.labels[place]);
            for corner in [0, SIDE - 1, PIXELS - SIDE, PIXELS - 1] {
                assert!(picture[corner] < 60, "shape {place}: ink in a corner");
            }
        }
    }

    /// Each outline is inside at some point and lies within its circle.
    #[test]
    fn outlines_fit_their_circle() {
        for class in 0..CLASSES {
            let outline = Outline::of(class);
            let around = (0..360).map(|degrees| f64::from(degrees).to_radians());
            let least = around
                .map(|a| outline.distance(Point { x: 1.05 * libm::cos(a) as f32, y: 1.05 * libm::sin(a) as f32 }))
                .fold(f32::INFINITY, f32::min);
            assert!(least > 0.0, "{}: {least}", NAMES[class]);
            let points = (0..40_000).map(|i| Point { x: (i % 200) as f32 / 100.0 - 1.0, y: (i / 200) as f32 / 100.0 - 1.0 });
            let area = points.filter(|p| outline.distance(*p) < 0.0).count() as f32 / 10_000.0;
            assert!((0.4..3.0).contains(&area), "{}: area {area}", NAMES[class]);
        }
    }
}
