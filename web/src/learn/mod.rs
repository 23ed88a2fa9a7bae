//! Learn: short lessons, each one idea and one figure that the engine drives.
//!
//! The program of its own that the link `?learn` opens: `?learn` is the table of contents, `?learn=convolution&step=3` a
//! lesson at a step, with the figure's settings behind it where they are not as usual. It shares the worker's program, the
//! widgets and the look with the Lab, and nothing of the Lab's state but the person's image.

pub mod address;
pub mod bank;
pub mod caption;
pub mod chart;
mod contents;
pub mod controls;
pub mod desk;
pub mod digits;
pub mod engine;
pub mod grid;
mod head;
mod hook;
mod keys;
pub mod moved;
mod pad;
pub mod part;
pub mod player;
mod print;
mod progress;
mod question;
pub mod state;
pub mod strings;
pub mod trained;
pub mod trainee;
pub mod training;
mod view;

use crate::reaction::live;
use leptos::prelude::*;

use crate::{dom::document, lessons::LESSONS};
use state::{Learn, Place};

/// Mounts the lessons.
pub fn start() {
    add_styles();
    mount_to_body(App);
}

#[component]
fn App() -> impl IntoView {
    let learn = Learn::start();
    crate::shell::looks::follow(learn.theme_choice, learn.theme);
    keys::listen(learn);
    hook::start(learn);
    let lesson = Memo::new(move |_| learn.place.with(Place::lesson));
    let shown = move || match lesson.get() {
        Some(index) => view::lesson(learn, index),
        None => contents::view(learn),
    };
    view! {
        {head::view(learn)}
        {live(shown)}
        {head::help(learn)}
        {print::view(learn)}
    }
}

fn add_styles() {
    let Some(document) = document() else { return };
    let (Some(head), Ok(style)) = (document.head(), document.create_element("style")) else { return };
    let mut css = [
        include_str!("../../styles/tokens.css"),
        include_str!("../../styles/base.css"),
        include_str!("../../styles/learn.css"),
        include_str!("../../styles/figure.css"),
    ]
    .concat();
    LESSONS.iter().for_each(|lesson| css.push_str(lesson.style));
    style.set_text_content(Some(&css));
    let _ = head.append_child(&style);
}
