//! Runs are compared: earlier ones stay as curves with a line each, several networks race, and all of it comes out as
//! files and over a reload.

use fantoccini::{Locator, key::Key};
use serde_json::Value;

use crate::stage::{Browser, drive, report};

fn key(key: Key) -> String {
    char::from(key).to_string()
}

async fn pause(page: &Browser) {
    page.click("play").await;
    page.until("paused", 20, "return !window.__kernelscope.running;").await;
}

async fn exists(page: &Browser, id: &str) {
    page.until(id, 20, &format!("return !!document.querySelector(\"[data-testid='{id}']\");")).await;
}

/// A line of the hook's table, by header.
async fn told(page: &Browser, place: usize) -> std::collections::HashMap<String, String> {
    let csv = page.hook("runs").await.as_str().unwrap().to_owned();
    row(&csv, place)
}

fn row(csv: &str, place: usize) -> std::collections::HashMap<String, String> {
    let mut lines = csv.lines();
    let heads = fields(lines.next().unwrap());
    let line = lines.nth(place).unwrap_or_else(|| panic!("no run {place} in {csv}"));
    heads.into_iter().zip(fields(line)).collect()
}

/// As RFC 4180 has it.
fn fields(line: &str) -> Vec<String> {
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    all.push(field);
    all
}

/// Keeps the text of what is offered as a download.
const CATCH: &str = "window.__files = [];
    HTMLAnchorElement.prototype.click = function () { fetch(this.href).then((r) => r.text()).then((t) => window.__files.push([this.download, t])); };";

async fn file(page: &Browser, button: &str) -> (String, String) {
    page.click(button).await;
    let file = page.until("a file", 30, "return window.__files.length ? window.__files.pop() : null;").await;
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    (text(&file[0]), text(&file[1]))
}

/// A run of some steps, which is left by key for one from another seed; its steps.
async fn two_runs(page: &Browser) -> u64 {
    page.open("net=n4&backend=cpu").await;
    page.wait_for_step(40, 60).await;
    pause(page).await;
    let steps = page.step().await;
    page.client.find(Locator::Css("body")).await.unwrap().send_keys("s").await.unwrap();
    exists(page, "ghost-1").await;
    steps
}

#[test]
fn a_restart_leaves_a_ghost_with_its_line() {
    drive(async |page| {
        let steps = two_runs(&page).await;
        let run = told(&page, 0).await;
        assert_eq!((run["name"].as_str(), run["steps"].as_str()), ("MLP", steps.to_string().as_str()));
        assert!(run["difference"].starts_with("first run"), "{run:?}");
        page.wait_for_step(20, 60).await;
        pause(&page).await;
        let line = page.text("ghost-1").await;
        assert!(line.contains("MLP") && line.contains("since then seed 1 → "), "{line}");
        // It is drawn, and no more once it is put away by key.
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
        let with = page.picture("canvas[data-testid='curves']").await;
        page.find("ghost-1").await.send_keys(" ").await.unwrap();
        page.until("put away", 10, "return document.querySelector(\"[data-testid='ghost-1']\").getAttribute('aria-pressed') === 'false';")
            .await;
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
        assert_ne!(page.picture("canvas[data-testid='curves']").await, with);
        page.click("ghost-1").await;
        // The cursor reads every run that is shown; at the first step there is one of each.
        page.find("curves-picture").await.send_keys(&key(Key::Home)).await.unwrap();
        page.until("a reading", 10, "return document.querySelector(\"[data-testid='ghost-1']\").innerText.includes('loss ');").await;
        assert_eq!(page.step().await, page.hook("step").await.as_f64().unwrap() as u64);
    });
}

#[test]
fn a_branch_leaves_its_curve_behind() {
    drive(async |page| {
        page.open("net=n4&backend=cpu").await;
        page.wait_for_step(60, 60).await;
        pause(&page).await;
        let steps = page.step().await;
        page.until("moments", 10, "return document.querySelector(\"[data-testid='timeline']\").getAttribute('aria-disabled') === 'false';")
            .await;
        page.find("timeline").await.send_keys(&key(Key::Left).repeat(2)).await.unwrap();
        exists(&page, "branch").await;
        page.until("an earlier step", 10, &format!("return window.__kernelscope.step < {steps};")).await;
        let at = page.step().await;
        page.click("branch").await;
        exists(&page, "ghost-1").await;
        assert_eq!(told(&page, 0).await["steps"], steps.to_string());
        page.until("the branch", 10, &format!("return window.__kernelscope.step === {at} && window.__kernelscope.ready;")).await;
        page.click("tab-runs").await;
        page.until(
            "its line",
            10,
            &format!("return document.querySelector(\"[data-testid='run-now']\").innerText.includes('branched at step {at}');"),
        )
        .await;
    });
}

