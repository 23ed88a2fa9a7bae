//! How one number of a layer's output comes about, written out: which numbers take part, what each is multiplied
//! by, and what is done with them. The page shows it; a test compares its result with the kernels' for every
//! operator and case.
//!
//! [`LayerSpec::account`] is one choice of a family for each operator: a new operator is a line there.

mod boxed;
mod function;
mod weighed;

use serde::Serialize;

pub use function::Function;

use super::{LayerSpec, Placement, join, keep::Keep};
use crate::{Mode, Shape, StepInputs, json::Read};

/// One number of a layer's output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Read)]
pub struct Cell {
    /// Place in the batch.
    pub example: usize,
    pub channel: usize,
    pub row: usize,
    pub col: usize,
}

/// What a layer's numbers are made from: whole batches, as [`super::Forward`] takes them.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub inputs: &'a [&'a [f32]],
    pub params: &'a [f32],
    /// Running statistics, used in evaluation only.
    pub state: &'a [f32],
}

/// A number that takes part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// Which input of the layer it is taken from: joins have several.
    pub input: usize,
    /// Channel, row and column that it is taken from; `None` for padding of zeros and for what lies beyond a
    /// pooling's edge.
    pub from: Option<[usize; 3]>,
    /// Row and column at which the layer looks. Where they lie outside, padding of some mode stands there.
    pub at: [i64; 2],
    pub value: f32,
    /// What it is multiplied by; 1 where the form has no factors.
    pub factor: f32,
}

impl Term {
    /// What it adds to a sum.
    pub fn product(&self) -> f64 {
        f64::from(self.value) * f64::from(self.factor)
    }

    /// Whether it stands for what lies beyond the edge.
    pub fn is_beyond(&self, shape: Shape) -> bool {
        !((0..shape.h as i64).contains(&self.at[0]) && (0..shape.w as i64).contains(&self.at[1]))
    }
}

/// What is done with the terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// The only term is passed on.
    Copy,
    /// `Σ factor · value + bias`
    Sum { bias: Option<f32> },
    /// The plain product of all values.
    Product,
    /// `Σ value / count`
    Mean { count: usize },
    /// The largest value, of equals the first.
    Largest,
    /// `(Σ |value|^p)^(1/p)`; whole odd powers keep the sign.
    Norm { p: f32 },
    /// `Σ a² / Σ a` over what is above zero.
    Expected,
    /// One of those above zero, drawn as likely as it is large: at this share of their sum.
    Drawn { share: f32 },
    /// `f(value)`
    Function(Function),
    /// `(value − mean) / √(var + eps) · gain + bias`
    Standardised {
        mean: f64,
        var: f64,
        eps: f32,
        /// Gain and bias, where there are such.
        affine: Option<[f32; 2]>,
        /// How many numbers mean and variance are of; `None` for running ones.
        over: Option<usize>,
    },
    /// `e^value / Σ e^values` of the term that is `chosen`, or its logarithm.
    Share { log: bool },
}

/// One number, written out.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub form: Form,
    pub terms: Vec<Term>,
    /// The term that counts alone, or that the output belongs to.
    pub chosen: Option<usize>,
}

impl Account {
    fn new(form: Form, terms: Vec<Term>) -> Self {
        let mut account = Self { form, terms, chosen: None };
        account.chosen = match form {
            Form::Largest => account.largest(),
            Form::Drawn { share } => account.drawn(share),
            _ => None,
        };
        account
    }

