//! Poolings: the numbers of a box of one plane.

use super::{Account, Form, Site, Term};
use crate::{
    Mode,
    ops::{LayerSpec, StochasticPool2d, Window},
};

impl Site<'_> {
    /// Rows and columns of the box under the cell, places beyond the edge included.
    fn box_axes(&self) -> [Vec<i64>; 2] {
        let (from, to) = (self.at.input, self.at.output);
        let [(i, out, inside), (j, out_w, inside_w)] = [(self.cell.row, to.h, from.h), (self.cell.col, to.w, from.w)];
        let whole = |range: std::ops::Range<usize>| range.map(|p| p as i64).collect();
        if let LayerSpec::FractionalMaxPool2d(pool) = self.layer {
            let plane = self.cell.example * from.ch + self.cell.channel;
            let [rows, cols] = pool.starts(self.at, self.now, plane);
            let [top, left] = [rows.clone().nth(i).unwrap_or(0), cols.clone().nth(j).unwrap_or(0)];
            return [whole(top..top + pool.kernel.h), whole(left..left + pool.kernel.w)];
        }
        match self.layer.op().infer(&[from]).map(|inferred| inferred.window) {
            Ok(Window::Slide { kernel, stride, pad, .. }) => {
                let axis = |i: usize, k: usize, s: usize, before: usize| {
                    (0..k).map(|tap| (i * s + tap) as i64 - before as i64).collect::<Vec<_>>()
                };
                [axis(i, kernel.h, stride.h, pad.top), axis(j, kernel.w, stride.w, pad.left)]
            }
            // The rule of adaptive pooling, which for one output is the whole plane.
            _ => [(i, out, inside), (j, out_w, inside_w)].map(|(i, n, extent)| whole(i * extent / n..((i + 1) * extent).div_ceil(n))),
        }
    }

    fn box_terms(&self) -> Vec<Term> {
        let shape = self.at.input;
        let inside = |place: i64, extent: usize| usize::try_from(place).ok().filter(|p| *p < extent);
        let [rows, cols] = self.box_axes();
        let places = rows.iter().flat_map(|y| cols.iter().map(move |x| [*y, *x]));
        places
            .map(|at| match (inside(at[0], shape.h), inside(at[1], shape.w)) {
                (Some(y), Some(x)) => self.term(0, [self.cell.channel, y, x]),
                _ => Term { input: 0, from: None, at, value: 0.0, factor: 1.0 },
            })
            .collect()
    }

    pub(super) fn boxed(&self, form: Form) -> Account {
        Account::new(form, self.box_terms())
    }

    /// A mean over the numbers that exist, or also over those of the padding.
    pub(super) fn averaged(&self, with_padding: bool) -> Account {
        let terms = self.box_terms();
        let count = terms.iter().filter(|t| with_padding || t.from.is_some()).count();
        Account::new(Form::Mean { count }, terms)
    }

    pub(super) fn stochastic(&self) -> Account {
        if self.at.mode == Mode::Eval {
            return self.boxed(Form::Expected);
        }
        self.boxed(Form::Drawn { share: StochasticPool2d::drawn(self.at, self.now, self.index(self.at.output)) })
    }
}
