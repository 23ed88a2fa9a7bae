//! A setting as a row: label, control, unit, one line about it, its limits, and a way back to the usual value.

use engine::{Setting, SettingKind, json::Read};
use leptos::prelude::*;
use protocol::RunSpec;
use serde::Serialize;

use super::words;
use crate::widgets::number;

/// What a row is about.
pub struct Row {
    pub label: String,
    pub unit: &'static str,
    pub about: &'static str,
    pub testid: String,
    pub kind: SettingKind,
    pub usual: f64,
}

/// A part of the run whose settings stand in a list.
pub struct Part<T: 'static> {
    /// Of test ids and of [`words::of`].
    pub name: &'static str,
    pub of: fn(&RunSpec) -> &T,
    pub set: fn(&mut RunSpec, T),
}

impl<T> Clone for Part<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Part<T> {}

/// The settings of a part, and what they usually are.
pub fn settings<T: Serialize + Read>(list: &'static [Setting], part: Part<T>, usual: &T, draft: RwSignal<RunSpec>) -> AnyView {
    list.iter().map(|setting| setting_row(setting, part, usual, draft)).collect_view().into_any()
}

fn setting_row<T: Serialize + Read>(setting: &'static Setting, part: Part<T>, usual: &T, draft: RwSignal<RunSpec>) -> AnyView {
    let (unit, about) = words::of(part.name, setting.key);
    let row = Row {
        label: setting.label.to_owned(),
        unit,
        about,
        // Some rules are called as a setting of theirs is.
        testid: format!("{}-{}", if part.name == "optimizer" { "rule" } else { part.name }, setting.key.replace(['/', '_'], "-")),
        kind: setting.kind,
        usual: setting.value(usual).unwrap_or_default(),
    };
    let value = Memo::new(move |_| draft.with(|d| setting.value((part.of)(d))).unwrap_or_default());
    let change = Callback::new(move |value: f64| {
        draft.update(|d| {
            if let Some(spec) = setting.with((part.of)(d), value) {
                (part.set)(d, spec);
            }
        });
    });
    view(row, value.into(), change)
}

/// The row of a number or a switch (0 or 1).
pub fn view(row: Row, value: Signal<f64>, change: Callback<f64>) -> AnyView {
    let Row { label, unit, about, testid, kind, usual } = row;
    let problem = RwSignal::new(None::<String>);
    let about_id = format!("about-{testid}");
    let is_changed = move || (value.get() - usual).abs() > 1e-6 * usual.abs().max(1e-6);
    let reset_label = match kind {
        SettingKind::Switch => format!("Reset {label} to {}", if usual == 0.0 { "off" } else { "on" }),
        _ => format!("Reset {label} to {}", text_of(kind, usual)),
    };
    let reset = view! {
        <button class="training-reset" data-testid=format!("{testid}-reset") aria-label=reset_label.clone() title=reset_label
            style:visibility=move || if is_changed() { "visible" } else { "hidden" }
            on:click=move |_| { problem.set(None); change.run(usual); }>"↺"</button>
    };
    let limits = match kind {
        SettingKind::Number { least, most } => format!("{} to {}", number::rate(least), shown(f64::from(most))),
        SettingKind::Count { least, most } => format!("{least} to {}", shown(f64::from(most))),
        SettingKind::Switch => String::new(),
    };
    let control = match kind {
        SettingKind::Switch => view! {
            <label class="switch">
                <input type="checkbox" role="switch" data-testid=testid.clone() aria-describedby=about_id.clone() prop:checked=move || value.get() != 0.0
                    on:change=move |event| change.run(f64::from(u8::from(event_target_checked(&event))))/>
                <span class="training-name">{label}</span>
            </label>
        }
        .into_any(),
        _ => {
            let hear = move |text: String| match read(kind, &text) {
                Ok(value) => {
                    problem.set(None);
                    change.run(value);
                }
                Err(why) => problem.set(Some(why)),
            };
            view! {
                <label class="training-field">
                    <span class="training-name">{label}</span>
                    <span class="training-entry">
                        <input class="number" type="text" inputmode="decimal" autocomplete="off" data-testid=testid.clone() aria-describedby=about_id.clone()
                            aria-invalid=move || problem.with(Option::is_some).to_string() title=limits.clone()
                            prop:value=move || text_of(kind, value.get()) on:change=move |event| hear(event_target_value(&event))/>
                        <i>{unit}</i>
                    </span>
                </label>
            }
            .into_any()
        }
    };
    view! {
        <div class="training-row">
            {control}
            {reset}
            <p class="training-about" id=about_id>
                {move || match problem.get() {
                    Some(why) => view! { <span class="training-problem" role="alert">{why}</span> }.into_any(),
                    None => view! { {about} }.into_any(),
                }}
            </p>
        </div>
    }
    .into_any()
}

