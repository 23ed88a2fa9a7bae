//! One map, pooled: whose window, who has won, and where the gradient goes.

use crate::reaction::effect;
use engine::{
    Graph, Init, Mode, ModelSpec, NodeId, StepInputs,
    ops::account::{Account, Cell, Ground},
};
use figures::Range;
use leptos::prelude::*;

use super::{
    kinds::{EDGE, IMAGE, Kind, MAP, MAP_AT, POOL_AT, layers},
    told,
};
use crate::{
    learn::{
        desk::Desk,
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline, Touch, written},
        part::part,
    },
    link::figure::Wanted,
};

/// Handles only: copying is free.
#[derive(Clone, Copy)]
struct Pooled {
    desk: Desk,
    answer: ReadSignal<Answer>,
    /// Where the engine puts a gradient of 1 on the chosen number; the pooling by maximum beside it.
    further: ReadSignal<Answer>,
    /// How each number of the output came about.
    accounts: Memo<Vec<Account>>,
    /// Rows and columns of the output.
    out: Memo<(usize, usize)>,
    at: Memo<(usize, usize)>,
    covered: Memo<bool>,
}

fn plane(answer: &Answer, node: usize, (rows, cols): (usize, usize)) -> Matrix {
    let numbers = match answer.get(Wanted::Output(node)) {
        Some((&[_, _, h, w], numbers)) if (h, w) == (rows, cols) => numbers.to_vec(),
        _ => Vec::new(),
    };
    Matrix::new(rows, cols, numbers)
}

fn ask(desk: Desk, kind: Kind) -> FigureAsk {
    let (layer, draw) = desk.settings.with(|s| (kind.layer(s), s.count("draw")));
    let sample = desk.learn.sample.with(|s| s.image.clone());
    FigureAsk::new(IMAGE, layers(layer), &sample).weights(&EDGE).training(draw as u32)
}

fn largest(values: &[f32]) -> f32 {
    values.iter().filter(|v| v.is_finite()).fold(0.0_f32, |most, v| most.max(v.abs()))
}

/// As the engine counts, in training: what is drawn at random is that of the same update.
fn accounts(desk: Desk, kind: Kind, map: &[f32]) -> Vec<Account> {
    let (layer, draw) = desk.settings.with(|s| (kind.layer(s), s.count("draw")));
    let Ok(graph) = Graph::check(&ModelSpec { input: IMAGE, layers: layers(layer), init: Init::default() }) else { return Vec::new() };
    if map.len() != MAP * MAP {
        return Vec::new();
    }
    let node = graph.node(NodeId(POOL_AT));
    let place = engine::ops::Placement { mode: Mode::Train, ..explain::parts::placement(node) };
    let now = StepInputs { rate: 0.0, step: draw as u32, seed: 0 };
    let ground = Ground { inputs: &[map], params: &[], state: &[] };
    let of =
        |i: usize| node.layer.account(&place, &now, ground, Cell { row: i / node.output.w, col: i % node.output.w, ..Cell::default() });
    (0..node.output.plane()).map(of).collect()
}

pub fn view(desk: Desk) -> AnyView {
    let (word, show, covered, chosen) = (desk.text("kind"), desk.text("show"), desk.is_on("covered"), desk.text("at"));
    let kind = Memo::new(move |_| word.with(|w| Kind::of(w)));
    let answer = desk.ask(move || Some(ask(desk, kind.get()).want(Wanted::Output(MAP_AT)).want(Wanted::Output(POOL_AT))));
    let map = Memo::new(move |_| answer.with(|a| a.output(MAP_AT).to_vec()));
    let accounts = Memo::new(move |_| map.with(|map| accounts(desk, kind.get(), map)));
    let out = Memo::new(move |_| {
        let layers = layers(desk.settings.with(|s| kind.get().layer(s)));
        let graph = Graph::check(&ModelSpec { input: IMAGE, layers, init: Init::default() });
        graph.map_or((1, 1), |g| (g.output().h, g.output().w))
    });
    let at = Memo::new(move |_| {
        let (rows, cols) = out.get();
        // Until somebody has chosen, the strongest.
        let strongest =
            || accounts.with(|all| all.iter().map(Account::result).enumerate().fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a }).0);
        let at = chosen.with(|c| c.parse().ok()).unwrap_or_else(strongest).min(rows * cols - 1);
        (at / cols, at % cols)
    });
    let further = desk.ask(move || {
        let (rows, cols) = out.get();
        match show.get().as_str() {
            "gradient" => {
                let (row, col) = at.get();
                let pull: Vec<f32> = (0..rows * cols).map(|i| if i == row * cols + col { 1.0 } else { 0.0 }).collect();
                Some(ask(desk, kind.get()).pull(&pull).want(Wanted::OutputGrad(MAP_AT)))
            }
            "compare" => Some(ask(desk, Kind::Max).want(Wanted::Output(POOL_AT))),
            _ => None,
        }
    });
    let pooled = Pooled { desk, answer, further, accounts, out, at, covered };
    let three = desk.text("show");
    let third = move || match three.get().as_str() {
        "gradient" => pooled.gradient(),
        "compare" => pooled.difference(),
        _ => ().into_any(),
    };
    pooled.tell(kind);
    let three = desk.text("show");
    view! {
        <div class="window" class:three=move || three.with(|s| s != "pool")>
            {pooled.map()}
            {pooled.output(kind)}
            {third}
        </div>
    }
    .into_any()
}

