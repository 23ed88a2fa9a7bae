//! Going back in time, and one step in slow motion.

use fantoccini::{Locator, key::Key};

use crate::stage::{Browser, drive, report};

/// A run that has made some steps and stands still.
async fn paused_after(page: &Browser, steps: u64) -> u64 {
    page.open("backend=cpu").await;
    page.wait_for_step(steps, 60).await;
    page.click("play").await;
    page.until("paused", 20, "return !window.__kernelscope.running;").await;
    page.until(
        "kept moments",
        10,
        "return document.querySelector(\"[data-testid='timeline']\").getAttribute('aria-disabled') === 'false';",
    )
    .await;
    page.step().await
}

async fn press(page: &Browser, keys: &str) {
    page.client.find(Locator::Css("body")).await.unwrap().send_keys(keys).await.unwrap();
}

#[test]
fn the_timeline_moves_every_panel_and_comes_back() {
    drive(async |page| {
        let now = paused_after(&page, 30).await;
        let canvases = ["filters-conv1", "maps-conv1"].map(|id| format!("canvas[data-testid='{id}']"));
        page.until("the frame of now", 10, &format!("return window.__kernelscope.frameStep === {now};")).await;
        // It is drawn with the next frame of the screen.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let shown = (page.picture(&canvases[0]).await, page.picture(&canvases[1]).await, page.text("accuracy-train").await);
        // By pointer: into the first third.
        let slider = page.find("timeline").await;
        slider.click().await.unwrap();
        page.until("a look back", 10, "return !!document.querySelector(\"[data-testid='looking']\");").await;
        page.until("a frame of then", 10, &format!("return window.__kernelscope.frameStep < {now} && window.__kernelscope.step < {now};"))
            .await;
        assert_eq!(page.text("state").await, "looking back");
        let then = (page.picture(&canvases[0]).await, page.picture(&canvases[1]).await, page.text("accuracy-train").await);
        assert!(then.0 != shown.0 && then.1 != shown.1 && then.2 != shown.2, "every panel shows that moment");
        // By key: to the first moment, one on, and back to now.
        slider.send_keys(&Key::Home.to_string()).await.unwrap();
        page.until("step 0", 10, "return window.__kernelscope.step === 0 && window.__kernelscope.frameStep === 0;").await;
        slider.send_keys(&Key::Right.to_string()).await.unwrap();
        page.until("step 1", 10, "return window.__kernelscope.step === 1;").await;
        slider.send_keys(&Key::End.to_string()).await.unwrap();
        page.until("now again", 10, &format!("return window.__kernelscope.step === {now} && window.__kernelscope.frameStep === {now};"))
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert_eq!((page.picture(&canvases[0]).await, page.text("accuracy-train").await), (shown.0, shown.2));
    });
}

#[test]
fn a_run_is_resumed_and_branched() {
    drive(async |page| {
        let now = paused_after(&page, 30).await;
        // Two moments back, one after the other: what the first key shows must not be taken for what both do.
        let mut from = now;
        for _ in 0..2 {
            press(&page, ",").await;
            let earlier = format!("const s = window.__kernelscope.step; return s < {from} ? s : null;");
            from = page.until("an earlier step", 10, &earlier).await.as_u64().unwrap();
        }
        page.click("branch").await;
        page.until("a branch", 10, &format!("return window.__kernelscope.ready && window.__kernelscope.step === {from} && !document.querySelector(\"[data-testid='branch']\");")).await;
        press(&page, ",").await;
        page.until("a look back", 10, "return !!document.querySelector(\"[data-testid='resume']\");").await;
        page.click("resume").await;
        page.wait_for_step(from + 5, 30).await;
        assert_eq!(page.text("state").await, "training");
    });
}

#[test]
fn moments_survive_a_reload() {
    drive(async |page| {
        paused_after(&page, 40).await;
        let marks = "return document.querySelectorAll(\"[data-testid='timeline'] path\")[0].getAttribute('d').split('M').length - 1;";
        assert!(page.eval(marks).await.as_u64().unwrap() > 4);
        // The store takes one after the other.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        page.open("backend=cpu").await;
        page.wait_until_ready().await;
        let back =
            page.until("moments out of the store", 20, &format!("const n = (() => {{ {marks} }})(); return n >= 4 ? n : null;")).await;
        report(&format!("{back} moments came back after the reload"));
    });
}

