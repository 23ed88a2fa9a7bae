//! The lines of the list: what each layer is, makes and costs, and what changed against the network that runs.

use engine::{
    Draft, LayerSpec, Mode, ModelSpec, Node, Repair, Shape,
    kept::{Likeness, counterparts},
    ops::{Control, Family, Knob, KnobValue},
};

use crate::state::builder::stops;

/// What stands at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub place: Vec<usize>,
    pub depth: usize,
    pub item: Item,
}

impl Row {
    pub fn is_wrong(&self) -> bool {
        matches!(&self.item, Item::Layer(layer) if layer.wrong.is_some())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Layer(Box<Layer>),
    /// The line above a branch's layers.
    Branch {
        number: usize,
        is_empty: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub family: Family,
    pub title: &'static str,
    /// The settings that matter: `8, 5×5, padding 2`.
    pub brief: String,
    /// What follows from its place; nothing where it, or something before it, is wrong.
    pub facts: Option<Facts>,
    pub likeness: Likeness,
    pub wrong: Option<Wrong>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub name: String,
    pub input: Shape,
    pub output: Shape,
    pub weights: usize,
    pub multiply_adds: u64,
    /// In a training step.
    pub memory_bytes: usize,
    /// Rows and columns of the image that a unit sees, and pixels between neighbours.
    pub sees: [usize; 2],
    pub jump: [usize; 2],
    /// Its part of the network's weights and work, 0 to 1.
    pub weights_share: f64,
    pub work_share: f64,
}

/// Why a layer cannot stand where it stands, and what can be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    pub words: String,
    pub repairs: Vec<Repair>,
}

/// All of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    pub rows: Vec<Row>,
    /// What is wrong with the network and with no layer.
    pub wrong: Option<Wrong>,
    pub total: Total,
    /// Layers of the running network that are gone.
    pub gone: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total {
    pub weights: usize,
    pub multiply_adds: u64,
    pub memory_bytes: usize,
}

impl Total {
    pub fn of(nodes: &[Node], draft: &Draft, batch: usize) -> Self {
        Self {
            weights: draft.weights(0..draft.params.len()),
            multiply_adds: nodes.iter().map(|n| n.cost.multiply_adds).sum(),
            memory_bytes: nodes.iter().map(|n| n.memory_bytes(batch, Mode::Train)).sum(),
        }
    }
}

impl List {
    pub fn of(model: &ModelSpec, running: &ModelSpec, batch: usize) -> Self {
        let draft = Draft::of(model, data::CLASSES);
        let total = Total::of(&draft.nodes, &draft, batch);
        let likeness = counterparts(running, model);
        let gone = running.places().len().saturating_sub(likeness.iter().filter(|c| c.1.is_some()).count());
        let mut wrong = draft.error.as_ref().map(|error| Wrong { words: in_words(error), repairs: error.repairs(model) });
        if wrong.is_none() && model.input != Shape::new(1, data::SIDE, data::SIDE) {
            let side = data::SIDE;
            let repaired = ModelSpec { input: Shape::new(1, side, side), ..model.clone() };
            let repair = Repair { words: format!("Take images of 1×{side}×{side}"), model: repaired, place: None };
            let words = format!("the network takes images of {}, but the digits are 1×{side}×{side}", model.input);
            wrong = Some(Wrong { words, repairs: vec![repair] });
        }
        // Places come in the same order here and there.
        let mut likeness = likeness.into_iter();
        let mut rows = Vec::new();
        for place in stops(model) {
            let item = match model.layer(&place) {
                None => Item::Branch {
                    number: place.last().map_or(0, |branch| branch + 1),
                    is_empty: model.list(&place).is_none_or(<[LayerSpec]>::is_empty),
                },
                Some(layer) => Item::Layer(Box::new(Layer {
                    family: layer.op().kind().family,
                    title: layer.op().kind().title,
                    brief: brief(layer),
                    facts: draft.node(&place).map(|node| facts(node, &draft, &total, batch)),
                    likeness: likeness.next().map_or(Likeness::New, |(likeness, _)| likeness),
                    wrong: if draft.place.as_ref() == Some(&place) { wrong.take() } else { None },
                })),
            };
            rows.push(Row { depth: place.len() / 2, place, item });
        }
        Self { rows, wrong, total, gone }
    }
}

fn in_words(error: &engine::SpecError) -> String {
    match error {
        engine::SpecError::Layer { error, .. } => error.to_string(),
        other => other.to_string(),
    }
}

fn facts(node: &Node, draft: &Draft, total: &Total, batch: usize) -> Facts {
    let weights = draft.weights(node.params.clone());
    let share = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
    Facts {
        name: node.name.clone(),
        input: node.input,
        output: node.output,
        weights,
        multiply_adds: node.cost.multiply_adds,
        memory_bytes: node.memory_bytes(batch, Mode::Train),
        sees: node.reach.size,
        jump: node.reach.jump,
        weights_share: share(weights as f64, total.weights as f64),
        work_share: share(node.cost.multiply_adds as f64, total.multiply_adds as f64),
    }
}

/// How many and of what size, bare; of the rest, what is not as usual.
fn brief(layer: &LayerSpec) -> String {
    let kind = layer.op().kind();
    let usual = kind.usual();
    let sides = |index: usize| kind.knobs.get(index).map_or(0, |knob| knob.sides(layer));
    let parts = kind.knobs.iter().enumerate().filter_map(|(index, knob)| {
        let value = knob.value(layer)?;
        let is_bare = match (index, knob.control) {
            (0, Control::Count { .. }) => true,
            (0, Control::Ratio { .. }) => kind.knobs.len() == 1,
            (1, Control::Count { .. }) => sides(1) == 2 && sides(0) == 1,
            _ => false,
        };
        let is_usual = usual.as_ref().and_then(|u| knob.value(u)).as_ref() == Some(&value);
        if is_bare { Some(shown(knob, layer, &value)) } else { (!is_usual).then(|| labelled(knob, layer, &value)) }
    });
    parts.collect::<Vec<_>>().join(" · ")
}

fn labelled(knob: &Knob, layer: &LayerSpec, value: &KnobValue) -> String {
    let label = knob.label.to_ascii_lowercase();
    match value {
        KnobValue::Switch(true) => label,
        KnobValue::Switch(false) => format!("no {label}"),
        KnobValue::Word(word) if knob.label.ends_with("mode") => word.clone(),
        _ => format!("{label} {}", shown(knob, layer, value)),
    }
}

/// A value as text; a size of two sides as both.
pub fn shown(knob: &Knob, layer: &LayerSpec, value: &KnobValue) -> String {
    match value {
        KnobValue::Counts(parts) => match parts.as_slice() {
            [one] if knob.sides(layer) == 2 => format!("{one}×{one}"),
            parts => parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
        },
        KnobValue::Ratio(x) => x.to_string(),
        KnobValue::Word(word) => word.clone(),
        KnobValue::Switch(on) => if *on { "on" } else { "off" }.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use engine::{ops::Conv2d, presets::PRESETS};

    use super::*;

    fn layers(list: &List) -> Vec<&Layer> {
        list.rows.iter().filter_map(|row| if let Item::Layer(layer) = &row.item { Some(&**layer) } else { None }).collect()
    }

    #[test]
    fn parts_of_all_layers_make_the_whole() {
        for preset in PRESETS {
            let model = preset.model();
            let list = List::of(&model, &model, 64);
            assert_eq!((list.gone, &list.wrong), (0, &None));
            let facts: Vec<&Facts> = layers(&list).iter().map(|l| l.facts.as_ref().unwrap()).collect();
            assert_eq!(facts.iter().map(|f| f.weights).sum::<usize>(), list.total.weights, "{}", preset.slug);
            for share in [|f: &&Facts| f.work_share, |f: &&Facts| f.weights_share] {
                assert!((facts.iter().map(share).sum::<f64>() - 1.0).abs() < 1e-9, "{}", preset.slug);
            }
        }
    }

    #[test]
    fn an_error_stands_at_its_layer_with_repairs() {
        let good = PRESETS[0].model();
        let bad = good.with_layer(&[3], Conv2d { kernel: engine::Pair::square(20), ..Conv2d::default() }.into()).unwrap();
        let list = List::of(&bad, &good, 64);
        let layers = layers(&list);
        let wrong = layers[3].wrong.as_ref().unwrap();
        assert!(wrong.words.contains("20") && wrong.words.contains("14"), "{}", wrong.words);
        assert!(!wrong.repairs.is_empty());
        assert!(layers[2].facts.is_some() && layers[3].facts.is_none() && layers[9].facts.is_none());
        assert_eq!(layers[3].likeness, Likeness::Changed);
        assert_eq!(list.gone, 0);
    }

    #[test]
    fn settings_are_short() {
        let layers = PRESETS[0].model().layers;
        let brief: Vec<String> = layers.iter().map(brief).collect();
        assert_eq!(brief[0], "8 · 5×5 · padding 2");
        assert_eq!(brief[1], "");
        assert_eq!(brief[7], "64");
        assert_eq!(brief[9], "0.25");
    }
}
