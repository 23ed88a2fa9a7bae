//! What is said about the graphics card, in words.

use js_sys::Reflect;
use protocol::{Adapter, Backend, Wish};
use wasm_bindgen::JsValue;

use crate::dom::window;

/// As the numbers panel says it.
pub fn word(backend: Backend) -> &'static str {
    match backend {
        Backend::Cpu => "CPU",
        Backend::Gpu => "GPU",
        Backend::Twin => "TWIN",
    }
}

/// The choices of the link, as the page names them.
pub const WISHES: [(Wish, &str, &str); 4] = [
    (Wish::Auto, "Auto", "The card where it is right and faster, else the CPU"),
    (Wish::Cpu, "CPU", "The CPU alone"),
    (Wish::Gpu, "GPU", "The graphics card, however slow"),
    (Wish::Twin, "Twin", "Both, step by step, and where they part"),
];

/// A name that fits a small place: without what stands in brackets and without what all cards are called.
pub fn short_name(name: &str) -> String {
    let plain = name.split(['(', ',', '/']).next().unwrap_or(name);
    let words = plain.split_whitespace().filter(|w| !["NVIDIA", "AMD", "Intel", "GeForce", "Graphics", "Device", "GPU"].contains(w));
    let short = words.collect::<Vec<_>>().join(" ");
    if short.is_empty() { plain.trim().to_owned() } else { short }
}

/// Whether half precision is there, and whether this run stores activations so.
pub fn half(adapter: &Adapter, used: bool, backend: Backend) -> &'static str {
    match (adapter.half, used, backend) {
        (false, ..) => "not offered",
        (true, true, _) => "offered; activations are stored so",
        (true, false, Backend::Gpu) => "offered; not used here",
        (true, false, _) => "offered",
    }
}

/// Whether sums across a subgroup are there, and whether a kernel of this network sums so.
pub fn subgroups(adapter: &Adapter, used: bool) -> &'static str {
    match (adapter.subgroups, used) {
        // The library maps no such feature of a browser's adapter (wgpu 30).
        (false, _) if adapter.backend == "browser webgpu" => "not yet passed on by wgpu",
        (false, _) => "not offered",
        (true, true) => "offered; this network's sums use them",
        (true, false) => "offered; this network has no use for them",
    }
}

pub fn timestamps(adapter: &Adapter) -> &'static str {
    if adapter.timestamps { "offered; the benchmarks read them" } else { "not offered" }
}

/// What stands in the way of WebGPU here, and what would help.
pub fn remedy() -> [&'static str; 2] {
    let Some(window) = window() else { return ["", ""] };
    if !window.is_secure_context() {
        return ["Browsers keep WebGPU from pages that do not come by https or from localhost.", "The same page by https has it."];
    }
    let gpu = Reflect::get(&window.navigator(), &JsValue::from_str("gpu")).unwrap_or_default();
    if gpu.is_undefined() || gpu.is_null() {
        return [
            "This browser has no WebGPU, or it is switched off.",
            "Current Chrome, Edge and Opera have it, Safari from version 26, Firefox from 141 (on Windows first). Nothing is lost without it but speed.",
        ];
    }
    [
        "This browser has WebGPU, but found no graphics card that it may use.",
        "Hardware acceleration must be on in its settings. Chrome on Linux may also need chrome://flags/#enable-unsafe-webgpu; chrome://gpu says what is missing. Nothing is lost without it but speed.",
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_a_small_place() {
        assert_eq!(short_name("NVIDIA GeForce RTX 4090/PCIe/SSE2"), "RTX 4090");
        assert_eq!(short_name("SwiftShader Device (Subzero)"), "SwiftShader");
        assert_eq!(short_name("apple-m1"), "apple-m1");
        assert_eq!(short_name("GPU"), "GPU");
    }
}
