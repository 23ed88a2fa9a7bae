//! What two networks have in common: which layers are the same, and which weights fit.

use std::ops::Range;

use crate::{Graph, LayerSpec, ModelSpec, ops};

/// How a layer of a network compares with another network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    Same,
    /// The same operator with other settings.
    Changed,
    New,
}

/// For each layer of `new`, in the order of [`ModelSpec::places`], its counterpart in `old`: its place in that order
/// there, and whether it has changed.
pub fn counterparts(old: &ModelSpec, new: &ModelSpec) -> Vec<(Likeness, Option<usize>)> {
    let (before, after) = (texts(old), texts(new));
    let columns = after.len() + 1;
    // best[i][j]: how much of old[i..] and new[j..] can be set side by side in order.
    let mut best = vec![0_u32; (before.len() + 1) * columns];
    let value = |i: usize, j: usize| match (&before[i], &after[j]) {
        (a, b) if a == b => 3,
        // Changed settings count, if less.
        (a, b) if a.0 == b.0 => 2,
        _ => 0,
    };
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            let skip = best[(i + 1) * columns + j].max(best[i * columns + j + 1]);
            let pair = match value(i, j) {
                0 => 0,
                worth => worth + best[(i + 1) * columns + j + 1],
            };
            best[i * columns + j] = skip.max(pair);
        }
    }
    let mut found = Vec::with_capacity(after.len());
    let (mut i, mut j) = (0, 0);
    while j < after.len() {
        let worth = if i < before.len() { value(i, j) } else { 0 };
        if worth > 0 && best[i * columns + j] == worth + best[(i + 1) * columns + j + 1] {
            found.push((if worth == 3 { Likeness::Same } else { Likeness::Changed }, Some(i)));
            (i, j) = (i + 1, j + 1);
        } else if i < before.len() && best[i * columns + j] == best[(i + 1) * columns + j] {
            i += 1;
        } else {
            found.push((Likeness::New, None));
            j += 1;
        }
    }
    found
}

/// Operator and settings of every layer, without the branches of joins, which stand by themselves.
fn texts(model: &ModelSpec) -> Vec<(&'static str, String)> {
    let text = |layer: &LayerSpec| {
        let mut json = ops::written(layer).unwrap_or_default();
        if let Some(settings) = json.as_object_mut() {
            settings.remove("branches");
        }
        (layer.op().kind().name, json.to_string())
    };
    model.places().iter().filter_map(|place| model.layer(place)).map(text).collect()
}

/// Blocks of numbers of `old` that fit `new`: those of trained tensors, and those of running statistics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub params: Vec<(Range<usize>, Range<usize>)>,
    pub state: Vec<(Range<usize>, Range<usize>)>,
}

impl Kept {
    /// The tensors of layers that have a counterpart, where their extents agree.
    pub fn between(old: &Graph, new: &Graph) -> Self {
        let (before, after) = (old.spec.places(), new.spec.places());
        let mut kept = Self::default();
        for (place, (_, counterpart)) in after.iter().zip(counterparts(&old.spec, &new.spec)) {
            let node = |graph: &Graph, place: &[usize]| graph.nodes.iter().position(|n| n.path == place);
            let Some(from) = counterpart.and_then(|i| node(old, before.get(i)?)) else { continue };
            let Some(to) = node(new, place) else { continue };
            let (from, to) = (&old.nodes[from], &new.nodes[to]);
            for (list, a, b) in [
                (&mut kept.params, &old.params[from.params.clone()], &new.params[to.params.clone()]),
                (&mut kept.state, &old.state[from.state.clone()], &new.state[to.state.clone()]),
            ] {
                for p in b {
                    let fits = a.iter().find(|q| q.role == p.role && q.dims == p.dims);
                    list.extend(fits.map(|q| (q.range.clone(), p.range.clone())));
                }
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ops::{BatchNorm2d, Conv2d, Dense, Relu},
        presets::preset,
    };

    fn lens() -> ModelSpec {
        preset("lens").unwrap().model()
    }

    #[test]
    fn a_network_keeps_all_of_itself() {
        for slug in ["lens", "resnet", "unet"] {
            let model = preset(slug).unwrap().model();
            let graph = Graph::check(&model).unwrap();
            assert!(counterparts(&model, &model).iter().enumerate().all(|(i, c)| *c == (Likeness::Same, Some(i))));
            let kept = Kept::between(&graph, &graph);
            assert_eq!(kept.params.len(), graph.params.len());
            assert_eq!(kept.state.len(), graph.state.len());
            assert!(kept.params.iter().chain(&kept.state).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn a_layer_put_in_moves_the_others_and_changes_none() {
        let old = lens();
        // After the first convolution: all tensors keep their extents, those behind it change their names.
        let new = old.inserted(&[1], vec![BatchNorm2d::default().into()]).unwrap();
        let found = counterparts(&old, &new);
        assert_eq!(found[1], (Likeness::New, None));
        assert_eq!(found.iter().filter(|c| c.0 == Likeness::Same).count(), old.layers.len());
        let (a, b) = (Graph::check(&old).unwrap(), Graph::check(&new).unwrap());
        assert_eq!(Kept::between(&a, &b).params.len(), a.params.len());
    }

    #[test]
    fn what_changed_its_extents_is_not_kept() {
        let old = lens();
        let wider = Conv2d { out_ch: 12, kernel: crate::Pair::square(5), pad: crate::Padding::all(2), ..Conv2d::default() };
        let new = old.with_layer(&[0], wider.into()).unwrap();
        assert_eq!(counterparts(&old, &new)[0], (Likeness::Changed, Some(0)));
        let (a, b) = (Graph::check(&old).unwrap(), Graph::check(&new).unwrap());
        let kept = Kept::between(&a, &b);
        // Both tensors of the first convolution and the weight of the second, which has more inputs now.
        assert_eq!(kept.params.len(), a.params.len() - 3);
        // Without its bias a dense layer keeps its weight.
        let bare = old.with_layer(&[10], Dense { out: 10, bias: false }.into()).unwrap();
        assert_eq!(Kept::between(&a, &Graph::check(&bare).unwrap()).params.len(), a.params.len() - 1);
        let none = ModelSpec { layers: vec![Relu {}.into()], ..old.clone() };
        assert_eq!(counterparts(&none, &old).iter().filter(|c| c.1.is_some()).count(), 1);
    }
}
