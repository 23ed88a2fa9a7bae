//! The stack itself: a map for each layer, and in all maps before it what one unit sees.

use std::sync::Arc;

use crate::reaction::{effect, live};
use engine::{Graph, Reach};
use figures::Range;
use leptos::prelude::*;

use super::{
    stack::{self, IMAGE, Layer, SIDE},
    table,
};
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch},
        part::part,
    },
    link::figure::Wanted,
};

/// Signal-like handles: copying is free.
#[derive(Clone, Copy)]
pub struct Tower {
    pub desk: Desk,
    pub layers: Memo<Vec<Layer>>,
    pub padded: Memo<bool>,
    pub graph: Memo<Result<Arc<Graph>, String>>,
    /// The layer of the unit, counted from 1; 0 would be the image.
    pub layer: Memo<usize>,
    pub at: Memo<(usize, usize)>,
    /// The fields are not to be seen before somebody has answered.
    pub covered: Memo<bool>,
    answer: ReadSignal<Answer>,
}

impl Tower {
    fn new(desk: Desk) -> Self {
        let (text, padded) = (desk.text("stack"), desk.is_on("padded"));
        let layers = Memo::new(move |_| text.with(|t| stack::read(t)));
        let graph = Memo::new(move |_| stack::graph(&layers.get(), padded.get()).map(Arc::new));
        let (layer, row, col, sample) = (desk.count("layer"), desk.count("row"), desk.count("col"), desk.sample());
        let layer = Memo::new(move |_| layer.get().clamp(1, layers.with(Vec::len).max(1)));
        let at = Memo::new(move |_| {
            let (rows, cols) = extent(&graph.get(), layer.get());
            (row.get().min(rows.saturating_sub(1)), col.get().min(cols.saturating_sub(1)))
        });
        let answer = desk.ask(move || {
            let (layers, padded) = (layers.get(), padded.get());
            graph.with(Result::is_ok).then(|| {
                let ask = FigureAsk::new(IMAGE, stack::specs(&layers, padded, 1), &sample.get()).weights(&stack::means(&layers));
                (0..layers.len()).fold(ask, |ask, i| ask.want(Wanted::Output(i)))
            })
        });
        Self { desk, layers, padded, graph, layer, at, covered: desk.is_on("covered"), answer }
    }

    /// The field in the map of layer `map`; 0 is the image.
    fn box_in(self, map: usize) -> Vec<Outline> {
        let (layer, (row, col)) = (self.layer.get(), self.at.get());
        if map > layer || self.graph.with(Result::is_err) {
            return Vec::new();
        }
        if map == layer {
            return vec![Outline::cell((row, col), Mark::Output).filled()];
        }
        if self.covered.get() {
            return Vec::new();
        }
        let reach = self.layers.with(|l| stack::reach(&l[map..layer], self.padded.get()));
        let (rows, cols) = extent(&self.graph.get(), map);
        let ((top, bottom), (left, right)) = (stack::span(&reach, row, rows), stack::span(&reach, col, cols));
        let mark = if map == 0 { Mark::Input } else { Mark::Kernel };
        vec![Outline::new(top, left, bottom - top, right - left, mark).filled()]
    }

    fn go_to(self, layer: usize, touch: Touch) {
        let (rows, cols) = extent(&self.graph.get_untracked(), layer);
        if !touch.pressed || rows == 0 {
            return;
        }
        self.desk.settings.update(|s| {
            s.set("layer", layer.to_string());
            s.set("row", touch.row.clamp(0, rows as isize - 1).to_string());
            s.set("col", touch.col.clamp(0, cols as isize - 1).to_string());
        });
    }

