//! The gallery in a browser: what it shows, and how it follows edits.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use dripline::preview::{Edition, copy};
use dripline::workspace::{Files, Workspace};
use serde_json::{Value, json};

use super::{Served, copy_of_sample, keep_picture, sample};
use crate::support::browser::Browser;
use crate::support::pace;

const CARDS: &str = "return [...document.querySelectorAll('.card.mail')].map(card => card.dataset.mail)";
const FITS: &str = "return document.documentElement.scrollWidth <= innerWidth";

/// No test waits longer for something to show.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a script says yes.
async fn until(browser: &Browser, script: &str) {
    pace::until(PATIENCE, async || (browser.script(script).await == true).then_some(())).await;
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn mails() -> BTreeSet<String> {
    let workspace = Workspace::compile(&Files::read(sample()).unwrap()).workspace.unwrap();
    workspace.templates.names().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_mail_is_there_in_every_language() {
    let served = Served::start(sample()).await;
    let browser = Browser::start().await;
    browser.resize(1280, 900).await;
    browser.open(&served.page("#/?lang=all")).await;
    browser.text(".card.mail").await;
    assert_eq!(names(&browser.script(CARDS).await), mails());
    let captions = "return [...document.querySelectorAll('.card.mail')].every(card => card.querySelectorAll('.caption[lang=de] .subject').length === 1 && card.querySelectorAll('.caption[lang=en] .subject').length === 1)";
    assert_eq!(browser.script(captions).await, true);
    let order = "return [...document.querySelectorAll('.stage')].map(stage => stage.id)";
    assert_eq!(browser.script(order).await, json!(["tofu", "mofu", "bofu", "customer"]));
    browser.wait_for("#sequence-mofu-evaluation", "3 days").await;
    browser.wait_for("#sequence-mofu-evaluation", "only if clicked guide").await;
    let policy = reqwest::get(served.page("")).await.unwrap().headers()["content-security-policy"].clone();
    assert!(policy.to_str().unwrap().starts_with("default-src 'none'; script-src 'self'; style-src 'self'"));
    let elsewhere = reqwest::Client::new().get(served.page("gallery.json")).header("Host", "evil.example");
    assert_eq!(elsewhere.send().await.unwrap().status(), 403, "others must not read it by a name of theirs");
}

#[tokio::test]
async fn it_fits_on_a_phone_and_is_used_by_keyboard() {
    let served = Served::start(sample()).await;
    let browser = Browser::start().await;
    for (width, dark, kind) in
        [(1280, false, "light"), (390, false, "light"), (1280, true, "dark"), (390, true, "dark")]
    {
        browser.prefer_dark(dark).await;
        for (page, name) in [
            ("", "gallery"),
            ("#/?width=both&colours=dark&lang=all", "gallery-all"),
            ("#/mofu/guide?colours=both", "mail"),
            ("#/mofu/case-study?lang=all&width=phone", "mail-languages"),
        ] {
            browser.resize(width, 900).await;
            browser.open("about:blank").await;
            browser.open(&served.page(page)).await;
            browser.text("main").await;
            assert_eq!(browser.script(FITS).await, true, "{page} at {width}");
            keep_picture(&browser, &format!("{name}-{width}-{kind}"), width, 4000).await;
        }
    }
    browser.resize(1280, 900).await;
    browser.open(&served.page("#/mofu/guide")).await;
    browser.wait_for("h1", "mofu/guide").await;
    press(&browser, "ArrowRight").await;
    browser.wait_for("h1", "mofu/case-study").await;
    press(&browser, "d").await;
    browser.wait_for("figcaption", "dark").await;
    press(&browser, "Escape").await;
    browser.wait_for("main.gallery", "Evaluation").await;
}

async fn press(browser: &Browser, key: &str) {
    let script =
        format!("document.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))");
    // The listener asks where the key was pressed.
    browser.script(&script.replace("document.dispatch", "document.body.dispatch")).await;
}

#[tokio::test]
async fn an_edit_shows_at_once_and_the_place_is_kept() {
    let workspace = copy_of_sample();
    let served = Served::start(workspace.path()).await;
    let browser = Browser::start().await;
    browser.resize(1280, 500).await;
    browser.open(&served.page("#/mofu/guide?lang=de&width=desktop")).await;
    browser.wait_for(".row.wide .subject", "Leitfaden").await;
    browser.script("scrollTo(0, 200)").await;
    browser.script("document.querySelector('.version').same = 'yes'").await;
    let file = workspace.path().join("templates/mail/mofu/guide.de.md");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("subject   = \"", "subject   = \"Neu: ", 1) + "\nEin neuer Satz.\n")
        .unwrap();
    browser.wait_for(".row.wide .subject", "Neu: ").await;
    browser.wait_for(".text", "Ein neuer Satz.").await;
    assert_eq!(browser.script("return scrollY").await, 200);
    assert_eq!(browser.script("return document.querySelector('.version').same").await, "yes");
    let shown = "return (document.querySelector('.sheet iframe').contentDocument?.body?.textContent ?? '')";
    until(&browser, &format!("{shown}.includes('Ein neuer Satz.')")).await;
}

#[tokio::test]
async fn a_mistake_is_shown_and_the_last_good_mails_stay() {
    let workspace = copy_of_sample();
    let served = Served::start(workspace.path()).await;
    let browser = Browser::start().await;
    browser.resize(1280, 900).await;
    browser.open(&served.page("")).await;
    browser.text(".card.mail").await;
    let file = workspace.path().join("templates/mail/mofu/guide.de.md");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}\nHallo {{{{lead.frist_name}}}}!\n")).unwrap();
    browser.wait_for(".banner.errors", "there is no variable `lead.frist_name`").await;
    browser.wait_for(".banner.errors", "did you mean `lead.first_name`?").await;
    browser.wait_for(".banner.errors mark", "lead.frist_name").await;
    assert_eq!(names(&browser.script(CARDS).await), mails(), "the last good ones");
    keep_picture(&browser, "mistake", 1280, 1400).await;
    browser.resize(1280, 900).await;
    browser.click(".problem .place a").await;
    browser.wait_for(".code .asked", "lead.frist_name").await;
    browser.wait_for(".said", "there is no variable").await;
    fs::write(&file, text).unwrap();
    until(&browser, "return document.querySelector('.banner') === null").await;
}

