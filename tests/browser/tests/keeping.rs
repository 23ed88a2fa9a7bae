//! What survives: reloads, full stores, other versions, other tabs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    drawing::{SEVEN, draw},
    stage::{Browser, drive, report},
};

/// Runs `work(store, done)` on the page's store.
async fn with_store(page: &Browser, work: &str) -> Value {
    let script = format!(
        "const done = arguments[arguments.length - 1], open = indexedDB.open('kernelscope');
         open.onerror = () => done(null);
         open.onsuccess = () => {{
             const db = open.result, t = db.transaction('runs', 'readwrite'), store = t.objectStore('runs');
             let result = null; const give = (v) => {{ result = v; }};
             t.oncomplete = () => {{ db.close(); done(result); }};
             ({work})(store, give);
         }};"
    );
    page.client.execute_async(&script, vec![]).await.unwrap()
}

const KEYS: &str = "(s, give) => { s.getAllKeys().onsuccess = (e) => give(e.target.result); }";

/// The key of the run that stands at this step, once it is kept.
async fn run_of(page: &Browser, step: u64) -> String {
    let work = format!(
        "(s, give) => {{ s.openCursor().onsuccess = (e) => {{ const c = e.target.result; if (!c) return;
            if (c.key.startsWith('run-') && c.value.step === {step}) give(c.key); c.continue(); }}; }}"
    );
    for _ in 0..100 {
        if let Some(key) = with_store(page, &work).await.as_str() {
            return key.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("step {step} was not kept within 10 s");
}

/// Trains a little, pauses, and waits until that is kept.
async fn kept_run(page: &Browser, query: &str) -> (u64, String) {
    page.open(query).await;
    page.wait_for_step(20, 60).await;
    page.click("play").await;
    page.until("paused", 10, "return !window.__kernelscope.running;").await;
    let step = page.step().await;
    (step, run_of(page, step).await)
}

#[test]
fn drawing_set_network_settings_and_draft_survive_a_reload() {
    drive(async |page| {
        page.open("net=n2&data=shapes&rate=0.004&play=0").await;
        page.wait_until_ready().await;
        for step in 1..=3 {
            page.click("step").await;
            page.until("the step", 30, &format!("return window.__kernelscope.step === {step} && !window.__kernelscope.running;")).await;
        }
        run_of(&page, 3).await;
        draw(&page, SEVEN, false).await;
        page.eval("const e = document.querySelector('[data-testid=keep-label]'); e.value = '4'; e.dispatchEvent(new Event('change', { bubbles: true }));").await;
        let drawn = page.picture("canvas[data-testid='pad']").await;
        let work = "(s, give) => { s.openCursor().onsuccess = (e) => { const c = e.target.result; if (!c) return;
            if (c.key.startsWith('page-') && c.value.drawing.length > 20 && c.value.view.includes('label=4')) give(true); c.continue(); }; }";
        for tries in 0.. {
            if with_store(&page, work).await == json!(true) {
                break;
            }
            assert!(tries < 100, "the drawing was not kept within 10 s");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        page.client.refresh().await.unwrap();
        page.until("the run", 30, "return window.__kernelscope?.ready && window.__kernelscope.step === 3;").await;
        page.until("the drawing", 10, "return document.querySelector('[data-testid=sample-caption]').innerText === 'Your drawing';").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(page.picture("canvas[data-testid='pad']").await, drawn);
        let link = page.eval("return location.search;").await.as_str().unwrap().to_owned();
        assert!(["net=n2", "data=shapes", "rate=0.004"].iter().all(|part| link.contains(part)), "{link}");
        assert_eq!(page.eval("return document.querySelector('[data-testid=keep-label]').value;").await, json!("4"));
        page.click("undo").await;
        page.until("nothing drawn", 10, "return document.querySelector('[data-testid=sample-caption]').innerText === 'Nothing drawn yet';")
            .await;
    });
}

#[test]
fn a_full_store_is_told_once_and_training_goes_on() {
    drive(async |page| {
        page.before_load("IDBObjectStore.prototype.put = function () { throw new DOMException('no room', 'QuotaExceededError'); };").await;
        page.open("").await;
        let told = page.notice(&["The run could not be kept", "full", "Training goes on"], 30).await;
        report(&told);
        page.dismiss_notices().await;
        let step = page.step().await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        page.wait_for_step(step + 20, 30).await;
        let again = "return [...document.querySelectorAll(\"[data-testid='notice'] p\")].filter((p) => p.innerText.includes('The run could not')).length;";
        assert_eq!(page.eval(again).await, json!(0), "told once");
    });
}

#[test]
fn a_store_of_an_earlier_version_is_taken_over() {
    drive(async |page| {
        let (step, key) = kept_run(&page, "seed=5").await;
        // As it was written before places and versions were.
        let weights = key.replace("run-", "weights-");
        let work = format!(
            "(s) => {{ s.get('{weights}').onsuccess = (w) => {{ s.get('{key}').onsuccess = (e) => {{
                const r = e.target.result; delete r.version; delete r.saved; r.file = w.target.result.file;
                s.put(r, 'last'); s.delete('{key}'); s.delete('{weights}'); }}; }}; }}"
        );
        with_store(&page, &work).await;
        page.eval("sessionStorage.clear();").await;
        page.client.refresh().await.unwrap();
        page.notice(&["Continued from step", &step.to_string()], 20).await;
        page.wait_until_ready().await;
        assert_eq!(page.step().await, step);
        let keys = with_store(&page, KEYS).await;
        assert!(!keys.as_array().unwrap().contains(&json!("last")), "{keys}");
    });
}

