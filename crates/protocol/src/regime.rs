//! What is trained on, and when training ends.

use data::Source;
use engine::{Setting, SettingError, json::Read};
use serde::Serialize;

/// Digits that are divided into those that train and those that validate.
pub const POOL: usize = 60_000;
/// Validation digits where nothing else is said.
const VALIDATION: u32 = 10_000;
const CLASSES: usize = 10;
const ONCE: u32 = 1;

/// Which of the 60,000 training digits are trained on, and how. All of it follows from the run's seed.
#[derive(Clone, Debug, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// The last so many validate and do not train.
    pub validation: u32,
    /// So many of the others train; 0: all.
    pub subset: u32,
    /// Share kept of each class, before `subset`; of classes beyond its end, all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<f32>,
    /// Share of the labels of training that are replaced by another class.
    pub label_noise: f32,
    /// Every class comes equally often in an epoch, which stays as long as it is.
    pub balanced: bool,
    /// Images of one's own come so often in an epoch.
    pub repeat: u32,
}

impl Default for Selection {
    /// MNIST as it is mostly used.
    fn default() -> Self {
        Self { validation: VALIDATION, subset: 0, keep: Vec::new(), label_noise: 0.0, balanced: false, repeat: ONCE }
    }
}

impl Selection {
    /// All but the shares of classes.
    pub const SETTINGS: &'static [Setting] = &[
        Setting::count("validation", "Validation digits", 100, 30_000),
        Setting::count("subset", "Training digits", 0, 59_900),
        Setting::number("label_noise", "Wrong labels", 0.0, 1.0),
        Setting::switch("balanced", "Balanced batches"),
    ];

    /// How often images of one's own come; for sources that have some.
    pub const REPEAT: Setting = Setting::count("repeat", "Your images come", 1, 100);

    /// The split is the usual one, and all digits train once an epoch with their own labels. (Shares of 1 say nothing.)
    pub fn is_plain(&self) -> bool {
        *self == Self { keep: self.keep.clone(), ..Self::default() } && self.keep.iter().all(|share| *share == 1.0)
    }

    /// Digits that are there to train.
    pub fn pool(&self) -> usize {
        POOL.saturating_sub(self.validation as usize)
    }

    /// # Errors
    /// The first setting that lies outside its limits.
    pub fn check(&self) -> Result<(), SettingError> {
        Self::SETTINGS.iter().try_for_each(|setting| setting.check(self))?;
        SettingError::within("shares in keep", self.keep.len(), 0, CLASSES)?;
        Self::REPEAT.check(self)?;
        self.keep.iter().try_for_each(|share| SettingError::within("keep", *share, 0.0, 1.0))
    }

    /// Images of one's own are divided by themselves, and only they can come more than once.
    ///
    /// # Errors
    /// The first setting that does not go with `source`.
    pub fn check_on(&self, source: Source) -> Result<(), SettingError> {
        if source.has_own() {
            SettingError::within("validation", self.validation, VALIDATION, VALIDATION)
        } else {
            SettingError::within("repeat", self.repeat, ONCE, ONCE)
        }
    }
}

/// When a run ends before its last epoch, and with which weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Read)]
#[serde(default, deny_unknown_fields)]
pub struct Stopping {
    /// Epochs in a row without a better validation loss that end the run; 0: none do.
    pub patience: u32,
    /// A loss is better that lies below the best by more than this.
    pub min_delta: f32,
    /// The weights with the best validation loss are kept, and put back at the end.
    pub restore_best: bool,
}

impl Stopping {
    pub const SETTINGS: &'static [Setting] = &[
        Setting::count("patience", "Patience", 0, 1000),
        Setting::number("min_delta", "Least improvement", 0.0, 100.0),
        Setting::switch("restore_best", "Keep the best weights"),
    ];

    /// # Errors
    /// The first setting that lies outside its limits.
    pub fn check(&self) -> Result<(), SettingError> {
        Self::SETTINGS.iter().try_for_each(|setting| setting.check(self))
    }

    /// What a row of validation losses, one for each epoch, comes to.
    pub fn judge(&self, losses: impl Iterator<Item = f64>) -> Verdict {
        let mut verdict = Verdict { best: None, best_loss: f64::INFINITY, stalled: 0, stops: false };
        for (i, loss) in losses.enumerate() {
            if loss < verdict.best_loss - f64::from(self.min_delta) || verdict.best.is_none() {
                (verdict.best, verdict.best_loss, verdict.stalled) = (Some(i), loss, 0);
            } else {
                verdict.stalled += 1;
            }
        }
        verdict.stops = self.patience > 0 && verdict.stalled >= self.patience;
        verdict
    }
}

