//! The dialog "Where it runs".

use leptos::prelude::*;
use protocol::{Adapter, Backend, CardReport, Check, Timing, Wish};

use super::facts;
use crate::{
    reaction::live,
    state::{Parting, Phase, app, url},
    widgets::{
        dialog::Dialog,
        icon::{Glyph, Icon},
        number,
    },
};

#[component]
pub fn Where() -> impl IntoView {
    let state = app();
    let backend = move || state.summary.with(|s| s.backend);
    // A run that was moved since knows more than what was found at start.
    let reason = move || {
        let moved = state.moved.get().filter(|_| state.card.with(|c| c.as_ref().is_none_or(|c| c.chosen != backend())));
        moved.or_else(|| state.card.with(|c| c.as_ref().map(|c| c.reason.clone())))
    };
    view! {
        <Dialog title="Where it runs" testid="card-dialog" open=state.card_open>
            <p class="card-verdict">
                <b data-testid="card-backend">{move || facts::word(backend())}</b>
                <span data-testid="card-reason">{move || reason().unwrap_or_else(|| "The graphics card is being looked at; until then the CPU does the work.".to_owned())}</span>
            </p>
            {move || state.parting.get().map(parting_view)}
            <Traffic/>
            {move || state.card_open.get().then(|| state.card.get()).flatten().map(report_view)}
            <footer class="card-end">
                <div class="card-wish">
                    <small id="card-wish">"Compute on"</small>
                    <div class="choice" role="group" aria-labelledby="card-wish">
                        {move || state.card_open.get().then(|| facts::WISHES.map(|wish| wish_view(wish, state.wish.get())).collect_view())}
                    </div>
                </div>
                <button class="quiet" data-testid="open-kernels" aria-haspopup="dialog" on:click=move |_| state.kernels_open.set(true)>
                    "The kernels, to read"<Icon glyph=Glyph::Next/>
                </button>
            </footer>
        </Dialog>
    }
}

fn wish_view((wish, word, about): (Wish, &'static str, &'static str), now: Wish) -> impl IntoView {
    view! {
        <a href=url::with_backend(wish) data-testid=format!("backend-{}", wish.name()) title=about aria-current=(wish == now).then_some("true")>{word}</a>
    }
}

/// What goes to the card and comes back, while training is on it.
#[component]
fn Traffic() -> impl IntoView {
    let state = app();
    let playing = move || state.phase.get() == Phase::Playing;
    let rate = move |value: f64| if playing() { number::rounded(value) } else { "–".to_owned() };
    move || {
        (state.card_open.get() && state.summary.with(|s| s.backend != Backend::Cpu)).then(|| {
            let of = move |pick: fn(&protocol::Traffic) -> f64| state.traffic.with(|t| t.as_ref().map_or(0.0, pick));
            view! {
                <dl class="card-traffic" data-testid="traffic">
                    <div><dd class="number" data-testid="dispatches-per-step">{move || number::short(of(|t| t.dispatches_per_step))}</dd><dt>"dispatches a step"</dt></div>
                    <div><dd class="number">{move || rate(of(|t| t.dispatches_per_second))}</dd><dt>"dispatches a second"</dt></div>
                    <div><dd class="number" data-testid="submissions">{move || rate(of(|t| t.submissions_per_second))}</dd><dt>"submissions a second"</dt></div>
                    <div><dd class="number">{move || rate(of(|t| t.read_backs_per_second))}</dd><dt>"read-backs a second"</dt></div>
                </dl>
            }
        })
    }
}

fn parting_view(Parting { step, tensor, position, cpu, gpu }: Parting) -> impl IntoView {
    view! {
        <p class="card-parting" data-testid="parting">
            {format!("CPU and card part at step {step} in {tensor}: number {position} is ")}
            <b class="number">{number::signed(cpu)}</b>" on the CPU and "<b class="number">{number::signed(gpu)}</b>" on the card."
        </p>
    }
}

