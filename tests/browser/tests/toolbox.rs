//! Training is changed while it goes on.

use fantoccini::{Locator, key::Key};

use crate::stage::{Browser, drive};

/// Opens the workbench at its training tab.
async fn open_training(page: &Browser) {
    page.click("open-setup").await;
    page.until("the workbench", 10, "return document.querySelector(\"[data-testid='workbench']\").open;").await;
    page.click("tab-training").await;
    page.until("the training tab", 10, "return !!document.querySelector(\"[data-testid='training-answer']\");").await;
}

/// Replaces what stands in a field, as a person does.
async fn write(page: &Browser, id: &str, text: &str) {
    let field = page.find(id).await;
    field.click().await.unwrap();
    field.send_keys(&format!("{}a{}{text}{}", char::from(Key::Control), char::from(Key::Control), char::from(Key::Enter))).await.unwrap();
}

async fn answered(page: &Browser, words: &str) {
    let script = format!("return document.querySelector(\"[data-testid='training-answer']\").innerText.includes({words:?});");
    page.until(&format!("the answer “{words}”"), 20, &script).await;
}

async fn query(page: &Browser) -> String {
    page.eval("return location.search;").await.as_str().unwrap().to_owned()
}

#[test]
fn optimizer_loss_and_batch_size_change_while_training_goes_on() {
    drive(async |page| {
        page.open("net=n1").await;
        page.wait_for_step(10, 30).await;
        open_training(&page).await;
        page.click("optimizer-momentum").await;
        answered(&page, "optimizer adam → momentum").await;
        page.click("loss-focal").await;
        answered(&page, "loss cross entropy → focal").await;
        page.click("batch-128").await;
        answered(&page, "batch 64 → 128").await;
        let at = page.step().await;
        assert!(at >= 10, "it goes on and does not begin anew: {at}");
        page.wait_for_step(at + 10, 30).await;
        let query = query(&page).await;
        for part in ["opt=momentum", "loss=focal", "batch=128"] {
            assert!(query.contains(part), "{query}");
        }
    });
}

#[test]
fn a_reload_gives_the_same_set_up() {
    drive(async |page| {
        page.open("net=n1").await;
        page.wait_for_step(5, 30).await;
        open_training(&page).await;
        write(&page, "update-l2", "0.001").await;
        answered(&page, "l2").await;
        page.until("the penalty in words", 20, "return !!document.querySelector(\"[data-testid='penalty']\");").await;
        write(&page, "select-label-noise", "0.2").await;
        answered(&page, "label noise").await;
        write(&page, "stop-patience", "3").await;
        answered(&page, "patience").await;
        let at = page.step().await;
        let before = query(&page).await;
        assert!(before.contains("update=") && before.contains("select=") && before.contains("stop="), "{before}");
        page.until("a checkpoint of it", 10, "return new Promise((done) => setTimeout(() => done(true), 1500));").await;
        page.client.refresh().await.unwrap();
        page.until("the run of before", 60, &format!("return (window.__kernelscope?.step ?? 0) >= {at};")).await;
        assert_eq!(query(&page).await, before);
        open_training(&page).await;
        for (id, value) in [("update-l2", "0.001"), ("select-label-noise", "0.2"), ("stop-patience", "3")] {
            assert_eq!(page.find(id).await.prop("value").await.unwrap().as_deref(), Some(value), "{id}");
        }
        // And back to the usual by the mark beside it.
        page.click("update-l2-reset").await;
        answered(&page, "l2 0.001 → 0.0").await;
    });
}

#[test]
fn a_rate_is_found_and_used() {
    drive(async |page| {
        page.open("net=n1&play=0").await;
        page.wait_until_ready().await;
        open_training(&page).await;
        page.click("find-rate").await;
        page.until("a suggestion", 120, "return !!document.querySelector(\"[data-testid='use-rate']\");").await;
        let words = page.text("search-words").await;
        assert!(words.contains("falls fastest") || words.contains("tenth"), "{words}");
        let wanted = page.text("use-rate").await.replace("Use ", "");
        page.click("use-rate").await;
        answered(&page, "Applied at step 0: rate").await;
        assert_eq!(
            page.find("setup-rate").await.prop("value").await.unwrap().map(|v| v.parse::<f32>().unwrap()),
            Some(wanted.parse().unwrap())
        );
        assert_eq!(page.step().await, 0, "the run itself has not moved");
    });
}

#[test]
fn early_stopping_ends_a_run() {
    drive(async |page| {
        // No loss falls by 50: every epoch after the first is one without improvement.
        page.open("net=n1&epochs=9&select=(subset:400)&stop=(min_delta:50,patience:2)&batch=100").await;
        page.until("the end", 120, "return document.querySelector(\"[data-testid='state']\")?.innerText === 'finished';").await;
        assert_eq!(page.step().await, 12);
        page.notice(&["Training has ended", "2 epochs"], 10).await;
    });
}

#[test]
fn what_is_written_wrong_is_explained_and_keys_suffice() {
    drive(async |page| {
        page.open("net=n1&play=0").await;
        page.wait_until_ready().await;
        open_training(&page).await;
        write(&page, "setup-rate", "1000").await;
        let script = "return document.querySelector('.training-problem')?.innerText ?? null;";
        let why = page.until("why it cannot be", 10, script).await;
        assert!(why.as_str().unwrap().contains("must lie in 0 to 100"), "{why}");
        // From the field to the mark, or the next field, by Tab alone.
        let rate = page.find("setup-rate").await;
        rate.send_keys(&char::from(Key::Tab).to_string()).await.unwrap();
        let active = page.client.active_element().await.unwrap();
        assert_ne!(active.attr("data-testid").await.unwrap().as_deref(), Some("setup-rate"));
        // A class weight needs cross-entropy: with another loss it is not offered.
        page.click("class-weights-balanced").await;
        answered(&page, "class weights").await;
        page.click("loss-hinge").await;
        answered(&page, "loss cross entropy → hinge").await;
        assert!(page.client.find_all(Locator::Css("[data-testid='class-weights-balanced']")).await.unwrap().is_empty());
    });
}
