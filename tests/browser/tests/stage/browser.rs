//! One test's browser with the page in it.

use std::{
    any::Any,
    fs::File,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fantoccini::{Client, Locator, elements::Element};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::{
    driver::{Chrome, Driver},
    report,
    site::Site,
};

/// No test takes longer, unless it says so.
pub const TEST_LIMIT: Duration = Duration::from_secs(240);

/// Hosts that Chromium asks for on its own account, whatever page it shows. No page loads anything
/// from them.
const BROWSERS_OWN: &[&str] = &[
    "accounts.google.com",
    "clients2.google.com",
    "content-autofill.googleapis.com",
    "edgedl.me.gvt1.com",
    "optimizationguide-pa.googleapis.com",
    "redirector.gvt1.com",
    "safebrowsing.googleapis.com",
    "update.googleapis.com",
];

/// How a test wants its browser.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Width and height of the window.
    pub size: (u32, u32),
    /// The test brings failures about: the console may complain, files may be missing.
    pub troubled: bool,
    /// WebGPU has an adapter, in software; else none.
    pub webgpu: bool,
    /// The test may take so long.
    pub limit: Duration,
}

impl Setting {
    /// A browser that finds a graphics card.
    pub fn with_webgpu() -> Self {
        Self { webgpu: true, ..Self::default() }
    }
}

impl Default for Setting {
    fn default() -> Self {
        Self { size: (1280, 900), troubled: false, webgpu: false, limit: TEST_LIMIT }
    }
}

/// A window and the host of the page.
#[derive(Clone, Debug)]
pub struct Browser {
    pub client: Client,
    pub site: Site,
}

/// Waits until what this selector names first has stood in one place for three frames, or for a second.
const REST: &str = "
    const css = arguments[0], done = arguments[arguments.length - 1];
    let before = '', still = 0, left = 60;
    const look = () => {
        const box = document.querySelector(css)?.getBoundingClientRect(), now = box ? [box.x, box.y, box.width, box.height].join() : '';
        still = now && now === before ? still + 1 : 0; before = now; left -= 1;
        if (still >= 3 || left <= 0) done(still >= 3); else requestAnimationFrame(look);
    };
    look();";

/// Runs `test` in a browser of its own.
pub fn drive<F: AsyncFnOnce(Browser)>(test: F) {
    drive_with(Setting::default(), test);
}

/// Runs `test` in a browser of its own, one test at a time on this machine. Afterwards the console must be clean, no file missing and
/// no other host asked for, whatever the test was about.
pub fn drive_with<F: AsyncFnOnce(Browser)>(setting: Setting, test: F) {
    let turn = File::create(std::env::temp_dir().join("kernelscope-browser-tests.lock")).unwrap();
    turn.lock().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let (site, driver) = (Site::open().await, Driver::start().await);
        let client = driver.browser(&site.proxy(), setting).await;
        let browser = Browser { client: client.clone(), site };
        let body = async {
            browser.count_complaints().await;
            test(browser.clone()).await;
            browser.check_manners(setting).await;
        };
        let limited = tokio::time::timeout(setting.limit, body);
        // The browser is closed in any case: ChromeDriver would leave it running.
        let outcome = std::panic::AssertUnwindSafe(limited).catch_unwind().await;
        let failure: Option<Box<dyn Any + Send>> = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(_)) => Some(Box::new(format!("the test took more than {} s", setting.limit.as_secs()))),
            Err(panic) => Some(panic),
        };
        if let Some(failure) = &failure {
            let why = failure.downcast_ref::<String>().map(String::as_str).or_else(|| failure.downcast_ref::<&str>().copied());
            report(&format!("failed: {}", why.unwrap_or("without a word")));
            browser.describe().await;
        }
        let _ = client.close().await;
        if let Some(failure) = failure {
            std::panic::resume_unwind(failure);
        }
    });
}

impl Browser {
    /// Goes to the page with this query (without `?`), and waits until it is alive.
    pub async fn open(&self, query: &str) {
        let address = self.address(query);
        self.client.goto(&address).await.unwrap();
        self.until("a page that is alive", 15, "return !!window.__kernelscope;").await;
    }

    pub fn address(&self, query: &str) -> String {
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{query}", self.site.address())
    }

    /// The value of a JavaScript function's body.
    pub async fn eval(&self, script: &str) -> Value {
        self.eval_with(script, vec![]).await
    }