    fn inside(&self) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.terms.iter().enumerate().filter(|(_, t)| t.from.is_some()).map(|(i, t)| (i, f64::from(t.value)))
    }

    fn largest(&self) -> Option<usize> {
        self.inside().reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(i, _)| i)
    }

    fn drawn(&self, share: f32) -> Option<usize> {
        // The kernel's own order and rounding: another sum might draw another number.
        let positive = || self.terms.iter().enumerate().filter(|(_, t)| t.from.is_some() && t.value > 0.0);
        let total = positive().fold(0.0, |sum, (_, t)| sum + t.value);
        let mut reached = 0.0;
        let mut last = None;
        for (i, term) in positive() {
            reached += term.value;
            last = Some(i);
            if reached > share * total {
                break;
            }
        }
        last
    }

    /// The sum of the products, before a bias.
    pub fn sum(&self) -> f64 {
        self.terms.iter().map(Term::product).sum()
    }

    /// What the arithmetic gives.
    pub fn result(&self) -> f64 {
        let first = self.terms.first().map_or(0.0, |t| f64::from(t.value));
        let chosen = self.chosen.and_then(|i| self.terms.get(i)).map_or(0.0, |t| f64::from(t.value));
        match self.form {
            Form::Copy => first,
            Form::Sum { bias } => self.sum() + f64::from(bias.unwrap_or(0.0)),
            Form::Product => self.terms.iter().map(|t| f64::from(t.value)).product(),
            Form::Mean { count } => self.terms.iter().map(|t| f64::from(t.value)).sum::<f64>() / count.max(1) as f64,
            Form::Largest | Form::Drawn { .. } => chosen,
            Form::Norm { p } => function::norm(self.inside().map(|(_, v)| v), f64::from(p)),
            Form::Expected => {
                let positive = || self.inside().map(|(_, v)| v.max(0.0));
                let total: f64 = positive().sum();
                if total > 0.0 { positive().map(|v| v * v).sum::<f64>() / total } else { 0.0 }
            }
            Form::Function(f) => f.value(first),
            Form::Standardised { mean, var, eps, affine, .. } => {
                let even = (first - mean) / libm::sqrt(var + f64::from(eps));
                affine.map_or(even, |[gain, bias]| even * f64::from(gain) + f64::from(bias))
            }
            Form::Share { log } => {
                let greatest = self.inside().fold(f64::MIN, |most, (_, v)| most.max(v));
                let total: f64 = self.inside().map(|(_, v)| libm::exp(v - greatest)).sum();
                if log { chosen - greatest - libm::log(total) } else { libm::exp(chosen - greatest) / total }
            }
        }
    }
}

/// What stands between input and output of a layer whose tile is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// Of a convolution: each input channel's share of the output, a map each. Of a dense layer: each input's.
    Products,
    /// The sum of the products, before the bias. Of a pooling that takes means or norms: the sum of each box.
    Sum,
    /// `(input − mean) / √(var + eps)`
    Standardised,
    /// For each number of the output the place in its plane that it was taken from; −1 for none.
    Winners,
    /// `e^(input − greatest)` of every channel.
    Exponentials,
    /// The function at even places, after the first and the last place.
    Curve,
    /// The gradient of one cell by every pixel of the image.
    Field,
}

/// Everything that a family needs.
#[derive(Clone, Copy, Debug)]
struct Site<'a> {
    layer: &'a LayerSpec,
    at: &'a Placement,
    now: &'a StepInputs,
    ground: Ground<'a>,
    cell: Cell,
}

