//! The leads with names. What becomes of each is worked out here by hand.
//!
//! Day 0 is Monday, 5 January 2026. Mails go out Monday to Friday from 09:00 in Berlin, at most one a day and three in
//! seven days; leads and sales act at 11:00. Points halve every 30 days: points of day N are worth
//! points x 0.5^((90 - N) / 30) at the end, on day 90, Sunday 5 April.
//!
//! - **ada** (FR, no company: fit 0) reads five posts on day 3. Three count. She never gets further than the welcome: hello
//!   on day 0, guide on Thursday, day 3, checklist four days later, on Monday, day 7.
//! - **ben** (DE: fit 10) sees the prices on Saturday, day 5: 20 points make MoFu, 30 in all prequalified. The next mail of
//!   MoFu waits for Monday, day 7: compare; case on Thursday, day 10; prices seven days later, day 17.
//! - **cleo** (DE, Alpha with 80: fit 25, so prequalified from the start) sees the prices on days 5 and 6: on day 6 she has
//!   20 x 0.5^(1/30) + 20 = 39.5 points, is complete, and so an MQL, which hands her over. eve had the first turn (kim), so
//!   she is tarek's. Accepted on day 7 (SQL), won on day 20, a Sunday: start on Monday, day 21, review 14 days later.
//! - **jan** works at Alpha too. While cleo is with sales he is left alone: his checklist of day 7 comes on day 21.
//! - **dan** (DE, Beta with 60) does as cleo, but has no phone: MoFu on day 5, no MQL. His phone is known on day 30, when
//!   2 x 20 points are worth 22.7: not enough. The prices again on day 31: 42.2, MQL, handed over with all three mails of
//!   MoFu behind him. Nobody answers: his rep is reminded, and another one told.
//! - **eve** (DE) answers hello on day 4: 30 points, MoFu, prequalified (40), a prospect, and with sales: the first turn is
//!   kim's. Guide had come on day 3. On day 10 kim returns her, too early: quiet for 30 days, until Saturday, day 40;
//!   second on Monday, day 42, last 14 days after. With sales from the moment she was MoFu, she has not had its mails yet:
//!   compare the day after, day 57, case on Friday, day 60, prices on day 67.
//! - **finn** (DE) unsubscribes on day 8, after checklist. Handed over by hand on day 20 and returned on day 25, he stays
//!   stopped.
//! - **gus** (AT, Gamma with 70) joins a webinar on day 2 (10), sees the prices on day 9: 10 x 0.5^(7/30) + 20 = 28.5: MoFu,
//!   and compare at once, on Wednesday at 11:00. The prices again on day 10: 47.8, MQL, to lea, who has Austria. Lost on
//!   day 12, no budget: 60 days later, on Wednesday, day 72, second comes at once, last on day 86.
//! - **hana**'s address does not exist: refused at the first mail.
//! - **ivo** (DE) is away until 26 January, says a note on day 1: guide on Tuesday 27, day 22, checklist due on Saturday
//!   and sent on Monday, day 28.
//! - **kay** (DE) is paused on day 2 for 28 days: guide on Wednesday, day 30, at 11:00; checklist due on Sunday, and sent on
//!   Monday, day 35.
//! - **mia** (CH, Eps with 90) sees the prices on days 2 and 3: compare on day 2 at 11:00, MQL on day 3 (39.5), to noa, who
//!   has one place. Lost on day 20 in words of noa's own: nothing more.
//! - **lou** (CH, Zeta with 55) sees them on days 3 and 4: guide on day 3; compare a day later; MQL on day 4, and noa is
//!   full: he waits, and gets case (day 7) and prices (day 14). On day 20 mia's place is his.

use chrono::NaiveDate;
use chrono_tz::Tz;
use dripline::domain::enrollment::MessageState;
use dripline::domain::event::EventKind;
use dripline::domain::gate::StopKind;
use dripline::domain::lead::Company;
use dripline::domain::outcome::Phase;
use dripline::domain::time::{DAY, Timestamp};
use dripline::nurture::Change;
use dripline::nurture::explain::explain;
use dripline::nurture::receive::receive;

