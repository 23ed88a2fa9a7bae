//! How long each kernel of a training step takes, by the card's own clock.
//!
//! Every dispatch gets a pass of its own between two timestamps. That keeps neighbours from
//! overlapping, so the sum is somewhat more than what a step takes in one pass.
//!
//! A browser makes its clock coarse, against spying: Chromium counts in 100 µs, unless it was started
//! with flags for developers. There short kernels come out as 0; the times measured natively are those
//! to trust.

use wgpu::{BufferUsages, CommandEncoderDescriptor, ComputePassDescriptor, ComputePassTimestampWrites, QuerySetDescriptor, QueryType};

use super::{
    card::CardError,
    commands::dispatch,
    launch::{Slot, Storage},
    line::Turn,
    network::Gpu,
    pipeline::Prepared,
    run::GpuRun,
};
use crate::{NodeId, Plan, plan::Step};

/// One dispatch of a training step.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelTime {
    /// The layer that it belongs to, if to one; the loss belongs to the last.
    pub layer: Option<NodeId>,
    /// Folder and file of the shader, without the ending.
    pub shader: &'static str,
    /// Median of the repetitions.
    pub ns: f64,
    /// Products that are added up, by the layer's cost.
    pub multiply_adds: u64,
    /// Of the tensors that it reads and writes, each once; what it reads and then overwrites, twice.
    /// Working space is left out, so where a layer uses it the rate is a lower bound.
    pub bytes: u64,
}

impl KernelTime {
    /// Billions of operations a second, two for each product that is added.
    pub fn gflops(&self) -> f64 {
        2.0 * self.multiply_adds as f64 / self.ns.max(1.0)
    }

    /// Billions of bytes a second.
    pub fn gbs(&self) -> f64 {
        self.bytes as f64 / self.ns.max(1.0)
    }
}

/// Most dispatches that are timed at once: a set of queries holds 4096 moments.
const MOST: usize = 2048;
/// Bytes of one moment.
const MOMENT: usize = 8;

/// Times the kernels of the training step `turn`, in their order: medians of `repetitions`. The steps
/// change the weights as any do. Nothing may be under way. `None` where the card has no clock.
///
/// # Errors
/// Whatever the card says.
pub async fn training_step(gpu: &Gpu, run: &GpuRun, turn: Turn, repetitions: usize) -> Result<Option<Vec<KernelTime>>, CardError> {
    if !gpu.card.info.timestamps {
        return Ok(None);
    }
    let launches: Vec<&Prepared> = gpu.step_launches(run).into_iter().flatten().take(MOST).collect();
    // The first compiles, and finds caches cold.
    let mut times = vec![Vec::new(); launches.len()];
    for repetition in 0..=repetitions.max(1) {
        let moments = once(gpu, &launches, turn).await?;
        if repetition > 0 {
            for (list, [begun, ended]) in times.iter_mut().zip(moments.as_chunks::<2>().0) {
                // Cards may set their clock back.
                list.push(ended.saturating_sub(*begun) as f64 * gpu.card.tick_ns());
            }
        }
    }
    let measured = launches.iter().zip(&mut times).map(|(launch, list)| {
        crate::order::sort_by(list, f64::total_cmp);
        let ns = list.get(list.len() / 2).copied().unwrap_or(0.0);
        let step = launch.layer.and_then(|id| run.plan.steps.iter().find(|s| s.at.node == id));
        let multiply_adds = step.map_or(0, |step| multiply_adds(&run.plan, step, launch));
        let bytes = launch.reads.iter().map(|slot| bytes(gpu, run, step, *slot)).sum::<usize>()
            + launch.writes.iter().map(|slot| times_touched(*slot) * bytes(gpu, run, step, *slot)).sum::<usize>();
        KernelTime { layer: launch.layer, shader: launch.label, ns, multiply_adds, bytes: bytes as u64 }
    });
    Ok(Some(measured.collect()))
}

