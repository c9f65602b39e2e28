//! `dripline demo`, as a program: the story on its page, told by a browser at two widths; the story that it plays by itself;
//! and what it does when something is in its way.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use fantoccini::Locator;
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HOST};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::browser::Browser;
use crate::support::pace;
use crate::support::post::BROWSER;
use crate::support::program::signal;

const EVA: &str = "eva.mueller@mueller-praezision.example";
const KIM: &str = "kim.kowalski@stahlbau-kowalski.example";

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A demo that runs.
struct Demo {
    child: Child,
    url: String,
    /// Where it makes its folder.
    temp: TempDir,
}

fn command(temp: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dripline"));
    command
        .arg("demo")
        .args(args)
        .env("TMPDIR", temp)
        .env_remove("DRIPLINE_LOG")
        .env_remove("DRIPLINE_TEST_POSTGRES")
        .env_remove("RUST_LOG");
    command.current_dir(temp).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn output(temp: &Path, args: &[&str]) -> Output {
    command(temp, args).output().await.expect("the program runs")
}

impl Demo {
    async fn start() -> Demo {
        let temp = TempDir::new().expect("a folder");
        let mut child = command(temp.path(), &[]).stdout(Stdio::piped()).spawn().expect("the program runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let url = loop {
            let line = lines.next_line().await.expect("readable").expect("it says where its page is");
            if let Some(url) = line.trim().strip_prefix("http://") {
                break format!("http://{url}");
            }
        };
        Demo { child, url, temp }
    }

    /// Ends it by Ctrl-C; nothing is left of it.
    async fn end(mut self) {
        assert_eq!(folders(self.temp.path()), 1);
        signal(&self.child, "-INT").await;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends");
        assert!(ended.expect("waited for").success());
        assert_eq!(folders(self.temp.path()), 0, "nothing is left");
    }

    /// Does something through the API of the page: the status and the answer.
    async fn act(&self, act: Value) -> (u16, Value) {
        let response = Client::new().post(format!("{}/demo/api/act", self.url)).json(&act).send().await;
        let response = response.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    async fn state(&self) -> Value {
        let response = reqwest::get(format!("{}/demo/api/state", self.url)).await.expect("an answer");
        response.json().await.expect("JSON")
    }

    /// The state, once the first mails have come.
    async fn begun(&self) -> Value {
        pace::until(PATIENCE, async || {
            let state = self.state().await;
            let has_mail =
                |at: usize| state["leads"][at]["mails"].as_array().is_some_and(|mails| !mails.is_empty());
            (has_mail(0) && has_mail(1)).then_some(state)
        })
        .await
    }
}

fn folders(temp: &Path) -> usize {
    std::fs::read_dir(temp).expect("readable").count()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn it_plays_the_story_and_every_line_is_true() {
    let temp = TempDir::new().expect("a folder");
    let played = output(temp.path(), &["--play"]).await;
    let story = text(&played.stdout);
    assert!(played.status.success(), "{story}{}", text(&played.stderr));
    for part in [
        "ToFu → MoFu, because score",
        "judged to be a person's click, +20",
        "cancelled: 1",
        "Eva is a prospect",
        "Reply-To is eva.mueller@mueller-praezision.example",
        "Not sent because the lead is with sales",
        "the after-sale mail comes",
        "Kim stays stopped, because the person unsubscribed",
    ] {
        assert!(story.contains(part), "{part}: {story}");
    }
    assert!(!story.contains('✗') && story.matches('✓').count() >= 15, "{story}");
    assert_eq!(text(&played.stderr), "", "and nothing to warn of");
    assert_eq!(folders(temp.path()), 0, "nothing is left");
}

#[tokio::test]
async fn what_is_in_its_way_is_named() {
    let temp = TempDir::new().expect("a folder");
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let refused = output(temp.path(), &["--port", &port]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains(&format!("port {port} of this machine cannot be used; --port")),
        "{refused:?}"
    );
    let nowhere = temp.path().join("nowhere");
    let refused = command(temp.path(), &["--play"]).env("TMPDIR", &nowhere).output().await.expect("it runs");
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    assert!(
        said.contains("needs a temporary folder") && said.contains("TMPDIR names another place"),
        "{said}"
    );
}

#[tokio::test]
async fn two_demos_know_nothing_of_each_other() {
    let (one, other) = (Demo::start().await, Demo::start().await);
    one.begun().await;
    other.begun().await;
    assert_eq!(one.act(json!({ "act": "pass", "days": 30 })).await.0, 200);
    let (one_state, other_state) = (one.state().await, other.state().await);
    assert_ne!(one_state["now"], other_state["now"]);
    let mails = |state: &Value| state["leads"][0]["mails"].as_array().map(Vec::len);
    assert_eq!(mails(&other_state), Some(1));
    assert!(mails(&one_state) > Some(1), "who does nothing goes through the first sequence: {one_state}");
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn whoever_strays_from_the_story_is_served() {
    let demo = Demo::start().await;
    let state = demo.begun().await;
    let first = state["leads"][0]["mails"][0]["id"].clone();
    for (act, why) in [
        (json!({ "act": "decide", "lead": EVA, "verdict": "won" }), "the lead is not with sales"),
        (json!({ "act": "read", "mail": 99 }), "there is no mail 99"),
        (json!({ "act": "reply", "mail": first, "text": " " }), "an answer has at least one word"),
        (json!({ "act": "pass", "days": 200 }), "60 days at once are the most"),
        (json!({ "act": "import", "lead": "nobody@x.example" }), ""),
    ] {
        let (status, answer) = demo.act(act.clone()).await;
        match why {
            "" => assert_eq!((status, &answer["import"]["rows"]), (200, &json!(0)), "{answer}"),
            why => assert_eq!((status, &answer["error"]), (409, &json!(why)), "{act}"),
        }
    }
    // She answers the first mail at once, is returned, and leaves.
    let (_, happened) =
        demo.act(json!({ "act": "reply", "mail": first, "text": "Bitte rufen Sie mich an." })).await;
    assert_eq!(happened["called_off"]["count"], 1, "{happened}");
    assert_eq!(demo.state().await["step"], "silence");
    assert_eq!(demo.act(json!({ "act": "decide", "lead": EVA, "verdict": "return" })).await.0, 200);
    let (_, happened) = demo.act(json!({ "act": "pass", "days": 3 })).await;
    let to_eva = |happened: &Value| {
        let mails = happened["mails"].as_array().expect("a list").iter();
        mails.filter(|mail| mail["to"] == EVA).count()
    };
    assert_eq!(to_eva(&happened), 1, "marketing goes on: {happened}");
    let last = demo.state().await["leads"][0]["mails"][1]["id"].clone();
    let (_, happened) = demo.act(json!({ "act": "reply", "mail": last, "text": "Bitte abmelden" })).await;
    assert!(happened["lines"].to_string().contains("unsubscribed"), "{happened}");
    let state = demo.state().await;
    assert_eq!((&state["leads"][0]["stopped_by"], &state["step"]), (&json!("unsubscribe"), &json!("leave")));
    demo.end().await;
}

#[tokio::test]
async fn other_pages_and_names_get_nothing() {
    let demo = Demo::start().await;
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let act = format!("{}/demo/api/act", demo.url);
    // What a form of another page could send.
    let form = client.post(&act).header(CONTENT_TYPE, "text/plain").body(r#"{"act":"judge"}"#).send().await;
    assert_eq!(form.expect("an answer").status(), 415);
    let named = client.get(&demo.url).header(HOST, "evil.example").send().await.expect("an answer");
    assert_eq!(named.status(), 421);
    let port = demo.url.rsplit(':').next().expect("a port").to_owned();
    let local =
        client.get(&demo.url).header(HOST, format!("localhost:{port}")).send().await.expect("an answer");
    assert_eq!(
        (local.status().as_u16(), local.headers()["location"].to_str().unwrap()),
        (307, &*format!("{}/", demo.url))
    );
    let page = client.get(&demo.url).send().await.expect("an answer");
    let policy = page.headers()["content-security-policy"].to_str().expect("ASCII").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    demo.end().await;
}

#[tokio::test]
async fn a_browser_tells_the_story_on_a_desktop() {
    Teller::begin(1280, 800).await.tell().await;
}

#[tokio::test]
async fn a_browser_tells_the_story_on_a_phone() {
    Teller::begin(390, 844).await.tell().await;
}

#[tokio::test]
async fn the_page_speaks_both_languages() {
    let teller = Teller::begin(1280, 800).await;
    let missing = "return [...document.querySelectorAll('[data-words]')].filter((node) => !node.textContent || \
        node.textContent === node.dataset.words).map((node) => node.dataset.words)";
    for (language, words) in [("de", "Schritt 1 von 8"), ("en", "Step 1 of 8")] {
        teller.browser.click(&format!("[data-language={language}]")).await;
        teller.browser.wait_for("#coach-title", words).await;
        assert_eq!(teller.browser.script(missing).await, json!([]), "{language}");
        assert_eq!(teller.browser.script("return document.documentElement.lang").await, language);
    }
    teller.browser.click("[data-language=de]").await;
    teller.read_first_mail().await;
    teller.browser.wait_for("#news", "Das war ein Mensch").await;
    teller.shot("9-german").await;
    teller.browser.prefer_dark(true).await;
    teller.shot("9-german-dark").await;
    teller.end().await;
}

/// Somebody with a browser before the page.
struct Teller {
    demo: Demo,
    browser: Browser,
    width: u32,
}

impl Teller {
    async fn begin(width: u32, height: u32) -> Teller {
        let demo = Demo::start().await;
        let browser = Browser::start().await;
        browser.resize(width, height).await;
        browser.pretend(BROWSER).await;
        browser.open(&demo.url).await;
        let listen = "window.broken = []; \
            addEventListener('securitypolicyviolation', (event) => broken.push(event.violatedDirective + ' ' + event.blockedURI)); \
            addEventListener('error', (event) => broken.push(event.message)); \
            addEventListener('unhandledrejection', (event) => broken.push(String(event.reason)));";
        browser.script(listen).await;
        Teller { demo, browser, width }
    }

    async fn tell(self) {
        self.first_mail().await;
        self.second_mail().await;
        self.answer().await;
        self.silence().await;
        self.won().await;
        self.leave().await;
        self.import().await;
        self.end_card().await;
        self.end().await;
    }

    async fn first_mail(&self) {
        self.step("Step 1 of 8").await;
        self.shot("1-first-mail").await;
        self.read_first_mail().await;
        self.browser.wait_for("#news", "judged to be a person’s").await;
        self.shot("1-first-mail-open").await;
        self.click_price().await;
        self.browser.wait_for("#news", "clicked “pricing”").await;
        let news = self.browser.text("#news").await;
        for part in ["+20", "ToFu → MoFu, because score", "https://www.nordwerk.example/preise"] {
            assert!(news.contains(part), "{part}: {news}");
        }
        self.tab("core").await;
        self.browser.wait_for("#track .now", "MoFu").await;
        assert!(self.browser.text("#sentence").await.contains("with marketing"));
        assert!(self.browser.text(".reasons").await.contains("+20"));
        self.step("Step 2 of 8").await;
        self.shot("2-clicked").await;
    }

    async fn second_mail(&self) {
        self.browser.click("[data-pass='3']").await;
        self.browser.wait_for("#news", "3 days have passed").await;
        self.step("Step 3 of 8").await;
        self.mails_of_lead(2).await;
        assert!(self.browser.text("#clock-day").await.starts_with("Thu 12 Nov"));
        self.tab("core").await;
        assert!(!self.browser.text("#plan .planned").await.is_empty(), "the next mail is planned");
        self.shot("3-second-mail").await;
    }

    async fn answer(&self) {
        self.tab("lead").await;
        self.browser.click("#lead-mails .mail:first-child .mail-row").await;
        self.browser.wait_for("#news", "judged to be a person’s").await;
        self.browser.click("#lead-mails .mail.open:first-child .actions button").await;
        self.shot("4-answer").await;
        let prefilled = self.browser.script("return document.querySelector('textarea').value").await;
        assert!(prefilled.as_str().is_some_and(|text| text.contains("am Dienstag")), "{prefilled}");
        self.browser.click("#lead-mails .mail:first-child [type=submit]").await;
        self.browser.wait_for("#news", "cancelled: 1").await;
        self.step("Step 4 of 8").await;
        self.tab("core").await;
        self.browser.wait_for("#plan .called-off", "cancelled: 1").await;
        assert!(!self.browser.text("#plan .struck").await.is_empty(), "it is struck out");
        assert!(self.browser.text("#plan").await.contains("Not sent because the lead is with sales"));
        assert!(self.browser.text("#facts").await.contains("Prospect (answered), since"));
        self.shot("5-struck-out").await;
        self.tab("rep").await;
        self.browser.click("#rep-mails .mail:first-child .mail-row").await;
        assert!(self.browser.text(".part-rep .mail-text").await.contains("> Das klingt gut."));
        let head = self.browser.text(".part-rep .mail-head").await;
        assert!(head.contains("Reply-To") && head.contains(EVA), "{head}");
        self.shot("5-words-for-sales").await;
    }

    async fn silence(&self) {
        self.browser.click("[data-pass='30']").await;
        self.browser.wait_for("#news", "30 days have passed").await;
        self.step("Step 5 of 8").await;
        self.mails_of_lead(2).await;
        self.tab("core").await;
        self.browser.click("#ask-why").await;
        self.browser.wait_for("#why", "Not sent because the lead is with sales").await;
        self.shot("6-why").await;
        self.browser.click("#why form button").await;
    }

    async fn won(&self) {
        self.step("Step 6 of 8").await;
        self.tab("rep").await;
        self.browser.click(".part-rep .actions .primary").await;
        self.browser.wait_for("#news", "sales won the lead").await;
        self.mails_of_lead(3).await;
        self.tab("core").await;
        self.browser.wait_for("#track .now", "Customer").await;
        self.step("Step 7 of 8").await;
        self.shot("7-won").await;
    }

    async fn leave(&self) {
        self.tab("lead").await;
        self.browser.click(&format!("[data-lead='{KIM}']")).await;
        self.browser.wait_for("#lead-address", "did not agree to tracking").await;
        self.browser.click("#lead-mails .mail:first-child .mail-row").await;
        self.browser.wait_for("#news", "nothing is seen of this").await;
        let before = self.shown_mails().await;
        self.browser.click("#lead-mails .mail.open .actions button:nth-child(2)").await;
        self.browser.wait_for("#news", "unsubscribed").await;
        self.tab("core").await;
        self.browser.wait_for("#facts .bad", "the person unsubscribed").await;
        self.step("Step 8 of 8").await;
        self.shot("8-left").await;
        assert_eq!(self.shown_mails().await, before);
    }

    async fn import(&self) {
        self.browser.click("#import-again").await;
        self.browser
            .wait_for("#import-report", "stopped on 12 Dec 2026 because the person unsubscribed")
            .await;
        assert!(self.browser.text("#import-report").await.contains("1 row: 0 new"));
        self.shot("8-refused").await;
    }

    async fn end_card(&self) {
        self.step("The end").await;
        self.browser.click("#coach-show").await;
        for command in [
            "dripline new workspace",
            "open sequences/",
            "dripline check",
            "dripline preview",
            "dripline serve",
        ] {
            self.browser.wait_for("#end-body", command).await;
        }
        self.shot("9-your-turn").await;
    }

    async fn end(self) {
        assert_eq!(self.browser.script("return window.broken").await, json!([]), "the page broke no rule");
        self.demo.end().await;
    }

    async fn read_first_mail(&self) {
        self.browser.click("#lead-mails .mail-row").await;
    }

    /// Clicks the price link inside the mail, as a reader does.
    async fn click_price(&self) {
        let client = &self.browser.client;
        let scroll = "[...document.querySelector('#lead-mails iframe').contentDocument.querySelectorAll('a')] \
            .find((link) => link.style.outline).scrollIntoView({ block: 'center' })";
        self.browser.script(scroll).await;
        let frame = client.find(Locator::Css("#lead-mails iframe")).await.expect("the mail is open");
        frame.enter_frame().await.expect("entered");
        // The one that the page marks.
        let link = client.find(Locator::Css("a[style*=outline]")).await.expect("the price link");
        link.click().await.expect("clicked");
        client.clone().enter_parent_frame().await.expect("back");
    }

    async fn step(&self, words: &str) {
        self.browser.wait_for("#coach-title", words).await;
    }

    /// On a phone one part is seen at a time.
    async fn tab(&self, name: &str) {
        if self.width < 600 {
            self.browser.click(&format!("#tab-{name}")).await;
        }
    }

    async fn mails_of_lead(&self, count: u64) {
        pace::until(PATIENCE, async || (self.shown_mails().await == count).then_some(())).await;
    }

    async fn shown_mails(&self) -> u64 {
        let count = "return document.querySelectorAll('#lead-mails .mail').length";
        self.browser.script(count).await.as_u64().unwrap_or_default()
    }

    /// A picture of the act, if `DRIPLINE_SCREENSHOTS` names a folder; and nothing is wider than the window.
    async fn shot(&self, act: &str) {
        let wide = self.browser.script("return document.documentElement.scrollWidth").await;
        assert!(wide.as_u64() <= Some(u64::from(self.width)), "{act}: {wide} pixels wide");
        if let Some(folder) = std::env::var_os("DRIPLINE_SCREENSHOTS") {
            // Motions come to their end.
            tokio::time::sleep(Duration::from_millis(900)).await;
            let file = PathBuf::from(folder).join(format!("demo-{}-{act}.png", self.width));
            std::fs::write(&file, self.browser.screenshot().await).expect("written");
        }
    }
}
