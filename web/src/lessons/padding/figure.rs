//! What the views of this lesson share: image, layer, what stands beyond the edge.

use std::sync::Arc;

use crate::reaction::{effect, live};
use engine::{Graph, Init, ModelSpec, Shape, ops::Conv2d};
use figures::Range;
use leptos::prelude::*;

use super::{conv, field, mode_of, modes, window};
use crate::learn::{
    controls,
    desk::Desk,
    grid::{Grid, Look, Mark, Matrix, Outline, Touch},
};

/// Rows and columns of the small pictures.
pub const SMALL: usize = 7;

/// Handles only: copying is free.
#[derive(Clone, Copy)]
pub struct Parts {
    pub desk: Desk,
    /// One plane.
    pub picture: Memo<Matrix>,
    pub layer: Memo<Conv2d>,
    /// The checked layer on this picture, or why it is none.
    pub graph: Memo<Result<Arc<Graph>, String>>,
    /// Rows and columns of the output; nothing where the layer is none.
    pub out: Memo<Option<(usize, usize)>>,
    pub at: Memo<(usize, usize)>,
}

impl Parts {
    fn new(desk: Desk) -> Self {
        let (sample, which) = (desk.sample(), desk.text("picture"));
        let picture = Memo::new(move |_| which.with(|which| picture(which, &sample.get())));
        let layer = Memo::new(move |_| desk.settings.with(conv));
        let graph = Memo::new(move |_| {
            let (rows, cols) = picture.with(|p| (p.rows, p.cols));
            let spec = ModelSpec { input: Shape::new(1, rows, cols), layers: vec![layer.get().into()], init: Init::default() };
            Graph::check(&spec).map(Arc::new).map_err(|e| e.to_string())
        });
        let out = Memo::new(move |_| graph.with(|g| g.as_ref().ok().map(|g| (g.output().h, g.output().w))));
        let place = desk.count("at");
        let at = Memo::new(move |_| {
            let Some((rows, cols)) = out.get() else { return (0, 0) };
            let at = place.get().min(rows * cols - 1);
            (at / cols, at % cols)
        });
        Self { desk, picture, layer, graph, out, at }
    }

    pub fn go_to(self, touch: Touch) {
        let Some((rows, cols)) = self.out.get_untracked().filter(|_| touch.pressed) else { return };
        let (row, col) = (touch.row.clamp(0, rows as isize - 1), touch.col.clamp(0, cols as isize - 1));
        self.desk.playing.set(false);
        self.desk.set("at", row * cols as isize + col);
    }

    /// The output whose window has its middle nearest to this place of the padded input.
    fn go_to_window(self, touch: Touch) {
        let layer = self.layer.get_untracked();
        let half = ((layer.kernel.h - 1) * layer.dilation.h / 2) as isize;
        let stride = layer.stride.h as isize;
        let to = |place: isize| (place - half + stride / 2).div_euclid(stride);
        self.go_to(Touch { row: to(touch.row), col: to(touch.col), ..touch });
    }

    fn rim(self) -> usize {
        self.desk.settings.with(|s| s.count("pad").min(5))
    }

    /// Weights, row by row: a mean, or brighter on the left than on the right.
    pub fn weights(self) -> Vec<f32> {
        let n = self.layer.with(|l| l.kernel.h);
        let edge = self.desk.settings.with(|s| s.get("kernel") == "edge");
        let weight = |i: usize| if edge { (n as f32 - 1.0) / 2.0 - (i % n) as f32 } else { 1.0 };
        (0..n * n).map(|i| weight(i) / (n * n) as f32).collect()
    }

    /// The input with what stands around it, and the pixels that the window reads.
    pub fn padded(self) -> Grid {
        let matrix = Signal::derive(move || {
            let (rim, mode) = (self.rim(), self.desk.settings.with(|s| mode_of(s.get("mode"))));
            self.picture.with(|p| {
                let at = |i: usize, cols: usize| ((i / cols) as isize - rim as isize, (i % cols) as isize - rim as isize);
                let (rows, cols) = (p.rows + 2 * rim, p.cols + 2 * rim);
                let value = |i: usize| {
                    let (row, col) = at(i, cols);
                    match (mode.source(row, p.rows), mode.source(col, p.cols)) {
                        (Some(row), Some(col)) => p.get(row, col),
                        _ => 0.0,
                    }
                };
                Matrix::new(rows, cols, (0..rows * cols).map(value).collect())
            })
        });
        Grid::new("input", Signal::stored("Input with padding: drag the kernel over it".to_owned()), matrix)
            .look(Signal::derive(move || {
                let rim = self.rim();
                Look { range: Some(Range { lo: 0.0, hi: 1.0 }), decimals: Some(2), rim: [rim; 4], ..Look::default() }
            }))
            .outlines(Signal::derive(move || self.taps()))
            .cursor(Signal::derive(move || {
                let ((row, col), layer) = (self.at.get(), self.layer.get());
                let half = (layer.kernel.h - 1) * layer.dilation.h / 2;
                Some((row * layer.stride.h + half, col * layer.stride.w + half))
            }))
            .touch(move |touch| self.go_to_window(touch))
    }

