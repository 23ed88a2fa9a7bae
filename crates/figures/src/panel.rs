//! What a chart of learning curves shows, worked out before anything is drawn.

use crate::{
    axis,
    chart::ChartOptions,
    colour::Rgb,
    curves::{Curves, MeasuredOn},
    ghost::{Ghost, Trail},
    ruler::{Labels, Ruler},
    smoothing::smoothed,
    trace::Point,
    view::{View, within},
};

/// What the curves run over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XAxis {
    #[default]
    Step,
    Epoch,
}

/// Scale of the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LossScale {
    #[default]
    Linear,
    Log,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Line,
    /// Points, joined.
    Dots,
    /// Points alone.
    Diamond,
}

pub(crate) struct Series {
    pub label: &'static str,
    pub colour: Rgb,
    pub mark: Mark,
    /// In the axis's coordinates.
    pub points: Vec<Point>,
    /// The last value, in words.
    pub latest: String,
}

pub(crate) struct Panel {
    pub title: &'static str,
    /// Every batch, faint.
    pub raw: Option<Series>,
    pub series: Vec<Series>,
    /// Of other runs.
    pub trails: Vec<Trail>,
    pub axis: YAxis,
}

/// A vertical axis. Coordinates are the values, or on a logarithmic axis their powers of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct YAxis {
    kind: Kind,
    lo: f64,
    hi: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Loss,
    LogLoss,
    Percent,
    Rate,
}

/// All panels and the axis that they share.
pub(crate) struct Scene {
    /// What the horizontal axis shows.
    pub window: (f64, f64),
    pub x_axis: XAxis,
    /// Loss, accuracy and, where it is asked for, the rate.
    pub panels: Vec<Panel>,
    pub marks: Vec<f64>,
}

impl Scene {
    /// Nothing where there is nothing to draw.
    pub fn of(curves: &Curves, options: &ChartOptions, view: &View) -> Option<Self> {
        let x = |step: u32, epoch: f64| match options.x_axis {
            XAxis::Step => f64::from(step),
            XAxis::Epoch => epoch,
        };
        let all = || std::iter::once(curves).chain(view.ghosts.iter().map(|g| &g.curves));
        let places = all().flat_map(|c| c.train.iter().map(|p| x(p.step, p.epoch)).chain(c.scores.iter().map(|s| x(s.step, s.epoch))));
        let reached = places.filter(|x| x.is_finite()).fold(0.0, f64::max);
        let wanted = if options.x_end.is_finite() { options.x_end } else { 0.0 };
        let x_end = reached.max(wanted);
        if all().all(Curves::is_empty) || x_end <= 0.0 {
            return None;
        }
        let kind = match options.loss_scale {
            LossScale::Linear => Kind::Loss,
            LossScale::Log => Kind::LogLoss,
        };
        let window = view.window.filter(|(lo, hi)| lo.is_finite() && hi.is_finite() && lo < hi).unwrap_or((0.0, x_end));
        let mut panels =
            vec![build(curves, options, kind, &x, window, &view.ghosts), build(curves, options, Kind::Percent, &x, window, &view.ghosts)];
        if !view.rate.is_empty() {
            panels.push(rate(&view.rate, options, window));
        }
        Some(Self { window, x_axis: options.x_axis, panels, marks: view.marks.clone() })
    }

    /// What the horizontal axis counts.
    pub fn x_name(&self) -> &'static str {
        match self.x_axis {
            XAxis::Step => "step",
            XAxis::Epoch => "epoch",
        }
    }

    /// The horizontal axis with about `most` ticks.
    pub fn x_ruler(&self, most: usize) -> Ruler {
        let most = most.clamp(2, 12);
        let (lo, hi) = self.window;
        let step = axis::tick_step(lo, hi, most);
        let whole = |t: &f64| step >= 1.0 || self.x_axis == XAxis::Epoch || (t - t.round()).abs() < 1e-9;
        // There is no half a step.
        let decimals = if self.x_axis == XAxis::Step { step.max(1.0) } else { step };
        let ticks = axis::ticks(lo, hi, most).into_iter().filter(whole);
        let labels = ticks.map(|t| (t, axis::tick_label(t, decimals))).collect();
        Ruler { lo, hi, labels }
    }
}