impl Site<'_> {
    /// A number of an input, as a term. Zero where there is no such number.
    fn term(&self, input: usize, [channel, row, col]: [usize; 3]) -> Term {
        let shape = join::shapes(self.at).nth(input).unwrap_or(self.at.input);
        let place = ((self.cell.example * shape.ch + channel) * shape.h + row) * shape.w + col;
        let value = self.ground.inputs.get(input).and_then(|values| values.get(place)).copied().unwrap_or(0.0);
        Term { input, from: Some([channel, row, col]), at: [row as i64, col as i64], value, factor: 1.0 }
    }

    /// The number at the output's own place.
    fn same(&self, input: usize) -> Term {
        self.term(input, [self.cell.channel, self.cell.row, self.cell.col])
    }

    fn param(&self, index: usize) -> f32 {
        self.ground.params.get(index).copied().unwrap_or(0.0)
    }

    fn function(&self, f: Function) -> Account {
        Account::new(Form::Function(f), vec![self.same(0)])
    }

    /// What is dropped together is one run of `span` numbers.
    fn kept(&self, p: f32, span: usize) -> Account {
        if self.at.mode == Mode::Eval {
            return Account::new(Form::Copy, vec![self.same(0)]);
        }
        let place = self.index(self.at.input);
        let factor = Keep { p, span }.factor(self.at, self.now, place / span.max(1));
        Account::new(Form::Sum { bias: None }, vec![Term { factor, ..self.same(0) }])
    }

    /// Place of the cell in a batch of this shape.
    fn index(&self, shape: Shape) -> usize {
        let Cell { example, channel, row, col } = self.cell;
        ((example * shape.ch + channel) * shape.h + row) * shape.w + col
    }

    /// All channels of the cell's pixel.
    fn pixel(&self) -> Vec<Term> {
        (0..self.at.input.ch).map(|c| self.term(0, [c, self.cell.row, self.cell.col])).collect()
    }

    fn share(&self, log: bool) -> Account {
        Account { form: Form::Share { log }, terms: self.pixel(), chosen: Some(self.cell.channel) }
    }

    /// Mean and variance over these runs of the first input.
    fn moments(&self, runs: impl Iterator<Item = std::ops::Range<usize>> + Clone) -> (f64, f64, usize) {
        let values = || runs.clone().flat_map(|run| self.ground.inputs[0].get(run).unwrap_or_default()).map(|v| f64::from(*v));
        let count = values().count();
        let mean = values().sum::<f64>() / count.max(1) as f64;
        (mean, values().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count.max(1) as f64, count)
    }

    fn batch_norm(&self, eps: f32) -> Account {
        let (shape, c) = (self.at.input, self.cell.channel);
        let (mean, var, over) = if self.at.mode == Mode::Train {
            let (plane, len) = (shape.plane(), shape.len());
            let (mean, var, count) = self.moments((0..self.at.batch).map(|n| n * len + c * plane..n * len + (c + 1) * plane));
            (mean, var, Some(count))
        } else {
            let kept = |i: usize| f64::from(self.ground.state.get(i).copied().unwrap_or(0.0));
            (kept(c), kept(shape.ch + c), None)
        };
        let affine = Some([self.param(c), self.param(shape.ch + c)]);
        Account::new(Form::Standardised { mean, var, eps, affine, over }, vec![self.same(0)])
    }

    fn group_norm(&self, groups: usize, eps: f32, affine: bool) -> Account {
        let (shape, c) = (self.at.input, self.cell.channel);
        let size = shape.len() / groups;
        let first = self.cell.example * shape.len() + c / (shape.ch / groups) * size;
        let (mean, var, count) = self.moments(std::iter::once(first..first + size));
        let affine = affine.then(|| [self.param(c), self.param(shape.ch + c)]);
        Account::new(Form::Standardised { mean, var, eps, affine, over: Some(count) }, vec![self.same(0)])
    }

    /// Which input a concatenation's channel is from.
    fn stacked(&self) -> Account {
        let mut channel = self.cell.channel;
        for (input, shape) in join::shapes(self.at).enumerate() {
            if channel < shape.ch {
                return Account::new(Form::Copy, vec![self.term(input, [channel, self.cell.row, self.cell.col])]);
            }
            channel -= shape.ch;
        }
        Account::new(Form::Copy, Vec::new())
    }

    fn flattened(&self) -> Account {
        let (shape, c) = (self.at.input, self.cell.channel);
        let place = [c / shape.plane(), c % shape.plane() / shape.w, c % shape.w];
        Account::new(Form::Copy, vec![self.term(0, place)])
    }

    fn gated(&self) -> Account {
        let gate = self.at.others.first().copied().unwrap_or(self.at.input);
        let Cell { channel, row, col, .. } = self.cell;
        let [row, col] = if gate.plane() > 1 { [row, col] } else { [0, 0] };
        let channel = if gate.ch > 1 { channel } else { 0 };
        Account::new(Form::Product, vec![self.same(0), self.term(1, [channel, row, col])])
    }

    fn joined(&self) -> Account {
        Account::new(Form::Sum { bias: None }, (0..1 + self.at.others.len()).map(|input| self.same(input)).collect())
    }

    fn over_channels(&self) -> Account {
        let form = if self.cell.channel == 0 { Form::Mean { count: self.at.input.ch } } else { Form::Largest };
        Account::new(form, self.pixel())
    }

    fn nearest(&self) -> Account {
        let (from, to) = (self.at.input, self.at.output);
        let Cell { channel, row, col, .. } = self.cell;
        Account::new(Form::Copy, vec![self.term(0, [channel, row / (to.h / from.h), col / (to.w / from.w)])])
    }
}

