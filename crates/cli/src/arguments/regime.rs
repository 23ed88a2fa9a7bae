//! What is trained on, and when training ends.

use clap::{Args, builder::PossibleValuesParser};
use protocol::{ClassWeights, Precision, TrainSpec, regime::Word};

#[derive(Debug, Default, Args)]
pub struct Regime {
    /// The last so many of the 60,000 training digits validate and do not train
    #[arg(long, value_name = "COUNT")]
    pub validation: Option<u32>,
    /// Train on so many of the others, drawn at random
    #[arg(long, value_name = "COUNT")]
    pub subset: Option<u32>,
    /// Keep only a share of some classes: 3:0.1,8:0.5
    #[arg(long, value_name = "CLASS:SHARE", value_delimiter = ',', value_parser = share)]
    pub keep: Vec<(usize, f32)>,
    /// Replace the labels of this share of the training digits
    #[arg(long, value_name = "SHARE")]
    pub label_noise: Option<f32>,
    /// Draw every class equally often
    #[arg(long)]
    pub balanced: bool,
    /// How much the classes count in cross-entropy
    #[arg(long, value_name = "NAME", value_parser = words::<ClassWeights>())]
    pub class_weights: Option<String>,
    /// Stop after so many epochs in a row without a better validation loss
    #[arg(long, value_name = "EPOCHS")]
    pub patience: Option<u32>,
    /// A validation loss is better that lies below the best by more than this
    #[arg(long, value_name = "NUMBER")]
    pub min_delta: Option<f32>,
    /// End with the weights of the best validation loss
    #[arg(long)]
    pub restore_best: bool,
    /// How the graphics card stores activations
    #[arg(long, value_name = "NAME", value_parser = words::<Precision>())]
    pub precision: Option<String>,
}

fn words<T: Word>() -> PossibleValuesParser {
    PossibleValuesParser::new(T::ALL.iter().map(|(_, word)| *word).collect::<Vec<_>>())
}

fn share(text: &str) -> Result<(usize, f32), String> {
    let parts = text.split_once(':').and_then(|(class, share)| Some((class.parse().ok()?, share.parse().ok()?)));
    parts.filter(|(class, _)| *class < data::CLASSES).ok_or_else(|| "must be a class from 0 to 9 and its share, as 3:0.1".to_owned())
}

impl Regime {
    /// Puts what was said on top of `train`.
    pub fn apply(&self, train: &mut TrainSpec) {
        let selection = &mut train.selection;
        selection.validation = self.validation.unwrap_or(selection.validation);
        selection.subset = self.subset.unwrap_or(selection.subset);
        selection.label_noise = self.label_noise.unwrap_or(selection.label_noise);
        selection.balanced |= self.balanced;
        for (class, share) in &self.keep {
            if selection.keep.len() <= *class {
                selection.keep.resize(class + 1, 1.0);
            }
            selection.keep[*class] = *share;
        }
        let stopping = &mut train.stopping;
        stopping.patience = self.patience.unwrap_or(stopping.patience);
        stopping.min_delta = self.min_delta.unwrap_or(stopping.min_delta);
        stopping.restore_best |= self.restore_best;
        train.class_weights = self.class_weights.as_deref().and_then(ClassWeights::of).unwrap_or(train.class_weights);
        train.precision = self.precision.as_deref().and_then(Precision::of).unwrap_or(train.precision);
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Task};

    fn train(words: &str) -> TrainSpec {
        let words = format!("k train {words}");
        let Task::Train(order) = Arguments::try_parse_from(words.split(' ')).unwrap().task else { panic!("{words}") };
        order.spec().unwrap().train
    }

    #[test]
    fn what_is_trained_on_can_be_said() {
        let got = train(
            "--validation 5000 --subset 2000 --keep 3:0.1,0:0.5 --label-noise 0.2 --balanced --class-weights balanced \
             --patience 3 --min-delta 0.01 --restore-best --precision full",
        );
        assert_eq!((got.selection.validation, got.selection.subset, got.selection.balanced), (5_000, 2_000, true));
        assert_eq!(got.selection.keep, [0.5, 1.0, 1.0, 0.1]);
        assert_eq!(got.selection.label_noise, 0.2);
        assert_eq!((got.stopping.patience, got.stopping.min_delta, got.stopping.restore_best), (3, 0.01, true));
        assert_eq!((got.class_weights, got.precision), (ClassWeights::Balanced, Precision::Full));
        assert_eq!(train("--seed 1"), TrainSpec::default());
        // On top of a link.
        let got = train("--link v=1&select=(subset:100)&stop=(patience:2) --patience 4");
        assert_eq!((got.selection.subset, got.stopping.patience), (100, 4));
    }

    #[test]
    fn shares_are_of_classes() {
        for text in ["10:0.1", "3", "3:x", ":"] {
            assert!(share(text).unwrap_err().contains("as 3:0.1"), "{text}");
        }
    }
}
