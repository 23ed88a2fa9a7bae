//! A line to the card: instructions go out in submissions, what was computed comes back in order.

use std::{cell::Cell, rc::Rc};

use wgpu::{BindGroup, Buffer, BufferUsages};

use super::{
    card::{Card, CardError},
    pipeline::{NOW_STRIDE, now_layout},
    reader::Reader,
};
use crate::StepInputs;

/// Most batches in one submission.
pub const SLOTS: usize = 64;
/// Most passes: sharpness-aware minimisation takes two for a batch.
pub(super) const PASSES: usize = 2 * SLOTS;

/// What one batch is: the numbers of its step, where it begins in the order, how many of it count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turn {
    pub now: StepInputs,
    pub first: u32,
    pub count: u32,
}

/// What was asked of the card so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub dispatches: u64,
    pub submissions: u64,
    pub read_backs: u64,
}

#[derive(Debug)]
pub struct Line {
    pub card: Rc<Card>,
    pub reader: Reader,
    now: Buffer,
    pub(super) now_group: BindGroup,
    pub(super) traffic: Cell<Traffic>,
}

impl Line {
    /// # Errors
    /// [`CardError::Limit`].
    pub fn new(card: &Rc<Card>) -> Result<Self, CardError> {
        let now = card.buffer("now", PASSES * NOW_STRIDE as usize, BufferUsages::UNIFORM | BufferUsages::COPY_DST)?;
        let one = wgpu::BufferBinding { buffer: &now, offset: 0, size: wgpu::BufferSize::new(NOW_STRIDE) };
        let now_group = card.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("now"),
            layout: &now_layout(&card.device),
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(one) }],
        });
        Ok(Self { reader: Reader::new(card), card: Rc::clone(card), now, now_group, traffic: Cell::default() })
    }

    /// What the passes of the next submission are; at most [`PASSES`].
    pub(super) fn set_turns(&self, turns: &[Turn], rule: impl Fn(&StepInputs) -> [f32; 4]) {
        debug_assert!(turns.len() <= PASSES, "more batches than one submission holds");
        let mut bytes = vec![0u8; turns.len() * NOW_STRIDE as usize];
        for (slot, (turn, block)) in turns.iter().zip(bytes.chunks_exact_mut(NOW_STRIDE as usize)).enumerate() {
            let rule = rule(&turn.now).map(f32::to_bits);
            let words = [turn.now.rate.to_bits(), turn.now.step, turn.now.seed, slot as u32, turn.first, turn.count];
            for (word, place) in rule.iter().chain(&words).zip(block.chunks_exact_mut(4)) {
                place.copy_from_slice(&word.to_le_bytes());
            }
        }
        self.card.queue.write_buffer(&self.now, 0, &bytes);
    }
}
