//! What the page costs its main thread while the network of the benchmarks trains, what grows over time, and how soon a
//! lesson stands. Measured, not tested: `cargo test -p browser-tests -- --ignored --nocapture measure`, with
//! `KERNELSCOPE_DIST` as for the tests, `MEASURE_MINUTES` for how long memory is looked at (1 if not set), `MEASURE_QUERY`
//! for another set-up.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::stage::{Browser, Setting, drive_with, report};

/// Main-thread milliseconds and counts, as the DevTools protocol has them.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    task: f64,
    script: f64,
    layout: f64,
    style: f64,
    heap: f64,
    nodes: f64,
    listeners: f64,
}

impl Cost {
    async fn now(page: &Browser) -> Self {
        let told = page.tool("Performance.getMetrics", json!({})).await;
        let all = told["metrics"].as_array().unwrap().clone();
        let of = |name: &str| all.iter().find(|m| m["name"] == name).and_then(|m| m["value"].as_f64()).unwrap_or(0.0);
        Self {
            task: of("TaskDuration") * 1e3,
            script: of("ScriptDuration") * 1e3,
            layout: of("LayoutDuration") * 1e3,
            style: of("RecalcStyleDuration") * 1e3,
            heap: of("JSHeapUsedSize") / 1_048_576.0,
            nodes: of("Nodes"),
            listeners: of("JSEventListeners"),
        }
    }
}

/// Frames and long tasks of some seconds, and the cost of a frame.
const FRAMES: &str = "const [seconds, done] = arguments, times = [], long = [];
    const watch = new PerformanceObserver((list) => list.getEntries().forEach((e) => long.push(e.duration)));
    watch.observe({ type: 'longtask' });
    let last = performance.now(); const end = last + 1000 * seconds;
    const frame = (now) => { times.push(now - last); last = now; if (now < end) return requestAnimationFrame(frame);
        times.sort((a, b) => a - b); watch.disconnect(); const at = (share) => times[Math.floor((times.length - 1) * share)];
        done([times.length, at(0.5), at(0.95), at(1), long.length, Math.max(0, ...long)]); };
    requestAnimationFrame(frame);";

/// A line of what `seconds` cost; the main thread's milliseconds in a frame.
async fn measure(page: &Browser, what: &str, seconds: f64) -> f64 {
    let before = Cost::now(page).await;
    let told = page.client.execute_async(FRAMES, vec![json!(seconds)]).await.unwrap();
    let after = Cost::now(page).await;
    let [frames, p50, p95, most, long, longest]: [f64; 6] = serde_json::from_value(told).unwrap();
    let share = |of: fn(&Cost) -> f64| (of(&after) - of(&before)) / frames;
    let ips = page.hook("imagesPerSecond").await.as_f64().unwrap_or(0.0);
    report(&format!(
        "{what:<28} frame p50 {p50:5.1} p95 {p95:5.1} max {most:6.1} ms | {long:2} long tasks, longest {longest:4.0} ms | a frame: main thread {:5.2} ms (script {:5.2}, layout {:.2}, style {:.2}) | {ips:6.0} img/s",
        share(|c| c.task),
        share(|c| c.script),
        share(|c| c.layout),
        share(|c| c.style),
    ));
    share(|c| c.task)
}

/// MiB of the largest renderer among the processes that this one has started: page and worker together. Linux only.
fn renderer_mib() -> Option<f64> {
    let stat = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok();
    let parent = |pid: u32| stat(pid)?.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok();
    let ours = |mut pid: u32| {
        while pid > 1 {
            if pid == std::process::id() {
                return true;
            }
            let Some(before) = parent(pid) else { return false };
            pid = before;
        }
        false
    };
    let pids = std::fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let renderers = pids.filter(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|c| c.contains("--type=renderer")));
    let rss = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find(|l| l.starts_with("VmRSS"))?.split_whitespace().nth(1)?.parse::<f64>().ok()
    };
    renderers.filter(|pid| ours(*pid)).filter_map(rss).max_by(f64::total_cmp).map(|kib| kib / 1024.0)
}

async fn key(page: &Browser, key: &str) {
    page.client.find(Locator::Css("body")).await.unwrap().send_keys(key).await.unwrap();
}

