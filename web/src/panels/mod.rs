//! The panels of the Lab: one folder each, one line in the list below.

pub mod adviser;
pub mod answers;
pub mod card;
pub mod classes;
pub mod curves;
pub mod data;
pub mod distributions;
pub mod film;
pub mod layers;
pub mod network;
pub mod runs;
pub mod sample;
pub mod slow;
pub mod speed;
pub mod stage;
pub mod status;
pub mod training;
pub mod transport;

use leptos::prelude::*;

/// Where a panel appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the page, in the grid area of its slug.
    Page,
    /// A tab of the monitors below the stage. It exists only while its tab is open, so that a hidden
    /// one costs nothing.
    Monitor,
    /// A tab of the workbench, the dialog in which network, training and data are set.
    Bench,
    /// Over the page: dialogs, which take no room of their own.
    Layer,
}

/// A part of the page.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// The folder, the CSS class and grid area, the test id, the word in the link.
    pub slug: &'static str,
    pub title: &'static str,
    pub place: Place,
    pub view: fn() -> AnyView,
    /// Every selector in it starts with the panel's class.
    pub style: &'static str,
}

pub const PANELS: &[&Panel] = &[
    &stage::PANEL,
    &answers::PANEL,
    &transport::PANEL,
    &sample::PANEL,
    &curves::PANEL,
    &runs::PANEL,
    &layers::PANEL,
    &distributions::PANEL,
    &classes::PANEL,
    &speed::PANEL,
    &adviser::PANEL,
    &slow::PANEL,
    &film::PANEL,
    &status::PANEL,
    &network::PANEL,
    &training::PANEL,
    &data::PANEL,
    &card::PANEL,
];

/// The panels of one place, in the order of the list.
pub fn at(place: Place) -> impl Iterator<Item = &'static Panel> {
    PANELS.iter().copied().filter(move |panel| panel.place == place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_and_styles_stay_at_home() {
        for (i, panel) in PANELS.iter().enumerate() {
            assert!(PANELS[..i].iter().all(|p| p.slug != panel.slug), "{} twice", panel.slug);
            assert!(!panel.title.is_empty());
            let class = format!(".{}", panel.slug);
            for rule in panel.style.split('}') {
                let selectors = rule.rsplit('{').nth(1).unwrap_or_default();
                let mut depth = 0;
                let parts = selectors.split(|c| {
                    depth += i32::from(c == '(') - i32::from(c == ')');
                    c == ',' && depth == 0
                });
                for selector in parts.map(str::trim).filter(|s| !s.is_empty() && !s.starts_with('@') && !s.starts_with("/*")) {
                    assert!(
                        selector.starts_with(&class) || selector.starts_with("from") || selector.starts_with("to"),
                        "{}: {selector}",
                        panel.slug
                    );
                }
            }
        }
    }
}
