//! Pictures from the camera, one after another.

use data::FramingOptions;
use js_sys::{Function, Reflect};
use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, JsValue};

use super::candidates::{Candidate, Candidates, own_name};
use crate::{
    dom::picture,
    reaction::{effect, live},
    state::app,
};

pub fn view(candidates: Candidates) -> AnyView {
    let own = app().own;
    let stream = StoredValue::new_local(None::<JsValue>);
    let on = RwSignal::new(false);
    let node = NodeRef::<html::Video>::new();
    let close = move || {
        stream.update_value(|s| {
            if let Some(stream) = s.take() {
                picture::stop(&stream);
            }
        });
        let _ = on.try_set(false);
    };
    on_cleanup(close);
    let open = move |_| {
        leptos::task::spawn_local(async move {
            match picture::camera().await {
                Ok(opened) if on.try_set(true).is_none() => stream.set_value(Some(opened)),
                // The panel is gone.
                Ok(opened) => picture::stop(&opened),
                Err(why) => own.told.set(Some((false, format!("No picture was taken: {why}.")))),
            }
        });
    };
    effect(move || {
        let (true, Some(video)) = (on.get(), node.get()) else { return };
        let video: &JsValue = video.as_ref();
        if let Some(stream) = stream.get_value() {
            let _ = Reflect::set(video, &"srcObject".into(), &stream);
            if let Ok(play) = Reflect::get(video, &"play".into()).and_then(JsCast::dyn_into::<Function>) {
                let _ = play.call0(video);
            }
        }
    });
    let take = move |_| {
        let Some(video) = node.get_untracked() else { return };
        let video: &JsValue = video.as_ref();
        let taken = picture::of_video(video).and_then(|p| {
            // The square in the middle, which is what is shown.
            let side = p.width.min(p.height);
            p.part((p.width - side) / 2, (p.height - side) / 2, side, side).framed(FramingOptions::default()).map_err(|e| e.to_string())
        });
        match taken {
            Ok(image) => {
                candidates.0.update(|l| l.push(Candidate { image, class: own.label.get_untracked(), name: None }));
                own.told.set(Some((true, "Check the class below, then keep it.".to_owned())));
            }
            Err(why) => own.told.set(Some((false, format!("No picture was taken: {why}.")))),
        }
    };
    let panel = move || {
        on.get().then(|| {
            view! {
                <div class="own-camera">
                    <video node_ref=node playsinline=true muted=true aria-label="What the camera sees"></video>
                    <div>
                        <label>"class "
                            <select data-testid="camera-class" on:change=move |event| if let Ok(class) = event_target_value(&event).parse() { own.label.set(class); }>
                                {(0..data::CLASSES).map(|c| view! { <option value=c.to_string() selected=move || usize::from(own.label.get()) == c>{own_name(c)}</option> }).collect_view()}
                            </select>
                        </label>
                        <button class="quiet" data-testid="camera-take" on:click=take>"Take"</button>
                        <button class="quiet" data-testid="camera-close" on:click=move |_| close()>"Close"</button>
                    </div>
                </div>
            }
            .into_any()
        })
    };
    view! {
        <button class="quiet own-open-camera" data-testid="own-camera" disabled=move || on.get() on:click=open>"Camera…"</button>
        {live(panel)}
    }
    .into_any()
}
