//! The functions that work on each number for itself, as they are written down.

use crate::ops::gelu::{Approximate, Gelu};

/// A function of one number, with its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    Relu,
    Leaky {
        slope: f32,
    },
    Elu {
        alpha: f32,
    },
    /// `x · Φ(x)`, or its approximation by tanh.
    Gelu {
        by_tanh: bool,
    },
    Silu,
    Sigmoid,
    Tanh,
    Softplus {
        beta: f32,
        threshold: f32,
    },
    Hardswish,
}

impl Function {
    pub(super) fn of_gelu(gelu: &Gelu) -> Self {
        Self::Gelu { by_tanh: gelu.approximate == Approximate::Tanh }
    }

    pub fn value(self, x: f64) -> f64 {
        let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
        match self {
            Self::Relu => x.max(0.0),
            Self::Leaky { slope } if x <= 0.0 => x * f64::from(slope),
            Self::Elu { alpha } if x <= 0.0 => f64::from(alpha) * libm::expm1(x),
            Self::Leaky { .. } | Self::Elu { .. } => x,
            Self::Gelu { by_tanh: false } => 0.5 * x * libm::erfc(-x / std::f64::consts::SQRT_2),
            Self::Gelu { by_tanh: true } => {
                let inner = libm::sqrt(2.0 / std::f64::consts::PI) * (x + 0.044_715 * x * x * x);
                0.5 * x * (1.0 + libm::tanh(inner))
            }
            Self::Silu => x * sigmoid(x),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => libm::tanh(x),
            Self::Softplus { beta, threshold } => {
                let (beta, threshold) = (f64::from(beta), f64::from(threshold));
                if beta * x > threshold { x } else { ((beta * x).max(0.0) + libm::log1p(libm::exp(-(beta * x).abs()))) / beta }
            }
            Self::Hardswish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        }
    }
}

/// `(Σ |v|^p)^(1/p)`; whole odd powers keep the sign.
pub(super) fn norm(values: impl Iterator<Item = f64>, p: f64) -> f64 {
    let odd = p % 2.0 == 1.0;
    let sign = |v: f64| if v < 0.0 { -1.0 } else { 1.0 };
    let sum: f64 = values.map(|v| libm::pow(v.abs(), p) * if odd { sign(v) } else { 1.0 }).sum();
    sign(sum) * libm::pow(sum.abs(), 1.0 / p)
}
