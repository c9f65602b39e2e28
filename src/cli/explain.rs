//! `dripline explain LEAD`

use std::path::Path;

use super::context::Context;
use super::{Outcome, output};
use crate::domain::consent::Basis;
use crate::domain::lead::{COMPANY_FIELDS, LEAD_FIELDS, Lead};
use crate::domain::visible::one_line;
use crate::http::LeadView;
use crate::nurture::explain::{Entry, Explanation, Judged, Next, explain};
use crate::nurture::lookup::find;
use crate::nurture::{Engine, NurtureResult};

/// Explain one lead: what happened and why, why nothing is sent, what comes next and when.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: dripline explain kim@example.org")]
pub struct Args {
    /// The e-mail address, or the id.
    lead: String,
    /// Print the explanation as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn run(workspace: &Path, args: Args) -> anyhow::Result<Outcome> {
    let context = Context::open_applied(workspace).await?;
    let explanation = explain(&context.engine, &args.lead).await?;
    if args.json {
        output::print_json(&explanation)?;
    } else {
        output::print(&(head(&explanation) + &timeline(&explanation) + &outlook(&explanation)))?;
    }
    context.close().await;
    Ok(Outcome::Fine)
}

/// Shows what is known about a lead, and where it stands: `dripline lead show`. The JSON is that of the API.
pub async fn show(context: Context, lead: &str, json: bool) -> anyhow::Result<Outcome> {
    let engine = &context.engine;
    if json {
        output::print_json(&LeadView::read(engine, lead).await?)?;
    } else {
        let explanation = explain(engine, lead).await?;
        let mut tx = engine.db.read().await?;
        let lead = find(&mut tx, lead).await?.lead;
        drop(tx);
        let (head, known, agreed) = (head(&explanation), known(&lead), agreed(&lead));
        output::print(&format!("{head}\n{known}\n{agreed}{}", outlook(&explanation)))?;
    }
    context.close().await;
    Ok(Outcome::Fine)
}

/// A line for each field of a lead that is filled, by the names that conditions use.
fn known(lead: &Lead) -> String {
    let own = LEAD_FIELDS.iter().map(|name| (*name).to_owned());
    let company = COMPANY_FIELDS.iter().map(|name| format!("company.{name}"));
    let free = lead.contact.fields.keys().map(|name| format!("fields.{name}"));
    let line = |name: String| Some(format!("{}: {}\n", one_line(&name), one_line(&lead.field(&name)?)));
    own.chain(company).chain(free).filter_map(line).collect()
}

/// Since when it is known, and what it agreed to.
fn agreed(lead: &Lead) -> String {
    let basis = match lead.basis {
        Some(Basis::OptIn) => "agreed to, not confirmed (opt_in)",
        Some(Basis::DoubleOptIn) => "agreed to and confirmed (double_opt_in)",
        Some(Basis::Customer) => "a customer (existing_customer)",
        None => "no consent is recorded",
    };
    let tracking = if lead.tracking { "agreed to" } else { "not agreed to" };
    let since = lead.created_at.utc().date_naive();
    format!("Known since {since}.\nE-mail: {basis}.\nTracking: {tracking}.\n")
}

/// Where a lead stands, in one line; and, if that is asked for, what still keeps mail from it.
pub async fn stands(engine: &Engine, lead: &str, with_causes: bool) -> NurtureResult<String> {
    let explanation = explain(engine, lead).await?;
    let causes = if with_causes { causes(&explanation) } else { String::new() };
    Ok(format!("{}: {}\n{causes}", explanation.email, explanation.sentence))
}

/// A line for each thing that keeps mail from a lead.
fn causes(explanation: &Explanation) -> String {
    let line = |because: &String| format!("Not sent because {}.\n", one_line(because));
    explanation.not_sent_because.iter().map(line).collect()
}

/// Who it is, where the lead stands, and why nothing is sent.
fn head(explanation: &Explanation) -> String {
    let Explanation { email, lead, sentence, score, judged, .. } = explanation;
    format!("{email} ({lead})\n{sentence}\n{score}.\n{}{}", known_as(judged), causes(explanation))
}

/// The persona of a lead, and what is not known of it.
fn known_as(judged: &Judged) -> String {
    let persona = judged.persona_title.as_ref().map(|title| format!("Persona: {title}.\n"));
    let missing =
        (!judged.complete).then(|| format!("Not complete: {} missing.\n", judged.missing.join(", ")));
    [persona, missing].into_iter().flatten().collect()
}

/// A line for each thing that happened.
fn timeline(explanation: &Explanation) -> String {
    let line = |entry: &Entry| {
        let because =
            entry.because.as_ref().map(|because| format!(", because {because}")).unwrap_or_default();
        format!("{}  {}\n", entry.local, one_line(&format!("{}{because}", entry.what)))
    };
    let zone = format!("\nWhat happened ({}):\n", explanation.timezone);
    zone + &explanation.timeline.iter().map(line).collect::<String>()
}

/// What comes next and when.
fn outlook(explanation: &Explanation) -> String {
    let Some(Next { title, step, what, local, waits_for, .. }) = &explanation.next else {
        return "\nNext: nothing; the lead walks no sequence.\n".to_owned();
    };
    let step = step.as_ref().map(|step| format!("step {step} of ")).unwrap_or_default();
    let when = match (local, waits_for) {
        (Some(local), Some(cause)) => format!("{local}, waiting: {cause}"),
        (Some(local), None) => local.clone(),
        (None, Some(cause)) => format!("waiting: {cause}"),
        (None, None) => "waiting".to_owned(),
    };
    format!("\nNext: {step}\"{title}\": {what}\n      {when}\n")
}
