//! Curves over one axis: lines of numbers that the engine has computed, drawn as they grow.

use leptos::prelude::*;

use super::{desk::Desk, grid::written};
use crate::{reaction::live, widgets::number};

/// Extents of the drawing, and its margins: left, right, top, bottom.
const SIZE: (f64, f64) = (520.0, 280.0);
const MARGIN: [f64; 4] = [46.0, 16.0, 12.0, 36.0];

/// One curve, in the colour of the word that lights it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub mark: &'static str,
    pub points: Vec<(f64, f64)>,
    /// Of earlier days.
    pub faint: bool,
    /// Points are dots, too.
    pub dots: bool,
}

/// What the ends of both axes stand for, and which places of them are named.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    pub x: (f64, f64),
    pub y: (f64, f64),
    /// Places with what is said of them.
    pub x_ticks: Vec<(f64, String)>,
    pub y_ticks: Vec<(f64, String)>,
    pub x_name: &'static str,
}

/// Places that are named by their own numbers.
pub fn numbered(places: impl IntoIterator<Item = f64>) -> Vec<(f64, String)> {
    places.into_iter().map(|place| (place, written(place as f32, 1))).collect()
}

impl Axes {
    /// Steps to the right, a share from 0 to 1 upwards.
    pub fn accuracy(steps: u32) -> Self {
        let y_ticks = [0.0, 0.5, 1.0].iter().map(|y| (*y, format!("{}\u{202f}%", y * 100.0))).collect();
        Self { y: (0.0, 1.0), y_ticks, ..Self::loss(steps, 1.0) }
    }

    /// Steps to the right, the loss upwards.
    pub fn loss(steps: u32, most: f64) -> Self {
        let last = f64::from(steps.max(1));
        let x_ticks = [0.0, last / 2.0, last].iter().map(|x| (*x, number::grouped(*x as u64))).collect();
        let y_ticks = [0.0, most / 2.0, most].iter().map(|y| (*y, number::short(*y))).collect();
        Self { x: (0.0, last), y: (0.0, most), x_ticks, y_ticks, x_name: "steps" }
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let share = |v: f64, (lo, hi): (f64, f64)| if hi > lo { ((v - lo) / (hi - lo)).clamp(0.0, 1.0) } else { 0.0 };
        let (wide, high) = (SIZE.0 - MARGIN[0] - MARGIN[1], SIZE.1 - MARGIN[2] - MARGIN[3]);
        (MARGIN[0] + share(x, self.x) * wide, SIZE.1 - MARGIN[3] - share(y, self.y) * high)
    }
}

#[derive(Clone, Copy)]
pub struct Chart {
    pub testid: &'static str,
    /// What a screen reader calls it.
    pub label: &'static str,
    pub axes: Signal<Axes>,
    pub lines: Signal<Vec<Line>>,
    /// The place that is read off, if one is.
    pub cursor: Option<Signal<f64>>,
}

impl Chart {
    pub fn new(testid: &'static str, label: &'static str, axes: impl Into<Signal<Axes>>, lines: impl Into<Signal<Vec<Line>>>) -> Self {
        Self { testid, label, axes: axes.into(), lines: lines.into(), cursor: None }
    }

    pub fn cursor(self, at: impl Into<Signal<f64>>) -> Self {
        Self { cursor: Some(at.into()), ..self }
    }

    pub fn view(self, desk: Desk) -> AnyView {
        let lines =
            move || self.axes.with(|axes| self.lines.with(|lines| lines.iter().map(|l| self.drawn(desk, axes, l)).collect::<Vec<_>>()));
        view! {
            <svg class="chart" viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) role="img" aria-label=self.label data-testid=self.testid>
                {live(move || self.axes.with(ruled))}
                {self.cursor.map(|at| self.upright(at))}
                {live(lines)}
            </svg>
        }
        .into_any()
    }

    fn upright(self, at: Signal<f64>) -> AnyView {
        let x = move || self.axes.with(|axes| axes.place((at.get(), axes.y.0)).0);
        view! { <line class="chart-cursor" x1=x x2=x y1=MARGIN[2] y2=SIZE.1 - MARGIN[3]/> }.into_any()
    }

    fn drawn(self, desk: Desk, axes: &Axes, line: &Line) -> AnyView {
        let inside = || line.points.iter().filter(|(_, y)| y.is_finite());
        let places: Vec<(f64, f64)> = inside().map(|point| axes.place(*point)).collect();
        let points = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
        let (mark, class) = (line.mark, format!("of-{}{}", line.mark, if line.faint { " faint" } else { "" }));
        // Dots stand at all points, where the line is read off, or at its end.
        let gap = |(x, _): &&(f64, f64), at: f64| (x - at).abs();
        let read = self.cursor.map(|at| at.get());
        let near = |at: f64| inside().min_by(|a, b| gap(a, at).total_cmp(&gap(b, at))).map(|point| axes.place(*point));
        let marked = match (line.dots, read) {
            (true, _) => places,
            (false, Some(at)) => near(at).into_iter().collect(),
            (false, None) => places.last().copied().into_iter().collect(),
        };
        let dot = |(x, y): &(f64, f64)| view! { <circle class=format!("chart-dot {class}") cx=*x cy=*y r="4.5"/> }.into_any();
        let dots: Vec<AnyView> = marked.iter().map(dot).collect();
        view! { <polyline class=format!("chart-line {class}") class:lit=move || desk.is_lit(mark) points=points/> {dots} }.into_any()
    }
}

fn ruled(axes: &Axes) -> AnyView {
    let across = |(at, name): &(f64, String)| {
        let (_, y) = axes.place((axes.x.0, *at));
        view! {
            <line class="chart-rule" class:zero=*at == 0.0 x1=MARGIN[0] x2=SIZE.0 - MARGIN[1] y1=y y2=y/>
            <text class="chart-tick" x=MARGIN[0] - 6.0 y=y + 4.0 text-anchor="end">{name.clone()}</text>
        }
        .into_any()
    };
    let along = |(at, name): &(f64, String)| {
        let (x, _) = axes.place((*at, axes.y.0));
        let anchor = if *at >= axes.x.1 { "end" } else { "middle" };
        view! { <text class="chart-tick" x=x y=SIZE.1 - MARGIN[3] + 16.0 text-anchor=anchor>{name.clone()}</text> }.into_any()
    };
    view! {
        {axes.y_ticks.iter().map(across).collect::<Vec<_>>()}
        {axes.x_ticks.iter().map(along).collect::<Vec<_>>()}
        <text class="chart-tick" x=SIZE.0 - MARGIN[1] y=SIZE.1 - 3.0 text-anchor="end">{axes.x_name}</text>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let axes = Axes::accuracy(100);
        assert_eq!(axes.place((0.0, 0.0)), (MARGIN[0], SIZE.1 - MARGIN[3]));
        assert_eq!(axes.place((200.0, 1.0)), (SIZE.0 - MARGIN[1], MARGIN[2]));
        assert_eq!(numbered([0.0, 1.5])[1], (1.5, "1.5".to_owned()));
    }
}