#[tokio::test]
async fn a_workspace_that_never_was_good_says_what_is_wrong() {
    let workspace = copy_of_sample();
    fs::write(workspace.path().join("funnel.toml"), "[company]\nname = \"x\"\n").unwrap();
    let served = Served::start(workspace.path()).await;
    let browser = Browser::start().await;
    browser.open(&served.page("")).await;
    browser.wait_for(".banner.errors", "Mend them and the mails appear.").await;
    fs::copy(sample().join("funnel.toml"), workspace.path().join("funnel.toml")).unwrap();
    browser.text(".card.mail").await;
}

#[tokio::test]
async fn a_copy_is_complete_and_needs_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("mails");
    let edition = Edition::read(sample(), None, None).unwrap();
    let written = copy::write(&edition, "https://nordwerk.example", &folder).unwrap();
    assert_eq!(written.mails, mails().len() * 2);
    let again = copy::write(&edition, "https://nordwerk.example", &folder).unwrap();
    for mail in mails() {
        for ending in ["de.html", "de.txt", "en.html", "en.txt"] {
            assert!(folder.join(format!("mails/{mail}.{ending}")).is_file(), "{mail}.{ending}");
        }
    }
    let browser = Browser::start().await;
    browser.resize(1280, 900).await;
    browser.open(&format!("file://{}", again.start.display())).await;
    browser.text(".card.mail").await;
    assert_eq!(names(&browser.script(CARDS).await), mails());
    browser.click(".card.mail[data-mail='mofu/guide']").await;
    browser.wait_for("h1", "mofu/guide").await;
    let greets = "const frames = [...document.querySelectorAll('.sheet iframe')]; \
        return frames.length === 2 && frames.every(frame => frame.contentDocument?.body?.textContent.includes('Guten Tag Frau Dr. Müller'))";
    until(&browser, greets).await;
}
