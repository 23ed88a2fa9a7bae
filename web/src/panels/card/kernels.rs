//! The files that a graphics card runs for this network, to be read.

use leptos::{html, prelude::*};

use super::source::{Source, summary};
use crate::{
    link::listing::{File, Launched, Listing, Part, Pass},
    reaction::{effect, live},
    state::{app, lab},
    widgets::{dialog::Dialog, number},
};

/// Asks for the kernels while somebody looks, and once more where the run or the card has changed.
pub fn keep_listed() {
    let state = app();
    let subgroups = Memo::new(move |_| state.card.with(|c| c.as_ref().and_then(|c| c.adapter.as_ref()).is_some_and(|a| a.subgroups)));
    let half = Memo::new(move |_| state.summary.with(|s| s.half));
    effect(move || {
        let looking = state.card_open.get() || state.kernels_open.get();
        state.spec.track();
        if looking && state.graph.with(Option::is_some) {
            lab().list_kernels(subgroups.get(), half.get());
        }
    });
}

#[component]
pub fn Kernels() -> impl IntoView {
    let state = app();
    let listed = Memo::new(move |_| if state.kernels_open.get() { state.kernels.get().unwrap_or_default() } else { Listing::default() });
    let chosen = RwSignal::new(None::<String>);
    let shader = Memo::new(move |_| {
        listed.with(|Listing { parts, files }| {
            let all = || parts.iter().flat_map(|p| &p.launches).filter_map(|l| files.get(l.file)).map(|file| &file.name);
            // What was read last, if this network has it; else the first layer's.
            all().find(|name| chosen.with(|c| c.as_ref() == Some(*name))).or_else(|| all().nth(1)).or_else(|| all().next()).cloned()
        })
    });
    let found =
        Memo::new(move |_| listed.with(|listing| listing.files.iter().find(|file| Some(&file.name) == shader.get().as_ref()).cloned()));
    let pane = NodeRef::<html::Pre>::new();
    effect(move || {
        shader.track();
        if let Some(pane) = pane.get() {
            pane.set_scroll_top(0);
        }
    });
    let count = move || listed.with(|listing| listing.parts.iter().map(|p| p.launches.len()).sum::<usize>());
    let list = move || {
        let Listing { parts, files } = listed.get();
        parts.into_iter().map(|part| part_view(part, &files, shader, chosen)).collect_view()
    };
    view! {
        <Dialog title="Kernels of a training step" testid="kernels" open=state.kernels_open>
            <p class="card-lead">{move || format!("{} dispatches, in this order; the backward ones in reverse. These are the very files that the card compiles.", count())}</p>
            <div class="card-kernels">
                <ol class="card-parts" data-testid="kernel-list">{live(list)}</ol>
                <section class="card-file" aria-label="Source">
                    <header>
                        <h3 class="number" data-testid="kernel-name">{move || shader.get().map(|name| format!("{name}.wgsl"))}</h3>
                        <p data-testid="kernel-about">{move || found.with(|file| file.as_ref().map(|file| summary(&file.text).to_owned()))}</p>
                    </header>
                    <pre class="card-source number" node_ref=pane tabindex="0" data-testid="kernel-source" aria-label=move || shader.get().map(|name| format!("Source of {name}.wgsl"))>
                        {move || found.get().map(|file| view! { <Source text=file.text/> })}
                    </pre>
                </section>
            </div>
        </Dialog>
    }
}

fn part_view(part: Part, files: &[File], shader: Memo<Option<String>>, chosen: RwSignal<Option<String>>) -> impl IntoView + use<> {
    let Part { title, about, launches } = part;
    let launch = |launch: Launched| files.get(launch.file).map(|file| launch_view(launch, file.name.clone(), shader, chosen));
    view! {
        <li class="card-part">
            <p><b>{title}</b><small>{about}</small></p>
            {launches.into_iter().map(launch).collect_view()}
        </li>
    }
}

fn launch_view(launch: Launched, name: String, shader: Memo<Option<String>>, chosen: RwSignal<Option<String>>) -> impl IntoView {
    let file = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let groups: u64 = launch.groups.iter().map(|g| u64::from(*g)).product();
    let told = format!("{} workgroup{}", number::grouped(groups), if groups == 1 { "" } else { "s" });
    let arrow = match launch.pass {
        Pass::Once => "",
        Pass::Forward => "→",
        Pass::Backward => "←",
    };
    let (own, testid, title) =
        (name.clone(), format!("kernel-{}", name.replace('/', "-")), format!("{} {name}, {told}", launch.pass.name()));
    view! {
        <button class="card-launch" data-testid=testid title=title aria-pressed=move || shader.with(|s| s.as_ref() == Some(&own)).to_string()
            on:click=move |_| chosen.set(Some(name.clone()))>
            <i aria-hidden="true">{arrow}</i><span class="sr-only">{launch.pass.name()}</span>
            <span class="number">{file}</span>
            <small class="number">{told}</small>
        </button>
    }
}
