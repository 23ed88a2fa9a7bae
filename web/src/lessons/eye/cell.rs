//! One cell, or a bank of them, that look at a place of the person's image.

use crate::reaction::{effect, live};
use figures::Range;
use leptos::prelude::*;

use super::filters::{ANGLES, KERNEL, bank, cells, degrees, gabor};
use crate::{
    learn::{
        chart::{Axes, Chart, Line, numbered},
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch, written},
        part::part,
    },
    link::figure::Wanted,
};

const SIDE: usize = data::SIDE;
const IMAGE: engine::Shape = engine::Shape::new(1, SIDE, SIDE);
/// With this padding there is a cell for every pixel.
const PAD: usize = KERNEL / 2;
/// Of a whole burst.
const SPIKES: usize = 24;

/// Signal-like handles: copying is free.
#[derive(Clone, Copy)]
struct Eye {
    desk: Desk,
    at: Memo<(usize, usize)>,
    cell: Memo<usize>,
    /// What the cells give: all of the bank.
    answer: ReadSignal<Answer>,
}

impl Eye {
    fn new(desk: Desk) -> Self {
        let (row, col, cell, sample) = (desk.count("row"), desk.count("col"), desk.count("cell"), desk.sample());
        let answer = desk.ask(move || {
            let ask = FigureAsk::new(IMAGE, cells(ANGLES, PAD), &sample.get());
            Some(ask.weights(&bank()).want(Wanted::Output(1)))
        });
        let at = Memo::new(move |_| (row.get().min(SIDE - 1), col.get().min(SIDE - 1)));
        Self { desk, at, cell: Memo::new(move |_| cell.get().min(ANGLES - 1)), answer }
    }

    fn value(self, cell: usize) -> f32 {
        let (row, col) = self.at.get();
        self.answer.with(|a| a.output(1).get((cell * SIDE + row) * SIDE + col).copied().unwrap_or(f32::NAN))
    }

    fn map(self, cell: usize) -> Matrix {
        Matrix::new(
            SIDE,
            SIDE,
            self.answer.with(|a| a.output(1).get(cell * SIDE * SIDE..(cell + 1) * SIDE * SIDE).unwrap_or_default().to_vec()),
        )
    }

    fn strongest(self, cells: std::ops::Range<usize>) -> f32 {
        let plane = SIDE * SIDE;
        self.answer
            .with(|a| a.output(1).get(cells.start * plane..cells.end * plane).unwrap_or_default().iter().fold(0.0_f32, |m, v| m.max(*v)))
    }

    fn go_to(self, touch: Touch) {
        if touch.pressed {
            let inside = |x: isize| x.clamp(0, SIDE as isize - 1).to_string();
            self.desk.settings.update(|s| {
                s.set("row", inside(touch.row));
                s.set("col", inside(touch.col));
            });
        }
    }

    /// The image with the field on it.
    fn image(self) -> AnyView {
        let sample = self.desk.sample();
        let matrix = Memo::new(move |_| Matrix::new(SIDE, SIDE, sample.get()));
        let field = move || {
            let (row, col) = self.at.get();
            let (top, left) = (row.saturating_sub(PAD), col.saturating_sub(PAD));
            let (bottom, right) = ((row + PAD + 1).min(SIDE), (col + PAD + 1).min(SIDE));
            vec![Outline::new(top, left, bottom - top, right - left, Mark::Input)]
        };
        let grid = Grid::new("image", Signal::stored("Your image: drag the field over it".to_owned()), matrix)
            .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() })
            .outlines(Signal::derive(field))
            .cursor(Signal::derive(move || Some(self.at.get())))
            .touch(move |touch| self.go_to(touch));
        part(self.desk, "input", "What the eye sees".to_owned(), "drag".to_owned(), grid.view(self.desk))
    }

    fn report(self, cells: std::ops::Range<usize>) {
        // Nothing has been answered yet.
        if !self.value(cells.start).is_finite() {
            return;
        }
        let strongest = self.strongest(cells.clone());
        let best = cells.clone().max_by(|a, b| self.value(*a).total_cmp(&self.value(*b))).unwrap_or(0);
        self.desk.report("value", f64::from(self.value(best)));
        self.desk.report("strongest", f64::from(strongest));
        self.desk.report("winner", f64::from(degrees(best)));
    }
}

/// The weights of a cell.
pub fn field(testid: &'static str, cell: Signal<usize>) -> Grid {
    let matrix = Memo::new(move |_| Matrix::new(KERNEL, KERNEL, gabor(degrees(cell.get()))));
    Grid::new(testid, Signal::derive(move || format!("Weights of the cell for {}", angle(cell.get()))), matrix)
        .look(Look { signed: true, ..Look::default() })
}

pub fn angle(cell: usize) -> String {
    format!("{}°", written(degrees(cell), 1))
}