/// Beginning and end of every dispatch, in ticks.
async fn once(gpu: &Gpu, launches: &[&Prepared], turn: Turn) -> Result<Vec<u64>, CardError> {
    let (card, line) = (&gpu.card, &gpu.line);
    let count = 2 * launches.len() as u32;
    let queries = card.device.create_query_set(&QuerySetDescriptor { label: Some("moments"), ty: QueryType::Timestamp, count });
    let moments = card.buffer("moments", count as usize * MOMENT, BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC)?;
    line.set_turns(&[turn], |now| gpu.rule().rule_numbers(now));
    let mut encoder = card.device.create_command_encoder(&CommandEncoderDescriptor::default());
    for (launch, begin) in launches.iter().zip((0..).step_by(2)) {
        let writes = ComputePassTimestampWrites {
            query_set: &queries,
            beginning_of_pass_write_index: Some(begin),
            end_of_pass_write_index: Some(begin + 1),
        };
        let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor { label: Some(launch.label), timestamp_writes: Some(writes) });
        dispatch(&mut pass, launch, &line.now_group, 0);
    }
    encoder.resolve_query_set(&queries, 0..count, &moments, 0);
    let bytes = count as usize * MOMENT;
    let staging = line.reader.staging(bytes)?;
    encoder.copy_buffer_to_buffer(&moments, 0, &staging, 0, bytes as u64);
    card.queue.submit([encoder.finish()]);
    line.reader.expect(staging, bytes);
    let content = line.reader.next().await?;
    Ok(content.as_chunks::<MOMENT>().0.iter().map(|b| u64::from_le_bytes(*b)).collect())
}

/// Forward, the gradient of the input and the gradient of the weights each cost as much as the layer
/// says; a launch that only adds up parts of these costs nothing here.
fn multiply_adds(plan: &Plan, step: &Step, launch: &Prepared) -> u64 {
    let (reads, writes) = (|slot| launch.reads.contains(&slot), |slot| launch.writes.contains(&slot));
    // Products may be left in working space, for another launch to add up.
    let forward = reads(Slot::Input) && !reads(Slot::DOutput) && (writes(Slot::Output) || writes(Slot::Scratch) && reads(Slot::Params));
    let d_input = (reads(Slot::DOutput) || reads(Slot::Params)) && writes(Slot::DInput);
    let d_params = reads(Slot::Input) && reads(Slot::DOutput) && (writes(Slot::Grads) || writes(Slot::Scratch));
    let products = u64::from(forward) + u64::from(d_input) + u64::from(d_params);
    products * plan.batch as u64 * plan.graph.node(step.at.node).cost.multiply_adds
}

/// What carries over from step to step is read before it is written.
fn times_touched(slot: Slot) -> usize {
    if matches!(slot, Slot::Params | Slot::OptimizerState | Slot::State | Slot::Sum(_)) { 2 } else { 1 }
}

/// Bytes of a launch's tensor: the layer's own, or, outside layers, the whole.
fn bytes(gpu: &Gpu, run: &GpuRun, step: Option<&Step>, slot: Slot) -> usize {
    let (plan, batch) = (&run.plan, run.plan.batch);
    let stored = match run.storage {
        Storage::F32 => 4,
        Storage::F16 => 2,
    };
    let params = gpu.graph.params_len();
    let extents = step.map(|s| (s.at.input.len() * batch, s.at.output.len() * batch));
    let side = |k: u8| step.and_then(|s| s.at.others.get(usize::from(k).wrapping_sub(1))).map_or(0, |shape| shape.len() * batch);
    match slot {
        Slot::Side(k) => side(k) * stored,
        Slot::DSide(k) | Slot::Sum(k) if k > 0 => side(k) * 4,
        Slot::Input => extents.map_or(plan.regions.input, |e| e.0) * stored,
        Slot::Output => extents.map_or(0, |e| e.1) * stored,
        Slot::DInput | Slot::DSide(_) | Slot::Sum(_) => extents.map_or(0, |e| e.0) * 4,
        Slot::DOutput => extents.map_or(0, |e| e.1) * 4,
        Slot::Params | Slot::Grads => step.map_or(params, |s| s.params.len()) * 4,
        Slot::State => step.map_or(gpu.graph.state_len(), |s| s.state.len()) * 4,
        Slot::Saved => step.map_or(0, |s| s.saved.len()) * 4,
        // How much of it each launch uses, only its shader knows.
        Slot::Scratch => 0,
        Slot::OptimizerState => gpu.rule().state_len() * 4,
        Slot::Rates => gpu.rule().groups().len() * 16,
        Slot::Labels | Slot::Classes | Slot::Order | Slot::Losses | Slot::Answers => batch * 4,
        Slot::Targets => run.targets_len() * 4,
        // One for each class.
        Slot::ClassWeights => gpu.graph.output().len() * 4,
        Slot::Results => super::network::RESULT_BYTES,
        Slot::Draws => batch * crate::augment::ROW * 4,
        Slot::Quantiles => 2 * crate::augment::QUANTILES * 4,
        Slot::Sampled | Slot::Staged => plan.regions.input * 4,
        // One byte for each number of the batch.
        Slot::Pixels => plan.regions.input,
    }
}
