//! Another set than MNIST: chosen in the link and in the workbench, named wherever classes are.

use fantoccini::key::Key;
use serde_json::json;

use crate::stage::{Browser, drive, report};

/// Opens the workbench at its data.
pub async fn open_data(page: &Browser) {
    page.client.find(fantoccini::Locator::Css("body")).await.unwrap().send_keys("b").await.unwrap();
    page.until(
        "the workbench",
        5,
        "return document.querySelector('[data-testid=workbench]')?.open ?? !!document.querySelector('[role=tab]');",
    )
    .await;
    page.eval("[...document.querySelectorAll('[role=tab]')].find((t) => t.innerText.trim() === 'Data').click();").await;
    page.until("the data", 5, "return !!document.querySelector('[data-testid=data-about]');").await;
}

pub async fn answer_has(page: &Browser, class: u8, name: &str) {
    let script = format!("return document.querySelector('[data-testid=class-{class}]')?.innerText.includes('{name}') ?? false;");
    page.until(&format!("class {class} called {name}"), 20, &script).await;
}

#[test]
fn shapes_in_the_link_are_trained_on_and_named() {
    drive(async |page| {
        page.open("data=shapes").await;
        page.wait_for_step(60, 90).await;
        answer_has(&page, 0, "circle").await;
        answer_has(&page, 9, "bolt").await;
        // A shape of a class, on the pad; the answer says what it is.
        page.click("pick-4").await;
        page.until("a star", 60, "return document.querySelector('[data-testid=sample-caption]').innerText.startsWith('A star');").await;
        let words = page.text("sample-caption").await;
        report(&words);
        page.screenshot("shapes").await;

        open_data(&page).await;
        page.until(
            "all shapes",
            240,
            "return document.querySelector('[data-testid=data-count]').innerText.replace(/[^0-9a-z]/g, '') === '70000shapes';",
        )
        .await;
        assert!(page.text("data-class-3").await.contains("cross"));
        let counts = page.eval("return [...document.querySelectorAll('[data-testid^=data-class-] .data-bar-count')].map((e) => e.innerText.replace(/[^0-9]/g, ''));").await;
        assert_eq!(counts, json!(vec!["7000"; 10]), "balanced exactly");
        page.screenshot("shapes-data").await;
        page.client.active_element().await.unwrap().send_keys(&char::from(Key::Escape).to_string()).await.unwrap();

        page.eval("[...document.querySelectorAll('[role=tab]')].find((t) => t.innerText.trim() === 'Classes').click();").await;
        page.click("classes-evaluate").await;
        page.until("the matrix", 120, "return document.querySelector('[data-testid=confusion]')?.innerText.includes('heart') ?? false;")
            .await;
        assert!(page.text("class-table").await.contains("crescent"));
    });
}

#[test]
fn a_set_is_chosen_with_the_keyboard() {
    drive(async |page| {
        page.open("play=0").await;
        page.wait_until_ready().await;
        answer_has(&page, 7, "7").await;
        open_data(&page).await;
        for _ in 0..60 {
            if page.eval("return document.activeElement?.dataset?.testid ?? null;").await == json!("data-source-shapes") {
                break;
            }
            page.client.active_element().await.unwrap().send_keys(&char::from(Key::Tab).to_string()).await.unwrap();
        }
        page.client.active_element().await.unwrap().send_keys(" ").await.unwrap();
        page.until("chosen", 5, "return document.querySelector('[data-testid=data-source-shapes]').ariaChecked === 'true';").await;
        assert!(page.text("data-about").await.contains("Train from the start"));
        page.click("setup-start").await;
        page.until("the link", 20, "return location.search.includes('data=shapes');").await;
        page.wait_for_step(20, 90).await;
        answer_has(&page, 7, "crescent").await;
    });
}
