//! [`Browser`]: a headless Chromium, driven through chromedriver as WebDriver (W3C) says.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::error::ErrorStatus;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::pace;

/// No test waits longer for a page.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window and an empty profile. It ends with the test.
pub struct Browser {
    /// For all that has no word here.
    pub client: Client,
    /// The browser itself, which chromedriver leaves behind when it is killed.
    process: u64,
    _driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser that shows nothing yet.
    pub async fn start() -> Browser {
        let port = free_port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts: tests/run installs it");
        let profile = tempfile::tempdir().expect("a temporary folder");
        let options = options(profile.path());
        let client = pace::until(PATIENCE, async || {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(options.clone());
            builder.connect(&format!("http://127.0.0.1:{port}")).await.ok()
        })
        .await;
        let process = client.capabilities().and_then(|given| given.get("goog:processID")?.as_u64());
        let process = process.expect("chromedriver says which process the browser is");
        Browser { client, process, _driver: driver, _profile: profile }
    }

    /// Sets the size of what is visible, in CSS pixels, as a desktop or a phone would have it.
    pub async fn resize(&self, width: u32, height: u32) {
        let phone = width < 600;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Prefers dark colours, or light ones.
    pub async fn prefer_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Says from now on that it is another program. Headless ones say what they are, and are taken for machines.
    pub async fn pretend(&self, agent: &str) {
        self.devtools("Emulation.setUserAgentOverride", json!({"userAgent": agent})).await;
    }

    /// Goes to a page and waits until it is loaded.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Waits until there is such an element and it can be seen; its text.
    pub async fn text(&self, css: &str) -> String {
        let read = async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            if !element.is_displayed().await.ok()? {
                return None;
            }
            element.text().await.ok()
        };
        pace::until(PATIENCE, read).await
    }

    /// Waits until an element's text holds these words.
    pub async fn wait_for(&self, css: &str, words: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let mut seen = String::new();
        while tokio::time::Instant::now() < deadline {
            if let Ok(element) = self.client.find(Locator::Css(css)).await {
                seen = element.text().await.unwrap_or_default();
                if seen.contains(words) {
                    return;
                }
            }
            tokio::time::sleep(pace::LOOK).await;
        }
        panic!("{css} never said {words:?}; last: {seen:?}");
    }

    /// Waits until an element can be clicked, and clicks it.
    pub async fn click(&self, css: &str) {
        let click = async || match self.client.find(Locator::Css(css)).await {
            Ok(element) => match element.click().await {
                Ok(()) => Some(()),
                Err(error) => {
                    let again = later(css, &error);
                    // A bar may lie over it: whoever reads scrolls on.
                    let middle =
                        format!("document.querySelector({css:?})?.scrollIntoView({{ block: 'center' }})");
                    self.script(&middle).await;
                    again
                }
            },
            Err(error) => later(css, &error),
        };
        pace::until(PATIENCE, click).await;
    }

    /// Runs script in the page; what it returns.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// A picture of what is visible, as PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, method: &'static str, params: Value) -> Value {
        let command = DevTools(json!({"cmd": method, "params": params}).to_string());
        self.client.issue_cmd(command).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

impl Drop for Browser {
    /// Also when the test fails: a browser left behind costs those after it their time.
    fn drop(&mut self) {
        let killed = std::process::Command::new("kill").args(["-9", &self.process.to_string()]).status();
        drop(killed);
    }
}

/// Whether to try again: the page may be on its way. Anything else is a mistake of the test.
fn later(css: &str, error: &fantoccini::error::CmdError) -> Option<()> {
    let known = match error {
        fantoccini::error::CmdError::Standard(error) => matches!(
            error.error,
            ErrorStatus::NoSuchElement
                | ErrorStatus::StaleElementReference
                | ErrorStatus::ElementNotInteractable
                | ErrorStatus::ElementClickIntercepted
        ),
        _ => false,
    };
    assert!(known, "{css}: {error}");
    None
}

/// A port that was free just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn options(profile: &Path) -> serde_json::Map<String, Value> {
    let args = [
        "--headless=new".to_owned(),
        // Root may not use the sandbox, and what is opened here is our own.
        "--no-sandbox".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-gpu".to_owned(),
        "--hide-scrollbars".to_owned(),
        "--force-color-profile=srgb".to_owned(),
        "--lang=en-GB".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    let options = json!({"goog:chromeOptions": {"args": args}});
    options.as_object().expect("an object").clone()
}

/// Chromium's own addition to WebDriver.
#[derive(Debug)]
struct DevTools(String);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.0.clone()))
    }
}
