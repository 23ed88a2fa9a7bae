//! What is told of a run that stands ready.

use protocol::{Event, Summary};

use super::Training;

impl Training {
    pub fn opened(&self) -> Event {
        Event::Opened {
            run: self.id,
            spec: self.network.spec.clone(),
            summary: self.summary(),
            progress: self.progress(0.0),
            history: self.history.points().to_vec(),
            scores: self.scores.clone(),
            notes: self.notes.clone(),
        }
    }

    pub(super) fn summary(&self) -> Summary {
        Summary {
            backend: self.machine.backend(),
            half: self.machine.half(),
            cores: self.machine.cores() as u32,
            params: self.network.graph.params_len() as u32,
            multiply_adds: self.network.graph.cost().multiply_adds as f64,
            memory_bytes: self.machine.memory_bytes() as f64,
            steps_per_epoch: self.network.feed.steps_per_epoch(),
        }
    }
}
