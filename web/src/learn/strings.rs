//! What the shell of the lessons says, in every language that it knows.

mod de;
mod en;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    German,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language of a code as browsers have them: `de-AT`.
    pub fn of(code: &str) -> Option<Self> {
        let code = code.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    pub fn strings(self) -> &'static Strings {
        match self {
            Self::English => &en::STRINGS,
            Self::German => &de::STRINGS,
        }
    }
}

/// A language is complete, or it does not compile. `{}` stands for a number.
#[derive(Clone, Copy, Debug)]
pub struct Strings {
    pub learn: &'static str,
    pub lab: &'static str,
    pub lab_about: &'static str,
    pub contents: &'static str,
    pub contents_about: &'static str,
    pub search: &'static str,
    pub nothing_found: &'static str,
    pub begin: &'static str,
    pub go_on: &'static str,
    pub again: &'static str,
    pub steps_seen: &'static str,
    pub lesson: &'static str,
    pub step_of: &'static str,
    pub steps: &'static str,
    pub next: &'static str,
    pub next_lesson: &'static str,
    pub previous: &'static str,
    pub play: &'static str,
    pub pause: &'static str,
    pub one_back: &'static str,
    pub one_on: &'static str,
    pub place: &'static str,
    pub predict: &'static str,
    pub right: &'static str,
    pub wrong: &'static str,
    pub ask_again: &'static str,
    pub try_this: &'static str,
    pub done: &'static str,
    pub in_the_lab: &'static str,
    pub open_lab: &'static str,
    pub sources: &'static str,
    pub notes: &'static str,
    pub no_notes: &'static str,
    pub present: &'static str,
    pub print: &'static str,
    pub keys: &'static str,
    pub close: &'static str,
    pub look: &'static str,
    pub language: &'static str,
    pub sample: &'static str,
    pub sample_drawn: &'static str,
    pub sample_digit: &'static str,
    pub sample_none: &'static str,
    pub pad: &'static str,
    pub draw_here: &'static str,
    pub clear: &'static str,
    pub undo: &'static str,
    pub pick: &'static str,
    pub reset: &'static str,
    /// Key and what it does.
    pub key_list: &'static [(&'static str, &'static str)],
}

/// A text with its numbers in the places of `{}`.
pub fn with(text: &str, numbers: &[usize]) -> String {
    let mut parts = text.split("{}");
    let mut said = parts.next().unwrap_or_default().to_owned();
    for (i, part) in parts.enumerate() {
        if let Some(number) = numbers.get(i) {
            said.push_str(&number.to_string());
        }
        said.push_str(part);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_found_by_code() {
        assert_eq!(Language::of("de-AT"), Some(Language::German));
        assert_eq!(Language::of("EN_us"), Some(Language::English));
        assert_eq!(Language::of("fr"), None);
    }

    #[test]
    fn every_language_says_as_much() {
        let english = Language::English.strings();
        for language in Language::ALL {
            let own = language.strings();
            assert_eq!(own.key_list.len(), english.key_list.len());
            for (text, other) in [(own.step_of, english.step_of), (own.steps_seen, english.steps_seen), (own.pick, english.pick)] {
                assert_eq!(text.matches("{}").count(), other.matches("{}").count(), "{text}");
            }
        }
        assert_eq!(with("step {} of {}", &[2, 7]), "step 2 of 7");
    }
}
