//! From what was typed to the specification of a run.

use std::{fs, path::Path};

use engine::{LossSpec, ModelSpec, OptimizerSpec, presets};
use protocol::{
    RunSpec, TrainSpec,
    link::{self, LinkProblem},
};

use crate::{arguments, error::Error};

impl arguments::Network {
    /// The run asked for, or the network with the usual training; `None` where nothing was said.
    pub fn spec(&self) -> Result<Option<RunSpec>, Error> {
        match (&self.net, &self.spec, &self.link) {
            (Some(name), ..) => Ok(Some(RunSpec { model: preset(name)?.model(), train: TrainSpec::default() })),
            (_, Some(path), _) => read_spec(path).map(Some),
            (.., Some(link)) => read_link(link).map(Some),
            (None, None, None) => Ok(None),
        }
    }
}

impl arguments::Train {
    /// The run asked for, with the single settings on top.
    pub fn spec(&self) -> Result<RunSpec, Error> {
        let mut spec = self.network.spec()?.unwrap_or_default();
        let train = &mut spec.train;
        train.epochs = self.epochs.unwrap_or(train.epochs);
        train.batch = self.batch.unwrap_or(train.batch);
        train.rate = self.rate.unwrap_or(train.rate);
        train.seed = self.seed.unwrap_or(train.seed);
        let augment = &mut train.augment;
        augment.shift = self.shift.unwrap_or(augment.shift);
        augment.rotate = self.rotate.unwrap_or(augment.rotate);
        augment.scale = self.scale.unwrap_or(augment.scale);
        if let Some(text) = &self.loss {
            train.loss = loss(text)?;
        }
        if let Some(name) = &self.optimizer {
            train.optimizer = optimizer(name)?;
        }
        Ok(spec)
    }
}

/// The preset of this name, in capitals or not.
pub fn preset(name: &str) -> Result<&'static presets::Preset, Error> {
    presets::preset(&name.trim().to_lowercase()).ok_or_else(|| Error::Preset {
        name: name.to_owned(),
        known: presets::PRESETS.iter().map(|p| p.slug).collect::<Vec<_>>().join(", "),
    })
}

/// The loss of this name with its usual settings, or the one that a link writes so.
fn loss(text: &str) -> Result<LossSpec, Error> {
    let text = text.trim();
    link::loss_of(text).map_err(|problem| match problem {
        LinkProblem::UnknownName { got, known } => Error::Loss { name: got, known },
        LinkProblem::Loss { error } => Error::LossSettings { problem: error.to_string() },
        LinkProblem::Text { error } => Error::LossSettings { problem: format!("it cannot be read at {error}") },
        LinkProblem::Content { reason } => Error::LossSettings { problem: reason },
        other => Error::LossSettings { problem: other.to_string() },
    })
}

fn optimizer(name: &str) -> Result<OptimizerSpec, Error> {
    let known = OptimizerSpec::all();
    known.iter().find(|o| o.rule().name().eq_ignore_ascii_case(name)).copied().ok_or_else(|| Error::Optimizer {
        name: name.to_owned(),
        known: known.iter().map(|o| o.rule().name()).collect::<Vec<_>>().join(", "),
    })
}

fn read_spec(path: &Path) -> Result<RunSpec, Error> {
    let text = fs::read_to_string(path).map_err(|cause| Error::Read { path: path.to_owned(), cause })?;
    let wrong = |cause| Error::Spec { path: path.to_owned(), cause };
    let json: serde_json::Value = serde_json::from_str(&text).map_err(wrong)?;
    // The run.json of a training holds its specification beside the results.
    let json = json.get("spec").cloned().unwrap_or(json);
    if json.get("model").is_some() {
        serde_json::from_value(json).map_err(wrong)
    } else {
        let model: ModelSpec = serde_json::from_value(json).map_err(wrong)?;
        Ok(RunSpec { model, train: TrainSpec::default() })
    }
}

fn read_link(link: &str) -> Result<RunSpec, Error> {
    let query = link.split_once('?').map_or(link, |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let (spec, problems) = link::decode(query);
    if problems.is_empty() {
        return Ok(spec);
    }
    Err(Error::Link { problems: problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ") })
}

#[cfg(test)]
mod tests {
    use arguments::{Arguments, Task};
    use clap::Parser;
    use engine::loss::Focal;

    use super::*;

    #[test]
    fn a_link_is_read_with_or_without_its_address() {
        let run = RunSpec { model: preset("N2").unwrap().model(), train: TrainSpec { seed: 7, epochs: 1, ..TrainSpec::default() } };
        let query = link::encode(&run);
        for link in [query.clone(), format!("?{query}"), format!("http://localhost:8080/lab/?{query}#top")] {
            assert_eq!(read_link(&link).unwrap(), run, "{link}");
        }
        let error = read_link("v=1&net=vgg&seed=x").unwrap_err().to_string();
        assert!(error.contains("net") && error.contains("seed"), "{error}");
    }

    #[test]
    fn single_settings_stand_above_the_link() {
        let words = "k train --link v=1&shift=1&rotate=5 --rotate 7.5 --scale 0.2";
        let Task::Train(order) = Arguments::try_parse_from(words.split(' ')).unwrap().task else { panic!("{words}") };
        assert_eq!(order.spec().unwrap().train.augment, engine::Augment { shift: 1.0, rotate: 7.5, scale: 0.2 });
    }

    #[test]
    fn losses_are_a_name_or_name_and_settings() {
        let loss_of = |words: &str| {
            let words: Vec<&str> = ["k", "train", "--loss", words].to_vec();
            let Task::Train(order) = Arguments::try_parse_from(words).unwrap().task else { panic!() };
            order.spec().map(|spec| spec.train.loss).map_err(|e| e.to_string())
        };
        for usual in LossSpec::all() {
            assert_eq!(loss_of(usual.name()).unwrap(), usual);
        }
        assert_eq!(loss_of("(loss:focal,gamma:3)").unwrap(), LossSpec::Focal(Focal { gamma: 3.0 }));
        let refused = [
            ("(loss:focal,gamma:-1)", "the loss cannot be used: `gamma` of `focal` is -1, but must lie in 0 to 20"),
            ("(loss:focal,gamma:3", "the loss cannot be used: it cannot be read at character 20: expected `,` or `)`, found the end"),
            (
                "(loss:cross_entropy,weight:!(1,2))",
                "the loss cannot be used: `weight` of `cross_entropy` has 2 entries, but the network gives 10 scores: one entry for each, or none at all",
            ),
        ];
        for (words, message) in refused {
            assert_eq!(loss_of(words).unwrap_err(), message);
        }
        let run = RunSpec { train: TrainSpec { loss: loss_of("hinge").unwrap(), ..TrainSpec::default() }, ..RunSpec::default() };
        assert_eq!(read_link(&link::encode(&run)).unwrap(), run);
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let known = presets::PRESETS.iter().map(|p| p.slug).collect::<Vec<_>>().join(", ");
        assert_eq!(preset("n9").unwrap_err().to_string(), format!("there is no preset `n9`; there are {known}"));
        let error = loss("cube").unwrap_err().to_string();
        assert!(error.starts_with("there is no loss `cube`; there are cross_entropy, mse, l1,") && error.contains("focal"), "{error}");
        assert!(optimizer("lion").unwrap_err().to_string().contains("adam"));
        assert_eq!(optimizer("Momentum").unwrap().rule().name(), "momentum");
    }
}
