//! Where one is in the network, and the ways beside and up.

use leptos::prelude::*;
use web_sys::MouseEvent;

use super::{
    opened::{PAGE, sheet},
    picture::Desk,
};
use crate::{reaction::live, state::stage::Opening as Place};

/// Where one is, and the ways beside and up.
#[component]
pub fn Crumbs(desk: Desk, page: RwSignal<usize>) -> impl IntoView {
    let state = desk.lab.state;
    let words = Memo::new(move |_| {
        let opening = desk.opening.get()?;
        state.graph.with(|graph| {
            let node = graph.as_deref()?.nodes.get(opening.node.0)?;
            let cell = opening.cell.map(|(row, col)| format!("row {}, column {}", row + 1, col + 1));
            let title = node.layer.op().kind().title;
            Some((format!("{}: {title}", node.name), format!("map {} of {}", opening.channel + 1, node.output.ch), cell))
        })
    });
    let go = move |layers: i32, maps: i32| {
        move |event: MouseEvent| {
            event.stop_propagation();
            step(desk, layers, maps);
        }
    };
    let up = move |event: MouseEvent| {
        event.stop_propagation();
        desk.lab.open_tile(None);
    };
    let tile = move |event: MouseEvent| {
        event.stop_propagation();
        desk.lab.open_tile(desk.opening.get_untracked().map(|o| Place { cell: None, ..o }));
    };
    let count = Memo::new(move |_| {
        let opening = desk.opening.get()?;
        state.graph.with(|graph| sheet(graph.as_deref()?, opening, 0, 1.0)).map(|s| s.count)
    });
    let last = Memo::new(move |_| {
        let nodes = state.graph.with(|graph| graph.as_deref().map_or(0, |g| g.nodes.len()));
        desk.opening.get().is_none_or(|o| o.node.0 + 1 >= nodes)
    });
    let pages = move || count.get().unwrap_or(0).div_ceil(PAGE);
    let told = move || {
        let first = page.get() * PAGE;
        format!("inputs {}–{} of {}", first + 1, (first + PAGE).min(count.get().unwrap_or(0)), count.get().unwrap_or(0))
    };
    let leaf = move |by: i32| {
        move |event: MouseEvent| {
            event.stop_propagation();
            page.update(|p| *p = (*p as i32 + by).clamp(0, pages() as i32 - 1) as usize);
        }
    };
    view! {
        <nav class="stage-crumbs" aria-label="Where you are">
            <button class="quiet" on:click=up data-testid="crumb-network">"‹ Network"</button>
            <span class="stage-steps">
                <button class="quiet" aria-label="Layer before" title="Layer before" on:click=go(-1, 0)>"‹"</button>
                <button class="quiet strong" on:click=tile data-testid="crumb-tile">{move || words.get().map(|w| w.0)}</button>
                <button class="quiet" aria-label="Layer after" title="Layer after" data-last=move || last.get().to_string() on:click=go(1, 0) data-testid="layer-after">"›"</button>
            </span>
            <span class="stage-steps">
                <button class="quiet" aria-label="Map before" title="Map before ([)" on:click=go(0, -1)>"‹"</button>
                <span class="number" data-testid="crumb-map">{move || words.get().map(|w| w.1)}</span>
                <button class="quiet" aria-label="Map after" title="Map after (])" on:click=go(0, 1) data-testid="map-after">"›"</button>
            </span>
            <b class="number" data-testid="crumb-cell">{move || words.get().and_then(|w| w.2)}</b>
            <span class="stage-steps" class:hidden=move || pages() < 2>
                <button class="quiet" aria-label="Earlier inputs" on:click=leaf(-1)>"‹"</button>
                <span class="number">{live(told)}</span>
                <button class="quiet" aria-label="Later inputs" on:click=leaf(1) data-testid="inputs-after">"›"</button>
            </span>
            <span class="stage-note">{move || state.stage.trouble.get()}</span>
        </nav>
    }
}

/// To another layer or map.
pub fn step(desk: Desk, layers: i32, maps: i32) {
    let Some(opening) = desk.opening.get_untracked() else { return };
    let next = desk.lab.state.graph.with_untracked(|graph| {
        let graph = graph.as_deref()?;
        let node = (opening.node.0 as i32 + layers).clamp(0, graph.nodes.len() as i32 - 1) as usize;
        let out = graph.nodes[node].output;
        let channel = (opening.channel as i32 + maps).clamp(0, out.ch as i32 - 1) as usize;
        let cell = opening.cell.map(|(row, col)| (row.min(out.h - 1), col.min(out.w - 1)));
        Some(Place { node: engine::NodeId(node), channel, cell })
    });
    desk.lab.open_tile(next);
}
