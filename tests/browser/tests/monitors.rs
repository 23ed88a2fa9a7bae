//! The monitors: each shows real numbers while the run goes on, the curves can be read and zoomed, and the adviser's
//! remedy is one click.

use fantoccini::key::Key;
use serde_json::Value;

use crate::stage::{Browser, Setting, drive, drive_with, report};

async fn keys(page: &Browser, id: &str, keys: &str) {
    page.find(id).await.send_keys(keys).await.unwrap();
}

fn key(key: Key) -> String {
    char::from(key).to_string()
}

/// Cells of a table's rows, as text.
async fn rows(page: &Browser, id: &str) -> Vec<Vec<String>> {
    let script = format!(
        "return [...document.querySelectorAll(\"[data-testid='{id}'] tbody tr\")].map((r) => [...r.children].map((c) => c.innerText.trim()));"
    );
    serde_json::from_value(page.eval(&script).await).unwrap()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

#[test]
fn curves_are_zoomed_and_read_by_keyboard() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(60, 60).await;
        page.click("play").await;
        page.until("paused", 10, "return !window.__kernelscope.running;").await;
        let step = page.step().await;
        keys(&page, "curves-picture", &key(Key::Left)).await;
        page.until(
            "the last point",
            10,
            &format!("return document.querySelector(\"[data-testid='curves-reading']\").innerText.startsWith('step {step},');"),
        )
        .await;
        // The loss that is read is the one that the run reports.
        let read = page.text("curves-reading").await;
        for word in ["epoch", "loss", "accuracy", "rate 0.002"] {
            assert!(read.contains(word), "{read}");
        }
        keys(&page, "curves-picture", &key(Key::Left).repeat(5)).await;
        page.until(
            "five points before",
            10,
            &format!("return document.querySelector(\"[data-testid='curves-reading']\").innerText.startsWith('step {},');", step - 5),
        )
        .await;
        let whole = page.picture("canvas[data-testid='curves']").await;
        keys(&page, "curves-picture", "++++").await;
        page.until("a part", 10, "return !!document.querySelector(\"[data-testid='curves-whole']\");").await;
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        assert_ne!(page.picture("canvas[data-testid='curves']").await, whole);
        keys(&page, "curves-picture", "0").await;
        page.until("everything", 10, "return !document.querySelector(\"[data-testid='curves-whole']\");").await;
        // No key of the chart trained a step, or started to.
        assert_eq!(page.step().await, step);
        page.click("curves-as-table").await;
        let table = rows(&page, "curves-table").await;
        assert_eq!((table[0][0].as_str(), table[0][1].as_str()), (step.to_string().as_str(), "training"));
    });
}

#[test]
fn a_drag_zooms_and_a_double_click_shows_everything() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(60, 60).await;
        let pointer = "const c = document.querySelector(\"[data-testid='curves-over']\"), b = c.getBoundingClientRect();
            const at = (kind, x) => c.dispatchEvent(new (kind === 'dblclick' ? MouseEvent : kind === 'wheel' ? WheelEvent : PointerEvent)(kind,
                { clientX: b.left + x, clientY: b.top + b.height * 0.6, bubbles: true, cancelable: true, deltaY: -100 }));";
        page.eval(&format!(
            "{pointer} at('pointerdown', b.width * 0.15); at('pointermove', b.width * 0.25); at('pointerup', b.width * 0.25);"
        ))
        .await;
        page.until("a part", 10, "return !!document.querySelector(\"[data-testid='curves-whole']\");").await;
        page.eval(&format!("{pointer} at('dblclick', b.width * 0.2);")).await;
        page.until("everything", 10, "return !document.querySelector(\"[data-testid='curves-whole']\");").await;
        page.eval(&format!("{pointer} at('wheel', b.width * 0.2);")).await;
        page.until("a part", 10, "return !!document.querySelector(\"[data-testid='curves-whole']\");").await;
    });
}

