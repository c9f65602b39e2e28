//! Ninety days of 500 leads on a virtual clock: scores, stages, routing, silence, and what sales does with them.
//!
//! Thirteen leads have names; what becomes of each is worked out by hand in [`named`]. The others are a crowd that a fixed
//! seed moves ([`crowd`]): they fill the desks of sales, and what became of all of them is one text, the same on both
//! databases.

mod crowd;
mod desk;
mod named;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use dripline::domain::condition::Fact;
use dripline::domain::enrollment::MessageState;
use dripline::domain::event::{EventKind, Happening};
use dripline::domain::time::{DAY, HOUR, Timestamp};
use dripline::nurture::Change;
use dripline::nurture::change::record_deed;
use dripline::nurture::replay::Rehearsal;
use dripline::storage::leads::{self, StoredLead};

use crate::support::database::{TestDb, on_both};
use crate::support::world::{MONDAY, World, deed};
use crowd::Crowd;

on_both!(ninety_days_of_five_hundred_leads);

const DAYS: i64 = 90;

/// What became of everybody, on whichever database was first.
static OUTCOME: OnceLock<String> = OnceLock::new();

/// What goes on: at eleven on each morning in Berlin, once the mails of nine o'clock are out.
struct Story {
    world: World,
    /// Every lead by its address.
    leads: BTreeMap<String, i64>,
}

async fn ninety_days_of_five_hundred_leads(db: TestDb) {
    let world = World::begin(db, &desk::files()).await;
    let mut story = Story { world, leads: BTreeMap::new() };
    story.refuse_hana();
    for (email, input) in named::inputs().into_iter().chain(crowd::inputs()) {
        let id = story.world.add_with(&email, input).await;
        story.leads.insert(email, id);
    }
    assert_eq!(story.leads.len(), 500);
    story.world.pass(2 * HOUR).await;
    let mut crowd = Crowd::new();
    for day in 0..DAYS {
        named::day(&story, day).await;
        crowd.day(&story, day).await;
        let next = Story::at(day + 1) - story.world.engine.clock.now();
        story.world.pass(next).await;
    }
    named::check(&story).await;
    story.every_move_is_explained().await;
    story.nothing_is_sent_while_sales_or_a_stop_says_so().await;
    story.turns_are_fair().await;
    story.a_replay_gives_the_same_scores().await;
    let outcome = story.outcome().await;
    println!("{outcome}");
    assert_eq!(OUTCOME.get_or_init(|| outcome.clone()), &outcome, "on the other database");
    story.world.end().await;
}

impl Story {
    fn id(&self, email: &str) -> i64 {
        self.leads[email]
    }

    /// The moment of a day at which leads and sales act.
    fn at(day: i64) -> Timestamp {
        MONDAY + 2 * HOUR + day * DAY
    }

    async fn lead(&self, email: &str) -> StoredLead {
        let mut tx = self.world.engine.db.read().await.unwrap();
        leads::by_id(&mut tx, self.id(email)).await.unwrap().expect("a lead")
    }

    /// Nobody acts in the same millisecond as another: so the times tell what came first.
    async fn turn(&self) {
        self.world.settle().await;
        self.world.pass(1).await;
    }

    /// Somebody does something.
    async fn does(&self, email: &str, kind: EventKind, about: &str) {
        self.turn().await;
        let deed = deed(kind, about, self.world.engine.clock.now());
        record_deed(&self.world.engine, self.id(email), deed).await.expect("recorded").expect("news");
    }

    /// What sales or somebody of the house says.
    async fn says(&self, email: &str, change: Change) {
        self.turn().await;
        change.carry_out(&self.world.engine, self.id(email)).await.expect("carried out");
    }

    /// The moments of these events of a lead.
    async fn moments(&self, id: i64, kinds: &[EventKind]) -> Vec<Timestamp> {
        let timeline = self.world.timeline(id).await;
        timeline.iter().filter(|happening| kinds.contains(&happening.kind)).map(|found| found.at).collect()
    }

    async fn every_move_is_explained(&self) {
        use EventKind::{HandedOver, Lost, Qualified, Returned, StageChanged};
        let mut moves = 0;
        for id in self.leads.values() {
            for Happening { kind, details, .. } in self.world.timeline(*id).await {
                if [HandedOver, Lost, Qualified, Returned, StageChanged].contains(&kind) {
                    assert!(details.because.is_some_and(|why| !why.is_empty()), "{id}: {kind:?}");
                    moves += 1;
                }
            }
        }
        assert!(moves > 500, "{moves} moves");
    }