use super::crowd::Edit;
use super::{DAYS, Story};
use crate::support::post::Written;
use crate::support::smtp_server::Fault;
use crate::support::world::hand_over;

fn email(name: &str) -> String {
    format!("{name}@named.example")
}

/// Somebody with a name, a country, perhaps a company, and a phone.
fn input(
    name: &'static str,
    country: &'static str,
    company: Option<(&'static str, i64)>,
    phone: bool,
) -> (String, Edit) {
    let edit: Edit = Box::new(move |input| {
        input.contact.first_name = Some(name.to_owned());
        input.contact.last_name = Some("Named".to_owned());
        input.contact.country = Some(country.to_owned());
        input.contact.phone = phone.then(|| "+49 40 123".to_owned());
        input.company = company.map(|(company, size)| Company {
            name: company.to_owned(),
            size: Some(size),
            ..Company::default()
        });
        input.tracking = true;
    });
    (email(name), edit)
}

pub fn inputs() -> Vec<(String, Edit)> {
    vec![
        input("ada", "FR", None, true),
        input("ben", "DE", None, true),
        input("cleo", "DE", Some(("Alpha", 80)), true),
        input("dan", "DE", Some(("Beta", 60)), false),
        input("eve", "DE", None, true),
        input("finn", "DE", None, true),
        input("gus", "AT", Some(("Gamma", 70)), true),
        input("hana", "DE", None, true),
        input("ivo", "DE", None, true),
        input("jan", "DE", Some(("Alpha", 80)), true),
        input("kay", "DE", None, true),
        input("lou", "CH", Some(("Zeta", 55)), true),
        input("mia", "CH", Some(("Eps", 90)), true),
    ]
}

impl Story {
    /// The mail server knows no hana.
    pub fn refuse_hana(&self) {
        let hana = email("hana");
        self.world.server.script(move |mail| {
            let unknown = Fault::Reply { at: Phase::Rcpt, line: "550 5.1.1 no such user" };
            (mail.to.as_deref() == Some(hana.as_str())).then_some(unknown)
        });
    }
}

/// What the named ones do on a day, and what is done with them.
pub async fn day(story: &Story, day: i64) {
    let sees = async |name: &str, path: &str| story.does(&email(name), EventKind::Visited, path).await;
    let says = async |name: &str, change: Change| story.says(&email(name), change).await;
    match day {
        1 => answers(story, "ivo", "I am out of the office until 26 January 2026.", true).await,
        2 => {
            let until = Some(Story::at(2) + 28 * DAY);
            says("kay", Change::Pause { until, because: "asked for a break".to_owned() }).await;
            story.does(&email("gus"), EventKind::Submitted, "webinar").await;
            sees("mia", "/pricing").await;
        }
        3 => {
            for post in ["/blog/a", "/blog/b", "/blog/c", "/blog/d", "/blog/e"] {
                sees("ada", post).await;
            }
            sees("mia", "/pricing").await;
            sees("lou", "/pricing").await;
        }
        4 => {
            answers(story, "eve", "Thank you, but this is too early for us.", false).await;
            sees("lou", "/pricing").await;
        }
        5 => {
            sees("ben", "/pricing/teams").await;
            sees("cleo", "/pricing").await;
            sees("dan", "/pricing").await;
        }
        6 => {
            sees("cleo", "/pricing").await;
            sees("dan", "/pricing").await;
        }
        7 => says("cleo", Change::Accept { rep: None, opportunity: false }).await,
        8 => {
            says("finn", Change::Stop { kind: StopKind::Unsubscribe, because: "by one click".to_owned() })
                .await
        }
        9 => sees("gus", "/pricing").await,
        10 => {
            says("eve", returned()).await;
            sees("gus", "/pricing").await;
        }
        12 => says("gus", Change::Lost { reason: "no-budget".to_owned(), words: None }).await,
        20 => {
            says("cleo", Change::Won { amount: Some(12_000.0), reason: None }).await;
            says("mia", Change::Lost { reason: "went to another".to_owned(), words: None }).await;
            says("finn", hand_over("called us")).await;
        }
        25 => says("finn", returned()).await,
        30 => phone(story, "dan").await,
        31 => sees("dan", "/pricing").await,
        _ => {}
    }
}

fn returned() -> Change {
    Change::Return { reason: "too-early".to_owned(), words: None, sequence: None }
}

async fn answers(story: &Story, name: &str, text: &str, away: bool) {
    story.turn().await;
    let email = email(name);
    let mail = story.world.mails(&email).remove(0).body;
    let answer = if away { Written::absence_note } else { Written::reply_to }(&mail, &email, text);
    let received = receive(&story.world.engine, &answer.raw).await.expect("received");
    assert_eq!(received.lead, Some(story.id(&email)), "{received:?}");
}

/// Somebody finds out a phone number.
async fn phone(story: &Story, name: &str) {
    let id = story.id(&email(name));
    let edit = async |record: &mut dripline::nurture::record::Record<'_>| {
        let phone = Some("+49 40 456".to_owned());
        record
            .edit(id, EventKind::Updated, "phone", |stored| stored.lead.contact.phone = phone)
            .await
            .unwrap()
    };
    story.world.record(edit).await;
}

