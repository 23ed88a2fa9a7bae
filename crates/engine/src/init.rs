//! First values of the parameters.

mod orthogonal;

use serde::Serialize;

use crate::{
    Graph, Setting, SettingError,
    json::Read,
    ops::ParamRole,
    rng::{self, Stream},
};

/// How weights start. Biases start at 0, gains at 1, slopes of a PReLU at 0.25,
/// running means at 0, running variances at 1.
///
/// | rule | standard deviation |
/// |---|---|
/// | He (Kaiming), fan-in | √(2 / fan_in) |
/// | He, fan-out | √(2 / fan_out) |
/// | Xavier (Glorot) | √(2 / (fan_in + fan_out)) |
/// | normal | std |
///
/// The uniform rules draw from ±√3 times that, `Uniform` from ±bound. `Orthogonal` makes the rows of a weight,
/// seen as outputs × all else, perpendicular and `gain` long; where there are more rows than columns, the
/// columns (`torch.nn.init.orthogonal_`; Saxe et al. 2014).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Init {
    HeNormal,
    #[default]
    HeUniform,
    HeNormalFanOut,
    HeUniformFanOut,
    XavierNormal,
    XavierUniform,
    Orthogonal {
        gain: f32,
    },
    Normal {
        std: f32,
    },
    Uniform {
        bound: f32,
    },
    Constant {
        value: f32,
    },
    Zero,
}

impl Init {
    /// Every rule, those with a number with a usual one.
    pub const ALL: [Self; 11] = [
        Self::HeNormal,
        Self::HeUniform,
        Self::HeNormalFanOut,
        Self::HeUniformFanOut,
        Self::XavierNormal,
        Self::XavierUniform,
        Self::Orthogonal { gain: 1.0 },
        Self::Normal { std: 0.05 },
        Self::Uniform { bound: 0.05 },
        Self::Constant { value: 0.01 },
        Self::Zero,
    ];

    /// The rule's name in a specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::HeNormal => "he_normal",
            Self::HeUniform => "he_uniform",
            Self::HeNormalFanOut => "he_normal_fan_out",
            Self::HeUniformFanOut => "he_uniform_fan_out",
            Self::XavierNormal => "xavier_normal",
            Self::XavierUniform => "xavier_uniform",
            Self::Orthogonal { .. } => "orthogonal",
            Self::Normal { .. } => "normal",
            Self::Uniform { .. } => "uniform",
            Self::Constant { .. } => "constant",
            Self::Zero => "zero",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::HeNormal => "He, normal",
            Self::HeUniform => "He, uniform",
            Self::HeNormalFanOut => "He by fan-out, normal",
            Self::HeUniformFanOut => "He by fan-out, uniform",
            Self::XavierNormal => "Xavier, normal",
            Self::XavierUniform => "Xavier, uniform",
            Self::Orthogonal { .. } => "Orthogonal",
            Self::Normal { .. } => "Normal",
            Self::Uniform { .. } => "Uniform",
            Self::Constant { .. } => "Constant",
            Self::Zero => "Zero",
        }
    }

    /// The rule's number, where it has one.
    pub fn settings(self) -> &'static [Setting] {
        match self {
            Self::Orthogonal { .. } => const { &[Setting::number("orthogonal/gain", "Gain", 0.0, 100.0)] },
            Self::Normal { .. } => const { &[Setting::number("normal/std", "Standard deviation", 0.0, 100.0)] },
            Self::Uniform { .. } => const { &[Setting::number("uniform/bound", "Bound", 0.0, 100.0)] },
            Self::Constant { .. } => const { &[Setting::number("constant/value", "Value", -100.0, 100.0)] },
            _ => &[],
        }
    }

    /// # Errors
    /// The rule's number lies outside its limits.
    pub fn check(self) -> Result<(), SettingError> {
        self.settings().iter().try_for_each(|setting| setting.check(&self))
    }

    /// Draws a weight with these extents, outputs first, into `block`.
    fn draw(self, block: &mut [f32], dims: &[usize], [fan_in, fan_out]: [usize; 2], seed: u32, stream: Stream) {
        let he = |fan: usize| libm::sqrtf(2.0 / fan.max(1) as f32);
        let mut normal = |deviation: f32| {
            for (i, v) in (0..).zip(&mut *block) {
                *v = deviation * rng::normal(seed, stream, i);
            }
        };
        match self {
            Self::HeNormal => normal(he(fan_in)),
            Self::HeNormalFanOut => normal(he(fan_out)),
            Self::XavierNormal => normal(he(fan_in + fan_out)),
            Self::Normal { std } => normal(std),
            Self::HeUniform => uniform(block, he(fan_in), seed, stream),
            Self::HeUniformFanOut => uniform(block, he(fan_out), seed, stream),
            Self::XavierUniform => uniform(block, he(fan_in + fan_out), seed, stream),
            Self::Uniform { bound } => {
                for (i, v) in (0..).zip(block) {
                    *v = bound * (2.0 * rng::uniform(seed, stream, i) - 1.0);
                }
            }
            Self::Orthogonal { gain } => {
                let rows = dims.first().copied().unwrap_or(1).max(1);
                orthogonal::draw(block, rows, gain, |i| rng::normal(seed, stream, i));
            }
            Self::Constant { value } => block.fill(value),
            Self::Zero => block.fill(0.0),
        }
    }
}

/// Uniform numbers of this standard deviation.
fn uniform(block: &mut [f32], deviation: f32, seed: u32, stream: Stream) {
    for (i, v) in (0..).zip(block) {
        *v = deviation * (libm::sqrtf(3.0) * (2.0 * rng::uniform(seed, stream, i) - 1.0));
    }
}

impl Graph {
    /// First values of the parameter block. Same seed, same bits on every machine.
    pub fn initial_params(&self, seed: u32) -> Vec<f32> {
        let mut values = vec![0.0; self.params_len()];
        for (index, param) in self.params.iter().enumerate() {
            let (block, stream) = (&mut values[param.range.clone()], Stream::INIT.part(index as u32));
            match param.role {
                ParamRole::Weight => self.spec.init.draw(block, &param.dims, [param.fan_in, param.fan_out], seed, stream),
                ParamRole::Gain => block.fill(1.0),
                ParamRole::Slope => block.fill(0.25),
                ParamRole::Bias | ParamRole::RunningMean | ParamRole::RunningVar => {}
            }
        }
        values
    }

    /// First values of the running statistics.
    pub fn initial_state(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.state_len()];
        for param in self.state.iter().filter(|p| p.role == ParamRole::RunningVar) {
            values[param.range.clone()].fill(1.0);
        }
        values
    }
}
