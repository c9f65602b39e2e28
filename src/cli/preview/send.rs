//! `dripline preview --send ADDRESS`

use std::path::Path;

use anyhow::Context as _;

use super::address;
use crate::cli::{Outcome, output, progress};
use crate::config::Config;
use crate::domain::address::Address;
use crate::domain::suggest::nearest;
use crate::home;
use crate::nurture::clock::Clock;
use crate::nurture::relays::Relays;
use crate::preview::test_mail::Tester;
use crate::preview::{Edition, Persona, strip};
use crate::secret;
use crate::workspace::Workspace;

/// What is sent, and to whom.
#[derive(Debug, clap::Args)]
pub struct Test {
    /// Send a test to this address: marked, with links that work and do not count.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub send: Option<Address>,
    /// The mail to send, such as tofu/welcome; may be given several times [default: all].
    #[arg(long = "mail", value_name = "NAME", requires = "send")]
    mails: Vec<String>,
    /// The language to send it in [default: that of the lead].
    #[arg(long, value_name = "LANGUAGE", requires = "send")]
    lang: Option<String>,
}

pub async fn run(
    workspace: &Path,
    config: &Config,
    edition: &Edition,
    args: &Test,
    to: &Address,
) -> anyhow::Result<Outcome> {
    // It was read without mistakes.
    let compiled = edition.workspace.as_deref().context("the workspace has mistakes")?;
    let persona = persona(edition, args.lang.as_deref()).context("there is nobody to render mails for")?;
    let mails = mails(compiled, &args.mails)?;
    let secret = std::env::var("DRIPLINE_SECRET").ok();
    let keys = secret::find(secret.as_deref(), &home::key_dir(config, workspace))?.context(
        "there is no key yet to sign the links of a test with: start `dripline serve` once, or set DRIPLINE_SECRET",
    )?;
    let relays = Relays::new(config, workspace).map_err(|(name, error)| {
        anyhow::Error::from(error).context(format!("[relay.{name}] in dripline.toml cannot be used"))
    })?;
    let now = Clock::System.now();
    let mut tester =
        Tester { workspace: compiled, config, keys: &keys, relays: &relays, persona, now, open: None };
    let bar = progress::bar(mails.len() as u64, BAR);
    let mut lines: Vec<String> = Vec::new();
    for mail in &mails {
        bar.set_message((*mail).to_owned());
        let language = language(compiled, mail, persona, args.lang.as_deref())?;
        let goes_to = match tester.send(mail, language, to).await {
            Ok(goes_to) => goes_to,
            Err(error) => {
                // What went out is told all the same: nobody is to send it again.
                bar.finish_and_clear();
                output::print(&lines.concat())?;
                return Err(error).with_context(|| format!("{mail} was not sent"));
            }
        };
        lines.push(format!("sent  {mail} ({language}) to {goes_to}\n"));
        bar.inc(1);
    }
    tester.close().await;
    bar.finish_and_clear();
    if !relays.has_smtp() {
        lines.push(format!(
            "There is no relay: the mails are files in {}\n",
            workspace.join("outbox").display()
        ));
    }
    lines.push(format!("Rendered for {}. The links lead by {}\n", persona.name, config.server.public_url));
    output::print(&lines.concat())?;
    Ok(Outcome::Fine)
}

/// The lead that was asked for, else the first one who reads this language.
fn persona<'e>(edition: &'e Edition, language: Option<&str>) -> Option<&'e Persona> {
    let reads = |persona: &&Persona| match (language, persona.language.as_deref()) {
        (Some(wanted), Some(own)) => own.split('-').next() == wanted.split('-').next(),
        (Some(_), None) => false,
        (None, _) => true,
    };
    let first = edition.personas.first().filter(|persona| persona.real);
    first.or_else(|| edition.personas.iter().find(reads)).or(edition.personas.first())
}

/// The mails that were named, else all: those of sequences first, in the order in which leads get them.
fn mails<'a>(workspace: &'a Workspace, named: &'a [String]) -> anyhow::Result<Vec<&'a str>> {
    for name in named {
        if !workspace.templates.contains(name) {
            let meant = nearest(name, workspace.templates.names());
            let meant = meant.map(|meant| format!("; did you mean \"{meant}\"?")).unwrap_or_default();
            anyhow::bail!("there is no mail \"{name}\"{meant}");
        }
    }
    if !named.is_empty() {
        return Ok(named.iter().map(String::as_str).collect());
    }
    let mut sequences: Vec<_> = workspace.sequences.iter().collect();
    sequences.sort_by_key(|sequence| sequence.stage);
    let steps = sequences.into_iter().flat_map(|sequence| &sequence.steps);
    let walked = steps.flat_map(strip::mails).map(String::as_str);
    let mut all: Vec<&str> = Vec::new();
    for mail in walked.chain(workspace.templates.names()) {
        if !all.contains(&mail) {
            all.push(mail);
        }
    }
    Ok(all)
}

/// The language that is sent: the one that was asked for, which the mail must have, or that of the lead.
fn language<'w>(
    workspace: &'w Workspace,
    mail: &str,
    persona: &Persona,
    asked: Option<&str>,
) -> anyhow::Result<&'w str> {
    let templates = &workspace.templates;
    let own = persona.language.as_deref().unwrap_or(&workspace.funnel.defaults.language);
    let found = templates.language(mail, asked.unwrap_or(own)).context("there is no such mail")?;
    match asked {
        Some(asked) if asked != found => {
            let known: Vec<&str> = templates.languages(mail).collect();
            anyhow::bail!("{mail} is not written in \"{asked}\"; it is in: {}", known.join(", "))
        }
        _ => Ok(found),
    }
}

const BAR: &str = "{bar:40} {pos}/{len}  {msg}";

#[cfg(test)]
mod tests {
    use super::BAR;

    #[test]
    fn the_bar_has_a_sound_template() {
        assert!(indicatif::ProgressStyle::with_template(BAR).is_ok());
    }
}
