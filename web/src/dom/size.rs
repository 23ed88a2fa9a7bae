//! How large an element is, as it changes.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::Element;

use super::frame;

/// Calls `set` with the element's width and height in CSS pixels: now, and after every change for
/// as long as the page lives. Elements without any size (hidden ones) are passed over.
pub fn follow(element: &Element, set: impl Fn((f64, f64)) + Clone + 'static) {
    let measured = element.clone();
    let measure = move || {
        let size = (f64::from(measured.client_width()), f64::from(measured.client_height()));
        if size.0 > 0.0 {
            set(size);
        }
    };
    measure();
    // In the next frame: a size that changes sizes within the same frame is an error to the browser.
    let callback = Closure::<dyn FnMut()>::new(move || {
        let measure = measure.clone();
        frame::next(move |_| measure());
    });
    if let Ok(observer) = web_sys::ResizeObserver::new(callback.as_ref().unchecked_ref()) {
        observer.observe(element);
    }
    callback.forget();
}
