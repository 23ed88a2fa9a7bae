//! Repairs that put layers in or take them out.

use super::{Repair, feeds, through};
use crate::{
    LayerSpec, ModelSpec, Pair, Shape, ShapeError,
    graph::TENSOR_LIMIT,
    ops::{AdaptiveAvgPool2d, Conv2d, Dense, Flatten, GlobalAvgPool2d, set, written},
};

/// So many scores have the digits, and a network with nothing in it.
const CLASSES: usize = 10;

pub fn of_layer(model: &ModelSpec, place: &[usize], layer: &LayerSpec, error: &ShapeError, inputs: &[Shape]) -> Vec<Repair> {
    match error {
        ShapeError::NotFlat { .. } => [LayerSpec::from(Flatten {}), GlobalAvgPool2d {}.into()]
            .into_iter()
            .filter_map(|before| {
                let words = format!("Put {} before it", before.op().kind().title.to_ascii_lowercase());
                let mut at = place.to_vec();
                *at.last_mut()? += 1;
                Some(Repair { words, model: model.inserted(place, vec![before])?, place: Some(at) })
            })
            .collect(),
        ShapeError::BranchCount { least, most, .. } => counted(model, place, layer, *least, *most, inputs[0]),
        ShapeError::BranchesDiffer { branch, .. } => {
            // All like the first, or all like the one that differs.
            let model_of = |words, to: usize| {
                let layer = matched(layer, inputs, to)?;
                Some(Repair { words, model: model.with_layer(place, layer)?, place: Some(place.to_vec()) })
            };
            let first = model_of(format!("Fit branch {} to branch 1", branch + 1), 0);
            first.into_iter().chain(model_of(format!("Fit branch 1 to branch {}", branch + 1), *branch)).collect()
        }
        _ => Vec::new(),
    }
}

/// As many branches as the join takes: empty ones more, or the last ones less; or none, where one is left.
fn counted(model: &ModelSpec, place: &[usize], layer: &LayerSpec, least: usize, most: usize, shape: Shape) -> Vec<Repair> {
    let mut branches = layer.op().branches().to_vec();
    let was = branches.len();
    let mut found = Vec::new();
    let mut offer = |words: String, branches: Vec<Vec<LayerSpec>>| {
        let Some(mut join) = layer.op().with_branches(branches) else { return };
        // The branch that was put in may have to be fitted to the others.
        if let Some(inputs) = feeds(&join, shape)
            && join.op().infer(&inputs).is_err()
            && let Some(fitted) = matched(&join, &inputs, 0)
        {
            join = fitted;
        }
        found.extend(model.with_layer(place, join).map(|model| Repair { words, model, place: Some(place.to_vec()) }));
    };
    if was < least {
        let words = if was + 1 == least { "Add an empty branch".to_owned() } else { format!("Add {} empty branches", least - was) };
        offer(words, [branches.clone(), vec![vec![]; least - was]].concat());
        let own = branches.pop().unwrap_or_default();
        let loose = model.removed(place).and_then(|model| model.inserted(place, own));
        let words = "Put the branch in place of the join".to_owned();
        found.extend(loose.map(|model| Repair { words, model, place: None }));
    } else {
        branches.truncate(most);
        offer(format!("Keep the first {most} branches"), branches);
    }
    found
}

/// The join with layers added to its branches so that they agree with branch `to`.
fn matched(join: &LayerSpec, inputs: &[Shape], to: usize) -> Option<LayerSpec> {
    let mut branches = join.op().branches().to_vec();
    let like = *inputs.get(to)?;
    for (index, branch) in branches.iter_mut().enumerate() {
        let own = *inputs.get(index)?;
        // What two such branches are told is what all are told; the order of the two may matter.
        let agree = |own: Shape| join.op().infer(&if index < to { [own, like] } else { [like, own] }).is_ok();
        if index == to || agree(own) {
            continue;
        }
        let targets = [Shape { ch: own.ch, ..like }, like, Shape::flat(like.ch), Shape { ch: like.ch, ..own }];
        let ways = targets.into_iter().filter(|target| agree(*target)).filter_map(|target| fitting(own, target));
        branch.extend(ways.min_by_key(Vec::len)?);
    }
    join.op().with_branches(branches)
}

