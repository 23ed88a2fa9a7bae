//! First values of the parameters.

use serde::{Deserialize, Serialize};

use crate::{
    Graph,
    ops::ParamRole,
    rng::{self, Stream},
};

/// How weights start. Biases start at 0, gains at 1, slopes of a PReLU at 0.25,
/// running means at 0, running variances at 1.
///
/// | rule | standard deviation |
/// |---|---|
/// | He (Kaiming), fan-in | √(2 / fan_in) |
/// | Xavier (Glorot) | √(2 / (fan_in + fan_out)) |
///
/// The uniform rules draw from ±√3 times that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Init {
    HeNormal,
    #[default]
    HeUniform,
    XavierNormal,
    XavierUniform,
}

impl Init {
    pub const ALL: [Self; 4] = [Self::HeNormal, Self::HeUniform, Self::XavierNormal, Self::XavierUniform];

    pub fn label(self) -> &'static str {
        match self {
            Self::HeNormal => "He, normal",
            Self::HeUniform => "He, uniform",
            Self::XavierNormal => "Xavier, normal",
            Self::XavierUniform => "Xavier, uniform",
        }
    }

    fn deviation(self, fan_in: usize, fan_out: usize) -> f32 {
        let fans = match self {
            Self::HeNormal | Self::HeUniform => fan_in,
            Self::XavierNormal | Self::XavierUniform => fan_in + fan_out,
        };
        libm::sqrtf(2.0 / fans.max(1) as f32)
    }
}

impl Graph {
    /// First values of the parameter block. Same seed, same bits on every machine.
    pub fn initial_params(&self, seed: u32) -> Vec<f32> {
        let mut values = vec![0.0; self.params_len()];
        for (index, param) in self.params.iter().enumerate() {
            let (block, stream) = (&mut values[param.range.clone()], Stream::INIT.part(index as u32));
            match param.role {
                ParamRole::Weight => {
                    let deviation = self.spec.init.deviation(param.fan_in, param.fan_out);
                    for (i, v) in block.iter_mut().enumerate() {
                        *v = deviation
                            * match self.spec.init {
                                Init::HeNormal | Init::XavierNormal => rng::normal(seed, stream, i as u32),
                                Init::HeUniform | Init::XavierUniform => {
                                    libm::sqrtf(3.0) * (2.0 * rng::uniform(seed, stream, i as u32) - 1.0)
                                }
                            };
                    }
                }
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
