//! The image that the page shows, seen by the network: frames.

use engine::{Tensor, loss::softmax};
use protocol::{Event, FrameId, Message, RunId, View};

use crate::{Network, machine::Work};

/// Least time between two frames.
const GAP_MS: f64 = 1_000.0 / 30.0;

/// When the next frame may be asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Due {
    Now,
    /// After so many milliseconds.
    In(f64),
    /// Nothing has changed, or the last one is still on its way to the network or to the page.
    No,
}

/// A look at the sample that the machine has been asked for.
#[derive(Clone, Debug)]
pub struct Look {
    tensors: Vec<Tensor>,
    /// State of what is shown and watched.
    version: u32,
}

/// What is shown and watched, and which frames are on their way.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    image: Vec<f32>,
    watched: Vec<Tensor>,
    /// An image or a watch has been set: until then there is nobody to send frames to.
    used: bool,
    changed: bool,
    /// Counts the changes of image and watch.
    version: u32,
    /// The machine has been asked and has not answered.
    looking: bool,
    underway: Option<FrameId>,
    next: u32,
    last_ms: Option<f64>,
}

impl Sample {
    /// A blank image, at which nobody looks.
    pub fn new(network: &Network) -> Self {
        Self { image: vec![0.0; network.sample.regions.input], ..Self::default() }
    }

    /// # Errors
    /// Why `image` is none.
    pub fn show(&mut self, image: Vec<f32>) -> Result<(), String> {
        if image.len() != self.image.len() {
            return Err(format!("show: the image has {} numbers; the network takes {}", image.len(), self.image.len()));
        }
        if let Some(i) = image.iter().position(|x| !x.is_finite()) {
            return Err(format!("show: number {i} of the image is {}", image[i]));
        }
        self.image = image;
        self.renew();
        Ok(())
    }

    /// # Errors
    /// Names the first tensor that cannot be watched; the old set then stays.
    pub fn watch(&mut self, tensors: Vec<Tensor>, network: &Network) -> Result<(), String> {
        if let Some(tensor) = tensors.iter().find(|t| network.sample_dims(**t).is_none()) {
            return Err(format!("watch: this network has no {tensor:?} for a sample"));
        }
        self.watched = tensors;
        self.renew();
        Ok(())
    }

    fn renew(&mut self) {
        (self.used, self.changed) = (true, true);
        self.version = self.version.wrapping_add(1);
    }

    /// What is shown is seen by another network from now on, whatever is under way.
    pub fn turn(&mut self) {
        if self.used {
            self.renew();
        }
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
        if !self.changed || self.looking || self.underway.is_some() {
            return Due::No;
        }
        let wait_ms = self.last_ms.map_or(0.0, |last| last + GAP_MS - now_ms);
        if wait_ms <= 0.0 { Due::Now } else { Due::In(wait_ms) }
    }

    /// What to ask of the machine for the next frame.
    pub fn look(&mut self, now_ms: f64) -> (Look, Work) {
        self.looking = true;
        self.last_ms = Some(now_ms);
        let look = Look { tensors: self.watched.clone(), version: self.version };
        let work = Work::Look { image: self.image.clone(), tensors: self.watched.clone() };
        (look, work)
    }

    /// No answer to a look will come: it is asked for again.
    pub fn forget_look(&mut self) {
        self.looking = false;
        self.touch();
    }

    /// What the machine answered: the network's view of the image after `step` updates, which are all
    /// that have been made.
    pub fn frame(
        &mut self,
        run: RunId,
        network: &Network,
        look: &Look,
        scores: Vec<f32>,
        tensors: &[Vec<f32>],
        step: u32,
    ) -> Message<Event> {
        let mut probabilities = scores;
        softmax(&mut probabilities);
        if !probabilities.iter().all(|p| p.is_finite()) {
            // A head holds finite numbers. A network that has lost its numbers believes nothing.
            probabilities.fill(0.0);
        }
        let (mut bulk, mut views) = (Vec::new(), Vec::with_capacity(tensors.len()));
        for (tensor, numbers) in look.tensors.iter().zip(tensors) {
            if let Some(dims) = network.sample_dims(*tensor) {
                let start = bulk.len();
                bulk.extend_from_slice(numbers);
                views.push(View { tensor: *tensor, dims, range: start..bulk.len() });
            }
        }
        let frame = FrameId(self.next);
        self.next = self.next.wrapping_add(1);
        self.underway = Some(frame);
        self.looking = false;
        // It shows the weights as they are now, but perhaps not the latest image.
        self.changed = look.version != self.version;
        Message { head: Event::Framed { run, frame, step, probabilities, views }, bulk, file: Vec::new() }
    }
}
