//! `dripline new template NAME`

use std::path::Path;

use super::files::{NewFile, check_name, list, write_new};
use super::mails;
use super::sequence::own_language;
use crate::cli::context::require_workspace;
use crate::cli::output;
use crate::workspace::Files;

/// Start a mail: a file for each language that the mails of the workspace have.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dripline new template mofu/case-study
  dripline new template mofu/case-study --language de")]
pub struct Args {
    /// Its name below templates/mail, without language and ending.
    name: String,
    /// Two letters: in this language only.
    #[arg(long, value_parser = language)]
    language: Option<String>,
}

fn language(text: &str) -> Result<String, String> {
    let fine = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    if fine { Ok(text.to_owned()) } else { Err("write two letters, such as de".to_owned()) }
}

pub fn run(workspace: &Path, args: &Args) -> anyhow::Result<()> {
    require_workspace(workspace)?;
    let name = args.name.trim_end_matches(".md");
    name.split('/').try_for_each(check_name)?;
    if let Some((mail, language)) = name.rsplit_once('.') {
        anyhow::bail!("names have no dot; write: dripline new template {mail} --language {language}");
    }
    let here = Files::read(workspace)?;
    let languages = match &args.language {
        Some(language) => [language.clone()].into(),
        None => mails::languages(&here),
    };
    let files = mails::new(name, &languages, &own_language(&here));
    for file in &files {
        let html = file.path.replace(".md", ".html");
        anyhow::ensure!(here.file(&html).is_none(), "{html} is this mail already");
    }
    write_new(workspace, &files)?;
    output::print(&describe(&files, name))
}

fn describe(files: &[NewFile], name: &str) -> String {
    format!(
        "New:\n{}\n\
         What next:\n  \
         write the words\n  \
         say in a step of a sequence: mail = \"{name}\"\n  \
         dripline check                   look for mistakes\n",
        list(files)
    )
}
