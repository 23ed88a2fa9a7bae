//! A modal dialog: the browser keeps the focus inside and closes it on Escape.

use leptos::{html, prelude::*};

use crate::reaction::effect;

use super::icon::{Glyph, Icon};

#[component]
pub fn Dialog(title: &'static str, testid: &'static str, open: RwSignal<bool>, children: Children) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    effect(move || {
        let wanted = open.get();
        if let Some(dialog) = node.get() {
            if wanted && !dialog.open() {
                // Fails only where the dialog is in no document.
                let _ = dialog.show_modal();
            } else if !wanted && dialog.open() {
                dialog.close();
            }
        }
    });
    // A click on the dialog itself, and not on something in it, is one beside its contents.
    let outside = move |event: web_sys::MouseEvent| {
        if let Some(dialog) = node.get()
            && event.target().as_ref() == Some(dialog.as_ref())
        {
            open.set(false);
        }
    };
    view! {
        <dialog class="dialog" node_ref=node data-testid=testid aria-label=title on:close=move |_| open.set(false) on:click=outside>
            <div class="dialog-body">
                <header class="dialog-head">
                    <h2>{title}</h2>
                    <button class="quiet" aria-label="Close" data-testid=format!("{testid}-close") on:click=move |_| open.set(false)>
                        <Icon glyph=Glyph::Close/>
                    </button>
                </header>
                {children()}
            </div>
        </dialog>
    }
}
