//! Who races, and how far.

use leptos::prelude::*;
use protocol::{
    RunSpec,
    contest::{ENTRIES, RACES, ReadyRace, choices},
    difference::difference,
};

use crate::{
    reaction::live,
    state::{AppState, Phase, lab},
    widgets::{
        icon::{Glyph, Icon},
        swatch::swatch,
    },
};

/// Lengths that are offered, in steps.
const LENGTHS: [u32; 4] = [50, 200, 500, 1500];

/// What is chosen. Copying is free.
#[derive(Clone, Copy)]
pub struct Choice {
    entries: RwSignal<Vec<(String, RunSpec)>>,
    /// The ready-made race that they are of.
    ready: RwSignal<&'static str>,
    steps: RwSignal<u32>,
}

impl Choice {
    pub fn new(state: AppState) -> Self {
        let choice = Self { entries: RwSignal::new(Vec::new()), ready: RwSignal::new(""), steps: RwSignal::new(LENGTHS[1]) };
        choice.take(&RACES[0], &state.spec.get_untracked());
        choice
    }

    fn take(self, race: &'static ReadyRace, run: &RunSpec) {
        self.ready.set(race.slug);
        self.entries.set((race.entries)(run));
    }
}

pub fn view(state: AppState, choice: Choice) -> AnyView {
    view! {
        <div class="runs-setup">
            {ready(state, choice)}
            <div class="runs-entries">
                {contestants(state, choice)}
                {add(state, choice)}
                {start(state, choice)}
            </div>
        </div>
    }
    .into_any()
}

fn ready(state: AppState, choice: Choice) -> AnyView {
    let one = move |race: &'static ReadyRace| {
        let fits = move || state.spec.with(|run| (race.entries)(run).len() >= *ENTRIES.start());
        view! {
            <button role="radio" class="runs-ready" aria-checked=move || (choice.ready.get() == race.slug).to_string() disabled=move || !fits()
                data-testid=format!("race-{}", race.slug) on:click=move |_| choice.take(race, &state.spec.get_untracked())>
                <b>{race.title}</b><span>{race.about}</span>
            </button>
        }
        .into_any()
    };
    view! {
        <div class="runs-races" role="radiogroup" aria-label="Ready-made races">{RACES.iter().map(one).collect::<Vec<AnyView>>()}</div>
    }
    .into_any()
}

fn contestants(state: AppState, choice: Choice) -> AnyView {
    let rows = move || {
        let theme = state.theme.get();
        let entries = choice.entries.get();
        let first = entries.first().map(|e| e.1.clone());
        let one = |(i, (name, spec)): (usize, (String, RunSpec))| {
            let line = match &first {
                Some(first) if i > 0 => difference(first, &spec),
                _ => String::new(),
            };
            let remove = move |_| {
                choice.ready.set("");
                choice.entries.update(|all| drop(all.remove(i)));
            };
            view! {
                <li data-testid="race-entry">
                    {swatch(i as u32, theme)}<b>{name.clone()}</b><span class="runs-line">{line}</span>
                    <button class="quiet" aria-label=format!("Without {name}") title="Leave it out" on:click=remove><Icon glyph=Glyph::Close/></button>
                </li>
            }
            .into_any()
        };
        entries.into_iter().enumerate().map(one).collect::<Vec<AnyView>>()
    };
    view! { <ol class="runs-list" aria-label="Contestants" data-testid="race-entries">{live(rows)}</ol> }.into_any()
}

/// What may be added: the run of the page, presets, earlier runs.
fn offers(state: AppState) -> Vec<(String, RunSpec)> {
    let mut offers = state.spec.with(choices);
    state.runs.list.with(|list| offers.extend(list.iter().rev().map(|r| (format!("Run {}: {}", r.slot + 1, r.name), r.spec()))));
    offers
}

fn add(state: AppState, choice: Choice) -> AnyView {
    let full = move || choice.entries.with(|e| e.len() >= *ENTRIES.end());
    let put = move |event| {
        let place: Option<usize> = event_target_value(&event).parse().ok();
        if let Some(entry) = place.and_then(|i| offers(state).into_iter().nth(i)) {
            choice.ready.set("");
            choice.entries.update(|all| all.push(entry));
        }
    };
    let options = move || {
        let option = |(i, (name, _)): (usize, (String, RunSpec))| view! { <option value=i.to_string()>{name}</option> }.into_any();
        offers(state).into_iter().enumerate().map(option).collect::<Vec<AnyView>>()
    };
    // Made anew after each choice, so that it shows its first line again.
    view! {
        {move || {
            choice.entries.track();
            view! {
                <select class="runs-add" aria-label="Add a contestant" data-testid="race-add" disabled=full() on:change=put>
                    <option value="">{if full() { "Four are the most" } else { "Add a contestant…" }}</option>
                    {options()}
                </select>
            }
        }}
    }
    .into_any()
}

fn start(state: AppState, choice: Choice) -> AnyView {
    let lengths = LENGTHS.map(|steps| {
        view! {
            <button role="radio" aria-checked=move || (choice.steps.get() == steps).to_string() data-testid=format!("race-steps-{steps}") on:click=move |_| choice.steps.set(steps)>{steps}</button>
        }
    });
    let few = move || choice.entries.with(|e| e.len() < *ENTRIES.start());
    let closed = move || state.phase.with(|p| matches!(p, Phase::Starting | Phase::Stopped));
    view! {
        <div class="runs-start">
            <span class="runs-word">"Steps"</span>
            <div class="choice number" role="radiogroup" aria-label="Steps of each contestant">{lengths}</div>
            <button class="primary" data-testid="race-start" disabled=move || few() || closed() on:click=move |_| lab().start_race(choice.entries.get_untracked(), choice.steps.get_untracked())>"Race"</button>
        </div>
        <p class="runs-about">
            {move || if few() { "It takes two contestants at least." } else {
                "All start from this run's seed, on the same digits, and take turns of a few steps. Each trains on one core of the CPU, or on the graphics card where this run is there. This run rests meanwhile."
            }}
        </p>
    }
    .into_any()
}
