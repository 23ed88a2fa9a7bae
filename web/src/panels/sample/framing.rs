//! From the drawing to the image: crop, scale, centre, each shown and each with a switch.

use data::{Framing, FramingOptions, SIDE};
use figures::{ColourMap, Palette, Range, Sheet, Spread};
use leptos::{html, prelude::*};
use web_sys::HtmlCanvasElement;

use crate::{
    dom::image,
    state::{Origin, app, lab},
    widgets::ink,
};

/// Side of a step's picture, in CSS pixels.
const VIEW: f64 = 56.0;

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
        Effect::new(move |_| {
            let theme = state.theme.get();
            let Some(canvas) = node.get() else { return };
            let map = ColourMap::sequential(theme);
            state.sample.with(|sample| match &sample.origin {
                Origin::Drawing(framing) => draw_step(step, framing, &canvas, &map, theme.palette()),
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
            <p class="sample-caption" data-testid="sample-caption">{move || state.sample.with(|s| s.caption())}</p>
            <ol class="sample-steps" aria-label="How MNIST frames a digit">{Step::ALL.map(step_view).collect_view()}</ol>
        </div>
    }
}

fn pixels(values: &[f32], w: usize, h: usize, map: &ColourMap) -> Option<Vec<u8>> {
    let sheet = Sheet::single(h, w);
    let mut out = vec![0; sheet.size_bytes()];
    sheet.paint(values, map, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), &mut out).ok().map(|()| out)
}

/// A digit of the data set has been through all steps already.
fn draw_plain(values: &[f32], canvas: &HtmlCanvasElement, map: &ColourMap) {
    if let Some(rgba) = pixels(values, SIDE, SIDE, map) {
        image::show(canvas, &rgba, SIDE as u32, SIDE as u32);
    }
}

fn draw_step(step: Step, framing: &Framing, canvas: &HtmlCanvasElement, map: &ColourMap, palette: &Palette) {
    let ground = |canvas: &HtmlCanvasElement| {
        let context = image::fresh(canvas, VIEW, VIEW)?;
        context.set_fill_style_str(&palette.neutral.to_string());
        context.fill_rect(0.0, 0.0, VIEW, VIEW);
        context.set_stroke_style_str(&palette.accent.to_string());
        context.set_fill_style_str(&palette.foreground.to_string());
        context.set_line_width(1.0);
        Some(context)
    };
    match step {
        Step::Crop => {
            // The box on an empty pad: the drawing itself is right above.
            let Some(context) = ground(canvas) else { return };
            let unit = VIEW / ink::SIDE as f64;
            let crop = framing.crop;
            let scaled = &framing.scaled;
            let (w, h) = (crop.width as f64 * unit, crop.height as f64 * unit);
            let (x, y) = (crop.left as f64 * unit, crop.top as f64 * unit);
            fill_cells(&context, &scaled.ink, scaled.width, [x, y, w, h], map);
            context.stroke_rect(x.round() + 0.5, y.round() + 0.5, (w - 1.0).max(1.0).round(), (h - 1.0).max(1.0).round());
        }
        Step::Scale => {
            let Some(context) = ground(canvas) else { return };
            let unit = VIEW / SIDE as f64;
            let scaled = &framing.scaled;
            let (w, h) = (scaled.width as f64 * unit, scaled.height as f64 * unit);
            let (x, y) = ((VIEW - w) / 2.0, (VIEW - h) / 2.0);
            fill_cells(&context, &scaled.ink, scaled.width, [x, y, w, h], map);
            context.stroke_rect(x + 0.5, y + 0.5, w - 1.0, h - 1.0);
        }
        Step::Centre => {
            let Some(context) = ground(canvas) else { return };
            let unit = VIEW / SIDE as f64;
            fill_cells(&context, &framing.image, SIDE, [0.0, 0.0, VIEW, VIEW], map);
            // Where the mass lies, and where it should: the two agree when the step is on.
            let (x, y) = (
                (f64::from(framing.mass.0) + f64::from(framing.offset.0) + 0.5) * unit,
                (f64::from(framing.mass.1) + f64::from(framing.offset.1) + 0.5) * unit,
            );
            context.begin_path();
            for (dx, dy) in [(5.0, 0.0), (0.0, 5.0)] {
                context.move_to(x - dx, y - dy);
                context.line_to(x + dx, y + dy);
            }
            context.stroke();
            let middle = 14.5 * unit;
            context.begin_path();
            if context.arc(middle, middle, 4.0, 0.0, std::f64::consts::TAU).is_ok() {
                context.stroke();
            }
        }
    }
}

fn fill_cells(context: &web_sys::CanvasRenderingContext2d, values: &[f32], cols: usize, [x, y, w, h]: [f64; 4], map: &ColourMap) {
    let rows = values.len() / cols.max(1);
    let (cell_w, cell_h) = (w / cols as f64, h / rows.max(1) as f64);
    for (i, value) in values.iter().enumerate().filter(|(_, v)| **v > 0.02) {
        context.set_fill_style_str(&map.at(*value).to_string());
        context.fill_rect(x + (i % cols) as f64 * cell_w, y + (i / cols) as f64 * cell_h, cell_w + 0.5, cell_h + 0.5);
    }
}
