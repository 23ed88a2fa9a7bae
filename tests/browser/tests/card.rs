//! The graphics card: looked at, chosen or not, said; trained on, lost, compared. It is a software
//! one here, a few steps a second at best, so runs are short.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use serde_json::json;

use crate::stage::{Browser, Setting, drive, drive_with, report};

/// Waits until the card has been looked at and the run is where it should be.
async fn wait_for_backend(page: &Browser, chosen: &str) {
    let script = format!("const k = window.__kernelscope; return k?.chosen === '{chosen}' && k.backend === '{chosen}';");
    page.until(&format!("a run on {chosen}"), 60, &script).await;
}

async fn address(page: &Browser) -> String {
    page.eval("return location.search;").await.as_str().unwrap().to_owned()
}

async fn wait_until_paused(page: &Browser) {
    page.until("paused", 30, "return !window.__kernelscope.running;").await;
}

#[test]
fn without_webgpu_the_cpu_works_and_the_page_says_why() {
    drive(async |page| {
        page.open("").await;
        wait_for_backend(&page, "cpu").await;
        page.wait_for_step(20, 30).await;
        assert!(page.client.find_all(Locator::Css("[data-testid='notice']")).await.unwrap().is_empty(), "nothing is wrong");
        assert_eq!(page.text("backend").await, "CPU");
        page.click("open-card").await;
        let reason = page.text("card-reason").await;
        report(&reason);
        assert!(reason.contains("no adapter"), "{reason}");
        assert!(page.text("card-missing").await.contains("WebGPU"));
        assert!(page.client.find_all(Locator::Css("[data-testid='card-adapter']")).await.unwrap().is_empty());
        let force = page.find("backend-gpu").await.attr("href").await.unwrap().unwrap();
        assert!(force.contains("backend=gpu") && force.contains("v=1"), "the rest of the link is kept: {force}");
    });
}

#[test]
fn the_kernels_can_be_read_without_a_card_too() {
    drive(async |page| {
        page.open("play=0&net=n2").await;
        page.wait_until_ready().await;
        page.click("open-card").await;
        page.click("open-kernels").await;
        let list = page.text("kernel-list").await;
        for part in ["Batch", "gather", "conv1", "Loss", "Update", "adam"] {
            assert!(list.contains(part), "no {part} in {list}");
        }
        assert!(page.text("kernel-source").await.contains("@compute"));
        page.click("kernel-gather-gather").await;
        page.until("another file", 5, "return document.querySelector(\"[data-testid='kernel-name']\").innerText === 'gather/gather.wgsl';")
            .await;
        assert!(!page.text("kernel-about").await.is_empty());
        let source = "const s = document.querySelector(\"[data-testid='kernel-source']\"); s.focus();
            return document.activeElement === s && s.innerText.includes('struct Dims');";
        assert_eq!(page.eval(source).await, json!(true), "the source takes the focus, so that keys scroll it");
    });
}

#[test]
fn a_word_that_is_no_backend_is_named() {
    drive(async |page| {
        page.open("backend=banana").await;
        let told = page.notice(&["banana", "auto, cpu, gpu and twin"], 10).await;
        report(&told);
        wait_for_backend(&page, "cpu").await;
        page.wait_for_step(5, 30).await;
    });
}

#[test]
fn a_software_card_is_not_chosen_by_itself() {
    drive_with(Setting::with_webgpu(), async |page| {
        page.open("").await;
        wait_for_backend(&page, "cpu").await;
        page.click("open-card").await;
        let reason = page.text("card-reason").await;
        report(&reason);
        assert!(reason.contains("software"), "{reason}");
        assert_eq!(page.text("card-name").await, "swiftshader");
        assert!(page.text("card-kind").await.contains("software"));
        assert_eq!(page.text("backend").await, "CPU");
    });
}