fn shown(value: f64) -> String {
    if value >= 1e5 { number::large(value) } else { number::rate(value as f32) }
}

/// # Errors
/// What is wrong with the text.
fn read(kind: SettingKind, text: &str) -> Result<f64, String> {
    let text = text.trim().replace(',', ".");
    let value: f64 = text.parse().map_err(|_| format!("“{text}” is no number."))?;
    let (least, most) = match kind {
        SettingKind::Number { least, most } => (f64::from(least), f64::from(most)),
        SettingKind::Count { least, most } => (f64::from(least), f64::from(most)),
        SettingKind::Switch => (0.0, 1.0),
    };
    if matches!(kind, SettingKind::Count { .. }) && value.fract() != 0.0 {
        return Err("A whole number is needed.".to_owned());
    }
    // In the form in which it is kept: limits are not cut by the digits of another.
    if f64::from(value as f32) < least || f64::from(value as f32) > most || !value.is_finite() {
        return Err(format!("{text} must lie in {} to {}.", number::rate(least as f32), shown(most)));
    }
    Ok(value)
}

fn text_of(kind: SettingKind, value: f64) -> String {
    match kind {
        SettingKind::Count { .. } => format!("{value:.0}"),
        // As it was written: three digits would make 1 of 0.9999.
        _ => {
            let (plain, value) = ((value as f32).to_string(), value as f32);
            if plain.len() <= 8 { plain } else { number::rate(value) }
        }
    }
}

/// One of a few, as a row of buttons. `names`: word of the test id, what is shown.
pub fn choice(
    label: &'static str,
    testid: &'static str,
    names: Vec<(&'static str, &'static str)>,
    chosen: Memo<&'static str>,
    pick: Callback<usize>,
) -> AnyView {
    let buttons = names.into_iter().enumerate().map(|(place, (name, title))| {
        view! {
            <button role="radio" data-testid=format!("{testid}-{}", name.replace('_', "-")) aria-checked=move || (chosen.get() == name).to_string()
                on:click=move |_| if chosen.get_untracked() != name { pick.run(place); }>{title}</button>
        }
    });
    view! { <div class="choice training-choice" role="radiogroup" aria-label=label>{buttons.collect_view()}</div> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_or_explained() {
        let number = SettingKind::Number { least: 0.0, most: 1.0 };
        assert_eq!(read(number, " 0,5 "), Ok(0.5));
        assert_eq!(read(number, "2"), Err("2 must lie in 0 to 1.".to_owned()));
        assert_eq!(read(number, "x"), Err("“x” is no number.".to_owned()));
        assert!(read(number, "NaN").is_err() && read(number, "inf").is_err());
        let count = SettingKind::Count { least: 1, most: 1024 };
        assert_eq!(read(count, "1.5"), Err("A whole number is needed.".to_owned()));
        assert_eq!(read(count, "1024"), Ok(1024.0));
        // The limit of an f32 is taken as it is written.
        assert_eq!(read(SettingKind::Number { least: 0.0, most: 0.999_999 }, "0.999999"), Ok(0.999_999));
    }

    /// Every setting that the engine lists has its line.
    #[test]
    fn nothing_goes_without_a_word() {
        use engine::{Init, LossSpec, OptimizerSpec, ScheduleSpec, Treatment, schedule::CurveSpec};
        let check = |part: &str, list: &[Setting]| {
            for setting in list {
                assert!(!words::of(part, setting.key).1.is_empty(), "{part}: {}", setting.key);
            }
        };
        OptimizerSpec::all().iter().for_each(|o| check("optimizer", o.rule().settings()));
        CurveSpec::all().iter().for_each(|c| check("schedule", c.curve().settings()));
        LossSpec::all().iter().for_each(|l| check("loss", l.settings()));
        Init::ALL.iter().for_each(|i| check("init", i.settings()));
        check("schedule", ScheduleSpec::SETTINGS);
        check("update", Treatment::SETTINGS);
        check("select", protocol::Selection::SETTINGS);
        check("stop", protocol::Stopping::SETTINGS);
    }
}
