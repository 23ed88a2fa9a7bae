//! Which digits are taken for which, at every evaluation of the run.

use data::CLASSES;
use figures::Confusion;
use leptos::prelude::*;
use protocol::{EvalSet, Score};

use super::{Panel, Place};
use crate::{
    reaction::{effect, live},
    state::{AppState, app, class_names::ClassNames, lab},
    widgets::{number, slider::Slider},
};

pub const PANEL: Panel = Panel {
    slug: "classes",
    title: "Classes",
    place: Place::Monitor,
    view: || view! { <Classes/> }.into_any(),
    style: include_str!("style.css"),
};

/// What is shown: an evaluation, and a cell of its matrix.
#[derive(Clone, Copy)]
struct Shown {
    state: AppState,
    /// Number of the evaluation; none shows the newest.
    place: RwSignal<Option<usize>>,
    cell: RwSignal<Option<(usize, usize)>>,
}

impl Shown {
    fn count(self) -> usize {
        self.state.scores.with(Vec::len)
    }

    fn with<T>(self, find: impl FnOnce(&Score, &Confusion) -> T) -> Option<T> {
        let place = self.place.get();
        self.state.scores.with(|scores| {
            let score = scores.get(place.unwrap_or(scores.len().checked_sub(1)?).min(scores.len() - 1))?;
            let matrix = Confusion::new(CLASSES, score.confusion.clone()).ok()?;
            Some(find(score, &matrix))
        })
    }
}

fn set_name(set: EvalSet) -> &'static str {
    match set {
        EvalSet::Validation => "validation",
        EvalSet::Test => "test",
    }
}

#[component]
fn Classes() -> impl IntoView {
    let shown = Shown { state: app(), place: RwSignal::new(None), cell: RwSignal::new(None) };
    // Another run has other evaluations.
    effect(move || {
        shown.state.run.track();
        shown.place.set(None);
    });
    let any = Memo::new(move |_| shown.count() > 0);
    view! {
        <div class="classes-top">
            {scrub(shown)}
            <button class="quiet" data-testid="classes-evaluate" on:click=move |_| lab().evaluate(EvalSet::Validation)>"Evaluate now"</button>
        </div>
        <Show when=move || any.get() fallback=|| view! { <p class="monitor-note">"Nothing has been evaluated yet: that is done after each epoch, or now."</p> }>
            <div class="classes-body">
                {matrix(shown)}
                {table(shown)}
                {quality(shown)}
            </div>
        </Show>
    }
}

fn scrub(shown: Shown) -> AnyView {
    let count = Memo::new(move |_| shown.count());
    let position = Signal::derive(move || shown.place.get().unwrap_or(count.get().saturating_sub(1)) as u32);
    let said = Signal::derive(move || {
        let words = |s: &Score, _: &Confusion| {
            format!("{}, step {}: {} right", set_name(s.set), number::grouped(u64::from(s.step)), number::percent(s.accuracy))
        };
        shown.with(words).unwrap_or_else(|| "–".to_owned())
    });
    let turn = move |to: u32| shown.place.set((to as usize + 1 < count.get_untracked()).then_some(to as usize));
    let last = Signal::derive(move || count.get().saturating_sub(1) as u32);
    view! { <div class="look-back"><Slider label="Evaluation" testid="classes-scrub" last position reading=said on_move=turn/></div> }
        .into_any()
}

