//! The arithmetic that is written out for a cell against what the kernels give: every operator, every case, every
//! number of the output.

use engine::ops::{
    KINDS, LayerSpec,
    account::{Cell, Ground},
};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{
    numbers::draw,
    problem::{Problem, Tolerance},
};

/// The inputs of a layer, as its kernels take them.
fn inputs(problem: &Problem) -> Vec<&[f32]> {
    let mut rest = &problem.input[..];
    let shapes = std::iter::once(problem.at.input).chain(problem.at.others.iter().copied());
    shapes
        .map(|shape| {
            let (own, others) = rest.split_at(problem.at.batch * shape.len());
            rest = others;
            own
        })
        .collect()
}

/// Whether no pixel's stamp reaches this place: those of a transposed convolution may leave holes.
fn is_hole(problem: &Problem, cell: Cell) -> bool {
    let LayerSpec::ConvTranspose2d(conv) = &problem.layer else { return false };
    let is_reached = |to: usize, pixels: usize, kernel: usize, stride: usize, dilation: usize, pad: usize| {
        (0..pixels).any(|pixel| (0..kernel).any(|tap| pixel * stride + tap * dilation == to + pad))
    };
    let (input, k, s, d, p) = (problem.at.input, conv.kernel, conv.stride, conv.dilation, conv.pad);
    !is_reached(cell.row, input.h, k.h, s.h, d.h, p.top) || !is_reached(cell.col, input.w, k.w, s.w, d.w, p.left)
}

#[wasm_bindgen_test(unsupported = test)]
fn written_arithmetic_gives_the_kernels_numbers() {
    for (index, kind) in KINDS.iter().enumerate() {
        for (number, case) in kind.cases().iter().enumerate() {
            let mut problem = Problem::of(case);
            draw(&mut problem, 100 * index as u32 + number as u32);
            let output = if problem.is_identity() { problem.input.clone() } else { problem.single(false).run_on_cpu().output };
            let (ground, out) = (inputs(&problem), problem.at.output);
            let ground = Ground { inputs: &ground, params: &problem.params, state: &problem.state };
            let within = Tolerance::of_sum(problem.terms());
            for (i, got) in output.iter().enumerate() {
                let cell = Cell { example: i / out.len(), channel: i / out.plane() % out.ch, row: i / out.w % out.h, col: i % out.w };
                let account = problem.layer.account(&problem.at, &problem.now, ground, cell);
                let (name, terms) = (format!("{}, {}: {cell:?}", kind.name, case.name), account.terms.len());
                assert_eq!(account.terms.is_empty(), is_hole(&problem, cell), "{name}: {terms} terms are written");
                let (got, want) = (f64::from(*got), account.result());
                assert!(
                    (got - want).abs() <= within.atol + within.rtol * want.abs(),
                    "{}, {}: {cell:?} is {got}, but {:?} of {} terms makes {want}",
                    kind.name,
                    case.name,
                    account.form,
                    account.terms.len()
                );
                for term in &account.terms {
                    let shape = std::iter::once(problem.at.input).chain(problem.at.others.iter().copied()).nth(term.input).unwrap();
                    if let Some([c, y, x]) = term.from {
                        let place = ((cell.example * shape.ch + c) * shape.h + y) * shape.w + x;
                        assert_eq!(ground.inputs[term.input][place].to_bits(), term.value.to_bits(), "{}: {term:?}", kind.name);
                    }
                }
            }
        }
    }
}