    /// A box for each pixel that is read, or one for all where they touch.
    fn taps(self) -> Vec<Outline> {
        if self.out.get().is_none() {
            return Vec::new();
        }
        let ((row, col), layer) = (self.at.get(), self.layer.get());
        let (top, left, k, d) = (row * layer.stride.h, col * layer.stride.w, layer.kernel.h, layer.dilation.h);
        if d == 1 {
            return vec![Outline::new(top, left, k, k, Mark::Input)];
        }
        let tap = |i: usize| Outline::cell((top + i / k * d, left + i % k * d), Mark::Input).filled();
        (0..k * k).map(tap).collect()
    }
}

fn picture(which: &str, sample: &[f32]) -> Matrix {
    let square =
        |of: &dyn Fn(usize, usize) -> f32| Matrix::new(SMALL, SMALL, (0..SMALL * SMALL).map(|i| of(i / SMALL, i % SMALL)).collect());
    match which {
        "digit" => Matrix::new(data::SIDE, data::SIDE, sample.to_vec()),
        "flat" => square(&|_, _| 0.9),
        "ramp" => square(&|_, col| 0.1 + 0.13 * col as f32),
        // Means over 4 × 4 pixels.
        _ => square(&|row, col| {
            let pixel = |i: usize| sample.get((4 * row + i / 4) * data::SIDE + 4 * col + i % 4).copied().unwrap_or(0.0);
            (0..16).map(pixel).sum::<f32>() / 16.0
        }),
    }
}

pub fn view(desk: Desk) -> AnyView {
    let parts = Parts::new(desk);
    let show = desk.text("show");
    effect(move || {
        desk.report("in", parts.picture.with(|p| p.rows as f64));
        desk.report("out", parts.out.get().map_or(0.0, |(rows, _)| rows as f64));
    });
    let shown = move || match show.get().as_str() {
        "modes" => modes::view(parts),
        "field" => field::view(desk),
        _ => window::view(parts),
    };
    view! {
        {live(shown)}
        {(!desk.printed).then(|| settings(desk, show))}
    }
    .into_any()
}

fn settings(desk: Desk, show: Memo<String>) -> AnyView {
    let list = move || match show.get().as_str() {
        "field" => controls::select(
            desk,
            "stack",
            "Dilations of the three layers",
            vec![("1,1,1", "1, 1, 1"), ("2,2,2", "2, 2, 2"), ("1,2,3", "1, 2, 3"), ("4,4,4", "4, 4, 4"), ("1,2,5", "1, 2, 5")],
        ),
        "modes" => view! {
            {controls::choice(desk, "picture", "Image", &[("flat", "even"), ("ramp", "ramp"), ("digit", "yours")])}
            {controls::choice(desk, "kernel", "Kernel", &[("blur", "blur"), ("edge", "vertical edge")])}
            {controls::slider(desk, "size", "Kernel size", 1, 7_usize)}
            {controls::slider(desk, "pad", "Padding", 0, 4_usize)}
        }
        .into_any(),
        _ => view! {
            {controls::choice(desk, "picture", "Image", &[("small", "7×7"), ("digit", "28×28")])}
            {controls::slider(desk, "size", "Kernel size k", 1, 7_usize)}
            {controls::slider(desk, "pad", "Padding p", 0, 5_usize)}
            {controls::slider(desk, "stride", "Stride s", 1, 4_usize)}
            {controls::slider(desk, "dilation", "Dilation d", 1, 4_usize)}
            {conventions(desk)}
            {controls::switch(desk, "read", "How often each pixel is read")}
        }
        .into_any(),
    };
    view! { <div class="figure-controls">{live(list)}</div> }.into_any()
}

/// `valid` and `same`: names for amounts of padding.
fn conventions(desk: Desk) -> AnyView {
    if desk.hides("conventions") {
        return ().into_any();
    }
    // What lies on both sides together, by TensorFlow's rule at stride 1; where it is odd, no even padding does it.
    let same = move || desk.settings.with(|s| s.count("dilation") * s.count("size").saturating_sub(1));
    let is = move |pad: usize| desk.settings.with(|s| s.count("pad") == pad);
    let odd = move || same() % 2 == 1 || same() / 2 > 5 || desk.settings.with(|s| s.count("stride")) > 1;
    view! {
        <span class="choice" role="group" aria-label="Padding by name">
            <button data-testid="valid" aria-checked=move || is(0).to_string() role="radio" on:click=move |_| desk.set("pad", 0)>"valid"</button>
            <button data-testid="same" disabled=odd aria-checked=move || (!odd() && is(same() / 2)).to_string() role="radio"
                title="As much as keeps the size at stride 1; with an even kernel one side would need more than the other" on:click=move |_| desk.set("pad", same() / 2)>"same"</button>
        </span>
    }
    .into_any()
}