#[test]
fn a_step_is_walked_through_in_slow_motion() {
    drive(async |page| {
        let now = paused_after(&page, 10).await;
        press(&page, "l").await;
        page.until("a walk", 20, "return !!document.querySelector(\"[data-testid='slow-title']\");").await;
        assert_eq!(page.text("slow-title").await, "The image");
        // Another image of the batch, by its button.
        let before = page.text("slow-caption").await;
        page.click("slow-image-after").await;
        page.until("the next image", 10, "return document.querySelector(\"[data-testid='slow-image']\").innerText === '2';").await;
        assert_ne!(page.text("slow-caption").await, before);
        let mut titles = Vec::new();
        for _ in 0..80 {
            press(&page, &Key::Right.to_string()).await;
            tokio::time::sleep(std::time::Duration::from_millis(60)).await;
            let title = page.text("slow-title").await;
            if title == "Loss" {
                assert_eq!(page.client.find_all(Locator::Css("[data-testid='slow-loss'] tr")).await.unwrap().len(), 5);
            }
            if title == "Forward: conv1" {
                let dimmed = "return document.querySelectorAll('.stage-tiles.dim').length > 4 && !document.querySelector(\"[data-testid='maps-conv1']\").classList.contains('dim');";
                page.until("conv1 lit alone", 5, dimmed).await;
            }
            titles.push(title.clone());
            if title == "The step is made" {
                break;
            }
        }
        let has = |part: &str| titles.iter().any(|t| t.starts_with(part));
        assert!(
            ["Forward: conv1", "Forward: pool1", "Loss", "Backward: pool2", "Backward: conv1", "Update: conv1"].iter().all(|t| has(t)),
            "{titles:?}"
        );
        page.until("the step that was walked", 10, &format!("return window.__kernelscope.step === {};", now + 1)).await;
        // Back within it, and out.
        press(&page, &Key::Left.to_string()).await;
        page.until("one stop back", 5, "return document.querySelector(\"[data-testid='slow-title']\").innerText !== 'The step is made';")
            .await;
        assert_eq!(page.step().await, now + 1, "going back within the walk does not undo the step");
        page.click("slow-leave").await;
        page.until(
            "out of the walk",
            5,
            "return !document.querySelector(\"[data-testid='slow-title']\") && !document.querySelector('.stage-tiles.dim');",
        )
        .await;
    });
}

/// Catches what is offered as a download.
const CATCH: &str = "window.__files = [];
    HTMLAnchorElement.prototype.click = function () { fetch(this.href).then((r) => r.arrayBuffer()).then((b) => window.__files.push([this.download, [...new Uint8Array(b).slice(0, 6)], b.byteLength])); };";

#[test]
fn a_film_shows_the_filters_and_becomes_a_file() {
    drive(async |page| {
        let now = paused_after(&page, 12).await;
        page.click("tab-film").await;
        page.until("a film", 10, "const c = document.querySelector(\"[data-testid='film-strip'] canvas\"); return c && c.width > 40;")
            .await;
        page.find("film-strip").await.click().await.unwrap();
        page.until("a moment of the film", 10, &format!("return window.__kernelscope.step < {now};")).await;
        page.eval(CATCH).await;
        for (button, start) in [("film-gif", "GIF89a"), ("film-png", "PK\u{3}\u{4}")] {
            page.click(button).await;
            let file = page.until("a file", 60, "return window.__files.length ? window.__files.pop() : null;").await;
            let head: Vec<u8> = file[1].as_array().unwrap().iter().map(|b| b.as_u64().unwrap() as u8).collect();
            assert!(head.starts_with(start.as_bytes()), "{file}");
            report(&format!("{}: {} bytes", file[0], file[2]));
        }
        page.until("now again", 10, &format!("return window.__kernelscope.step === {now};")).await;
    });
}
