//! Learning curves: loss and accuracy over steps or epochs, on any plotters backend.
//!
//! The page gives a canvas, the terminal SVG or pixels; the picture is the same. Each panel has its
//! name, its legend and the latest values in a line of their own above it, so that nothing ever
//! lies on the curves. Sizes are in CSS pixels times [`ChartOptions::pixel_ratio`]; coordinates of
//! plotters are whole numbers, so draw at a ratio of 2 or more and let the page scale down.

use std::cell::RefCell;

use plotters::{
    coord::Shift,
    drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea},
    element::{Circle, PathElement, Polygon, Text},
    prelude::{ChartBuilder, DrawingBackend, LabelAreaPosition},
    series::LineSeries,
    style::{
        Color, FontFamily, FontStyle, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use crate::{
    colour::Rgb,
    curves::Curves,
    lettering::{Weight, width_em},
    surface::Surface,
    theme::Theme,
    trace,
    view::{Plot, View},
};

pub use crate::panel::{LossScale, XAxis};
use crate::panel::{Mark, Panel, Scene};

/// How the curves are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChartOptions {
    pub theme: Theme,
    /// Pixels of the backend to one CSS pixel.
    pub pixel_ratio: f64,
    pub x_axis: XAxis,
    pub loss_scale: LossScale,
    /// Steps after which a batch counts half in the smoothed curve; 0 does not smooth. `None`: as
    /// many as suit the length of the run.
    pub half_life_steps: Option<f64>,
    /// Right end of the horizontal axis, in its unit, where the curves do not reach further.
    pub x_end: f64,
    /// Typeface, as in CSS.
    pub family: &'static str,
    /// What stands there while there is nothing to draw.
    pub empty_caption: &'static str,
}

impl Default for ChartOptions {
    fn default() -> Self {
        Self {
            theme: Theme::Light,
            pixel_ratio: 1.0,
            x_axis: XAxis::Step,
            loss_scale: LossScale::Linear,
            half_life_steps: None,
            x_end: 0.0,
            family: "Inter, Helvetica Neue, Arial, Liberation Sans, sans-serif",
            empty_caption: "No steps yet",
        }
    }
}

/// What drawing on `DB` gives.
pub type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
/// Where plots lie on `DB`.
pub type Plots<DB> = Result<Vec<Plot>, DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
pub(crate) type Area<DB> = DrawingArea<Surface<DB>, Shift>;

/// Height of labels, in CSS pixels.
pub(crate) const LABEL_SIZE: f64 = 11.0;
pub(crate) const TITLE_SIZE: f64 = 12.5;
/// A line of a panel's head.
pub(crate) const LINE: f64 = 19.0;

/// Draws the curves on the whole of `backend`.
///
/// # Errors
/// Those of the backend.
pub fn draw_curves<DB: DrawingBackend>(backend: DB, curves: &Curves, options: &ChartOptions) -> Drawn<DB> {
    draw_view(backend, curves, options, &View::default()).map(|_| ())
}

/// Draws the part of the curves that `view` names, and says where its plots lie.
///
/// # Errors
/// Those of the backend.
pub fn draw_view<DB: DrawingBackend>(backend: DB, curves: &Curves, options: &ChartOptions, view: &View) -> Plots<DB> {
    draw_lettered(backend, curves, options, view, 1.0)
}

/// As [`draw_curves`], for a backend whose letters must be enlarged by `text_factor`.
pub(crate) fn draw_lettered<DB: DrawingBackend>(
    backend: DB,
    curves: &Curves,
    options: &ChartOptions,
    view: &View,
    text_factor: f64,
) -> Plots<DB> {
    let pen = Pen::new(options.theme, options.pixel_ratio, options.family);
    let area = Surface::new(backend, text_factor).into_drawing_area();
    area.fill(&rgb(options.theme.palette().background))?;
    draw_on(&pen, &area, curves, options, view)?;
    area.present()?;
    Ok(pen.plots.into_inner())
}

