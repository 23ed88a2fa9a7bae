//! Sums of products: convolutions, dense layers, interpolation.

use super::{Account, Form, Site, Term};
use crate::ops::{Conv2d, ConvTranspose2d, Dense, Window};

impl Site<'_> {
    pub(super) fn convolved(&self, conv: &Conv2d) -> Account {
        let (shape, o) = (self.at.input, self.cell.channel);
        let (in_ch, out_ch) = (shape.ch / conv.groups, self.at.output.ch / conv.groups);
        let Ok(Window::Slide { kernel, stride, dilation, pad }) = self.layer.op().infer(&[shape]).map(|inferred| inferred.window) else {
            return Account::new(Form::Copy, Vec::new());
        };
        let mut terms = Vec::with_capacity(in_ch * kernel.h * kernel.w);
        for c in 0..in_ch {
            for ky in 0..kernel.h {
                for kx in 0..kernel.w {
                    let y = (self.cell.row * stride.h + ky * dilation.h) as i64 - pad.top as i64;
                    let x = (self.cell.col * stride.w + kx * dilation.w) as i64 - pad.left as i64;
                    // The terms in the order of the pixels, whichever weights stand over them.
                    let (row, column) = if conv.flipped { (kernel.h - 1 - ky, kernel.w - 1 - kx) } else { (ky, kx) };
                    let factor = self.param(((o * in_ch + c) * kernel.h + row) * kernel.w + column);
                    let source = conv.pad_mode.source(y as isize, shape.h).zip(conv.pad_mode.source(x as isize, shape.w));
                    let term = source.map_or(Term { input: 0, from: None, at: [0; 2], value: 0.0, factor }, |(y, x)| {
                        self.term(0, [o / out_ch * in_ch + c, y, x])
                    });
                    terms.push(Term { at: [y, x], factor, ..term });
                }
            }
        }
        let weights = self.at.output.ch * in_ch * kernel.h * kernel.w;
        Account::new(Form::Sum { bias: conv.bias.then(|| self.param(weights + o)) }, terms)
    }

    /// A transposed convolution: the stamps that reach the cell.
    pub(super) fn stamped(&self, conv: &ConvTranspose2d) -> Account {
        let (shape, o) = (self.at.input, self.cell.channel);
        let (in_ch, out_ch) = (shape.ch / conv.groups, self.at.output.ch / conv.groups);
        // The pixel whose stamp covers output `to` with tap `tap`.
        let pixel = |to: usize, tap: usize, stride: usize, dilation: usize, pad: usize, extent: usize| {
            let ahead = (to + pad).checked_sub(tap * dilation)?;
            (ahead.is_multiple_of(stride) && ahead / stride < extent).then_some(ahead / stride)
        };
        let mut terms = Vec::new();
        for c in o / out_ch * in_ch..(o / out_ch + 1) * in_ch {
            for ky in 0..conv.kernel.h {
                for kx in 0..conv.kernel.w {
                    let y = pixel(self.cell.row, ky, conv.stride.h, conv.dilation.h, conv.pad.top, shape.h);
                    let x = pixel(self.cell.col, kx, conv.stride.w, conv.dilation.w, conv.pad.left, shape.w);
                    let (Some(y), Some(x)) = (y, x) else { continue };
                    let factor = self.param(((c * out_ch + o % out_ch) * conv.kernel.h + ky) * conv.kernel.w + kx);
                    terms.push(Term { factor, ..self.term(0, [c, y, x]) });
                }
            }
        }
        let weights = shape.ch * out_ch * conv.kernel.h * conv.kernel.w;
        Account::new(Form::Sum { bias: conv.bias.then(|| self.param(weights + o)) }, terms)
    }

    pub(super) fn dense(&self, dense: &Dense) -> Account {
        let (wide, o) = (self.at.input.ch, self.cell.channel);
        let terms = (0..wide).map(|i| Term { factor: self.param(o * wide + i), ..self.term(0, [i, 0, 0]) }).collect();
        Account::new(Form::Sum { bias: dense.bias.then(|| self.param(dense.out * wide + o)) }, terms)
    }

    /// Between the four nearest pixels, whose middles lie half a pixel inside.
    pub(super) fn bilinear(&self) -> Account {
        let axis = |to: usize, from: usize, out: usize| {
            let place = (to as f64 + 0.5) * from as f64 / out as f64 - 0.5;
            let first = libm::floor(place);
            let share = place - first;
            let pixel = |p: f64| p.clamp(0.0, from as f64 - 1.0) as usize;
            [(pixel(first), 1.0 - share), (pixel(first + 1.0), share)]
        };
        let (from, to) = (self.at.input, self.at.output);
        let mut terms = Vec::with_capacity(4);
        for (y, down) in axis(self.cell.row, from.h, to.h) {
            for (x, right) in axis(self.cell.col, from.w, to.w) {
                terms.push(Term { factor: (down * right) as f32, ..self.term(0, [self.cell.channel, y, x]) });
            }
        }
        Account::new(Form::Sum { bias: None }, terms)
    }
}
