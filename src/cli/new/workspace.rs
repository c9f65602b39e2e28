//! `dripline new workspace DIR`

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::files::{NewFile, list, write_new};
use crate::cli::{output, schema};

/// Start a workspace: a small, commented example with one sequence of two mails, which works as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: dripline new workspace my-company --language de")]
pub struct Args {
    /// The folder. It may exist, as long as none of the files does.
    dir: PathBuf,
    /// The language of the mails.
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    En,
    De,
}

pub fn run(args: &Args) -> anyhow::Result<()> {
    let files = files(args.language);
    write_new(&args.dir, &files)?;
    output::print(&describe(&args.dir, &files))
}

fn files(language: Language) -> Vec<NewFile> {
    let (code, topic, welcome, guide) = match language {
        Language::En => {
            ("en", "Tips and guides", include_str!("text/welcome.en.md"), include_str!("text/guide.en.md"))
        }
        Language::De => (
            "de",
            "Tipps und Leitfäden",
            include_str!("text/welcome.de.md"),
            include_str!("text/guide.de.md"),
        ),
    };
    let funnel = include_str!("text/funnel.toml").replace("%LANGUAGE%", code).replace("%TOPIC%", topic);
    let mut files = vec![
        NewFile::new("funnel.toml", funnel, "your company, senders, sales; scores and stages"),
        NewFile::new(
            "dripline.toml",
            include_str!("text/dripline.toml"),
            "mail server and database: the operator's",
        ),
        NewFile::new("sequences/welcome.toml", include_str!("text/welcome.toml"), "a sequence of two steps"),
        NewFile::new("templates/mail/tofu/welcome.md", welcome, "its first mail"),
        NewFile::new("templates/mail/tofu/guide.md", guide, "its second mail, three days later"),
        NewFile::new(".gitignore", include_str!("text/gitignore"), ""),
        NewFile::new(".vscode/extensions.json", include_str!("text/extensions.json"), ""),
    ];
    let schemas = schema::ALL.iter().map(|known| {
        NewFile::new(format!("{}/{}.json", schema::FOLDER, known.name), schema::text(known), "")
    });
    files.extend(schemas);
    files
}

fn describe(dir: &Path, files: &[NewFile]) -> String {
    let dir = dir.display();
    format!(
        "A new workspace: {dir}\n{}\
         Editors that know TOML (VS Code with Even Better TOML) complete and explain every key.\n\n\
         What next:\n  \
         cd {dir}\n  \
         dripline check                   look for mistakes\n  \
         dripline lead add YOUR-ADDRESS --basis double_opt_in\n  \
         dripline serve --until-idle      send what is due: a file for each mail in outbox/\n",
        list(files)
    )
}
