//! A [`Scene`]: what people do in the demo. Everything happens by the ways that it would happen by outside of it: mail by
//! SMTP, links by HTTP, decisions of sales by the [`Change`] that the API carries out.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::Answer;
use super::bell::Bell;
use super::client::Client;
use super::post::{Mail, Post};
use super::view::Line;
use super::{EVA, KIM, sample, view};
use crate::domain::sequence::Verb;
use crate::domain::time::{DAY, MINUTE, SECOND, Timestamp};
use crate::mail::delivery::{Delivery, Envelope};
use crate::nurture::explain::{Explanation, explain};
use crate::nurture::import::{ImportOptions, ImportReport, import};
use crate::nurture::lookup::find;
use crate::nurture::relays::Relays;
use crate::nurture::revision::Revision;
use crate::nurture::{Change, Engine, NurtureError, pace};

/// The leads of the demo.
pub const LEADS: [&str; 2] = [EVA, KIM];

/// The most days that pass at once.
const MOST_DAYS: u8 = 60;

/// How long somebody reads before they click, in milliseconds.
const READING: i64 = MINUTE;

/// Why an act did not come about.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// It makes no sense as things are.
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Failed(String),
}

impl From<NurtureError> for ActError {
    fn from(error: NurtureError) -> Self {
        match error {
            NurtureError::Refused(_) | NurtureError::NoLead(_) => ActError::Refused(error.to_string()),
            other => ActError::Failed(other.to_string()),
        }
    }
}

pub type ActResult<T> = Result<T, ActError>;

/// What sales may say of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Accept,
    Won,
    Lost,
    Return,
}

/// Something that somebody does: a button of the page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "act", rename_all = "lowercase", deny_unknown_fields)]
pub enum Act {
    Pass { days: u8 },
    Read { mail: usize },
    Judge,
    Reply { mail: usize, text: String },
    Unsubscribe { mail: usize },
    Decide { lead: String, verdict: Verdict },
    Import { lead: String },
}

/// What came of an act.
#[derive(Debug, Default, Serialize)]
pub struct Happened {
    /// What is new on the timelines.
    pub lines: Vec<NewLine>,
    /// Mails that came.
    pub mails: Vec<NewMail>,
    /// What a stop or a hand-over called off, as the product counted it.
    pub called_off: Option<CalledOff>,
    pub import: Option<ImportReport>,
}

#[derive(Debug, Serialize)]
pub struct NewLine {
    pub lead: String,
    #[serde(flatten)]
    pub line: Line,
}

#[derive(Debug, Serialize)]
pub struct NewMail {
    pub id: usize,
    pub to: String,
    pub subject: String,
}

/// What the product answered that it had called off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CalledOff {
    pub lead: String,
    /// Planned mails and messages that waited, together.
    pub count: usize,
    pub planned: Vec<PlannedMail>,
    pub at: Timestamp,
}

/// A mail that was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedMail {
    /// The file name without `.toml`, and the title.
    pub sequence: String,
    pub title: String,
    pub step: String,
    /// The template.
    pub mail: String,
    /// RFC 3339.
    pub at: String,
}

/// What the demo remembers beside the product.
#[derive(Debug, Default)]
pub struct Memo {
    /// Mails that were opened.
    pub read: BTreeSet<usize>,
    pub asked_why: bool,
    /// What the import said of the lead who had left.
    pub refused: Option<ImportReport>,
    pub called_off: Vec<CalledOff>,
    /// What is going on now: the name of the act.
    pub busy: Option<&'static str>,
}

/// The demo while it runs.
pub struct Scene {
    pub engine: Arc<Engine>,
    pub post: Post,
    pub bell: Bell,
    /// For what mail programs and browsers ask of Dripline.
    client: Client,
    /// By which the leads' own mail goes out.
    relays: Relays,
    /// One act at a time: each has a before and an after.
    acting: tokio::sync::Mutex<()>,
    memo: Mutex<Memo>,
}

impl Scene {
    pub fn new(
        engine: Arc<Engine>,
        post: Post,
        bell: Bell,
        http: SocketAddr,
        mail_server: SocketAddr,
    ) -> Self {
        let relay = format!("smtp://{mail_server}?tls=none").parse();
        let relays = Relays::of(relay.ok().map(|relay| ("post".to_owned(), relay, 1)));
        let client = Client::new(http);
        Self {
            engine,
            post,
            bell,
            client,
            relays,
            acting: tokio::sync::Mutex::new(()),
            memo: Mutex::default(),
        }
    }

