//! What the classes are called: digits by their figures, shapes by their words, images of one's own as their owner says.

use data::{CLASSES, OwnImages, Source, shapes};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassNames {
    names: [String; CLASSES],
    /// In one or two letters.
    signs: [String; CLASSES],
    /// What one image is called: digit, shape, image.
    pub noun: &'static str,
}

impl ClassNames {
    pub fn of(source: Source, own: &OwnImages) -> Self {
        let names: [String; CLASSES] = std::array::from_fn(|class| match source.class_names() {
            Some(names) => names[class].to_owned(),
            None => own.name(class),
        });
        let signs = std::array::from_fn(|class| match source {
            Source::Shapes => shapes::SIGNS[class].to_owned(),
            _ => names[class].chars().take(2).collect(),
        });
        Self { names, signs, noun: source.noun() }
    }

    pub fn get(&self, class: usize) -> &str {
        self.names.get(class).map_or("", String::as_str)
    }

    /// The name, or where that is a word, what stands for it in a small place.
    pub fn sign(&self, class: usize) -> &str {
        self.signs.get(class).map_or("", String::as_str)
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
        assert_eq!(
            (shapes.get(6), shapes.with_article(6), shapes.with_article(0)),
            ("arrow", "an arrow".to_owned(), "a circle".to_owned())
        );
        assert_eq!((shapes.sign(0), ClassNames::of(Source::Digits, &own).sign(3)), ("●", "3"));
        assert!(shapes.is_wordy() && !ClassNames::of(Source::Own, &own).is_wordy());
        let mut own = OwnImages::default();
        own.names[3] = "cat".to_owned();
        assert_eq!(ClassNames::of(Source::Own, &own).get(3), "cat");
        assert_eq!(ClassNames::of(Source::DigitsAndOwn, &own).get(3), "3");
    }
}