fn build(curves: &Curves, options: &ChartOptions, kind: Kind, x: &dyn Fn(u32, f64) -> f64, window: (f64, f64), ghosts: &[Ghost]) -> Panel {
    let p = options.theme.palette();
    let pick = |loss: f64, accuracy: f64| if kind == Kind::Percent { 100.0 * accuracy } else { loss };
    let steps: Vec<Point> = curves.train.iter().map(|t| (f64::from(t.step), pick(t.loss, t.accuracy))).collect();
    let places: Vec<f64> = curves.train.iter().map(|t| x(t.step, t.epoch)).collect();
    let at_places = |values: Vec<Point>| -> Vec<Point> { places.iter().zip(values).map(|(x, (_, v))| (*x, v)).collect() };
    let length = steps.last().map_or(0.0, |p| p.0).max(if steps.is_empty() {
        ghosts.iter().filter_map(|g| g.curves.train.last()).map(|t| f64::from(t.step)).fold(0.0, f64::max)
    } else {
        0.0
    });
    let half_life = options.half_life_steps.unwrap_or((length / 60.0).max(8.0));
    let smooth = smoothed(steps.iter().copied(), half_life);
    let is_smooth = half_life > 0.0;
    let (raw, smooth) = (within(&at_places(steps), window), within(&at_places(smooth), window));

    let scores = |on: MeasuredOn| -> Vec<Point> {
        curves.scores.iter().filter(|s| s.on == on).map(|s| (x(s.step, s.epoch), pick(s.loss, s.accuracy))).collect()
    };
    // Points alone are not cut: a part of a line between them would look like one.
    let seen = |points: Vec<Point>, mark: Mark| match mark {
        Mark::Line => points,
        Mark::Dots => within(&points, window),
        Mark::Diamond => points.into_iter().filter(|p| (window.0..=window.1).contains(&p.0)).collect(),
    };
    let lines = [
        ("training", p.train, Mark::Line, smooth),
        ("validation", p.validation, Mark::Dots, scores(MeasuredOn::Validation)),
        ("test", p.test, Mark::Diamond, scores(MeasuredOn::Test)),
    ];
    let lines = lines.map(|(label, colour, mark, points)| (label, colour, mark, seen(points, mark)));
    let mut trails: Vec<Trail> = ghosts.iter().map(|ghost| trail(ghost, half_life, &pick, x, window)).collect();
    let others = trails.iter().flat_map(|t| t.line.iter().chain(&t.dots).map(|p| p.1));
    let axis = YAxis::over(kind, &raw, lines.iter().flat_map(|(.., points)| points.iter().map(|p| p.1)).chain(others));
    for (_, y) in trails.iter_mut().flat_map(|t| t.line.iter_mut().chain(&mut t.dots)) {
        *y = axis.coordinate(*y);
    }
    let to_axis = |points: Vec<Point>| -> Vec<Point> { points.into_iter().map(|(x, y)| (x, axis.coordinate(y))).collect() };
    let series = lines
        .into_iter()
        .filter(|(.., points)| !points.is_empty())
        .map(|(label, colour, mark, points)| {
            let latest =
                points.iter().rev().map(|p| p.1).find(|v| v.is_finite()).map_or_else(|| String::from("no number"), |v| axis.value(v));
            Series { label, colour, mark, points: to_axis(points), latest }
        })
        .collect();
    let raw = (is_smooth && raw.len() > 1).then(|| Series {
        label: "",
        colour: p.train,
        mark: Mark::Line,
        points: to_axis(raw),
        latest: String::new(),
    });
    Panel { title: if kind == Kind::Percent { "Accuracy" } else { "Loss" }, raw, series, trails, axis }
}

/// The curve of another run, smoothed like that of the run itself, and what it validated.
fn trail(ghost: &Ghost, half_life: f64, pick: &dyn Fn(f64, f64) -> f64, x: &dyn Fn(u32, f64) -> f64, window: (f64, f64)) -> Trail {
    let train = &ghost.curves.train;
    let smooth = smoothed(train.iter().map(|t| (f64::from(t.step), pick(t.loss, t.accuracy))), half_life);
    let line: Vec<Point> = train.iter().zip(smooth).map(|(t, (_, value))| (x(t.step, t.epoch), value)).collect();
    let validated = ghost.curves.scores.iter().filter(|s| s.on == MeasuredOn::Validation);
    let dots = validated.map(|s| (x(s.step, s.epoch), pick(s.loss, s.accuracy))).filter(|p| (window.0..=window.1).contains(&p.0));
    Trail { slot: ghost.slot, line: within(&line, window), dots: dots.collect() }
}

fn rate(points: &[Point], options: &ChartOptions, window: (f64, f64)) -> Panel {
    let points = within(points, window);
    let most = points.iter().map(|p| p.1).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let axis = YAxis { kind: Kind::Rate, lo: 0.0, hi: if most > 0.0 { 1.08 * most } else { 1.0 } };
    let latest = points.last().map_or_else(String::new, |p| axis.value(p.1));
    let line = Series { label: "", colour: options.theme.palette().muted, mark: Mark::Line, points, latest };
    Panel { title: "Learning rate", raw: None, series: vec![line], trails: Vec::new(), axis }
}

