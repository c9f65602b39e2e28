//! What a walk does, decided without a database.

use std::sync::Arc;

use super::*;
use crate::domain::consent::Basis;
use crate::domain::event::{Details, EventKind, Happening};
use crate::domain::gate::{Caps, Hold, HoldKind};
use crate::domain::lead::{Contact, Lead};
use crate::domain::schedule::SendTimes;
use crate::domain::sequence::Sequence;
use crate::domain::stage::{Party, Qualification, Stage};
use crate::domain::time::{DAY, HOUR, MINUTE};

/// Tuesday, 2023-11-14, 22:13:20 UTC.
const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const ENROLLMENT: i64 = 77;

/// A walk through a sequence, as the pump would lead it.
struct Story {
    track: Track,
    lead: Lead,
    deeds: Vec<Happening>,
    holds: Vec<Hold>,
    sent: Vec<Timestamp>,
    open: Vec<OpenMessage>,
    unjudged: Vec<Timestamp>,
    in_flight: bool,
    walk: Walk,
    now: Timestamp,
}

fn mail(id: &str) -> Step {
    Step {
        id: id.to_owned(),
        renamed_from: None,
        wait: None,
        until: Vec::new(),
        only_if: Vec::new(),
        send: Arc::new(SendTimes::Always),
        catch_up: false,
        verb: Verb::Mail { variants: vec![format!("tofu/{id}")], thread: None },
    }
}

fn after(wait: &str, step: Step) -> Step {
    Step { wait: Some(wait.parse().expect("a wait")), ..step }
}

fn only_if(phrase: &str, step: Step) -> Step {
    Step { only_if: phrases(phrase), ..step }
}

fn phrases(phrase: &str) -> Vec<Phrase> {
    vec![phrase.parse().expect("a phrase")]
}

fn sequence(steps: Vec<Step>) -> Sequence {
    Sequence {
        id: "welcome".into(),
        title: "Welcome".into(),
        stage: Stage::Tofu,
        enroll_if: Vec::new(),
        goal: Vec::new(),
        leave_if: Vec::new(),
        topic: "guides".into(),
        sender: "anna".into(),
        priority: 0,
        again: None,
        paused: false,
        renamed_from: None,
        steps,
    }
}

fn lead() -> Lead {
    Lead {
        id: 1,
        email: "kim@nordwerk.example".parse().expect("an address"),
        contact: Contact::default(),
        company: None,
        tags: Vec::new(),
        stage: Stage::Tofu,
        qualification: Qualification::Unqualified,
        with: Party::Marketing,
        owner: None,
        closed_by: None,
        basis: Some(Basis::DoubleOptIn),
        source: None,
        external_id: None,
        tracking: false,
        enrolls: true,
        example: false,
        prospect_since: None,
        engagement: Default::default(),
        alive_at: None,
        created_at: START,
    }
}

impl Story {
    fn of(steps: Vec<Step>) -> Self {
        let numbers = (1..=steps.len() as i64).collect();
        Story {
            track: Track { sequence: sequence(steps), numbers, anchors: Default::default() },
            lead: lead(),
            deeds: Vec::new(),
            holds: Vec::new(),
            sent: Vec::new(),
            open: Vec::new(),
            unjudged: Vec::new(),
            in_flight: false,
            walk: Walk { enrollment: ENROLLMENT, done: Done::default(), place_at: START },
            now: START,
        }
    }

    fn look(&self) -> Advance {
        let in_segment = |name: &str| name == "everybody";
        advance(&Facts {
            track: &self.track,
            walk: &self.walk,
            known: Known {
                lead: &self.lead,
                happenings: &self.deeds,
                enrollment: Some(ENROLLMENT),
                in_segment: &in_segment,
            },
            gate: GateFacts {
                closed_by: self.lead.closed_by,
                suppressed_by: None,
                with_sales: self.lead.with == Party::Sales,
                holds: &self.holds,
                basis: self.lead.basis,
                required: Basis::DoubleOptIn,
                topic_unwanted: false,
                example: false,
                sent: &self.sent,
                caps: Caps { min_gap: DAY, per_week: 3 },
            },
            in_flight: self.in_flight,
            open: &self.open,
            unjudged: &self.unjudged,
            judge_after: MINUTE,
            zone: chrono_tz::Europe::Berlin,
            now: self.now,
        })
    }

    fn then(&self) -> Then {
        self.look().then
    }

