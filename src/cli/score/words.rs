//! What `dripline score` says to people.

use std::fmt::{Display, Write};

use crate::domain::stage::{Qualification, Stage};
use crate::domain::temperature::Temperature;
use crate::domain::time::{DAY, HOUR};
use crate::nurture::replay::{Crossing, Shift, Step, Totals};
use crate::nurture::score::{Account, Likeness};
use crate::workspace::funnel::Share;

/// What the score of a lead is made of, rule by rule.
pub fn account(account: &Account) -> String {
    let Account { email, lead, score, judged, .. } = account;
    let mut text = format!("{email} ({lead}): score {score:.1}, {}\n", judged.temperature);
    let _ = writeln!(text, "\nFit {}", judged.fit);
    for reason in &account.fits {
        let _ = writeln!(text, "{:>+8}  {}", reason.points, reason.when);
    }
    let half_life = length(account.half_life);
    let _ = writeln!(text, "\nEngagement {:.1}; half of it is gone after {half_life}", judged.engagement);
    for share in &account.shares {
        let _ = writeln!(text, "{:>+8.1}  {}", share.left, said(share));
    }
    if !account.personas.is_empty() {
        text.push_str("\nPersona\n");
    }
    for likeness in &account.personas {
        let _ = writeln!(text, "{:>+8}  {}", likeness.weight, persona(likeness, judged.persona.as_deref()));
    }
    if !judged.missing.is_empty() {
        let _ = writeln!(text, "\nNot complete: {} missing", judged.missing.join(", "));
    }
    text
}

/// `clicked link pricing: 40 points for 2 times, the last on 2026-01-05; 1 more was over the limit`
fn said(share: &Share) -> String {
    let on = share.on.as_deref().unwrap_or("given by steps and by hand");
    let times = if share.times == 1 { "once".to_owned() } else { format!("{} times", share.times) };
    let last = share.last.utc().date_naive();
    let mut text = format!("{on}: {} points, {times}, the last on {last}", share.points);
    if share.limited > 0 {
        let _ = write!(text, "; {} times over the limit", share.limited);
    }
    text
}

fn persona(likeness: &Likeness, best: Option<&str>) -> String {
    let Likeness { name, title, weight, at_least } = likeness;
    match (best == Some(name), weight < at_least) {
        (true, _) => format!("{title}: fits best"),
        (_, true) => format!("{title}: {at_least} are needed"),
        _ => format!("{title}: another one fits better"),
    }
}

fn length(millis: i64) -> String {
    match millis {
        whole if whole % DAY == 0 => format!("{} days", whole / DAY),
        other => format!("{} hours", other / HOUR),
    }
}

/// What the files would change.
pub fn rehearsal(totals: &Totals, first: &[Shift], is_applied: bool) -> String {
    let Totals { leads, higher, lower, moved, .. } = totals;
    let files = if is_applied { "which are applied" } else { "which are not applied yet" };
    let mut text = format!("{leads} leads, counted under the files as they are now, {files}\n\n");
    let _ = writeln!(text, "Scores: {higher} would be higher, {lower} lower, the rest as they are");
    crossings(&mut text, "Stage", &totals.stages, Stage::title);
    crossings(&mut text, "Qualification", &totals.qualifications, Qualification::title);
    crossings(&mut text, "Temperature", &totals.temperatures, Temperature::as_str);
    if !totals.hand_overs.is_empty() {
        text.push_str("\nHanded over to sales\n");
    }
    for (cause, leads) in &totals.hand_overs {
        let _ = writeln!(text, "{leads:>8}  {cause}");
    }
    match moved {
        0 => text.push_str("\nNobody would move.\n"),
        _ => {
            let _ = writeln!(text, "\n{moved} leads would move; the first {}:", first.len());
            first.iter().for_each(|shift| {
                let _ = writeln!(text, "  {}", moves(shift));
            });
        }
    }
    text + "\nNothing was changed, sent or handed over.\n"
}

fn crossings<T: Copy>(
    text: &mut String,
    head: &str,
    crossings: &[Crossing<T>],
    title: fn(T) -> &'static str,
) {
    if !crossings.is_empty() {
        let _ = writeln!(text, "\n{head}");
    }
    for Crossing { step, leads } in crossings {
        let _ = writeln!(text, "{leads:>8}  {} -> {}", title(step.from), title(step.to));
    }
}

/// `kim@example.org: score 12.0 -> 45.0, ToFu -> MoFu, handed over: looks ready to buy`
fn moves(shift: &Shift) -> String {
    fn step<T>(step: Step<T>, title: impl Fn(T) -> String) -> String {
        format!("{} -> {}", title(step.from), title(step.to))
    }
    let number = |number: f64| format!("{number:.1}");
    let shown = |title: &dyn Display| title.to_string();
    let parts = [
        Some(format!("score {}", step(shift.score, number))),
        shift.stage.map(|stage| step(stage, |stage| shown(&stage.title()))),
        shift.qualification.map(|found| step(found, |found| shown(&found.title()))),
        shift.hand_over.as_ref().map(|cause| format!("handed over: {cause}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("{}: {}", shift.email, parts.join(", "))
}
