//! Power-average pooling: the p-norm of each window.
//!
//! # Shapes
//! `ch×in_h×in_w` to `ch×out_h×out_w`, `out_h = ⌊(in_h − k_h) / stride⌋ + 1`.
//!
//! # Formula
//! `output = (Σ xᵖ)^(1/p)` over the window, `p` being `norm_type`. An odd whole `p` keeps the sign of `x` and
//! of the sum, any other takes `|x|`: that is PyTorch's number wherever PyTorch gives one (it gives NaN for
//! the root of a negative sum, and for a fractional power of a negative number).
//!
//! # Gradient
//! `d_output · (|x| / |output|)^(p−1)`, with the sign of `x` unless `p` is odd. Zero for the whole window where
//! the output is zero, as PyTorch has it: there the root has no slope.
//!
//! # Cost
//! No multiply-adds are counted.
//!
//! # Errors
//! `norm_type` outside 1 to 8, a window larger than the input.

mod cpu;
mod gpu;

use serde::Serialize;

use super::{
    Backward, Case, Control, Cost, Exhibit, Forward, Inferred, Kind, Knob, Op, Placement, Reference, Signs, Window, Worked, Working, boxes,
    window::{self, Windows},
};
use crate::{
    Mode, Pair, Shape, ShapeError, Sides, StepInputs,
    backend::gpu::launch::{Launches, Site},
    json::Read,
};

/// `torch.nn.LPPool2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct LpPool2d {
    /// The power p.
    pub norm_type: f32,
    pub kernel: Pair,
    pub stride: Pair,
}

impl Default for LpPool2d {
    fn default() -> Self {
        Self { norm_type: 2.0, kernel: Pair::square(2), stride: Pair::square(2) }
    }
}

/// Beyond it a number as small as 10⁻⁵, or as large as 10⁵, has a power that `f32` does not hold.
const MOST: f32 = 8.0;

pub const KIND: Kind = Kind {
    name: "lp_pool2d",
    short: "lppool",
    title: "Power-average pooling",
    family: super::Family::Pooling,
    knobs: &[
        Knob { key: "norm_type", label: "Power p", control: Control::Ratio { least: 1.0, most: MOST, step: 0.5 } },
        Knob { key: "kernel", label: "Window", control: Control::Count { least: 1, most: 8 } },
        Knob { key: "stride", label: "Stride", control: Control::Count { least: 1, most: 8 } },
    ],
    signs: Signs::Both,
    mixes: false,
    identity_in: &[],
    absorbs: &[],
    activation: None,
};

pub const EXHIBIT: Exhibit = Exhibit { kind: &KIND, cases, shaders: gpu::SHADERS };

fn cases() -> Vec<Case> {
    // √(3² + 4²) = 5, and a window of zeros, which passes no gradient on.
    let worked = Worked {
        input: vec![3.0, 0.0, 0.0, 0.0, 0.0, -4.0, 0.0, 0.0],
        params: vec![],
        state: vec![],
        output: vec![5.0, 0.0],
        d_output: vec![10.0, 20.0],
        d_input: vec![6.0, 0.0, 0.0, 0.0, 0.0, -8.0, 0.0, 0.0],
        d_params: vec![],
    };
    let case =
        |name, layer: LpPool2d, input, batch, mode, worked| Case { name, layer: layer.into(), input, others: &[], batch, mode, worked };
    let overlapping = LpPool2d { norm_type: 2.0, kernel: Pair::new(3, 2), stride: Pair::new(2, 1) };
    let of = |norm_type| LpPool2d { norm_type, ..overlapping.clone() };
    vec![
        case("worked_by_hand", LpPool2d::default(), Shape::new(1, 2, 4), 1, Mode::Train, Some(worked)),
        case("overlapping", overlapping.clone(), Shape::new(2, 6, 5), 2, Mode::Train, None),
        case("sum", of(1.0), Shape::new(2, 7, 6), 2, Mode::Train, None),
        case("whole_power", of(4.0), Shape::new(1, 5, 9), 2, Mode::Train, None),
        case("fractional_power", of(2.5), Shape::new(2, 6, 5), 2, Mode::Train, None),
        case("evaluation", of(2.0), Shape::new(1, 6, 7), 2, Mode::Eval, None),
    ]
}

impl LpPool2d {
    fn windows(&self, at: &Placement) -> Windows {
        Windows::new(self.kernel, self.stride, Sides::default(), at.input, at.output)
    }

    /// The power where it is a whole number: a product then does instead of a logarithm, and keeps the sign.
    fn whole(&self) -> Option<u32> {
        (self.norm_type.fract() == 0.0).then_some(self.norm_type as u32)
    }
}

impl Op for LpPool2d {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn infer(&self, inputs: &[Shape]) -> Result<Inferred, ShapeError> {
        if !(1.0..=MOST).contains(&self.norm_type) {
            return Err(ShapeError::RatioOutOfRange {
                setting: "norm_type".to_owned(),
                value: self.norm_type.to_string(),
                least: "1".to_owned(),
                most: MOST.to_string(),
            });
        }
        let output = window::infer(inputs, self.kernel, self.stride, Sides::default())?;
        let window = Window::Slide { kernel: self.kernel, stride: self.stride, dilation: Pair::one(), pad: Sides::default() };
        Ok(Inferred { output, params: vec![], saved: (0, 0), window, cost: Cost::default() })
    }

    fn working(&self, at: &Placement) -> Working {
        Working { scratch_len: at.input.w, table: self.windows(at).table(false) }
    }

    fn forward(&self, at: &Placement, io: Forward<'_>) {
        cpu::forward(self, at, io);
    }

    fn backward(&self, at: &Placement, io: Backward<'_>) {
        cpu::backward(self, at, io);
    }

    fn launches(&self, at: &Placement, site: &Site) -> Launches {
        gpu::launches(self, at, site)
    }

    fn reference(&self, at: &Placement, _now: &StepInputs, input: &[f64], _params: &[f64], _state: &[f64], d_output: &[f64]) -> Reference {
        let windows = self.windows(at);
        let p = f64::from(self.norm_type);
        let odd = self.whole().is_some_and(|n| n % 2 == 1);
        let sign = |x: f64| if x < 0.0 { -1.0 } else { 1.0 };
        boxes::reference(
            at,
            input,
            d_output,
            |_, y| windows.rows(y),
            |_, x| windows.columns(x),
            |_, numbers| {
                let power = |x: f64| libm::pow(x.abs(), p) * if odd { sign(x) } else { 1.0 };
                let sum: f64 = numbers.iter().map(|x| power(*x)).sum();
                let output = sign(sum) * libm::pow(sum.abs(), 1.0 / p);
                let slope = |x: f64| match output {
                    0.0 => 0.0,
                    _ => libm::pow((x / output).abs(), p - 1.0) * if odd { 1.0 } else { sign(x) },
                };
                (output, numbers.iter().map(|x| slope(*x)).collect())
            },
        )
    }
}
