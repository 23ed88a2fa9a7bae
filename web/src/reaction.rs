//! Effects without one instance of Leptos for each closure.

use leptos::prelude::Effect;

/// Runs soon, and again whenever a signal that it reads has changed.
pub fn effect(run: impl FnMut() + 'static) {
    boxed(Box::new(run));
}

fn boxed(run: Box<dyn FnMut()>) {
    Effect::new(run);
}
