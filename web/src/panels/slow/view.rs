//! The panel: where the walk stands, what happens there, and the way on.

use leptos::{html, prelude::*};

use super::{captions, parts};
use crate::{
    dom::{frame, media, size},
    reaction::{effect, live},
    state::{
        app, lab,
        walk::{PARTS, Stop},
    },
    widgets::icon::{Glyph, Icon},
};

/// Milliseconds a stop, of the slider's places.
const PAUSES: [i32; 5] = [4_000, 2_500, 1_500, 900, 500];

#[component]
pub fn Slow() -> impl IntoView {
    let state = app();
    let time = state.time;
    let there = move || time.walk.with(Option::is_some);
    view! {
        {move || if there() { walk_view() } else { start_view(time.asked) }}
    }
}

fn start_view(asked: RwSignal<bool>) -> AnyView {
    view! {
        <div class="slow-start">
            <p>"One real step of training in slow motion: an image goes forward through the layers, the loss says how wrong the answer is, the error flows back, and every weight moves a little."</p>
            <button class="primary" data-testid="slow-start" disabled=move || asked.get() on:click=move |_| lab().walk()>"Walk through the next step"</button>
            <small>"Or press L. Training pauses meanwhile."</small>
        </div>
    }
    .into_any()
}

fn walk_view() -> AnyView {
    let state = app();
    let time = state.time;
    let playing = RwSignal::new(false);
    let pace = RwSignal::new(2_usize);
    play_slowly(playing, pace);
    // Pictures use the height that the monitors have.
    let node = NodeRef::<html::Div>::new();
    let room = RwSignal::new((150.0_f64, 96.0_f64));
    effect(move || {
        if let Some(area) = node.get() {
            size::follow(&area, move |(width, height)| {
                let high = (height - 124.0).min(0.45 * width).clamp(72.0, 240.0).round();
                // Four beside each other: before, gradient, change, after.
                let wide = (2.2 * high).min((width - 90.0) / 4.0).max(72.0).round();
                // The area may be gone before its observer.
                if room.try_get_untracked().is_some_and(|now| now != (wide, high)) {
                    room.set((wide, high));
                }
            });
        }
    });
    // What is at the stop; made anew when stop or walk change.
    let content = move || {
        let (walk, graph) = (time.walk.get()?, state.graph.get()?);
        let stop = walk.stop(time.stop.get());
        let theme = state.theme.get();
        let (loss, rule) = state.spec.with_untracked(|s| (s.train.loss.clone(), s.train.optimizer.rule().name()));
        Some(view! {
            <div class="slow-words">
                <p class="slow-caption" aria-live="polite">
                    <b data-testid="slow-title">{captions::title(&graph, stop)}</b>
                    <span data-testid="slow-caption">{app().classes.with(|names| captions::caption(&graph, &walk, stop, &loss, rule, names))}</span>
                </p>
                {(stop == Stop::Image).then(image_view)}
            </div>
            <div class="slow-parts">{parts::parts_view(&graph, &walk, stop, theme, room.get())}</div>
        })
    };
    view! {
        <div class="slow-body" node_ref=node>
        <div class="slow-top">
            {bar_view()}
            {scrub_view()}
            <div class="slow-tools">
                <button class="round" aria-label="Back one stop" title="←" data-testid="slow-back" disabled=move || time.stop.get() == 0 on:click=move |_| lab().walk_by(-1)><Icon glyph=Glyph::Back/></button>
                <button class="round" data-testid="slow-play" aria-pressed=move || playing.get().to_string()
                    aria-label=move || if playing.get() { "Hold" } else { "Play in slow motion" } title="Play in slow motion"
                    on:click=move |_| playing.update(|p| *p = !*p)><Icon glyph=Signal::derive(move || if playing.get() { Glyph::Pause } else { Glyph::Play })/></button>
                <button class="round" aria-label="On one stop" title="→" data-testid="slow-next" on:click=move |_| lab().walk_by(1)><Icon glyph=Glyph::Next/></button>
                <button class="quiet number" data-testid="slow-speed" title="Seconds at each stop"
                    on:click=move |_| pace.update(|p| *p = (*p + 1) % PAUSES.len())>{move || format!("{:.1} s", f64::from(PAUSES[pace.get()]) / 1_000.0)}</button>
                <button class="quiet" data-testid="slow-leave" title="Esc" on:click=move |_| lab().leave_walk()>"Leave"</button>
            </div>
        </div>
        {live(content)}
        </div>
    }
    .into_any()
}

