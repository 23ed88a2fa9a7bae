//! The pad: ink by mouse, finger or pen.

use figures::{ColourMap, Range, Sheet, Spread};
use js_sys::Array;
use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlCanvasElement, PointerEvent};

use crate::{
    dom::{frame, image},
    link::message::Which,
    reaction::effect,
    state::{Origin, PadKey, app, lab},
    widgets::{
        icon::{Glyph, Icon},
        ink::{Ink, SIDE},
        maps,
    },
};

/// What the pad holds, and whether the network has been shown it.
#[derive(Debug, Default)]
struct Sheets {
    ink: Ink,
    /// The pointer that draws.
    pen: Option<i32>,
    /// A redraw is due in the next frame.
    stale: bool,
    pixels: Vec<u8>,
}

#[component]
pub fn Pad() -> impl IntoView {
    let (state, lab) = (app(), lab());
    let node = NodeRef::<html::Canvas>::new();
    let sheets = StoredValue::new_local(Sheets::default());

    let paint = move || {
        let Some(canvas) = node.get_untracked() else { return };
        let map = maps::of(state.theme.get_untracked()).positive;
        let drawn = sheets.with_value(|s| !s.ink.is_blank());
        sheets.update_value(|s| {
            let Sheets { ink, pixels, .. } = s;
            if drawn {
                show(ink.grey(), SIDE, &map, pixels, &canvas);
            } else {
                state.sample.with_untracked(|sample| show(&sample.image, data::SIDE, &map, pixels, &canvas));
            }
        });
    };
    // Moves come faster than frames; the network is shown the drawing once per frame.
    let refresh = move || {
        if sheets.try_update_value(|s| std::mem::replace(&mut s.stale, true)) == Some(true) {
            return;
        }
        frame::next(move |_| {
            sheets.update_value(|s| s.stale = false);
            sheets.with_value(|s| lab.draw(s.ink.grey(), SIDE));
            paint();
        });
    };
    effect(move || {
        state.theme.track();
        // A digit of the data set takes the place of the drawing.
        if state.sample.with(|s| matches!(s.origin, Origin::Digit(_))) {
            sheets.update_value(|s| s.ink.clear());
            state.pad.strokes.set_value(Vec::new());
        }
        paint();
    });
    // The steps were switched: the same ink gives another image.
    Effect::new(move |before: Option<data::FramingOptions>| {
        let options = state.sample.with(|s| s.framing);
        if before.is_some_and(|b| b != options) && sheets.with_value(|s| !s.ink.is_blank()) {
            refresh();
        }
        options
    });

    let remember = move || sheets.with_value(|s| state.pad.strokes.set_value(s.ink.to_bytes()));
    effect(move || {
        if let Some(strokes) = state.pad.restore.get() {
            sheets.update_value(|s| s.ink = Ink::from_bytes(&strokes));
            remember();
            refresh();
        }
    });

    let down = move |event: PointerEvent| {
        if event.button() != 0 || sheets.with_value(|s| s.pen.is_some()) {
            return;
        }
        event.prevent_default();
        if let Some(canvas) = node.get() {
            let _ = canvas.set_pointer_capture(event.pointer_id());
            let (x, y) = place(&canvas, &event);
            sheets.update_value(|s| {
                s.pen = Some(event.pointer_id());
                s.ink.begin(x, y);
            });
            refresh();
        }
    };
    let moved = move |event: PointerEvent| {
        if sheets.with_value(|s| s.pen != Some(event.pointer_id())) {
            return;
        }
        if let Some(canvas) = node.get() {
            sheets.update_value(|s| {
                for event in coalesced(&event) {
                    let (x, y) = place(&canvas, &event);
                    s.ink.extend(x, y);
                }
            });
            refresh();
        }
    };
    let up = move |event: PointerEvent| {
        sheets.update_value(|s| {
            if s.pen == Some(event.pointer_id()) {
                s.pen = None;
            }
        });
        remember();
    };
    let undo = move || {
        if sheets.with_value(|s| !s.ink.is_blank()) {
            sheets.update_value(|s| s.ink.undo());
            remember();
            refresh();
        }
    };
    let clear = move || {
        sheets.update_value(|s| s.ink.clear());
        remember();
        refresh();
    };
    Effect::new(move |before: Option<()>| {
        state.pad_key.track();
        match state.pad_key.get_untracked() {
            Some(PadKey::Undo) if before.is_some() => undo(),
            Some(PadKey::Clear) if before.is_some() => clear(),
            _ => {}
        }
    });

    let class_button = move |class: u8| {
        view! {
            <button class="sample-class number" data-testid=format!("pick-{class}") aria-label=move || state.classes.with(|names| format!("{} from the data set", sentence_case(&names.with_article(usize::from(class)))))
                title=move || state.class_name(usize::from(class))
                on:click=move |_| lab.pick(Which::Class(class))>{move || state.classes.with(|names| names.sign(usize::from(class)).to_owned())}</button>
        }
    };
    view! {
        <div class="sample-draw">
            <canvas class="sample-pad" node_ref=node data-testid="pad" role="img" tabindex="0"
                aria-label=move || format!("Drawing pad. {}", state.classes.with(|names| state.sample.with(|s| s.caption(names))))
                on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointercancel=up></canvas>
            <span class="sample-hint" class:gone=move || state.sample.with(|s| matches!(s.origin, Origin::Drawing(_)))>{move || if state.classes.with(|names| names.noun == "image") { "draw here".to_owned() } else { state.classes.with(|names| format!("draw a {} here", names.noun)) }}</span>
        </div>
        <div class="sample-tools">
            <button class="quiet" data-testid="clear" title="C" on:click=move |_| clear()><Icon glyph=Glyph::Clear/>"Clear"</button>
            <button class="quiet" data-testid="undo" title="Ctrl Z" on:click=move |_| undo()><Icon glyph=Glyph::Undo/>"Undo"</button>
            <button class="quiet" data-testid="pick-next" aria-label="Next digit of the data set" title="N" on:click=move |_| lab.pick(Which::Next)><Icon glyph=Glyph::Next/></button>
            <button class="quiet" data-testid="pick-random" aria-label="Any digit of the data set" title="D" on:click=move |_| lab.pick(Which::Random)><Icon glyph=Glyph::Shuffle/></button>
        </div>
        <div class="sample-classes" role="group" aria-label="A digit of the data set, by class">{(0..10).map(class_button).collect_view()}</div>
    }
}