impl YAxis {
    /// The axis on which the smoothed curves and scores are seen whole and single batches as far as
    /// they do not squeeze the rest.
    fn over(kind: Kind, raw: &[Point], shown: impl Iterator<Item = f64>) -> Self {
        let mut shown: Vec<f64> = shown.filter(|v| v.is_finite()).collect();
        let mut batches: Vec<f64> = raw.iter().map(|p| p.1).filter(|v| v.is_finite()).collect();
        engine::order::sort_by(&mut shown, f64::total_cmp);
        engine::order::sort_by(&mut batches, f64::total_cmp);
        let at = |sorted: &[f64], share: f64| sorted.get(((sorted.len().saturating_sub(1)) as f64 * share) as usize).copied();
        let most = at(&shown, 1.0).into_iter().chain(at(&batches, 0.98)).fold(f64::MIN, f64::max);
        match kind {
            Kind::Loss | Kind::Rate => Self { kind, lo: 0.0, hi: if most > 0.0 { most * 1.04 } else { 1.0 } },
            Kind::LogLoss => {
                let positive = |sorted: &[f64], share: f64| {
                    let first = sorted.partition_point(|v| *v <= 0.0);
                    at(&sorted[first..], share)
                };
                let least = positive(&shown, 0.0).into_iter().chain(positive(&batches, 0.02)).fold(f64::MAX, f64::min);
                let (least, most) = if least <= most { (least, most) } else { (0.1, 1.0) };
                let (lo, hi) = (libm::log10(least), libm::log10(most));
                let room = (0.04 * (hi - lo)).max(0.02);
                Self { kind, lo: lo - room, hi: hi + room }
            }
            Kind::Percent => {
                // The last percents are what matters: begin where three quarters of the curve lie above.
                let quarter = at(&shown, 0.25).unwrap_or(0.0);
                let lo = [98.0, 95.0, 90.0, 80.0, 50.0].into_iter().find(|lo| quarter > *lo).unwrap_or(0.0);
                Self { kind, lo, hi: 100.0 }
            }
        }
    }

    fn coordinate(&self, value: f64) -> f64 {
        match self.kind {
            Kind::LogLoss if value > 0.0 => libm::log10(value),
            Kind::LogLoss => f64::NAN,
            Kind::Loss | Kind::Percent | Kind::Rate => value,
        }
    }

    fn value(&self, value: f64) -> String {
        match self.kind {
            Kind::Percent => format!("{value:.2} %"),
            Kind::Loss | Kind::LogLoss => axis::short(value),
            Kind::Rate => axis::trimmed(value),
        }
    }

