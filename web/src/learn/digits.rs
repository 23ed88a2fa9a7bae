//! Digits of the data set with their classes, for figures that ask about many.

use std::sync::Arc;

use data::{PIXELS, Set as DigitSet};
use leptos::prelude::*;
use protocol::Event;

use super::desk::Desk;
use crate::link::message::Tell;

/// Some digits: grey values, [`PIXELS`] each, and classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digits {
    pub greys: Arc<Vec<u8>>,
    pub labels: Arc<Vec<u8>>,
}

impl Digits {
    /// Their numbers from 0 to 1, each image changed.
    pub fn images(&self, change: impl Fn(&[f32]) -> Vec<f32>) -> Vec<f32> {
        let plain: Vec<f32> = self.greys.iter().map(|grey| f32::from(*grey) / 255.0).collect();
        plain.chunks_exact(PIXELS).flat_map(change).collect()
    }

    /// The share of them to which the network, by its scores, gives their class.
    pub fn right(&self, scores: &[f32]) -> Option<f64> {
        let count = self.labels.len();
        if count == 0 || scores.len() != count * data::CLASSES {
            return None;
        }
        let is_right = |(scores, label): &(&[f32], &u8)| engine::loss::arg_max(scores) == usize::from(**label);
        let right = scores.chunks_exact(data::CLASSES).zip(self.labels.iter()).filter(is_right).count();
        Some(right as f64 / count as f64)
    }
}

/// The first `count` digits of a set, once they have arrived.
pub fn first(desk: Desk, set: DigitSet, count: usize) -> ReadSignal<Option<Digits>> {
    let (found, set_found) = signal(None);
    let before: usize = DigitSet::ALL.iter().take_while(|s| **s != set).map(|s| s.total()).sum();
    let numbers: Vec<u32> = (before..before + count).map(|i| i as u32).collect();
    let labels = StoredValue::new(Vec::new());
    let greys = StoredValue::new(Vec::new());
    let take = move || {
        let missing = found.try_with_untracked(Option::is_none) == Some(true);
        let both = labels
            .try_get_value()
            .zip(greys.try_get_value())
            .filter(|(l, g): &(Vec<u8>, Vec<u8>)| l.len() == count && g.len() == count * PIXELS);
        if let Some((labels, greys)) = both.filter(|_| missing) {
            set_found.set(Some(Digits { greys: Arc::new(greys), labels: Arc::new(labels) }));
        }
    };
    desk.learn.engine.listen(move |told, file| {
        let Tell::Labels(told) = told else { return };
        let skipped: usize = told.counts.iter().take(set as usize).map(|n| *n as usize).sum();
        let own = told.counts.get(set as usize).filter(|n| **n as usize >= count).and_then(|_| file.get(skipped..skipped + count));
        if let Some(own) = own {
            labels.try_set_value(own.to_vec());
            take();
        }
    });
    let ask = move || {
        desk.learn.engine.ask_labels();
        desk.learn.engine.greys(numbers.clone(), move |file| {
            greys.try_set_value(file.to_vec());
            take();
        });
    };
    ask();
    desk.learn.engine.witness(move |event, _, _| {
        if matches!(event, Event::DataArrived { .. }) && found.try_with_untracked(Option::is_none) == Some(true) {
            ask();
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_answers_are_counted() {
        let digits = Digits { greys: Arc::new(vec![51; 2 * PIXELS]), labels: Arc::new(vec![3, 4]) };
        let mut scores = vec![0.0; 20];
        (scores[3], scores[10 + 5]) = (1.0, 1.0);
        assert_eq!((digits.right(&scores), digits.right(&scores[1..])), (Some(0.5), None));
        assert_eq!(digits.images(|image| image[..1].to_vec()), [0.2, 0.2]);
    }
}
