//! The page on a phone, a laptop and a projector, light and dark: nothing runs over, everything has
//! a name; the pictures are for people to look at.

use std::time::Duration;

use serde_json::Value;

use crate::stage::{Browser, drive};

async fn look(page: &Browser, width: u32, height: u32, theme: &str) {
    let over = page.resize((width, height), theme, Duration::from_millis(1500)).await;
    page.screenshot(&format!("{width}-{theme}")).await;
    assert!(over <= 0.0, "at {width} px the page is {over} px too wide");
}

/// Controls and pictures that say nothing to a screen reader.
const NAMELESS: &str = "
    const name = (e) => e.innerText?.trim() || e.getAttribute('aria-label') || e.title || e.labels?.[0]?.innerText?.trim()
        || document.getElementById(e.getAttribute('aria-labelledby'))?.innerText?.trim();
    return [...document.querySelectorAll('button, input, select, [role=img], dialog')]
        .filter((e) => !e.closest('[aria-hidden=true]') && !name(e)).map((e) => e.outerHTML.slice(0, 200));";

#[test]
fn every_size_in_both_looks() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(200, 90).await;
        let mut grounds = Vec::new();
        for theme in ["light", "dark"] {
            for (width, height) in [(360, 800), (1280, 900), (1920, 1080)] {
                look(&page, width, height, theme).await;
            }
            grounds.push(
                page.eval(
                    "return getComputedStyle(document.body).backgroundColor + getComputedStyle(document.documentElement).backgroundColor;",
                )
                .await,
            );
        }
        assert_ne!(grounds[0], grounds[1], "light and dark look the same");
        assert_eq!(page.eval(NAMELESS).await, Value::Array(vec![]), "without a name");
    });
}
