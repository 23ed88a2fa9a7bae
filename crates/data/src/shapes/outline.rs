//! How far a point lies from the edge of a shape: negative inside. A shape lies within a circle of radius 1.
//!
//! Distances are those of Inigo Quilez, "2D distance functions".

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

const fn at(x: f32, y: f32) -> Point {
    Point { x, y }
}

const SQUARE: &[Point] = &[at(-0.707, -0.707), at(0.707, -0.707), at(0.707, 0.707), at(-0.707, 0.707)];
const TRIANGLE: &[Point] = &[at(0.0, -1.0), at(0.866, 0.5), at(-0.866, 0.5)];
const CROSS: &[Point] = &[
    at(-0.3, -0.95),
    at(0.3, -0.95),
    at(0.3, -0.3),
    at(0.95, -0.3),
    at(0.95, 0.3),
    at(0.3, 0.3),
    at(0.3, 0.95),
    at(-0.3, 0.95),
    at(-0.3, 0.3),
    at(-0.95, 0.3),
    at(-0.95, -0.3),
    at(-0.3, -0.3),
];
/// Points of radius 1 and 0.42 in turn, 36° apart.
const STAR: &[Point] = &[
    at(0.0, -1.0),
    at(0.246_87, -0.339_79),
    at(0.951_06, -0.309_02),
    at(0.399_44, 0.129_79),
    at(0.587_79, 0.809_02),
    at(0.0, 0.42),
    at(-0.587_79, 0.809_02),
    at(-0.399_44, 0.129_79),
    at(-0.951_06, -0.309_02),
    at(-0.246_87, -0.339_79),
];
const ARROW: &[Point] = &[at(1.0, 0.0), at(0.2, 0.75), at(0.2, 0.27), at(-0.95, 0.27), at(-0.95, -0.27), at(0.2, -0.27), at(0.2, -0.75)];
const BOLT: &[Point] = &[at(0.3, -0.95), at(-0.72, 0.22), at(-0.02, 0.22), at(-0.3, 0.95), at(0.72, -0.22), at(0.02, -0.22)];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outline {
    Circle,
    Polygon(&'static [Point]),
    Ring,
    Crescent,
    Heart,
}

impl Outline {
    /// Of class `class`, in the order of [`super::NAMES`].
    pub fn of(class: usize) -> Self {
        match class {
            0 => Self::Circle,
            1 => Self::Polygon(SQUARE),
            2 => Self::Polygon(TRIANGLE),
            3 => Self::Polygon(CROSS),
            4 => Self::Polygon(STAR),
            5 => Self::Ring,
            6 => Self::Polygon(ARROW),
            7 => Self::Crescent,
            8 => Self::Heart,
            _ => Self::Polygon(BOLT),
        }
    }

    pub fn distance(&self, p: Point) -> f32 {
        match self {
            Self::Circle => length(p.x, p.y) - 0.9,
            Self::Polygon(corners) => polygon(corners, p),
            Self::Ring => (length(p.x, p.y) - 0.78).abs() - 0.2,
            // What a circle leaves of another.
            Self::Crescent => (length(p.x, p.y) - 0.95).max(0.78 - length(p.x - 0.45, p.y)),
            Self::Heart => heart(p),
        }
    }
}

fn length(x: f32, y: f32) -> f32 {
    libm::sqrtf(x * x + y * y)
}

/// The nearest point of any edge; inside where a ray to the right crosses the edges an odd number of times.
fn polygon(corners: &[Point], p: Point) -> f32 {
    let (mut nearest, mut inside) = (f32::INFINITY, false);
    let mut from = corners[corners.len() - 1];
    for &to in corners {
        let (ex, ey, wx, wy) = (to.x - from.x, to.y - from.y, p.x - from.x, p.y - from.y);
        let along = ((wx * ex + wy * ey) / (ex * ex + ey * ey)).clamp(0.0, 1.0);
        let (dx, dy) = (wx - ex * along, wy - ey * along);
        nearest = nearest.min(dx * dx + dy * dy);
        if (from.y > p.y) != (to.y > p.y) && p.x < from.x + ex * (wy / ey) {
            inside = !inside;
        }
        from = to;
    }
    let distance = libm::sqrtf(nearest);
    if inside { -distance } else { distance }
}

/// Two arcs above a corner of 90°; its own drawing has the corner at 0 and is about 1.1 high.
fn heart(p: Point) -> f32 {
    const SIZE: f32 = 1.5;
    let (x, y) = (p.x.abs() / SIZE, 0.56 - p.y / SIZE);
    let own = if x + y > 1.0 {
        length(x - 0.25, y - 0.75) - 0.353_553_4
    } else {
        let diagonal = 0.5 * (x + y).max(0.0);
        let square = (x * x + (y - 1.0) * (y - 1.0)).min((x - diagonal) * (x - diagonal) + (y - diagonal) * (y - diagonal));
        if x < y { -libm::sqrtf(square) } else { libm::sqrtf(square) }
    };
    own * SIZE
}
