//! The same number of weights, four ways to see further.

use crate::reaction::{effect, live};
use figures::Range;
use leptos::prelude::*;

use super::{
    mass,
    stack::{self, IMAGE, Layer, SIDE},
};
use crate::{
    learn::{
        desk::Desk,
        engine::FigureAsk,
        grid::{Grid, Look, Mark, Outline},
        part::part,
    },
    link::figure::Wanted,
};

/// Fact, grid, name.
const WAYS: [(&str, &str, &str); 4] = [
    ("plain", "field-plain", "plain"),
    ("strided", "field-strided", "stride 2"),
    ("pooled", "field-pooled", "with pooling"),
    ("dilated", "field-dilated", "dilation 1, 2, 4"),
];

/// So many convolutions of 3×3, and what one of the ways puts between or into them.
fn layers(way: usize, depth: usize) -> Vec<Layer> {
    let conv = Layer::conv(3, 1, 1);
    let each = |i: usize| match way {
        // The last needs no stride: nothing comes behind it.
        1 if i + 1 < depth => vec![Layer { stride: 2, ..conv }],
        2 if i + 1 < depth => vec![conv, Layer { pool: true, ..Layer::conv(2, 2, 1) }],
        3 => vec![Layer { dilation: 1 << i, ..conv }],
        _ => vec![conv],
    };
    (0..depth).flat_map(each).collect()
}

pub fn view(desk: Desk) -> AnyView {
    let depth = desk.count("depth");
    let depth = Memo::new(move |_| depth.get().clamp(1, 3));
    effect(move || {
        let sizes: Vec<usize> = (0..WAYS.len()).map(|way| stack::reach(&layers(way, depth.get()), false).size[0]).collect();
        for (way, size) in sizes.iter().enumerate() {
            desk.report(WAYS[way].0, *size as f64);
        }
        let told = |(way, size): (usize, &usize)| {
            format!("<mtext>{}:</mtext><mspace width=\"0.3em\"/><mn class=\"result\">{size}</mn>", WAYS[way].2)
        };
        let told: Vec<String> = sizes.iter().enumerate().map(told).collect();
        let covered = desk.settings.with(|s| s.is_on("covered"));
        desk.live.set(if covered {
            String::new()
        } else {
            format!(
                "<mtable><mtr><mtd>{}</mtd></mtr><mtr><mtd>{}</mtd></mtr></mtable>",
                told[..2].join("<mspace width=\"1em\"/>"),
                told[2..].join("<mspace width=\"1em\"/>")
            )
        });
    });
    let ways = move |way: usize| view_of(desk, depth, way);
    view! { <div class="ways">{(0..WAYS.len()).map(ways).collect_view()}</div> }.into_any()
}

fn view_of(desk: Desk, depth: Memo<usize>, way: usize) -> AnyView {
    let (sample, covered) = (desk.sample(), desk.is_on("covered"));
    let stack = Memo::new(move |_| layers(way, depth.get()));
    let graph = Memo::new(move |_| stack::graph(&stack.get(), false).map(std::sync::Arc::new));
    let out = Memo::new(move |_| graph.with(|g| g.as_ref().map_or(1, |g| g.output().h)));
    let answer = desk.ask(move || {
        let (stack, out) = (stack.get(), out.get());
        let index = out / 2 * out + out / 2;
        let ask = FigureAsk::new(IMAGE, stack::specs(&stack, false, 1), &sample.get()).weights(&stack::means(&stack));
        Some(ask.want(Wanted::Field { node: stack.len() - 1, index }))
    });
    let field = Memo::new(move |_| answer.with(mass::measured));
    let matrix = Memo::new(move |_| if covered.get() { mass::matrix(&sample.get()) } else { field.with(|f| mass::matrix(f)) });
    let look = Signal::derive(move || Look {
        range: Some(Range { lo: 0.0, hi: matrix.with(|m| mass::largest(&m.values)).max(1e-9) }),
        ..Look::default()
    });
    let outline = move || {
        let reach = stack.with(|s| stack::reach(s, false));
        let (from, to) = stack::span(&reach, out.get() / 2, SIDE);
        if covered.get() { Vec::new() } else { vec![Outline::new(from, from, to - from, to - from, Mark::Input)] }
    };
    let (_, testid, name) = WAYS[way];
    let grid = Grid::new(testid, Signal::stored(format!("Influence of each pixel on the unit in the middle: {name}")), matrix)
        .look(look)
        .outlines(Signal::derive(outline));
    let size = move || stack.with(|s| stack::reach(s, false).size[0]);
    let asked = move |what: String| if covered.get() { "?".to_owned() } else { what };
    let sees = Signal::derive(move || asked(format!("sees {0}×{0}", size())));
    let weights = move || stack.with(|s| s.iter().filter(|l| !l.pool).map(|l| l.kernel * l.kernel).sum::<usize>());
    let told = move || format!("{} weights", weights());
    let map = move || asked(format!("map {0}×{0}, {1} apart", out.get(), stack.with(|s| stack::reach(s, false).jump[0])));
    let inner = view! { {grid.view(desk)} <p class="way"><span class="number">{live(told)}</span><span class="number" data-testid=format!("map-of-{}", WAYS[way].0)>{live(map)}</span></p> };
    part(desk, "input", name.to_owned(), sees, inner.into_any())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_the_same_weights() {
        let size = |way: usize| stack::reach(&layers(way, 3), false).size[0];
        assert_eq!([size(0), size(1), size(2), size(3)], [7, 15, 18, 15]);
        for way in 0..WAYS.len() {
            let weights: usize = layers(way, 3).iter().filter(|l| !l.pool).map(|l| l.kernel * l.kernel).sum();
            assert_eq!(weights, 27);
            assert!(stack::graph(&layers(way, 3), false).is_ok());
        }
    }
}
