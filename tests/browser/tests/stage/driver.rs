//! ChromeDriver, started for one test, and the commands that go beyond WebDriver.

use std::process::Stdio;

use fantoccini::{Client, ClientBuilder, wd::WebDriverCompatibleCommand};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use url::{ParseError, Url};

use super::browser::Setting;

/// What the browser is started with: no network of its own, and nothing that slows a page that no
/// window shows.
const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-extensions",
    "--disable-features=OptimizationHints,MediaRouter,AutofillServerCommunication,Translate",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
];

/// A graphics card in software, the same on every machine: for correctness, never for speed.
const WITH_WEBGPU: &[&str] = &["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/// WebGPU without any adapter, also where the machine has a card.
const WITHOUT_WEBGPU: &[&str] = &["--disable-gpu"];

/// A ChromeDriver of one's own; it dies with this value.
#[derive(Debug)]
pub struct Driver {
    _process: Child,
    address: String,
}

impl Driver {
    pub async fn start() -> Self {
        let program = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        // Port 0: the system picks a free one, and ChromeDriver says which.
        let mut process =
            Command::new(&program).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap_or_else(
                |e| panic!("{program} does not start ({e}); Debian has it in chromium-driver, CHROMEDRIVER may name another"),
            );
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("{program} ended before it listened"));
            if let Some((_, rest)) = line.split_once("started successfully on port ") {
                break rest.trim_end_matches('.').parse::<u16>().unwrap_or_else(|e| panic!("{line}: {e}"));
            }
        };
        // Its pipe must not run full.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { _process: process, address: format!("http://127.0.0.1:{port}") }
    }

    /// A browser window as the setting says. What is meant for other hosts goes to `proxy`.
    pub async fn browser(&self, proxy: &str, setting: Setting) -> Client {
        let webgpu = if setting.webgpu { WITH_WEBGPU } else { WITHOUT_WEBGPU };
        let mut arguments: Vec<String> = ARGUMENTS.iter().chain(webgpu).map(|a| (*a).to_owned()).collect();
        arguments.push(format!("--window-size={},{}", setting.size.0, setting.size.1));
        arguments.push(format!("--proxy-server=http://{proxy}"));
        let mut chrome = json!({ "args": arguments });
        if let Ok(binary) = std::env::var("CHROMIUM") {
            chrome["binary"] = json!(binary);
        }
        let mut wanted = Map::new();
        wanted.insert("goog:chromeOptions".to_owned(), chrome);
        wanted.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&self.address).await.expect("a browser session")
    }
}

/// A POST that only ChromeDriver knows.
#[derive(Debug)]
pub struct Chrome {
    path: &'static str,
    body: Value,
}

impl Chrome {
    /// What the console has said since it was last asked.
    pub fn console() -> Self {
        Self { path: "se/log", body: json!({ "type": "browser" }) }
    }

    /// A command of the DevTools protocol.
    pub fn tool(name: &str, params: Value) -> Self {
        Self { path: "goog/cdp/execute", body: json!({ "cmd": name, "params": params }) }
    }
}

impl WebDriverCompatibleCommand for Chrome {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
