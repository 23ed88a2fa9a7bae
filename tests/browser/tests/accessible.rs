//! Every screen is looked at by axe-core: nothing serious may be in the way of anybody.
//!
//! `AXE_CORE` names its script; `cargo xtask test browser` fetches it.

use fantoccini::{Locator, key::Key};
use serde_json::{Value, json};

use crate::stage::{Browser, Setting, TEST_LIMIT, drive_with, report};

/// What is serious or worse, one line each.
const LOOK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations
        .filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .flatMap((v) => v.nodes.map((n) => `${v.impact} ${v.id}: ${n.target.join(' ')} ${n.html.slice(0, 160)} ${n.failureSummary}`))),
        (error) => done([`axe-core failed: ${error}`]));";

struct Look {
    page: Browser,
    found: Vec<String>,
    screens: usize,
}

impl Look {
    async fn at(&mut self, screen: &str) {
        // What has just come fades in.
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        let found = self.page.client.execute_async(LOOK, vec![]).await.unwrap();
        let lines: Vec<String> = serde_json::from_value(found).unwrap();
        self.found.extend(lines.into_iter().map(|line| format!("{screen}: {line}")));
        self.screens += 1;
    }

    async fn key(&self, key: &str) {
        self.page.client.find(Locator::Css("body")).await.unwrap().send_keys(key).await.unwrap();
    }

    async fn escape(&self) {
        self.key(&char::from(Key::Escape).to_string()).await;
    }

    /// Whatever can be scrolled to, by its `data-testid`.
    async fn press(&self, id: &str) {
        let script =
            "const e = document.querySelector(`[data-testid='${arguments[0]}']`); e.scrollIntoView({ block: 'center' }); e.click();";
        self.page.until(id, 10, &format!("return !!document.querySelector(\"[data-testid='{id}']\");")).await;
        self.page.eval_with(script, vec![json!(id)]).await;
    }

    async fn tabs(&mut self, list: &str) {
        let script = format!(
            "return [...document.querySelectorAll(\"[role=tablist][aria-label='{list}'] [role=tab]\")].map((t) => t.dataset.testid);"
        );
        let tabs: Vec<String> = serde_json::from_value(self.page.eval(&script).await).unwrap();
        assert!(tabs.len() > 2, "the tabs of {list}: {tabs:?}");
        for tab in tabs {
            self.press(&tab).await;
            self.at(&tab).await;
        }
    }

    async fn everywhere(&mut self) {
        self.at("front page").await;
        self.tabs("Monitors").await;
        self.press("tab-classes").await;
        self.press("classes-evaluate").await;
        self.page.until("an evaluation", 60, "return !!document.querySelector('[data-testid=classes] table');").await;
        self.at("confusion").await;
        self.press("monitors-all").await;
        self.at("all monitors").await;
        self.press("monitors-all").await;
        self.key("b").await;
        self.tabs("Workbench").await;
        self.press("tab-network").await;
        self.press("layer-0").await;
        self.at("a layer").await;
        self.press("side-code").await;
        self.at("code").await;
        self.escape().await;
        self.press("open-card").await;
        self.at("where it runs").await;
        self.escape().await;
        self.key("?").await;
        self.at("help").await;
        self.escape().await;
        self.key("l").await;
        self.press("tab-slow").await;
        self.at("slow step").await;
        self.escape().await;
        let stage = self.page.find("stage-scroll").await;
        stage.send_keys(&char::from(Key::Right).to_string().repeat(2)).await.unwrap();
        stage.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
        self.page.until("an open tile", 10, "return !!document.querySelector('[data-testid=opened]');").await;
        self.at("a tile").await;
        self.page.find("opened").await.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
        self.page.until("arithmetic", 10, "return !!document.querySelector('[data-testid=arithmetic-live]');").await;
        self.at("a cell").await;
    }
}

fn look(size: (u32, u32), theme: &str) {
    let Some(axe) = std::env::var_os("AXE_CORE") else {
        report("NOT LOOKED AT: AXE_CORE names no script of axe-core (`cargo xtask test browser` fetches it)");
        return;
    };
    let axe = std::fs::read_to_string(axe).unwrap();
    drive_with(Setting { size, limit: 2 * TEST_LIMIT, ..Setting::default() }, async |page| {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }, { "name": "prefers-reduced-motion", "value": "reduce" }] });
        page.tool("Emulation.setEmulatedMedia", media).await;
        page.open("").await;
        page.wait_for_step(30, 60).await;
        page.tool("Runtime.evaluate", json!({ "expression": axe })).await;
        assert_ne!(page.eval("return typeof axe;").await, Value::from("undefined"));
        let mut look = Look { page, found: Vec::new(), screens: 0 };
        look.everywhere().await;
        report(&format!("{} screens of {}×{} in {theme}", look.screens, size.0, size.1));
        assert!(look.found.is_empty(), "{:#?}", look.found);
    });
}

#[test]
fn nothing_serious_on_a_light_desk() {
    look((1280, 900), "light");
}

#[test]
fn nothing_serious_on_a_dark_desk() {
    look((1280, 900), "dark");
}

#[test]
fn nothing_serious_on_a_light_phone() {
    look((500, 840), "light");
}

#[test]
fn nothing_serious_on_a_dark_phone() {
    look((500, 840), "dark");
}