impl LayerSpec {
    /// How the number at `cell` of the output comes about. Empty terms where there is no such cell.
    pub fn account(&self, at: &Placement, now: &StepInputs, ground: Ground<'_>, cell: Cell) -> Account {
        let out = at.output;
        if cell.example >= at.batch || cell.channel >= out.ch || cell.row >= out.h || cell.col >= out.w || ground.inputs.is_empty() {
            return Account::new(Form::Copy, Vec::new());
        }
        let site = Site { layer: self, at, now, ground, cell };
        match self {
            Self::Conv2d(conv) => site.convolved(conv),
            Self::ConvTranspose2d(conv) => site.stamped(conv),
            Self::Dense(dense) => site.dense(dense),
            Self::UpsampleBilinear2d(_) => site.bilinear(),
            Self::UpsampleNearest2d(_) => site.nearest(),
            Self::MaxPool2d(_) | Self::GlobalMaxPool2d(_) | Self::AdaptiveMaxPool2d(_) | Self::FractionalMaxPool2d(_) => {
                site.boxed(Form::Largest)
            }
            Self::AvgPool2d(pool) => site.averaged(pool.count_include_pad),
            Self::GlobalAvgPool2d(_) | Self::AdaptiveAvgPool2d(_) => site.averaged(false),
            Self::LpPool2d(pool) => site.boxed(Form::Norm { p: pool.norm_type }),
            Self::StochasticPool2d(_) => site.stochastic(),
            Self::ChannelPool2d(_) => site.over_channels(),
            Self::BatchNorm2d(norm) => site.batch_norm(norm.eps),
            Self::LayerNorm(norm) => site.group_norm(1, norm.eps, norm.affine),
            Self::GroupNorm(norm) => site.group_norm(norm.groups, norm.eps, norm.affine),
            Self::InstanceNorm2d(norm) => site.group_norm(at.input.ch, norm.eps, norm.affine),
            Self::Relu(_) => site.function(Function::Relu),
            Self::LeakyRelu(f) => site.function(Function::Leaky { slope: f.negative_slope }),
            Self::Prelu(f) => site.function(Function::Leaky { slope: site.param(if f.per_channel { cell.channel } else { 0 }) }),
            Self::Elu(f) => site.function(Function::Elu { alpha: f.alpha }),
            Self::Gelu(f) => site.function(Function::of_gelu(f)),
            Self::Silu(_) => site.function(Function::Silu),
            Self::Sigmoid(_) => site.function(Function::Sigmoid),
            Self::Tanh(_) => site.function(Function::Tanh),
            Self::Softplus(f) => site.function(Function::Softplus { beta: f.beta, threshold: f.threshold }),
            Self::Hardswish(_) => site.function(Function::Hardswish),
            Self::Softmax(_) => site.share(false),
            Self::LogSoftmax(_) => site.share(true),
            Self::Dropout(drop) => site.kept(drop.p, 1),
            Self::Dropout2d(drop) => site.kept(drop.p, at.input.plane()),
            Self::StochasticDepth(drop) => site.kept(drop.p, at.input.len()),
            Self::Flatten(_) => site.flattened(),
            Self::Add(_) => site.joined(),
            Self::Concat(_) => site.stacked(),
            Self::Scale(_) => site.gated(),
        }
    }
}