#[test]
fn every_monitor_shows_real_numbers_while_training() {
    drive(async |page| {
        page.open("net=n1").await;
        page.wait_for_step(20, 60).await;
        page.click("tab-layers").await;
        page.until("layers", 30, "return document.querySelectorAll(\"[data-testid='layers-table'] tbody tr\").length > 5;").await;
        let first = rows(&page, "layers-table").await;
        let conv = first.iter().find(|r| r[0] == "conv1").unwrap();
        assert!(number(&conv[1]) > 0.0 && number(&conv[2]) > 0.0, "{conv:?}");
        page.until(
            "another measurement",
            30,
            &format!("return document.querySelector(\"[data-testid='layer-row-conv1'] td\").innerText.trim() !== '{}';", conv[1]),
        )
        .await;

        page.click("tab-distributions").await;
        page.until("ridges", 30, "const c = document.querySelector(\"[data-testid='ridges']\"); return c && c.width > 100;").await;
        page.click("distributions-activations").await;
        page.click("distributions-as-table").await;
        let table = rows(&page, "distributions-table").await;
        let relu = table.iter().find(|r| r[0] == "relu1").unwrap();
        assert!(number(&relu[4]) >= 0.0 && number(&relu[6]) > 0.0, "{relu:?}");

        page.click("tab-speed").await;
        page.until("times", 30, "return document.querySelectorAll(\"[data-testid='speed-table'] tbody tr\").length > 5;").await;
        let table = rows(&page, "speed-table").await;
        let times: f64 = table.iter().map(|r| number(&r[1]) + number(&r[2])).sum();
        assert!(times > 0.0, "{table:?}");
        assert!(!page.text("speed-images").await.is_empty());
        page.click("tab-adviser").await;
        page.until("the adviser", 10, "return !!document.querySelector(\"[data-testid='advice-list']\");").await;

        let mut read = Vec::new();
        page.click("tab-layers").await;
        tokio::time::sleep(std::time::Duration::from_secs(6)).await;
        for name in ["frameP95", "longTasks", "imagesPerSecond"] {
            read.push(page.hook(name).await.as_f64().unwrap());
        }
        // Asked for: 17 ms; reported, since a busy machine is no fault of the page.
        report(&format!("with the layers open: p95 of frames {:.1} ms, {} long tasks, {:.0} images/s", read[0], read[1], read[2]));
    });
}

#[test]
fn lost_numbers_are_explained_and_the_remedy_goes_on() {
    drive_with(Setting { troubled: true, ..Setting::default() }, async |page| {
        // No rectifier that could die and so end the growth.
        page.open("net=!((op:flatten),(op:dense,out:64),(op:dense,out:64),(op:dense,out:10))&opt=sgd&rate=100").await;
        page.until("a hint", 60, "return !!document.querySelector(\"[data-testid='advice-badge']\");").await;
        page.click("advice-badge").await;
        page.until("the reason", 10, "return !!document.querySelector(\"[data-testid='advice-nan']\");").await;
        let said = page.text("advice-nan").await;
        assert!(said.contains("rate of 100"), "{said}");
        let at = page.step().await;
        page.click("advice-remedy").await;
        page.wait_for_step(at + 60, 60).await;
        page.until("all is well", 60, "return !document.querySelector(\"[data-testid='advice-nan']\");").await;
    });
}

#[test]
fn the_confusion_of_every_evaluation_can_be_seen() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(20, 60).await;
        page.click("tab-classes").await;
        for wanted in [1, 2] {
            page.click("classes-evaluate").await;
            let script = format!(
                "const s = document.querySelector(\"[data-testid='classes-scrub']\"); return !!document.querySelector(\"[data-testid='confusion']\") && Number(s.max) >= {};",
                wanted - 1
            );
            page.until("an evaluation", 60, &script).await;
            let at = page.step().await;
            page.wait_for_step(at + 40, 60).await;
        }
        let matrix = "return [...document.querySelectorAll(\"[data-testid='confusion'] button\")].map((b) => Number(b.innerText || 0));";
        let newest = page.eval(matrix).await;
        let total: u64 = newest.as_array().unwrap().iter().filter_map(Value::as_u64).sum();
        assert_eq!(total, 10_000, "{newest}");
        keys(&page, "classes-scrub", &key(Key::Home)).await;
        page.until(
            "the first evaluation",
            10,
            &format!("const now = (() => {{ {matrix} }})(); return JSON.stringify(now) !== JSON.stringify({newest});"),
        )
        .await;
        page.click("confusion-4-9").await;
        let words = page.text("confusion-words").await;
        assert!(words.contains("images of 4 were taken for a 9"), "{words}");
        assert_eq!(rows(&page, "class-table").await.len(), 10);
    });
}

#[test]
fn all_monitors_stand_side_by_side() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(30, 60).await;
        let names = "return [...document.querySelectorAll('[role=tablist][aria-label=Monitors] [role=tab]')].map((t) => t.dataset.testid.slice(4));";
        let names: Vec<String> = serde_json::from_value(page.eval(names).await).unwrap();
        assert!(names.len() >= 8, "{names:?}");
        page.client.find(fantoccini::Locator::Css("body")).await.unwrap().send_keys("a").await.unwrap();
        page.until("all of them", 10, &format!("return document.querySelectorAll('.monitors-one').length === {};", names.len())).await;
        for name in &names {
            assert!(page.exists(name).await, "{name}");
        }
        // They go on while the run does.
        page.until("rows of layers", 30, "return document.querySelectorAll('[data-testid=layers] tbody tr').length > 5 || document.querySelectorAll('.monitors-one .layers tbody tr').length > 5;").await;
        let before = page.picture("canvas[data-testid='curves']").await;
        let step = page.step().await;
        page.wait_for_step(step + 20, 60).await;
        page.until(
            "another curve",
            20,
            &format!("return document.querySelector(\"canvas[data-testid='curves']\").toDataURL() !== '{before}';"),
        )
        .await;
        page.click("monitors-all").await;
        page.until("one of them", 10, "return document.querySelectorAll('.monitors-one').length === 0;").await;
        assert!(page.exists("curves").await);
    });
}