/// The matrix as a table: the colour of a cell says how often, blue for right answers and orange for mistakes.
fn matrix(shown: Shown) -> AnyView {
    let shares = Memo::new(move |_| shown.with(|_, m| (m.shares(), m.counts().to_vec())).unwrap_or_default());
    let theme = shown.state.theme;
    let cell = move |truth: usize, answer: usize| {
        let place = truth * CLASSES + answer;
        let style = move || {
            let share = shares.with(|s| s.0.get(place).copied().unwrap_or(0.0));
            let map = &crate::widgets::maps::of(theme.get()).signed;
            let colour = map.at(share);
            format!("background:{colour};color:{}", colour.ink_on())
        };
        let count = move || shares.with(|s| s.1.get(place).copied().unwrap_or(0));
        let label = move || format!("{} taken for {}: {}", shown.state.class_name(truth), shown.state.class_name(answer), count());
        view! {
            <td style=style>
                <button aria-label=label aria-pressed=move || (shown.cell.get() == Some((truth, answer))).to_string() data-testid=format!("confusion-{truth}-{answer}")
                    on:click=move |_| shown.cell.set(Some((truth, answer)))>{move || Some(count()).filter(|c| *c > 0)}</button>
            </td>
        }
        .into_any()
    };
    let row = move |truth: usize| {
        view! { <tr><th scope="row">{name_view(shown, truth)}</th>{(0..CLASSES).map(|answer| cell(truth, answer)).collect_view()}</tr> }
            .into_any()
    };
    view! {
        <table class="classes-matrix number" class:wordy=move || shown.state.classes.with(ClassNames::is_wordy) data-testid="confusion">
            <caption>{move || shown.state.classes.with(|names| format!("down: the {}, across: the answer", names.noun))}</caption>
            <thead><tr><td></td>{(0..CLASSES).map(|c| view! { <th scope="col">{name_view(shown, c)}</th> }).collect_view()}</tr></thead>
            <tbody>{(0..CLASSES).map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn name_view(shown: Shown, class: usize) -> AnyView {
    view! { <span>{move || shown.state.class_name(class)}</span> }.into_any()
}

fn table(shown: Shown) -> AnyView {
    let text = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), number::percent);
    let row = move |class: usize| {
        let of = move |find: fn(&Confusion, usize) -> Option<f64>| text(shown.with(|_, m| find(m, class)).flatten());
        view! {
            <tr>
                <th scope="row">{name_view(shown, class)}</th>
                <td>{move || of(|m, c| m.precision(c))}</td>
                <td>{move || of(|m, c| m.recall(c))}</td>
                <td data-testid=format!("class-f1-{class}")>{move || of(|m, c| m.f1(c))}</td>
                <td>{move || text(shown.with(|s, _| s.quality.as_ref().and_then(|q| q.roc_auc.get(class).copied().flatten())).flatten())}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <table class="classes-table number" data-testid="class-table">
            <thead><tr>
                <th scope="col">"class"</th>
                <th scope="col" title="Of all answers of this class, the share that is right">"precision"</th>
                <th scope="col" title="Of all digits of this class, the share that is found">"recall"</th>
                <th scope="col" title="The harmonic mean of both">"F1"</th>
                <th scope="col" title="The chance that a digit of this class gets a higher probability for it than one of another">"AUC"</th>
            </tr></thead>
            <tbody>{(0..CLASSES).map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn quality(shown: Shown) -> AnyView {
    let words = move || {
        let (truth, answer) = shown.cell.get()?;
        shown.with(|_, m| {
            let (count, all) = (m.count(truth, answer), (0..CLASSES).map(|c| m.count(truth, c)).sum::<u32>());
            if truth == answer {
                format!("{count} of {all} images of {} were recognised.", shown.state.class_name(truth))
            } else {
                format!(
                    "{count} of {all} images of {} were taken for {}.",
                    shown.state.class_name(truth),
                    shown.state.classes.with(|n| n.with_article(answer))
                )
            }
        })
    };
    let facts = move || {
        shown
            .with(|score, _| {
                let q = score.quality.as_ref()?;
                let fact = |name: &'static str, about: &'static str, value: String| {
                    view! { <div title=about><dt>{name}</dt><dd class="number">{value}</dd></div> }.into_any()
                };
                Some(view! {
                <dl class="classes-facts" data-testid="class-quality">
                    {fact("loss", "Mean over the set", number::short(score.loss))}
                    {fact("right in 2", "Share of digits whose class is among the two most probable ones", number::percent(q.top_2))}
                    {fact("right in 3", "Share of digits whose class is among the three most probable ones", number::percent(q.top_3))}
                    {fact("ECE", "Expected calibration error: how far certainty and rate of success lie apart", number::short(q.ece))}
                    {fact("Brier", "Squared distance from certainty in the right class, 0 to 2", number::short(q.brier))}
                </dl>
            }.into_any())
            })
            .flatten()
    };
    view! {
        <div class="classes-side">
            {live(facts)}
            <p class="monitor-note" aria-live="polite" data-testid="confusion-words">{move || words().unwrap_or_else(|| "Choose a cell to read it.".to_owned())}</p>
        </div>
    }
    .into_any()
}
