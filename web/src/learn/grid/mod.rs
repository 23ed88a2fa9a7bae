//! A matrix that can be touched: colours, numbers once cells are large enough, outlines that glide.

mod paint;

use std::sync::Arc;

use crate::reaction::{effect, live};
use figures::{ColourMap, Range, Rgb, Sheet, Spread, theme::Palette};
use leptos::{html, prelude::*};
use web_sys::{HtmlElement, KeyboardEvent, PointerEvent};

use super::desk::Desk;
use crate::{
    dom::{frame, image, media, size},
    widgets::maps,
};
use paint::Paint;
pub use paint::written;

/// An outline moves to its next place in this time.
const GLIDE_MS: f64 = 240.0;
/// Matrices of up to so many numbers can be read as a table by a screen reader.
const TABLE_LIMIT: usize = 150;

/// Planes of rows and columns; three planes are red, green and blue, 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    pub rows: usize,
    pub cols: usize,
    pub planes: usize,
    pub values: Arc<Vec<f32>>,
}

impl Matrix {
    /// One plane. Numbers that are missing are no numbers, and left blank.
    pub fn new(rows: usize, cols: usize, mut values: Vec<f32>) -> Self {
        values.resize(rows * cols, f32::NAN);
        Self { rows, cols, planes: 1, values: Arc::new(values) }
    }

    /// Red, green and blue, one plane after another.
    pub fn colour(rows: usize, cols: usize, mut values: Vec<f32>) -> Self {
        values.resize(3 * rows * cols, 0.0);
        Self { rows, cols, planes: 3, values: Arc::new(values) }
    }

    pub fn get(&self, row: usize, col: usize) -> f32 {
        if row < self.rows && col < self.cols { self.values.get(row * self.cols + col).copied().unwrap_or(f32::NAN) } else { f32::NAN }
    }
}

/// Whose colour an outline has: that of the words for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Input,
    Kernel,
    Output,
    Accent,
}

impl Mark {
    pub fn colour(self, palette: &Palette) -> Rgb {
        match self {
            Self::Input => palette.train,
            Self::Kernel => palette.validation,
            Self::Output => palette.test,
            Self::Accent => palette.accent,
        }
    }
}

/// A box around cells, in cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    pub top: f64,
    pub left: f64,
    pub rows: f64,
    pub cols: f64,
    pub mark: Mark,
    /// Tinted inside.
    pub filled: bool,
}

impl Outline {
    pub fn new(top: usize, left: usize, rows: usize, cols: usize, mark: Mark) -> Self {
        Self { top: top as f64, left: left as f64, rows: rows as f64, cols: cols as f64, mark, filled: false }
    }

    pub fn cell((row, col): (usize, usize), mark: Mark) -> Self {
        Self::new(row, col, 1, 1, mark)
    }

    pub fn filled(self) -> Self {
        Self { filled: true, ..self }
    }

    fn between(self, to: Self, share: f64) -> Self {
        let mix = |a: f64, b: f64| a + (b - a) * share;
        Self {
            top: mix(self.top, to.top),
            left: mix(self.left, to.left),
            rows: mix(self.rows, to.rows),
            cols: mix(self.cols, to.cols),
            ..to
        }
    }
}

/// How numbers are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    /// Blue below zero, orange above; else from none to strong.
    pub signed: bool,
    /// What the ends of the scale stand for; absent: the numbers' own.
    pub range: Option<Range>,
    /// Cells at the rim that are not of the image itself, but padding: top, bottom, left, right.
    pub rim: [usize; 4],
    /// Figures behind the point, where numbers are written into the cells; absent: they are not.
    pub decimals: Option<usize>,
    /// Only so many cells, in reading order, have been computed yet.
    pub known: Option<usize>,
}

/// A pointer or a key on a cell. Cells beyond the edge are possible while a pointer is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    pub row: isize,
    pub col: isize,
    /// Held down; else only over it.
    pub pressed: bool,
    /// The press began with this.
    pub began: bool,
}

#[derive(Clone, Copy)]
pub struct Grid {
    /// What a screen reader calls it.
    pub label: Signal<String>,
    pub testid: &'static str,
    pub matrix: Signal<Matrix>,
    pub look: Signal<Look>,
    pub outlines: Signal<Vec<Outline>>,
    /// The cell that arrow keys move from.
    pub cursor: Signal<Option<(usize, usize)>>,
    pub touch: Option<Callback<Touch>>,
}

impl Grid {
    pub fn new(testid: &'static str, label: impl Into<Signal<String>>, matrix: impl Into<Signal<Matrix>>) -> Self {
        Self {
            label: label.into(),
            testid,
            matrix: matrix.into(),
            look: Signal::stored(Look::default()),
            outlines: Signal::stored(Vec::new()),
            cursor: Signal::stored(None),
            touch: None,
        }
    }