#[test]
fn changes_are_marks_that_say_what_they_are() {
    drive(async |page| {
        page.open("net=n4&backend=cpu").await;
        page.wait_for_step(20, 60).await;
        page.click("open-setup").await;
        page.click("tab-training").await;
        exists(&page, "optimizer-momentum").await;
        page.click("optimizer-momentum").await;
        page.until("taken up", 20, "return location.search.includes('opt=momentum');").await;
        page.client.find(Locator::Css("body")).await.unwrap().send_keys(&key(Key::Escape)).await.unwrap();
        let at = page.step().await;
        page.wait_for_step(at + 10, 60).await;
        pause(&page).await;
        let spot = "return [...document.querySelectorAll(\"[data-testid='curves-spot']\")].find((s) => s.title.includes('adam → momentum'))?.title ?? null;";
        let title = page.until("a mark", 20, spot).await;
        page.eval(
            "[...document.querySelectorAll(\"[data-testid='curves-spot']\")].find((s) => s.title.includes('adam → momentum')).focus();",
        )
        .await;
        let script = format!("return document.querySelector(\"[data-testid='curves-reading']\").innerText === {title};");
        page.until("its text on focus", 10, &script).await;
    });
}

#[test]
fn a_race_ends_in_a_table_with_the_same_numbers() {
    drive(async |page| {
        page.open("net=n4&backend=cpu&play=0").await;
        page.wait_until_ready().await;
        page.until("all digits", 60, "return document.querySelector(\"[data-testid='data']\")?.innerText.includes('all') ?? true;").await;
        page.click("tab-runs").await;
        page.click("runs-race-tab").await;
        page.click("race-rates").await;
        // Without the last of the three, by key.
        page.until("three", 10, "return document.querySelectorAll(\"[data-testid='race-entry']\").length === 3;").await;
        let last = page.client.find_all(Locator::Css("[data-testid='race-entry'] button")).await.unwrap().pop().unwrap();
        last.send_keys(&key(Key::Enter)).await.unwrap();
        page.until("two", 10, "return document.querySelectorAll(\"[data-testid='race-entry']\").length === 2;").await;
        page.click("race-steps-50").await;
        page.find("race-start").await.send_keys(&key(Key::Enter)).await.unwrap();
        page.until("a race", 20, "return window.__kernelscope.racing;").await;
        page.until(
            "its end",
            200,
            "return !window.__kernelscope.racing && document.querySelector(\"[data-testid='race-words']\").innerText.startsWith('Over');",
        )
        .await;
        assert_eq!(page.step().await, 0, "the run of the page has rested");
        let cells = "return [1, 2].map((i) => Object.fromEntries([...document.querySelectorAll(`[data-testid='racer-${i}'] td`)].map((c) => [c.dataset.column, c.innerText])));";
        let shown = page.eval(cells).await;
        for place in 0..2 {
            let run = told(&page, place).await;
            assert_eq!(run["steps"], "50");
            assert_eq!(shown[place]["steps"], "50");
            let percent = |name: &str| format!("{:.2}\u{202f}%", 100.0 * run[name].parse::<f64>().unwrap());
            assert_eq!(shown[place]["validation"], percent("validation_accuracy"));
            assert_eq!(shown[place]["test"], percent("test_accuracy"));
            report(&format!("{}: test {}, {} images/s", run["name"], percent("test_accuracy"), shown[place]["speed"]));
        }
        assert_eq!(told(&page, 1).await["difference"], "rate 0.0002 → 0.002");
        // The second is this run's own set-up: alone it comes to the same loss, to the last digit.
        let loss: f64 = told(&page, 1).await["train_loss"].parse().unwrap();
        page.click("play").await;
        page.wait_for_step(50, 60).await;
        pause(&page).await;
        assert!(loss > 0.0);
        page.eval(CATCH).await;
        page.click("runs-table-tab").await;
        let (_, raced) = file(&page, "runs-curves-csv").await;
        // Of the run alone every point: a record of it has 300 points, means where it has gone further.
        page.click("tab-curves").await;
        let (_, alone) = file(&page, "curves-csv").await;
        // Loss and accuracy, as exact as a record keeps them.
        let points = |csv: &str, from: usize, starts: &[&str]| -> Vec<[f32; 2]> {
            let rows = csv.lines().map(fields).filter(|f| f.iter().zip(starts).all(|(field, start)| field == start));
            rows.take(50).map(|f| [from, from + 1].map(|i| f[i].parse::<f64>().unwrap() as f32)).collect()
        };
        let raced = points(&raced, 4, &["Rate 0.002", "train"]);
        assert_eq!(raced.len(), 50);
        assert_eq!(raced, points(&alone, 3, &["train"]));
    });
}

