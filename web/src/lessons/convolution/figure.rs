//! What all views of this lesson share: image, kernel, place, and what the engine makes of them.

use crate::reaction::{effect, live};
use engine::{
    Graph, Init, LayerSpec, ModelSpec, NodeId, Pair, Shape,
    ops::{
        Conv2d,
        account::{Account, Cell, Ground},
    },
};
use figures::Range;
use leptos::prelude::*;

use super::{bank, camera, kernels, pictures::Picture, planes, slide, weights::Kernel};
use crate::{
    learn::{
        controls,
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch},
    },
    link::figure::Wanted,
};

/// Handles only: copying is free.
#[derive(Clone, Copy)]
pub struct Parts {
    pub desk: Desk,
    pub picture: Memo<Picture>,
    /// As it is written down.
    pub kernel: Memo<Kernel>,
    /// As it lies on the image: turned, where it is a convolution in the mathematical sense.
    pub laid: Memo<Kernel>,
    pub flipped: Memo<bool>,
    /// Rows and columns of the output.
    pub out: Memo<(usize, usize)>,
    /// Row and column in it.
    pub at: Memo<(usize, usize)>,
    /// Whether the number at `at` may be shown.
    pub told: Memo<bool>,
}

impl Parts {
    fn new(desk: Desk, taken: RwSignal<Option<Picture>>) -> Self {
        let (sample, which, show) = (desk.sample(), desk.text("picture"), desk.text("show"));
        let picture = Memo::new(move |_| {
            let picture = which.with(|which| match which.as_str() {
                "five" => Picture::five(),
                "scene" => Picture::scene(),
                "camera" => taken.get().unwrap_or_else(Picture::scene),
                _ => sample.with(|image| Picture::digit(image)),
            });
            if show.with(|show| show == "slide") { picture.grey() } else { picture }
        });
        let flipped = desk.is_on("flipped");
        let kernel = Memo::new(move |_| desk.settings.with(|s| Kernel::of(s.get("kernel"), s.count("size"), s.get("weights"))));
        let laid = Memo::new(move |_| if flipped.get() { kernel.get().turned() } else { kernel.get() });
        let out = Memo::new(move |_| {
            let (shape, side) = (picture.with(|p| p.shape), kernel.with(|k| k.side));
            (shape.h.saturating_sub(side) + 1, shape.w.saturating_sub(side) + 1)
        });
        let place = desk.count("at");
        let at = Memo::new(move |_| {
            let ((rows, cols), at) = (out.get(), place.get());
            let at = at.min(rows * cols - 1);
            (at / cols, at % cols)
        });
        let told = Memo::new(move |_| desk.settings.with(|s| !s.is_on("covered")));
        Self { desk, picture, kernel, laid, flipped, out, at, told }
    }

    /// How much of the output can be seen.
    pub fn known(self) -> Option<usize> {
        let (row, col) = self.at.get();
        let cols = self.out.get().1;
        self.desk.settings.with(|s| match (s.is_on("covered"), s.is_on("grows")) {
            (true, true) => Some(row * cols + col),
            (true, false) => Some(0),
            (false, true) => Some(row * cols + col + 1),
            (false, false) => None,
        })
    }

    /// The number of the output that a window with its middle at this place of the input gives.
    pub fn go_to_window(self, touch: Touch) {
        let half = (self.kernel.with_untracked(|k| k.side) / 2) as isize;
        self.go_to(Touch { row: touch.row - half, col: touch.col - half, ..touch });
    }

    pub fn go_to(self, touch: Touch) {
        if !touch.pressed {
            return;
        }
        let (rows, cols) = self.out.get_untracked();
        let (row, col) = (touch.row.clamp(0, rows as isize - 1), touch.col.clamp(0, cols as isize - 1));
        self.desk.playing.set(false);
        self.desk.set("at", row * cols as isize + col);
    }

    /// The input with the window on it.
    pub fn input(self) -> Grid {
        let matrix = Signal::derive(move || {
            self.picture.with(|p| {
                let plane = p.shape.plane();
                if p.shape.ch == 3 {
                    Matrix::colour(p.shape.h, p.shape.w, p.values.clone())
                } else {
                    Matrix::new(p.shape.h, p.shape.w, p.values[..plane].to_vec())
                }
            })
        });
        Grid::new("input", Signal::stored("Input: drag the kernel over it".to_owned()), matrix)
            .look(Signal::derive(move || self.input_look()))
            .outlines(self.window())
            .cursor(Signal::derive(move || {
                let ((row, col), half) = (self.at.get(), self.kernel.with(|k| k.side / 2));
                Some((row + half, col + half))
            }))
            .touch(move |touch| self.go_to_window(touch))
    }

    pub fn input_look(self) -> Look {
        let hi = self.picture.with(|p| p.values.iter().copied().fold(1.0, f32::max));
        let decimals = if hi > 1.0 { 0 } else { 2 };
        Look { range: Some(Range { lo: 0.0, hi }), decimals: Some(decimals), ..Look::default() }
    }

    /// The box of the input that the output's number is made from.
    pub fn window(self) -> Signal<Vec<Outline>> {
        Signal::derive(move || {
            let ((row, col), side) = (self.at.get(), self.kernel.with(|k| k.side));
            vec![Outline::new(row, col, side, side, Mark::Input)]
        })
    }

