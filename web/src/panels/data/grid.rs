//! Every digit that is chosen, in rows: only those in sight are fetched and drawn.

use data::SIDE;
use figures::{ColourMap, Range, Rgb};
use leptos::{ev, html, prelude::*};
use web_sys::{HtmlCanvasElement, HtmlElement};

use super::choice::{Choice, SETS};
use crate::{
    dom::{image, size},
    reaction::effect,
    state::{app, lab},
    widgets::{maps, number},
};

/// Of a digit with its gap, in CSS pixels and in pixels of the canvas.
const CELL: f64 = 45.0;
const DOTS: usize = 30;
/// Browsers cut elements that are much higher.
const HEIGHT_LIMIT: f64 = 8_000_000.0;

/// What is in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sight {
    top: f64,
    width: f64,
    height: f64,
}

impl Sight {
    fn columns(&self) -> usize {
        ((self.width / CELL) as usize).max(1)
    }

    fn first_row(&self) -> usize {
        (self.top / CELL) as usize
    }

    /// Rows that show at least in part.
    fn rows(&self) -> usize {
        (self.height / CELL).ceil() as usize + 1
    }

    fn places(&self, total: usize) -> std::ops::Range<usize> {
        let first = (self.first_row() * self.columns()).min(total);
        first..(first + self.rows() * self.columns()).min(total)
    }
}

#[component]
pub fn Grid(choice: Choice) -> impl IntoView {
    let (state, lab) = (app(), lab());
    let scroller = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let sight = RwSignal::new(Sight::default());
    let cursor = RwSignal::new(None::<usize>);
    effect(move || {
        if let Some(element) = scroller.get() {
            size::follow(&element, move |(width, height)| {
                // The grid may be gone before its observer.
                let _ = sight.try_update(|s| (s.width, s.height) = (width, height));
            });
        }
    });
    effect(move || {
        choice.digits.track();
        cursor.set(None);
        if let Some(element) = scroller.get() {
            element.set_scroll_top(0);
        }
    });
    effect(move || {
        state.catalogue.pictures.track();
        let map = maps::of(state.theme.get()).positive;
        let wrong = state.theme.get().palette().classes;
        let (now, digits) = (sight.get(), choice.digits.get());
        let Some(canvas) = canvas.get() else { return };
        if now.width == 0.0 {
            return;
        }
        let seen = &digits[now.places(digits.len())];
        lab.fetch_greys(seen);
        draw(&canvas, &now, seen, &map, &wrong);
    });
    let height = move || {
        let rows = choice.digits.with(|d| d.len()).div_ceil(sight.with(Sight::columns));
        format!("height: {:.0}px", (rows as f64 * CELL).min(HEIGHT_LIMIT))
    };
    let mark = move || {
        let columns = sight.with(Sight::columns);
        cursor.get().map_or_else(
            || "display: none".to_owned(),
            |place| format!("left: {:.0}px; top: {:.0}px", (place % columns) as f64 * CELL, (place / columns) as f64 * CELL),
        )
    };
    let number_at = move |place: usize| choice.digits.with_untracked(|d| d.get(place).copied());
    let pick = move |place: usize| {
        cursor.set(Some(place));
        if let Some(number) = number_at(place) {
            lab.pick_number(number);
        }
    };
    let place_under = move |event: &ev::PointerEvent| place_of_pointer(event, scroller, sight.get_untracked());
    view! {
        <div class="data-scroll" role="group" tabindex="0" node_ref=scroller data-testid="data-grid"
            aria-label="Digits. Arrow keys move, Enter shows the digit to the network."
            on:scroll=move |_| if let Some(element) = scroller.get_untracked() { sight.update(|s| s.top = f64::from(element.scroll_top())); }
            on:pointermove=move |event| cursor.set(place_under(&event).filter(|p| number_at(*p).is_some()))
            on:click=move |_| if let Some(place) = cursor.get_untracked() { pick(place); }
            on:keydown=move |event| {
                let (columns, total) = (sight.with_untracked(Sight::columns), choice.digits.with_untracked(|d| d.len()));
                let page = columns * sight.with_untracked(Sight::rows).saturating_sub(2).max(1);
                let at = cursor.get_untracked();
                let from = at.unwrap_or_default();
                let to = match event.key().as_str() {
                    "ArrowRight" => from + usize::from(at.is_some()),
                    "ArrowLeft" => from.saturating_sub(1),
                    "ArrowDown" => from + if at.is_some() { columns } else { 0 },
                    "ArrowUp" => if from >= columns { from - columns } else { from },
                    "PageDown" => from + page,
                    "PageUp" => from.saturating_sub(page),
                    "Home" => 0,
                    "End" => total.saturating_sub(1),
                    "Enter" | " " => {
                        event.prevent_default();
                        event.stop_propagation();
                        if let Some(place) = at { pick(place); }
                        return;
                    }
                    _ => return,
                };
                event.prevent_default();
                event.stop_propagation();
                let to = to.min(total.saturating_sub(1));
                cursor.set((total > 0).then_some(to));
                if let Some(element) = scroller.get_untracked() { reveal(&element, to / columns); }
            }>
            <div class="data-inner" style=height>
                <canvas node_ref=canvas aria-hidden="true"
                    style:transform=move || format!("translateY(-{}px)", sight.with(|s| s.top % CELL))></canvas>
                <span class="data-mark" style=mark></span>
            </div>
        </div>
        <p class="data-said" aria-live="polite" data-testid="data-said">{move || said(cursor.get(), choice)}</p>
    }
}

