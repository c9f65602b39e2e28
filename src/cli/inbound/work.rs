//! `dripline inbound list|show|resolve`: mails that wait for a person.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};

use crate::cli::context::Context;
use crate::cli::{Outcome, output};
use crate::domain::inbound::InboundKind;
use crate::domain::words::UnknownWord;
use crate::nurture::Engine;
use crate::nurture::receive::waiting::{Decision, Seen, list, resolve, show};

/// Characters of a mail that a list shows.
const FIRST_WORDS: usize = 70;

#[derive(Debug, Subcommand)]
pub enum Command {
    List(List),
    Show(Show),
    Resolve(Resolve),
}

/// Show the mails that wait for a person: of nobody who is known, or of a kind that nobody knows.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline inbound list")]
pub struct List {
    /// All mails that came in, also those that were understood.
    #[arg(long)]
    all: bool,
    /// How many at most, the newest first.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

/// Show one mail: its text only, and nothing that it could load or run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dripline inbound show 1203
  dripline inbound show 1203 --raw > mail.eml")]
pub struct Show {
    /// The number that the list shows.
    id: i64,
    /// The mail as it came, byte for byte. Open it with care.
    #[arg(long, conflicts_with = "json")]
    raw: bool,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

/// Say what a mail is and whom it concerns: it takes its effects as if it had been understood. Or ignore it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dripline inbound resolve 1203 --lead kim@example.org
  dripline inbound resolve 1203 --lead kim@example.org --as unsubscribe
  dripline inbound resolve 1204 --ignore")]
pub struct Resolve {
    /// The number that the list shows.
    id: i64,
    /// Nothing follows from it.
    #[arg(long, conflicts_with_all = ["lead", "kind"])]
    ignore: bool,
    /// The lead that it concerns: the e-mail address, or the id. Else the one that was found.
    #[arg(long)]
    lead: Option<String>,
    /// human_reply, auto_reply, bounce, complaint or unsubscribe. Else what it was taken for.
    #[arg(long = "as", value_name = "KIND", value_parser = kind)]
    kind: Option<InboundKind>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<InboundKind, String> {
    use InboundKind::{AutoReply, Bounce, Complaint, HumanReply, Unsubscribe};
    let effective = [HumanReply, AutoReply, Bounce, Complaint, Unsubscribe];
    match text.parse::<InboundKind>() {
        Ok(kind) if effective.contains(&kind) => Ok(kind),
        Ok(kind) => Err(format!("nothing follows from \"{kind}\"; use --ignore")),
        Err(UnknownWord { word, .. }) => {
            let known = effective.map(InboundKind::as_str).join(", ");
            Err(format!("\"{word}\" is not known here; use one of: {known}"))
        }
    }
}

pub async fn run(workspace: &Path, command: Command) -> anyhow::Result<Outcome> {
    let context = Context::open_applied(workspace).await?;
    let engine = &context.engine;
    match command {
        Command::List(args) => print_list(engine, &args).await?,
        Command::Show(args) => print_mail(engine, &args).await?,
        Command::Resolve(args) => decide(engine, args).await?,
    }
    context.close().await;
    Ok(Outcome::Fine)
}

async fn print_list(engine: &Engine, args: &List) -> anyhow::Result<()> {
    let mails = list(engine, args.all, args.limit).await?;
    if args.json {
        return output::print_json(&mails);
    }
    if mails.is_empty() {
        return output::print("No mail waits for a person.\n");
    }
    let text: String = mails.iter().map(line).collect();
    output::print(&format!(
        "{text}\n`dripline inbound show ID` shows one, `dripline inbound resolve ID` settles it.\n"
    ))
}

/// Two lines for a mail, and one for its first words.
fn line(mail: &Seen) -> String {
    let at = mail.received_at.utc().format("%Y-%m-%d %H:%M");
    let words: String = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words: String = words.chars().take(FIRST_WORDS).collect();
    let lead = mail.lead.as_ref().map(|lead| format!(" (lead {lead})")).unwrap_or_default();
    let head = format!("{:>6}  {at}  {}: {}{lead}\n", mail.id, mail.kind, mail.state);
    let mut text = head + &format!("        {} | {}\n", safe(&mail.from), safe(&mail.subject));
    if !words.is_empty() {
        text += &format!("        \"{}\"\n", safe(&words));
    }
    text
}

async fn print_mail(engine: &Engine, args: &Show) -> anyhow::Result<()> {
    let (mail, raw) = show(engine, args.id).await?;
    if args.raw {
        return Ok(io::stdout().lock().write_all(&raw)?);
    }
    if args.json {
        return output::print_json(&mail);
    }
    let at = mail.received_at.utc().format("%Y-%m-%d %H:%M UTC");
    let mut text = format!("from         {}\nsubject      {}\n", safe(&mail.from), safe(&mail.subject));
    text += &format!("came in      {at}\ntaken for    {} ({})\n", mail.kind, safe(&mail.evidence));
    text +=
        &format!("lead         {}\nstate        {}\n", mail.lead.as_deref().unwrap_or("none"), mail.state);
    if !mail.attachments.is_empty() {
        text += &format!("attachments  {}\n", safe(&mail.attachments.join(", ")));
    }
    let lines: String = mail.text.lines().map(|line| format!("{}\n", safe(line))).collect();
    output::print(&format!("{text}\n{lines}"))
}

async fn decide(engine: &Engine, args: Resolve) -> anyhow::Result<()> {
    let decision = match args {
        Resolve { ignore: true, .. } => Decision::Ignore,
        Resolve { lead: None, kind: None, id, .. } => anyhow::bail!(
            "say whom the mail concerns: dripline inbound resolve {id} --lead EMAIL\n  \
             somebody who is no lead yet comes first: dripline lead add EMAIL\n  \
             or that nothing follows from it: dripline inbound resolve {id} --ignore"
        ),
        Resolve { lead, kind, .. } => Decision::Take { lead, kind },
    };
    let found = resolve(engine, args.id, &decision).await?;
    if args.json {
        return output::print_json(&found);
    }
    let (mail, _) = show(engine, args.id).await?;
    let lead = mail.lead.map(|lead| format!(", {lead}")).unwrap_or_default();
    output::print(&format!("{}: {}{lead}\n", mail.id, mail.state))
}

/// What strangers wrote, without what a terminal would obey.
fn safe(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    text.replace(crate::domain::visible::turns, "")
}
