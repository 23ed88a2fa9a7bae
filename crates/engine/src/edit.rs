//! Changing a specification: layers are put in, taken out and moved, at any depth.
//!
//! A *place* is what [`crate::Node::path`] says: `[3]` is layer 3, `[3, 1, 0]` the first layer of the second branch
//! of layer 3, which is a join. A place of even length names a list of layers: `[]` the network's, `[3, 1]` a
//! branch's. A *gap* is a place that may also be the one behind the last layer of its list: what is put into the
//! gap `[3, 1, 0]` becomes the first layer of that branch.
//!
//! Nothing here looks at shapes: whether the result is a network is for [`crate::Graph::check`] to say.

use crate::{LayerSpec, ModelSpec, NodeId, SpecError, graph::DEPTH_LIMIT, ops::INPUTS_LIMIT};

impl ModelSpec {
    /// The layers at a place of even length.
    pub fn list(&self, place: &[usize]) -> Option<&[LayerSpec]> {
        match place {
            [] => Some(&self.layers),
            [before @ .., branch] => Some(self.layer(before)?.op().branches().get(*branch)?),
        }
    }

    pub fn layer(&self, place: &[usize]) -> Option<&LayerSpec> {
        let (index, list) = place.split_last()?;
        if place.len().is_multiple_of(2) {
            return None;
        }
        self.list(list)?.get(*index)
    }

    /// The same network with another list at `place`.
    pub fn with_list(&self, place: &[usize], change: impl FnOnce(&mut Vec<LayerSpec>)) -> Option<Self> {
        let mut change = Some(change);
        let layers = rebuilt(&self.layers, place, &mut |list| {
            if let Some(change) = change.take() {
                change(list);
            }
        })?;
        Some(Self { layers, ..self.clone() })
    }

    pub fn with_layer(&self, place: &[usize], layer: LayerSpec) -> Option<Self> {
        self.layer(place)?;
        let (index, list) = place.split_last()?;
        self.with_list(list, |layers| layers[*index] = layer)
    }

    /// With `layers` in the gap.
    pub fn inserted(&self, gap: &[usize], layers: Vec<LayerSpec>) -> Option<Self> {
        let (index, list) = gap.split_last()?;
        if *index > self.list(list)?.len() {
            return None;
        }
        self.with_list(list, |own| drop(own.splice(*index..*index, layers)))
    }

    /// Without the layer, and, of a join, without its branches.
    pub fn removed(&self, place: &[usize]) -> Option<Self> {
        self.layer(place)?;
        let (index, list) = place.split_last()?;
        self.with_list(list, |layers| drop(layers.remove(*index)))
    }

    /// With the layer in another gap, counted before it is taken out; and where it stands then. `None` where the gap
    /// lies within the layer itself.
    pub fn moved(&self, from: &[usize], gap: &[usize]) -> Option<(Self, Vec<usize>)> {
        let layer = self.layer(from)?.clone();
        let (index, list) = from.split_last()?;
        let mut to = gap.to_vec();
        if let Some(at) = to.get_mut(list.len())
            && gap.starts_with(list)
        {
            if *at == *index && gap.len() > from.len() {
                return None;
            }
            *at -= usize::from(*at > *index);
        }
        Some((self.removed(from)?.inserted(&to, vec![layer])?, to))
    }

    /// Places of all layers, a join before the layers of its branches.
    pub fn places(&self) -> Vec<Vec<usize>> {
        let mut places = Vec::new();
        visit(&self.layers, &[], &mut |place, layer| {
            if layer.is_some() {
                places.push(place);
            }
        });
        places
    }

    /// All gaps, in the order in which they are read from top to bottom.
    pub fn gaps(&self) -> Vec<Vec<usize>> {
        let mut gaps = Vec::new();
        visit(&self.layers, &[], &mut |place, _| gaps.push(place));
        gaps
    }

    /// The next gap towards the end (or, `up`, towards the beginning) that a layer can move to.
    pub fn next_gap(&self, from: &[usize], up: bool) -> Option<Vec<usize>> {
        let (index, list) = from.split_last()?;
        let after: Vec<usize> = [list, &[index + 1]].concat();
        let gaps = self.gaps();
        // What lies within the layer stands between the gaps before and behind it.
        let own = gaps.iter().position(|g| g == if up { from } else { &after })?;
        if up { gaps.get(own.checked_sub(1)?).cloned() } else { gaps.get(own + 1).cloned() }
    }
}

/// Calls `visit` with every gap in reading order, and the layer behind it where there is one.
fn visit(layers: &[LayerSpec], list: &[usize], each: &mut dyn FnMut(Vec<usize>, Option<&LayerSpec>)) {
    for index in 0..=layers.len() {
        let place = [list, &[index]].concat();
        let layer = layers.get(index);
        each(place.clone(), layer);
        for (branch, layers) in layer.map(|l| l.op().branches()).unwrap_or_default().iter().enumerate() {
            visit(layers, &[&place[..], &[branch]].concat(), each);
        }
    }
}

