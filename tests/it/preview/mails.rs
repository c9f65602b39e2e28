//! Every mail of the sample as mail programs show it: at two widths, in light and dark colours, in both languages.

use dripline::workspace::{Files, Workspace};
use serde_json::Value;

use super::{Served, keep_picture, sample};
use crate::support::browser::Browser;

/// What can be wrong with how a mail looks, found out by script.
const LOOK: &str = r#"
const luminance = (color) => {
  const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
  return a === 0 ? null : (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
};
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const light = luminance(getComputedStyle(element).backgroundColor);
    if (light !== null) return light;
  }
  return getComputedStyle(document.documentElement).colorScheme === "dark" ? 0.07 : 1;
};
const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
const linear = (light) => Math.pow(light, 2.2);
const texts = [...document.querySelectorAll("body *")].filter((element) =>
  [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue.trim()) && element.offsetParent && getComputedStyle(element).opacity !== "0");
return {
  overflow: document.documentElement.scrollWidth - innerWidth,
  broken: [...document.images].filter((image) => !image.complete || image.naturalWidth === 0).map((image) => image.src),
  body: behind(document.body),
  faint: texts.filter((element) => contrast(linear(luminance(getComputedStyle(element).color)), linear(behind(element))) < 4)
    .map((element) => element.textContent.trim().slice(0, 40)),
  small: texts.filter((element) => parseFloat(getComputedStyle(element).fontSize) < 12).map((element) => element.textContent.trim().slice(0, 40)),
};
"#;

#[tokio::test]
async fn every_mail_looks_right() {
    let workspace = Workspace::compile(&Files::read(sample()).unwrap()).workspace.unwrap();
    let served = Served::start(sample()).await;
    let browser = Browser::start().await;
    let mut wrong = Vec::new();
    let mut looked_at = 0;
    for mail in workspace.templates.names() {
        for language in workspace.templates.languages(mail) {
            let lead = if language == "en" { "english" } else { "sie" };
            for width in [600, 360] {
                browser.resize(width, 800).await;
                for colours in ["light", "dark"] {
                    browser.open(&served.page(&format!("frame/{lead}/{language}/{colours}/{mail}"))).await;
                    let found = faults(&browser.script(LOOK).await, colours);
                    wrong.extend(
                        found.into_iter().map(|what| format!("{mail} {language} {width} {colours}: {what}")),
                    );
                    looked_at += 1;
                }
            }
            browser.resize(1280, 900).await;
            browser.open("about:blank").await;
            browser.open(&served.page(&format!("#/{mail}?lang={language}&lead={lead}&colours=both"))).await;
            browser.text(".sheet").await;
            keep_picture(&browser, &format!("mail/{}-{language}", mail.replace('/', "-")), 1280, 5000).await;
        }
    }
    assert!(looked_at >= 100, "only {looked_at} looks: is the sample gone?");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn faults(look: &Value, colours: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let body = look["body"].as_f64().unwrap();
    if look["overflow"].as_i64().unwrap() > 0 {
        faults.push(format!("{} pixels too wide", look["overflow"]));
    }
    if (colours == "dark") != (body < 0.3) {
        faults.push(format!("the ground has a lightness of {body}"));
    }
    for list in ["broken", "faint", "small"] {
        if !look[list].as_array().unwrap().is_empty() {
            faults.push(format!("{list}: {}", look[list]));
        }
    }
    faults
}

/// What a frame shows in dark colours is what a system shows that prefers them.
#[tokio::test]
async fn a_frame_is_true_to_the_mail() {
    let copy = tempfile::tempdir().unwrap();
    let edition = dripline::preview::Edition::read(sample(), None, None).unwrap();
    let workspace = edition.workspace.as_deref().unwrap();
    let persona = edition.persona("sie").unwrap();
    let camera = dripline::preview::shot::Camera { workspace, public_url: "https://nordwerk.example" };
    let links = dripline::workspace::Links::default();
    let raw =
        camera.render_tracked("mofu/guide", "de", &persona.lead, &links, |_, _, _| String::new()).unwrap();
    let file = copy.path().join("raw.html");
    std::fs::write(&file, raw.html).unwrap();
    let served = Served::start(sample()).await;
    let browser = Browser::start().await;
    let colours = "return [...document.querySelectorAll('body, body *')].map(element => { const style = getComputedStyle(element); return [style.color, style.backgroundColor] })";
    browser.resize(600, 800).await;
    for (dark, name) in [(true, "dark"), (false, "light")] {
        browser.prefer_dark(dark).await;
        browser.open(&format!("file://{}", file.display())).await;
        let real = browser.script(colours).await;
        // The other preference, so that it is the frame that decides.
        browser.prefer_dark(!dark).await;
        browser.open(&served.page(&format!("frame/sie/de/{name}/mofu/guide"))).await;
        assert_eq!(browser.script(colours).await, real, "{name}");
    }
}