    pub fn look(self, look: impl Into<Signal<Look>>) -> Self {
        Self { look: look.into(), ..self }
    }

    pub fn outlines(self, outlines: impl Into<Signal<Vec<Outline>>>) -> Self {
        Self { outlines: outlines.into(), ..self }
    }

    pub fn cursor(self, cursor: impl Into<Signal<Option<(usize, usize)>>>) -> Self {
        Self { cursor: cursor.into(), ..self }
    }

    pub fn touch(self, touch: impl Fn(Touch) + Send + Sync + 'static) -> Self {
        Self { touch: Some(Callback::new(touch)), ..self }
    }

    /// As wide as what it stands in; as high as its cells are square.
    pub fn view(self, desk: Desk) -> AnyView {
        let place = NodeRef::<html::Div>::new();
        let shape = Memo::new(move |_| self.matrix.with(|m| (m.rows.max(1), m.cols.max(1))));
        let style = move || {
            let (rows, cols) = shape.get();
            format!("aspect-ratio:{cols}/{rows};--rows:{rows};--cols:{cols}")
        };
        let live = self.touch.is_some() && !desk.printed;
        let touch = move |touch: Touch| {
            if let Some(call) = self.touch.filter(|_| live) {
                call.run(touch);
            }
        };
        let at = move |event: &PointerEvent| {
            let element = place.get_untracked()?;
            let bounds = element.get_bounding_client_rect();
            let (rows, cols) = shape.get_untracked();
            let cell = |at: i32, from: f64, extent: f64, count: usize| ((f64::from(at) - from) / extent.max(1.0) * count as f64).floor();
            let row = cell(event.client_y(), bounds.top(), bounds.height(), rows);
            Some((row as isize, cell(event.client_x(), bounds.left(), bounds.width(), cols) as isize))
        };
        let held = StoredValue::new(false);
        let down = move |event: PointerEvent| {
            let (Some((row, col)), Some(element)) = (at(&event).filter(|_| live && event.button() == 0), place.get_untracked()) else {
                return;
            };
            event.prevent_default();
            let element: &HtmlElement = &element;
            let _ = element.set_pointer_capture(event.pointer_id());
            let _ = element.focus();
            held.set_value(true);
            touch(Touch { row, col, pressed: true, began: true });
        };
        let moved = move |event: PointerEvent| {
            if let Some((row, col)) = at(&event) {
                touch(Touch { row, col, pressed: held.get_value(), began: false });
            }
        };
        let up = move |_: PointerEvent| held.set_value(false);
        let enter = move |event: PointerEvent| desk.held.set(event.pointer_type() == "mouse");
        let leave = move |_: PointerEvent| desk.held.set(false);
        let key = move |event: KeyboardEvent| {
            let (dy, dx) = match event.key().as_str() {
                "ArrowUp" => (-1, 0),
                "ArrowDown" => (1, 0),
                "ArrowLeft" => (0, -1),
                "ArrowRight" => (0, 1),
                _ => return,
            };
            event.prevent_default();
            event.stop_propagation();
            let (row, col) = self.cursor.get_untracked().map_or((-dy, -dx), |(row, col)| (row as isize, col as isize));
            let (rows, cols) = shape.get_untracked();
            let (row, col) = ((row + dy).clamp(0, rows as isize - 1), (col + dx).clamp(0, cols as isize - 1));
            touch(Touch { row, col, pressed: true, began: true });
        };
        view! {
            <div class="grid" class:live=live node_ref=place style=style data-testid=self.testid tabindex=live.then_some("0") role=if live { "group" } else { "img" }
                aria-label=move || self.label.get() data-own-keys=live.then_some("")
                on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointercancel=up on:pointerenter=enter on:pointerleave=leave on:keydown=key>
                {base(self, desk)}
                {overlay(self, desk, place)}
                {twin(self)}
            </div>
        }
        .into_any()
    }
}

/// One pixel a number.
fn base(grid: Grid, desk: Desk) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    effect(move || {
        let (theme, look, Some(canvas)) = (desk.learn.theme.get(), grid.look.get(), node.get()) else { return };
        let maps = maps::of(theme);
        grid.matrix.with(|matrix| {
            let mut pixels = colours(matrix, &look, if look.signed { &maps.signed } else { &maps.positive });
            let known = look.known.unwrap_or(usize::MAX);
            for (i, pixel) in pixels.chunks_exact_mut(4).enumerate() {
                if i >= known || matrix.values.get(i).is_none_or(|v| v.is_nan()) {
                    pixel.fill(0);
                }
            }
            image::show(&canvas, &pixels, matrix.cols.max(1) as u32, matrix.rows.max(1) as u32);
        });
    });
    view! { <canvas class="grid-base" node_ref=node aria-hidden="true"></canvas> }.into_any()
}

