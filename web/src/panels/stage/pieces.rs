//! What stands beside the pictures of an open tile: numbers, the formula, curves and bars.

use engine::{graph::Feed, ops::account::PartKind};
use leptos::prelude::*;
use web_sys::MouseEvent;

use super::{
    formula,
    picture::{Desk, Picture, Role, What, account, picture_view},
};
use crate::{reaction::live, state::stage::Opening as Place, widgets::number};

/// A picture of one number is that number.
pub fn number_view(desk: Desk, picture: &Picture) -> AnyView {
    let state = desk.lab.state;
    let what = picture.what;
    let value = move || {
        state.frame_tick.track();
        let opening = desk.opening.get()?;
        match what {
            What::Plane(tensor, at) => state.frame.with_value(|frame| frame.view(tensor).and_then(|(_, all)| all.get(at)).copied()),
            What::Winners(..) => None,
            What::Part(kind, at) => {
                state.stage.parts.with_value(|parts| parts.part(opening, kind).and_then(|(_, all)| all.get(at)).copied())
            }
        }
    };
    let leads = picture.leads;
    let own = picture.role == Role::Output && leads.is_none();
    let press = move |event: MouseEvent| {
        event.stop_propagation();
        if let Some(leads) = leads {
            desk.lab.open_tile(Some(leads));
        } else if own && let Some(opening) = desk.opening.get_untracked() {
            desk.lab.open_tile(Some(Place { cell: Some((0, 0)), ..opening }));
        }
    };
    let title = if own { "press to see its arithmetic" } else { "" };
    view! {
        <button class="stage-single" title=title on:click=press>
            <b class="number">{move || value().map_or_else(|| "…".to_owned(), number::signed)}</b>
            <small>{picture.label.clone()}</small>
        </button>
    }
    .into_any()
}

/// The numbers that the layer's formula brings along, and the formula.
#[component]
pub fn Facts(desk: Desk) -> impl IntoView {
    let state = desk.lab.state;
    let told = Memo::new(move |_| {
        state.frame_tick.track();
        let (opening, graph) = (desk.opening.get()?, state.graph.get()?);
        let (account, _) = account(state, &graph, opening, desk.cell().unwrap_or((0, 0)))?;
        Some((formula::general(&account), formula::facts(&account.form)))
    });
    let hidden = move || desk.opening.get().is_some_and(|o| o.cell.is_some());
    view! {
        <div class="stage-facts" class:hidden=hidden data-testid="facts">
            <div class="stage-formula" inner_html=move || told.with(|t| t.as_ref().map(|t| t.0.clone()).unwrap_or_default())></div>
            <dl class="stage-lines number">
                {move || told.with(|t| t.as_ref().map(|t| t.1.clone()).unwrap_or_default()).into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
            </dl>
        </div>
    }
}

/// The measured field of the cell, where it is asked for.
#[component]
pub fn Field(desk: Desk) -> impl IntoView {
    let state = desk.lab.state;
    let shape = state.graph.get_untracked().map_or((28, 28), |g| (g.spec.input.h, g.spec.input.w));
    let label = "moves the cell by".to_owned();
    let picture = Picture {
        what: What::Part(PartKind::Field, 0),
        role: Role::Source(Feed::Image),
        h: shape.0,
        w: shape.1,
        signed: true,
        label,
        side: 112.0,
        leads: None,
    };
    let shown = move || state.stage.measured.get();
    view! {
        <Show when=shown>
            <div class="stage-line" data-testid="field">{picture_view(desk, picture.clone())}</div>
        </Show>
    }
}

/// Points of the line, where zero lies across and upright, and the cell.
type Curve = (String, f64, f64, Option<(f64, f64)>);

/// The function with the point of the cell on it.
pub fn curve_view(desk: Desk) -> AnyView {
    let state = desk.lab.state;
    let (w, h) = (120.0, 96.0);
    let drawn = Memo::new(move |_| {
        state.frame_tick.track();
        let opening = desk.opening.get()?;
        let points = state.stage.parts.with_value(|parts| parts.part(opening, PartKind::Curve).map(|(_, all)| all.to_vec()))?;
        let (&[lo, hi], values) = points.split_first_chunk::<2>()?;
        let (least, most) = values.iter().fold((0.0f32, 0.0f32), |(a, b), v| (a.min(*v), b.max(*v)));
        let x = move |v: f32| f64::from((v - lo) / (hi - lo)) * w;
        let y = move |v: f32| h - f64::from((v - least) / (most - least).max(f32::MIN_POSITIVE)) * h;
        let step = (hi - lo) / (values.len() - 1) as f32;
        let path: Vec<String> = values.iter().enumerate().map(|(i, v)| format!("{:.1},{:.1}", x(lo + i as f32 * step), y(*v))).collect();
        let dot = state.graph.get().and_then(|graph| account(state, &graph, opening, desk.cell().unwrap_or((0, 0))));
        let dot = dot.and_then(|(account, out)| Some((x(account.terms.first()?.value), y(out))));
        Some((path.join(" "), x(0.0), y(0.0), dot))
    });
    let part = move |of: fn(&Curve) -> String| move || drawn.with(|d| d.as_ref().map_or_else(|| "0".to_owned(), of));
    view! {
        <svg class="stage-curve" viewBox="-4 -4 128 104" role="img" aria-label="The function, and where this cell lies on it">
            <line x1="0" x2="120" y1=part(|d| d.2.to_string()) y2=part(|d| d.2.to_string())/>
            <line y1="0" y2="96" x1=part(|d| d.1.to_string()) x2=part(|d| d.1.to_string())/>
            <polyline points=move || drawn.with(|d| d.as_ref().map(|d| d.0.clone()).unwrap_or_default())/>
            <circle r="4" cx=part(|d| d.3.map_or(-99.0, |p| p.0).to_string()) cy=part(|d| d.3.map_or(-99.0, |p| p.1).to_string())/>
        </svg>
    }
    .into_any()
}

/// What every channel adds to the sum that a softmax divides by.
pub fn bars_view(desk: Desk) -> AnyView {
    let state = desk.lab.state;
    let bars = move || {
        state.frame_tick.track();
        let opening = desk.opening.get()?;
        let values = state.stage.parts.with_value(|parts| parts.part(opening, PartKind::Exponentials).map(|(_, all)| all.to_vec()))?;
        Some(
            values
                .into_iter()
                .enumerate()
                .map(|(i, v)| view! { <li class:own=i == opening.channel><span>{i}</span><i style=format!("width:{}px", 80.0 * v)></i><span class="number">{number::signed(v)}</span></li> })
                .collect_view(),
        )
    };
    view! { <ol class="stage-bars" aria-label="e to the power of each input, over that of the greatest">{live(bars)}</ol> }.into_any()
}