fn report_view(report: CardReport) -> impl IntoView {
    let CardReport { adapter, checks, timing, .. } = report;
    let missing = adapter.is_none() && app().wish.get_untracked() != Wish::Cpu;
    view! {
        {timing.map(timing_view)}
        {missing.then(|| {
            let [why, help] = facts::remedy();
            view! { <p class="card-lead" data-testid="card-missing"><span>{why}</span>" "{help}</p> }
        })}
        <div class="card-columns">
            {adapter.map(adapter_view)}
            {(!checks.is_empty()).then(|| checks_view(checks))}
        </div>
    }
}

/// One step in both places, as two bars of one scale.
fn timing_view(timing: Timing) -> impl IntoView {
    let Timing { cpu_step_ms, gpu_step_ms, network, batch } = timing;
    let longest = cpu_step_ms.max(gpu_step_ms).max(f64::MIN_POSITIVE);
    let bar = |name: &'static str, ms: f64| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd><i style=format!("width: {:.1}%", 100.0 * ms / longest)></i><span class="number">{format!("{} ms", number::short(ms))}</span></dd>
            </div>
        }
    };
    view! {
        <section class="card-timing" data-testid="card-timing">
            <h3>"One step of training"<small>{format!("{network}, {batch} images")}</small></h3>
            <dl>{bar("CPU", cpu_step_ms)}{bar("Card", gpu_step_ms)}</dl>
        </section>
    }
}

fn adapter_view(adapter: Adapter) -> impl IntoView {
    let state = app();
    let shown = adapter.clone();
    let used = move || state.kernels.with(|k| k.iter().flat_map(|listing| &listing.files).any(|file| file.name.ends_with("subgroups")));
    let half = move || state.summary.with(|s| facts::half(&shown, s.half, s.backend));
    let subgroups = facts::subgroups(&adapter, adapter.subgroups && used());
    let kind = if adapter.software { "software, played by the processor" } else { "hardware" };
    view! {
        <section class="card-adapter" data-testid="card-adapter">
            <h3>"Graphics card"</h3>
            <dl>
                <div><dt>"Name"</dt><dd data-testid="card-name">{adapter.name.clone()}</dd></div>
                <div><dt>"Vendor"</dt><dd>{adapter.vendor.clone()}</dd></div>
                <div><dt>"Reached by"</dt><dd>{adapter.backend.clone()}</dd></div>
                <div><dt>"Kind"</dt><dd data-testid="card-kind">{kind}</dd></div>
                <div><dt>"Half precision"</dt><dd>{live(half)}</dd></div>
                <div><dt>"Subgroups"</dt><dd>{subgroups}</dd></div>
                <div><dt>"Time stamps"</dt><dd>{facts::timestamps(&adapter)}</dd></div>
            </dl>
        </section>
    }
}

fn checks_view(checks: Vec<Check>) -> impl IntoView {
    let (right, all) = (checks.iter().filter(|c| c.passed).count(), checks.len());
    view! {
        <section class="card-checks" data-testid="card-checks">
            <h3>"Self-check"<small>{format!("{right} of {all} right; worst relative errors")}</small></h3>
            <table>
                <thead class="sr-only"><tr><th scope="col">"What"</th><th scope="col">"Worst relative error"</th><th scope="col">"Verdict"</th></tr></thead>
                <tbody>{checks.into_iter().map(check_view).collect_view()}</tbody>
            </table>
        </section>
    }
}

fn check_view(Check { name, worst, passed }: Check) -> impl IntoView {
    let (mark, verdict) = if passed { ("✓", "right") } else { ("✗", "wrong") };
    let worst = match worst {
        0.0 => "0".to_owned(),
        worst if worst > 1e30 => "no number".to_owned(),
        worst => format!("{worst:.1e}").replace('-', "−"),
    };
    view! {
        <tr class:failed=!passed>
            <th scope="row">{name}</th>
            <td class="number" title="Worst relative error">{worst}</td>
            <td><span aria-hidden="true">{mark}</span><span class="sr-only">{verdict}</span></td>
        </tr>
    }
}
