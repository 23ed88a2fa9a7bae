//! The panels of the Lab: one folder each, one line in the list below.

pub mod answers;
pub mod card;
pub mod curves;
pub mod sample;
pub mod setup;
pub mod stage;
pub mod status;
pub mod transport;

use leptos::prelude::*;

/// A part of the page.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// The folder, the CSS class and grid area, the test id.
    pub slug: &'static str,
    pub title: &'static str,
    pub view: fn() -> AnyView,
    /// Every selector in it starts with the panel's class.
    pub style: &'static str,
}

pub const PANELS: &[&Panel] =
    &[&stage::PANEL, &answers::PANEL, &transport::PANEL, &sample::PANEL, &curves::PANEL, &status::PANEL, &setup::PANEL, &card::PANEL];

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
                for selector in selectors.split(',').map(str::trim).filter(|s| !s.is_empty() && !s.starts_with('@') && !s.starts_with("/*"))
                {
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