/// `A circle` of `a circle`.
fn sentence_case(words: &str) -> String {
    words.replacen('a', "A", 1)
}

/// Where a pointer is, in pixels of the drawing.
fn place(canvas: &HtmlCanvasElement, event: &PointerEvent) -> (f32, f32) {
    let bounds = canvas.get_bounding_client_rect();
    let scale = |at: i32, from: f64, extent: f64| ((f64::from(at) - from) / extent.max(1.0) * SIDE as f64) as f32;
    (scale(event.client_x(), bounds.left(), bounds.width()), scale(event.client_y(), bounds.top(), bounds.height()))
}

/// The moves that the browser took together into this event; the event itself where there are none.
fn coalesced(event: &PointerEvent) -> Vec<PointerEvent> {
    let list: Vec<PointerEvent> = Array::from(&event.get_coalesced_events()).iter().filter_map(|e| e.dyn_into().ok()).collect();
    if list.is_empty() { vec![event.clone()] } else { list }
}

fn show(values: &[f32], side: usize, map: &ColourMap, pixels: &mut Vec<u8>, canvas: &HtmlCanvasElement) {
    let sheet = Sheet::single(side, side);
    pixels.resize(sheet.size_bytes(), 0);
    if sheet.paint(values, map, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), pixels).is_ok() {
        image::show(canvas, pixels, side as u32, side as u32);
    }
}
