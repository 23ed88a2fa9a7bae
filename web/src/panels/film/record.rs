//! The time-lapse: goes from moment to moment as a person would, and draws what the network then is.

use engine::{NodeId, Tensor};
use figures::{
    Sheet, Spread,
    kernels::{KernelDims, KernelView},
    lapse::{Gif, Zip},
};
use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

use super::strips::Reel;
use crate::{
    dom::{self, document, file, frame, image},
    state::{AppState, Lab, NoticeKind},
    widgets::{maps, number},
};

/// Extents of a picture.
const SIZE: (u32, u32) = (640, 360);
/// Hundredths of a second that each picture of the GIF stays, and the last one.
const STAY: u16 = 18;
const LAST_STAY: u16 = 200;
/// A moment whose picture does not come within so many looks is left out.
const LOOKS_LIMIT: u32 = 200;
const LOOK_MS: i32 = 15;

/// What the pictures are saved as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Gif,
    Pngs,
}

enum Writer {
    Gif(Gif),
    Pngs(Zip),
}

/// Draws every kept moment, one a slice, and offers the file. `progress`: pictures done, and all.
pub async fn record(lab: Lab, reel: Reel, form: Form, progress: RwSignal<Option<(usize, usize)>>) {
    let state = lab.state;
    let steps = state.time.moments.get_untracked();
    let Some((canvas, context)) = stage_canvas() else { return };
    let mut writer = match form {
        Form::Gif => Writer::Gif(Gif::new(SIZE.0 as u16, SIZE.1 as u16)),
        Form::Pngs => Writer::Pngs(Zip::default()),
    };
    let maps_of = shown_after(state, reel.node);
    lab.watch_also(vec![Tensor::Param(reel.param), Tensor::Output(maps_of)]);
    let mut failure = None;
    for (i, step) in steps.iter().enumerate() {
        if progress.try_set(Some((i + 1, steps.len()))).is_some() {
            // The panel has been closed.
            break;
        }
        lab.look_at(*step);
        if !arrived(state, *step, [Tensor::Param(reel.param), Tensor::Output(maps_of)]).await {
            continue;
        }
        draw(&context, state, &reel, maps_of, *step);
        if let Err(why) = write(&mut writer, &canvas, &context, *step, i + 1 == steps.len()).await {
            failure = Some(why);
            break;
        }
    }
    lab.watch_also(Vec::new());
    lab.look_now();
    let ended = progress.try_set(None).is_none();
    let saved = match (failure, writer) {
        (Some(why), _) => Err(why),
        _ if !ended => Ok(()),
        (None, Writer::Gif(gif)) => file::download("kernelscope-time-lapse.gif", &gif.finish()),
        (None, Writer::Pngs(zip)) => file::download("kernelscope-time-lapse.zip", &zip.finish()),
    };
    if let Err(why) = saved {
        state.notify(NoticeKind::Failed, format!("The time-lapse could not be saved: {why}."), None);
    }
}

fn stage_canvas() -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = document()?.create_element("canvas").ok()?.dyn_into().ok()?;
    canvas.set_width(SIZE.0);
    canvas.set_height(SIZE.1);
    // Every picture is read back.
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &JsValue::from_str("willReadFrequently"), &JsValue::TRUE).ok()?;
    let context = canvas.get_context_with_context_options("2d", &options).ok()??.dyn_into().ok()?;
    Some((canvas, context))
}

/// The layer whose maps are drawn: the activation right after the filters, where there is one.
fn shown_after(state: AppState, node: NodeId) -> NodeId {
    let next = NodeId(node.0 + 1);
    let is_activation = state
        .graph
        .with_untracked(|g| g.as_ref().and_then(|g| g.nodes.get(next.0)).is_some_and(|n| n.layer.op().kind().activation.is_some()));
    if is_activation { next } else { node }
}

/// Waits until the page shows this moment with these tensors.
async fn arrived(state: AppState, step: u32, tensors: [Tensor; 2]) -> bool {
    for _ in 0..LOOKS_LIMIT {
        let there = state.time.looking.get_untracked() == Some(step)
            && state.frame.with_value(|f| f.step == step && tensors.iter().all(|t| f.view(*t).is_some()));
        if there {
            return true;
        }
        frame::wait(LOOK_MS).await;
    }
    false
}

