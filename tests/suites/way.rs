//! Where the suites compute: on the processor or on the graphics card. A test's body is the same for
//! both; what differs is here and in `network.rs`.

use std::{
    fmt,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use engine::{
    LossSpec, OptimizerSpec, Shape, StepInputs,
    backend::gpu::{Card, SingleResult, alone, alone::Judged},
    loss::{BatchResult, Targets},
    ops::Reference,
};

use crate::problem::{Problem, wide};

#[derive(Clone)]
pub enum Way {
    Cpu,
    Card(Rc<Card>),
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => write!(f, "on the CPU"),
            Self::Card(card) => write!(f, "on {}", card.info.name),
        }
    }
}

impl Way {
    /// The fast kernels of a layer, forward and in training also backward.
    pub async fn layer(&self, problem: &Problem) -> Reference {
        let result = self.single(problem, true).await;
        Reference {
            output: wide(&result.output),
            state: wide(&result.state),
            d_input: wide(&result.d_input),
            d_params: wide(&result.d_params),
        }
    }

    /// The gradient of the parameters where nobody asks for that of the input.
    pub async fn d_params_alone(&self, problem: &Problem) -> Vec<f64> {
        wide(&self.single(problem, false).await.d_params)
    }

    async fn single(&self, problem: &Problem, wants_d_input: bool) -> SingleResult {
        let single = problem.single(wants_d_input);
        match self {
            Self::Cpu => single.run_on_cpu(),
            Self::Card(card) => single.run(card).await.unwrap_or_else(|e| panic!("{:?}: {e}", problem.layer)),
        }
    }

    /// The result of the examples that count.
    pub async fn evaluate(&self, loss: &LossSpec, judged: &Judged<'_>) -> BatchResult {
        match self {
            Self::Cpu => loss.evaluate(judged.outputs, &counted(judged), judged.output),
            Self::Card(card) => alone::evaluate(card, loss, judged).await.unwrap(),
        }
    }

    /// As [`Way::evaluate`], and the gradient of the sum of losses / batch; 0 where an example does not count.
    pub async fn gradient(&self, loss: &LossSpec, judged: &Judged<'_>) -> (BatchResult, Vec<f32>) {
        let Judged { outputs, output, count, .. } = *judged;
        match self {
            Self::Cpu => {
                let (mut d_outputs, mut work) = (vec![f32::NAN; count * output.len()], vec![f32::NAN; output.len()]);
                let batch = outputs.len() / output.len();
                let result = loss.gradient(outputs, &counted(judged), output, batch, &mut d_outputs, &mut work);
                d_outputs.resize(outputs.len(), 0.0);
                (result, d_outputs)
            }
            Self::Card(card) => alone::gradient(card, loss, judged).await.unwrap(),
        }
    }

    /// One update of `params` and of the rule's own `state`.
    pub async fn update(&self, rule: &OptimizerSpec, params: &mut Vec<f32>, grads: &[f32], state: &mut Vec<f32>, now: &StepInputs) {
        match self {
            Self::Cpu => rule.update(params, grads, state, now),
            Self::Card(card) => alone::update(card, rule, params, grads, state, now).await.unwrap(),
        }
    }
}

/// The targets of the examples that count.
fn counted<'a>(judged: &Judged<'a>) -> Targets<'a> {
    let (targets, count) = (judged.targets, judged.count);
    let rows = (count * judged.output.len()).min(targets.dense.len());
    Targets { labels: &targets.labels[..count.min(targets.labels.len())], dense: &targets.dense[..rows], ..targets }
}

/// Scores of a batch with classes alone.
pub fn classes<'a>(outputs: &'a [f32], labels: &'a [u8], count: usize) -> Judged<'a> {
    Judged { outputs, output: Shape::flat(outputs.len() / labels.len()), targets: Targets::labels(labels), count }
}

/// What a future gives that needs nobody to wait: whatever runs on the CPU, and natively on a card.
pub fn finished<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("this would have to be waited for"),
    }
}

/// Tests `cpu::name` and `card::name`, natively and as wasm, from async functions `name(way: Way)`.
macro_rules! every_way {
    ($($name:ident),+ $(,)?) => {
        mod cpu {
            $(
                #[wasm_bindgen_test::wasm_bindgen_test(unsupported = test)]
                fn $name() {
                    crate::way::finished(super::$name(crate::way::Way::Cpu));
                }
            )+
        }

        mod card {
            crate::card::on_card! { $($name => |card| super::$name(crate::way::Way::Card(card))),+ }
        }
    };
}
pub(crate) use every_way;
