//! Images that may be kept: shown as the network would see them, each with its class, before they are taken.

use data::{CLASSES, PIXELS, SIDE};
use figures::{Range, Sheet, Spread};
use leptos::{html, prelude::*};

use crate::{
    dom::image,
    reaction::{effect, live},
    state::{app, lab, own::Own},
    widgets::maps,
};

/// Shown one by one; of more the first so many.
const SHOWN: usize = 120;

#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub image: [u8; PIXELS],
    pub class: u8,
    /// What the class is to be called, where a folder or a file names it.
    pub name: Option<String>,
}

#[derive(Clone, Copy)]
pub struct Candidates(pub RwSignal<Vec<Candidate>>);

impl Candidates {
    pub fn new() -> Self {
        Self(RwSignal::new(Vec::new()))
    }

    /// Shows these, and says what was left out.
    pub fn show(self, own: Own, found: Vec<Candidate>, left_out: &[String]) {
        let words = match (found.len(), left_out) {
            (0, []) => "Nothing was found in it.".to_owned(),
            (0, [first, ..]) => format!("No image was found: {first}."),
            (count, []) => format!("{count} images, as the network will see them. Check the classes, then keep them."),
            (count, [first, rest @ ..]) => {
                let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
                format!("{count} images. Left out: {first}{more}.")
            }
        };
        own.told.set(Some((!found.is_empty(), words)));
        self.0.set(found);
    }
}

pub fn view(candidates: Candidates) -> AnyView {
    let list = candidates.0;
    let any = Memo::new(move |_| list.with(|l| !l.is_empty()));
    let keep = move |_| {
        let found = list.get_untracked();
        let told = format!("{} images were kept.", found.len());
        lab().change_own(told, move |own| {
            let mut own_new = own.clone();
            for Candidate { image, class, name } in &found {
                let class = match name {
                    Some(name) => own_new
                        .class_named(name)
                        .ok_or_else(|| format!("{name} would be an eleventh class: ten are all that a network here tells apart."))?,
                    None => *class,
                };
                own_new.add(image, class).map_err(|e| format!("Nothing was kept: {e}."))?;
            }
            *own = own_new;
            Ok(())
        });
        if app().own.told.with_untracked(|t| t.as_ref().is_some_and(|t| t.0)) {
            list.set(Vec::new());
        }
    };
    let tiles = move || {
        any.get().then(|| {
            let shown = list.with(|l| l.len().min(SHOWN));
            let more = list.with(Vec::len).saturating_sub(SHOWN);
            view! {
                <ul class="own-candidates" data-testid="own-candidates">{(0..shown).map(|place| tile(place, candidates)).collect_view()}</ul>
                {(more > 0).then(|| view! { <p class="data-own-about">{format!("and {more} more, as they lie in the file")}</p> })}
                <p class="own-actions">
                    <button class="primary" data-testid="own-keep" on:click=keep>{move || format!("Keep {} images", list.with(Vec::len))}</button>
                    <button class="quiet" data-testid="own-discard" on:click=move |_| list.set(Vec::new())>"Discard"</button>
                </p>
            }
            .into_any()
        })
    };
    view! { {live(tiles)} }.into_any()
}

fn tile(place: usize, candidates: Candidates) -> AnyView {
    let list = candidates.0;
    let node = NodeRef::<html::Canvas>::new();
    effect(move || {
        let map = maps::of(app().theme.get()).positive;
        let Some(canvas) = node.get() else { return };
        list.with(|l| {
            if let Some(candidate) = l.get(place) {
                paint(&canvas, &candidate.image, &map);
            }
        });
    });
    let class = move || list.with(|l| l.get(place).map_or(0, |c| c.class));
    let name = move || list.with(|l| l.get(place).and_then(|c| c.name.clone()));
    let choose = move |event| {
        let text = event_target_value(&event);
        list.update(|l| {
            if let Some(candidate) = l.get_mut(place) {
                match text.parse::<u8>() {
                    Ok(class) => (candidate.class, candidate.name) = (class, None),
                    Err(_) => candidate.name = Some(text.clone()),
                }
            }
        });
    };
    let named = name();
    view! {
        <li>
            <canvas node_ref=node width="28" height="28" aria-hidden="true"></canvas>
            <select data-testid=format!("own-class-{place}") aria-label=format!("Class of image {}", place + 1) on:change=choose>
                {named.clone().map(|n| view! { <option value=n.clone() selected=true>{n.clone()}</option> })}
                {(0..CLASSES).map(|c| view! { <option value=c.to_string() selected=move || named_none(&name()) && usize::from(class()) == c>{own_name(c)}</option> }).collect_view()}
            </select>
        </li>
    }
    .into_any()
}

fn named_none(name: &Option<String>) -> bool {
    name.is_none()
}

/// What a class of one's own is called.
pub fn own_name(class: usize) -> String {
    app().own.with(|own| own.name(class))
}

/// The 784 grey values, in the colours of the theme.
pub fn paint(canvas: &web_sys::HtmlCanvasElement, grey: &[u8], map: &figures::ColourMap) {
    let values: Vec<f32> = grey.iter().map(|g| f32::from(*g) / 255.0).collect();
    let sheet = Sheet::single(SIDE, SIDE);
    let mut pixels = vec![0; sheet.size_bytes()];
    if sheet.paint(&values, map, Spread::Fixed(Range { lo: 0.0, hi: 1.0 }), &mut pixels).is_ok() {
        image::show(canvas, &pixels, SIDE as u32, SIDE as u32);
    }
}
