//! Repairs of broken networks: what is offered helps, and there is always something to offer.

use std::cell::Cell;

use engine::{Draft, Graph, LayerSpec, ModelSpec, Repair, SpecError, ops::KINDS};
use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::{specs, try_all};

/// Places in the order of a graph, in which a join comes after the layers of its branches.
fn ranks(model: &ModelSpec) -> Vec<Vec<usize>> {
    let mut places = model.places();
    places.sort_by(|a, b| {
        let shared = a.iter().zip(b).find(|(x, y)| x != y).map(|(x, y)| x.cmp(y));
        shared.unwrap_or(b.len().cmp(&a.len()))
    });
    places
}

/// The layer that was wrong is right after `repair`, or is gone, and nothing before it is wrong.
fn assert_helps(model: &ModelSpec, error: &SpecError, repair: &Repair) {
    let after = match Draft::of(&repair.model, 10).error {
        None => return,
        Some(after) => after,
    };
    let said = || format!("{}\n{error}\nafterwards: {after}\n{}", repair.words, serde_json::to_string(model).unwrap());
    let (SpecError::Layer { .. }, SpecError::Layer { .. }) = (error, &after) else {
        assert_ne!(std::mem::discriminant(error), std::mem::discriminant(&after), "{}", said());
        return;
    };
    let rank = |model: &ModelSpec, place: &Vec<usize>| ranks(model).iter().position(|p| p == place);
    let next = rank(&repair.model, &after.place(&repair.model).unwrap()).unwrap();
    match &repair.place {
        Some(place) => assert!(next > rank(&repair.model, place).unwrap(), "{}", said()),
        // Nothing of what stood before it is wrong now.
        None => {
            let place = error.place(model).unwrap();
            let before = ranks(model).iter().take_while(|p| **p != place && !p.starts_with(&place)).count();
            assert!(next >= before, "{}", said());
        }
    }
}

/// What settings are turned to.
const ENDS: [usize; 9] = [0, 1, 2, 3, 7, 13, 64, 5000, 70_000_000];

/// A network with something broken in it: a layer more, a setting at its end, layers swapped or lost.
fn broken() -> impl Strategy<Value = ModelSpec> {
    let change = (0..4_usize, any::<Index>(), any::<Index>(), any::<Index>());
    (specs::legal(), vec(change, 1..4)).prop_map(|(mut model, changes)| {
        for (what, one, other, third) in changes {
            let (places, gaps) = (model.places(), model.gaps());
            let kind = KINDS[third.index(KINDS.len())];
            let changed = match what {
                0 => kind.usual().and_then(|layer| model.inserted(one_of(&gaps, other), vec![layer])),
                _ if places.is_empty() => None,
                1 => model.moved(one_of(&places, one), one_of(&gaps, other)).map(|(model, _)| model),
                2 => model.removed(one_of(&places, one)),
                _ => turned(&model, one_of(&places, one), other, third),
            };
            model = changed.unwrap_or(model);
        }
        model
    })
}

fn one_of(places: &[Vec<usize>], which: Index) -> &[usize] {
    &places[which.index(places.len())]
}

/// With a number of a layer's settings turned far up or down.
fn turned(model: &ModelSpec, place: &[usize], which: Index, how: Index) -> Option<ModelSpec> {
    let mut json = serde_json::to_value(model.layer(place)?).unwrap();
    let keys: Vec<String> = json.as_object()?.iter().filter(|(_, v)| v.is_number()).map(|(k, _)| k.clone()).collect();
    if keys.is_empty() {
        return None;
    }
    let key = keys[which.index(keys.len())].as_str();
    json[key] = json!(ENDS[how.index(ENDS.len())]);
    model.with_layer(place, serde_json::from_value::<LayerSpec>(json).ok()?)
}

#[wasm_bindgen_test(unsupported = test)]
fn every_repair_removes_the_error_at_its_layer() {
    let (wrong, offered) = (Cell::new(0), Cell::new(0));
    let tried = |model: &ModelSpec| {
        let Err(error) = Graph::check_classifier(model, 10) else { return };
        let repairs = error.repairs(model);
        assert!(!repairs.is_empty(), "nothing is offered against: {error}\n{}", serde_json::to_string(model).unwrap());
        for repair in &repairs {
            assert!(!repair.words.is_empty());
            assert_helps(model, &error, repair);
        }
        wrong.set(wrong.get() + 1);
        offered.set(offered.get() + repairs.len());
    };
    try_all(1500, specs::extreme(), |json| tried(&serde_json::from_value(json).unwrap()));
    try_all(1500, broken(), |model| tried(&model));
    assert!(wrong.get() > 1000, "only {} networks were wrong", wrong.get());
    assert!(offered.get() > 2 * wrong.get(), "{} repairs for {} networks", offered.get(), wrong.get());
}

/// Who presses the first button again and again comes to a network.
#[wasm_bindgen_test(unsupported = test)]
fn the_first_repairs_lead_to_a_network() {
    try_all(600, broken(), |mut model| {
        let mut said = Vec::new();
        for _ in 0..60 {
            let Err(error) = Graph::check_classifier(&model, 10) else { return };
            let first = error.repairs(&model).swap_remove(0);
            said.push(format!("{error}: {}", first.words));
            model = first.model;
        }
        panic!("still no network: {said:#?}");
    });
}