#[test]
fn what_cannot_be_read_is_set_aside() {
    drive(async |page| {
        let (_, key) = kept_run(&page, "seed=6").await;
        with_store(
            &page,
            &format!("(s) => {{ s.get('{key}').onsuccess = (e) => {{ const r = e.target.result; r.version = 99; s.put(r, '{key}'); }}; }}"),
        )
        .await;
        page.client.refresh().await.unwrap();
        let told = page.notice(&["another version", "set aside"], 20).await;
        report(&told);
        page.wait_for_step(10, 60).await;
        let keys = with_store(&page, KEYS).await;
        assert!(keys.as_array().unwrap().iter().any(|k| k.as_str().is_some_and(|k| k.starts_with("aside-"))), "{keys}");
    });
}

#[test]
fn two_tabs_keep_two_runs() {
    drive(async |page| {
        let (first, key) = kept_run(&page, "seed=21").await;
        let here = page.client.window().await.unwrap();
        let tab = page.client.new_window(true).await.unwrap();
        page.client.switch_to_window(tab.handle).await.unwrap();
        let (second, other) = kept_run(&page, "seed=22").await;
        assert_ne!(key, other, "each has a place of its own");
        page.client.refresh().await.unwrap();
        page.wait_until_ready().await;
        assert_eq!(page.step().await, second);
        page.client.switch_to_window(here).await.unwrap();
        page.client.refresh().await.unwrap();
        page.wait_until_ready().await;
        assert_eq!((page.step().await, page.text("seed").await), (first, "21".to_owned()));
    });
}

#[test]
fn looking_for_a_run_reads_no_weights_of_others() {
    drive(async |page| {
        let (step, key) = kept_run(&page, "seed=23").await;
        let spy = "window.__read = []; const get = IDBObjectStore.prototype.get;
            IDBObjectStore.prototype.get = function (key) { window.__read.push(key); return get.call(this, key); };";
        page.before_load(spy).await;
        page.open("seed=24").await;
        page.wait_until_ready().await;
        let read = "return window.__read.filter((k) => k.startsWith('weights-'));";
        assert_eq!(page.eval(read).await, json!([]), "another run is asked for");
        // In its place is the other run now or this one; the one that is wanted is read, and alone.
        page.open("seed=23").await;
        page.wait_until_ready().await;
        let keys = with_store(&page, KEYS).await;
        if keys.as_array().unwrap().contains(&json!(key)) && page.step().await == step {
            assert_eq!(page.eval(read).await, json!([key.replace("run-", "weights-")]));
        }
    });
}

#[test]
fn two_tabs_keep_one_list_of_earlier_runs() {
    drive(async |page| {
        let leave = async || {
            page.open("net=n4&backend=cpu&seed=31").await;
            page.wait_for_step(15, 60).await;
        };
        let again = async |count: usize| {
            page.client.find(fantoccini::Locator::Css("body")).await.unwrap().send_keys("s").await.unwrap();
            page.until("earlier runs", 20, &format!("return window.__kernelscope.runs.trim().split('\\n').length === {count} + 1;")).await;
        };
        leave().await;
        let here = page.client.window().await.unwrap();
        let tab = page.client.new_window(true).await.unwrap();
        page.client.switch_to_window(tab.handle).await.unwrap();
        leave().await;
        again(1).await;
        // This tab knew of none when it began: its own is added to that of the other, and it learns of that one.
        page.client.switch_to_window(here).await.unwrap();
        page.wait_for_step(15, 60).await;
        again(2).await;
        page.client.refresh().await.unwrap();
        page.wait_until_ready().await;
        page.until("both", 20, "return window.__kernelscope.runs.trim().split('\\n').length === 3;").await;
    });
}

#[test]
fn earlier_runs_that_cannot_be_read_are_set_aside() {
    drive(async |page| {
        kept_run(&page, "net=n4&seed=33").await;
        with_store(&page, "(s) => { s.put({ records: '[{\"name\": 1}]' }, 'earlier'); }").await;
        page.client.refresh().await.unwrap();
        let told = page.notice(&["Earlier runs could not be read", "set aside"], 20).await;
        report(&told);
        let keys = with_store(&page, KEYS).await;
        let keys: Vec<String> = serde_json::from_value(keys).unwrap();
        let aside = keys.iter().find(|k| k.starts_with("aside-") && k.ends_with("-earlier")).unwrap_or_else(|| panic!("{keys:?}"));
        assert!(!keys.contains(&"earlier".to_owned()), "{keys:?}");
        let text =
            with_store(&page, &format!("(s, give) => {{ s.get('{aside}').onsuccess = (e) => give(e.target.result.records); }}")).await;
        assert_eq!(text, json!("[{\"name\": 1}]"), "nothing of it is lost");
        // The list goes on without them.
        page.wait_until_ready().await;
        page.client.find(fantoccini::Locator::Css("body")).await.unwrap().send_keys("s").await.unwrap();
        page.until("a new list", 20, "return window.__kernelscope.runs.trim().split('\\n').length === 2;").await;
    });
}
