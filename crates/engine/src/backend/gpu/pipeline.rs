//! From a launch as data to something that a device runs.

use std::rc::Rc;

use wgpu::{
    BindGroupEntry, BindGroupLayout, BindGroupLayoutEntry, BindingType, Buffer, BufferBinding, BufferBindingType, BufferSize, BufferUsages,
    ShaderStages,
};

use super::{
    card::{Card, CardError},
    launch::{Launch, Slot, Storage},
};
use crate::NodeId;

/// A compiled shader.
#[derive(Debug)]
pub struct Pipeline {
    pub pipeline: wgpu::ComputePipeline,
    tensors: BindGroupLayout,
    pub reads_now: bool,
}

/// Bytes of one `Now`, which is also the step from one to the next.
pub const NOW_STRIDE: u64 = 256;
/// Bytes that a shader reads of it.
const NOW_SIZE: u64 = 48;

fn entry(binding: u32, ty: BufferBindingType, has_dynamic_offset: bool, min: u64) -> BindGroupLayoutEntry {
    let ty = BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: BufferSize::new(min) };
    BindGroupLayoutEntry { binding, visibility: ShaderStages::COMPUTE, ty, count: None }
}

/// Group 1: what changes from step to step.
pub fn now_layout(device: &wgpu::Device) -> BindGroupLayout {
    let entries = [entry(0, BufferBindingType::Uniform, true, NOW_SIZE)];
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("now"), entries: &entries })
}

impl Pipeline {
    pub fn new(device: &wgpu::Device, launch: &Launch, storage: Storage) -> Self {
        let shader = launch.shader;
        let label = Some(shader.name);
        let source = wgpu::ShaderSource::Wgsl(shader.text(storage));
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label, source });
        let mut entries = vec![entry(0, BufferBindingType::Uniform, false, 0)];
        for (i, _) in launch.reads.iter().chain(launch.writes).enumerate() {
            let ty = BufferBindingType::Storage { read_only: i < launch.reads.len() };
            entries.push(entry(i as u32 + 1, ty, false, 0));
        }
        let tensors = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label, entries: &entries });
        let (now, reads_now) = (now_layout(device), shader.reads_now());
        let all = [Some(&tensors), Some(&now)];
        let bind_group_layouts = if reads_now { &all[..] } else { &all[..1] };
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor { label, bind_group_layouts, immediate_size: 0 });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label,
            layout: Some(&layout),
            module: &module,
            entry_point: Some("main"),
            // Every tile is written before it is read: zeroing it first would only cost time.
            compilation_options: wgpu::PipelineCompilationOptions { zero_initialize_workgroup_memory: false, ..Default::default() },
            cache: None,
        });
        Self { pipeline, tensors, reads_now }
    }
}

/// A launch with its buffers: ready to be dispatched as often as wanted.
#[derive(Debug)]
pub struct Prepared {
    pub label: &'static str,
    /// The layer that it belongs to, if to one.
    pub layer: Option<NodeId>,
    pub reads: &'static [Slot],
    pub writes: &'static [Slot],
    pub pipeline: Rc<Pipeline>,
    pub tensors: wgpu::BindGroup,
    pub groups: [u32; 3],
}

/// Distance between the `dims` of two launches in their common buffer, by WebGPU's defaults.
const DIMS_STRIDE: usize = 256;

/// Makes launches ready, `find` saying which buffer each slot is to the launch of that number.
///
/// # Errors
/// As [`Card::pipeline`] and [`Card::buffer`].
pub fn prepare<'a>(
    card: &Card,
    launches: &[Launch],
    storage: Storage,
    find: impl Fn(usize, Slot) -> &'a Buffer,
) -> Result<Vec<Prepared>, CardError> {
    let mut bytes = vec![0u8; launches.len().max(1) * DIMS_STRIDE];
    for (launch, block) in launches.iter().zip(bytes.chunks_exact_mut(DIMS_STRIDE)) {
        for ((_, word), place) in launch.dims.iter().zip(block.chunks_exact_mut(4)) {
            place.copy_from_slice(&word.bits().to_le_bytes());
        }
    }
    let dims = card.buffer("dims", bytes.len(), BufferUsages::UNIFORM | BufferUsages::COPY_DST)?;
    card.queue.write_buffer(&dims, 0, &bytes);
    let ready = |(i, launch): (usize, &Launch)| {
        let pipeline = card.pipeline(launch, storage)?;
        let size = BufferSize::new((launch.dims.len() as u64 * 4).next_multiple_of(16).max(16));
        let dims = BufferBinding { buffer: &dims, offset: (i * DIMS_STRIDE) as u64, size };
        let mut entries = vec![BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(dims) }];
        for (slot, binding) in launch.reads.iter().chain(launch.writes).zip(1..) {
            entries.push(BindGroupEntry { binding, resource: find(i, *slot).as_entire_binding() });
        }
        let descriptor = wgpu::BindGroupDescriptor { label: Some(launch.shader.name), layout: &pipeline.tensors, entries: &entries };
        let tensors = card.device.create_bind_group(&descriptor);
        let Launch { shader, reads, writes, groups, .. } = launch;
        Ok(Prepared { label: shader.name, layer: None, reads, writes, pipeline, tensors, groups: *groups })
    };
    launches.iter().enumerate().map(ready).collect()
}
