//! How the images of training are changed at random, beside what that makes of the next batch.
//!
//! One component: `<Augmentation draft/>` reads and writes `draft.train.augment`.

use data::SIDE;
use engine::{
    Augment, Setting, SettingKind,
    augment::{AUGMENTATIONS, Augmentation as Entry},
};
use figures::{ColourMap, Range, Sheet, Spread};
use leptos::{html, prelude::*};
use protocol::{Preview, Previewed, RunSpec};

use crate::{
    dom::image,
    reaction::{effect, live},
    state::{Phase, app, class_names::ClassNames, lab},
    widgets::{
        icon::{Glyph, Icon},
        maps, number,
        slider::Slider,
    },
};

/// Images that are shown.
const SHOWN: usize = 40;

/// The list in parts, by the names of the entries.
const GROUPS: &[(&str, &[&str])] = &[
    ("Place", &["shift", "rotate", "scale", "shear", "perspective", "elastic"]),
    ("Mirror", &["hflip", "vflip"]),
    ("Light", &["brightness", "contrast", "blur", "noise"]),
    ("Hide", &["erase", "cutout"]),
    ("Mix", &["mixup", "cutmix"]),
    ("Random", &["rand"]),
];

#[component]
pub fn Augmentation(draft: RwSignal<RunSpec>) -> impl IntoView {
    let pointed = RwSignal::new(None::<&'static Entry>);
    let group = move |(title, names): &(&'static str, &'static [&'static str])| {
        let entries = names.iter().filter_map(|name| AUGMENTATIONS.iter().find(|a| a.name == *name));
        view! {
            <section class="augment-group">
                <h3>{*title}</h3>
                <div class="augment-sliders">{entries.map(|entry| entry_view(entry, draft, pointed)).collect_view()}</div>
            </section>
        }
    };
    view! {
        <fieldset class="augment" data-testid="augment">
            <legend>"Augmentation"</legend>
            <p class="augment-about">
                "At every step each training image is changed a little, by random amounts up to these, so that the network cannot learn the images by heart. 0: off."
            </p>
            <div class="augment-groups">{GROUPS.iter().map(group).collect_view()}</div>
            <NextBatch draft pointed/>
        </fieldset>
    }
}

/// The sliders of one entry: what only says more of it appears once it is on.
fn entry_view(entry: &'static Entry, draft: RwSignal<RunSpec>, pointed: RwSignal<Option<&'static Entry>>) -> AnyView {
    let on = Memo::new(move |_| draft.with(|d| entry.is_on(&d.train.augment)));
    let (first, more) = entry.settings.split_at(1);
    let sliders = move |settings: &'static [Setting]| settings.iter().map(|s| setting_view(s, draft)).collect_view();
    view! {
        <div class="augment-one" on:pointerover=move |_| pointed.set(Some(entry)) on:focusin=move |_| pointed.set(Some(entry))>
            {sliders(first)}
            {move || on.get().then(|| sliders(more))}
        </div>
    }
    .into_any()
}

/// Least, most, and from one position of the slider to the next.
fn steps(setting: &Setting) -> (f32, f32, f32) {
    match setting.kind {
        SettingKind::Count { least, most } => (least as f32, most as f32, 1.0),
        SettingKind::Switch => (0.0, 1.0, 1.0),
        SettingKind::Number { least, most } => {
            let step = match most {
                most if most >= 30.0 => 1.0,
                most if most >= 5.0 => 0.5,
                most if most >= 1.0 => 0.05,
                _ => 0.01,
            };
            (least, most, step)
        }
    }
}

fn setting_view(setting: &'static Setting, draft: RwSignal<RunSpec>) -> AnyView {
    let (least, most, step) = steps(setting);
    let value = move || draft.with(|d| setting.value(&d.train.augment)).unwrap_or_default() as f32;
    let set = move |place: u32| {
        // In whole steps, so that the link stays short.
        let value = ((f64::from(least) + f64::from(place) * f64::from(step)) * 1000.0).round() / 1000.0;
        draft.update(|d| {
            if let Some(augment) = setting.with(&d.train.augment, value) {
                d.train.augment = augment;
            }
        });
    };
    let testid: &'static str = testid_of(setting.key);
    view! {
        <Slider label=setting.label testid=testid last=((most - least) / step).round() as u32
            position=Signal::derive(move || ((value() - least) / step).round() as u32)
            reading=Signal::derive(move || number::short(f64::from(value())))
            on_move=set/>
    }
    .into_any()
}

/// A widget's test id is a constant: one for each setting of the list, made once.
fn testid_of(key: &'static str) -> &'static str {
    use std::{cell::RefCell, collections::HashMap};
    thread_local! {
        static IDS: RefCell<HashMap<&'static str, &'static str>> = RefCell::default();
    }
    IDS.with_borrow_mut(|ids| *ids.entry(key).or_insert_with(|| Box::leak(format!("setup-{}", key.replace('_', "-")).into_boxed_str())))
}

/// The next batch as the engine makes it of these settings, redrawn as they change.
#[component]
fn NextBatch(draft: RwSignal<RunSpec>, pointed: RwSignal<Option<&'static Entry>>) -> impl IntoView {
    let (state, lab) = (app(), lab());
    let view = state.next_batch;
    // 0: what the run itself will draw.
    let draw = RwSignal::new(0u32);
    let compare = RwSignal::new(false);
    let hovered = RwSignal::new(None::<usize>);
    let wish = Memo::new(move |_| draft.with(|d| (d.train.augment, d.train.seed)));
    let ready =
        Memo::new(move |_| state.phase.with(|p| !matches!(p, Phase::Starting | Phase::Stopped)) && state.arrived.with(|a| a.train > 0));
    effect(move || {
        let ((augment, seed), again) = (wish.get(), draw.get());
        if ready.get() && augment.check().is_ok() {
            lab.preview(Preview { ask: 0, augment, seed: seed.wrapping_add(again), count: SHOWN as u32 });
        }
    });
    let count = Memo::new(move |_| {
        view.tick.track();
        view.batch.with_value(|b| b.images.len())
    });
    let said = move || {
        view.tick.track();
        let step = view.batch.with_value(|b| b.step);
        match (count.get(), draw.get()) {
            (0, _) => "The next batch appears once digits have arrived.".to_owned(),
            (_, 0) => format!("Step {}, as it will be trained on", number::grouped(u64::from(step) + 1)),
            (_, n) => format!("The same digits, drawn anew ({n})"),
        }
    };
    let tiles = move || (0..count.get()).map(|place| tile(place, compare, hovered)).collect_view();
    view! {
        <figure class="augment-batch" data-testid="augment-batch">
            <figcaption>
                <span data-testid="augment-said">{live(said)}</span>
                <button class="quiet" aria-pressed=move || compare.get().to_string() data-testid="augment-compare" title="Show the digits as they lie in the data"
                    on:click=move |_| compare.update(|c| *c = !*c)>"Before"</button>
                <button class="quiet" aria-label="Draw anew" title="Draw anew" data-testid="augment-draw" on:click=move |_| draw.update(|d| *d = d.wrapping_add(1))>
                    <Icon glyph=Glyph::Dice/>
                </button>
            </figcaption>
            <ul class="augment-grid" aria-label="Images of the next batch" on:pointerleave=move |_| hovered.set(None)>{live(tiles)}</ul>
            <p class="augment-note" aria-live="polite">{move || note(pointed.get(), draft.with(|d| d.train.augment))}</p>
        </figure>
    }
}

/// What is said below the batch: of what is pointed at, or of the whole.
fn note(entry: Option<&'static Entry>, augment: Augment) -> String {
    match entry {
        Some(entry) => format!("{}: {}", entry.title, entry.about),
        None if augment.is_nothing() => "All off: the images are trained on as they are.".to_owned(),
        None => "Point at an image to see it as it was.".to_owned(),
    }
}

/// An image of the batch; as it was while it is pointed at.
fn tile(place: usize, compare: RwSignal<bool>, hovered: RwSignal<Option<usize>>) -> AnyView {
    let state = app();
    let view = state.next_batch;
    let node = NodeRef::<html::Canvas>::new();
    let before = Memo::new(move |_| compare.get() != (hovered.get() == Some(place)));
    effect(move || {
        view.tick.track();
        let map = maps::of(state.theme.get()).positive;
        let changed = !before.get();
        let Some(canvas) = node.get() else { return };
        view.batch.with_value(|batch| {
            if let Some(values) = batch.image(place, changed) {
                paint(values, &canvas, &map);
            }
        });
    });
    let of = move || {
        view.tick.track();
        view.batch.with_value(|b| b.images.get(place).copied())
    };
    let words = move || of().map_or_else(String::new, |image| app().classes.with(|names| of_class(image, names)));
    let shares = move || {
        of().map_or_else(String::new, |i| {
            format!("{:.0} % of {}, {:.0} % of {}", 100.0 * i.share, i.label, 100.0 * (1.0 - i.share), i.other)
        })
    };
    // The target as a bar: so much of one class, so much of the other.
    let bar = move || {
        of().map_or_else(String::new, |i| {
            let share = f64::from(i.share) * 100.0;
            format!("background: linear-gradient(90deg, var(--class-{}) {share:.1}%, var(--class-{}) {share:.1}%)", i.label, i.other)
        })
    };
    view! {
        <li data-testid="augment-image" on:pointerenter=move |_| hovered.set(Some(place))>
            <canvas node_ref=node aria-hidden="true"></canvas>
            <i class="augment-share" style=bar></i>
            <span class="number" title=shares>{live(words)}</span>
        </li>
    }
    .into_any()
}

/// The class, or both of a mix.
fn of_class(image: Previewed, names: &ClassNames) -> String {
    let name = |class: u8| names.get(usize::from(class)).to_owned();
    let own = (image.share * 100.0).round();
    if image.label == image.other || own >= 100.0 {
        return name(image.label);
    }
    if own <= 0.0 {
        return name(image.other);
    }
    format!("{} + {}", name(image.label), name(image.other))
}

fn paint(values: &[f32], canvas: &web_sys::HtmlCanvasElement, map: &ColourMap) {
    let sheet = Sheet::single(SIDE, SIDE);
    let mut pixels = vec![0; sheet.size_bytes()];
    if sheet.paint(values, map, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), &mut pixels).is_ok() {
        image::show(canvas, &pixels, SIDE as u32, SIDE as u32);
    }
}

#[cfg(test)]
mod tests {
    use data::{OwnImages, Source};

    use super::*;

    #[test]
    fn every_entry_stands_in_one_group() {
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert_eq!(grouped.len(), AUGMENTATIONS.len());
        for entry in AUGMENTATIONS {
            assert_eq!(grouped.iter().filter(|name| **name == entry.name).count(), 1, "{}", entry.name);
        }
    }

    #[test]
    fn sliders_reach_both_ends_in_whole_steps() {
        for setting in AUGMENTATIONS.iter().flat_map(|a| a.settings) {
            let (least, most, step) = steps(setting);
            let count = (most - least) / step;
            assert!((count - count.round()).abs() < 1e-3 && (1.0..=120.0).contains(&count), "{}: {count} steps", setting.key);
        }
    }

    #[test]
    fn shares_are_told() {
        let of = |label, other, share| of_class(Previewed { label, other, share }, &ClassNames::of(Source::Digits, &OwnImages::default()));
        assert_eq!((of(3, 3, 0.4), of(3, 5, 1.0), of(3, 5, 0.0)), ("3".to_owned(), "3".to_owned(), "5".to_owned()));
        assert_eq!(of(3, 5, 0.7), "3 + 5");
    }
}