/// Draws on a part of a picture.
pub(crate) fn draw_on<DB: DrawingBackend>(pen: &Pen, area: &Area<DB>, curves: &Curves, options: &ChartOptions, view: &View) -> Drawn<DB> {
    let Some(scene) = Scene::of(curves, options, view) else {
        return pen.caption(area, options.empty_caption);
    };
    let (width, height) = area.dim_in_pixel();
    let (wide, high) = (f64::from(width) / pen.ratio, f64::from(height) / pen.ratio);
    if wide >= 520.0 && wide > 1.5 * high {
        // The rate has a place where the others stay wide enough.
        let count = if wide >= 210.0 * scene.panels.len() as f64 { scene.panels.len() } else { scene.panels.len().min(2) };
        let (mut areas, mut rest) = (Vec::new(), area.clone());
        for left in (1..count).rev() {
            let (next, after) = rest.split_horizontally((rest.dim_in_pixel().0 as usize / (left + 1)) as i32);
            areas.push(next);
            rest = after;
        }
        areas.push(rest);
        // All heads as high as the highest one: the curves then stand on one line.
        let mut lines = 1;
        for (area, panel) in areas.iter().zip(&scene.panels) {
            lines = lines.max(pen.head(area, panel)?);
        }
        for (area, panel) in areas.iter().zip(&scene.panels) {
            pen.body_below(area, &scene, panel, lines, true)?;
        }
    } else {
        let count = [0.0, 200.0, 330.0].iter().take(scene.panels.len()).filter(|least| high >= **least).count();
        // The lowest panel also carries the names of the steps.
        let each = (f64::from(height) - pen.ratio * 22.0) / count as f64;
        let mut rest = area.clone();
        for (i, panel) in scene.panels.iter().take(count).enumerate() {
            if i + 1 == count {
                pen.panel(&rest, &scene, panel, true)?;
                break;
            }
            let (next, after) = rest.split_vertically(each as i32);
            pen.panel(&next, &scene, panel, false)?;
            rest = after;
        }
    }
    Ok(())
}

pub(crate) const fn rgb(colour: Rgb) -> RGBColor {
    RGBColor(colour.0, colour.1, colour.2)
}

/// Colours and sizes of one drawing.
pub(crate) struct Pen {
    pub theme: Theme,
    pub ratio: f64,
    family: &'static str,
    /// Those that were drawn.
    plots: RefCell<Vec<Plot>>,
}

impl Pen {
    pub fn new(theme: Theme, pixel_ratio: f64, family: &'static str) -> Self {
        let ratio = if pixel_ratio.is_finite() { pixel_ratio.clamp(0.25, 16.0) } else { 1.0 };
        Self { theme, ratio, family, plots: RefCell::default() }
    }

    /// A length in CSS pixels as whole pixels of the backend, at least one.
    pub fn px(&self, length: f64) -> i32 {
        ((length * self.ratio).round() as i32).max(1)
    }

    pub(crate) fn stroke(&self, colour: RGBAColor, width: f64) -> ShapeStyle {
        ShapeStyle { color: colour, filled: false, stroke_width: self.px(width) as u32 }
    }