impl Pooled {
    /// How the number at hand came about.
    fn account(self) -> Option<Account> {
        let ((row, col), (_, cols)) = (self.at.get(), self.out.get());
        self.accounts.with(|all| all.get(row * cols + col).cloned())
    }

    fn tell(self, kind: Memo<Kind>) {
        effect(move || {
            let (desk, account) = (self.desk, self.account());
            let value = account.as_ref().map_or(f64::NAN, Account::result);
            let shown = self.answer.with(|a| plane(a, POOL_AT, self.out.get()));
            let (row, col) = self.at.get();
            desk.report("value", f64::from(shown.get(row, col)));
            desk.report("by hand", value);
            // The gradient says its own.
            if desk.settings.with(|s| s.get("show") == "gradient") {
                return;
            }
            let hidden = self.covered.get();
            desk.live.set(account.filter(|_| !hidden).map_or(String::new(), |a| told::written_out(&a, kind.get())));
        });
    }

    fn choose(self, touch: Touch) {
        let (rows, cols) = self.out.get_untracked();
        let inside = |x: isize, most: usize| x.clamp(0, most as isize - 1) as usize;
        self.desk.set("at", inside(touch.row, rows) * cols + inside(touch.col, cols));
    }

    /// The number whose window has this cell of the map.
    fn choose_window(self, touch: Touch) {
        let cell = [touch.row.clamp(0, MAP as isize - 1) as usize, touch.col.clamp(0, MAP as isize - 1) as usize];
        let has = |account: &Account| account.terms.iter().filter_map(|t| t.from).any(|[_, y, x]| [y, x] == cell);
        if let Some(at) = self.accounts.with_untracked(|all| all.iter().position(has)) {
            self.desk.set("at", at);
        }
    }

    fn map(self) -> AnyView {
        let desk = self.desk;
        let matrix = Memo::new(move |_| self.answer.with(|a| plane(a, MAP_AT, (MAP, MAP))));
        let outlines = Signal::derive(move || {
            let mut outlines: Vec<Outline> = self.account().and_then(|a| window(&a)).into_iter().collect();
            if !self.covered.get() {
                outlines.extend(self.accounts.with(|all| all.iter().filter_map(winner).collect::<Vec<_>>()));
            }
            outlines
        });
        let grid = Grid::new("map", Signal::stored("The map that is pooled".to_owned()), matrix)
            .look(Look { decimals: Some(1), ..Look::default() })
            .outlines(outlines)
            .cursor(Signal::derive(move || self.account().and_then(|a| a.terms.iter().find_map(|t| t.from)).map(|[_, y, x]| (y, x))))
            .touch(move |touch: Touch| {
                if touch.pressed {
                    self.choose_window(touch);
                }
            });
        part(desk, "input", "Your edges".to_owned(), format!("{MAP}×{MAP}"), grid.view(desk))
    }

    fn output(self, kind: Memo<Kind>) -> AnyView {
        let desk = self.desk;
        let matrix = Memo::new(move |_| self.answer.with(|a| plane(a, POOL_AT, self.out.get())));
        // The scale of the map, or, for the root of a sum, one of its own.
        let range = Signal::derive(move || {
            let map = self.answer.with(|a| largest(a.output(MAP_AT)));
            Range { lo: 0.0, hi: map.max(matrix.with(|m| largest(&m.values))) }
        });
        // Where the gradient is asked for, the pooled numbers are known.
        let show = desk.text("show");
        let known = move || (self.covered.get() && show.with(|s| s != "gradient")).then_some(0);
        let look = Signal::derive(move || Look { range: Some(range.get()), decimals: Some(2), known: known(), ..Look::default() });
        let grid = Grid::new("pooled", Signal::stored("What is left of it".to_owned()), matrix)
            .look(look)
            .outlines(Signal::derive(move || vec![Outline::cell(self.at.get(), Mark::Output)]))
            .cursor(Signal::derive(move || Some(self.at.get())))
            .touch(move |touch: Touch| {
                if touch.pressed {
                    self.choose(touch);
                }
            });
        let name = Signal::derive(move || kind.get().name().to_owned());
        let extent = Signal::derive(move || {
            let (rows, cols) = self.out.get();
            format!("{rows}×{cols}")
        });
        part(desk, "output", name, extent, grid.view(desk))
    }

