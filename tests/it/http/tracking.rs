//! The picture and the links of tracked mails.

use dripline::domain::time::MINUTE;
use dripline::domain::token::Purpose;
use dripline::storage::hits;
use reqwest::Method;

use crate::support::app::TestApp;
use crate::support::counts::scaled;
use crate::support::database::{TestDb, on_both};
use crate::support::post::BROWSER;
use crate::support::world::workspace;

on_both!(a_hit_is_stored_when_it_is_answered, a_changed_token_leads_nowhere, hits_share_commits);

const SEQUENCE: &str = "title = \"Hello\"\nstage = \"tofu\"\n[[step]]\nmail = \"mail/hello\"\n";
const TARGET: &str = "https://www.nordwerk.example/price?a=1&b=ü";

async fn begin(db: TestDb) -> TestApp {
    TestApp::start(db, &workspace(&[("hello", SEQUENCE)])).await
}

fn pixel(app: &TestApp, lead: i64) -> String {
    format!("/o/{}.gif", app.engine.keys.sign(Purpose::Open, &[lead, lead + 1]))
}

fn link(app: &TestApp, lead: i64, target: &str) -> String {
    let link = app.engine.click_link((lead, lead + 1), (0, 2), "price", target);
    link.strip_prefix(&app.engine.config.server.public_url).expect("a link of this server").to_owned()
}

async fn stored(app: &TestApp, lead: i64) -> usize {
    let mut tx = app.engine.db.read().await.unwrap();
    hits::of_leads(&mut tx, &[lead]).await.unwrap().len()
}

async fn a_hit_is_stored_when_it_is_answered(db: TestDb) {
    let app = begin(db).await;
    let response = app.browse(Method::GET, &pixel(&app, 7), BROWSER).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "image/gif");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let picture = response.bytes().await.expect("a picture");
    assert!(picture.starts_with(b"GIF89a") && picture.ends_with(b";"), "{picture:?}");
    assert_eq!(stored(&app, 7).await, 1);
    let response = app.browse(Method::GET, &link(&app, 7, TARGET), BROWSER).await;
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "https://www.nordwerk.example/price?a=1&b=%C3%BC");
    assert_eq!(stored(&app, 7).await, 2);
    for path in [pixel(&app, 7), link(&app, 7, TARGET)] {
        app.browse(Method::HEAD, &path, BROWSER).await;
    }
    assert_eq!(stored(&app, 7).await, 4, "HEAD is seen, too");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        assert_eq!(app.browse(method, &pixel(&app, 7), BROWSER).await.status(), 405);
    }
    // There is no such lead: nothing is recorded of it.
    app.pass(2 * MINUTE).await;
    assert_eq!(stored(&app, 7).await, 0);
    app.end().await;
}

/// A million of them: each character of a token in turn is changed to each other one, in tokens of every purpose.
async fn a_changed_token_leads_nowhere(db: TestDb) {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567ABCDEF0189-_=%";
    let app = begin(db).await;
    let keys = &app.engine.keys;
    let mut tried = 0;
    let mut lead = 1;
    while tried < scaled(1_000_000) {
        lead += 1;
        let tokens = [
            keys.sign(Purpose::Open, &[lead, lead * 7]),
            keys.sign(Purpose::Unsubscribe, &[lead, lead * 7]),
            keys.sign(Purpose::Reply, &[lead, lead * 7]),
            keys.sign_text(Purpose::Click, &[lead, lead * 7, 0, 2], &format!("price\n{TARGET}{lead}")),
        ];
        for token in tokens {
            for at in 0..token.len() {
                for letter in ALPHABET.iter().filter(|letter| **letter != token.as_bytes()[at]) {
                    let mut changed = token.clone().into_bytes();
                    changed[at] = *letter;
                    let changed = String::from_utf8(changed).expect("ASCII");
                    for purpose in [Purpose::Open, Purpose::Unsubscribe, Purpose::Reply] {
                        assert_eq!(keys.verify(purpose, &changed), None, "{changed}");
                    }
                    assert_eq!(keys.verify_text::<4>(Purpose::Click, &changed), None, "{changed}");
                    tried += 1;
                }
            }
        }
    }
    // And through the door.
    let good = link(&app, 5, TARGET);
    for at in 3..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert_eq!(app.browse(Method::GET, &changed, BROWSER).await.status(), 404, "{changed}");
    }
    assert_eq!(app.browse(Method::GET, "/o/aaaa.gif", BROWSER).await.status(), 404);
    assert_eq!(stored(&app, 5).await, 0);
    app.end().await;
}

async fn hits_share_commits(db: TestDb) {
    const AT_ONCE: i64 = 200;
    let app = begin(db).await;
    let requests = (0..AT_ONCE).map(|lead| {
        let request = app.request(Method::GET, &pixel(&app, lead + 1)).header("User-Agent", BROWSER);
        tokio::spawn(async move { request.send().await.expect("an answer").status().as_u16() })
    });
    for answer in requests.collect::<Vec<_>>() {
        assert_eq!(answer.await.expect("no panic"), 200);
    }
    let (stored, commits) = app.engine.hits.counts();
    assert_eq!(stored, AT_ONCE as u64);
    assert!(commits < stored, "{stored} hits took {commits} commits");
    app.end().await;
}