    /// Does what `look` says, as the pump would, and sets the clock.
    fn send(&mut self, to: Timestamp) {
        let Advance { done, then, .. } = self.look();
        let Then::Send { step, .. } = then else { panic!("{then:?}") };
        self.walk.done = done.with(self.track.numbers[step]);
        self.walk.place_at = self.now;
        self.sent.push(self.now);
        self.now = to;
    }

    fn clicked(&mut self, step: &str) {
        let details = Details { enrollment: Some(ENROLLMENT), step: Some(step.into()), ..Details::default() };
        self.deeds.push(Happening { kind: EventKind::Clicked, at: self.now, details });
    }
}

fn sends(place: usize) -> Then {
    Then::Send { step: place, variant: 0 }
}

fn waits(until: Timestamp) -> Then {
    Then::Wait { until: Some(until), why: Waiting::Time }
}

#[test]
fn steps_run_in_order_and_then_it_is_over() {
    let mut story = Story::of(vec![mail("a"), after("3 days", mail("b"))]);
    assert_eq!(story.then(), sends(0));
    story.send(START + DAY);
    assert_eq!(story.then(), waits(START + 3 * DAY));
    story.now = START + 3 * DAY;
    assert_eq!(story.then(), sends(1));
    story.send(START + 3 * DAY + 1);
    assert_eq!(story.then(), Then::Finish);
}

#[test]
fn nothing_is_decided_while_a_mail_is_on_its_way() {
    let mut story = Story::of(vec![mail("a")]);
    story.in_flight = true;
    let look = Then::Wait { until: Some(START + IN_FLIGHT_LOOK), why: Waiting::Outcome };
    assert_eq!(story.then(), look);
}

#[test]
fn a_branch_takes_one_way_or_the_other() {
    let steps = || {
        vec![
            mail("guide"),
            after("2 days", only_if("clicked guide", mail("study"))),
            only_if("not clicked guide", mail("short")),
        ]
    };
    let mut story = Story::of(steps());
    story.send(START + 2 * DAY);
    story.clicked("guide");
    assert_eq!(story.then(), sends(1));
    let mut story = Story::of(steps());
    story.send(START + 2 * DAY);
    let look = story.look();
    assert_eq!(look.then, sends(2));
    let skipped = Passing::Skipped(phrases("clicked guide").remove(0));
    assert_eq!(look.passed, [Passed { step: 1, why: skipped }]);
    assert_eq!(look.done, Done(vec![1, 2]));
}

#[test]
fn a_wait_ends_sooner_when_until_holds() {
    let hot = Step { until: phrases("clicked a"), ..after("7 days", mail("b")) };
    let mut story = Story::of(vec![mail("a"), hot]);
    story.send(START + 2 * DAY);
    assert_eq!(story.then(), waits(START + 7 * DAY));
    story.clicked("a");
    assert_eq!(story.then(), sends(1));
}

#[test]
fn a_goal_and_leave_if_end_the_walk_before_the_next_step() {
    let mut story = Story::of(vec![mail("a"), mail("b")]);
    story.track.sequence.goal = phrases("tagged bought");
    story.track.sequence.leave_if = phrases("tagged cold");
    assert_eq!(story.then(), sends(0));
    story.lead.tags = vec!["cold".into()];
    assert_eq!(story.then(), Then::Leave);
    story.lead.tags.push("bought".into());
    assert_eq!(story.then(), Then::Goal);
}

#[test]
fn a_step_that_clicks_decide_on_waits_for_their_judgement() {
    let mut story = Story::of(vec![only_if("not clicked b", mail("a")), mail("b")]);
    let clicked = story.now;
    let judged_at = clicked + MINUTE;
    story.unjudged = vec![clicked];
    assert_eq!(story.then(), Then::Wait { until: Some(judged_at), why: Waiting::Judgement });
    story.now = judged_at;
    let late = Then::Wait { until: Some(judged_at + JUDGE_LOOK), why: Waiting::Judgement };
    assert_eq!(story.then(), late, "the judge is late");
    story.unjudged = vec![judged_at];
    assert_eq!(story.then(), sends(0), "what came after it was due changes nothing");
    let mut story = Story::of(vec![mail("a")]);
    story.unjudged = vec![clicked];
    assert_eq!(story.then(), sends(0), "no click could change it");
}

#[test]
fn windows_bind_mails_and_not_other_verbs() {
    let office = Arc::new(SendTimes::parse_send("Mon-Fri 09:00-17:00").expect("a window"));
    // Wednesday 09:00 in Berlin.
    let opens = Timestamp::from_millis(1_700_035_200_000);
    let mut story = Story::of(vec![Step { send: office.clone(), ..mail("a") }]);
    assert_eq!(story.then(), waits(opens));
    story.now = opens;
    assert_eq!(story.then(), sends(0));
    let tag = Step { send: office, verb: Verb::Tag("seen".into()), ..mail("tag") };
    assert_eq!(Story::of(vec![tag]).then(), Then::Act { step: 0 });
}

