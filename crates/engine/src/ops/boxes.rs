//! Pooling over boxes: each output looks at some rows and some columns of its plane.
//!
//! The kernels take rows whole. The rows under a line of outputs become one line first (their sum or
//! their maximum, column by column, a vector at a time), and only that line is gone over output by output.
//! The gradient goes the same way back.

use std::ops::Range;

use super::{Placement, Reference};
use crate::{Shape, ShapeError, graph::EXTENT_LIMIT};

/// Rows or columns under one output: those that exist, and the number that a mean divides by.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub range: Range<usize>,
    pub count: usize,
}

impl From<Range<usize>> for Span {
    /// A mean over all that exist.
    fn from(range: Range<usize>) -> Self {
        Self { count: range.len(), range }
    }
}

/// The spans of all rows and of all columns of outputs, as a plan's table holds them.
pub(super) fn table(rows: impl Iterator<Item = Span>, columns: impl Iterator<Item = Span>) -> Vec<u32> {
    rows.chain(columns).flat_map(|s| [s.range.start, s.range.end, s.count]).map(|n| n as u32).collect()
}

/// The spans that a table holds: rows, columns.
pub(super) fn spans(table: &[u32], out_h: usize) -> [Spans<'_>; 2] {
    let (rows, columns) = table.as_chunks::<3>().0.split_at(out_h);
    [Spans(rows.iter()), Spans(columns.iter())]
}

#[derive(Clone, Debug)]
pub(super) struct Spans<'a>(std::slice::Iter<'a, [u32; 3]>);

impl Spans<'_> {
    pub fn ranges(self) -> impl Iterator<Item = Range<usize>> + Clone {
        self.map(|s| s.range)
    }
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        self.0.next().map(|&[start, end, count]| Span { range: start as usize..end as usize, count: count as usize })
    }
}

/// The places of a plane's pixels are kept as `f32`, which is exact below 2²⁴.
const PLANE_LIMIT: usize = 1 << 24;

/// A plane is small enough that the place of each of its pixels can be kept for the way back.
pub(super) fn places_fit(input: Shape) -> Result<(), ShapeError> {
    let count = input.plane();
    if count <= PLANE_LIMIT {
        Ok(())
    } else {
        Err(ShapeError::TooLarge { what: "one channel of the input".to_owned(), count: count as u64, limit: PLANE_LIMIT as u64 })
    }
}

/// Longest side of an input that is divided among outputs: products of places fit 32 bits on the card.
const SIDE_LIMIT: usize = 1 << 16;

/// The sides of input and output are so small that a place times a count fits 32 bits.
pub(super) fn products_fit(input: Shape, output: crate::Pair) -> Result<(), ShapeError> {
    for (name, side) in [("height of the input", input.h), ("width of the input", input.w)] {
        super::in_range(name, side, 1, SIDE_LIMIT)?;
    }
    super::in_range("output", output.h, 1, EXTENT_LIMIT)?;
    super::in_range("output", output.w, 1, EXTENT_LIMIT)
}

/// The largest number of each box of a plane of width `in_w`, and where `winners` has room its place; of
/// equals the first in reading order. `line` is working space for two rows.
pub(super) fn max(
    plane: &[f32],
    in_w: usize,
    rows: impl Iterator<Item = Range<usize>>,
    columns: impl Iterator<Item = Range<usize>> + Clone,
    out: &mut [f32],
    winners: &mut [f32],
    line: &mut [f32],
) {
    let (best, found) = line[..2 * in_w].split_at_mut(in_w);
    let mut next = 0;
    for rows in rows {
        let mut lines = rows.clone().zip(plane[rows.start * in_w..rows.end * in_w].chunks_exact(in_w));
        if let Some((y, row)) = lines.next() {
            best.copy_from_slice(row);
            found.fill(y as f32);
        }
        for (y, row) in lines {
            let y = y as f32;
            for ((best, found), v) in best.iter_mut().zip(found.iter_mut()).zip(row) {
                let wins = *v > *best;
                *best = if wins { *v } else { *best };
                *found = if wins { y } else { *found };
            }
        }
        for columns in columns.clone() {
            let mut x = columns.start;
            let (mut highest, mut y) = (best[x], found[x]);
            for (place, (b, f)) in columns.clone().zip(best[columns.clone()].iter().zip(&found[columns])).skip(1) {
                if *b > highest || (*b == highest && *f < y) {
                    (highest, y, x) = (*b, *f, place);
                }
            }
            out[next] = highest;
            if let Some(winner) = winners.get_mut(next) {
                *winner = y * in_w as f32 + x as f32;
            }
            next += 1;
        }
    }
}

