//! Images of one's own: drawings with a class, sheets, and training on them.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    drawing::{ONE, SEVEN, draw},
    shapes::open_data,
    stage::{Browser, drive, report},
};

impl Browser {
    async fn choose(&self, id: &str, value: &str) {
        let script = "const e = document.querySelector(`[data-testid='${arguments[0]}']`); e.value = arguments[1];
            e.dispatchEvent(new Event('input', { bubbles: true })); e.dispatchEvent(new Event('change', { bubbles: true }));";
        self.eval_with(script, vec![json!(id), json!(value)]).await;
    }
}

/// A sheet of `cols` ones in the first row and crosses in the second, as a file.
async fn sheet(page: &Browser, cols: usize) -> PathBuf {
    let script = "const [cols] = arguments; const c = document.createElement('canvas'); c.width = 30 * cols; c.height = 60;
        const x = c.getContext('2d'); x.fillStyle = '#fff'; x.fillRect(0, 0, c.width, c.height); x.strokeStyle = '#123'; x.lineWidth = 3;
        for (let i = 0; i < cols; i++) {
            x.beginPath(); x.moveTo(30 * i + 15, 6); x.lineTo(30 * i + 13 + i % 5, 25); x.stroke();
            x.beginPath(); x.moveTo(30 * i + 6, 36); x.lineTo(30 * i + 24, 54); x.moveTo(30 * i + 24, 36 + i % 4); x.lineTo(30 * i + 6, 54); x.stroke();
        }
        return [...atob(c.toDataURL('image/png').split(',')[1])].map((b) => b.charCodeAt(0));";
    let bytes: Vec<u8> = serde_json::from_value(page.eval_with(script, vec![json!(cols)]).await).unwrap();
    let path = std::env::temp_dir().join(format!("kernelscope-sheet-{}-{cols}.png", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn two_drawings_are_kept_and_trained_on_beside_the_digits() {
    drive(async |page| {
        page.open("play=0").await;
        page.wait_until_ready().await;
        for (stroke, class, count) in [(SEVEN, "7", "1 kept"), (ONE, "1", "2 kept")] {
            page.click("clear").await;
            draw(&page, stroke, false).await;
            page.choose("keep-label", class).await;
            page.until("a drawing", 10, "return !document.querySelector('[data-testid=keep-drawing]').disabled;").await;
            page.click("keep-drawing").await;
            page.until(count, 10, &format!("return document.querySelector('[data-testid=kept-count]').innerText === '{count}';")).await;
        }
        open_data(&page).await;
        page.click("data-source-digits_and_own").await;
        for (class, count) in [(7, "1"), (1, "1"), (0, "0")] {
            assert_eq!(page.text(&format!("own-count-{class}")).await, count);
        }
        page.until("the repeat", 5, "return !!document.querySelector('[data-testid=select-repeat]');").await;
        page.choose("select-repeat", "50").await;
        page.screenshot("own-drawings").await;
        page.click("setup-start").await;
        page.until("the link", 30, "return location.search.includes('data=digits_and_own') && location.search.includes('repeat');").await;
        page.wait_for_step(20, 120).await;
    });
}

#[test]
fn a_sheet_is_cut_shown_kept_and_trained_on_by_itself() {
    drive(async |page| {
        page.open("play=0").await;
        page.wait_until_ready().await;
        let path = sheet(&page, 20).await;
        open_data(&page).await;
        page.click("data-source-own").await;
        page.choose("own-rows", "2").await;
        page.choose("own-cols", "20").await;
        page.find("own-sheet").await.send_keys(path.to_str().unwrap()).await.unwrap();
        page.until("the cells", 20, "return document.querySelectorAll('[data-testid=own-candidates] li').length === 40;").await;
        report(&page.text("own-told").await);
        // One is of another class.
        page.choose("own-class-39", "5").await;
        page.screenshot("own-sheet").await;
        page.click("own-keep").await;
        page.until("the counts", 10, "return document.querySelector('[data-testid=own-count-0]')?.innerText === '20';").await;
        assert_eq!(page.text("own-count-1").await, "19");
        assert_eq!(page.text("own-count-5").await, "1");
        // It is deleted again.
        page.click("own-count-5").await;
        page.click("own-delete-39").await;
        page.until("39 images", 10, "return document.querySelector('[data-testid=own-total]').innerText.startsWith('39 of');").await;
        page.screenshot("own-kept").await;

        // By themselves they are too few for a batch of 64, which is said; of 8 they are enough.
        page.click("setup-start").await;
        let told = page.notice(&["batch", "64", "training"], 20).await;
        report(&told);
        page.open("data=own&batch=8&epochs=20").await;
        page.wait_for_step(30, 60).await;
        open_data(&page).await;
        page.until("the set", 20, "return document.querySelector('[data-testid=data-count]').innerText === '39 images';").await;
        std::fs::remove_file(path).unwrap();
    });
}

#[test]
fn what_is_no_image_is_told() {
    drive(async |page| {
        page.open("play=0").await;
        page.wait_until_ready().await;
        let path = std::env::temp_dir().join(format!("7_no-image-{}.png", std::process::id()));
        std::fs::write(&path, b"this is text").unwrap();
        open_data(&page).await;
        page.click("data-source-own").await;
        page.find("own-files").await.send_keys(path.to_str().unwrap()).await.unwrap();
        page.until("the reason", 10, "return document.querySelector('[data-testid=own-told]').innerText.includes('not an image');").await;
        // Ten classes at most; and nobody is left without a word about a camera that is not there.
        page.choose("own-rows", "11").await;
        let sheet = sheet(&page, 12).await;
        page.find("own-sheet").await.send_keys(sheet.to_str().unwrap()).await.unwrap();
        page.until("eleven classes", 10, "return /4 × 4|ten at most/.test(document.querySelector('[data-testid=own-told]').innerText);")
            .await;
        page.click("own-camera").await;
        page.until("no camera", 15, "return document.querySelector('[data-testid=own-told]').innerText.includes('No picture was taken');")
            .await;
        report(&page.text("own-told").await);
        std::fs::remove_file(path).unwrap();
        std::fs::remove_file(sheet).unwrap();
    });
}

/// Drops images of one or more colours, with these names, onto the page.
const DROP: &str = "const done = arguments[arguments.length - 1], names = arguments[0];
    Promise.all(names.map((name, i) => new Promise((give) => {
        const c = document.createElement('canvas'); c.width = 60; c.height = 80; const x = c.getContext('2d');
        x.fillStyle = '#fff'; x.fillRect(0, 0, 60, 80); x.strokeStyle = '#000'; x.lineWidth = 6;
        x.beginPath(); x.moveTo(30, 10); x.lineTo(26 + 4 * i, 70); x.stroke();
        c.toBlob((blob) => give(new File([blob], name, { type: 'image/png' })));
    }))).then((files) => {
        const data = new DataTransfer(); files.forEach((file) => data.items.add(file));
        document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: data })); done(true);
    });";