    pub async fn eval_with(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// Asks again and again until `script` gives something true, and returns that.
    pub async fn until(&self, what: &str, seconds: u64, script: &str) -> Value {
        let start = Instant::now();
        loop {
            let value = self.eval(script).await;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            assert!(start.elapsed() < Duration::from_secs(seconds), "not within {seconds} s: {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The control with this `data-testid`.
    pub async fn find(&self, id: &str) -> Element {
        let css = format!("[data-testid='{id}']");
        self.client.find(Locator::Css(&css)).await.unwrap_or_else(|e| panic!("no {id} on the page: {e}"))
    }

    /// Whether there is such a control.
    pub async fn exists(&self, id: &str) -> bool {
        self.eval(&format!("return !!document.querySelector(\"[data-testid='{id}']\");")).await == true
    }

    /// Clicks the control once it rests: what still slides or is pushed about would be missed.
    pub async fn click(&self, id: &str) {
        let css = format!("[data-testid='{id}']");
        self.client.execute_async(REST, vec![json!(css)]).await.unwrap_or_else(|e| panic!("{id} does not rest: {e}"));
        self.find(id).await.click().await.unwrap_or_else(|e| panic!("{id} cannot be clicked: {e}"));
    }

    pub async fn text(&self, id: &str) -> String {
        self.find(id).await.text().await.unwrap()
    }

    /// What the canvas that `css` names first shows, as text that is equal only for equal pictures.
    pub async fn picture(&self, css: &str) -> String {
        let shown = self.eval_with("const c = document.querySelector(arguments[0]); return c && c.toDataURL();", vec![json!(css)]).await;
        shown.as_str().unwrap_or_else(|| panic!("no canvas at {css}")).to_owned()
    }

    /// Updates made so far.
    pub async fn step(&self) -> u64 {
        self.hook("step").await.as_f64().unwrap_or(0.0) as u64
    }

    /// Waits until training has made so many updates.
    pub async fn wait_for_step(&self, step: u64, seconds: u64) {
        self.until(&format!("step {step}"), seconds, &format!("return (window.__kernelscope?.step ?? 0) >= {step};")).await;
    }

    /// Waits until a run stands ready, whether it plays or not.
    pub async fn wait_until_ready(&self) {
        self.until("a run that stands ready", 20, "return window.__kernelscope?.ready === true;").await;
    }

    /// Makes one update after another by the button, and returns the loss after each, to the last bit.
    pub async fn losses(&self, steps: std::ops::RangeInclusive<u64>) -> Vec<u64> {
        let mut losses = Vec::new();
        for step in steps {
            self.click("step").await;
            let script = format!("const k = window.__kernelscope; return k.step === {step} && !k.running && k.loss;");
            losses.push(self.until(&format!("step {step}"), 20, &script).await.as_f64().unwrap().to_bits());
        }
        losses
    }

    /// Waits for a notice with all of `words`, and returns it.
    pub async fn notice(&self, words: &[&str], seconds: u64) -> String {
        let script = format!(
            "return [...document.querySelectorAll(\"[data-testid='notice'] p\")].map((p) => p.innerText).find((t) => {}.every((w) => t.includes(w))) ?? null;",
            json!(words)
        );
        self.until(&format!("a notice with {words:?}"), seconds, &script).await.as_str().unwrap().to_owned()
    }

    /// A command of the DevTools protocol.
    pub async fn tool(&self, name: &str, params: Value) -> Value {
        self.client.issue_cmd(Chrome::tool(name, params)).await.unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// What a field of `window.__kernelscope` says; it is called where it is a function.
    pub async fn hook(&self, name: &str) -> Value {
        let script = "const v = window.__kernelscope?.[arguments[0]]; return typeof v === 'function' ? v() : (v ?? null);";
        self.eval_with(script, vec![json!(name)]).await
    }

    /// Complaints that the console has had since the last call: errors and uncaught rejections.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Chrome::console()).await.unwrap();
        let severe = log.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        let mut said: Vec<String> = severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect();
        let rejected = self.eval("return window.__complaints ?? [];").await;
        said.extend(rejected.as_array().into_iter().flatten().map(ToString::to_string));
        said
    }

    /// Collects, from before the page's first line on, what no console entry is sure to show.
    async fn count_complaints(&self) {
        let source = "window.__complaints = [];
            addEventListener('error', (e) => window.__complaints.push(`error: ${e.message}`));
            addEventListener('unhandledrejection', (e) => window.__complaints.push(`rejection: ${e.reason}`));";
        self.before_load(source).await;
    }

    /// Runs `source` in every page opened from now on, before anything of the page itself.
    pub async fn before_load(&self, source: &str) {
        self.tool("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    /// What holds after every test.
    async fn check_manners(&self, setting: Setting) {
        let complaints = self.complaints().await;
        let hits = self.site.hits();
        let own =
            |what: &str| BROWSERS_OWN.iter().any(|host| what.contains(&format!("/{host}/")) || what.ends_with(&format!(" {host}:443")));
        let foreign: Vec<_> = hits.iter().filter(|h| h.foreign && !own(&h.what)).map(|h| &h.what).collect();
        assert!(foreign.is_empty(), "other hosts were asked: {foreign:?}");
        assert!(hits.iter().any(|h| h.status.is_success()), "the page was never opened");
        if !setting.troubled {
            let missing: Vec<_> =
                hits.iter().filter(|h| !h.foreign && !h.status.is_success()).map(|h| format!("{} {}", h.status, h.what)).collect();
            assert!(missing.is_empty(), "not there: {missing:?}");
            assert!(complaints.is_empty(), "the console says: {complaints:#?}");
        }
    }

    /// For the log of a test that has failed.
    async fn describe(&self) {
        println!("hits: {:#?}", self.site.hits().iter().map(|h| format!("{} {}", h.status, h.what)).collect::<Vec<_>>());
        println!("console: {:#?}", self.client.issue_cmd(Chrome::console()).await);
        println!("state: {:?}", self.client.execute("return JSON.stringify(window.__kernelscope ?? null)", vec![]).await);
        if let Ok(png) = self.client.screenshot().await {
            let test = std::thread::current().name().unwrap_or("test").replace("::", "-");
            println!("screen: {}", save(&format!("failed-{test}"), &png).display());
        }
    }

    /// Takes every notice away, so that the next one is a new one.
    pub async fn dismiss_notices(&self) {
        self.eval("document.querySelectorAll(\"[data-testid='dismiss']\").forEach((b) => b.click());").await;
        self.until("no notice", 5, "return !document.querySelector(\"[data-testid='notice']\");").await;
    }

    /// Shows the page at this size (a phone below 600 px) in this look, and says by how many pixels it is too wide. Counted
    /// from what was asked for: a phone's window grows with what runs over.
    pub async fn resize(&self, (width, height): (u32, u32), theme: &str, settle: Duration) -> f64 {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.tool("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.tool("Emulation.setEmulatedMedia", scheme).await;
        tokio::time::sleep(settle).await;
        self.eval("return document.documentElement.scrollWidth;").await.as_f64().unwrap() - f64::from(width)
    }

    /// Saves a picture of the window in `target/screenshots`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let png = self.client.screenshot().await.unwrap();
        save(name, &png)
    }
}

fn save(name: &str, png: &[u8]) -> PathBuf {
    // `target/tmp` is the folder that cargo gives to tests.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.png"));
    std::fs::write(&path, png).unwrap();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The architecture of the adapter that the page gets, or a worker of its own.
    const ADAPTER: &str = "const [work, done] = arguments;
        const source = `(async () => {
            const adapter = await navigator.gpu.requestAdapter();
            if (!adapter) return 'no adapter';
            await adapter.requestDevice();
            return adapter.info.architecture || 'another adapter';
        })().catch((e) => String(e))`;
        if (work === 'page') return eval(source).then(done);
        const blob = new Blob([`${source}.then(postMessage)`], { type: 'text/javascript' });
        new Worker(URL.createObjectURL(blob)).onmessage = (e) => done(e.data);";

    #[test]
    fn webgpu_is_there_where_it_is_asked_for() {
        for (setting, wanted) in [(Setting::default(), "no adapter"), (Setting::with_webgpu(), "swiftshader")] {
            drive_with(setting, async |browser| {
                browser.open("").await;
                for place in ["page", "worker"] {
                    let found = browser.client.execute_async(ADAPTER, vec![json!(place)]).await.unwrap();
                    assert_eq!(found, wanted, "{place}");
                }
            });
        }
    }
}
