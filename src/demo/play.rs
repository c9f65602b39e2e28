//! `dripline demo --play`: presses the buttons of the page through the same HTTP as the page, tells the story line by
//! line, and checks each line before it says it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chrono_tz::Europe::Berlin;
use serde_json::{Value, json};

use super::claims::{self, Claim, at, ensure, list};
use super::client::{Answer, Client};
use super::{EVA, KIM};
use crate::domain::schedule::local;
use crate::domain::time::Timestamp;

/// Where the company writes from.
const COMPANY: &str = "nordwerk.example";

/// What Eva answers.
const WORDS: &str = "Das klingt gut. Können wir am Dienstag dazu telefonieren?";

/// How long the first mails may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks at something that is to happen.
const LOOK: Duration = Duration::from_millis(20);

/// Plays the story; `say` prints a line. Whether all of it was true.
pub async fn play(server: SocketAddr, say: impl Fn(&str) -> bool) -> bool {
    let mut player = Player { client: Client::new(server), say, state: Value::Null, claims: 0, untrue: 0 };
    if let Err(why) = player.story().await {
        player.untrue += 1;
        player.tell('✗', &format!("the story ends here: {why}"));
    }
    player.end();
    player.untrue == 0
}

/// Whoever presses the buttons.
struct Player<S> {
    client: Client,
    say: S,
    /// As it was last read.
    state: Value,
    claims: usize,
    untrue: usize,
}

impl<S: Fn(&str) -> bool> Player<S> {
    async fn story(&mut self) -> Result<(), String> {
        self.first_mail().await?;
        self.click().await?;
        self.second_mail().await?;
        self.answer().await?;
        self.silence().await?;
        self.won().await?;
        self.leave().await?;
        self.import().await
    }

    async fn first_mail(&mut self) -> Result<(), String> {
        let give_up = Instant::now() + PATIENCE;
        self.look().await?;
        while [EVA, KIM].iter().any(|lead| list(self.lead(lead), "/mails").is_empty())
            && Instant::now() < give_up
        {
            tokio::time::sleep(LOOK).await;
            self.look().await?;
        }
        let claim = match claims::mails(self.lead(EVA), 1) {
            Ok(()) => claims::nurturing_mail(&self.last_raw(EVA).await?, EVA, COMPANY),
            wrong => wrong,
        };
        self.claim(&format!("Eva Müller gets the first mail: {}", self.last_subject(EVA)), claim);
        Ok(())
    }

    async fn click(&mut self) -> Result<(), String> {
        let mail = self.last(EVA).clone();
        self.act(json!({ "act": "read", "mail": mail["id"] })).await?;
        let pixel = text(&mail, "/pixel").to_owned();
        let picture = self.client.get(&pixel).await?;
        let link = list(&mail, "/links").iter().find(|link| link["name"] == "pricing").cloned();
        let link = link.ok_or("the first mail has no link that is called pricing")?;
        let led = self.client.get(text(&link, "/path")).await?;
        let target = text(&link, "/target").to_owned();
        let claim =
            ensure(picture.status == 200, || format!("the picture of the mail answers {}", picture.status));
        let leads_on = ensure(led.status == 302 && led.location.as_deref() == Some(target.as_str()), || {
            format!("the link answers {} {:?}", led.status, led.location)
        });
        self.claim(
            &format!("she opens it, clicks the price link, and gets to {target}"),
            claim.and(leads_on),
        );
        self.act(json!({ "act": "judge" })).await?;
        let clicked = [
            ("kind", json!("clicked")),
            ("about", json!("pricing")),
            ("points", json!(20)),
            ("machine", json!(false)),
        ];
        let claim = claims::happened(self.lead(EVA), &clicked);
        self.claim("a minute later: judged to be a person's click, +20", claim);
        let moved = [("kind", json!("stage_changed")), ("about", json!("tofu -> mofu"))];
        let claim =
            claims::happened(self.lead(EVA), &moved).and(claims::is(self.lead(EVA), "/stage", "mofu"));
        self.claim(&format!("ToFu → MoFu, because {}", self.because(EVA, "stage_changed")), claim);
        Ok(())
    }

