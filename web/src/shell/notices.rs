//! What the user is told, until it is dismissed.

use leptos::prelude::*;

use crate::{
    dom::frame,
    state::{Notice, NoticeKind, app, lab},
    widgets::icon::{Glyph, Icon},
};

/// After this time what is merely told goes by itself.
const TOLD_MS: i32 = 9_000;

#[component]
pub fn Notices() -> impl IntoView {
    let state = app();
    view! {
        <div class="notices" role="status" aria-live="polite" data-testid="notices">
            <For each=move || state.notices.get() key=|notice| notice.id children=notice_view/>
        </div>
    }
}

fn notice_view(notice: Notice) -> impl IntoView {
    let (state, lab) = (app(), lab());
    let Notice { id, kind, text, remedy } = notice;
    if kind == NoticeKind::Told {
        frame::after(TOLD_MS, move || state.dismiss(id));
    }
    let class = match kind {
        NoticeKind::Told => "notice told",
        NoticeKind::Warned => "notice warned",
        NoticeKind::Failed => "notice failed",
    };
    view! {
        <div class=class data-testid="notice">
            <p>{text}</p>
            {remedy.map(|remedy| view! {
                <button class="quiet" data-testid="remedy" on:click=move |_| { state.dismiss(id); lab.remedy(remedy); }>{remedy.label()}</button>
            })}
            <button class="quiet" aria-label="Dismiss" data-testid="dismiss" on:click=move |_| state.dismiss(id)><Icon glyph=Glyph::Close/></button>
        </div>
    }
}
