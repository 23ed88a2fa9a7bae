//! The image that the page shows, seen by the network: frames.

use engine::{Cpu, Run, StepInputs, Tensor, loss::softmax};
use protocol::{Event, FrameId, Message, RunId, View};

/// Least time between two frames.
const GAP_MS: f64 = 1_000.0 / 30.0;

/// When the next frame may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    Now,
    /// After so many milliseconds.
    In(f64),
    /// Nothing has changed, or the page has not drawn the last one yet.
    No,
}

/// What is shown and watched, and which frames are on their way.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    watched: Vec<Tensor>,
    /// An image or a watch has been set: until then there is nobody to send frames to.
    used: bool,
    changed: bool,
    underway: Option<FrameId>,
    next: u32,
    last_ms: Option<f64>,
}

impl Sample {
    /// # Errors
    /// Why `image` is none.
    pub fn show(&mut self, run: &mut Run, image: &[f32]) -> Result<(), String> {
        if image.len() != run.images.len() {
            return Err(format!("show: the image has {} numbers; the network takes {}", image.len(), run.images.len()));
        }
        if let Some(i) = image.iter().position(|x| !x.is_finite()) {
            return Err(format!("show: number {i} of the image is {}", image[i]));
        }
        run.images.copy_from_slice(image);
        (self.used, self.changed) = (true, true);
        Ok(())
    }

    /// # Errors
    /// Names the first tensor that cannot be watched; the old set then stays.
    pub fn watch(&mut self, tensors: Vec<Tensor>, cpu: &Cpu, run: &Run) -> Result<(), String> {
        if let Some(tensor) = tensors.iter().find(|t| dims(cpu, run, **t).is_none()) {
            return Err(format!("watch: this network has no {tensor:?} for a sample"));
        }
        self.watched = tensors;
        (self.used, self.changed) = (true, true);
        Ok(())
    }

    /// The weights have changed.
    pub fn touch(&mut self) {
        self.changed = self.used;
    }

    pub fn acknowledge(&mut self, frame: FrameId) {
        if self.underway == Some(frame) {
            self.underway = None;
        }
    }

    pub fn due(&self, now_ms: f64) -> Due {
        if !self.changed || self.underway.is_some() {
            return Due::No;
        }
        let wait_ms = self.last_ms.map_or(0.0, |last| last + GAP_MS - now_ms);
        if wait_ms <= 0.0 { Due::Now } else { Due::In(wait_ms) }
    }

    /// The network's view of the image, after `step` updates.
    pub fn frame(&mut self, run_id: RunId, cpu: &mut Cpu, run: &mut Run, step: u32, now_ms: f64) -> Message<Event> {
        cpu.forward(run, &StepInputs::default());
        let mut probabilities = run.logits().to_vec();
        softmax(&mut probabilities);
        if !probabilities.iter().all(|p| p.is_finite()) {
            // A head holds finite numbers. A network that has lost its numbers believes nothing.
            probabilities.fill(0.0);
        }
        let (mut bulk, mut views) = (Vec::new(), Vec::with_capacity(self.watched.len()));
        for tensor in &self.watched {
            if let (Some(dims), Some(numbers)) = (dims(cpu, run, *tensor), cpu.read(run, *tensor)) {
                let start = bulk.len();
                bulk.extend_from_slice(numbers);
                views.push(View { tensor: *tensor, dims, range: start..bulk.len() });
            }
        }
        let frame = FrameId(self.next);
        self.next = self.next.wrapping_add(1);
        self.underway = Some(frame);
        self.last_ms = Some(now_ms);
        self.changed = false;
        Message { head: Event::Framed { run: run_id, frame, step, probabilities, views }, bulk, file: Vec::new() }
    }
}

/// Extents of a tensor that a run over one image can show.
fn dims(cpu: &Cpu, run: &Run, tensor: Tensor) -> Option<Vec<usize>> {
    let dims = run.plan.dims(tensor)?;
    let numbers = cpu.read(run, tensor)?;
    (dims.iter().product::<usize>() == numbers.len()).then_some(dims)
}