#[test]
fn an_image_that_is_dropped_is_the_sample_and_several_are_offered_to_train_on() {
    drive(async |page| {
        page.open("play=0").await;
        page.wait_until_ready().await;
        page.client.execute_async(DROP, vec![json!(["photo.png"])]).await.unwrap();
        let told = page.notice(&["photo.png", "looks at"], 10).await;
        report(&told);
        page.until("the sample", 10, "return document.querySelector('[data-testid=sample-caption]').innerText === 'Your drawing';").await;
        page.until("an answer", 10, "return window.__kernelscope.answer != null;").await;
        // It can be kept as a drawing can, and undone.
        page.click("keep-drawing").await;
        page.until("1 kept", 10, "return document.querySelector('[data-testid=kept-count]').innerText === '1 kept';").await;
        page.click("undo").await;
        page.until("nothing", 10, "return document.querySelector('[data-testid=sample-caption]').innerText === 'Nothing drawn yet';").await;
        page.client.execute_async(DROP, vec![json!(["1_a.png", "no-class.png", "7_b.png"])]).await.unwrap();
        page.until("the images", 20, "return document.querySelectorAll('[data-testid=own-candidates] li').length === 3;").await;
        page.click("own-keep").await;
        page.until("four kept", 10, "return document.querySelector('[data-testid=own-total]').innerText.startsWith('4 of');").await;
    });
}
