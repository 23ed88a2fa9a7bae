//! One submission in the making.

use wgpu::{Buffer, CommandEncoder, ComputePass, ComputePassDescriptor};

use super::{
    card::CardError,
    launch::Storage,
    line::Line,
    pipeline::{NOW_STRIDE, Prepared},
    run::Place,
};

/// Launches and copies in order. What is copied comes back together, in that order.
pub struct Commands<'a> {
    line: &'a Line,
    encoder: CommandEncoder,
    pass: Option<ComputePass<'static>>,
    staging: Option<Buffer>,
    copied: usize,
    dispatches: u64,
}

impl<'a> Commands<'a> {
    /// `read_back` is how many bytes will be copied.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn new(line: &'a Line, read_back: usize) -> Result<Self, CardError> {
        let staging = if read_back > 0 { Some(line.reader.staging(read_back)?) } else { None };
        let encoder = line.card.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        Ok(Self { line, encoder, pass: None, staging, copied: 0, dispatches: 0 })
    }

    /// Dispatches `launches` for batch `slot` of the submission.
    pub fn launch(&mut self, launches: &[Prepared], slot: usize) {
        let encoder = &mut self.encoder;
        let pass = self.pass.get_or_insert_with(|| encoder.begin_compute_pass(&ComputePassDescriptor::default()).forget_lifetime());
        for launch in launches {
            dispatch(pass, launch, &self.line.now_group, slot);
        }
        self.dispatches += launches.len() as u64;
    }

    /// Copies some bytes of a buffer back: both a multiple of four.
    pub fn copy(&mut self, from: &Buffer, first: usize, bytes: usize) {
        if let Some(staging) = &self.staging
            && bytes > 0
        {
            self.pass = None;
            self.encoder.copy_buffer_to_buffer(from, first as u64, staging, self.copied as u64, bytes as u64);
            self.copied += bytes;
        }
    }

    /// Copies the first bytes of a buffer to another, on the card.
    pub fn duplicate(&mut self, from: &Buffer, to: &Buffer, bytes: usize) {
        if bytes > 0 {
            self.pass = None;
            self.encoder.copy_buffer_to_buffer(from, 0, to, 0, bytes as u64);
        }
    }

    pub fn copy_place(&mut self, place: Place<'_>) {
        self.copy(place.buffer, 4 * place.first, Self::size_of(place));
    }

    /// Bytes of a tensor on their way back.
    pub fn size_of(place: Place<'_>) -> usize {
        match place.storage {
            Storage::F32 => 4 * place.count,
            Storage::F16 => (2 * place.count).next_multiple_of(4),
        }
    }

    pub fn submit(mut self) {
        self.pass = None;
        let mut traffic = self.line.traffic.get();
        traffic.dispatches += self.dispatches;
        traffic.submissions += 1;
        self.line.card.queue.submit([self.encoder.finish()]);
        if let Some(staging) = self.staging {
            traffic.read_backs += 1;
            self.line.reader.expect(staging, self.copied);
        }
        self.line.traffic.set(traffic);
    }
}

/// One launch in a pass.
pub fn dispatch(pass: &mut ComputePass<'_>, launch: &Prepared, now: &wgpu::BindGroup, slot: usize) {
    pass.set_pipeline(&launch.pipeline.pipeline);
    pass.set_bind_group(0, &launch.tensors, &[]);
    if launch.pipeline.reads_now {
        pass.set_bind_group(1, now, &[(slot as u64 * NOW_STRIDE) as u32]);
    }
    let [x, y, z] = launch.groups;
    pass.dispatch_workgroups(x, y, z);
}