pub fn view(desk: Desk) -> AnyView {
    let eye = Eye::new(desk);
    effect(move || {
        let cell = eye.cell.get();
        eye.report(cell..cell + 1);
        let value = eye.value(cell);
        desk.live.set(if value.is_finite() {
            format!("<mi>y</mi><mo>=</mo><mn class=\"result\">{}</mn>", written(value, 2))
        } else {
            String::new()
        });
    });
    let prefers = Signal::derive(move || angle(eye.cell.get()));
    let share = Memo::new(move |_| {
        let cell = eye.cell.get();
        let (value, most) = (eye.value(cell), eye.strongest(cell..cell + 1));
        if most > 0.0 && value.is_finite() { value / most } else { 0.0 }
    });
    let told = move || {
        let value = eye.value(eye.cell.get());
        if value.is_finite() { written(value, 2) } else { String::new() }
    };
    view! {
        <div class="cell">
            {eye.image()}
            {part(desk, "kernel", "The cell's field".to_owned(), prefers, field("weights", eye.cell.into()).view(desk))}
            <div class="fires" class:lit=move || desk.is_lit("output")>
                <p><b class="name-output">"Its answer"</b><span class="number" data-testid="value">{live(told)}</span></p>
                {spikes(share)}
            </div>
        </div>
    }
    .into_any()
}

/// The answer as the physiologist hears it: more of them for a stronger one.
fn spikes(share: Memo<f32>) -> AnyView {
    let path = move || {
        let count = (SPIKES as f32 * share.get()).round() as usize;
        let spike = |i: usize| {
            let x = (i as f32 + 0.5) * 240.0 / count as f32;
            format!("L{:.1} 34L{x:.1} 4L{:.1} 34", x - 1.2, x + 1.2)
        };
        format!("M0 34{}L240 34", (0..count).map(spike).collect::<String>())
    };
    view! { <svg class="spikes" viewBox="0 0 240 38" preserveAspectRatio="none" role="img" aria-label="A burst of spikes: more for a stronger answer"><path d=path/></svg> }.into_any()
}

/// All orientations on the image.
pub fn bank_view(desk: Desk) -> AnyView {
    let eye = Eye::new(desk);
    effect(move || {
        eye.report(0..ANGLES);
        let values: Vec<f32> = (0..ANGLES).map(|cell| eye.value(cell)).collect();
        let best = (0..ANGLES).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(0);
        let told = format!(
            "<mtext>strongest here:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{}</mn><mspace width=\"0.8em\"/><mi>y</mi><mo>=</mo><mn>{}</mn>",
            angle(best),
            written(values[best], 2)
        );
        desk.live.set(if values[best] > 0.0 { told } else { String::new() });
    });
    let most = Memo::new(move |_| eye.strongest(0..ANGLES).max(1e-6));
    let tile = move |cell: usize| {
        let matrix = Memo::new(move |_| eye.map(cell));
        let map = Grid::new("map", Signal::stored(format!("Cells for {} at every place", angle(cell))), matrix)
            .look(Signal::derive(move || Look { range: Some(Range { lo: 0.0, hi: most.get() }), ..Look::default() }))
            .outlines(Signal::derive(move || vec![Outline::cell(eye.at.get(), Mark::Output)]))
            .cursor(Signal::derive(move || Some(eye.at.get())))
            .touch(move |touch| eye.go_to(touch));
        let value = Signal::derive(move || {
            let value = eye.value(cell);
            if value.is_finite() { written(value, 2) } else { String::new() }
        });
        let inner = view! { <div class="weights">{field("bank-weights", Signal::stored(cell)).view(desk)}</div>{map.view(desk)} };
        part(desk, "output", angle(cell), value, inner.into_any())
    };
    // The same eight numbers as a curve; the first once more at its end: 180° is 0°.
    let lines = Signal::derive(move || {
        let points = (0..=ANGLES).map(|i| (180.0 * i as f64 / ANGLES as f64, f64::from(eye.value(i % ANGLES)))).collect();
        vec![Line { mark: "output", points, ..Line::default() }]
    });
    let best = move || (0..ANGLES).max_by(|a, b| eye.value(*a).total_cmp(&eye.value(*b))).unwrap_or(0);
    let cursor = Signal::derive(move || f64::from(degrees(best())));
    let chart = Chart::new("population", "Answers of the eight cells at this place", Signal::stored(orientation("preferred angle")), lines)
        .cursor(cursor);
    view! {
        <div class="bank">
            <div class="whole">
                {eye.image()}
                {chart.view(desk)}
            </div>
            <div class="tiles">{(0..ANGLES).map(tile).collect_view()}</div>
        </div>
    }
    .into_any()
}

/// Degrees to the right, answers upwards: the weights that excite add up to 1.
pub fn orientation(x_name: &'static str) -> Axes {
    let x_ticks = [0, 45, 90, 135, 180].map(|d| (f64::from(d), format!("{d}°"))).to_vec();
    Axes { x: (0.0, 180.0), y: (0.0, 1.0), x_ticks, y_ticks: numbered([0.0, 0.5, 1.0]), x_name }
}