/// Gives each output's gradient to the pixel whose place `winners` holds; to none where that is negative.
pub(super) fn to_winners(d_plane: &mut [f32], d: &[f32], winners: &[f32]) {
    d_plane.fill(0.0);
    for (d, winner) in d.iter().zip(winners) {
        if *winner >= 0.0 {
            d_plane[*winner as usize] += d;
        }
    }
}

/// `line` becomes the sum of the rows of a plane, of each number what `of` makes of it.
pub(super) fn sum_rows(plane: &[f32], in_w: usize, rows: Range<usize>, line: &mut [f32], of: impl Fn(f32) -> f32) {
    let mut rows = plane[rows.start * in_w..rows.end * in_w].chunks_exact(in_w);
    match rows.next() {
        Some(row) => line.iter_mut().zip(row).for_each(|(sum, v)| *sum = of(*v)),
        None => line.fill(0.0),
    }
    for row in rows {
        line.iter_mut().zip(row).for_each(|(sum, v)| *sum += of(*v));
    }
}

/// The mean of each box of a plane of width `in_w`. `line` is working space for a row.
pub(super) fn mean(plane: &[f32], in_w: usize, [rows, columns]: [Spans<'_>; 2], out: &mut [f32], line: &mut [f32]) {
    let line = &mut line[..in_w];
    let mut out = out.iter_mut();
    for row in rows {
        sum_rows(plane, in_w, row.range, line, |v| v);
        for (column, out) in columns.clone().zip(&mut out) {
            *out = line[column.range].iter().sum::<f32>() / (row.count * column.count) as f32;
        }
    }
}

/// Adds to each pixel of a box what `share` makes of its output's gradient and of the number that a
/// mean divides by. `line` is working space for a row.
pub(super) fn spread(
    d_plane: &mut [f32],
    in_w: usize,
    [rows, columns]: [Spans<'_>; 2],
    d: &[f32],
    line: &mut [f32],
    mut share: impl FnMut(f32, usize) -> f32,
) {
    d_plane.fill(0.0);
    let line = &mut line[..in_w];
    let mut d = d.iter();
    for row in rows {
        line.fill(0.0);
        for (column, d) in columns.clone().zip(&mut d) {
            let share = share(*d, row.count * column.count);
            line[column.range].iter_mut().for_each(|v| *v += share);
        }
        for below in d_plane[row.range.start * in_w..row.range.end * in_w].chunks_exact_mut(in_w) {
            below.iter_mut().zip(&*line).for_each(|(v, share)| *v += share);
        }
    }
}

/// Naive loops: of each output's numbers, in reading order, `rule` says the output and its derivative by each.
/// `rows(plane, y)` and `columns(plane, x)` say which numbers those are; `rule` is also told the output's index.
pub(super) fn reference(
    at: &Placement,
    input: &[f64],
    d_output: &[f64],
    rows: impl Fn(usize, usize) -> Range<usize>,
    columns: impl Fn(usize, usize) -> Range<usize>,
    mut rule: impl FnMut(usize, &[f64]) -> (f64, Vec<f64>),
) -> Reference {
    let mut r = Reference { d_input: vec![0.0; input.len()], ..Reference::default() };
    for plane in 0..at.batch * at.input.ch {
        for y in 0..at.output.h {
            for x in 0..at.output.w {
                let place = |yy: usize, xx: usize| (plane * at.input.h + yy) * at.input.w + xx;
                let places: Vec<usize> = rows(plane, y).flat_map(|yy| columns(plane, x).map(move |xx| place(yy, xx))).collect();
                let numbers: Vec<f64> = places.iter().map(|&p| input[p]).collect();
                let index = r.output.len();
                let (output, derivatives) = rule(index, &numbers);
                for (&p, derivative) in places.iter().zip(derivatives) {
                    r.d_input[p] += derivative * d_output.get(index).copied().unwrap_or(0.0);
                }
                r.output.push(output);
            }
        }
    }
    r
}

/// The rule of a maximum: of equals the first.
pub(super) fn highest(_index: usize, numbers: &[f64]) -> (f64, Vec<f64>) {
    let winner = (0..numbers.len()).reduce(|best, i| if numbers[i] > numbers[best] { i } else { best }).unwrap_or(0);
    (numbers[winner], one_of(numbers.len(), Some(winner)))
}

/// The derivative where one number alone is passed on, or none.
pub(super) fn one_of(len: usize, chosen: Option<usize>) -> Vec<f64> {
    (0..len).map(|i| if Some(i) == chosen { 1.0 } else { 0.0 }).collect()
}