/// From stop to stop by dragging, or by the arrow keys.
fn scrub_view() -> AnyView {
    let state = app();
    let time = state.time;
    let last = move || time.walk.with(|w| w.as_ref().map_or(0, |w| w.last()));
    view! {
        <label class="slow-scrub">
            <span class="sr-only">"Stop of the slow step"</span>
            <input type="range" min="0" max=last step="1" prop:value=move || time.stop.get().to_string() data-testid="slow-scrub"
                style=move || format!("--fill: {:.2}%", 100.0 * time.stop.get() as f64 / last().max(1) as f64)
                aria-valuetext=move || time.walk.with(|w| match (w, state.graph.get()) {
                    (Some(walk), Some(graph)) => captions::title(&graph, walk.stop(time.stop.get())),
                    _ => String::new(),
                })
                on:input=move |event| if let Ok(stop) = event_target_value(&event).parse() { lab().walk_to(stop) }/>
        </label>
    }
    .into_any()
}

/// The four parts of the step; a click goes to the first stop of one.
fn bar_view() -> AnyView {
    let time = app().time;
    let part = Memo::new(move |_| time.walk.with(|w| w.as_ref().map_or(0, |w| w.stop(time.stop.get()).part())));
    let go = move |to: usize| {
        let at = time.walk.with_untracked(|w| w.as_ref().and_then(|w| w.stops.iter().position(|s| s.part() == to)));
        if let Some(at) = at {
            lab().walk_to(at);
        }
    };
    let step = |i: usize| {
        view! {
            <button aria-current=move || (part.get() == i).then_some("step") class:done=move || part.get().gt(&i) on:click=move |_| go(i)
                data-testid=format!("slow-part-{i}")>{PARTS[i]}</button>
        }
        .into_any()
    };
    view! { <div class="choice" role="group" aria-label="Parts of the step">{(0..PARTS.len()).map(step).collect_view()}</div> }.into_any()
}

/// Which image of the batch is followed.
fn image_view() -> AnyView {
    let state = app();
    let time = state.time;
    let read = move |of: fn(&protocol::Trace) -> u32| time.walk.with(|w| w.as_ref().map_or(0, |w| of(&w.trace)));
    let made = move || state.progress.with(|p| p.step) > read(|t| t.step);
    let turn = move |by: i32| {
        let (place, batch) = (read(|t| t.place), read(|t| t.batch).max(1));
        lab().follow((place as i32 + by).rem_euclid(batch as i32) as u32);
    };
    view! {
        <span class="slow-image">
            <small>"image"</small>
            <button class="round" aria-label="Image before" data-testid="slow-image-before" disabled=made on:click=move |_| turn(-1)><Icon glyph=Glyph::Back/></button>
            <b class="number" data-testid="slow-image">{move || read(|t| t.place) + 1}</b>
            <button class="round" aria-label="Image after" data-testid="slow-image-after" disabled=made on:click=move |_| turn(1)><Icon glyph=Glyph::Next/></button>
        </span>
    }
    .into_any()
}

/// From stop to stop while `playing`; holds at the end.
fn play_slowly(playing: RwSignal<bool>, pace: RwSignal<usize>) {
    let time = app().time;
    let lab = lab();
    Effect::new(move |turn: Option<u32>| {
        let turn = turn.unwrap_or(0) + 1;
        let (at, on) = (time.stop.get(), playing.get());
        let wait = PAUSES[pace.get()];
        let last = time.walk.with(|w| w.as_ref().map_or(0, |w| w.last()));
        if !on {
            return turn;
        }
        if at >= last {
            playing.set(false);
            return turn;
        }
        // Who wants less motion gets more time at each stop.
        let wait = if media::matches(media::CALM) { wait.max(3_000) } else { wait };
        frame::after(wait, move || {
            // Nobody has moved, held or left it meanwhile.
            if playing.try_get_untracked() == Some(true) && time.stop.get_untracked() == at && time.walk.with_untracked(Option::is_some) {
                lab.walk_by(1);
            }
        });
        turn
    });
}