    pub fn memo(&self) -> MutexGuard<'_, Memo> {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what a button says.
    ///
    /// # Errors
    /// It makes no sense as things are, or something broke.
    pub async fn perform(&self, act: Act) -> ActResult<Happened> {
        match act {
            Act::Pass { days } => self.pass(days).await,
            Act::Read { mail } => self.read(mail).await,
            Act::Judge => self.judge().await,
            Act::Reply { mail, text } => self.reply(mail, &text).await,
            Act::Unsubscribe { mail } => self.unsubscribe(mail).await,
            Act::Decide { lead, verdict } => self.decide(&lead, verdict).await,
            Act::Import { lead } => self.import_again(&lead).await,
        }
    }

    /// Days pass, one by one, and all that falls due in them happens.
    async fn pass(&self, days: u8) -> ActResult<Happened> {
        if days > MOST_DAYS {
            return Err(ActError::Refused(format!("{MOST_DAYS} days at once are the most")));
        }
        self.act("pass", async {
            for _ in 0..days {
                self.wait(DAY).await?;
                self.bell.ring();
            }
            Ok(())
        })
        .await
    }

    /// Somebody opens a mail. Nobody reads it the moment it comes: a minute passes first, if it has not.
    async fn read(&self, id: usize) -> ActResult<Happened> {
        self.act("read", async {
            let mail = self.mail(id)?;
            let age = self.engine.clock.now() - mail.at;
            if age < READING {
                self.wait(READING - age).await?;
            }
            self.memo().read.insert(id);
            Ok(())
        })
        .await
    }

    /// So much time passes that opens and clicks of a moment ago are judged: machines have shown themselves by then.
    async fn judge(&self) -> ActResult<Happened> {
        let after = self.engine.config.tracking.judge_after + SECOND;
        self.act("judge", self.wait(after)).await
    }

    /// A lead answers a mail, from its own mail program: it goes to the mail server, and from there where it belongs.
    async fn reply(&self, id: usize, text: &str) -> ActResult<Happened> {
        self.act("reply", async {
            let mail = self.mail(id)?;
            let answer = Answer::to(&mail, text, self.engine.clock.now()).map_err(ActError::Refused)?;
            self.post.take_answer();
            self.send(&answer).await?;
            if let Some(received) = self.post.take_answer() {
                self.note_called_off(&mail.to, &received["found"]).await?;
            }
            // A moment, in which the rep is told.
            self.wait(2 * SECOND).await
        })
        .await
    }

    /// A lead presses "unsubscribe" in its mail program, which posts to the address in the header (RFC 8058).
    async fn unsubscribe(&self, id: usize) -> ActResult<Happened> {
        self.act("unsubscribe", async {
            let mail = self.mail(id)?;
            let path = view::mail::unsubscribe_path(&mail, &self.engine.config.server.public_url);
            let path = path.ok_or_else(|| ActError::Refused("this mail has no link to leave".into()))?;
            let body = b"List-Unsubscribe=One-Click".to_vec();
            let form = "application/x-www-form-urlencoded";
            let answer = self.client.post(&path, form, body).await.map_err(ActError::Failed)?;
            match answer.status {
                200 => self.wait(SECOND).await,
                status => Err(ActError::Failed(format!("the link to leave answered {status}"))),
            }
        })
        .await
    }

    /// Sales decides.
    async fn decide(&self, lead: &str, verdict: Verdict) -> ActResult<Happened> {
        self.act("decide", async {
            let id = self.lead(lead).await?;
            let reason = "decided in the demo".to_owned();
            let change = match verdict {
                Verdict::Accept => Change::Accept { rep: None, opportunity: false },
                Verdict::Won => Change::Won { amount: None, reason: None },
                Verdict::Lost => Change::Lost { reason, words: None },
                Verdict::Return => Change::Return { reason, words: None, sequence: None },
            };
            let engine = self.engine.clone();
            let carried_out = tokio::spawn(async move { change.carry_out(&engine, id).await }).await;
            let found = carried_out.map_err(|error| ActError::Failed(error.to_string()))??;
            self.note_called_off(lead, &serde_json::to_value(found).unwrap_or_default()).await?;
            self.wait(2 * SECOND).await
        })
        .await
    }

    /// Somebody imports the row of a lead again.
    async fn import_again(&self, lead: &str) -> ActResult<Happened> {
        let mut report = None;
        let mut happened = self
            .act("import", async {
                let row = sample::leads(&[lead]);
                let options = ImportOptions { file: "leads.csv".into(), ..ImportOptions::default() };
                let came = import(&self.engine, row.as_bytes(), options, |_| ()).await?;
                if came.stopped > 0 {
                    self.memo().refused = Some(came.clone());
                }
                report = Some(came);
                self.wait(SECOND).await
            })
            .await?;
        happened.import = report;
        Ok(happened)
    }

