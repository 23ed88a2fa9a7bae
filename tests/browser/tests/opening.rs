//! The stage's three depths: a map opens into its parts, a cell into its arithmetic, by pointer and by keyboard.

use fantoccini::{Locator, key::Key};

use crate::stage::{Browser, drive};

/// The open arithmetic: what is written out, and what the engine gives, as shown.
const RESULTS: &str = "
    const read = (id) => document.querySelector(`[data-testid='${id}'] dd`)?.innerText ?? null;
    const [written, engine] = [read('arithmetic-result'), read('arithmetic-engine')];
    return written && engine ? [written, engine] : null;";

/// The centre of the first tile of a block, as a real press would meet it.
const PRESS: &str = "
    const canvas = document.querySelector(`canvas[data-testid='${arguments[0]}']`);
    canvas.scrollIntoView({ block: 'center', inline: 'center' });
    const box = canvas.getBoundingClientRect();
    const at = { bubbles: true, clientX: box.left + 6, clientY: box.top + 6, pointerType: 'mouse', button: 0, buttons: 1, pointerId: 1 };
    canvas.dispatchEvent(new PointerEvent('pointerdown', at));
    canvas.dispatchEvent(new PointerEvent('pointerup', { ...at, buttons: 0 }));";

fn number(text: &serde_json::Value) -> f64 {
    text.as_str().unwrap().replace('−', "-").parse().unwrap()
}

async fn agrees(page: &Browser, at: &str) {
    let results = page.until("the arithmetic", 20, RESULTS).await;
    let (written, engine) = (number(&results[0]), number(&results[1]));
    assert!((written - engine).abs() <= 0.002 * (1.0 + engine.abs()), "{at}: {written} is written, the engine gives {engine}");
}

#[test]
fn a_map_opens_by_pointer_and_closes_by_ground_and_escape() {
    drive(async |page| {
        page.open("net=n1&play=0").await;
        page.until("maps", 20, "return document.querySelector(\"canvas[data-testid='maps-conv1']\");").await;
        page.client.execute(PRESS, vec!["maps-conv1".into()]).await.unwrap();
        page.until("the map is open", 10, "return document.querySelector(\"[data-testid='opened']\");").await;
        assert!(page.client.current_url().await.unwrap().query().unwrap().contains("focus=conv1.1"));
        // A press on the ground goes up.
        page.eval("document.querySelector(\"[data-testid='opened']\").click();").await;
        page.until("the overview", 10, "return document.querySelector(\"[data-testid='stage-scroll']\");").await;
        assert!(!page.client.current_url().await.unwrap().query().unwrap_or_default().contains("focus="));
    });
}

#[test]
fn a_cell_opens_by_keyboard_and_its_arithmetic_is_the_engines() {
    drive(async |page| {
        page.open("net=n1&play=0&focus=conv2.3").await;
        page.until("the map is open", 20, "return document.querySelector(\"[data-testid='opened']\");").await;
        let opened = page.find("opened").await;
        opened.send_keys(&Key::Enter.to_string()).await.unwrap();
        agrees(&page, "conv2").await;
        let before = page.text("crumb-cell").await;
        opened.send_keys(&Key::Right.to_string()).await.unwrap();
        page.until(
            "the next cell",
            10,
            &format!("return document.querySelector(\"[data-testid='crumb-cell']\").innerText !== '{before}';"),
        )
        .await;
        agrees(&page, "the next cell").await;
        opened.send_keys(&Key::Escape.to_string()).await.unwrap();
        page.until("the map again", 10, "return !document.querySelector(\"[data-testid='arithmetic']\");").await;
        opened.send_keys(&Key::Escape.to_string()).await.unwrap();
        page.until("the overview", 10, "return document.querySelector(\"[data-testid='stage-scroll']\");").await;
    });
}

#[test]
fn every_layer_of_a_branching_network_opens_to_its_arithmetic() {
    drive(async |page| {
        page.open("net=resnet&play=0&focus=conv1.1.5.5").await;
        for _ in 0..18 {
            agrees(&page, &page.text("crumb-tile").await).await;
            let before = page.text("crumb-tile").await;
            page.click("layer-after").await;
            let moved = format!("return document.querySelector(\"[data-testid='crumb-tile']\").innerText !== '{before}';");
            page.until("the next layer", 10, &moved).await;
        }
    });
}

#[test]
fn a_measured_field_colours_and_scales_and_zoom_can_be_chosen() {
    drive(async |page| {
        page.open("net=lens&play=0&focus=conv2.1.4.4").await;
        agrees(&page, "conv2").await;
        page.click("measured").await;
        let painted = "
            const canvas = document.querySelector(\"[data-testid='field'] canvas\");
            if (!canvas || canvas.width < 28) return null;
            const data = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, 28, 28).data.buffer);
            return new Set(data).size > 3 ? true : null;";
        page.until("the measured field", 20, painted).await;
        page.click("crumb-network").await;
        for scale in ["scale-tile", "scale-network", "scale-layer"] {
            page.click(scale).await;
            assert_eq!(page.find(scale).await.attr("aria-checked").await.unwrap().as_deref(), Some("true"));
        }
        let width = "return document.querySelector('.stage-field').offsetWidth;";
        let before = page.eval(width).await.as_f64().unwrap();
        page.click("zoom-in").await;
        page.click("zoom-in").await;
        assert!(page.eval(width).await.as_f64().unwrap() > before);
        assert!(!page.client.find_all(Locator::Css("[data-testid='legend'] .number")).await.unwrap().is_empty());
    });
}
