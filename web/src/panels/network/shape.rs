//! Small drawings: what a layer does, and what it gives.

use engine::{Shape, ops::Family};
use leptos::prelude::*;

/// Outlines on a 20 × 20 grid, one for each family of operators.
pub fn path(family: Family) -> &'static str {
    match family {
        // A window on a grid.
        Family::Convolution => "M3 3h14v14H3zM3 7.7h14M3 12.3h14M7.7 3v14M12.3 3v14M3 3h9.3v9.3H3z",
        // All to all.
        Family::Dense => "M5 4l10 4M5 4l10 8M5 10l10-2M5 10l10 2M5 16l10-8M5 16l10-4M5 4h.01M5 10h.01M5 16h.01M15 8h.01M15 12h.01",
        Family::Pooling => "M3 3h10v10H3zM8 3v10M3 8h10M17 17h-4M17 17v-4M13 13l4 4",
        Family::Upsampling => "M3 3h5v5H3zM9 9l6 6M15 11v4h-4M3 12v5h5M12 3h5v5",
        // A bend.
        Family::Activation => "M3 14h7l6-9M3 17h14M10 17V3",
        // A bell.
        Family::Normalisation => "M2.5 16c4 0 4-11 7.5-11s3.5 11 7.5 11M10 5v11",
        Family::Dropping => "M4.5 5h.01M10 5h.01M15.5 5h.01M4.5 15h.01M15.5 15h.01M8 8l4 4M12 8l-4 4M4.5 10h.01M15.5 10h.01M10 15h.01",
        Family::Join => "M3 10h3M6 10c2 0 2-5 4-5s2 5 4 5M6 10c2 0 2 5 4 5s2-5 4-5M14 10h3",
    }
}

/// Two layers stacked: a block.
pub const BLOCK: &str = "M4 3h12v5H4zM4 12h12v5H4zM10 8v4";
/// A whole network.
pub const NETWORK: &str = "M3 4v12M7 6v8M11 7.5v5M15 8.5v3M18 9.5v1";

pub fn glyph(path: &'static str) -> AnyView {
    view! { <svg class="icon network-glyph" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d=path></path></svg> }.into_any()
}

/// Maps as sheets behind each other, a vector as a bar: larger where there is more.
pub fn drawing(shape: Shape) -> AnyView {
    // Logarithms keep 1 and 512 on one small picture.
    let size = |n: usize, least: f64, each: f64| least + each * (n.max(1) as f64).log2();
    if shape.is_flat() {
        let height = size(shape.ch, 3.0, 1.6).min(18.0);
        return view! {
            <svg class="network-shape" viewBox="0 0 28 20" aria-hidden="true" focusable="false">
                <rect x="12" y=10.0 - height / 2.0 width="3" height=height rx="0.5"></rect>
            </svg>
        }
        .into_any();
    }
    let (h, w) = (size(shape.h, 3.0, 1.8).min(14.0), size(shape.w, 3.0, 1.8).min(14.0));
    let sheets = (size(shape.ch, 1.0, 0.7).round() as usize).min(6);
    let step = 1.7;
    let (x, y) = (14.0 - (w + step * (sheets - 1) as f64) / 2.0, 10.0 - (h + step * (sheets - 1) as f64) / 2.0);
    view! {
        <svg class="network-shape" viewBox="0 0 28 20" aria-hidden="true" focusable="false">
            {(0..sheets).rev().map(|i| {
                let shift = step * i as f64;
                view! { <rect x=x + shift y=y + step * (sheets - 1) as f64 - shift width=w height=h rx="0.5"></rect> }
            }).collect_view()}
        </svg>
    }
    .into_any()
}