fn rebuilt(layers: &[LayerSpec], place: &[usize], change: &mut dyn FnMut(&mut Vec<LayerSpec>)) -> Option<Vec<LayerSpec>> {
    let mut layers = layers.to_vec();
    match place {
        [] => change(&mut layers),
        [_] => return None,
        [index, branch, rest @ ..] => {
            let join = layers.get(*index)?.op();
            let mut branches = join.branches().to_vec();
            *branches.get_mut(*branch)? = rebuilt(branches.get(*branch)?, rest, change)?;
            layers[*index] = join.with_branches(branches)?;
        }
    }
    Some(layers)
}

impl SpecError {
    /// Where the layer to mark stands in `spec`, which the error is about.
    pub fn place(&self, spec: &ModelSpec) -> Option<Vec<usize>> {
        if matches!(self, Self::TooDeep { .. }) {
            let too_deep =
                |place: &Vec<usize>| place.len() > DEPTH_LIMIT && spec.layer(place).is_some_and(|l| !l.op().branches().is_empty());
            return spec.places().into_iter().find(too_deep);
        }
        place_of(&spec.layers, &[], &mut self.node()?.0.clone())
    }
}

impl ModelSpec {
    /// Where the layer stands that is this node in the order of a graph.
    pub fn place(&self, NodeId(mut index): NodeId) -> Option<Vec<usize>> {
        place_of(&self.layers, &[], &mut index)
    }
}

/// A graph has the nodes of all branches before that of their join.
fn place_of(layers: &[LayerSpec], list: &[usize], left: &mut usize) -> Option<Vec<usize>> {
    for (index, layer) in layers.iter().enumerate() {
        let place = [list, &[index]].concat();
        for (branch, layers) in layer.op().branches().iter().take(INPUTS_LIMIT + 1).enumerate() {
            if let Some(found) = place_of(layers, &[&place[..], &[branch]].concat(), left) {
                return Some(found);
            }
        }
        if *left == 0 {
            return Some(place);
        }
        *left -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Graph,
        ops::{Add, Dense, Flatten, Relu, Tanh},
        presets::PRESETS,
    };

    /// relu, add(relu | tanh, relu), flatten, dense.
    fn network() -> ModelSpec {
        let add = Add { branches: vec![vec![Relu {}.into()], vec![Tanh {}.into(), Relu {}.into()]] };
        let layers = vec![Relu {}.into(), add.into(), Flatten {}.into(), Dense::default().into()];
        ModelSpec { input: crate::Shape::new(1, 4, 4), layers, init: crate::Init::default() }
    }

    #[test]
    fn places_are_those_of_the_graph() {
        for preset in PRESETS {
            let model = preset.model();
            let graph = Graph::check(&model).unwrap();
            for node in &graph.nodes {
                assert_eq!(model.place(node.id).as_deref(), Some(&node.path[..]), "{}", preset.slug);
                assert_eq!(model.layer(&node.path), Some(&node.layer));
            }
            assert_eq!(model.places().len(), graph.nodes.len());
            assert_eq!(model.place(NodeId(graph.nodes.len())), None);
        }
    }

    #[test]
    fn what_is_put_in_is_there_and_what_is_taken_out_is_not() {
        let model = network();
        let dense = || LayerSpec::from(Dense { out: 3, bias: false });
        for gap in model.gaps() {
            let more = model.inserted(&gap, vec![dense()]).unwrap();
            assert_eq!(more.layer(&gap), Some(&dense()));
            assert_eq!(more.removed(&gap).unwrap(), model);
        }
        assert_eq!(model.gaps().len(), 5 + 2 + 3);
        for wrong in [&[] as &[usize], &[1, 0], &[5], &[0, 0, 0], &[1, 2, 0], &[1, 1, 3], &[9, 9, 9]] {
            assert_eq!(model.inserted(wrong, vec![dense()]), None, "{wrong:?}");
            assert_eq!(model.removed(wrong), None, "{wrong:?}");
            assert_eq!(model.moved(&[0], wrong).map(|m| m.1), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_layer_moves_to_every_gap_but_its_own() {
        let model = network();
        for from in model.places() {
            for gap in model.gaps() {
                let within = gap.len() > from.len() && gap.starts_with(&from);
                match model.moved(&from, &gap) {
                    None => assert!(within, "{from:?} to {gap:?}"),
                    Some((moved, to)) => {
                        assert!(!within);
                        assert_eq!(moved.layer(&to), model.layer(&from), "{from:?} to {gap:?}");
                        assert_eq!(moved.places().len(), model.places().len());
                    }
                }
            }
        }
    }

    #[test]
    fn steps_lead_through_branches_and_back() {
        let model = network();
        let (mut at, mut here, mut seen) = (model.clone(), vec![0], vec![vec![0]]);
        while let Some((next, place)) = at.next_gap(&here, false).and_then(|gap| at.moved(&here, &gap)) {
            (at, here) = (next, place);
            seen.push(here.clone());
        }
        // Down through the first branch, the second, and behind the join, to the end.
        let way: [&[usize]; 9] = [&[0], &[0, 0, 0], &[0, 0, 1], &[0, 1, 0], &[0, 1, 1], &[0, 1, 2], &[1], &[2], &[3]];
        assert_eq!(seen, way);
        while let Some((next, place)) = at.next_gap(&here, true).and_then(|gap| at.moved(&here, &gap)) {
            (at, here) = (next, place);
        }
        assert_eq!((at, here), (model, vec![0]));
    }
}