/// Scrolls so that a row is in sight.
fn reveal(element: &HtmlElement, row: usize) {
    let (top, bottom) = (row as f64 * CELL, (row + 1) as f64 * CELL);
    let (from, height) = (f64::from(element.scroll_top()), f64::from(element.client_height()));
    if top < from {
        element.set_scroll_top(top as i32);
    } else if bottom > from + height {
        element.set_scroll_top((bottom - height).ceil() as i32);
    }
}

fn place_of_pointer(event: &ev::PointerEvent, scroller: NodeRef<html::Div>, now: Sight) -> Option<usize> {
    let element = scroller.get_untracked()?;
    let bounds = element.get_bounding_client_rect();
    let x = f64::from(event.client_x()) - bounds.left() - f64::from(element.client_left());
    let y = f64::from(event.client_y()) - bounds.top() - f64::from(element.client_top()) + now.top;
    let column = (x / CELL) as usize;
    (x >= 0.0 && y >= 0.0 && column < now.columns()).then(|| (y / CELL) as usize * now.columns() + column)
}

/// What the digit under the pointer is.
fn said(cursor: Option<usize>, choice: Choice) -> String {
    let catalogue = app().catalogue;
    let Some(number) = cursor.and_then(|place| choice.digits.with(|d| d.get(place).copied())) else {
        return app().classes.with(|names| {
            format!(
                "Point at {} {} to read what it is; a click shows it to the network.",
                if names.noun == "image" { "an" } else { "a" },
                names.noun
            )
        });
    };
    catalogue.tick.track();
    catalogue.with(|known| {
        let (set, place) = known.place_of(number);
        let label = known.labels[number as usize];
        let name = |class: u8| app().class_name(usize::from(class));
        let answer = match known.answer(number) {
            Some(answer) if answer == label => ", read rightly".to_owned(),
            Some(answer) => format!(", read as {}", name(answer)),
            None => String::new(),
        };
        format!("{}: {} no. {}{answer}", name(label), SETS[set].to_ascii_lowercase(), number::grouped(u64::from(place)))
    })
}

/// Those in sight, row by row; one that the network got wrong is underlined in the colour of its answer.
fn draw(canvas: &HtmlCanvasElement, now: &Sight, seen: &[u32], map: &ColourMap, classes: &[Rgb; 10]) {
    let (columns, rows) = (now.columns(), now.rows());
    let (width, height) = (columns * DOTS, rows * DOTS);
    let window = map.window(Range { lo: 0.0, hi: 1.0 });
    let colours: Vec<[u8; 4]> = (0..=255u8).map(|grey| map.lookup(f32::from(grey) / 255.0, window)).collect();
    let mut pixels = vec![0u8; 4 * width * height];
    app().catalogue.with(|known| {
        for (i, number) in seen.iter().enumerate() {
            let corner = (i / columns * DOTS) * width + i % columns * DOTS;
            if let Some(grey) = known.grey(*number) {
                for (row, line) in grey.chunks_exact(SIDE).enumerate() {
                    let start = 4 * (corner + row * width);
                    for (pixel, grey) in pixels[start..start + 4 * SIDE].chunks_exact_mut(4).zip(line) {
                        pixel.copy_from_slice(&colours[usize::from(*grey)]);
                    }
                }
            }
            if let Some(answer) = known.answer(*number).filter(|a| *a != known.labels[*number as usize]) {
                let start = 4 * (corner + SIDE * width);
                for pixel in pixels[start..start + 4 * SIDE].chunks_exact_mut(4) {
                    pixel.copy_from_slice(&classes[usize::from(answer) % 10].rgba());
                }
            }
        }
    });
    image::show(canvas, &pixels, width as u32, height as u32);
    let sheet = HtmlElement::style(canvas);
    let _ = sheet.set_property("width", &format!("{:.0}px", columns as f64 * CELL));
    let _ = sheet.set_property("height", &format!("{:.0}px", rows as f64 * CELL));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_sight_follows_the_scroll() {
        let sight = Sight { top: 100.0, width: 460.0, height: 90.0 };
        assert_eq!((sight.columns(), sight.first_row(), sight.rows()), (10, 2, 3));
        assert_eq!(sight.places(1000), 20..50);
        assert_eq!(sight.places(25), 20..25);
        assert_eq!(sight.places(5), 5..5);
    }
}
