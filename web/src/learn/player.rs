//! Play, step, scrub: a setting that counts places of an animation.

use crate::reaction::effect;
use leptos::prelude::*;

use super::desk::Desk;
use crate::{
    dom::frame::Interval,
    widgets::icon::{Glyph, Icon},
};

/// Moves the setting `key` from 0 to `total − 1`, one place every `period_ms`, which includes the rest after the move.
/// The space bar plays; a pointer over the figure holds it.
pub fn player(desk: Desk, key: &'static str, total: impl Into<Signal<usize>>, period_ms: i32) -> AnyView {
    let (at, total) = (desk.count(key), total.into());
    let last = move || total.get().saturating_sub(1);
    let last_now = move || total.get_untracked().saturating_sub(1);
    let interval = StoredValue::new_local(None::<Interval>);
    effect(move || {
        let playing = desk.playing.get();
        interval.set_value(None);
        if !playing {
            return;
        }
        if at.get_untracked() >= last_now() {
            desk.set(key, 0);
        }
        let tick = move || {
            if desk.held.try_get_untracked() != Some(false) {
                return;
            }
            if at.get_untracked() < last_now() {
                desk.set(key, at.get_untracked() + 1);
            } else {
                desk.playing.set(false);
            }
        };
        interval.set_value(Interval::new(period_ms, tick));
    });
    on_cleanup(move || {
        interval.try_update_value(|held| drop(held.take()));
    });
    if desk.hides("player") {
        return ().into_any();
    }
    let step = move |by: isize| {
        desk.playing.set(false);
        desk.set(key, at.get_untracked().saturating_add_signed(by).min(last_now()));
    };
    let say = move || desk.learn.say();
    let glyph = Signal::derive(move || if desk.playing.get() { Glyph::Pause } else { Glyph::Play });
    let fill = move || format!("--fill: {}%", 100.0 * at.get() as f64 / total.get().saturating_sub(1).max(1) as f64);
    let shown = move || {
        total.track();
        at.get().to_string()
    };
    let ended = move || at.get() + 1 >= total.get();
    let scrub = move |event: leptos::ev::Event| {
        desk.playing.set(false);
        desk.set(key, event_target_value(&event));
    };
    view! {
        <div class="player" role="group">
            <button class="round" data-testid="play" aria-label=move || if desk.playing.get() { say().pause } else { say().play } on:click=move |_| desk.playing.update(|on| *on = !*on)><Icon glyph=glyph/></button>
            <button class="round" data-testid="one-back" aria-label=move || say().one_back disabled=move || at.get() == 0 on:click=move |_| step(-1)><Icon glyph=Glyph::Back/></button>
            <button class="round" data-testid="one-on" aria-label=move || say().one_on disabled=ended on:click=move |_| step(1)><Icon glyph=Glyph::Next/></button>
            <input type="range" min="0" max=last step="1" prop:value=shown style=fill data-testid="scrub" aria-label=move || say().place on:input=scrub/>
            <output class="number">{move || format!("{} / {}", at.get() + 1, total.get())}</output>
        </div>
    }
    .into_any()
}