fn draw(context: &CanvasRenderingContext2d, state: AppState, reel: &Reel, maps_of: NodeId, step: u32) {
    let theme = state.theme.get_untracked();
    let palette = theme.palette();
    let (width, height) = (f64::from(SIZE.0), f64::from(SIZE.1));
    context.set_fill_style_str(&palette.background.to_string());
    context.fill_rect(0.0, 0.0, width, height);
    let text = |words: &str, x: f64, y: f64, font: &str, colour: figures::Rgb| {
        context.set_font(font);
        context.set_fill_style_str(&colour.to_string());
        // Text that cannot be drawn is left out.
        let _ = context.fill_text(words, x, y);
    };
    let progress = state.progress.get_untracked();
    text(&format!("step {}", number::grouped(u64::from(step))), 24.0, 42.0, "600 24px Inter, Arial, sans-serif", palette.foreground);
    let facts = format!("loss {} · {} right", number::short(progress.loss), number::percent(progress.accuracy));
    text(&facts, 190.0, 42.0, "16px Inter, Arial, sans-serif", palette.muted);
    text(&format!("filters of {}", reel.name), 24.0, 78.0, "13px Inter, Arial, sans-serif", palette.muted);
    text("what they find in the image", 200.0, 78.0, "13px Inter, Arial, sans-serif", palette.muted);
    let maps = maps::of(theme);
    state.frame.with_value(|frame| {
        if let Some((dims, values)) = frame.view(Tensor::Param(reel.param)) {
            let mut tiles = Vec::new();
            if let Ok(dims) = KernelDims::of(dims)
                && dims.gather(values, KernelView::Mean, &mut tiles).is_ok()
            {
                let sheet = Sheet::square(dims.out_ch, dims.k_h, dims.k_w).with_gap(1);
                paint(context, sheet, &tiles, &maps.signed, [24.0, 88.0, 150.0, 180.0]);
            }
        }
        if let Some((&[_, ch, h, w], values)) = frame.view(Tensor::Output(maps_of)) {
            let signed = values.iter().any(|x| *x < 0.0);
            let sheet = Sheet::grid(ch, ch.div_ceil(2).clamp(1, 8), h, w).with_gap(2);
            paint(context, sheet, values, if signed { &maps.signed } else { &maps.positive }, [200.0, 88.0, 416.0, 180.0]);
        }
    });
    state.probabilities.with_untracked(|all| {
        for (class, p) in all.iter().enumerate() {
            let x = 24.0 + 59.6 * class as f64;
            text(&class.to_string(), x, 346.0, "14px Inter, Arial, sans-serif", palette.foreground);
            context.set_fill_style_str(&palette.classes.get(class).copied().unwrap_or(palette.foreground).to_string());
            let high = 44.0 * f64::from(*p);
            context.fill_rect(x + 13.0, 346.0 - high, 26.0, high.max(1.0));
        }
    });
}

/// A sheet of tiles as large as fits a box.
fn paint(context: &CanvasRenderingContext2d, sheet: Sheet, values: &[f32], map: &figures::ColourMap, [x, y, w, h]: [f64; 4]) {
    let mut pixels = vec![0; sheet.size_bytes()];
    let small = document().and_then(|d| d.create_element("canvas").ok()).and_then(|c| c.dyn_into::<HtmlCanvasElement>().ok());
    let Some(small) = small else { return };
    if sheet.paint(values, map, Spread::Shared, &mut pixels).is_err() {
        return;
    }
    let (cols, rows) = (sheet.width(), sheet.height());
    image::show(&small, &pixels, cols as u32, rows as u32);
    let fit = (w / cols as f64).min(h / rows as f64);
    let scale = if fit >= 1.0 { fit.floor() } else { fit };
    context.set_image_smoothing_enabled(false);
    // A canvas of some pixels can be drawn.
    let _ = context.draw_image_with_html_canvas_element_and_dw_and_dh(&small, x, y, cols as f64 * scale, rows as f64 * scale);
}

async fn write(
    writer: &mut Writer,
    canvas: &HtmlCanvasElement,
    context: &CanvasRenderingContext2d,
    step: u32,
    last: bool,
) -> Result<(), String> {
    match writer {
        Writer::Gif(gif) => {
            let data = context.get_image_data(0.0, 0.0, f64::from(SIZE.0), f64::from(SIZE.1)).map_err(|e| dom::reason(&e))?;
            gif.push(&data.data().0, if last { LAST_STAY } else { STAY });
        }
        Writer::Pngs(zip) => zip.push(&format!("step-{step:07}.png"), &png(canvas).await?),
    }
    Ok(())
}

/// The canvas as a PNG, which the browser makes beside the page's own work.
async fn png(canvas: &HtmlCanvasElement) -> Result<Vec<u8>, String> {
    let promise = js_sys::Promise::new(&mut |done, fail| {
        let call = Closure::once_into_js(move |blob: JsValue| {
            // A promise takes any value.
            let _ = done.call1(&JsValue::NULL, &blob);
        });
        if canvas.to_blob(call.unchecked_ref()).is_err() {
            let _ = fail.call0(&JsValue::NULL);
        }
    });
    let blob = JsFuture::from(promise).await.map_err(|e| dom::reason(&e))?;
    let blob: Blob = blob.dyn_into().map_err(|_| "the browser made no picture".to_owned())?;
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(|e| dom::reason(&e))?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
