//! Going back in time, and one step in slow motion.

use fantoccini::key::Key;

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

#[test]
fn the_timeline_moves_every_panel_and_comes_back() {
    drive(async |page| {
        let now = paused_after(&page, 30).await;
        let canvases = ["filters-conv1", "maps-conv1"].map(|id| format!("canvas[data-testid='{id}']"));
        page.until("the frame of now", 10, &format!("return window.__kernelscope.frameStep === {now};")).await;
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
        assert_eq!((page.picture(&canvases[0]).await, page.text("accuracy-train").await), (shown.0, shown.2));
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