/// All monitors one by one, then side by side, then minutes of it.
#[test]
#[ignore = "measures, for people to read"]
fn measure_the_page() {
    let set = |name: &str| std::env::var(name).ok();
    let minutes: f64 = set("MEASURE_MINUTES").and_then(|m| m.parse().ok()).unwrap_or(1.0);
    let query = set("MEASURE_QUERY").unwrap_or_else(|| "net=n1&epochs=1000".to_owned());
    let limit = Duration::from_secs_f64(600.0 + 60.0 * minutes);
    drive_with(Setting { size: (1920, 1200), limit, ..Setting::default() }, async |page| {
        page.tool("Performance.enable", json!({})).await;
        page.client.update_timeouts(fantoccini::wd::TimeoutConfiguration::new(Some(Duration::from_secs(120)), None, None)).await.unwrap();
        page.open(&query).await;
        page.wait_for_step(60, 120).await;
        page.click("tab-adviser").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut rest = measure(&page, "adviser (all others hidden)", 6.0).await;
        let tabs = "return [...document.querySelectorAll('[role=tablist][aria-label=Monitors] [role=tab]')].map((t) => t.dataset.testid.slice(4));";
        let tabs: Vec<String> = serde_json::from_value(page.eval(tabs).await).unwrap();
        for tab in tabs.iter().filter(|t| *t != "adviser") {
            page.click(&format!("tab-{tab}")).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            measure(&page, tab, 5.0).await;
            page.click("tab-adviser").await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            let hidden = measure(&page, &format!("  {tab} hidden again"), 4.0).await;
            report(&format!("  {tab} hidden: {:+.2} ms a frame against before", hidden - rest));
            // The machine's other affairs drift: each is held against what was just before it.
            rest = hidden;
        }
        key(&page, "a").await;
        page.until("all monitors", 10, "return !!document.querySelector('.monitors-wall');").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        measure(&page, "all monitors", 20.0).await;
        let (start, mut first) = (Instant::now(), None);
        while start.elapsed().as_secs_f64() < 60.0 * minutes {
            tokio::time::sleep(Duration::from_secs_f64((10.0 * minutes).clamp(5.0, 30.0))).await;
            page.tool("HeapProfiler.collectGarbage", json!({})).await;
            let cost = Cost::now(&page).await;
            let wasm = page.hook("wasmBytes").await.as_f64().unwrap_or(0.0) / 1_048_576.0;
            let whole = renderer_mib().unwrap_or(0.0);
            let first = *first.get_or_insert((cost.heap, wasm, whole));
            report(&format!(
                "{:5.1} min, step {:>6}: heap {:6.2} MiB ({:+.2}), wasm of the page {wasm:5.1} MiB ({:+.1}), page and worker {whole:4.0} MiB ({:+.0}), {} nodes, {} listeners, frame p95 {:.1} ms, {} long tasks",
                start.elapsed().as_secs_f64() / 60.0,
                page.step().await,
                cost.heap,
                cost.heap - first.0,
                wasm - first.1,
                whole - first.2,
                cost.nodes,
                cost.listeners,
                page.hook("frameP95").await.as_f64().unwrap_or(0.0),
                page.hook("longTasks").await.as_f64().unwrap_or(0.0),
            ));
        }
        measure(&page, "all monitors, at the end", 20.0).await;
        assert_ne!(page.hook("step").await, Value::Null);
    });
}

/// Notes when the figure's first picture has been painted: from then on it can be dragged and its controls pressed.
const FIRST_PICTURE: &str = "(() => { const look = () => {
    const painted = [...document.querySelectorAll(\"[data-testid='figure'] .grid-base\")].some((c) => c.width > 1)
        || !!document.querySelector(\"[data-testid='figure'] svg polyline\");
    if (painted) window.__first = performance.now(); else requestAnimationFrame(look); };
    requestAnimationFrame(look); })();";

/// How long a lesson takes from opening its link until its figure stands, with what is loaded kept and without.
#[test]
#[ignore = "measures, for people to read"]
fn measure_the_lessons() {
    drive_with(Setting { limit: Duration::from_secs(300), ..Setting::default() }, async |page| {
        let lessons = crate::learn::lessons(&page).await;
        page.before_load(FIRST_PICTURE).await;
        for (slug, _) in lessons {
            let mut times = Vec::new();
            for cold in [true, false] {
                page.tool("Network.setCacheDisabled", json!({ "cacheDisabled": cold })).await;
                page.open(&format!("learn={slug}")).await;
                times.push(
                    page.until("the first picture", 30, "return window.__first ? [window.__first] : null;").await[0].as_f64().unwrap(),
                );
            }
            report(&format!("{slug:<14} first picture after {:4.0} ms, {:4.0} ms from the browser's store", times[0], times[1]));
        }
    });
}