#[test]
fn asked_for_the_card_trains_pauses_and_its_loss_is_survived() {
    // A lost device is worth a word in the console.
    drive_with(Setting { troubled: true, ..Setting::with_webgpu() }, async |page| {
        page.open("backend=gpu").await;
        wait_for_backend(&page, "gpu").await;
        assert!(address(&page).await.contains("backend=gpu"), "the link keeps it");
        let at = page.step().await;
        page.wait_for_step(at + 6, 120).await;
        assert_eq!(page.text("backend").await, "GPU");

        page.click("open-card").await;
        let checks = page.text("card-checks").await;
        assert!(checks.contains("Convolution") && !checks.contains('✗'), "{checks}");
        let dispatches: f64 = page.text("dispatches-per-step").await.parse().unwrap();
        report(&format!("{dispatches} dispatches a step"));
        assert!(dispatches >= 10.0);
        page.click("card-dialog-close").await;

        let start = Instant::now();
        page.click("play").await;
        wait_until_paused(&page).await;
        report(&format!("pause took {} ms", start.elapsed().as_millis()));
        let paused_at = page.step().await;
        page.click("play").await;
        page.wait_for_step(paused_at + 2, 60).await;

        page.dismiss_notices().await;
        page.eval("window.__kernelscope.lose_card();").await;
        let told = page.notice(&["CPU", "step"], 20).await;
        report(&told);
        page.until("a run on the CPU", 10, "return window.__kernelscope.backend === 'cpu';").await;
        let at = page.step().await;
        assert!(at + 200 > paused_at, "back at {at} from {paused_at}");
        page.wait_for_step(at + 20, 30).await;
        assert_eq!(page.text("backend").await, "CPU");
    });
}

#[test]
fn a_card_lost_while_nothing_runs_is_told_at_once() {
    drive_with(Setting { troubled: true, ..Setting::with_webgpu() }, async |page| {
        page.open("backend=gpu").await;
        wait_for_backend(&page, "gpu").await;
        let at = page.step().await;
        page.wait_for_step(at + 2, 120).await;
        page.click("play").await;
        wait_until_paused(&page).await;
        let paused_at = page.step().await;
        page.dismiss_notices().await;

        page.eval("window.__kernelscope.lose_card();").await;
        report(&page.notice(&["lost", "CPU", "step"], 10).await);
        page.until("a run on the CPU", 5, "return window.__kernelscope.backend === 'cpu';").await;
        assert_eq!(page.text("backend").await, "CPU");
        assert_eq!(page.step().await, paused_at, "a pause reads the numbers back: nothing is lost with the card");

        page.click("play").await;
        page.wait_for_step(paused_at + 20, 30).await;
    });
}

#[test]
fn twins_do_not_part() {
    drive_with(Setting::with_webgpu(), async |page| {
        page.open("backend=twin").await;
        wait_for_backend(&page, "twin").await;
        let at = page.step().await;
        page.wait_for_step(at + 5, 150).await;
        assert_eq!(page.hook("parted").await, json!(false));
        assert_eq!(page.text("backend").await, "TWIN");
    });
}

#[test]
fn training_goes_on_in_a_hidden_tab_and_nothing_piles_up() {
    drive_with(Setting::with_webgpu(), async |page| {
        page.open("backend=gpu").await;
        wait_for_backend(&page, "gpu").await;
        page.eval(
            "window.__seen = []; setInterval(() => { const k = window.__kernelscope;
                window.__seen.push([document.visibilityState === 'hidden', k.step, k.frame]); }, 100);",
        )
        .await;
        let home = page.client.window().await.unwrap();
        let other = page.client.new_window(true).await.unwrap();
        page.client.switch_to_window(other.handle).await.unwrap();
        tokio::time::sleep(Duration::from_secs(12)).await;
        page.client.close_window().await.unwrap();
        page.client.switch_to_window(home).await.unwrap();
        let seen = page.eval("return window.__seen.filter((s) => s[0]);").await;
        let seen = seen.as_array().unwrap();
        let column = |i: usize| {
            let all = seen.iter().map(|s| s[i].as_u64().unwrap());
            all.clone().max().unwrap() - all.min().unwrap()
        };
        assert!(!seen.is_empty(), "the tab was never hidden");
        report(&format!("hidden: {} steps, {} frames", column(1), column(2)));
        assert!(column(1) >= 2, "training stood still");
        // One was under way when the tab was hidden; it is not drawn, so no other is sent.
        assert!(column(2) <= 2, "frames were sent that nobody drew");
        let at = page.step().await;
        page.wait_for_step(at + 2, 60).await;
    });
}