/// How the validation losses of a run have gone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Place of the best.
    pub best: Option<usize>,
    pub best_loss: f64,
    /// Epochs since.
    pub stalled: u32,
    pub stops: bool,
}

/// How much the classes count in the loss, beside weights that it has by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// As the loss says.
    #[default]
    AsGiven,
    /// The rarer among the digits of training, the more: `n / (classes · count)`. For cross-entropy.
    Balanced,
}

/// How the graphics card stores activations of training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Read)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// In half precision where that was measured to be faster.
    #[default]
    Auto,
    /// In half precision where the card offers it.
    Half,
    Full,
}

/// A word of the link and the command line for each.
pub trait Word: Sized + Copy + PartialEq + 'static {
    const ALL: &'static [(Self, &'static str)];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(value, _)| *value == self).map_or("", |(_, word)| word)
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, own)| *own == word).map(|(value, _)| *value)
    }

    fn known() -> String {
        Self::ALL.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
    }
}

impl Word for Source {
    const ALL: &'static [(Self, &'static str)] =
        &[(Self::Digits, "digits"), (Self::Shapes, "shapes"), (Self::Own, "own"), (Self::DigitsAndOwn, "digits_and_own")];
}

impl Word for ClassWeights {
    const ALL: &'static [(Self, &'static str)] = &[(Self::AsGiven, "as_given"), (Self::Balanced, "balanced")];
}

impl Word for Precision {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Auto, "auto"), (Self::Half, "half"), (Self::Full, "full")];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_counts_epochs_without_improvement() {
        let judge =
            |patience, min_delta, losses: &[f64]| Stopping { patience, min_delta, restore_best: false }.judge(losses.iter().copied());
        assert_eq!(judge(2, 0.0, &[]), Verdict { best: None, best_loss: f64::INFINITY, stalled: 0, stops: false });
        assert_eq!(judge(2, 0.0, &[1.0, 0.5, 0.5]), Verdict { best: Some(1), best_loss: 0.5, stalled: 1, stops: false });
        assert!(judge(2, 0.0, &[1.0, 0.5, 0.5, 0.6]).stops);
        assert!(!judge(2, 0.0, &[1.0, 0.5, 0.5, 0.4]).stops);
        assert!(!judge(0, 0.0, &[1.0, 2.0, 2.0, 2.0]).stops);
        // Improvements smaller than the least do not count, however many.
        assert!(judge(3, 0.1, &[1.0, 0.95, 0.92, 0.91]).stops);
        assert_eq!(judge(3, 0.1, &[1.0, 0.95, 0.89]).best, Some(2));
    }

    #[test]
    fn limits_are_checked() {
        assert_eq!(Selection::default().check(), Ok(()));
        assert!(Selection::default().is_plain());
        assert!(Selection { keep: vec![1.0; 10], ..Selection::default() }.is_plain());
        assert!(!Selection { keep: vec![1.0, 0.5], ..Selection::default() }.is_plain());
        let told = |s: Selection| s.check().unwrap_err().to_string();
        assert_eq!(told(Selection { keep: vec![1.5], ..Selection::default() }), "`keep` is 1.5, but must lie in 0 to 1");
        assert_eq!(told(Selection { keep: vec![1.0; 11], ..Selection::default() }), "`shares in keep` is 11, but must lie in 0 to 10");
        assert_eq!(told(Selection { validation: 1, ..Selection::default() }), "`validation` is 1, but must lie in 100 to 30000");
        assert!(Stopping { min_delta: f32::NAN, ..Stopping::default() }.check().is_err());
    }

    #[test]
    fn words_are_those_of_serde() {
        for (value, word) in Precision::ALL {
            assert_eq!(serde_json::to_value(value).unwrap(), *word);
        }
        for (value, word) in Source::ALL.iter().zip(<Source as Word>::ALL).map(|(value, (_, word))| (value, word)) {
            assert_eq!(serde_json::to_value(value).unwrap(), *word);
        }
        for (value, word) in ClassWeights::ALL {
            assert_eq!(serde_json::to_value(value).unwrap(), *word);
        }
    }
}
