//! The camera's picture, small and in colour, again and again.

use crate::reaction::effect;
use js_sys::{Function, Reflect};
use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue};

use super::pictures::Picture;
use crate::{
    dom::{frame::Interval, picture},
    learn::desk::Desk,
};

/// Rows and columns of what is taken.
const SIDE: usize = 48;
const PERIOD_MS: i32 = 120;

/// Shows nothing but what went wrong: the picture is the figure's input. The camera is on only while it is.
pub fn view(desk: Desk, taken: RwSignal<Option<Picture>>) -> AnyView {
    let wanted = Memo::new(move |_| desk.settings.with(|s| s.get("picture") == "camera") && !desk.printed);
    let stream = StoredValue::new_local(None::<JsValue>);
    let turn = StoredValue::new_local(None::<Interval>);
    let trouble = RwSignal::new(String::new());
    let node = NodeRef::<html::Video>::new();
    let close = move || {
        turn.try_update_value(|turn| drop(turn.take()));
        if let Some(stream) = stream.try_update_value(Option::take).flatten() {
            picture::stop(&stream);
        }
    };
    on_cleanup(close);
    effect(move || {
        if !wanted.get() {
            return close();
        }
        trouble.set(String::new());
        leptos::task::spawn_local(async move {
            match picture::camera().await {
                Ok(opened) if wanted.try_get_untracked() == Some(true) => {
                    show(node, &opened);
                    stream.set_value(Some(opened));
                    let take = move || {
                        let Some(video) = node.try_get_untracked().flatten() else { return };
                        if let Ok(values) = picture::colours_of_video(video.as_ref(), SIDE) {
                            let _ = taken.try_set(Some(Picture { shape: engine::Shape::new(3, SIDE, SIDE), values }));
                        }
                    };
                    turn.set_value(Interval::new(PERIOD_MS, take));
                }
                Ok(opened) => picture::stop(&opened),
                Err(why) => {
                    let _ = trouble.try_set(format!("No picture: {why}. The scene is shown instead."));
                }
            }
        });
    });
    view! {
        <video class="sr-only" node_ref=node playsinline=true muted=true aria-hidden="true"></video>
        <p class="trouble" role="status" data-testid="camera-trouble">{move || trouble.get()}</p>
    }
    .into_any()
}

fn show(node: NodeRef<html::Video>, stream: &JsValue) {
    let Some(video) = node.try_get_untracked().flatten() else { return };
    let video: &JsValue = video.as_ref();
    let _ = Reflect::set(video, &"srcObject".into(), stream);
    if let Ok(play) = Reflect::get(video, &"play".into()).and_then(JsCast::dyn_into::<Function>) {
        let _ = play.call0(video);
    }
}
