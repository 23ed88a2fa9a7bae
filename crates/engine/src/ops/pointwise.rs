//! What activations that work on each number for itself share: the loops, the launches, the naive twin.
//!
//! A folder says its function and its slope, in `f32` and in `f64`, and has its two WGSL files.

use super::{Backward, Case, Cost, Forward, Inferred, Kind, LayerSpec, Op, Placement, Reference, Window, Worked, Working, single};
use crate::{
    Mode, Shape, ShapeError, StepInputs,
    backend::{
        cpu::simd::{self, Kernel, Vector},
        gpu::launch::{Launch, Launches, Shader, Site, Slot, Word, spread},
    },
};

/// A layer whose every output depends on the input at the same place alone.
pub trait Pointwise {
    const KIND: &'static Kind;
    /// Forward (reads the input) and backward.
    const SHADERS: [&'static Shader; 2];
    /// What the slope is computed from, on the card as here: the input or the output.
    const SEEN: Seen;

    /// # Errors
    /// Settings without meaning.
    fn check(&self) -> Result<(), ShapeError>;

    /// The settings as both shaders read them, after `len`.
    fn dims(&self) -> Vec<(&'static str, Word)>;

    fn forward(&self, input: &[f32], output: &mut [f32]);

    /// `d_input = d_output · slope`.
    fn backward(&self, seen: &[f32], d_output: &[f32], d_input: &mut [f32]);

    /// Value and slope at `x`.
    fn exact(&self, x: f64) -> [f64; 2];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Input,
    Output,
}

impl<P: Pointwise> Op for P {
    fn kind(&self) -> &'static Kind {
        P::KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        self.check()?;
        let output = single(inputs)?;
        Ok(Inferred { output, params: vec![], saved: (0, 0), window: Window::Point, cost: Cost::default() })
    }

    fn working(&self, _at: &Placement) -> Working {
        Working::default()
    }

    fn forward(&self, _at: &Placement, io: Forward<'_>) {
        Pointwise::forward(self, io.inputs[0], io.output);
    }

    fn backward(&self, _at: &Placement, io: Backward<'_>) {
        if let [d_input] = io.d_inputs {
            let seen = match P::SEEN {
                Seen::Input => io.inputs[0],
                Seen::Output => io.output,
            };
            Pointwise::backward(self, seen, io.d_output, d_input);
        }
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        let len = at.batch * at.output.len();
        let launch = |shader, reads, writes| {
            let dims = [("len", len.into())].into_iter().chain(self.dims()).collect();
            Launch { shader, reads, writes, dims, groups: spread(len, 64) }
        };
        let [forward, backward] = P::SHADERS;
        let reads: &[Slot] = match P::SEEN {
            Seen::Input => &[Slot::Input, Slot::DOutput],
            Seen::Output => &[Slot::Output, Slot::DOutput],
        };
        let back = at.mode == Mode::Train && site.wants_d_input;
        Launches {
            forward: vec![launch(forward, &[Slot::Input], &[Slot::Output])],
            backward: if back { vec![launch(backward, reads, &[Slot::DInput])] } else { vec![] },
            scratch_len: 0,
        }
    }

    fn reference(&self, _at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        Reference {
            output: input.iter().map(|x| self.exact(*x)[0]).collect(),
            d_input: input.iter().zip(d_output).map(|(x, d)| d * self.exact(*x)[1]).collect(),
            ..Reference::default()
        }
    }
}

/// `to = f(from)`, number by number, on the machine's widest vectors where `f` is free of branches.
#[inline]
pub fn map(from: &[f32], to: &mut [f32], f: impl Fn(f32) -> f32) {
    simd::dispatch(Map { from, to, f });
}

/// `to = f(seen, d)`, number by number.
#[inline]
pub fn map_both(seen: &[f32], d: &[f32], to: &mut [f32], f: impl Fn(f32, f32) -> f32) {
    simd::dispatch(MapBoth { seen, d, to, f });
}

struct Map<'a, F> {
    from: &'a [f32],
    to: &'a mut [f32],
    f: F,
}

impl<F: Fn(f32) -> f32> Kernel for Map<'_, F> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        for (to, x) in self.to.iter_mut().zip(self.from) {
            *to = (self.f)(*x);
        }
    }
}

struct MapBoth<'a, F> {
    seen: &'a [f32],
    d: &'a [f32],
    to: &'a mut [f32],
    f: F,
}

impl<F: Fn(f32, f32) -> f32> Kernel for MapBoth<'_, F> {
    #[inline(always)]
    fn run<V: Vector>(self) {
        for ((to, x), d) in self.to.iter_mut().zip(self.seen).zip(self.d) {
            *to = (self.f)(*x, *d);
        }
    }
}

/// `x` where it is above zero, else `slope · x`. A sum instead of a choice: a compiler that sees a choice
/// may branch.
#[inline(always)]
pub fn leak(x: f32, slope: f32) -> f32 {
    let (above, below) = if x > 0.0 { (x, 0.0) } else { (0.0, x) };
    above + slope * below
}

/// `d` where `x` is above zero, else `slope · d`.
#[inline(always)]
pub fn leak_back(x: f32, d: f32, slope: f32) -> f32 {
    let (above, below) = if x > 0.0 { (d, 0.0) } else { (0.0, d) };
    above + slope * below
}

/// A case of a layer without parameters.
pub fn case(name: &'static str, layer: impl Into<LayerSpec>, input: Shape, batch: usize, worked: Option<Worked>) -> Case {
    Case { name, layer: layer.into(), input, others: &[], batch, mode: Mode::Train, worked }
}

/// Numbers of a layer without parameters, worked out by hand.
pub fn worked(input: &[f32], output: &[f32], d_output: &[f32], d_input: &[f32]) -> Worked {
    let [input, output, d_output, d_input] = [input, output, d_output, d_input].map(<[f32]>::to_vec);
    Worked { input, params: vec![], state: vec![], output, d_output, d_input, d_params: vec![] }
}

/// `value` of `setting` lies within `least..=most`, or the error that says so. NaN lies nowhere.
pub fn ratio_in_range(setting: &str, value: f32, least: f32, most: f32) -> Result<(), ShapeError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let [value, least, most] = [value, least, most].map(|v| v.to_string());
    Err(ShapeError::RatioOutOfRange { setting: setting.to_owned(), value, least, most })
}
