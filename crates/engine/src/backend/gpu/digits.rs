//! A set of images on the card, as bytes: batches are gathered from it by number.

use std::{cell::Cell, rc::Rc};

use wgpu::{Buffer, BufferUsages};

use super::card::{Card, CardError};

/// Images of one size with their classes. They may arrive in parts.
#[derive(Debug)]
pub struct DigitSet {
    card: Rc<Card>,
    pub(super) pixels: Buffer,
    pub(super) classes: Buffer,
    pub(super) order: Buffer,
    /// Numbers of one image.
    pub image_len: usize,
    total: usize,
    ready: Cell<usize>,
}

impl DigitSet {
    /// Room for `total` images of `image_len` grey values each, a multiple of four.
    ///
    /// # Errors
    /// [`CardError::Limit`].
    pub fn new(card: &Rc<Card>, total: usize, image_len: usize) -> Result<Self, CardError> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
        Ok(Self {
            pixels: card.buffer("the images", total * image_len, usage)?,
            classes: card.buffer("the classes", total * 4, usage)?,
            order: card.buffer("the order of the images", total * 4, usage)?,
            card: Rc::clone(card),
            image_len,
            total,
            ready: Cell::new(0),
        })
    }

    /// Images that are on the card, from the first on.
    pub fn ready(&self) -> usize {
        self.ready.get()
    }

    /// Puts the next images behind those that are there; what does not fit is left out.
    pub fn append(&self, pixels: &[u8], classes: &[u8]) {
        let first = self.ready.get();
        let count = classes.len().min(pixels.len() / self.image_len).min(self.total - first);
        let mut bytes = pixels[..count * self.image_len].to_vec();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        let words: Vec<u8> = classes[..count].iter().flat_map(|c| u32::from(*c).to_le_bytes()).collect();
        self.card.queue.write_buffer(&self.pixels, (first * self.image_len) as u64, &bytes);
        self.card.queue.write_buffer(&self.classes, (first * 4) as u64, &words);
        self.ready.set(first + count);
    }

    /// Other classes for the images from `first` on; those beyond what has arrived are left out.
    pub fn set_classes(&self, first: usize, classes: &[u8]) {
        let count = classes.len().min(self.ready.get().saturating_sub(first));
        let words: Vec<u8> = classes[..count].iter().flat_map(|c| u32::from(*c).to_le_bytes()).collect();
        self.card.queue.write_buffer(&self.classes, (first * 4) as u64, &words);
    }

    /// The order in which batches go through the set.
    pub fn set_order(&self, order: &[u32]) {
        let bytes: Vec<u8> = order.iter().take(self.total).flat_map(|i| i.to_le_bytes()).collect();
        self.card.queue.write_buffer(&self.order, 0, &bytes);
    }
}
