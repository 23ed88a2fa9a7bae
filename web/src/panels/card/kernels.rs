//! The files that a graphics card runs for this network, to be read.

use leptos::{html, prelude::*};

use super::{
    launched::{Launched, Part, Pass, parts},
    source::{Source, summary},
};
use crate::{
    state::app,
    widgets::{dialog::Dialog, number},
};
use engine::backend::gpu::launch::{Shader, Storage};

#[component]
pub fn Kernels() -> impl IntoView {
    let state = app();
    let subgroups = move || state.card.with(|c| c.as_ref().and_then(|c| c.adapter.as_ref()).is_some_and(|a| a.subgroups));
    let listed = Memo::new(move |_| {
        if !state.kernels_open.get() {
            return Vec::new();
        }
        let graph = state.graph.get();
        graph.map_or_else(Vec::new, |graph| state.spec.with(|spec| parts(&graph, &spec.train, subgroups())))
    });
    let chosen = RwSignal::new(None::<&'static str>);
    let shader = Memo::new(move |_| {
        listed.with(|parts| {
            let all = || parts.iter().flat_map(|p| p.launches.iter().map(|l| l.shader));
            // What was read last, if this network has it; else the first layer's.
            all().find(|s| Some(s.name) == chosen.get()).or_else(|| all().nth(1)).or_else(|| all().next()).map(|s| s.name)
        })
    });
    let found =
        move || listed.with(|parts| parts.iter().flat_map(|p| &p.launches).find(|l| Some(l.shader.name) == shader.get()).map(|l| l.shader));
    let text = move |shader: &Shader| {
        let half = state.summary.with(|s| s.half);
        shader.text(if half { Storage::F16 } else { Storage::F32 }).into_owned()
    };
    let pane = NodeRef::<html::Pre>::new();
    Effect::new(move |_| {
        shader.track();
        if let Some(pane) = pane.get() {
            pane.set_scroll_top(0);
        }
    });
    let count = move || listed.with(|parts| parts.iter().map(|p| p.launches.len()).sum::<usize>());
    view! {
        <Dialog title="Kernels of a training step" testid="kernels" open=state.kernels_open>
            <p class="card-lead">{move || format!("{} dispatches, in this order; the backward ones in reverse. These are the very files that the card compiles.", count())}</p>
            <div class="card-kernels">
                <ol class="card-parts" data-testid="kernel-list">
                    {move || listed.get().into_iter().map(|part| part_view(part, shader, chosen)).collect_view()}
                </ol>
                <section class="card-file" aria-label="Source">
                    <header>
                        <h3 class="number" data-testid="kernel-name">{move || shader.get().map(|name| format!("{name}.wgsl"))}</h3>
                        <p data-testid="kernel-about">{move || found().map(|shader| summary(shader.source).to_owned())}</p>
                    </header>
                    <pre class="card-source number" node_ref=pane tabindex="0" data-testid="kernel-source" aria-label=move || shader.get().map(|name| format!("Source of {name}.wgsl"))>
                        {move || found().map(|shader| view! { <Source text=text(shader)/> })}
                    </pre>
                </section>
            </div>
        </Dialog>
    }
}

fn part_view(part: Part, shader: Memo<Option<&'static str>>, chosen: RwSignal<Option<&'static str>>) -> impl IntoView {
    let Part { title, about, launches } = part;
    view! {
        <li class="card-part">
            <p><b>{title}</b><small>{about}</small></p>
            {launches.into_iter().map(|launch| launch_view(launch, shader, chosen)).collect_view()}
        </li>
    }
}

fn launch_view(launch: Launched, shader: Memo<Option<&'static str>>, chosen: RwSignal<Option<&'static str>>) -> impl IntoView {
    let name = launch.shader.name;
    let file = name.rsplit('/').next().unwrap_or(name);
    let groups: u64 = launch.groups.iter().map(|g| u64::from(*g)).product();
    let told = format!("{} workgroup{}", number::grouped(groups), if groups == 1 { "" } else { "s" });
    let arrow = match launch.pass {
        Pass::Once => "",
        Pass::Forward => "→",
        Pass::Backward => "←",
    };
    view! {
        <button class="card-launch" data-testid=format!("kernel-{}", name.replace('/', "-")) aria-pressed=move || (shader.get() == Some(name)).to_string()
            title=format!("{} {}, {told}", launch.pass.name(), name) on:click=move |_| chosen.set(Some(name))>
            <i aria-hidden="true">{arrow}</i><span class="sr-only">{launch.pass.name()}</span>
            <span class="number">{file}</span>
            <small class="number">{told.clone()}</small>
        </button>
    }
}