    async fn second_mail(&mut self) -> Result<(), String> {
        self.act(json!({ "act": "pass", "days": 3 })).await?;
        let raw = self.last_raw(EVA).await?;
        let eva = self.lead(EVA);
        let sent: Vec<&Value> = list(eva, "/timeline").iter().filter(|line| line["kind"] == "sent").collect();
        let first = sent.last().copied().unwrap_or(&Value::Null).clone();
        let of_sequence = sent.iter().filter(|line| line["sequence"] == first["sequence"]).count();
        let claim = claims::mails(eva, 2).and(claims::is(&first, "/stage", "mofu"));
        let claim =
            claim.and(ensure(of_sequence == 1, || format!("it is mail {of_sequence} of its sequence")));
        let claim = claim.and(claims::nurturing_mail(&raw, EVA, COMPANY));
        let (subject, sequence) = (self.last_subject(EVA), text(&first, "/sequence").to_owned());
        self.claim(
            &format!("three days later: the second mail, {subject}, the first of \"{sequence}\""),
            claim,
        );
        Ok(())
    }

    async fn answer(&mut self) -> Result<(), String> {
        let planned = at(self.lead(EVA), "/next").clone();
        let claim =
            ensure(planned["step"].is_string() && planned["at"].is_string(), || format!("it is {planned}"));
        self.claim(
            &format!("planned next: {}, {}", text(&planned, "/what"), text(&planned, "/local")),
            claim,
        );
        let (mail, reps) = (at(self.last(EVA), "/id").clone(), self.rep_mails());
        let happened = self.act(json!({ "act": "reply", "mail": mail, "text": WORDS })).await?;
        let claim = claims::happened(self.lead(EVA), &[("kind", json!("replied"))]);
        self.claim(&format!("she answers: \"{WORDS}\""), claim);
        let claim = claims::one_called_off(&happened, &planned).and(claims::is(
            self.lead(EVA),
            "/next/at",
            Value::Null,
        ));
        let count = at(&happened, "/called_off/count").to_string();
        let reason = self.reasons(EVA);
        self.claim(&format!("cancelled: {count} ({}), because {reason}", text(&planned, "/what")), claim);
        let eva = self.lead(EVA);
        let claim = ensure(eva["prospect_since"].is_i64(), || "she is none".into())
            .and(claims::is(eva, "/with", "sales"));
        let owner = text(eva, "/owner").to_owned();
        self.claim(&format!("Eva is a prospect, and with sales: {owner} has her"), claim);
        let rep = list(&self.state, "/reps").iter().find(|rep| rep["name"] == owner.as_str());
        let rep = rep.cloned().unwrap_or_default();
        let told = list(&rep, "/mails").last().cloned().unwrap_or_default();
        let claim =
            ensure(self.rep_mails() == reps + 1, || format!("sales got {} mails", self.rep_mails() - reps));
        let claim = match claim {
            Ok(()) => claims::words_for_rep(&self.raw(&told).await?, text(&rep, "/email"), EVA, WORDS),
            wrong => wrong,
        };
        self.claim(&format!("{owner}'s inbox has her words; Reply-To is {EVA}"), claim);
        Ok(())
    }

    async fn silence(&mut self) -> Result<(), String> {
        let before = list(self.lead(EVA), "/mails").len();
        self.act(json!({ "act": "pass", "days": 30 })).await?;
        let claim = claims::mails(self.lead(EVA), before);
        self.claim("thirty days later: nothing more has come into her inbox", claim);
        let why = self.post("/demo/api/why", &json!({ "lead": EVA })).await?.json();
        let claim = claims::because(&why, "the lead is with sales");
        self.claim(&format!("why? Not sent because {}", self.reasons(EVA)), claim);
        Ok(())
    }

    async fn won(&mut self) -> Result<(), String> {
        let before = list(self.lead(EVA), "/mails").len();
        self.act(json!({ "act": "decide", "lead": EVA, "verdict": "won" })).await?;
        let eva = self.lead(EVA);
        let claim =
            claims::happened(eva, &[("kind", json!("won"))]).and(claims::is(eva, "/stage", "customer"));
        self.claim("sales clicks won: Eva is a customer", claim);
        let sent = [("kind", json!("sent")), ("stage", json!("customer"))];
        let claim = claims::mails(self.lead(EVA), before + 1).and(claims::happened(self.lead(EVA), &sent));
        let claim = claim.and(claims::nurturing_mail(&self.last_raw(EVA).await?, EVA, COMPANY));
        self.claim(&format!("the after-sale mail comes: {}", self.last_subject(EVA)), claim);
        Ok(())
    }