/// Where somebody has to stand at the end.
struct End {
    name: &'static str,
    /// Stage, qualification, with whom, stopped by.
    stands: &'static str,
    owner: Option<&'static str>,
    /// Points and the day on which they were given.
    points: &'static [(f64, f64)],
    /// Subjects, each with its day.
    mails: &'static [(&'static str, i64)],
}

const ENDS: [End; 13] = [
    End {
        name: "ada",
        stands: "tofu unqualified marketing -",
        owner: None,
        points: &[(3.0, 3.0)],
        mails: &[("hello", 0), ("guide", 3), ("checklist", 7)],
    },
    End {
        name: "ben",
        stands: "mofu prequalified marketing -",
        owner: None,
        points: &[(20.0, 5.0)],
        mails: &[("hello", 0), ("guide", 3), ("compare", 7), ("case", 10), ("prices", 17)],
    },
    End {
        name: "cleo",
        stands: "customer sql marketing -",
        owner: Some("tarek"),
        points: &[(20.0, 5.0), (20.0, 6.0)],
        mails: &[("hello", 0), ("guide", 3), ("start", 21), ("review", 35)],
    },
    End {
        name: "dan",
        stands: "mofu mql sales -",
        owner: None,
        points: &[(20.0, 5.0), (20.0, 6.0), (20.0, 31.0)],
        mails: &[("hello", 0), ("guide", 3), ("compare", 7), ("case", 10), ("prices", 17)],
    },
    End {
        name: "eve",
        stands: "mofu prequalified marketing -",
        owner: Some("kim"),
        points: &[(30.0, 4.0)],
        mails: &[
            ("hello", 0),
            ("guide", 3),
            ("second", 42),
            ("last", 56),
            ("compare", 57),
            ("case", 60),
            ("prices", 67),
        ],
    },
    End {
        name: "finn",
        stands: "tofu unqualified marketing unsubscribe",
        owner: None,
        points: &[],
        mails: &[("hello", 0), ("guide", 3), ("checklist", 7)],
    },
    End {
        name: "gus",
        stands: "mofu mql marketing -",
        owner: Some("lea"),
        points: &[(10.0, 2.0), (20.0, 9.0), (20.0, 10.0)],
        mails: &[("hello", 0), ("guide", 3), ("checklist", 7), ("compare", 9), ("second", 72), ("last", 86)],
    },
    End {
        name: "hana",
        stands: "tofu unqualified marketing hard_bounce",
        owner: None,
        points: &[],
        mails: &[],
    },
    End {
        name: "ivo",
        stands: "tofu unqualified marketing -",
        owner: None,
        points: &[],
        mails: &[("hello", 0), ("guide", 22), ("checklist", 28)],
    },
    End {
        name: "jan",
        stands: "tofu prequalified marketing -",
        owner: None,
        points: &[],
        mails: &[("hello", 0), ("guide", 3), ("checklist", 21)],
    },
    End {
        name: "kay",
        stands: "tofu unqualified marketing -",
        owner: None,
        points: &[],
        mails: &[("hello", 0), ("guide", 30), ("checklist", 35)],
    },
    End {
        name: "lou",
        stands: "mofu mql sales -",
        owner: Some("noa"),
        points: &[(20.0, 3.0), (20.0, 4.0)],
        mails: &[("hello", 0), ("guide", 3), ("compare", 4), ("case", 7), ("prices", 14)],
    },
    End {
        name: "mia",
        stands: "mofu mql marketing -",
        owner: Some("noa"),
        points: &[(20.0, 2.0), (20.0, 3.0)],
        mails: &[("hello", 0), ("compare", 2)],
    },
];