    fn gradient(self) -> AnyView {
        let desk = self.desk;
        let matrix = Memo::new(move |_| {
            let found = self.further.with(|a| a.get(Wanted::OutputGrad(MAP_AT)).map(|(_, numbers)| numbers.to_vec()));
            Matrix::new(MAP, MAP, found.unwrap_or_default())
        });
        let reached = Memo::new(move |_| matrix.with(|m| m.values.iter().filter(|v| v.is_finite() && **v != 0.0).count()));
        effect(move || {
            desk.report("reached", reached.get() as f64);
            let (sum, most) = matrix.with(|m| (m.values.iter().filter(|v| v.is_finite()).sum::<f32>(), largest(&m.values)));
            desk.report("gradient", f64::from(sum));
            desk.report("most", f64::from(most));
            let most = written(most, 3);
            let told = format!(
                "<mtext>at most:</mtext><mspace width=\"0.4em\"/><mn>1</mn><mo>·</mo><mn>{most}</mn><mo>=</mo><mn class=\"result\">{most}</mn>"
            );
            desk.live.set(if self.covered.get() || reached.get() == 0 { String::new() } else { told });
        });
        let known = move || self.covered.get().then_some(0);
        let look = Signal::derive(move || Look {
            signed: true,
            range: Some(Range::symmetric(matrix.with(|m| largest(&m.values)).max(1e-6))),
            decimals: Some(2),
            known: known(),
            ..Look::default()
        });
        let grid = Grid::new("gradient", Signal::stored("The gradient that reaches the map".to_owned()), matrix)
            .look(look)
            .outlines(Signal::derive(move || self.account().and_then(|a| window(&a)).into_iter().collect::<Vec<_>>()));
        let detail = Signal::derive(move || if self.covered.get() { "?".to_owned() } else { format!("reaches {} of 144", reached.get()) });
        part(desk, "sum", "Its gradient".to_owned(), detail, grid.view(desk))
    }

    /// This pooling less the one by maximum.
    fn difference(self) -> AnyView {
        let desk = self.desk;
        let matrix = Memo::new(move |_| {
            let out = self.out.get();
            let (own, most) = (self.answer.with(|a| plane(a, POOL_AT, out)), self.further.with(|a| plane(a, POOL_AT, out)));
            Matrix::new(out.0, out.1, own.values.iter().zip(most.values.iter()).map(|(own, most)| own - most).collect())
        });
        let far = Memo::new(move |_| matrix.with(|m| largest(&m.values)));
        effect(move || desk.report("difference", f64::from(far.get())));
        let look = Signal::derive(move || Look {
            signed: true,
            range: Some(Range::symmetric(self.answer.with(|a| largest(a.output(MAP_AT))))),
            decimals: Some(2),
            known: self.covered.get().then_some(0),
            ..Look::default()
        });
        let grid = Grid::new("difference", Signal::stored("This pooling less the maximum".to_owned()), matrix).look(look);
        part(desk, "sum", "Less the maximum".to_owned(), String::new(), grid.view(desk))
    }
}

/// The box around all cells that take part.
fn window(account: &Account) -> Option<Outline> {
    let cells = || account.terms.iter().filter_map(|t| t.from);
    let (top, left) = (cells().map(|[_, y, _]| y).min()?, cells().map(|[_, _, x]| x).min()?);
    let (bottom, right) = (cells().map(|[_, y, _]| y).max()?, cells().map(|[_, _, x]| x).max()?);
    Some(Outline::new(top, left, bottom + 1 - top, right + 1 - left, Mark::Input))
}

/// The cell whose number is the output, where there is such a one and it says something.
fn winner(account: &Account) -> Option<Outline> {
    let term = account.chosen.and_then(|i| account.terms.get(i)).filter(|t| t.value > 0.0)?;
    term.from.map(|[_, y, x]| Outline::cell((y, x), Mark::Kernel))
}
