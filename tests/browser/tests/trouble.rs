//! What goes wrong is named, and a run in progress keeps its weights.

use std::path::Path;

use engine::{Graph, presets::preset};
use serde_json::{Map, json};

use crate::stage::{Browser, Fault, Setting, TEST_LIMIT, drive, drive_with, report};

const TROUBLED: Setting = Setting { size: (1280, 900), troubled: true, webgpu: false, limit: TEST_LIMIT };

/// A file of first weights of a preset, as PyTorch would name them.
fn weights(slug: &str) -> Vec<u8> {
    let graph = Graph::check(&preset(slug).unwrap().model()).unwrap();
    let values = graph.initial_params(77);
    let mut header = Map::new();
    for param in &graph.params {
        let offsets = [4 * param.range.start, 4 * param.range.end];
        header.insert(param.name.clone(), json!({ "dtype": "F32", "shape": param.dims, "data_offsets": offsets }));
    }
    let header = serde_json::Value::Object(header).to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    file
}

/// Hands `bytes` to the page as a file of this name.
async fn load(page: &Browser, name: &str, bytes: &[u8]) {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    page.find("load-file").await.send_keys(path.to_str().unwrap()).await.unwrap();
}

#[test]
fn files_that_do_not_fit_are_refused_and_those_that_do_are_taken() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(20, 30).await;
        load(&page, "another-network.safetensors", &weights("n1")).await;
        let told = page.notice(&["0.weight"], 10).await;
        report(&told);
        page.dismiss_notices().await;
        let mut truncated = weights("lens");
        truncated.truncate(1000);
        load(&page, "truncated.safetensors", &truncated).await;
        report(&page.notice(&["not loaded"], 10).await);

        page.dismiss_notices().await;
        load(&page, "picture.safetensors", b"GIF89a, a picture under another name").await;
        page.notice(&["not loaded"], 10).await;

        let at = page.step().await;
        page.wait_for_step(at + 20, 30).await;

        load(&page, "fits.safetensors", &weights("lens")).await;

        page.notice(&["was loaded"], 10).await;
    });
}

#[test]
fn a_damaged_first_pack_is_named_and_can_be_fetched_again() {
    for (fault, name) in [(Fault::Damaged, "damaged"), (Fault::Truncated, "truncated"), (Fault::Missing, "missing")] {
        drive_with(TROUBLED, async |page| {
            page.site.spoil("train-0.pack", fault);
            page.open("").await;
            let told = page.notice(&["train-0.pack"], 20).await;
            report(&format!("{name}: {told}"));
            assert_eq!(page.step().await, 0, "nothing to train on");
            page.site.mend();
            page.click("remedy").await;
            page.wait_for_step(10, 30).await;
        });
    }
}

#[test]
fn a_damaged_later_pack_is_named_and_training_goes_on() {
    drive_with(TROUBLED, async |page| {
        page.site.spoil("train-3.pack", Fault::Damaged);
        page.open("").await;
        page.notice(&["train-3.pack"], 30).await;
        let at = page.step().await;
        page.wait_for_step(at + 30, 30).await;
    });
}

#[test]
fn a_worker_that_dies_is_replaced_and_the_weights_are_kept() {
    drive_with(TROUBLED, async |page| {
        page.open("").await;
        page.wait_for_step(40, 30).await;
        page.click("play").await;
        page.until("paused", 10, "return !window.__kernelscope.running;").await;
        let step = page.step().await;
        // Paused, the run is kept; a moment for that.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        page.eval("window.__kernelscope.crash_worker();").await;
        let told = page.notice(&["worker stopped"], 20).await;
        report(&told);
        page.until("a run again", 20, &format!("return window.__kernelscope.ready && window.__kernelscope.step >= {step};")).await;
        let filters = page.picture("canvas[data-testid='filters-conv1']").await;
        assert!(!filters.is_empty());
        if page.hook("running").await != json!(true) {
            page.click("play").await;
        }
        page.wait_for_step(step + 20, 30).await;
    });
}

#[test]
fn a_full_store_is_reported_and_training_goes_on() {
    drive_with(TROUBLED, async |page| {
        // Before the page comes: a browser that has once found room does not look again soon.
        let origin = page.site.address();
        page.tool("Storage.overrideQuotaForOrigin", json!({ "origin": origin, "quotaSize": 1 })).await;
        page.open("").await;
        let told = page.notice(&["kept"], 30).await;
        report(&told);
        let at = page.step().await;
        page.wait_for_step(at + 20, 30).await;
    });
}