    /// Somebody asks why a lead got what it got.
    pub async fn why(&self, lead: &str) -> ActResult<Explanation> {
        let explanation = explain(&self.engine, lead).await?;
        self.memo().asked_why = true;
        self.bell.ring();
        Ok(explanation)
    }

    /// Carries something out and tells what is new afterwards.
    async fn act(
        &self,
        name: &'static str,
        what: impl Future<Output = ActResult<()>>,
    ) -> ActResult<Happened> {
        let _one_at_a_time = self.acting.lock().await;
        self.settle(pace::settle(&self.engine).await)?;
        let before = self.lines().await?;
        let (mails, struck) = (self.post.count(), self.memo().called_off.len());
        self.memo().busy = Some(name);
        self.bell.ring();
        let done = what.await;
        self.memo().busy = None;
        self.bell.ring();
        done?;
        let mut happened = Happened::default();
        for (lead, lines) in self.lines().await? {
            let known = before.iter().find(|(known, _)| *known == lead).map_or(&[][..], |(_, lines)| lines);
            let new = lines.into_iter().filter(|line| !known.contains(line));
            happened.lines.extend(new.map(|line| NewLine { lead: lead.to_owned(), line }));
        }
        let came = self.post.mails(|_| true).into_iter().skip(mails);
        happened.mails.extend(came.map(|mail| NewMail {
            id: mail.id,
            subject: view::mail::subject(&mail),
            to: mail.to,
        }));
        happened.called_off = self.memo().called_off.get(struck).cloned();
        Ok(happened)
    }

    async fn lines(&self) -> ActResult<Vec<(&'static str, Vec<Line>)>> {
        let mut all = Vec::new();
        for lead in LEADS {
            all.push((lead, view::timeline::lines(&self.engine, lead).await?));
        }
        Ok(all)
    }

    /// Notes what the product answered: what was planned, and what waited.
    async fn note_called_off(&self, lead: &str, found: &Value) -> ActResult<()> {
        let revision = self.engine.revision().await?;
        let list = |name: &str| found[name].as_array().cloned().unwrap_or_default();
        let planned: Vec<PlannedMail> = list("planned").iter().map(|mail| called(&revision, mail)).collect();
        let count = planned.len() + list("cancelled").len();
        if count > 0 {
            let (lead, at) = (lead.to_owned(), self.engine.clock.now());
            self.memo().called_off.push(CalledOff { lead, count, planned, at });
        }
        Ok(())
    }

    async fn send(&self, answer: &Answer) -> ActResult<()> {
        let failed = |why: String| ActError::Failed(format!("the mail server of the demo: {why}"));
        let relay = self.relays.at(0).ok_or_else(|| failed("there is none".into()))?;
        let host = answer.from.rsplit_once('@').map_or("localhost", |(_, host)| host);
        let mut line = relay.open(host).await.map_err(failed)?;
        let envelope = Envelope { from: Some(answer.from.clone()), to: answer.to.clone() };
        let delivery = line.send(&answer.message_id, &envelope, &answer.raw, || true).await;
        line.close().await;
        match delivery {
            Delivery::Answered(reply) if reply.accepted() => Ok(()),
            Delivery::Answered(reply) => Err(failed(format!("{} {}", reply.code, reply.text))),
            other => Err(failed(format!("{other:?}"))),
        }
    }

    async fn wait(&self, millis: i64) -> ActResult<()> {
        self.settle(pace::pass(&self.engine, millis).await)
    }

    fn settle(&self, settled: Result<bool, NurtureError>) -> ActResult<()> {
        match settled? {
            true => Ok(()),
            false => Err(ActError::Failed("Dripline did not come to rest within a minute".into())),
        }
    }

    fn mail(&self, id: usize) -> ActResult<Mail> {
        self.post.mail(id).ok_or_else(|| ActError::Refused(format!("there is no mail {id}")))
    }

    async fn lead(&self, email: &str) -> ActResult<i64> {
        let mut tx = self.engine.db.read().await.map_err(NurtureError::from)?;
        Ok(find(&mut tx, email).await?.lead.id)
    }
}

/// A planned mail with what its sequence and its template are called.
fn called(revision: &Revision, planned: &Value) -> PlannedMail {
    let text = |name: &str| planned[name].as_str().unwrap_or_default().to_owned();
    let (sequence, step) = (text("sequence"), text("step"));
    let track = revision.track(&sequence).map(|track| &track.sequence);
    let mail = track.and_then(|sequence| match &sequence.step(&step)?.1.verb {
        Verb::Mail { variants, .. } => variants.first().cloned(),
        _ => None,
    });
    PlannedMail {
        title: track.map_or_else(|| sequence.clone(), |sequence| sequence.title.clone()),
        mail: mail.unwrap_or_else(|| step.clone()),
        at: text("at"),
        sequence,
        step,
    }
}