#[test]
fn a_slot_is_not_missed_by_a_queue_but_by_a_day() {
    let slots = Arc::new(SendTimes::parse_slots("0 9 * * Wed").expect("slots"));
    let slot = Timestamp::from_millis(1_700_035_200_000);
    let mut story = Story::of(vec![Step { send: slots, ..mail("a") }]);
    assert_eq!(story.then(), waits(slot));
    story.now = slot + 5 * MINUTE;
    assert_eq!(story.then(), sends(0));
    story.now = slot + 10 * HOUR;
    assert_eq!(story.then(), waits(slot + 7 * DAY));
}

#[test]
fn a_retry_does_not_wait_again_and_keeps_its_variant() {
    let two = Verb::Mail { variants: vec!["a".into(), "b".into()], thread: None };
    let mut story = Story::of(vec![mail("x"), Step { verb: two, ..after("3 days", mail("a")) }]);
    story.send(START + DAY);
    story.sent.clear();
    for variant in [0, 1] {
        story.open = vec![OpenMessage { step: 2, state: MessageState::Retry, variant }];
        assert_eq!(story.then(), Then::Send { step: 1, variant });
    }
}

#[test]
fn holds_and_sales_rest_the_whole_walk() {
    let tag = Step { verb: Verb::Tag("seen".into()), ..mail("tag") };
    let mut story = Story::of(vec![tag]);
    story.holds = vec![Hold { kind: HoldKind::Absence, until: Some(START + DAY) }];
    let away = Waiting::Gate(Reason::Held(HoldKind::Absence));
    assert_eq!(story.then(), Then::Wait { until: Some(START + DAY), why: away });
    story.holds.clear();
    story.lead.with = Party::Sales;
    assert_eq!(story.then(), Then::Wait { until: None, why: Waiting::Gate(Reason::WithSales) });
}

#[test]
fn caps_delay_and_consent_waits_for_the_person() {
    let mut story = Story::of(vec![mail("a")]);
    story.sent = vec![START - HOUR];
    let gap = Then::Wait { until: Some(START - HOUR + DAY), why: Waiting::Gate(Reason::MinGap) };
    assert_eq!(story.then(), gap);
    story.lead.basis = None;
    assert_eq!(story.then(), Then::Wait { until: None, why: Waiting::Gate(Reason::NoConsent) });
}

#[test]
fn a_paused_sequence_sends_nothing() {
    let mut story = Story::of(vec![mail("a")]);
    story.track.sequence.paused = true;
    assert_eq!(story.then(), Then::Wait { until: None, why: Waiting::Paused });
}

#[test]
fn an_edit_neither_repeats_nor_starts_over() {
    let mut story = Story::of(vec![mail("a"), mail("b"), mail("c")]);
    story.walk.done = Done(vec![1, 2]);
    // Reordered: c, b, a. Behind a there is nothing; c stands before the place and is not sent.
    story.track.numbers = vec![3, 1, 2];
    assert_eq!(story.then(), Then::Finish);
    // b is gone: the walk stands on its anchor, a, and goes on with what follows that.
    story.track.numbers = vec![1, 4, 3];
    story.track.anchors = [(2, 1)].into();
    assert_eq!(story.then(), sends(1));
    // The anchor is gone too.
    story.track.numbers = vec![5, 4, 3];
    story.track.anchors = [(2, 1), (1, 0)].into();
    assert_eq!(story.then(), sends(0));
}

#[test]
fn a_new_step_before_the_place_is_received_only_to_catch_up() {
    let mut story = Story::of(vec![mail("new"), mail("a"), mail("b")]);
    story.track.numbers = vec![3, 1, 2];
    story.walk.done = Done(vec![1]);
    assert_eq!(story.then(), sends(2));
    story.track.sequence.steps[0].catch_up = true;
    assert_eq!(story.then(), sends(0));
    story.walk.done = Done(vec![1, 3]);
    assert_eq!(story.then(), sends(2));
}

#[test]
fn variants_are_even_and_sticky() {
    let two = (0..10_000).filter(|id| variant(*id, 3, 2) == 0).count();
    assert!((4_800..5_200).contains(&two), "{two}");
    assert_eq!(variant(5, 3, 2), variant(5, 3, 2));
    assert_eq!(variant(5, 3, 1), 0);
}
