//! The person's image: a small pad that is in every lesson.

use crate::reaction::{effect, live};
use figures::{Range, Sheet, Spread};
use leptos::{html, prelude::*};
use web_sys::{HtmlCanvasElement, PointerEvent};

use super::{state::Learn, strings::with};
use crate::{
    dom::{frame, image},
    link::message::Which,
    state::Origin,
    widgets::{
        icon::{Glyph, Icon},
        ink::{Ink, SIDE},
        maps,
    },
};

pub fn clear(learn: Learn) {
    learn.ink.update_value(Ink::clear);
    learn.show_ink();
    learn.keep_sample();
}

fn undo(learn: Learn) {
    if learn.ink.with_value(|ink| !ink.is_blank()) {
        learn.ink.update_value(Ink::undo);
        learn.show_ink();
        learn.keep_sample();
    }
}

pub fn view(learn: Learn) -> AnyView {
    let caption = move || {
        let say = learn.say();
        learn.sample.with(|sample| match &sample.origin {
            Origin::Nothing => say.sample_none.to_owned(),
            Origin::Drawing(_) => say.sample_drawn.to_owned(),
            Origin::Digit(picked) => with(say.sample_digit, &[usize::from(picked.label)]),
        })
    };
    let class = move |class: u8| {
        view! {
            <button class="pad-class number" data-testid=format!("pick-{class}") aria-label=move || with(learn.say().pick, &[usize::from(class)])
                on:click=move |_| learn.pick(Which::Class(class))>{class}</button>
        }
        .into_any()
    };
    view! {
        <section class="pad" aria-label=move || learn.say().sample>
            {paper(learn)}
            <div class="pad-side">
                <p><b>{move || learn.say().sample}</b><span data-testid="sample-caption">{live(caption)}</span></p>
                <div class="pad-classes">{(0..10).map(class).collect_view()}</div>
                <div class="pad-tools">
                    <button class="quiet" data-testid="clear" on:click=move |_| clear(learn)><Icon glyph=Glyph::Clear/>{move || learn.say().clear}</button>
                    <button class="quiet" data-testid="undo" on:click=move |_| undo(learn)><Icon glyph=Glyph::Undo/>{move || learn.say().undo}</button>
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn paper(learn: Learn) -> AnyView {
    let node = NodeRef::<html::Canvas>::new();
    effect(move || {
        let (theme, Some(canvas)) = (learn.theme.get(), node.get()) else { return };
        learn.sample.with(|sample| {
            let drawn = matches!(sample.origin, Origin::Drawing(_));
            learn.ink.with_value(|ink| {
                let (grey, side) = if drawn { (ink.grey(), SIDE) } else { (&sample.image[..], data::SIDE) };
                let sheet = Sheet::single(side, side);
                let mut pixels = vec![0; sheet.size_bytes()];
                let whole = Spread::Fixed(Range { lo: 0.0, hi: 1.0 });
                if sheet.paint(grey, &maps::of(theme).positive, whole, &mut pixels).is_ok() {
                    image::show(&canvas, &pixels, side as u32, side as u32);
                }
            });
        });
    });
    let pen = StoredValue::new(None::<i32>);
    let due = StoredValue::new(false);
    // Moves come faster than frames.
    let refresh = move || {
        if !due.get_value() {
            due.set_value(true);
            frame::next(move |_| {
                due.set_value(false);
                learn.show_ink();
            });
        }
    };
    let down = move |event: PointerEvent| {
        let Some(canvas) = node.get().filter(|_| event.button() == 0 && pen.get_value().is_none()) else { return };
        event.prevent_default();
        let _ = canvas.set_pointer_capture(event.pointer_id());
        let (x, y) = place(&canvas, &event);
        pen.set_value(Some(event.pointer_id()));
        learn.ink.update_value(|ink| ink.begin(x, y));
        refresh();
    };
    let moved = move |event: PointerEvent| {
        if let Some(canvas) = node.get().filter(|_| pen.get_value() == Some(event.pointer_id())) {
            let (x, y) = place(&canvas, &event);
            learn.ink.update_value(|ink| ink.extend(x, y));
            refresh();
        }
    };
    let up = move |event: PointerEvent| {
        if pen.get_value() == Some(event.pointer_id()) {
            pen.set_value(None);
            learn.show_ink();
            learn.keep_sample();
        }
    };
    let untouched = move || learn.sample.with(|s| !matches!(s.origin, Origin::Drawing(_)));
    view! {
        <div class="pad-paper">
            <canvas node_ref=node data-testid="pad" role="img" aria-label=move || learn.say().pad
                on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointercancel=up></canvas>
            <span class="pad-hint" class:gone=move || !untouched()>{move || learn.say().draw_here}</span>
        </div>
    }
    .into_any()
}

/// Where a pointer is, in pixels of the drawing.
fn place(canvas: &HtmlCanvasElement, event: &PointerEvent) -> (f32, f32) {
    let bounds = canvas.get_bounding_client_rect();
    let scale = |at: i32, from: f64, extent: f64| ((f64::from(at) - from) / extent.max(1.0) * SIDE as f64) as f32;
    (scale(event.client_x(), bounds.left(), bounds.width()), scale(event.client_y(), bounds.top(), bounds.height()))
}
