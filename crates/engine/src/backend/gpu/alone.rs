//! A loss or an update rule alone on the card: what checks of them run. (A layer alone is a
//! [`super::Single`].)

use std::rc::Rc;

use wgpu::{Buffer, BufferUsages};

use super::{
    card::{Card, CardError},
    commands::Commands,
    launch::{Launch, Slot, Storage},
    line::{Line, Turn},
    network::{RESULT_BYTES, results},
    pipeline::prepare,
    reader::{bytes, floats},
};
use crate::{
    LossSpec, OptimizerSpec, Shape, StepInputs,
    loss::{BatchResult, Given, LossPlace, Targets},
};

/// A batch of outputs to be judged by a loss.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// (batch, numbers of `output`).
    pub outputs: &'a [f32],
    pub output: Shape,
    /// Of the whole batch.
    pub targets: Targets<'a>,
    /// Examples that count.
    pub count: usize,
}

/// The result of the examples that count.
///
/// # Errors
/// Whatever the card says.
pub async fn evaluate(card: &Rc<Card>, loss: &LossSpec, judged: &Judged<'_>) -> Result<BatchResult, CardError> {
    Ok(on_outputs(card, loss, judged, false).await?.0)
}

/// As [`evaluate`], and the gradient of the sum of losses / batch with respect to the outputs.
///
/// # Errors
/// Whatever the card says.
pub async fn gradient(card: &Rc<Card>, loss: &LossSpec, judged: &Judged<'_>) -> Result<(BatchResult, Vec<f32>), CardError> {
    on_outputs(card, loss, judged, true).await
}

async fn on_outputs(card: &Rc<Card>, loss: &LossSpec, judged: &Judged<'_>, gradient: bool) -> Result<(BatchResult, Vec<f32>), CardError> {
    let Judged { outputs, output, targets, count } = *judged;
    let batch = outputs.len() / output.len();
    let given = Given { labels: !targets.labels.is_empty(), dense: !targets.dense.is_empty() };
    let launches = loss.launches(&LossPlace { output, batch, given, gradient });
    let turn = Turn { count: count as u32, ..Turn::default() };
    let words: Vec<u8> = targets.labels.iter().flat_map(|c| u32::from(*c).to_le_bytes()).collect();
    // What is to be overwritten holds NaN before, so a number left out shows.
    let unknown = |len: usize| bytes(&vec![f32::NAN; len]);
    let content = [
        (Slot::Output, bytes(outputs)),
        (Slot::Labels, words),
        (Slot::Targets, bytes(targets.dense)),
        (Slot::ClassWeights, bytes(&loss.class_weights())),
        (Slot::DOutput, unknown(if gradient { outputs.len() } else { 0 })),
        (Slot::Losses, unknown(batch)),
        (Slot::Answers, vec![0xff; 4 * batch]),
        (Slot::Results, vec![0xff; RESULT_BYTES]),
    ];
    let back = run(card, &launches, turn, [0.0; 4], &content).await?;
    Ok((results(&back[7]).next().unwrap_or_default(), floats(&back[4]).collect()))
}

/// One update of `params` and `state` by these gradients.
///
/// # Errors
/// Whatever the card says.
pub async fn update(
    card: &Rc<Card>,
    optimizer: &OptimizerSpec,
    params: &mut Vec<f32>,
    grads: &[f32],
    state: &mut Vec<f32>,
    now: &StepInputs,
) -> Result<(), CardError> {
    let launches = [optimizer.kernel().launch(params.len())];
    let turn = Turn { now: *now, ..Turn::default() };
    // All of them in one group, with their rate as it is.
    let table = [params.len() as u32, 1f32.to_bits(), 1f32.to_bits(), 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    let content = [(Slot::Params, bytes(params)), (Slot::Grads, bytes(grads)), (Slot::OptimizerState, bytes(state)), (Slot::Rates, table)];
    let back = run(card, &launches, turn, optimizer.kernel().rule(now), &content).await?;
    *params = floats(&back[0]).collect();
    *state = floats(&back[2]).collect();
    Ok(())
}

/// Dispatches `launches` on buffers with this content; what they hold afterwards, in the same order.
async fn run(
    card: &Rc<Card>,
    launches: &[Launch],
    turn: Turn,
    rule: [f32; 4],
    content: &[(Slot, Vec<u8>)],
) -> Result<Vec<Vec<u8>>, CardError> {
    let line = Line::new(card)?;
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
    let mut buffers = Vec::new();
    for (slot, bytes) in content {
        let buffer = card.buffer(&format!("{slot:?}"), bytes.len(), usage)?;
        if !bytes.is_empty() {
            card.queue.write_buffer(&buffer, 0, bytes);
        }
        buffers.push((*slot, buffer));
    }
    line.set_turns(&[turn], |_| rule);
    // A slot that is not in `content` would be a launch that this module does not know.
    let find = |_: usize, slot: Slot| -> &Buffer { buffers.iter().find(|(s, _)| *s == slot).map_or(&buffers[0].1, |(_, b)| b) };
    let ready = prepare(card, launches, Storage::F32, find)?;
    let mut commands = Commands::new(&line, content.iter().map(|(_, bytes)| bytes.len()).sum())?;
    commands.launch(&ready, 0);
    for ((_, buffer), (_, bytes)) in buffers.iter().zip(content) {
        commands.copy(buffer, 0, bytes.len());
    }
    commands.submit();
    let all = line.reader.next().await?;
    let mut rest = &all[..];
    let parts = content.iter().map(|(_, bytes)| {
        let (own, others) = rest.split_at(bytes.len());
        rest = others;
        own.to_vec()
    });
    Ok(parts.collect())
}