pub async fn check(story: &Story) {
    for end in &ENDS {
        end.check(story).await;
    }
    let dan = story.lead(&email("dan")).await.lead;
    assert!(["kim", "tarek"].contains(&dan.owner.as_deref().unwrap_or_default()), "{:?}", dan.owner);
    let eve = story.lead(&email("eve")).await.lead;
    assert_eq!(eve.prospect_since.map(day_of), Some(4));
    let told = |name: &str| story.world.subjects(&format!("{name}@nordwerk.example"));
    let about_dan = [told("kim"), told("tarek"), told("svenja")].concat();
    let about_dan = about_dan.iter().filter(|subject| subject.contains("dan Named")).count();
    assert_eq!(about_dan, 3, "the hand-over, a reminder, and one to somebody else");
    let waited = story.moments(story.id(&email("lou")), &[EventKind::HandedOver]).await;
    let waited: Vec<i64> = waited.into_iter().map(day_of).collect();
    assert_eq!(waited, [20], "when the place was free");
}

impl End {
    async fn check(&self, story: &Story) {
        let (name, email) = (self.name, email(self.name));
        let lead = story.lead(&email).await.lead;
        let stop = lead.closed_by.map_or("-".to_owned(), |stop| stop.to_string());
        let stands = format!("{} {} {} {stop}", lead.stage, lead.qualification, lead.with);
        let told = explain(&story.world.engine, &email).await.expect("an explanation");
        assert_eq!(stands, self.stands, "{name}: {told:#?}");
        if name != "dan" && name != "finn" {
            assert_eq!(lead.owner.as_deref(), self.owner, "{name}");
        }
        let now = story.world.engine.clock.now();
        let rules = &story.world.engine.revision().await.unwrap().workspace.funnel.rules;
        let engagement = rules.worth(&lead, now).engagement;
        let by_hand: f64 =
            self.points.iter().map(|(points, day)| points * 0.5_f64.powf((DAYS as f64 - day) / 30.0)).sum();
        assert!((engagement - by_hand).abs() < 1e-5, "{name}: {engagement}, by hand {by_hand}");
        let mails: Vec<&str> = self.mails.iter().map(|(subject, _)| *subject).collect();
        assert_eq!(story.world.subjects(&email), mails, "{name}: {told:#?}");
        let sent = story.world.messages(lead.id).await.into_iter();
        let sent = sent.filter(|message| message.state == MessageState::Sent);
        let mut days: Vec<i64> = sent.map(|message| day_of(message.at)).collect();
        days.sort_unstable();
        let by_hand: Vec<i64> = self.mails.iter().map(|(_, day)| *day).collect();
        assert_eq!(days, by_hand, "{name}: {told:#?}");
    }
}

/// The day of a moment, on the calendar of Berlin.
fn day_of(at: Timestamp) -> i64 {
    let first = NaiveDate::from_ymd_opt(2026, 1, 5).expect("a date");
    (at.utc().with_timezone(&Tz::Europe__Berlin).date_naive() - first).num_days()
}
