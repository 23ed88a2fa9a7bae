//! What all layers of one operator share, as data.

use super::{ABOUTS, Activation, EXHIBITS, Knob, LayerSpec};
use crate::{Mode, Shape, backend::gpu::launch::Shader, json::Read};

/// Which signs numbers can have: what a colour map must be able to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    Both,
    /// None below zero.
    Positive,
    /// Those of the input.
    AsInput,
}

/// What operators are for: how a list of them is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Convolution,
    Dense,
    Pooling,
    Upsampling,
    Activation,
    Normalisation,
    Dropping,
    Join,
}

impl Family {
    pub const ALL: [Self; 8] = [
        Self::Convolution,
        Self::Dense,
        Self::Pooling,
        Self::Activation,
        Self::Normalisation,
        Self::Dropping,
        Self::Join,
        Self::Upsampling,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Convolution => "Convolution",
            Self::Dense => "Dense",
            Self::Pooling => "Pooling",
            Self::Upsampling => "Upsampling",
            Self::Activation => "Activation",
            Self::Normalisation => "Normalisation",
            Self::Dropping => "Dropout",
            Self::Join => "Branches",
        }
    }
}

/// What all layers of one operator share.
#[derive(Debug)]
pub struct Kind {
    /// The folder, the serde tag, the test's name.
    pub name: &'static str,
    /// Stem of a node's name: `conv` in `conv1`.
    pub short: &'static str,
    pub title: &'static str,
    pub family: Family,
    pub knobs: &'static [Knob],
    /// Where the output is the input: the plan then gives both one buffer and runs nothing.
    pub identity_in: &'static [Mode],
    /// What the layer can apply while it writes its output.
    pub absorbs: &'static [Activation],
    /// The function that the layer is, where it is point-wise without settings.
    pub activation: Option<Activation>,
    /// Which signs its numbers can have.
    pub signs: Signs,
    /// Whether one map of the output is made from several of the input.
    pub mixes: bool,
}

/// What an operator is tried with and what a card runs for it: to be tested and to be shown. Apart from [`Kind`],
/// so that a program that only describes networks carries neither.
#[derive(Debug)]
pub struct Exhibit {
    pub kind: &'static Kind,
    /// Small problems with legal settings. Never empty; at least one worked by hand.
    pub cases: fn() -> Vec<Case>,
    /// Every file that [`super::Op::launches`] may name.
    pub shaders: &'static [&'static Shader],
}

impl Kind {
    /// The same operator's; of the list, so always there.
    fn exhibit(&self) -> Option<&'static Exhibit> {
        EXHIBITS.iter().copied().find(|exhibit| exhibit.kind.name == self.name)
    }

    /// [`Exhibit::cases`].
    pub fn cases(&self) -> Vec<Case> {
        self.exhibit().map(|exhibit| (exhibit.cases)()).unwrap_or_default()
    }

    /// [`Exhibit::shaders`].
    pub fn shaders(&self) -> &'static [&'static Shader] {
        self.exhibit().map_or(&[], |exhibit| exhibit.shaders)
    }

    /// What the page says about it; starts with a sentence that can stand alone. Not a field, so that a program that
    /// asks for none carries none.
    pub fn about(&self) -> &'static str {
        ABOUTS.iter().find(|(name, _)| *name == self.name).map_or("", |(_, about)| about)
    }

    /// The first sentence of [`Kind::about`].
    pub fn summary(&self) -> &'static str {
        let line = self.about().lines().next().unwrap_or_default();
        line.find(". ").map_or(line, |end| &line[..=end])
    }

    /// A layer of this operator as it is written with nothing set; a join has two empty branches.
    pub fn usual(&self) -> Option<LayerSpec> {
        let bare = LayerSpec::read(serde_json::json!({ "op": self.name })).ok()?;
        Some(bare.op().with_branches(vec![vec![]; 2]).unwrap_or(bare))
    }
}

/// A small problem, for tests and to be shown.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: &'static str,
    pub layer: LayerSpec,
    pub input: Shape,
    /// Further inputs of a join.
    pub others: &'static [Shape],
    pub batch: usize,
    pub mode: Mode,
    pub worked: Option<Worked>,
}

/// Numbers worked out by hand.
#[derive(Clone, Debug)]
pub struct Worked {
    pub input: Vec<f32>,
    pub params: Vec<f32>,
    pub state: Vec<f32>,
    pub output: Vec<f32>,
    pub d_output: Vec<f32>,
    pub d_input: Vec<f32>,
    pub d_params: Vec<f32>,
}
