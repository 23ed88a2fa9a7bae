//! Which digits train.

use engine::SettingKind;
use leptos::prelude::*;
use protocol::{RunSpec, Selection};

use super::rows::{self, Part, Row};
use crate::state::{app, class_names::ClassNames};

pub fn view(draft: RwSignal<RunSpec>) -> AnyView {
    let part = Part { name: "select", of: |d| &d.train.selection, set: |d, s| d.train.selection = s };
    view! {
        <div class="training-rows">{rows::settings(Selection::SETTINGS, part, &Selection::default(), draft)}</div>
        <details class="training-more" data-testid="select-keep">
            <summary>"Class imbalance: share kept of each class"</summary>
            <div class="training-classes">{(0..data::CLASSES).map(|class| share_view(class, draft)).collect_view()}</div>
        </details>
    }
    .into_any()
}

/// What a class of the draft is called.
pub fn draft_name(class: usize, draft: RwSignal<RunSpec>) -> String {
    let source = draft.with_untracked(|d| d.train.data);
    app().own.with(|own| ClassNames::of(source, own)).get(class).to_owned()
}

fn share_view(class: usize, draft: RwSignal<RunSpec>) -> AnyView {
    let row = Row {
        label: draft_name(class, draft),
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
