//! What training makes small: the loss and its settings.

use engine::LossSpec;
use leptos::prelude::*;
use protocol::RunSpec;

use crate::widgets::{number, slider::Slider};

/// What is said of a loss.
fn words(loss: &LossSpec) -> (&'static str, &'static str) {
    match loss {
        LossSpec::CrossEntropy(_) => (
            "cross-entropy",
            "How surprised the network is by the right class. Smoothing spreads part of the target over all classes, so that it need not be entirely sure.",
        ),
        LossSpec::Mse(_) => ("squared error", "Mean square of the distances of the scores from 1 for the class and 0 for the others."),
        LossSpec::L1(_) => {
            ("absolute error", "Mean distance of the scores from 1 for the class and 0 for the others: far misses count less than squared.")
        }
        LossSpec::Hinge(_) => ("hinge", "The class's score is to lead every other by a margin; more lead earns nothing."),
        LossSpec::Focal(_) => ("focal", "Cross-entropy that counts an image the less, the surer the network already is of it."),
        LossSpec::BceWithLogits(_) => ("binary cross-entropy", "Each score for itself says yes or no to its class."),
        LossSpec::Dice(_) => ("Dice", "How little the yeses of the scores overlap with the class; made for masks."),
        LossSpec::Distillation(_) => {
            ("distillation", "A teacher's softened scores as the target. Without a teacher the class is all it says.")
        }
        LossSpec::Sum(_) => ("sum", "Several losses at once, each with its weight."),
    }
}

/// A setting that has a slider.
struct Setting {
    label: &'static str,
    testid: &'static str,
    /// The loss that has it.
    loss: &'static str,
    /// Lowest position that is taken: a temperature of 0 would be divided by.
    least: u32,
    last: u32,
    /// Positions of the slider to one of the setting.
    per_one: f32,
    field: fn(&mut LossSpec) -> Option<&mut f32>,
}

macro_rules! field {
    ($loss:ident, $field:ident) => {
        |loss| match loss {
            LossSpec::$loss(settings) => Some(&mut settings.$field),
            _ => None,
        }
    };
}

static SETTINGS: [Setting; 5] = [
    Setting {
        label: "Smoothing",
        testid: "setup-smoothing",
        loss: "cross_entropy",
        least: 0,
        last: 25,
        per_one: 50.0,
        field: field!(CrossEntropy, label_smoothing),
    },
    Setting { label: "Margin", testid: "setup-margin", loss: "hinge", least: 0, last: 20, per_one: 4.0, field: field!(Hinge, margin) },
    Setting { label: "Gamma", testid: "setup-gamma", loss: "focal", least: 0, last: 20, per_one: 4.0, field: field!(Focal, gamma) },
    Setting {
        label: "Temperature",
        testid: "setup-temperature",
        loss: "distillation",
        least: 1,
        last: 40,
        per_one: 4.0,
        field: field!(Distillation, temperature),
    },
    Setting {
        label: "Teacher's share",
        testid: "setup-alpha",
        loss: "distillation",
        least: 0,
        last: 20,
        per_one: 20.0,
        field: field!(Distillation, alpha),
    },
];

#[component]
pub fn Objective(draft: RwSignal<RunSpec>) -> impl IntoView {
    let name = Memo::new(move |_| draft.with(|d| d.train.loss.name()));
    let choices = move || {
        // A sum can be written into a link; here it is only shown.
        let offered = LossSpec::all().into_iter().filter(|l| l.name() != "sum" || name.get() == "sum");
        offered.map(|loss| choice(loss, draft, name)).collect_view()
    };
    let sliders = move || SETTINGS.iter().filter(|s| s.loss == name.get()).map(|s| slider(s, draft)).collect_view();
    view! {
        <fieldset class="setup-loss">
            <legend>"Loss"</legend>
            <div class="choice" role="radiogroup" aria-label="Loss">{choices}</div>
            <p>{move || { name.track(); draft.with_untracked(|d| words(&d.train.loss).1) }}</p>
            <div class="setup-sliders">{sliders}</div>
        </fieldset>
    }
}

fn choice(loss: LossSpec, draft: RwSignal<RunSpec>, name: Memo<&'static str>) -> impl IntoView {
    let own = loss.name();
    let (title, _) = words(&loss);
    view! {
        <button role="radio" data-testid=format!("loss-{}", own.replace('_', "-")) aria-checked=move || (name.get() == own).to_string()
            on:click=move |_| if name.get_untracked() != own { draft.update(|d| d.train.loss = loss.clone()); }>{title}</button>
    }
}

fn slider(setting: &'static Setting, draft: RwSignal<RunSpec>) -> impl IntoView {
    let value = move || {
        let mut loss = draft.with(|d| d.train.loss.clone());
        (setting.field)(&mut loss).copied().unwrap_or_default()
    };
    let set = move |place: u32| {
        draft.update(|d| {
            if let Some(field) = (setting.field)(&mut d.train.loss) {
                *field = place.max(setting.least) as f32 / setting.per_one;
            }
        });
    };
    view! {
        <Slider label=setting.label testid=setting.testid last=setting.last
            position=Signal::derive(move || (value() * setting.per_one).round() as u32)
            reading=Signal::derive(move || number::short(f64::from(value())))
            on_move=set/>
    }
}