/// Layers that make `to` of `from`: a convolution with 1×1 kernels where strides lead there, else means over boxes.
fn fitting(from: Shape, to: Shape) -> Option<Vec<LayerSpec>> {
    let conv = |stride: Pair| Conv2d { out_ch: to.ch, kernel: Pair::one(), stride, ..Conv2d::default() }.into();
    let stride = |from: usize, to: usize| (1..=from).find(|s| (from - 1) / s + 1 == to);
    let mut layers = Vec::new();
    let same = (from.h, from.w) == (to.h, to.w);
    match (stride(from.h, to.h), stride(from.w, to.w)) {
        (Some(h), Some(w)) if same || !to.is_flat() => layers.push(conv(Pair::new(h, w))),
        _ => {
            layers.push(if to.is_flat() { GlobalAvgPool2d {}.into() } else { AdaptiveAvgPool2d { output: Pair::new(to.h, to.w) }.into() });
            if from.ch != to.ch {
                layers.push(conv(Pair::one()));
            }
        }
    }
    (through(&layers, from)? == to).then_some(layers)
}

/// The last layers so that there are `classes` scores.
pub fn output(model: &ModelSpec, classes: usize) -> Vec<Repair> {
    let mut found = Vec::new();
    // The last layer with a count of its own decides, whatever stands behind it and changes no count.
    for (index, layer) in model.layers.iter().enumerate().rev() {
        let key = ["out", "out_ch"].into_iter().find(|key| written(layer).is_some_and(|json| json.get(*key).is_some()));
        let Some(key) = key else { continue };
        let title = layer.op().kind().title.to_ascii_lowercase();
        let changed = set(layer, key, classes.into()).and_then(|layer| model.with_layer(&[index], layer));
        if let Some(changed) = changed {
            let mut pooled = changed.clone();
            pooled.layers.push(GlobalAvgPool2d {}.into());
            found.push(Repair { words: format!("Give the last {title} {classes} outputs"), model: changed, place: None });
            let words = format!("Give the last {title} {classes} outputs and take their means");
            found.push(Repair { words, model: pooled, place: None });
        }
        break;
    }
    found.extend(ended(model, classes));
    found
}

/// With a dense layer at the end.
fn ended(model: &ModelSpec, classes: usize) -> Vec<Repair> {
    let dense = || LayerSpec::from(Dense { out: classes, bias: true });
    let end = |words: String, layers: Vec<LayerSpec>| {
        let layers = [model.layers.clone(), layers].concat();
        Repair { words, model: ModelSpec { layers, ..model.clone() }, place: None }
    };
    if through(&model.layers, model.input).is_some_and(|shape| shape.is_flat()) {
        return vec![end(format!("Add a dense layer of {classes}"), vec![dense()])];
    }
    vec![
        end(format!("Add flatten and a dense layer of {classes}"), vec![Flatten {}.into(), dense()]),
        end(format!("Add global average pooling and a dense layer of {classes}"), vec![GlobalAvgPool2d {}.into(), dense()]),
    ]
}

pub fn scores(model: &ModelSpec) -> Vec<Repair> {
    ended(model, CLASSES)
}

/// Extents within limits, or those of the digits.
pub fn input(model: &ModelSpec, most: usize) -> Vec<Repair> {
    let within = |n: usize| n.clamp(1, most);
    let nearest = Shape::new(within(model.input.ch), within(model.input.h), within(model.input.w));
    let digits = Shape::new(1, 28, 28);
    let shapes = [nearest, digits].into_iter().filter(|shape| shape.len() <= TENSOR_LIMIT);
    shapes
        .map(|input| Repair { words: format!("Take images of {input}"), model: ModelSpec { input, ..model.clone() }, place: None })
        .collect()
}

/// Without the last layers before the end, so that `most` are left.
pub fn shortened(model: &ModelSpec, most: usize) -> Vec<Repair> {
    let mut shorter = model.clone();
    let mut count = shorter.places().len();
    while count > most && !shorter.layers.is_empty() {
        // What gives the scores stays as long as it can.
        let last = shorter.layers.len().saturating_sub(2);
        shorter.layers.remove(last);
        count = shorter.places().len();
    }
    let words = format!("Remove {} layers before the last", model.places().len() - count);
    vec![Repair { words, model: shorter, place: None }]
}

/// Without the join that lies too deep.
pub fn flattened(model: &ModelSpec, place: &[usize]) -> Vec<Repair> {
    let Some(first) = model.list(&[place, &[0]].concat()).map(<[LayerSpec]>::to_vec) else { return Vec::new() };
    let without = model.removed(place);
    let mut inline = without.as_ref().and_then(|model| model.inserted(place, first));
    // What comes up may be a join again.
    while let Some(inner) = inline.as_ref().and_then(|model| model.list(&[place, &[0]].concat())).map(<[LayerSpec]>::to_vec) {
        inline = inline.and_then(|model| model.removed(place)?.inserted(place, inner));
    }
    let offer = |words: &str, model: Option<ModelSpec>| model.map(|model| Repair { words: words.to_owned(), model, place: None });
    [offer("Put its first branch in its place", inline), offer("Remove the join", without)].into_iter().flatten().collect()
}