    /// One map of the output, with its cell.
    pub fn map(self, testid: &'static str, label: &'static str, matrix: Signal<Matrix>, range: Signal<Range>) -> Grid {
        Grid::new(testid, Signal::stored(label.to_owned()), matrix)
            .look(Signal::derive(move || {
                let decimals = if self.picture.with(|p| p.values.iter().all(|v| v.fract() == 0.0)) { 0 } else { 2 };
                Look { signed: true, range: Some(range.get()), decimals: Some(decimals), known: self.known(), ..Look::default() }
            }))
            .outlines(Signal::derive(move || vec![Outline::cell(self.at.get(), Mark::Output)]))
            .cursor(Signal::derive(move || Some(self.at.get())))
            .touch(move |touch| self.go_to(touch))
    }

    /// The engine's answer for kernels of all channels of the picture, kernel after kernel.
    pub fn convolved(self, kernels: impl Fn() -> Vec<f32> + Send + Sync + 'static, parts: bool) -> ReadSignal<Answer> {
        self.desk.ask(move || {
            let (picture, weights, side) = (self.picture.get(), kernels(), self.kernel.with(|k| k.side));
            let out_ch = weights.len() / (picture.shape.ch * side * side).max(1);
            let ask = FigureAsk::new(picture.shape, vec![layer(out_ch, side, self.flipped.get())], &picture.values).weights(&weights);
            let ask = ask.want(Wanted::Output(0));
            Some(if parts { ask.want(Wanted::Parts { node: 0, channel: 0 }) } else { ask })
        })
    }

    /// How the number at `at` of the first map comes about.
    pub fn account(self) -> Memo<Option<Account>> {
        Memo::new(move |_| {
            let (picture, kernel, (row, col)) = (self.picture.get(), self.kernel.get(), self.at.get());
            let spec = ModelSpec { input: picture.shape, layers: vec![layer(1, kernel.side, self.flipped.get())], init: Init::default() };
            let graph = Graph::check(&spec).ok()?;
            let weights = kernel.weights.repeat(picture.shape.ch);
            let ground = Ground { inputs: &[&picture.values], params: &weights, state: &[] };
            Some(explain::parts::account(graph.node(NodeId(0)), ground, Cell { example: 0, channel: 0, row, col }))
        })
    }
}

fn layer(out_ch: usize, side: usize, flipped: bool) -> LayerSpec {
    Conv2d { out_ch, kernel: Pair::square(side), bias: false, flipped, ..Conv2d::default() }.into()
}

/// Plane `channel` of what the engine gave for these kernels, once it is there.
pub fn plane(answer: &Answer, channel: usize, (rows, cols): (usize, usize)) -> Matrix {
    let numbers = match answer.get(Wanted::Output(0)) {
        // The picture may have changed since.
        Some((&[_, _, h, w], numbers)) if (h, w) == (rows, cols) => numbers,
        _ => &[],
    };
    Matrix::new(rows, cols, numbers.iter().skip(channel * rows * cols).take(rows * cols).copied().collect())
}

pub fn extent(shape: Shape) -> String {
    if shape.ch == 1 { format!("{}×{}", shape.h, shape.w) } else { format!("{}×{}×{}", shape.ch, shape.h, shape.w) }
}

pub fn view(desk: Desk) -> AnyView {
    let taken = RwSignal::new(None);
    let parts = Parts::new(desk, taken);
    let show = desk.text("show");
    effect(move || {
        let (rows, cols) = parts.out.get();
        desk.report("places", (rows * cols) as f64);
    });
    let shown = move || match show.get().as_str() {
        "planes" => planes::view(parts),
        "bank" => bank::view(parts),
        _ => slide::view(parts),
    };
    view! {
        {live(shown)}
        {controls(desk, parts)}
        {camera::view(desk, taken)}
    }
    .into_any()
}

fn controls(desk: Desk, parts: Parts) -> AnyView {
    if desk.printed {
        return ().into_any();
    }
    let show = desk.text("show");
    let kernel_list = || kernels::PRESETS.iter().map(|p| (p.slug, p.name)).chain([("own", "Your own")]).collect();
    let of_kernel = move || {
        let one = show.with(|s| s != "bank");
        let slide = show.with(|s| s == "slide");
        one.then(|| {
            view! {
                {controls::select(desk, "kernel", "Kernel", kernel_list())}
                {controls::slider(desk, "size", "Size", 1, 7_usize)}
                {slide.then(|| controls::switch(desk, "flipped", "Turn the kernel"))}
                {(!slide).then(|| controls::choice(desk, "mix", "Planes", planes::MIXES))}
            }
            .into_any()
        })
    };
    let about = move || {
        let slug = desk.settings.with(|s| s.get("kernel").to_owned());
        let sum: f32 = parts.kernel.with(|k| k.weights.iter().sum());
        let sum = crate::learn::grid::written(sum, 2);
        kernels::preset(&slug).map_or_else(|| format!("weights add up to {sum}"), |p| format!("{}; weights add up to {sum}", p.about))
    };
    view! {
        <div class="figure-controls">
            {controls::choice(desk, "picture", "Image", &[("five", "5×5"), ("digit", "yours"), ("scene", "scene"), ("camera", "camera")])}
            {live(of_kernel)}
            {move || show.with(|s| s != "bank").then(|| view! { <span class="about" data-testid="kernel-about">{live(about)}</span> })}
        </div>
    }
    .into_any()
}