    fn map(self, map: usize) -> AnyView {
        let (rows, cols) = extent(&self.graph.get_untracked(), map);
        let sample = self.desk.sample();
        let matrix = Memo::new(move |_| {
            let values = if map == 0 { sample.get() } else { self.answer.with(|a| a.output(map - 1).to_vec()) };
            Matrix::new(rows, cols, values)
        });
        let (testid, label) = match map {
            0 => ("image", "Your image".to_owned()),
            1 => ("map-1", "Layer 1".to_owned()),
            2 => ("map-2", "Layer 2".to_owned()),
            3 => ("map-3", "Layer 3".to_owned()),
            4 => ("map-4", "Layer 4".to_owned()),
            _ => ("map-5", "Layer 5".to_owned()),
        };
        let title = if map == 0 { "Image".to_owned() } else { label.clone() };
        let grid = Grid::new(testid, Signal::stored(label), matrix)
            .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), ..Look::default() })
            .outlines(Signal::derive(move || self.box_in(map)));
        let grid = if map == 0 {
            grid
        } else {
            grid.cursor(Signal::derive(move || (self.layer.get() == map).then(|| self.at.get()))).touch(move |touch| self.go_to(map, touch))
        };
        let seen = Signal::derive(move || {
            let whole = format!("{rows}×{cols}");
            match self.box_in(map).first() {
                Some(b) if map < self.layer.get() => format!("{}×{} of {whole}", b.rows, b.cols),
                _ => whole,
            }
        });
        part(self.desk, if map == 0 { "input" } else { "output" }, title, seen, grid.view(self.desk))
    }
}

/// Rows and columns of the map of layer `map`; 0 is the image.
fn extent(graph: &Result<Arc<Graph>, String>, map: usize) -> (usize, usize) {
    match (map.checked_sub(1), graph) {
        (None, _) => (SIDE, SIDE),
        (Some(i), Ok(graph)) => graph.nodes.get(i).map_or((0, 0), |node| (node.output.h, node.output.w)),
        (Some(_), Err(_)) => (0, 0),
    }
}

pub fn view(desk: Desk) -> AnyView {
    let tower = Tower::new(desk);
    effect(move || {
        let graph = tower.graph.get();
        let node = graph.as_ref().ok().and_then(|g| g.nodes.get(tower.layer.get() - 1).map(|n| n.reach));
        desk.report("layers", tower.layers.with(|l| l.len() as f64));
        desk.report("field", node.map_or(0.0, |r| r.size[0] as f64));
        desk.report("jump", node.map_or(0.0, |r| r.jump[0] as f64));
        desk.report("start", node.map_or(f64::NAN, |r| r.start[0] as f64));
        desk.live.set(if tower.covered.get() { String::new() } else { node.map_or(String::new(), |r| recurrence(tower, r)) });
    });
    let maps = move || {
        // Made anew where a map has another extent.
        let there = tower.graph.with(|g| g.as_ref().map_or(0, |g| g.nodes.len()));
        (0..=there).map(|map| tower.map(map)).collect_view()
    };
    let trouble = move || tower.graph.with(|g| g.as_ref().err().cloned().unwrap_or_default());
    view! {
        <div class="tower" style=move || format!("--maps:{}", tower.layers.with(Vec::len) + 1)>{live(maps)}</div>
        <p class="trouble" role="status" data-testid="trouble">{live(trouble)}</p>
        {table::view(tower)}
    }
    .into_any()
}

/// The formula with the numbers of the unit's layer.
fn recurrence(tower: Tower, reach: Reach) -> String {
    let (layers, place) = (tower.layers.get(), tower.layer.get());
    let before = stack::reach(&layers[..place - 1], tower.padded.get());
    let Some(l) = layers.get(place - 1) else { return String::new() };
    let n = |value: i64| if value < 0 { format!("<mo>(</mo><mn>−{}</mn><mo>)</mo>", -value) } else { format!("<mn>{value}</mn>") };
    let row = |letter: &str, sum: String, result: i64| {
        let result = if result < 0 { format!("−{}", -result) } else { result.to_string() };
        format!(
            "<mtr><mtd><msub><mi>{letter}</mi><mn>{place}</mn></msub><mo>=</mo></mtd><mtd>{sum}<mo>=</mo><mn class=\"result\">{result}</mn></mtd></mtr>"
        )
    };
    let (size, jump, start) = (before.size[0], before.jump[0], before.start[0]);
    let size = format!(
        "<mn>{size}</mn><mo>+</mo><mo>(</mo><mn>{}</mn><mo>−</mo><mn>1</mn><mo>)</mo><mo>·</mo><mn>{}</mn><mo>·</mo><mn>{jump}</mn>",
        l.kernel, l.dilation
    );
    let from = format!("{}<mo>−</mo><mn>{}</mn><mo>·</mo><mn>{jump}</mn>", n(start), l.pad(tower.padded.get()));
    let rows = [
        row("r", size, reach.size[0] as i64),
        row("j", format!("<mn>{jump}</mn><mo>·</mo><mn>{}</mn>", l.stride), reach.jump[0] as i64),
        row("a", from, reach.start[0]),
    ];
    format!("<mtable>{}</mtable>", rows.concat())
}