    pub fn text(&self, colour: Rgb, size: f64, weight: Weight, h_pos: HPos) -> TextStyle<'static> {
        let style = if weight == Weight::Bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = (FontFamily::Name(self.family), size * self.ratio, style).into_font();
        let mut style = TextStyle::from(font);
        style.color = rgb(colour).to_backend_color();
        style.pos = Pos::new(h_pos, VPos::Center);
        style
    }

    /// Width of a text in pixels of the backend.
    pub fn width(&self, text: &str, size: f64, weight: Weight) -> f64 {
        width_em(text, weight) * size * self.ratio
    }

    pub fn caption<DB: DrawingBackend>(&self, area: &Area<DB>, caption: &str) -> Drawn<DB> {
        let (width, height) = area.dim_in_pixel();
        let style = self.text(self.theme.palette().muted, TITLE_SIZE, Weight::Regular, HPos::Center);
        area.draw(&Text::new(caption.to_owned(), ((width / 2) as i32, (height / 2) as i32), style))
    }

    fn panel<DB: DrawingBackend>(&self, area: &Area<DB>, scene: &Scene, panel: &Panel, named: bool) -> Drawn<DB> {
        let lines = self.head(area, panel)?;
        self.body_below(area, scene, panel, lines, named)
    }

    /// The curves below a head of so many lines.
    fn body_below<DB: DrawingBackend>(&self, area: &Area<DB>, scene: &Scene, panel: &Panel, lines: i32, named: bool) -> Drawn<DB> {
        let (_, height) = area.dim_in_pixel();
        let head = self.px(6.0) + lines * self.px(LINE);
        // A panel without room for its curves keeps the numbers in its head.
        if height as i32 - head < self.px(46.0) {
            return Ok(());
        }
        let (_, body) = area.split_vertically(head);
        self.body(&body, scene, panel, named)
    }

    /// The panel's name and legend; returns how many lines they took.
    fn head<DB: DrawingBackend>(&self, area: &Area<DB>, panel: &Panel) -> Result<i32, DrawingAreaErrorKind<DB::ErrorType>> {
        let p = self.theme.palette();
        let (width, _) = area.dim_in_pixel();
        let (left, right) = (self.px(10.0), width as i32 - self.px(8.0));
        let (mut x, mut line) = (left, 0);
        let middle = |line: i32| self.px(6.0) + line * self.px(LINE) + self.px(LINE) / 2;
        let title = self.text(p.foreground, TITLE_SIZE, Weight::Bold, HPos::Left);
        area.draw(&Text::new(panel.title, (x, middle(line)), title))?;
        x += self.width(panel.title, TITLE_SIZE, Weight::Bold) as i32 + self.px(14.0);
        for series in &panel.series {
            let swatch = self.px(16.0);
            let label = self.width(series.label, LABEL_SIZE, Weight::Regular) as i32;
            let value = self.width(&series.latest, LABEL_SIZE, Weight::Bold) as i32;
            let whole = swatch + label + self.px(5.0) + value;
            if x + whole > right && x > left {
                (x, line) = (left, line + 1);
            }
            let y = middle(line);
            self.swatch(area, series.mark, rgb(series.colour), (x, y))?;
            let text = self.text(p.muted, LABEL_SIZE, Weight::Regular, HPos::Left);
            area.draw(&Text::new(series.label, (x + swatch, y), text))?;
            let text = self.text(p.foreground, LABEL_SIZE, Weight::Bold, HPos::Left);
            area.draw(&Text::new(series.latest.clone(), (x + swatch + label + self.px(5.0), y), text))?;
            x += whole + self.px(14.0);
        }
        Ok(line + 1)
    }

    fn swatch<DB: DrawingBackend>(&self, area: &Area<DB>, mark: Mark, colour: RGBColor, (x, y): (i32, i32)) -> Drawn<DB> {
        let (end, middle) = (x + self.px(11.0), x + self.px(11.0) / 2);
        match mark {
            Mark::Line => area.draw(&PathElement::new([(x, y), (end, y)], self.stroke(colour.to_rgba(), 2.0))),
            Mark::Dots => {
                area.draw(&PathElement::new([(x, y), (end, y)], self.stroke(colour.to_rgba(), 1.0)))?;
                area.draw(&Circle::new((middle, y), self.px(2.6), colour.filled()))
            }
            Mark::Diamond => area.draw(&Polygon::new(diamond((middle, y), self.px(4.2)), colour.filled())),
        }
    }

    fn body<DB: DrawingBackend>(&self, area: &Area<DB>, scene: &Scene, panel: &Panel, named: bool) -> Drawn<DB> {
        let p = self.theme.palette();
        let (width, height) = area.dim_in_pixel();
        let names = if named { self.px(34.0) } else { 0 };
        let ticks_in = |room: i32, each: f64| (f64::from(room.max(0)) / (self.ratio * each)) as usize;
        let y = panel.axis.ruler(ticks_in(height as i32 - names, 30.0));
        let label_width = y.labels.iter().map(|(_, label)| self.width(label, LABEL_SIZE, Weight::Regular)).fold(0.0, f64::max);
        let y_room = label_width as i32 + self.px(18.0);
        let x = scene.x_ruler(ticks_in(width as i32 - y_room, 56.0));
        let mut builder = ChartBuilder::on(area);
        builder.margin_top(self.px(9.0)).margin_right(self.px(16.0)).margin_bottom(self.px(if named { 4.0 } else { 10.0 }));
        builder.set_label_area_size(LabelAreaPosition::Left, y_room);
        builder.set_label_area_size(LabelAreaPosition::Bottom, names.max(1));
        let mut chart = builder.build_cartesian_2d(x.clone(), y.clone())?;
        let quiet = self.text(p.muted, LABEL_SIZE, Weight::Regular, HPos::Center);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(self.stroke(rgb(p.grid).to_rgba(), 1.0))
            .axis_style(self.stroke(rgb(p.line).mix(0.0), 1.0))
            .set_all_tick_mark_size(self.px(4.0))
            .x_label_formatter(&|at| if named { x.label(*at) } else { String::new() })
            .y_label_formatter(&|at| y.label(*at))
            .label_style(quiet.clone())
            .axis_desc_style(quiet)
            .x_desc(if named { scene.x_name() } else { "" })
            .draw()?;

        // The ground line alone, not the upright one.
        let (left, right) = (chart.backend_coord(&(scene.window.0, y.lo)), chart.backend_coord(&(scene.window.1, y.lo)));
        area.draw(&PathElement::new([relative(area, left), relative(area, right)], self.stroke(rgb(p.line).to_rgba(), 1.0)))?;

        let ((_, bottom), (_, top)) = (left, chart.backend_coord(&(scene.window.0, y.hi)));
        self.plots.borrow_mut().push(Plot { left: left.0, right: right.0, top, bottom, window: scene.window });
        for mark in scene.marks.iter().filter(|x| (scene.window.0..=scene.window.1).contains(*x)) {
            let (x, _) = relative(area, chart.backend_coord(&(*mark, y.lo)));
            let (top, bottom) = (relative(area, (0, top)).1, relative(area, (0, bottom)).1);
            area.draw(&PathElement::new([(x, top), (x, bottom)], self.stroke(rgb(p.muted).mix(0.55), 1.0)))?;
            area.draw(&Polygon::new(diamond((x, top), self.px(3.0)), rgb(p.muted).filled()))?;
        }

        let column = (scene.window.1 - scene.window.0) / f64::from(width.max(1));
        self.trails(area, &panel.trails, (y.lo, y.hi), column, &|point| relative(area, chart.backend_coord(point)))?;
        if let Some(raw) = &panel.raw {
            // The more batches share a column, the fainter: they are the ground of the smoothed curve.
            let batches_a_column = raw.points.len() as f64 * self.ratio / f64::from(width.max(1));
            let faint = self.stroke(rgb(raw.colour).mix(0.3 / batches_a_column.max(1.0).sqrt()), 1.0);
            for piece in trace::pieces(&raw.points, y.lo, y.hi) {
                chart.draw_series(LineSeries::new(trace::thinned(&piece, column), faint))?;
            }
        }
        // Dots last: they are smaller than a diamond, and both may stand at the end.
        for series in [Mark::Line, Mark::Diamond, Mark::Dots].iter().flat_map(|mark| panel.series.iter().filter(move |s| s.mark == *mark)) {
            let colour = rgb(series.colour);
            let (style, radius) = match series.mark {
                Mark::Line => (self.stroke(colour.to_rgba(), 2.0), self.px(2.0)),
                Mark::Dots => (self.stroke(colour.mix(0.8), 1.4), self.px(3.2)),
                Mark::Diamond => (self.stroke(colour.mix(0.0), 1.0), self.px(5.6)),
            };
            for piece in trace::pieces(&series.points, y.lo, y.hi) {
                // A point alone between two gaps is no line.
                if let (Mark::Line, [only]) = (series.mark, &piece[..]) {
                    chart.draw_series([Circle::new(*only, radius, colour.filled())])?;
                }
                if series.mark != Mark::Diamond {
                    chart.draw_series(LineSeries::new(trace::thinned(&piece, column), style))?;
                }
            }
            // Where dots would touch, the line says it all, and the last dot where it stands.
            let crowded = 2 * radius as usize * series.points.len() > width as usize;
            let dots = if crowded { &series.points[series.points.len() - 1..] } else { &series.points[..] };
            for point in dots.iter().filter(|point| (y.lo..=y.hi).contains(&point.1)) {
                let at = chart.backend_coord(point);
                match series.mark {
                    Mark::Line => {}
                    Mark::Dots => area.draw(&Circle::new(relative(area, at), radius, colour.filled()))?,
                    Mark::Diamond => area.draw(&Polygon::new(diamond(relative(area, at), radius), colour.filled()))?,
                }
            }
        }
        Ok(())
    }
}

/// A place of the backend as a place of `area`.
fn relative<DB: DrawingBackend>(area: &Area<DB>, (x, y): (i32, i32)) -> (i32, i32) {
    let (left, top) = area.get_base_pixel();
    (x - left, y - top)
}

fn diamond((x, y): (i32, i32), radius: i32) -> Vec<(i32, i32)> {
    vec![(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)]
}
