//! Links and reloads: a run comes back, and the same link gives the same run.

use std::time::Duration;

use fantoccini::Locator;

use crate::stage::{Browser, drive, report};

/// Waits until the run of this step lies in the browser's store.
async fn kept(page: &Browser, step: u64) {
    let seen = format!(
        "const done = arguments[arguments.length - 1];
         indexedDB.databases().then((all) => {{
             if (!all.length) return done(false);
             const open = indexedDB.open(all[0].name);
             open.onerror = () => done(false);
             open.onsuccess = () => {{
                 const db = open.result, names = [...db.objectStoreNames];
                 if (!names.length) {{ db.close(); return done(false); }}
                 const found = [], close = (v) => {{ db.close(); done(v); }};
                 const cursor = db.transaction(names[0]).objectStore(names[0]).openCursor();
                 cursor.onerror = () => close(false);
                 cursor.onsuccess = () => {{
                     if (!cursor.result) return close(found.includes({step}));
                     found.push(cursor.result.value.step);
                     cursor.result.continue();
                 }};
             }};
         }});"
    );
    for _ in 0..100 {
        if page.client.execute_async(&seen, vec![]).await.unwrap().as_bool() == Some(true) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("step {step} was not kept within 10 s");
}

#[test]
fn a_reload_brings_the_run_back() {
    drive(async |page| {
        page.open("").await;
        page.wait_for_step(40, 30).await;
        page.click("play").await;
        page.until("paused", 10, "return !window.__kernelscope.running;").await;
        let step = page.step().await;
        // The frame of the last step arrives after the pause, and is drawn in the next animation frame.
        page.until("the last step's frame", 10, "return window.__kernelscope.frameStep === window.__kernelscope.step;").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let filters = page.picture("canvas[data-testid='filters-conv1']").await;
        kept(&page, step).await;

        page.client.refresh().await.unwrap();
        page.wait_until_ready().await;
        page.notice(&[&format!("step {step}")], 10).await;
        assert_eq!(page.step().await, step, "the run goes on from where it was");
        assert_eq!(page.text("state").await, "paused", "as it was left");
        page.until("the filters", 10, "return window.__kernelscope.frame != null;").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(page.picture("canvas[data-testid='filters-conv1']").await, filters, "the filters are those of before");

        page.click("play").await;
        page.wait_for_step(step + 20, 30).await;
    });
}

#[test]
fn a_reload_in_the_midst_of_training_goes_on_training() {
    drive(async |page| {
        page.open("").await;
        // Kept every few seconds; after this long at least once.
        page.wait_for_step(30, 30).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        page.client.refresh().await.unwrap();
        page.wait_until_ready().await;
        let back = page.step().await;
        assert!(back >= 30, "only step {back} came back");
        page.wait_for_step(back + 20, 30).await;
        assert_eq!(page.text("state").await, "training");
    });
}

#[test]
fn a_reload_changes_no_number() {
    let link = "play=0&net=n4&batch=32&seed=5";
    drive(async |page| {
        page.open(link).await;
        page.wait_until_ready().await;
        let straight = page.losses(1..=12).await;

        page.click("reset").await;
        page.until("back at step 0", 10, "return window.__kernelscope.step === 0 && window.__kernelscope.ready;").await;
        let mut broken = page.losses(1..=6).await;
        kept(&page, 6).await;
        page.client.refresh().await.unwrap();
        page.until("step 6", 20, "return window.__kernelscope?.ready && window.__kernelscope.step === 6;").await;
        broken.extend(page.losses(7..=12).await);
        assert_eq!(broken, straight, "the losses of a run with a reload in it");
    });
}

#[test]
fn the_same_link_in_a_second_tab_gives_the_same_curve() {
    let (link, other) = ("play=0&net=n2&seed=11&opt=momentum&rate=0.01", "play=0&net=n2&seed=12&opt=momentum&rate=0.01");
    drive(async |page| {
        page.open(link).await;
        page.wait_until_ready().await;
        let first = page.losses(1..=10).await;

        let tab = page.client.new_window(true).await.unwrap();
        page.client.switch_to_window(tab.handle).await.unwrap();
        for (link, same) in [(link, true), (other, false)] {
            page.open(link).await;
            page.wait_until_ready().await;
            // The browser keeps the last run of this link: from the beginning, please.
            page.click("reset").await;
            page.until("at step 0", 10, "return window.__kernelscope.step === 0 && window.__kernelscope.ready;").await;
            let again = page.losses(1..=10).await;
            assert_eq!(again == first, same, "{link}: losses {again:?}, in the first tab {first:?}");
        }
    });
}

#[test]
fn a_nonsense_link_says_so_and_the_page_runs() {
    drive(async |page| {
        page.open("net=nonsense&rate=fast&batch=-3&banana=1&seed=4").await;
        let told = page.notice(&["rate", "fast"], 20).await;
        report(&told);
        page.notice(&["nonsense"], 10).await;
        page.wait_for_step(20, 30).await;
        assert_eq!(page.text("seed").await, "4", "what the link says rightly holds");
    });
}

#[test]
fn an_illegal_network_in_the_link_names_the_layer() {
    drive(async |page| {
        let spec = illegal();
        page.open(&spec).await;
        let told = page.notice(&["layer 2"], 20).await;
        report(&told);
        page.wait_for_step(10, 30).await;
        assert!(!page.client.find_all(Locator::Css("[data-testid='notice']")).await.unwrap().is_empty());
    });
}

/// A link to a network whose second convolution is wider than what reaches it.
fn illegal() -> String {
    use engine::{Init, ModelSpec, Pair, Shape, ops};
    let conv = |kernel| ops::Conv2d { kernel: Pair::square(kernel), ..ops::Conv2d::default() }.into();
    let layers = vec![conv(25), conv(9), ops::Flatten {}.into(), ops::Dense { out: 10, bias: true }.into()];
    let model = ModelSpec { input: Shape::new(1, 28, 28), layers, init: Init::default() };
    protocol::link::encode(&protocol::RunSpec { model, train: protocol::TrainSpec::default() })
}