    async fn leave(&mut self) -> Result<(), String> {
        let mail = at(self.last(KIM), "/id").clone();
        self.act(json!({ "act": "unsubscribe", "mail": mail })).await?;
        let kim = self.lead(KIM);
        let claim = claims::is(kim, "/stopped_by", "unsubscribe");
        let claim = claim.and(claims::happened(kim, &[("kind", json!("unsubscribed"))]));
        self.claim("Kim Kowalski, another lead, leaves with one click in the mail program", claim);
        Ok(())
    }

    async fn import(&mut self) -> Result<(), String> {
        let before = list(self.lead(KIM), "/mails").len();
        let happened = self.act(json!({ "act": "import", "lead": KIM })).await?;
        let reason = text(&happened, "/import/stopped_rows/0/because").to_owned();
        let claim = claims::refused(&happened).and(claims::is(self.lead(KIM), "/stopped_by", "unsubscribe"));
        self.claim(&format!("Kim's row is imported again: Kim stays stopped, because {reason}"), claim);
        self.act(json!({ "act": "pass", "days": 30 })).await?;
        let claim = claims::mails(self.lead(KIM), before);
        self.claim("thirty days later: nothing more has come to Kim", claim);
        Ok(())
    }

    /// Says a line of the story, and whether it is true.
    fn claim(&mut self, line: &str, claim: Claim) {
        self.claims += 1;
        match claim {
            Ok(()) => self.tell('✓', line),
            Err(found) => {
                self.untrue += 1;
                self.tell('✗', line);
                (self.say)(&format!("{:20}but {found}", ""));
            }
        }
    }

    /// A line with the clock of the demo before it.
    fn tell(&self, mark: char, line: &str) {
        let now = self.state["now"].as_i64().map(|now| local(Timestamp::from_millis(now), Berlin));
        let now = now.map(|now| now.format("%a %e %b %H:%M").to_string()).unwrap_or_default();
        (self.say)(&format!("{now:16}  {mark} {line}"));
    }

    fn end(&self) {
        let Self { claims, untrue, .. } = self;
        (self.say)("");
        match untrue {
            0 => (self.say)(&format!(
                "{claims} lines, each checked against the product and the mails in the inboxes."
            )),
            _ => (self.say)(&format!("{untrue} lines were not true.")),
        };
    }

    /// Presses a button, and looks at what came of it.
    async fn act(&mut self, act: Value) -> Result<Value, String> {
        let happened = self.post("/demo/api/act", &act).await?.json();
        self.look().await?;
        Ok(happened)
    }

    async fn look(&mut self) -> Result<(), String> {
        let answer = good("/demo/api/state", self.client.get("/demo/api/state").await?)?;
        self.state = answer.json();
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let body = body.to_string().into_bytes();
        good(path, self.client.post(path, "application/json", body).await?)
    }

    fn lead(&self, email: &str) -> &Value {
        let leads = list(&self.state, "/leads").iter();
        leads.into_iter().find(|lead| lead["email"] == email).unwrap_or(&Value::Null)
    }

    /// The last mail that came to a lead.
    fn last(&self, email: &str) -> &Value {
        list(self.lead(email), "/mails").last().unwrap_or(&Value::Null)
    }

    fn last_subject(&self, email: &str) -> String {
        at(self.last(email), "/subject").to_string()
    }

    async fn last_raw(&self, email: &str) -> Result<Vec<u8>, String> {
        self.raw(self.last(email)).await
    }

    /// A mail as it lies in the inbox.
    async fn raw(&self, mail: &Value) -> Result<Vec<u8>, String> {
        let path = format!("/demo/mail/{}/raw", mail["id"]);
        Ok(good(&path, self.client.get(&path).await?)?.body)
    }

    fn rep_mails(&self) -> usize {
        list(&self.state, "/reps").iter().map(|rep| list(rep, "/mails").len()).sum()
    }

    /// The reason of the last such line of a timeline.
    fn because(&self, email: &str, kind: &str) -> String {
        let line = list(self.lead(email), "/timeline").iter().rfind(|line| line["kind"] == kind);
        line.map_or("", |line| text(line, "/because")).to_owned()
    }

    fn reasons(&self, email: &str) -> String {
        let reasons = list(self.lead(email), "/not_sent_because").iter().filter_map(Value::as_str);
        reasons.collect::<Vec<_>>().join("; ")
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    at(value, pointer).as_str().unwrap_or_default()
}

fn good(path: &str, answer: Answer) -> Result<Answer, String> {
    match answer.status {
        200 => Ok(answer),
        status => Err(format!("{path} answers {status}: {}", String::from_utf8_lossy(&answer.body))),
    }
}
