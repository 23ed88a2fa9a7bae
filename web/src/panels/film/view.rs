//! The strips on the page.

use figures::Spread;
use leptos::{html, prelude::*};
use web_sys::{KeyboardEvent, MouseEvent};

use super::{
    record::{self, Form},
    strips::{ROWS_LIMIT, Reel, Strips, filter_in_focus, reels},
};
use crate::{
    dom::{frame, image, size},
    reaction::{effect, live},
    state::{app, lab},
    widgets::{
        icon::{Glyph, Icon},
        maps, number,
    },
};

/// Between two askings for the film while moments come.
const PERIOD_MS: i32 = 900;

#[component]
pub fn FilmStrip() -> impl IntoView {
    let state = app();
    let time = state.time;
    let chosen = RwSignal::new(0_usize);
    let all = Memo::new(move |_| state.graph.with(|g| g.as_deref().map(reels).unwrap_or_default()));
    let reel = Memo::new(move |_| all.with(|all| all.get(chosen.get().min(all.len().saturating_sub(1))).cloned()));
    // The focus of the stage chooses the layer and the filter; it stays when the pointer leaves.
    let filter = RwSignal::new(None::<usize>);
    effect(move || {
        let Some(focus) = state.focus.get().map(|f| (f.tensor, f.channel)) else { return };
        let found = all.with(|all| all.iter().enumerate().find_map(|(i, reel)| filter_in_focus(reel, Some(focus)).map(|f| (i, f))));
        if let Some((i, channel)) = found {
            chosen.set(i);
            filter.set(Some(channel));
        }
    });
    ask_for_film(reel);
    let strips = Memo::new(move |_| {
        let (reel, film) = (reel.get()?, time.film.get()?);
        let filters = shown(&reel, filter.get());
        (film.param == reel.param).then(|| Strips::of(reel.dims, &film.numbers, film.steps.len(), &filters)).flatten()
    });
    let none = move || all.with(Vec::is_empty);
    let early = move || strips.with(Option::is_none);
    view! {
        <div class="film-top">
            <div class="choice" role="radiogroup" aria-label="Layer of the film">{move || layers_view(&all.get(), chosen, filter)}</div>
            {move || filter_view(reel.get(), filter)}
            {recorder_view(reel)}
        </div>
        {strip_view(strips)}
        <p class="film-note" class:hidden=move || !early()>
            {move || if none() { "This network has no filters to film." } else { "The film begins with the first step of training." }}
        </p>
    }
}

/// Numbers of the filters that have a row.
fn shown(reel: &Reel, filter: Option<usize>) -> Vec<usize> {
    match filter {
        Some(filter) if filter < reel.dims.out_ch => vec![filter],
        _ => (0..reel.dims.out_ch.min(ROWS_LIMIT)).collect(),
    }
}

/// Asks at once for another layer, and now and then for new moments.
fn ask_for_film(reel: Memo<Option<Reel>>) {
    let time = app().time;
    let lab = lab();
    let due = StoredValue::new(false);
    effect(move || {
        let Some(param) = reel.get().map(|r| r.param) else { return };
        let wanted = time.moments.with(|m| !m.is_empty());
        let other = time.film.with_untracked(|f| f.as_ref().is_none_or(|f| f.param != param));
        if !wanted || due.get_value() {
            return;
        }
        due.set_value(true);
        frame::after(if other { 0 } else { PERIOD_MS }, move || {
            // Unless the panel has gone meanwhile.
            if due.try_update_value(|due| *due = false).is_some() {
                lab.film(reel.try_get_untracked().flatten().map_or(param, |r| r.param));
            }
        });
    });
}

fn layers_view(all: &[Reel], chosen: RwSignal<usize>, filter: RwSignal<Option<usize>>) -> AnyView {
    let button = |(i, reel): (usize, &Reel)| {
        let name = reel.name.clone();
        let pick = move |_| {
            chosen.set(i);
            filter.set(None);
        };
        view! { <button role="radio" aria-checked=move || (chosen.get() == i).to_string() data-testid=format!("film-{name}") on:click=pick>{name.clone()}</button> }.into_any()
    };
    all.iter().enumerate().take(8).map(button).collect_view().into_any()
}

fn filter_view(reel: Option<Reel>, filter: RwSignal<Option<usize>>) -> AnyView {
    let Some(reel) = reel else { return ().into_any() };
    let count = reel.dims.out_ch;
    let turn = move |by: usize| filter.update(|f| *f = Some(f.map_or(0, |f| (f + by) % count)));
    let words = move || match filter.get() {
        Some(f) => format!("filter {f}"),
        None if count > ROWS_LIMIT => format!("the first {ROWS_LIMIT} of {count} filters"),
        None => format!("all {count} filters"),
    };
    view! {
        <span class="film-filter">
            <button class="round" aria-label="Filter before" data-testid="film-filter-before" on:click=move |_| turn(count - 1)><Icon glyph=Glyph::Back/></button>
            <span data-testid="film-filter">{live(words)}</span>
            <button class="round" aria-label="Filter after" data-testid="film-filter-after" on:click=move |_| turn(1)><Icon glyph=Glyph::Next/></button>
            <button class="quiet" class:hidden=move || filter.get().is_none() data-testid="film-all" on:click=move |_| filter.set(None)>"All filters"</button>
        </span>
    }
    .into_any()
}

