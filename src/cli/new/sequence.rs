//! `dripline new sequence NAME`

use std::path::Path;

use super::files::{NewFile, check_name, list, write_new};
use super::mails;
use crate::cli::context::require_workspace;
use crate::cli::{output, schema};
use crate::domain::stage::Stage;
use crate::workspace::{Files, Workspace};

/// Start a sequence, with its first mail. It is paused until you take that line out.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: dripline new sequence evaluation --stage mofu")]
pub struct Args {
    /// The name of its file, without .toml.
    name: String,
    /// The funnel stage whose leads walk it: tofu, mofu, bofu or customer.
    #[arg(long, default_value = "tofu")]
    stage: Stage,
}

pub fn run(workspace: &Path, args: &Args) -> anyhow::Result<()> {
    require_workspace(workspace)?;
    let name = args.name.trim_end_matches(".toml");
    check_name(name)?;
    let here = Files::read(workspace)?;
    let mail = mail_of(name, args.stage);
    let mut files = vec![NewFile::new(
        format!("sequences/{name}.toml"),
        text(workspace, name, args.stage, &mail),
        "the sequence, paused",
    )];
    if !mails::exists(&here, &mail) {
        files.extend(mails::new(&mail, &mails::languages(&here), &own_language(&here)));
    }
    write_new(workspace, &files)?;
    output::print(&describe(&files, name))
}

/// The language of mails that have none in their names.
pub fn own_language(files: &Files) -> String {
    let checked = Workspace::compile(files).workspace;
    checked.map_or_else(|| "en".to_owned(), |workspace| workspace.funnel.defaults.language)
}

/// The first mail of a sequence: that of `mofu-evaluation` is `mofu/evaluation`.
fn mail_of(name: &str, stage: Stage) -> String {
    let stem = name.strip_prefix(stage.as_str()).and_then(|rest| rest.strip_prefix('-'));
    format!("{stage}/{}", stem.filter(|stem| !stem.is_empty()).unwrap_or(name))
}

fn text(workspace: &Path, name: &str, stage: Stage, mail: &str) -> String {
    let text = include_str!("text/sequence.toml");
    let has_schema = workspace.join(schema::FOLDER).join("sequence.json").exists();
    let text = match has_schema {
        true => text.replace("%SCHEMA%", &format!("../{}/sequence.json", schema::FOLDER)),
        false => text.lines().skip(1).map(|line| format!("{line}\n")).collect(),
    };
    text.replace("%TITLE%", &mails::title(mails::stem(mail)))
        .replace("%STAGE%", stage.as_str())
        .replace("%MAIL%", mail)
        .replace("%STEP%", mails::stem(mail))
        .replace("%NAME%", name)
}

fn describe(files: &[NewFile], name: &str) -> String {
    format!(
        "New:\n{}\n\
         What next:\n  \
         write the words of the mail, and the steps that follow\n  \
         dripline check                   look for mistakes\n  \
         take out `paused = true` of sequences/{name}.toml, and have the server apply it: restart it, or SIGHUP\n",
        list(files)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mail_is_called_as_the_sequence() {
        assert_eq!(mail_of("evaluation", Stage::Mofu), "mofu/evaluation");
        assert_eq!(mail_of("mofu-evaluation", Stage::Mofu), "mofu/evaluation");
        assert_eq!(mail_of("mofu-", Stage::Mofu), "mofu/mofu-");
        assert_eq!(mail_of("tofu-x", Stage::Mofu), "mofu/tofu-x");
    }
}
