//! The kernels from moment to moment, side by side.

use figures::Range;
use leptos::prelude::*;

use super::{
    bank::{self, kernel, largest},
    net::{KERNELS, NOISE, SIDE, untrained},
};
use crate::{
    learn::{
        desk::Desk,
        grid::{Grid, Look, Mark, Matrix, Outline, Touch},
        part::part,
        player::player,
        trained::Moment,
        training::Course,
    },
    widgets::number,
};

/// Pictures of a kernel.
pub const PICTURES: usize = 10;
/// A picture and the gap behind it.
const PITCH: usize = SIDE + 1;

/// So many of them, evenly, with the first and the last.
fn chosen(film: &[Moment]) -> Vec<Moment> {
    let last = film.len().saturating_sub(1);
    let count = PICTURES.min(film.len());
    (0..count).filter_map(|i| film.get(i * last / count.saturating_sub(1).max(1))).cloned().collect()
}

/// A row for each kernel, a column for each moment, gaps between.
fn strip(film: &[Moment]) -> Matrix {
    let (rows, cols) = (KERNELS * PITCH - 1, PICTURES * PITCH - 1);
    let mut values = vec![f32::NAN; rows * cols];
    for (m, moment) in film.iter().enumerate() {
        for k in 0..KERNELS {
            for (i, value) in kernel(&moment.weights, k).into_iter().enumerate() {
                values[(k * PITCH + i / SIDE) * cols + m * PITCH + i % SIDE] = value;
            }
        }
    }
    Matrix::new(rows, cols, values)
}

pub fn view(desk: Desk, course: Course) -> AnyView {
    let film = Memo::new(move |_| course.trained.with(|all| all.first().map_or_else(Vec::new, |t| chosen(&t.film))));
    let at = desk.count("moment");
    let at = Memo::new(move |_| at.get().min(film.with(Vec::len).saturating_sub(1)));
    let matrix = Memo::new(move |_| film.with(|f| strip(f)));
    let most = Memo::new(move |_| matrix.with(|m| largest(&m.values)));
    let grid = Grid::new("film", Signal::stored("A row for each kernel, from the first step to the last".to_owned()), matrix)
        .look(Signal::derive(move || Look { signed: true, range: Some(Range::symmetric(most.get())), ..Look::default() }))
        .outlines(Signal::derive(move || vec![Outline::new(0, at.get() * PITCH, KERNELS * PITCH - 1, SIDE, Mark::Accent)]))
        .cursor(Signal::derive(move || Some((0, at.get() * PITCH))))
        .touch(move |touch: Touch| {
            if touch.pressed {
                // A key moves by a cell; a picture has some.
                let now = (at.get_untracked() * PITCH) as isize;
                let by = touch.col - now;
                let to = if by == -1 {
                    at.get_untracked() as isize - 1
                } else if by == 1 {
                    at.get_untracked() as isize + 1
                } else {
                    touch.col / PITCH as isize
                };
                desk.set("moment", to.clamp(0, PICTURES as isize - 1));
            }
        });
    let step = Memo::new(move |_| film.with(|f| f.get(at.get()).map(|m| m.step)));
    let moved = Memo::new(move |_| {
        film.with(|f| {
            let (Some(first), Some(now)) = (f.first(), f.get(at.get())) else { return 0.0 };
            let kernels = KERNELS * SIDE * SIDE;
            let far: Vec<f32> = now.weights.iter().zip(first.weights.iter()).take(kernels).map(|(a, b)| a - b).collect();
            largest(&far)
        })
    });
    Effect::new(move |_| {
        desk.report("moved", f64::from(moved.get()));
        desk.report("pictures", film.with(Vec::len) as f64);
        let told = step.get().map(|step| {
            let moved = number::short(f64::from(moved.get()));
            format!("<mtext>largest change up to step {step}:</mtext><mspace width=\"0.4em\"/><mn class=\"result\">{moved}</mn>")
        });
        desk.live.set(told.unwrap_or_default());
    });
    let sample = desk.sample();
    let answer = bank::asked(desk, move || {
        let weights = film.with(|f| f.get(at.get()).map(|m| m.weights.clone()))?;
        Some(untrained(&sample.get(), NOISE, 0).weights(&weights))
    });
    let detail = Signal::derive(move || step.get().map_or_else(String::new, |step| format!("step {step}")));
    let total = Signal::derive(move || film.with(Vec::len).max(1));
    view! {
        <div class="strip">{part(desk, "kernel", "Three kernels, from noise".to_owned(), detail, grid.view(desk))}</div>
        {player(desk, "moment", total, 500)}
        {bank::view(desk, answer)}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn pictures_are_spread_over_the_film() {
        let moment = |step: u32| Moment { step, weights: Arc::new(vec![step as f32; KERNELS * SIDE * SIDE]) };
        let film: Vec<Moment> = (0..=90).map(moment).collect();
        let some = chosen(&film);
        assert_eq!(some.iter().map(|m| m.step).collect::<Vec<_>>(), (0..=90).step_by(10).collect::<Vec<_>>());
        assert_eq!(chosen(&film[..3]).len(), 3);
        assert!(chosen(&[]).is_empty());
        let strip = strip(&some);
        assert_eq!((strip.get(0, 0), strip.get(0, PITCH), strip.get(PITCH, 9 * PITCH)), (0.0, 10.0, 90.0));
        assert!(strip.get(SIDE, 0).is_nan() && strip.get(0, SIDE).is_nan());
    }
}