/// A column for each moment; a click goes there.
fn strip_view(strips: Memo<Option<Strips>>) -> AnyView {
    let state = app();
    let time = state.time;
    let node = NodeRef::<html::Canvas>::new();
    let frame_node = NodeRef::<html::Div>::new();
    let room = RwSignal::new((0.0_f64, 0.0_f64));
    effect(move || {
        if let Some(area) = frame_node.get() {
            size::follow(&area, move |now| room.set(now));
        }
    });
    effect(move || {
        let (Some(canvas), maps) = (node.get(), maps::of(state.theme.get())) else { return };
        strips.with(|strips| {
            let Some(strips) = strips else { return };
            let mut pixels = vec![0; strips.sheet.size_bytes()];
            if strips.sheet.paint(&strips.tiles, &maps.signed, Spread::Shared, &mut pixels).is_ok() {
                image::show(&canvas, &pixels, strips.sheet.width() as u32, strips.sheet.height() as u32);
            }
        });
    });
    // The columns fill the width; a single filter is not blown up beyond what looks good.
    let style = move || {
        strips.with(|strips| {
            let Some(strips) = strips else { return "display:none".to_owned() };
            let (w, h) = (strips.sheet.width() as f64, strips.sheet.height() as f64);
            let (width, height) = room.get();
            let scale = (width / w).min((height - 34.0).max(40.0) / h).clamp(0.5, 12.0);
            format!("width:{:.1}px;height:{:.1}px", w * scale, h * scale)
        })
    };
    let steps = move || time.film.with(|f| f.as_ref().map(|f| f.steps.clone()).unwrap_or_default());
    let column = move || {
        let steps = steps();
        time.looking.get().map_or_else(
            || steps.len().saturating_sub(1),
            |at| steps.iter().position(|s| *s >= at).unwrap_or(steps.len().saturating_sub(1)),
        )
    };
    let mark = move || {
        let count = steps().len().max(1) as f64;
        format!("left:{:.3}%;width:{:.3}%", 100.0 * column() as f64 / count, 100.0 / count)
    };
    let click = move |event: MouseEvent| {
        let Some(canvas) = node.get_untracked() else { return };
        let bounds = canvas.get_bounding_client_rect();
        let share = (f64::from(event.client_x()) - bounds.left()) / bounds.width().max(1.0);
        let at = strips.with_untracked(|s| s.as_ref().map(|s| s.column_at(share.clamp(0.0, 1.0))));
        if let Some(step) = at.and_then(|at| steps().get(at).copied()) {
            lab().look_at(step);
        }
    };
    let press = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "ArrowLeft" => lab().look_by(-1),
            "ArrowRight" => lab().look_by(1),
            "End" => lab().look_now(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let step = move || steps().get(column()).copied().unwrap_or_default();
    let words = move || format!("step {}", number::grouped(u64::from(step())));
    view! {
        <div class="film-room" node_ref=frame_node class:hidden=move || strips.with(Option::is_none)>
            <div class="film-strip" style=style tabindex="0" role="slider" aria-label="Moments of the filters" data-testid="film-strip" aria-valuemin="0"
                aria-valuemax=move || time.now.get() aria-valuenow=step aria-valuetext=words on:click=click on:keydown=press>
                <canvas node_ref=node aria-hidden="true"></canvas>
                <i class="film-mark" style=mark></i>
            </div>
            <p class="film-note"><b class="number" data-testid="film-step">{live(words)}</b>" · blue weighs negative, orange positive · click a moment to go there"</p>
        </div>
    }
    .into_any()
}

fn recorder_view(reel: Memo<Option<Reel>>) -> AnyView {
    let state = app();
    let recording = RwSignal::new(None::<(usize, usize)>);
    let busy = move || recording.with(Option::is_some) || state.time.moments.with(|m| m.len() < 2);
    let save = move |form: Form| {
        if let Some(reel) = reel.get_untracked() {
            leptos::task::spawn_local(record::record(lab(), reel, form, recording));
        }
    };
    view! {
        <span class="film-record">
            <small aria-live="polite" data-testid="film-progress">{move || recording.get().map(|(done, all)| format!("picture {done} of {all}"))}</small>
            <button class="quiet" data-testid="film-gif" disabled=busy title="Filters, maps and answers at every kept moment, as an animated GIF" on:click=move |_| save(Form::Gif)><Icon glyph=Glyph::Down/>"Time-lapse (GIF)"</button>
            <button class="quiet" data-testid="film-png" disabled=busy title="The same pictures as single PNG files in a ZIP" on:click=move |_| save(Form::Pngs)><Icon glyph=Glyph::Down/>"PNG sequence (ZIP)"</button>
        </span>
    }
    .into_any()
}
