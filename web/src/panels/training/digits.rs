//! Which digits train.

use std::ops::RangeInclusive;

use engine::{
    Augment, SettingKind,
    augment::{ROTATIONS, SCALES, SHIFTS},
};
use leptos::prelude::*;
use protocol::{RunSpec, Selection};

use super::rows::{self, Part, Row};
use crate::widgets::{number, slider::Slider};

pub fn view(draft: RwSignal<RunSpec>) -> AnyView {
    let part = Part { name: "select", of: |d| &d.train.selection, set: |d, s| d.train.selection = s };
    view! {
        <div class="training-rows">{rows::settings(Selection::SETTINGS, part, &Selection::default(), draft)}</div>
        <details class="training-more" data-testid="select-keep">
            <summary>"Class imbalance: share kept of each class"</summary>
            <div class="training-classes">{(0..data::CLASSES).map(|class| share_view(class, draft)).collect_view()}</div>
        </details>
        <h4>"Augmentation"</h4>
        <p class="training-about">"Each training image is moved a little at every step, by random amounts up to these."</p>
        <div class="training-augment">{AUGMENTS.iter().map(|setting| augment_view(setting, draft)).collect_view()}</div>
    }
    .into_any()
}

fn share_view(class: usize, draft: RwSignal<RunSpec>) -> AnyView {
    let row = Row {
        label: class.to_string(),
        unit: "share",
        about: "",
        testid: format!("keep-{class}"),
        kind: SettingKind::Number { least: 0.0, most: 1.0 },
        usual: 1.0,
    };
    let value = Memo::new(move |_| draft.with(|d| d.train.selection.keep.get(class).copied().map_or(1.0, f64::from)));
    let change = Callback::new(move |value: f64| {
        draft.update(|d| {
            let keep = &mut d.train.selection.keep;
            keep.resize(data::CLASSES, 1.0);
            keep[class] = value as f32;
            // What is all there need not be said.
            while keep.last() == Some(&1.0) {
                keep.pop();
            }
        });
    });
    rows::view(row, value.into(), change)
}

/// A part of the augmentation, set in steps of a fraction of its unit.
struct AugmentSetting {
    label: &'static str,
    testid: &'static str,
    limits: RangeInclusive<f32>,
    /// Positions of the slider to one of the setting.
    per_one: f32,
    /// What the slider shows for one of the setting.
    shown: f32,
    field: fn(&mut Augment) -> &mut f32,
}

static AUGMENTS: [AugmentSetting; 3] = [
    AugmentSetting { label: "Shift, px", testid: "setup-shift", limits: SHIFTS, per_one: 2.0, shown: 1.0, field: |a| &mut a.shift },
    AugmentSetting { label: "Rotate, °", testid: "setup-rotate", limits: ROTATIONS, per_one: 1.0, shown: 1.0, field: |a| &mut a.rotate },
    AugmentSetting { label: "Scale, %", testid: "setup-scale", limits: SCALES, per_one: 100.0, shown: 100.0, field: |a| &mut a.scale },
];

fn augment_view(setting: &'static AugmentSetting, draft: RwSignal<RunSpec>) -> impl IntoView {
    let value = move || {
        let mut augment = draft.with(|d| d.train.augment);
        *(setting.field)(&mut augment)
    };
    view! {
        <Slider label=setting.label testid=setting.testid last=(setting.limits.end() * setting.per_one) as u32
            position=Signal::derive(move || (value() * setting.per_one).round() as u32)
            reading=Signal::derive(move || number::short(f64::from(value() * setting.shown)))
            on_move=move |place| draft.update(|d| *(setting.field)(&mut d.train.augment) = place as f32 / setting.per_one)/>
    }
}