    async fn nothing_is_sent_while_sales_or_a_stop_says_so(&self) {
        use EventKind::{HandedOver, Lost, Returned, Stopped, Unsubscribed, Won};
        let mut silences = 0;
        for (email, id) in &self.leads {
            let sent = self.world.messages(*id).await.into_iter();
            let sent: Vec<Timestamp> = sent
                .filter(|message| message.state == MessageState::Sent)
                .map(|message| message.at)
                .collect();
            let begins = self.moments(*id, &[HandedOver]).await;
            let mut ends = self.moments(*id, &[Won, Lost, Returned]).await.into_iter();
            for begin in begins {
                let end = ends.next().unwrap_or(Self::at(DAYS + 1));
                assert!(sent.iter().all(|at| *at < begin || *at >= end), "{email}: mail while with sales");
                silences += 1;
            }
            if let Some(stop) = self.moments(*id, &[Stopped, Unsubscribed]).await.first() {
                assert!(sent.iter().all(|at| at < stop), "{email}: mail after a stop");
                silences += 1;
            }
        }
        assert!(silences > 100, "{silences} silences");
    }

    /// kim and tarek take turns: one of them has two in a row only if the other is full, which keeps off what rules hand
    /// over, or away.
    async fn turns_are_fair(&self) {
        let mut all: Vec<(Timestamp, i64, Happening)> = Vec::new();
        for id in self.leads.values() {
            all.extend(self.world.timeline(*id).await.into_iter().map(|event| (event.at, *id, event)));
        }
        all.sort_by_key(|(at, ..)| *at);
        let mut turns: BTreeMap<String, usize> = BTreeMap::new();
        // The leads that a rule has handed over, and who has them.
        let mut places: BTreeMap<i64, String> = BTreeMap::new();
        let mut last = String::new();
        for (at, lead, Happening { kind, details, .. }) in all {
            match kind {
                EventKind::Won | EventKind::Lost | EventKind::Returned => _ = places.remove(&lead),
                EventKind::HandedOver => {
                    let rep = details.about.unwrap_or_default();
                    let by_rule = details.because.as_deref() == Some("is ready");
                    let by_turn = details.data.is_some_and(|data| data["chosen"] == "turn");
                    if by_turn && ["kim", "tarek"].contains(&rep.as_str()) {
                        let other = if rep == "kim" { "tarek" } else { "kim" };
                        let taken = places.values().filter(|rep| *rep == other).count();
                        let full = by_rule && taken == desk::PLACES;
                        let in_a_row = last == rep;
                        assert!(!in_a_row || full || desk::away(other, at), "{at}: {rep} after {last}");
                        last.clone_from(&rep);
                    }
                    if by_turn {
                        *turns.entry(rep.clone()).or_default() += 1;
                    }
                    if by_rule {
                        places.insert(lead, rep.clone());
                        let taken = places.values().filter(|other| **other == rep).count();
                        assert!(taken <= desk::PLACES, "{at}: {rep} has {taken}");
                    }
                }
                _ => {}
            }
        }
        let names: BTreeSet<&str> = turns.keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["kim", "lea", "noa", "tarek"]), "{turns:?}");
    }

    async fn a_replay_gives_the_same_scores(&self) {
        let engine = &self.world.engine;
        let revision = engine.revision().await.unwrap();
        let rules = &revision.workspace.funnel.rules;
        assert!(rules.scores.iter().any(|rule| matches!(rule.on.fact, Fact::Visited(_))));
        let mut rehearsal = Rehearsal::new(engine, rules, rules);
        while rehearsal.step().await.unwrap().is_some() {}
        let totals = rehearsal.totals;
        assert_eq!((totals.leads, totals.higher, totals.lower), (500, 0, 0), "{totals:?}");
    }

    /// How many leads stand where, what was sent, and a fingerprint of all of it, lead by lead.
    async fn outcome(&self) -> String {
        let now = self.world.engine.clock.now();
        let rules = &self.world.engine.revision().await.unwrap().workspace.funnel.rules;
        let mut groups: BTreeMap<String, usize> = BTreeMap::new();
        let (mut each, mut mails) = (String::new(), 0);
        for email in self.leads.keys() {
            let lead = self.lead(email).await.lead;
            let stopped = lead.closed_by.map_or("open", |_| "stopped");
            let group = format!("{} {} {} {stopped}", lead.stage, lead.qualification, lead.with);
            let subjects = self.world.subjects(email);
            mails += subjects.len();
            let worth = rules.worth(&lead, now);
            each += &format!("{email} {group} {:?} {:.3} {subjects:?}\n", lead.owner, worth.engagement);
            *groups.entry(group).or_default() += 1;
        }
        let groups: String = groups.iter().map(|(group, leads)| format!("{leads:>4} {group}\n")).collect();
        let fingerprint = dripline::domain::token::fingerprint(&each);
        format!("{groups}{mails:>4} mails\n{}\n", &fingerprint[..16])
    }
}
