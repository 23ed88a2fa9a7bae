//! What training makes small: the loss, or a weighted sum of several, and how much the classes count.

use engine::{
    LossSpec, SettingKind,
    loss::{CrossEntropy, Sum, Term},
};
use leptos::prelude::*;

use crate::reaction::live;
use protocol::{ClassWeights, RunSpec};

use super::{
    rows::{self, Row},
    words,
};

/// Most losses of a sum: the engine's limit.
const TERMS: usize = 8;

/// What is said of a loss.
fn words_of(name: &str) -> (&'static str, &'static str) {
    match name {
        "cross_entropy" => ("cross-entropy", "How surprised the network is by the right class."),
        "mse" => ("squared error", "Mean square of the distances of the scores from 1 for the class and 0 for the others."),
        "l1" => ("absolute error", "Mean distance of the scores from 1 and 0: far misses count less than squared."),
        "hinge" => ("hinge", "The class's score is to lead every other by a margin; more lead earns nothing."),
        "focal" => ("focal", "Cross-entropy that counts an image the less, the surer the network already is of it."),
        "bce_with_logits" => ("binary cross-entropy", "Each score for itself says yes or no to its class."),
        "dice" => ("Dice", "How little the yeses of the scores overlap with the class; made for masks."),
        "distillation" => ("distillation", "A teacher's softened scores as the target. Without a teacher the class is all it says."),
        _ => ("weighted sum", "Several losses at once, each with its weight."),
    }
}

fn all() -> Vec<LossSpec> {
    LossSpec::all()
}

fn singles() -> Vec<LossSpec> {
    all().into_iter().filter(|l| l.name() != "sum").collect()
}

/// The terms of a sum, or the only loss.
fn term(loss: &LossSpec, place: usize) -> Option<&LossSpec> {
    match loss {
        LossSpec::Sum(sum) => sum.terms.get(place).map(|t| &t.loss),
        single => (place == 0).then_some(single),
    }
}

fn term_mut(loss: &mut LossSpec, place: usize) -> Option<&mut LossSpec> {
    match loss {
        LossSpec::Sum(sum) => sum.terms.get_mut(place).map(|t| &mut t.loss),
        single => (place == 0).then_some(single),
    }
}

fn has_cross_entropy(loss: &LossSpec) -> bool {
    loss.clone().set_class_weights(&[])
}

pub fn view(draft: RwSignal<RunSpec>) -> AnyView {
    let name = Memo::new(move |_| draft.with(|d| d.train.loss.name()));
    let names = all().iter().map(|l| (l.name(), words_of(l.name()).0)).collect();
    let pick = Callback::new(move |place: usize| {
        if let Some(loss) = all().get(place) {
            draft.update(|d| {
                // What there was is the first term of a sum.
                d.train.loss = match (loss, &d.train.loss) {
                    (LossSpec::Sum(_), old) => {
                        let second = LossSpec::Mse(engine::loss::Mse {});
                        let terms = [(1.0, old.clone()), (0.5, second)].map(|(weight, loss)| Term { weight, loss });
                        LossSpec::Sum(Sum { terms: terms.to_vec() })
                    }
                    (loss, _) => loss.clone(),
                };
                if !has_cross_entropy(&d.train.loss) {
                    d.train.class_weights = ClassWeights::AsGiven;
                }
            });
        }
    });
    let shape = Memo::new(move |_| {
        draft.with(|d| match &d.train.loss {
            LossSpec::Sum(sum) => (true, sum.terms.iter().map(|t| t.loss.name()).collect::<Vec<_>>()),
            single => (false, vec![single.name()]),
        })
    });
    let terms = move || {
        let (is_sum, names) = shape.get();
        (0..names.len()).map(|place| term_view(place, is_sum, names.len(), draft)).collect_view()
    };
    view! {
        {rows::choice("Loss", "loss", names, name, pick)}
        <p class="training-about">{move || words_of(name.get()).1}</p>
        <div class="training-terms">{live(terms)}</div>
        {move || shape.get().0.then(|| add_term(draft))}
        {class_weights(draft)}
    }
    .into_any()
}