#[test]
fn tables_and_pictures_come_out_as_files() {
    drive(async |page| {
        let steps = two_runs(&page).await;
        page.wait_for_step(30, 60).await;
        pause(&page).await;
        page.eval(CATCH).await;
        let (name, svg) = file(&page, "curves-svg").await;
        assert_eq!(name, "learning-curves.svg");
        let parse = "const d = new DOMParser().parseFromString(arguments[0], 'image/svg+xml');
            return d.querySelector('parsererror') ? null : [d.querySelector('title').textContent, d.querySelectorAll('polyline').length, d.documentElement.textContent, d.querySelector('rect').getAttribute('fill')];";
        let parsed = page.eval_with(parse, vec![svg.into()]).await;
        assert!(parsed[0].as_str().unwrap().starts_with("Learning curves of MLP: Adam, rate 0.002"), "{parsed}");
        for part in ["1 MLP: ", "step", "Loss", "Accuracy"] {
            assert!(parsed[2].as_str().unwrap().contains(part), "{part}");
        }
        assert!(parsed[1].as_u64().unwrap() > 10);
        assert_eq!(parsed[3].as_str().unwrap().to_lowercase(), "#fafaf8", "light, for print");

        page.click("tab-runs").await;
        let (name, table) = file(&page, "runs-csv").await;
        assert_eq!((name.as_str(), table.lines().count()), ("runs.csv", 3));
        assert_eq!(row(&table, 0)["name"], "MLP (now)");
        assert!(row(&table, 0)["difference"].starts_with("seed 1 → "), "{table}");
        assert_eq!(row(&table, 0)["steps"], page.step().await.to_string());
        assert_eq!(row(&table, 0)["train_loss"].parse::<f64>().unwrap(), page.hook("loss").await.as_f64().unwrap());
        assert_eq!(row(&table, 1)["steps"], steps.to_string());
        let (_, curves) = file(&page, "runs-curves-csv").await;
        // A record has 300 points at most: of a longer run each is the mean of a few steps.
        assert_eq!(curves.lines().filter(|l| l.starts_with("MLP,train,")).count() as u64, steps.div_ceil(steps.div_ceil(300)));
        let (name, picture) = file(&page, "runs-svg").await;
        assert_eq!(name, "runs.svg");
        // The earlier run is drawn and named, and is not where it is put away.
        let with = page.eval_with(parse, vec![picture.into()]).await;
        assert!(with[2].as_str().unwrap().contains("1 MLP"), "{with}");
        page.click("run-show-1").await;
        page.until(
            "put away",
            10,
            "return document.querySelector(\"[data-testid='run-show-1']\").getAttribute('aria-pressed') === 'false';",
        )
        .await;
        let (_, picture) = file(&page, "runs-svg").await;
        let without = page.eval_with(parse, vec![picture.into()]).await;
        assert!(!without[2].as_str().unwrap().contains("1 MLP"), "{without}");
        assert!(without[1].as_u64() < with[1].as_u64(), "{without} and {with}");
    });
}

#[test]
fn runs_are_sorted_renamed_repeated_and_kept_over_a_reload() {
    drive(async |page| {
        two_runs(&page).await;
        page.wait_for_step(20, 60).await;
        pause(&page).await;
        page.click("reset").await;
        page.until("two earlier runs", 20, "return window.__kernelscope.runs.trim().split('\\n').length === 3;").await;
        page.click("tab-runs").await;
        exists(&page, "run-2").await;
        let order = "return [...document.querySelectorAll(\"[data-testid='runs-table'] tbody tr\")].map((r) => r.dataset.testid).join();";
        assert_eq!(page.eval(order).await, "run-now,run-2,run-1");
        page.find("runs-sort-steps").await.send_keys(&key(Key::Enter)).await.unwrap();
        // Which of the two came further is the machine's affair.
        let csv = page.hook("runs").await;
        let steps: Vec<u64> =
            csv.as_str().unwrap().trim().lines().skip(1).map(|line| line.split(',').nth(3).unwrap().parse().unwrap()).collect();
        assert_eq!(steps.len(), 2, "{csv}");
        let want = if steps[0] >= steps[1] { "run-now,run-1,run-2" } else { "run-now,run-2,run-1" };
        page.until("the longest first", 10, &format!("return (() => {{ {order} }})() === '{want}';")).await;
        let field = page.find("run-name-1").await;
        field.click().await.unwrap();
        field
            .send_keys(&format!("{}a{}slow one{}", char::from(Key::Control), char::from(Key::Control), char::from(Key::Enter)))
            .await
            .unwrap();
        page.until("the name", 10, "return window.__kernelscope.runs.includes('slow one');").await;
        tokio::time::sleep(std::time::Duration::from_millis(900)).await;
        let before = page.hook("runs").await;
        let search = page.eval("return location.search.slice(1);").await.as_str().unwrap().to_owned();
        page.open(&format!("{search}&backend=cpu&play=0")).await;
        page.until("the runs of before", 20, "return (window.__kernelscope.runs ?? '').includes('slow one');").await;
        assert_eq!(page.hook("runs").await, before, "to the last digit");
        // The monitor that was open is open again.
        exists(&page, "runs-table").await;
        page.click("tab-curves").await;
        exists(&page, "ghost-1").await;
        // The first set-up becomes the current one again.
        page.click("tab-runs").await;
        page.click("run-repeat-1").await;
        page.until("its set-up", 20, "return !location.search.includes('seed=') && window.__kernelscope.ready;").await;
        page.click("run-remove-1").await;
        page.until("one less", 10, "return !window.__kernelscope.runs.includes('slow one');").await;
    });
}