fn colours(matrix: &Matrix, look: &Look, map: &ColourMap) -> Vec<u8> {
    let plane = matrix.rows * matrix.cols;
    if matrix.planes == 3 {
        let byte = |v: f32| (v.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        let at = |c: usize, i: usize| byte(matrix.values.get(c * plane + i).copied().unwrap_or(0.0));
        return (0..plane).flat_map(|i| [at(0, i), at(1, i), at(2, i), 255]).collect();
    }
    let sheet = Sheet::single(matrix.rows, matrix.cols);
    let mut pixels = vec![0; sheet.size_bytes()];
    // What is no matrix stays blank.
    let _ = sheet.paint(&matrix.values, map, Spread::Fixed(look.range.unwrap_or_else(|| Range::of(&matrix.values))), &mut pixels);
    pixels
}

/// Lines, numbers, outlines.
fn overlay(grid: Grid, desk: Desk, place: NodeRef<html::Div>) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    let room = RwSignal::new((0.0, 0.0));
    effect(move || {
        if let Some(element) = place.get() {
            size::follow(&element, move |size| {
                if room.try_get_untracked().is_some_and(|before| before != size) {
                    room.set(size);
                }
            });
        }
    });
    // Outlines as they are on the screen: on their way from one place to the next.
    let shown = RwSignal::new(grid.outlines.get_untracked());
    let ride = StoredValue::new(0_u32);
    Effect::new(move |before: Option<()>| {
        let wanted = grid.outlines.get();
        let from = shown.get_untracked();
        let number = ride.try_update_value(|n| {
            *n += 1;
            *n
        });
        let near = from.len() == wanted.len() && wanted.len() <= 4;
        if before.is_none() || !near || from == wanted || media::matches(media::CALM) || desk.held.get_untracked() {
            if from != wanted {
                shown.set(wanted);
            }
            return;
        }
        glide(shown, ride, number.unwrap_or(0), from, wanted, None);
    });
    effect(move || {
        let (theme, look, (w, h), Some(canvas)) = (desk.learn.theme.get(), grid.look.get(), room.get(), node.get()) else { return };
        if w < 1.0 {
            return;
        }
        let Some(context) = image::fresh(&canvas, w, h) else { return };
        let maps = maps::of(theme);
        grid.matrix.with(|matrix| {
            let paint = Paint { context: &context, palette: theme.palette(), cell: w / matrix.cols.max(1) as f64, matrix, look: &look };
            paint.rim();
            paint.lines();
            paint.numbers(if look.signed { &maps.signed } else { &maps.positive });
            shown.with(|outlines| outlines.iter().for_each(|o| paint.outline(o)));
        });
    });
    view! { <canvas class="grid-over" node_ref=node aria-hidden="true"></canvas> }.into_any()
}

fn glide(shown: RwSignal<Vec<Outline>>, ride: StoredValue<u32>, number: u32, from: Vec<Outline>, to: Vec<Outline>, began: Option<f64>) {
    frame::next(move |now| {
        if ride.try_get_value() != Some(number) {
            return;
        }
        let began = began.unwrap_or(now);
        let share = ((now - began) / GLIDE_MS).clamp(0.0, 1.0);
        let eased = share * share * (3.0 - 2.0 * share);
        let _ = shown.try_set(from.iter().zip(&to).map(|(a, b)| a.between(*b, eased)).collect());
        if share < 1.0 {
            glide(shown, ride, number, from, to, Some(began));
        }
    });
}

/// The same for those who do not see it.
fn twin(grid: Grid) -> AnyView {
    let table = move || {
        let (look, matrix) = (grid.look.get(), grid.matrix.get());
        let decimals = look.decimals.filter(|_| matrix.planes == 1 && matrix.values.len() <= TABLE_LIMIT)?;
        let known = look.known.unwrap_or(usize::MAX);
        let cell = |i: usize, v: f32| if i < known && !v.is_nan() { written(v, decimals) } else { "–".to_owned() };
        let row = |(y, row): (usize, &[f32])| {
            let cells: Vec<_> = row.iter().enumerate().map(|(x, v)| view! { <td>{cell(y * matrix.cols + x, *v)}</td> }).collect();
            view! { <tr>{cells}</tr> }.into_any()
        };
        let rows: Vec<AnyView> = matrix.values.chunks(matrix.cols.max(1)).enumerate().map(row).collect();
        Some(view! { <div class="sr-only"><table><tbody>{rows}</tbody></table></div> }.into_any())
    };
    let read = move || {
        let (row, col) = grid.cursor.get()?;
        let value = grid.matrix.with(|m| m.get(row, col));
        (!value.is_nan()).then(|| format!("{}, {}: {}", row + 1, col + 1, written(value, 2)))
    };
    view! { {live(table)} <span class="sr-only">{live(read)}</span> }.into_any()
}
