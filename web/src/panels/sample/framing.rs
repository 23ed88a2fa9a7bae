//! From the drawing to the image: crop, scale, centre, each shown and each with a switch.

use data::{
    FramingOptions, SIDE,
    framing::{CENTRE, Grey},
};
use figures::{ColourMap, Palette, Range, Sheet, Spread};
use leptos::{html, prelude::*};
use web_sys::HtmlCanvasElement;

use crate::{
    dom::image,
    reaction::effect,
    state::{
        Origin, app, lab,
        sample::{Drawing, THUMB},
    },
    widgets::{ink, maps},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Crop,
    Scale,
    Centre,
}

impl Step {
    const ALL: [Self; 3] = [Self::Crop, Self::Scale, Self::Centre];

    fn title(self) -> &'static str {
        match self {
            Self::Crop => "Crop",
            Self::Scale => "Scale",
            Self::Centre => "Centre",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Crop => "keep the box around the ink",
            Self::Scale => "longer side to 20 pixels",
            Self::Centre => "centre of mass to the middle",
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Crop => "crop",
            Self::Scale => "scale",
            Self::Centre => "centre",
        }
    }

    fn is_on(self, options: FramingOptions) -> bool {
        match self {
            Self::Crop => options.crop,
            Self::Scale => options.scale,
            Self::Centre => options.centre,
        }
    }

    fn toggled(self, mut options: FramingOptions) -> FramingOptions {
        let switch = match self {
            Self::Crop => &mut options.crop,
            Self::Scale => &mut options.scale,
            Self::Centre => &mut options.centre,
        };
        *switch = !*switch;
        options
    }
}

#[component]
pub fn Steps() -> impl IntoView {
    let (state, lab) = (app(), lab());
    let step_view = move |step: Step| {
        let node = NodeRef::<html::Canvas>::new();
        effect(move || {
            let theme = state.theme.get();
            let Some(canvas) = node.get() else { return };
            let map = maps::of(theme).positive;
            state.sample.with(|sample| match &sample.origin {
                Origin::Drawing(drawing) => draw_step(step, drawing, &canvas, &map, theme.palette()),
                _ => draw_plain(&sample.image, &canvas, &map),
            });
        });
        view! {
            <li class="sample-step" class:off=move || state.sample.with(|s| !step.is_on(s.framing))>
                <canvas node_ref=node aria-hidden="true"></canvas>
                <label class="switch">
                    <input type="checkbox" role="switch" data-testid=format!("framing-{}", step.slug())
                        prop:checked=move || state.sample.with(|s| step.is_on(s.framing))
                        on:change=move |_| lab.frame_by(step.toggled(state.sample.with_untracked(|s| s.framing)))/>
                    <span>{step.title()}</span>
                </label>
                <small>{step.about()}</small>
            </li>
        }
    };
    view! {
        <div class="sample-framing">
            <p class="sample-caption" data-testid="sample-caption">{move || state.classes.with(|names| state.sample.with(|s| s.caption(names)))}</p>
            <ol class="sample-steps" aria-label="How MNIST frames a digit">{Step::ALL.map(step_view).collect_view()}</ol>
        </div>
    }
}

fn pixels(values: &[f32], w: usize, h: usize, zoom: usize, map: &ColourMap) -> Option<Vec<u8>> {
    let sheet = Sheet::single(h, w).with_zoom(zoom);
    let mut out = vec![0; sheet.size_bytes()];
    sheet.paint(values, map, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), &mut out).ok().map(|()| out)
}

/// A digit of the data set has been through all steps already.
fn draw_plain(values: &[f32], canvas: &HtmlCanvasElement, map: &ColourMap) {
    if let Some(rgba) = pixels(values, SIDE, SIDE, 1, map) {
        image::show(canvas, &rgba, SIDE as u32, SIDE as u32);
    }
}

fn draw_step(step: Step, drawing: &Drawing, canvas: &HtmlCanvasElement, map: &ColourMap, palette: &Palette) {
    let framing = &drawing.framing;
    // Two pixels of the picture to one of the image.
    let zoom = THUMB / SIDE;
    let rgba = match step {
        Step::Crop => pixels(&drawing.thumb, THUMB, THUMB, 1, map),
        Step::Scale => pixels(&centred(&framing.scaled), SIDE, SIDE, zoom, map),
        Step::Centre => pixels(&framing.image, SIDE, SIDE, zoom, map),
    };
    let (Some(rgba), Some(context)) = (rgba, image::context(canvas)) else { return };
    image::show(canvas, &rgba, THUMB as u32, THUMB as u32);
    context.set_stroke_style_str(&palette.accent.to_string());
    context.set_line_width(1.0);
    let outline = |x: f64, y: f64, w: f64, h: f64| {
        context.stroke_rect(x.floor() + 0.5, y.floor() + 0.5, (w - 1.0).max(1.0).round(), (h - 1.0).max(1.0).round())
    };
    let zoom = zoom as f64;
    match step {
        Step::Crop => {
            let (crop, unit) = (framing.crop, THUMB as f64 / ink::SIDE as f64);
            outline(crop.left as f64 * unit, crop.top as f64 * unit, crop.width as f64 * unit, crop.height as f64 * unit);
        }
        Step::Scale => {
            let (w, h) = (framing.scaled.width, framing.scaled.height);
            outline(((SIDE - w) / 2) as f64 * zoom, ((SIDE - h) / 2) as f64 * zoom, w as f64 * zoom, h as f64 * zoom);
        }
        Step::Centre => {
            // Where the mass lies, and where it should: the two agree when the step is on.
            let at = |mass: f32, offset: i32| (f64::from(mass) + f64::from(offset) + 0.5) * zoom;
            let (x, y) = (at(framing.mass.0, framing.offset.0), at(framing.mass.1, framing.offset.1));
            context.begin_path();
            context.move_to(x - 5.0, y);
            context.line_to(x + 5.0, y);
            context.move_to(x, y - 5.0);
            context.line_to(x, y + 5.0);
            context.stroke();
            context.begin_path();
            let middle = (CENTRE as f64 + 0.5) * zoom;
            if context.arc(middle, middle, 4.0, 0.0, std::f64::consts::TAU).is_ok() {
                context.stroke();
            }
        }
    }
}

/// A small picture in the middle of a field of 28 × 28.
fn centred(scaled: &Grey) -> Vec<f32> {
    let mut field = vec![0.0; SIDE * SIDE];
    let (left, top) = ((SIDE - scaled.width.min(SIDE)) / 2, (SIDE - scaled.height.min(SIDE)) / 2);
    for (row, line) in scaled.ink.chunks_exact(scaled.width.max(1)).enumerate() {
        let start = (top + row) * SIDE + left;
        field[start..start + line.len()].copy_from_slice(line);
    }
    field
}
