//! What a batch looks like while augmentation is set, and the data set at which one can look.

use fantoccini::{Locator, key::Key};
use serde_json::json;

use crate::stage::drive;

/// A fingerprint of each picture of the preview.
const TILES: &str = "return [...document.querySelectorAll(\"[data-testid='augment-image'] canvas\")].map(c => c.toDataURL());";
/// What `judge` says of all of them.
fn tiles(judge: &str) -> String {
    format!("const all = (() => {{ {TILES} }})(); return {judge};")
}

/// Moves a slider to a position, as its keys would.
const MOVE: &str = "
    const [id, position] = arguments;
    const slider = document.querySelector(`[data-testid='${id}']`);
    slider.value = position;
    slider.dispatchEvent(new Event('input', { bubbles: true }));";

#[test]
fn a_slider_shows_at_once_what_it_does_to_the_next_batch() {
    drive(async |page| {
        page.open("play=0&panel=training").await;
        page.wait_until_ready().await;
        page.click("open-setup").await;
        let plain =
            page.until("forty digits of the next batch", 20, &tiles("all.length === 40 && new Set(all).size > 30 ? all : null")).await;
        page.eval_with(MOVE, vec![json!("setup-elastic"), json!(12)]).await;
        let bent = page.until("the digits bent", 20, &tiles(&format!("all[0] !== {} ? all : null", plain[0]))).await;
        assert_ne!(bent[7], plain[7]);
        // What is pointed at shows itself as it was.
        let shown = page.client.find_all(Locator::Css("[data-testid='augment-image']")).await.unwrap();
        page.eval("document.querySelector(\"[data-testid='augment-image']\").dispatchEvent(new PointerEvent('pointerenter'));").await;
        page.until("the first digit as it was", 10, &tiles(&format!("all[0] === {} || null", plain[0]))).await;
        assert_eq!(shown.len(), 40);
        // By keyboard: the button shows all as they were.
        page.eval(
            "document.querySelector(\"[data-testid='augment-image']\").parentElement.dispatchEvent(new PointerEvent('pointerleave'));",
        )
        .await;
        let compare = page.find("augment-compare").await;
        compare.send_keys(&Key::Enter).await.unwrap();
        page.until("all as they were", 10, &tiles(&format!("all[7] === {} || null", plain[7]))).await;
        compare.send_keys(&Key::Enter).await.unwrap();
        // Other draws of the same digits.
        page.click("augment-draw").await;
        page.until("drawn anew", 10, &tiles(&format!("all[7] !== {} && all[7] !== {} || null", plain[7], bent[7]))).await;
        // Mixed images say their shares, and the run that begins has it all in its link.
        page.eval_with(MOVE, vec![json!("setup-mixup"), json!(20)]).await;
        page.until(
            "shares of two classes",
            10,
            "return [...document.querySelectorAll(\"[data-testid='augment-image'] span\")].some(s => s.textContent.includes('+')) || null;",
        )
        .await;
        page.click("setup-start").await;
        page.wait_for_step(3, 60).await;
        let address = page.eval("return location.search;").await;
        assert!(address.as_str().unwrap().contains("augment=(elastic:6.0,mixup:1.0)"), "{address}");
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}

#[test]
fn every_digit_can_be_found_and_shown_to_the_network() {
    drive(async |page| {
        page.open("play=0&panel=data").await;
        page.wait_until_ready().await;
        page.click("open-setup").await;
        page.until(
            "all digits",
            60,
            "return document.querySelector(\"[data-testid='data-count']\")?.textContent.match(/^70.000 digits$/)?.[0] ?? null;",
        )
        .await;
        page.until("pictures", 20, "const c = document.querySelector(\"[data-testid='data-grid'] canvas\"); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return new Set(d).size > 50 || null;").await;
        // MNIST's test set has 1,028 sevens (its labels say so).
        page.click("data-class-7").await;
        page.click("data-set-test").await;
        page.until(
            "sevens of the test digits",
            10,
            "return document.querySelector(\"[data-testid='data-count']\").textContent.match(/^1.028 digits$/)?.[0] ?? null;",
        )
        .await;
        // With keys: the first, one to the right, shown.
        let grid = page.find("data-grid").await;
        grid.send_keys(&Key::Right).await.unwrap();
        let first = page.text("data-said").await;
        assert_eq!(first, "7: test no. 0");
        grid.send_keys(&Key::Right).await.unwrap();
        grid.send_keys(&Key::Enter).await.unwrap();
        page.until(
            "the second seven as the sample",
            10,
            "return document.querySelector(\"[data-testid='sample-caption']\").textContent === 'A 7: no. 17 of the test digits' || null;",
        )
        .await;
        grid.send_keys(&Key::End).await.unwrap();
        assert!(page.eval("return document.querySelector(\"[data-testid='data-grid']\").scrollTop > 1000;").await.as_bool().unwrap());
        assert_eq!(page.complaints().await, Vec::<String>::new());
    });
}
