//! From what was typed to the specification of a run.

use std::{fs, path::Path};

use engine::{Augment, Init, LossSpec, ModelSpec, NodeId, OptimizerSpec, augment::AUGMENTATIONS, presets, schedule::CurveSpec};
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
        train.data = crate::digits::source(self.data.as_deref(), train.data);
        train.epochs = self.epochs.unwrap_or(train.epochs);
        train.batch = self.batch.unwrap_or(train.batch);
        train.rate = self.rate.unwrap_or(train.rate);
        train.seed = self.seed.unwrap_or(train.seed);
        if let Some(text) = &self.augment {
            train.augment = augment(text, train.augment)?;
        }
        let augment = &mut train.augment;
        augment.shift = self.shift.unwrap_or(augment.shift);
        augment.rotate = self.rotate.unwrap_or(augment.rotate);
        augment.scale = self.scale.unwrap_or(augment.scale);
        self.regime.apply(train);
        if let Some(text) = &self.loss {
            train.loss = loss(text)?;
        }
        if let Some(name) = &self.optimizer {
            train.optimizer = optimizer(name)?;
        }
        if let Some(decay) = self.weight_decay {
            let settings = train.optimizer.rule().settings().iter();
            let changed = settings.filter(|s| s.key == "weight_decay").find_map(|s| s.with(&train.optimizer, f64::from(decay)));
            train.optimizer = changed.unwrap_or(train.optimizer);
        }
        if let Some(name) = &self.schedule {
            train.schedule.curve = curve(name)?;
        }
        train.schedule.warmup_steps = self.warmup.unwrap_or(train.schedule.warmup_steps);
        let treatment = &mut train.treatment;
        treatment.l1 = self.l1.unwrap_or(treatment.l1);
        treatment.l2 = self.l2.unwrap_or(treatment.l2);
        treatment.clip_value = self.clip_value.unwrap_or(treatment.clip_value);
        treatment.clip_norm = self.clip_norm.unwrap_or(treatment.clip_norm);
        treatment.sam = self.sam.unwrap_or(treatment.sam);
        treatment.accumulate = self.accumulate.unwrap_or(treatment.accumulate);
        treatment.rates.extend(self.freeze.iter().map(|number| (NodeId(*number as usize - 1), 0.0)));
        if let Some(name) = &self.init {
            spec.model.init = init(name)?;
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

/// `usual` with the settings in `text`, as a link has them, with or without parentheses.
fn augment(text: &str, usual: Augment) -> Result<Augment, Error> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let wrong = |problem: LinkProblem| Error::Augment {
        problem: match problem {
            LinkProblem::Setting { error } => error.to_string(),
            LinkProblem::Text { error } => format!("it cannot be read at {error}"),
            LinkProblem::Content { reason } => reason,
            other => other.to_string(),
        },
    };
    let said = link::augment_of(&format!("({text})")).map_err(wrong)?;
    // What is not said stays as it was.
    let mut all = usual;
    for setting in AUGMENTATIONS.iter().flat_map(|a| a.settings) {
        let value = setting.value(&said);
        if value != setting.value(&Augment::default()) {
            all = value.and_then(|value| setting.with(&all, value)).unwrap_or(all);
        }
    }
    Ok(all)
}

fn optimizer(name: &str) -> Result<OptimizerSpec, Error> {
    let known = OptimizerSpec::all();
    known.iter().find(|o| o.rule().name().eq_ignore_ascii_case(name)).copied().ok_or_else(|| Error::Optimizer {
        name: name.to_owned(),
        known: known.iter().map(|o| o.rule().name()).collect::<Vec<_>>().join(", "),
    })
}

fn curve(name: &str) -> Result<CurveSpec, Error> {
    let known = CurveSpec::all();
    known.iter().find(|c| c.curve().name().eq_ignore_ascii_case(name)).copied().ok_or_else(|| Error::Schedule {
        name: name.to_owned(),
        known: known.iter().map(|c| c.curve().name()).collect::<Vec<_>>().join(", "),
    })
}

fn init(name: &str) -> Result<Init, Error> {
    Init::ALL
        .into_iter()
        .find(|i| i.name().eq_ignore_ascii_case(name))
        .ok_or_else(|| Error::Init { name: name.to_owned(), known: Init::ALL.iter().map(|i| i.name()).collect::<Vec<_>>().join(", ") })
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
        assert_eq!(order.spec().unwrap().train.augment, Augment { shift: 1.0, rotate: 7.5, scale: 0.2, ..Augment::default() });
        let words = "k train --link v=1&augment=(noise:0.25,elastic:2) --augment elastic:3,mixup:0.2 --shift 1";
        let Task::Train(order) = Arguments::try_parse_from(words.split(' ')).unwrap().task else { panic!("{words}") };
        let wanted = Augment { shift: 1.0, noise: 0.25, elastic: 3.0, mixup: 0.2, ..Augment::default() };
        assert_eq!(order.spec().unwrap().train.augment, wanted);
        for (text, why) in [("elastic:9", "must lie in 0 to 8"), ("warp:1", "unknown field"), ("elastic:", "expected")] {
            let error = augment(text, Augment::default()).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
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
    fn every_rule_schedule_and_start_can_be_named() {
        let run = |words: String| {
            let words = format!("k train {words}");
            let Task::Train(order) = Arguments::try_parse_from(words.split(' ')).unwrap().task else { panic!("{words}") };
            order.spec().unwrap()
        };
        for wanted in OptimizerSpec::all() {
            let got = run(format!("--optimizer {} --weight-decay 0.25", wanted.rule().name())).train.optimizer;
            let decay = wanted.rule().settings().iter().find(|s| s.key == "weight_decay").unwrap();
            assert_eq!((decay.with(&wanted, 0.25).unwrap(), decay.value(&got)), (got, Some(0.25)));
        }
        for wanted in CurveSpec::all() {
            let schedule = run(format!("--schedule {} --warmup 50", wanted.curve().name())).train.schedule;
            assert_eq!((schedule.curve, schedule.warmup_steps), (wanted, 50));
        }
        for wanted in Init::ALL {
            assert_eq!(run(format!("--init {}", wanted.name())).model.init, wanted);
        }
        let words = "--l1 0.1 --l2 0.2 --clip-value 3 --clip-norm 4 --sam 0.05 --accumulate 6 --freeze 1,4";
        let wanted = engine::Treatment {
            l1: 0.1,
            l2: 0.2,
            clip_value: 3.0,
            clip_norm: 4.0,
            sam: 0.05,
            accumulate: 6,
            rates: [(NodeId(0), 0.0), (NodeId(3), 0.0)].into(),
            ..engine::Treatment::default()
        };
        assert_eq!(run(words.to_owned()).train.treatment, wanted);
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let known = presets::PRESETS.iter().map(|p| p.slug).collect::<Vec<_>>().join(", ");
        assert_eq!(preset("n9").unwrap_err().to_string(), format!("there is no preset `n9`; there are {known}"));
        let error = loss("cube").unwrap_err().to_string();
        assert!(error.starts_with("there is no loss `cube`; there are cross_entropy, mse, l1,") && error.contains("focal"), "{error}");
        assert!(optimizer("lions").unwrap_err().to_string().contains("adam"));
        assert!(curve("saw").unwrap_err().to_string().contains("one_cycle"));
        assert!(init("he").unwrap_err().to_string().contains("he_normal"));
        assert_eq!(optimizer("Momentum").unwrap().rule().name(), "momentum");
    }
}
