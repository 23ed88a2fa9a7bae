//! One layer: input with padding, window, output.

use crate::reaction::effect;
use engine::Shape;
use figures::Range;
use leptos::prelude::*;

use super::figure::Parts;
use crate::{
    learn::{
        engine::{Answer, FigureAsk},
        grid::{Grid, Look, Mark, Matrix, Outline},
        part::part,
        player::player,
    },
    link::figure::Wanted,
};

const PERIOD_MS: i32 = 560;

pub fn view(parts: Parts) -> AnyView {
    let desk = parts.desk;
    let answer = desk.ask(move || {
        let shape = parts.picture.with(|p| Shape::new(1, p.rows, p.cols));
        parts.out.get()?;
        let ask = parts.picture.with(|p| FigureAsk::new(shape, vec![parts.layer.get().into()], &p.values));
        Some(ask.weights(&parts.weights()).want(Wanted::Output(0)))
    });
    let reads = reads(parts);
    effect(move || {
        let unread = reads.with(|a| a.get(Wanted::ImageGrad).map(|(_, counts)| counts.iter().filter(|c| **c == 0.0).count()));
        desk.report("unread", unread.map_or(f64::NAN, |n| n as f64));
    });
    effect(move || desk.live.set(parts.live()));
    let output = Memo::new(move |_| {
        let (rows, cols) = parts.out.get().unwrap_or((1, 1));
        let numbers = answer.with(|a| match a.get(Wanted::Output(0)) {
            Some((&[_, _, h, w], numbers)) if (h, w) == (rows, cols) => numbers.to_vec(),
            _ => Vec::new(),
        });
        Matrix::new(rows, cols, numbers)
    });
    effect(move || {
        let (row, col) = parts.at.get();
        desk.report("value", output.with(|m| f64::from(m.get(row, col))));
    });
    let total = Signal::derive(move || parts.out.get().map_or(1, |(rows, cols)| rows * cols));
    let counted = desk.is_on("read");
    let input = move || if counted.get() { count_grid(parts, reads).view(desk) } else { parts.padded().view(desk) };
    let name = Signal::derive(move || if counted.get() { "Windows that read each pixel".to_owned() } else { "Input".to_owned() });
    let rim = Signal::derive(move || {
        let (rows, pad) = (parts.picture.with(|p| p.rows), desk.settings.with(|s| s.count("pad")));
        if pad > 0 && !counted.get() { format!("{rows} + 2·{pad}") } else { rows.to_string() }
    });
    let result = move || match parts.graph.with(|g| g.as_ref().err().cloned()) {
        Some(why) => trouble(why),
        None => {
            let grid = Grid::new("output", Signal::stored("Output: drag from here, too".to_owned()), Signal::from(output))
                .look(Look { range: Some(Range { lo: 0.0, hi: 1.0 }), decimals: Some(2), ..Look::default() })
                .outlines(Signal::derive(move || vec![Outline::cell(parts.at.get(), Mark::Output)]))
                .cursor(Signal::derive(move || Some(parts.at.get())))
                .touch(move |touch| parts.go_to(touch));
            let side = Signal::derive(move || format!("width:{:.1}%", 100.0 * share(parts)));
            view! { <div class="scaled" style=move || side.get()>{grid.view(desk)}</div> }.into_any()
        }
    };
    let out = Signal::derive(move || parts.out.get().map_or("–".to_owned(), |(rows, cols)| format!("{rows}×{cols}")));
    view! {
        <div class="window">
            {part(desk, "input", name, rim, input.into_any())}
            {part(desk, "output", "Output", out, result.into_any())}
        </div>
        {player(desk, "at", total, PERIOD_MS)}
    }
    .into_any()
}

/// So wide the output is drawn that its cells are as large as the input's.
fn share(parts: Parts) -> f64 {
    let (pad, rows) = (parts.desk.settings.with(|s| s.count("pad")), parts.picture.with(|p| p.rows));
    let out = parts.out.get().map_or(1, |(rows, _)| rows);
    (out as f64 / (rows + 2 * pad) as f64).min(1.0)
}

/// Why there is no output, in the engine's words.
fn trouble(why: String) -> AnyView {
    view! { <p class="trouble" role="alert" data-testid="trouble">{why}</p> }.into_any()
}

/// How many windows read each pixel: the gradient of the sum of all outputs by the image, where all weights are 1.
fn reads(parts: Parts) -> ReadSignal<Answer> {
    let counted = parts.desk.is_on("read");
    let wanted = Memo::new(move |_| counted.get() || parts.layer.with(|l| l.stride.h > 1));
    parts.desk.ask(move || {
        let (rows, cols) = parts.out.get().filter(|_| wanted.get())?;
        let layer = parts.layer.get();
        let ones = vec![1.0; layer.kernel.h * layer.kernel.w];
        let ask = parts.picture.with(|p| FigureAsk::new(Shape::new(1, p.rows, p.cols), vec![layer.into()], &p.values));
        Some(ask.weights(&ones).pull(&vec![1.0; rows * cols]).want(Wanted::ImageGrad))
    })
}

fn count_grid(parts: Parts, reads: ReadSignal<Answer>) -> Grid {
    let matrix = Signal::derive(move || {
        let (rows, cols) = parts.picture.with(|p| (p.rows, p.cols));
        let counts = reads.with(|a| match a.get(Wanted::ImageGrad) {
            Some((&[_, _, h, w], counts)) if (h, w) == (rows, cols) => counts.to_vec(),
            _ => Vec::new(),
        });
        Matrix::new(rows, cols, counts)
    });
    let most = Signal::derive(move || matrix.with(|m| m.values.iter().filter(|v| v.is_finite()).fold(1.0_f32, |most, v| most.max(*v))));
    Grid::new("counts", Signal::stored("How many windows read each pixel".to_owned()), matrix).look(Signal::derive(move || Look {
        range: Some(Range { lo: 0.0, hi: most.get() }),
        decimals: Some(0),
        ..Look::default()
    }))
}

impl Parts {
    /// The formula of the step with the numbers of the moment.
    fn live(self) -> String {
        let (rows, layer) = (self.picture.with(|p| p.rows), self.layer.get());
        let (k, s, d, p) = (layer.kernel.h, layer.stride.h, layer.dilation.h, self.desk.settings.with(|s| s.count("pad")));
        let number = |n: usize| format!("<mn>{n}</mn>");
        let above = [
            number(rows),
            format!("<mo>+</mo><mn>2</mn><mo>·</mo>{}", number(p)),
            format!("<mo>−</mo>{}<mo>·</mo>{}", number(d), number(k - 1)),
            "<mo>−</mo><mn>1</mn>".to_owned(),
        ]
        .concat();
        let result = self.out.get().map_or("<mtext>no output</mtext>".to_owned(), |(rows, _)| format!("<mn class=\"result\">{rows}</mn>"));
        // Only the span matters where the step speaks of that.
        if self.desk.settings.with(|s| s.get("picture") == "digit" && s.count("dilation") > 1) {
            return format!(
                "<mo>=</mo>{}<mo>·</mo>{}<mo>+</mo><mn>1</mn><mo>=</mo><mn class=\"result\">{}</mn>",
                number(d),
                number(k - 1),
                d * (k - 1) + 1
            );
        }
        format!("<mo>=</mo><mo>⌊</mo><mfrac><mrow>{above}</mrow>{}</mfrac><mo>⌋</mo><mo>+</mo><mn>1</mn><mo>=</mo>{result}", number(s))
    }
}
