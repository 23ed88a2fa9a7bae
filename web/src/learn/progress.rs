//! What of the lessons has been seen, answered and tried, kept in the browser.

use std::collections::BTreeMap;

use super::state::storage;

const KEY: &str = "kernelscope-learn";

/// Of one lesson: a bit for each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    pub seen: u32,
    pub answered: u32,
    pub right: u32,
    pub tried: u32,
}

/// By the lessons' slugs; also of lessons that this version does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress(BTreeMap<String, Marks>);

impl Progress {
    pub fn read() -> Self {
        Self::of(&storage().and_then(|s| s.get_item(KEY).ok().flatten()).unwrap_or_default())
    }

    /// Lines of a slug and four numbers; what is none is passed over.
    fn of(text: &str) -> Self {
        let line = |line: &str| {
            let mut words = line.split(' ');
            let slug = words.next()?.to_owned();
            let mut number = || words.next()?.parse().ok();
            Some((slug, Marks { seen: number()?, answered: number()?, right: number()?, tried: number()? }))
        };
        Self(text.lines().filter_map(line).collect())
    }

    fn text(&self) -> String {
        let line = |(slug, m): (&String, &Marks)| format!("{slug} {} {} {} {}\n", m.seen, m.answered, m.right, m.tried);
        self.0.iter().map(line).collect()
    }

    pub fn get(&self, slug: &str) -> Marks {
        self.0.get(slug).copied().unwrap_or_default()
    }

    /// Changes what is known of a lesson and keeps it.
    pub fn mark(&mut self, slug: &str, change: impl FnOnce(&mut Marks)) {
        change(self.0.entry(slug.to_owned()).or_default());
        if let Some(storage) = storage() {
            // Refused in some private windows: it then lasts as long as the page.
            let _ = storage.set_item(KEY, &self.text());
        }
    }
}

pub fn bit(step: usize) -> u32 {
    1 << step.min(31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_comes_back() {
        let mut progress = Progress::default();
        progress.0.insert("padding".into(), Marks { seen: 7, answered: 2, right: 0, tried: 4 });
        progress.0.insert("pooling".into(), Marks { seen: 1, ..Marks::default() });
        assert_eq!(Progress::of(&progress.text()), progress);
        assert_eq!(Progress::of("what\npooling 1 0 0 0\npadding 1 x 0 0"), Progress::of("pooling 1 0 0 0"));
        assert_eq!(progress.get("nothing"), Marks::default());
    }
}