    /// The axis with about `most` ticks.
    pub fn ruler(&self, most: usize) -> Ruler {
        let most = most.clamp(3, 7);
        let labels: Labels = match self.kind {
            Kind::Loss | Kind::Rate => {
                let step = axis::tick_step(self.lo, self.hi, most);
                axis::ticks(self.lo, self.hi, most).into_iter().map(|t| (t, axis::tick_label(t, step))).collect()
            }
            Kind::LogLoss => axis::log_ticks(libm::pow(10.0, self.lo), libm::pow(10.0, self.hi), most)
                .into_iter()
                .map(|t| (libm::log10(t), axis::trimmed(t)))
                .collect(),
            Kind::Percent => {
                let step = axis::tick_step(self.lo, self.hi, most);
                axis::ticks(self.lo, self.hi, most).into_iter().map(|t| (t, format!("{} %", axis::tick_label(t, step)))).collect()
            }
        };
        Ruler { lo: self.lo, hi: self.hi, labels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curves::{Measured, TrainPoint};

    fn curves(values: &[(f64, f64)]) -> Curves {
        let train = values.iter().enumerate().map(|(i, (loss, accuracy))| TrainPoint {
            step: i as u32 + 1,
            epoch: (i + 1) as f64 / 100.0,
            loss: *loss,
            accuracy: *accuracy,
        });
        Curves { train: train.collect(), scores: Vec::new() }
    }

    #[test]
    fn nothing_to_draw() {
        assert!(Scene::of(&Curves::default(), &ChartOptions::default(), &View::default()).is_none());
        let odd = Curves { train: vec![TrainPoint { epoch: f64::NAN, ..TrainPoint::default() }], scores: Vec::new() };
        assert!(Scene::of(&odd, &ChartOptions { x_axis: XAxis::Epoch, ..ChartOptions::default() }, &View::default()).is_none());
    }

    #[test]
    fn axis_reaches_as_far_as_asked() {
        let options = ChartOptions { x_axis: XAxis::Epoch, x_end: 3.0, ..ChartOptions::default() };
        let scene = Scene::of(&curves(&[(1.0, 0.5)]), &options, &View::default()).unwrap();
        assert_eq!(scene.window.1, 3.0);
        assert_eq!(scene.x_ruler(4).labels.iter().map(|t| t.1.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        let scene = Scene::of(&curves(&[(1.0, 0.5); 3]), &ChartOptions::default(), &View::default()).unwrap();
        assert_eq!(scene.x_ruler(8).labels.iter().map(|t| t.1.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        let scene =
            Scene::of(&curves(&[(1.0, 0.5); 10]), &ChartOptions { x_end: 4.0, ..ChartOptions::default() }, &View::default()).unwrap();
        assert_eq!(scene.window.1, 10.0);
    }

    #[test]
    fn accuracy_begins_near_the_curve() {
        let axis = |accuracy: f64| {
            let scene = Scene::of(&curves(&[(1.0, accuracy); 8]), &ChartOptions::default(), &View::default()).unwrap();
            scene.panels[1].axis
        };
        assert_eq!((axis(0.2).lo, axis(0.6).lo, axis(0.93).lo, axis(0.991).lo), (0.0, 50.0, 90.0, 98.0));
        assert_eq!(axis(0.93).hi, 100.0);
    }

    #[test]
    fn one_wild_batch_does_not_squeeze_the_rest() {
        let mut values = vec![(0.5, 0.8); 200];
        values[100] = (1000.0, 0.1);
        let axis = Scene::of(&curves(&values), &ChartOptions { half_life_steps: Some(1e6), ..ChartOptions::default() }, &View::default())
            .unwrap()
            .panels[0]
            .axis;
        assert!(axis.hi < 20.0, "{axis:?}");
    }

    #[test]
    fn a_window_shows_its_part_and_fits_its_heights() {
        let values: Vec<(f64, f64)> = (1..=100).map(|i| (f64::from(100 - i), 0.5)).collect();
        let options = ChartOptions { half_life_steps: Some(0.0), ..ChartOptions::default() };
        let view = View { window: Some((80.5, 90.0)), marks: vec![85.0], rate: vec![(0.0, 0.1), (100.0, 0.1)], ghosts: Vec::new() };
        let scene = Scene::of(&curves(&values), &options, &view).unwrap();
        assert_eq!((scene.window, scene.panels.len(), scene.panels[2].title), ((80.5, 90.0), 3, "Learning rate"));
        let line = &scene.panels[0].series[0].points;
        assert_eq!((line[0], line.len()), ((80.5, 19.5), 11));
        assert!(scene.panels[0].axis.hi < 21.0);
        assert_eq!(scene.x_ruler(8).labels.first().map(|t| t.0), Some(82.0));
        assert_eq!((scene.panels[2].series[0].points[0], scene.panels[2].series[0].latest.as_str()), ((80.5, 0.1), "0.1"));
    }

    #[test]
    fn log_axis_leaves_out_what_has_no_logarithm() {
        let options = ChartOptions { loss_scale: LossScale::Log, half_life_steps: Some(0.0), ..ChartOptions::default() };
        let scene = Scene::of(&curves(&[(1.0, 0.1), (0.0, 0.2), (-1.0, 0.2), (0.01, 0.3)]), &options, &View::default()).unwrap();
        let loss = &scene.panels[0];
        let heights: Vec<f64> = loss.series[0].points.iter().map(|p| p.1).collect();
        assert!(heights[0] == 0.0 && heights[1].is_nan() && heights[2].is_nan() && heights[3] == -2.0);
        assert!(loss.axis.lo < -2.0 && loss.axis.hi > 0.0);
        assert!(loss.raw.is_none());
        let all_zero = Scene::of(&curves(&[(0.0, 1.0); 3]), &options, &View::default()).unwrap();
        assert!(all_zero.panels[0].axis.lo < all_zero.panels[0].axis.hi);
    }

    #[test]
    fn a_series_for_each_set_with_its_latest_number() {
        let mut c = curves(&[(2.0, 0.1), (f64::NAN, 0.5)]);
        c.scores = vec![
            Measured { on: MeasuredOn::Validation, step: 2, epoch: 1.0, loss: 0.5, accuracy: 0.9 },
            Measured { on: MeasuredOn::Test, step: 2, epoch: 1.0, loss: 0.25, accuracy: 0.987_65 },
        ];
        let scene = Scene::of(&c, &ChartOptions::default(), &View::default()).unwrap();
        let words: Vec<Vec<(&str, &str)>> =
            scene.panels.iter().map(|p| p.series.iter().map(|s| (s.label, s.latest.as_str())).collect()).collect();
        assert_eq!(words[0], [("training", "2.00"), ("validation", "0.500"), ("test", "0.250")]);
        assert_eq!(words[1][2], ("test", "98.77 %"));
    }
}
