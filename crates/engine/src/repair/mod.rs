//! What can be done about a network that is none.
//!
//! A repair is the whole network after it. Each is tried before it is offered: the layer in question is then right,
//! and so is all before it. What follows it may still be wrong, and has repairs of its own.

mod settings;
mod structure;

use crate::{Draft, LayerSpec, ModelSpec, Shape, SpecError};

/// One way to put an error right.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// What it does, as the words on a button: `Set kernel size to 3`.
    pub words: String,
    /// The network afterwards.
    pub model: ModelSpec,
    /// Where the layer that was wrong stands in it; `None` where it is gone, or where no layer was.
    pub place: Option<Vec<usize>>,
}

/// Most repairs that are offered: a choice, not a list to read.
const MOST: usize = 4;

impl SpecError {
    /// What can be done about this error of `model`, the gentlest first. Every error has a repair, but
    /// [`SpecError::Memory`] where the batch is to blame and not the network.
    pub fn repairs(&self, model: &ModelSpec) -> Vec<Repair> {
        let candidates = match self {
            Self::Layer { error, .. } => match self.place(model) {
                Some(place) => layer(model, &place, error),
                None => Vec::new(),
            },
            Self::Output { classes, .. } => structure::output(model, *classes),
            Self::Input { most, .. } => structure::input(model, *most),
            Self::NoLayers | Self::NothingToLearn => structure::scores(model),
            Self::TooManyLayers { most, .. } => structure::shortened(model, *most),
            Self::TooDeep { .. } => self.place(model).map(|place| structure::flattened(model, &place)).unwrap_or_default(),
            Self::Init { setting, .. } => settings::init(model, setting),
            Self::Memory { .. } => Vec::new(),
        };
        let mut offered: Vec<Repair> = Vec::new();
        for repair in candidates {
            let is_new = repair.model != *model && offered.iter().all(|other| other.model != repair.model);
            if is_new && offered.len() < MOST && self.is_put_right(model, &repair) {
                offered.push(repair);
            }
        }
        offered
    }

    /// Whether `repair` of `model` leaves nothing of this error where it was.
    pub fn is_put_right(&self, model: &ModelSpec, repair: &Repair) -> bool {
        let classes = if let Self::Output { classes, .. } = self { *classes } else { 0 };
        let after = match Draft::of(&repair.model, classes).error {
            Some(after) => after,
            None => return true,
        };
        match (self, &after) {
            // The layers before are as they were; what follows is not asked.
            (Self::Layer { .. } | Self::TooDeep { .. }, Self::Layer { .. } | Self::TooDeep { .. }) => {
                let place = repair.place.clone().or_else(|| self.place(model)).unwrap_or_default();
                let deep_as_before =
                    |next: &[usize]| matches!((self, &after), (Self::TooDeep { .. }, Self::TooDeep { .. })) && next.starts_with(&place);
                after.place(&repair.model).is_some_and(|next| is_after(&next, &place, repair.place.is_none()) && !deep_as_before(&next))
            }
            (Self::Layer { .. } | Self::TooDeep { .. }, Self::TooManyLayers { .. }) => false,
            _ => std::mem::discriminant(self) != std::mem::discriminant(&after),
        }
    }
}

/// Whether the layer at `next` comes after that at `place` in the order of a graph, a join after its branches;
/// where that one is gone, what took its place does.
fn is_after(next: &[usize], place: &[usize], is_gone: bool) -> bool {
    for (a, b) in next.iter().zip(place) {
        if a != b {
            return a > b;
        }
    }
    // A shorter place is that of a join around the other.
    next.len() < place.len() || is_gone
}

impl ModelSpec {
    /// The shape that reaches a gap; `None` where something before it is wrong.
    pub fn shape_at(&self, gap: &[usize]) -> Option<Shape> {
        let (mut list, mut shape) = (&self.layers[..], self.input);
        for pair in gap.chunks(2) {
            shape = through(list.get(..pair[0])?, shape)?;
            if let [layer, branch] = pair {
                list = list.get(*layer)?.op().branches().get(*branch)?;
            }
        }
        Some(shape)
    }
}

/// What `layers` make of `shape`, if they can stand there.
fn through(layers: &[LayerSpec], shape: Shape) -> Option<Shape> {
    layers.iter().try_fold(shape, |shape, layer| {
        let inputs = feeds(layer, shape)?;
        layer.op().infer(&inputs).ok().map(|inferred| inferred.output)
    })
}

/// What a layer takes in where `shape` reaches it: of a join, what its branches give.
fn feeds(layer: &LayerSpec, shape: Shape) -> Option<Vec<Shape>> {
    match layer.op().branches() {
        [] => Some(vec![shape]),
        some => some.iter().map(|branch| through(branch, shape)).collect(),
    }
}

fn layer(model: &ModelSpec, place: &[usize], error: &crate::ShapeError) -> Vec<Repair> {
    let (Some(layer), Some(shape)) = (model.layer(place), model.shape_at(place)) else { return Vec::new() };
    let mut found = Vec::new();
    if let Some(inputs) = feeds(layer, shape) {
        for mended in settings::mended(layer, error, &inputs) {
            let words = settings::difference(layer, &mended);
            found.extend(model.with_layer(place, mended).map(|model| Repair { words, model, place: Some(place.to_vec()) }));
        }
        found.extend(structure::of_layer(model, place, layer, error, &inputs));
    }
    let title = layer.op().kind().title.to_ascii_lowercase();
    found.extend(model.removed(place).map(|model| Repair { words: format!("Remove {title}"), model, place: None }));
    found
}

#[cfg(test)]
mod tests;
