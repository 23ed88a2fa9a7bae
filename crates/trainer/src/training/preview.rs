//! What a batch looks like.

use data::{CLASSES, Dataset};
use engine::{Augmenter, StepInputs};
use protocol::{Event, Message, Preview, Previewed};

use super::Training;

impl Training {
    /// Images of the next step, as they lie in the data and as `preview` has them changed.
    ///
    /// # Errors
    /// A setting out of range, or digits that have not arrived.
    pub fn preview(&self, preview: &Preview, data: &Dataset) -> Result<Message<Event>, String> {
        preview.augment.check().map_err(|error| format!("preview: {error}"))?;
        let (feed, shape) = (&self.network.feed, self.network.graph.spec.input);
        let missing = || "preview: the digits of the next step have not arrived".to_owned();
        if !feed.is_ready(self.step, data) {
            return Err(missing());
        }
        let now = StepInputs { rate: 0.0, step: self.step, seed: preview.seed };
        let (epoch, first) = feed.place(self.step);
        let order = feed.order(epoch);
        let digit = |place: usize| order.get(first + place).and_then(|i| feed.digit(*i, data)).ok_or_else(missing);
        let mut augmenter = Augmenter::new(&preview.augment, feed.batch, shape, CLASSES);
        let count = feed.batch.min(preview.count as usize);
        let len = shape.len();
        let mut bulk = vec![0.0; 2 * count * len];
        let (mut images, mut beside) = (Vec::with_capacity(count), vec![0.0; len]);
        for (place, pair) in bulk.chunks_exact_mut(2 * len).enumerate() {
            let (before, after) = pair.split_at_mut(len);
            let (grey, label) = digit(place)?;
            before.iter_mut().zip(grey).for_each(|(x, grey)| *x = f32::from(*grey) / 255.0);
            augmenter.image(&now, place, grey, after);
            let (mut other, mut share) = (label, 1.0);
            if preview.augment.mixes() {
                let partner = augmenter.other(&now, place, feed.batch);
                let (grey, class) = digit(partner)?;
                augmenter.image(&now, partner, grey, &mut beside);
                let draw = augmenter.draw(&now, place);
                augmenter.mix(&draw, after, &beside);
                (other, share) = (class, draw.share);
            }
            images.push(Previewed { label, other, share });
        }
        let head = Event::Previewed { run: self.id, ask: preview.ask, step: self.step, images };
        Ok(Message { head, bulk, file: Vec::new() })
    }
}
