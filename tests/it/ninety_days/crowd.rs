//! The crowd: 487 leads that a fixed seed moves.

use dripline::domain::event::EventKind;
use dripline::domain::gate::StopKind;
use dripline::domain::lead::Company;
use dripline::domain::stage::Party;
use dripline::nurture::Change;
use dripline::nurture::receive::receive;
use dripline::nurture::record::LeadInput;

use super::Story;
use crate::support::post::Written;

const LEADS: usize = 487;

/// A linear congruential generator (Knuth, MMIX): the same numbers everywhere.
struct Dice(u64);

impl Dice {
    /// From 0 up to, and without, `sides`.
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

pub struct Crowd {
    dice: Dice,
}

fn email(n: usize) -> String {
    format!("lead{n:03}@crowd{}.example", n % 40)
}

pub type Edit = Box<dyn FnOnce(&mut LeadInput)>;

pub fn inputs() -> Vec<(String, Edit)> {
    let edit = |n: usize| -> Edit {
        Box::new(move |input: &mut LeadInput| {
            let contact = &mut input.contact;
            contact.first_name = Some("Lead".to_owned());
            contact.last_name = Some(format!("Number {n}"));
            contact.country = Some(if n.is_multiple_of(3) { "FR" } else { "DE" }.to_owned());
            contact.phone = (!n.is_multiple_of(5)).then(|| format!("+49 40 {n:05}"));
            let size = i64::try_from(n * 7 % 120).ok();
            let name = format!("Firm {n}");
            input.company = (!n.is_multiple_of(4)).then(|| Company { name, size, ..Company::default() });
            input.tracking = true;
        })
    };
    (0..LEADS).map(|n| (email(n), edit(n))).collect()
}

impl Crowd {
    pub fn new() -> Self {
        Self { dice: Dice(2026) }
    }

    /// From the second week on, one in twelve does something each day, and sales something with one in eight of its own.
    pub async fn day(&mut self, story: &Story, day: i64) {
        if day < 8 {
            return;
        }
        for n in 0..LEADS {
            if self.dice.throw(12) == 0 {
                self.act(story, &email(n)).await;
            }
            if self.dice.throw(8) == 0 {
                self.sell(story, &email(n)).await;
            }
        }
    }

    async fn act(&mut self, story: &Story, email: &str) {
        match self.dice.throw(100) {
            0..45 => story.does(email, EventKind::Visited, "/blog/planning").await,
            45..75 => story.does(email, EventKind::Visited, "/pricing").await,
            75..93 => story.does(email, EventKind::Submitted, "webinar").await,
            93..97 => self.reply(story, email).await,
            97..99 => {
                let because = "by the button on the page".to_owned();
                story.says(email, Change::Stop { kind: StopKind::Unsubscribe, because }).await;
            }
            _ => story.does(email, EventKind::Purchase, "licence").await,
        }
    }

    async fn reply(&mut self, story: &Story, email: &str) {
        let mails = story.world.mails(email);
        if let Some(last) = mails.last() {
            story.turn().await;
            let reply = Written::reply_to(&last.body, email, "Could somebody call me about this?");
            receive(&story.world.engine, &reply.raw).await.expect("received");
        }
    }

    async fn sell(&mut self, story: &Story, email: &str) {
        let lead = story.lead(email).await.lead;
        if lead.with != Party::Sales {
            return;
        }
        let change = match self.dice.throw(100) {
            0..25 => Change::Accept { rep: None, opportunity: false },
            25..40 => Change::Won { amount: Some(1_000.0), reason: None },
            40..60 => Change::Lost { reason: "no-budget".to_owned(), words: None },
            60..75 => Change::Lost { reason: "chose another vendor".to_owned(), words: None },
            _ => Change::Return { reason: "too-early".to_owned(), words: None, sequence: None },
        };
        story.says(email, change).await;
    }
}
