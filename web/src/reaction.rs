//! Effects and live pieces of views without one instance of Leptos for each closure.
//!
//! In a view, `{move || …}` and `attribute=move || …` are boxed by the macro (`--cfg erase_components` in
//! `.cargo/config.toml`). What stands in a variable is not: it is written `{live(words)}`.

use std::sync::{Arc, Mutex};

use leptos::{prelude::Effect, tachys::reactive_graph::SharedReactiveFunction};

/// Runs soon, and again whenever a signal that it reads has changed.
pub fn effect(run: impl FnMut() + 'static) {
    boxed(Box::new(run));
}

fn boxed(run: Box<dyn FnMut()>) {
    Effect::new(run);
}

/// A piece of a view that is made anew whenever a signal that it reads has changed.
pub fn live<T: 'static>(view: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    Arc::new(Mutex::new(view))
}