fn term_view(place: usize, is_sum: bool, count: usize, draft: RwSignal<RunSpec>) -> AnyView {
    let name = draft.with_untracked(|d| term(&d.train.loss, place).map_or("", LossSpec::name));
    let settings = draft.with_untracked(|d| term(&d.train.loss, place).map_or(&[][..], LossSpec::settings));
    let usual = LossSpec::all().into_iter().find(|l| l.name() == name).unwrap_or_default();
    let rows = settings
        .iter()
        .map(|setting| {
            let (unit, about) = words::of("loss", setting.key);
            // The first loss has the plain names: it is mostly the only one.
            let at = if place == 0 { String::new() } else { format!("-{}", place + 1) };
            let row = Row {
                label: setting.label.to_owned(),
                unit,
                about,
                testid: format!("loss-{}{at}", setting.key.replace('_', "-")),
                kind: setting.kind,
                usual: setting.value(&usual).unwrap_or_default(),
            };
            let value = Memo::new(move |_| draft.with(|d| term(&d.train.loss, place).and_then(|l| setting.value(l))).unwrap_or_default());
            let change = Callback::new(move |value: f64| {
                draft.update(|d| {
                    if let Some(loss) = term_mut(&mut d.train.loss, place)
                        && let Some(new) = setting.with(loss, value)
                    {
                        *loss = new;
                    }
                });
            });
            rows::view(row, value.into(), change)
        })
        .collect_view();
    if !is_sum {
        return view! { <div class="training-rows">{rows}</div> }.into_any();
    }
    let weight = Row {
        label: "Weight".to_owned(),
        unit: "×",
        about: "How much this loss counts in the sum.",
        testid: format!("term-weight-{}", place + 1),
        kind: SettingKind::Number { least: 0.0, most: 1e6 },
        usual: 1.0,
    };
    let value = Memo::new(move |_| {
        draft.with(|d| match &d.train.loss {
            LossSpec::Sum(sum) => sum.terms.get(place).map_or(0.0, |t| f64::from(t.weight)),
            _ => 0.0,
        })
    });
    let change = Callback::new(move |value: f64| {
        draft.update(|d| {
            if let LossSpec::Sum(sum) = &mut d.train.loss
                && let Some(term) = sum.terms.get_mut(place)
            {
                term.weight = value as f32;
            }
        });
    });
    let choose = move |event: web_sys::Event| {
        let wanted = event_target_value(&event);
        if let Some(loss) = singles().into_iter().find(|l| l.name() == wanted) {
            draft.update(|d| {
                if let Some(term) = term_mut(&mut d.train.loss, place) {
                    *term = loss;
                }
            });
        }
    };
    let remove = move |_| {
        draft.update(|d| {
            if let LossSpec::Sum(sum) = &mut d.train.loss {
                sum.terms.remove(place);
            }
        });
    };
    view! {
        <div class="training-term">
            <label class="training-field">
                <span class="training-name">{format!("Loss {}", place + 1)}</span>
                <select data-testid=format!("term-{}", place + 1) on:change=choose>
                    {singles().into_iter().map(|l| {
                        let own = l.name();
                        view! { <option value=own selected=own == name>{words_of(own).0}</option> }
                    }).collect_view()}
                    {(name == "sum").then(|| view! { <option value="sum" selected=true>"a sum of its own"</option> })}
                </select>
            </label>
            {rows::view(weight, value.into(), change)}
            {rows}
            <button class="quiet" data-testid=format!("term-remove-{}", place + 1) disabled=count < 2 aria-label=format!("Remove loss {}", place + 1) on:click=remove>"Remove"</button>
        </div>
    }
    .into_any()
}

fn add_term(draft: RwSignal<RunSpec>) -> AnyView {
    let full = move || draft.with(|d| matches!(&d.train.loss, LossSpec::Sum(sum) if sum.terms.len() >= TERMS));
    let add = move |_| {
        draft.update(|d| {
            if let LossSpec::Sum(sum) = &mut d.train.loss {
                sum.terms.push(Term { weight: 1.0, loss: LossSpec::CrossEntropy(CrossEntropy::default()) });
            }
        });
    };
    view! { <button class="quiet" data-testid="term-add" disabled=full on:click=add>"Add a loss"</button> }.into_any()
}

/// The weights of the first cross-entropy.
fn weights_of(loss: &LossSpec) -> Option<&Vec<f32>> {
    match loss {
        LossSpec::CrossEntropy(loss) => Some(&loss.weight),
        LossSpec::Sum(sum) => sum.terms.iter().find_map(|t| weights_of(&t.loss)),
        _ => None,
    }
}

fn class_weights(draft: RwSignal<RunSpec>) -> AnyView {
    let able = Memo::new(move |_| draft.with(|d| has_cross_entropy(&d.train.loss)));
    let chosen = Memo::new(move |_| {
        draft.with(|d| match d.train.class_weights {
            ClassWeights::Balanced => "balanced",
            ClassWeights::AsGiven if weights_of(&d.train.loss).is_some_and(|w| !w.is_empty()) => "by_hand",
            ClassWeights::AsGiven => "equal",
        })
    });
    let pick = Callback::new(move |place: usize| {
        draft.update(|d| {
            d.train.class_weights = if place == 1 { ClassWeights::Balanced } else { ClassWeights::AsGiven };
            d.train.loss.set_class_weights(if place == 2 { &[1.0; data::CLASSES] } else { &[] });
        });
    });
    let by_hand = move || (chosen.get() == "by_hand").then(|| (0..data::CLASSES).map(|class| weight_view(class, draft)).collect_view());
    let shown = move || {
        if !able.get() {
            return view! { <p class="training-about">"Class weights are for cross-entropy."</p> }.into_any();
        }
        let names = vec![("equal", "equal"), ("balanced", "balanced"), ("by_hand", "by hand")];
        view! {
            {rows::choice("Class weights", "class-weights", names, chosen, pick)}
            <p class="training-about">"Balanced: the rarer a class among the digits of training, the more it counts."</p>
            <div class="training-classes">{live(by_hand)}</div>
        }
        .into_any()
    };
    view! { <h4>"Class weights"</h4> {live(shown)} }.into_any()
}

fn weight_view(class: usize, draft: RwSignal<RunSpec>) -> AnyView {
    let row = Row {
        label: super::digits::draft_name(class, draft),
        unit: "×",
        about: "",
        testid: format!("class-weight-{class}"),
        kind: SettingKind::Number { least: 0.0, most: 1e6 },
        usual: 1.0,
    };
    let value = Memo::new(move |_| draft.with(|d| weights_of(&d.train.loss).and_then(|w| w.get(class)).copied().map_or(1.0, f64::from)));
    let change = Callback::new(move |value: f64| {
        draft.update(|d| {
            let mut weights = weights_of(&d.train.loss).cloned().unwrap_or_default();
            weights.resize(data::CLASSES, 1.0);
            weights[class] = value as f32;
            d.train.loss.set_class_weights(&weights);
        });
    });
    rows::view(row, value.into(), change)
}
