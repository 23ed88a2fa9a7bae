//! What stands around an update rule, as it is written down.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{OptimizerSpec, passes};
use crate::{Graph, NodeId, Setting, SettingError, json::Read, ops::ParamRole};

/// A rule and what stands around it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct UpdateSpec {
    pub optimizer: OptimizerSpec,
    pub treatment: Treatment,
}

impl From<OptimizerSpec> for UpdateSpec {
    fn from(optimizer: OptimizerSpec) -> Self {
        Self { optimizer, treatment: Treatment::default() }
    }
}

/// What is done to gradients before a rule sees them, and to the rates of single layers. In this order:
///
/// 1. The penalty `l1 · Σ|p| + l2 / 2 · Σp²` adds its gradient, `l1 · sign(p) + l2 · p`. (With both it is the
///    elastic net. `l2` alone does what the weight decay of SGD does.)
/// 2. The gradients of `accumulate` batches are averaged; the rule moves at the last of them.
/// 3. `clip_value` cuts each number to ± itself, then `clip_norm` shortens the gradient as a whole:
///    `g *= min(1, clip_norm / (‖g‖ + 1e-6))` (PyTorch's `clip_grad_value_` and `clip_grad_norm_`).
/// 4. The rule, its rate times the layer's factor. At 0 a layer is frozen: neither weights nor slots move,
///    and its gradient counts in no norm.
///
/// With `sam` above 0 the gradient is taken where the loss is higher: at `p + sam · g / ‖g‖`, `g` the
/// gradient at `p`, penalty included (Foret et al., *Sharpness-Aware Minimization*, 2021). That costs a
/// second pass forward and backward. Running statistics are those of the first.
///
/// Zero means without; all at their defaults do nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Treatment {
    pub l1: f32,
    pub l2: f32,
    /// The penalty reaches biases and the gains of normalisations too.
    pub penalise_all: bool,
    /// The rule's weight decay reaches biases and gains too, as in PyTorch; else weights alone.
    pub decay_all: bool,
    pub clip_value: f32,
    pub clip_norm: f32,
    /// The radius, `rho` in the paper.
    pub sam: f32,
    /// Batches to an update.
    pub accumulate: u32,
    /// Factors of the rate by layer, written as pairs; 1 where nothing is said.
    #[serde(with = "pairs")]
    pub rates: BTreeMap<NodeId, f32>,
}

/// Keys of a map would be text, which does not become a number again inside a tagged message.
mod pairs {
    use std::collections::BTreeMap;

    use serde::Serializer;

    use crate::{
        NodeId,
        json::{Error, Read, Value},
    };

    pub fn serialize<S: Serializer>(rates: &BTreeMap<NodeId, f32>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(rates)
    }

    pub fn deserialize(value: Value) -> Result<BTreeMap<NodeId, f32>, Error> {
        let mut rates = BTreeMap::new();
        for (node, rate) in Vec::<(NodeId, f32)>::read(value)? {
            rates.insert(node, rate);
        }
        Ok(rates)
    }
}

impl Default for Treatment {
    fn default() -> Self {
        Self {
            l1: 0.0,
            l2: 0.0,
            penalise_all: false,
            decay_all: true,
            clip_value: 0.0,
            clip_norm: 0.0,
            sam: 0.0,
            accumulate: 1,
            rates: BTreeMap::new(),
        }
    }
}

/// Largest factor of a layer's rate.
pub const FACTORS: f32 = 1000.0;

/// What is wrong with an [`UpdateSpec`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    #[error("{0}")]
    Setting(#[from] SettingError),
    #[error("layer {} has a rate factor, but the network has {layers} layers", node.0 + 1)]
    NoLayer { node: NodeId, layers: usize },
    #[error("layer {} (`{name}`) has a rate factor, but no weights", node.0 + 1)]
    NoWeights { node: NodeId, name: String },
    #[error("every layer is frozen: give one with weights a rate factor above 0")]
    AllFrozen,
}

impl Treatment {
    /// All but the rates of layers.
    pub const SETTINGS: &'static [Setting] = &[
        Setting::number("l1", "L1", 0.0, 100.0),
        Setting::number("l2", "L2", 0.0, 100.0),
        Setting::switch("penalise_all", "Penalise biases and gains"),
        Setting::switch("decay_all", "Decay biases and gains"),
        Setting::number("clip_value", "Clip numbers", 0.0, 1e6),
        Setting::number("clip_norm", "Clip length", 0.0, 1e6),
        Setting::number("sam", "SAM radius", 0.0, 10.0),
        Setting::count("accumulate", "Batches to an update", 1, 1024),
    ];

    /// What the penalties add to the loss.
    pub fn penalty(&self, graph: &Graph, params: &[f32]) -> f64 {
        let penalised = graph.params.iter().filter(|p| self.penalise_all || p.role == ParamRole::Weight);
        penalised.map(|p| passes::penalty(&params[p.range.clone()], [self.l1, self.l2])).sum()
    }

    pub fn has_penalty(&self) -> bool {
        self.l1 != 0.0 || self.l2 != 0.0
    }

    pub fn has_sam(&self) -> bool {
        self.sam > 0.0
    }

    /// Numbers within their limits, whatever the network is.
    ///
    /// # Errors
    /// The first setting that lies outside.
    pub fn check_settings(&self) -> Result<(), SettingError> {
        Self::SETTINGS.iter().try_for_each(|setting| setting.check(self))?;
        self.rates.values().try_for_each(|factor| SettingError::within("rates", *factor, 0.0, FACTORS))
    }
}

impl UpdateSpec {
    /// # Errors
    /// The first setting that lies outside its limits, or a rate of a layer that has none.
    pub fn check(&self, graph: &Graph) -> Result<(), UpdateError> {
        self.optimizer.check()?;
        self.treatment.check_settings()?;
        for node in self.treatment.rates.keys().copied() {
            let Some(layer) = graph.nodes.get(node.0) else {
                return Err(UpdateError::NoLayer { node, layers: graph.nodes.len() });
            };
            if layer.params.is_empty() {
                return Err(UpdateError::NoWeights { node, name: layer.name.clone() });
            }
        }
        if graph.params.iter().all(|p| self.treatment.rates.get(&p.node) == Some(&0.0)) {
            return Err(UpdateError::AllFrozen);
        }
        Ok(())
    }

    /// Names of the blocks of state, each as long as the weights: the rule's, and where gradients are
    /// accumulated their sum.
    pub fn slots(&self) -> Vec<&'static str> {
        let sum = (self.treatment.accumulate > 1).then_some("grad_sum");
        self.optimizer.rule().slots().iter().copied().chain(sum).collect()
    }

    /// Numbers of state for `params_len` parameters.
    pub fn state_len(&self, params_len: usize) -> usize {
        self.slots().len() * params_len
    }
}
