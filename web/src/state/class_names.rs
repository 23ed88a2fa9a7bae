//! What the classes are called: digits by their figures, shapes by their words, images of one's own as their owner says.

use data::{CLASSES, OwnImages, Source};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassNames {
    names: [String; CLASSES],
    /// What one image is called: digit, shape, image.
    pub noun: &'static str,
}

impl ClassNames {
    pub fn of(source: Source, own: &OwnImages) -> Self {
        let names = std::array::from_fn(|class| match source.class_names() {
            Some(names) => names[class].to_owned(),
            None => own.name(class),
        });
        Self { names, noun: source.noun() }
    }

    pub fn get(&self, class: usize) -> &str {
        self.names.get(class).map_or("", String::as_str)
    }

    /// Some are words: they need more room than figures.
    pub fn is_wordy(&self) -> bool {
        self.names.iter().any(|name| name.chars().count() > 2)
    }

    /// `a 7`, `an 8`, `a circle`, `an arrow`.
    pub fn with_article(&self, class: usize) -> String {
        let name = self.get(class);
        let vowel = name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) || name == "8" || name == "11";
        // Digits have always had the same article here.
        let article = if vowel && self.noun != "digit" { "an" } else { "a" };
        format!("{article} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_has_names() {
        let own = OwnImages::default();
        assert_eq!(ClassNames::of(Source::Digits, &own).with_article(7), "a 7");
        let shapes = ClassNames::of(Source::Shapes, &own);
        assert_eq!((shapes.get(6), shapes.with_article(6), shapes.with_article(0)), ("arrow", "an arrow".to_owned(), "a circle".to_owned()));
        assert!(shapes.is_wordy() && !ClassNames::of(Source::Own, &own).is_wordy());
        let mut own = OwnImages::default();
        own.names[3] = "cat".to_owned();
        assert_eq!(ClassNames::of(Source::Own, &own).get(3), "cat");
        assert_eq!(ClassNames::of(Source::DigitsAndOwn, &own).get(3), "3");
    }
}
