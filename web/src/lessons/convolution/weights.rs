//! The kernel: its weights as text, and as cells that can be written into.

use figures::{Range, Rgb};
use leptos::prelude::*;

use super::{
    figure::Parts,
    kernels::{MOST, preset},
};
use crate::{
    learn::{grid::written, part::part},
    widgets::maps,
};

/// A square of weights, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    pub side: usize,
    pub weights: Vec<f32>,
}

impl Kernel {
    /// As the settings say: a preset of this size, or one's own.
    pub fn of(slug: &str, side: usize, own: &str) -> Self {
        let side = side.clamp(1, MOST);
        match preset(slug) {
            Some(preset) => Self { side: preset.side(side), weights: preset.weights(side) },
            None => {
                // Of another size it keeps its middle: cells are added or left out all around.
                let own = read(own);
                let held = (1..=MOST).rev().find(|n| n * n <= own.len()).unwrap_or(1);
                let from = (held as isize - side as isize).div_euclid(2);
                let weight = |i: usize| {
                    let (y, x) = ((i / side) as isize + from, (i % side) as isize + from);
                    let inside = (0..held as isize).contains(&y) && (0..held as isize).contains(&x);
                    if inside { own.get(y as usize * held + x as usize).copied().unwrap_or(0.0) } else { 0.0 }
                };
                Self { side, weights: (0..side * side).map(weight).collect() }
            }
        }
    }

    /// Turned by half a turn: the last weight first.
    pub fn turned(mut self) -> Self {
        self.weights.reverse();
        self
    }
}

pub fn read(text: &str) -> Vec<f32> {
    let number = |word: &str| word.trim().replace('−', "-").parse().ok().filter(|w: &f32| w.is_finite()).unwrap_or(0.0).clamp(-99.0, 99.0);
    text.split(',').take(MOST * MOST).map(number).collect()
}

pub fn write(weights: &[f32]) -> String {
    let word = |w: &f32| format!("{:.3}", w).trim_end_matches('0').trim_end_matches('.').to_owned();
    weights.iter().map(word).collect::<Vec<_>>().join(",")
}

/// Its cells. What is written into one makes the kernel one's own.
pub fn view(parts: Parts) -> AnyView {
    let desk = parts.desk;
    let side = Memo::new(move |_| parts.kernel.with(|k| k.side));
    let title = Signal::derive(move || if parts.flipped.get() { "Kernel, turned".to_owned() } else { "Kernel".to_owned() });
    let extent = Signal::derive(move || format!("{0}×{0}", side.get()));
    let cells = move || {
        let n = side.get();
        (0..n * n).map(|i| cell(parts, i)).collect_view()
    };
    let inner = view! {
        <div class="kernel" data-testid="kernel-cells" role="group" aria-label="Weights of the kernel" style=move || format!("--side:{}", side.get())>{cells}</div>
    };
    part(desk, "kernel", title, extent, inner.into_any())
}

fn cell(parts: Parts, i: usize) -> AnyView {
    let desk = parts.desk;
    // As it lies on the image.
    let value = Memo::new(move |_| parts.laid.with(|k| k.weights.get(i).copied().unwrap_or(0.0)));
    let style = move || {
        let map = maps::of(desk.learn.theme.get()).signed;
        let most = parts.kernel.with(|k| k.weights.iter().fold(0.0_f32, |most, w| most.max(w.abs())));
        let [r, g, b, _] = map.lookup(value.get(), map.window(Range::symmetric(most)));
        format!("background:{};color:{}", Rgb(r, g, b), Rgb(r, g, b).ink_on())
    };
    let change = move |text: String| {
        let Some(weight) = read(&text).first().copied() else { return };
        let mut kernel = parts.laid.get_untracked();
        if let Some(held) = kernel.weights.get_mut(i) {
            *held = weight;
        }
        let kernel = if parts.flipped.get_untracked() { kernel.turned() } else { kernel };
        desk.settings.update(|s| {
            s.set("kernel", "own");
            s.set("size", kernel.side.to_string());
            s.set("weights", write(&kernel.weights));
        });
    };
    let select = move |event: web_sys::FocusEvent| event_target::<web_sys::HtmlInputElement>(&event).select();
    let label = move || parts.kernel.with(|k| format!("Weight in row {}, column {}", i / k.side + 1, i % k.side + 1));
    view! {
        <input inputmode="decimal" autocomplete="off" style=style data-testid=format!("weight-{}", i + 1) aria-label=label disabled=desk.printed
            prop:value=move || written(value.get(), 2) on:focus=select
            on:change=move |event| change(event_target_value(&event))/>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_come_back() {
        assert_eq!(write(&[1.0, 0.0, -1.0, 0.25, -0.125, 30.0]), "1,0,-1,0.25,-0.125,30");
        assert_eq!(read("1,0,-1,0.25,-0.125,30"), [1.0, 0.0, -1.0, 0.25, -0.125, 30.0]);
        assert_eq!(read("x,1e9,−2"), [0.0, 99.0, -2.0]);
    }

    #[test]
    fn kernels_are_square_whatever_is_written() {
        for text in ["", "1", "1,2", "1,2,3,4,5", "nonsense"] {
            let kernel = Kernel::of("own", 3, text);
            assert_eq!(kernel.weights.len(), kernel.side * kernel.side, "{text}");
        }
        assert_eq!(Kernel::of("own", 2, "1,2,3,4").turned().weights, [4.0, 3.0, 2.0, 1.0]);
        let larger = Kernel::of("own", 3, "5").weights;
        assert_eq!(larger, [0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(Kernel::of("own", 1, "0,0,0,0,5,0,0,0,0").weights, [5.0]);
        assert_eq!(Kernel::of("sobel-x", 1, "").side, 3);
    }
}
