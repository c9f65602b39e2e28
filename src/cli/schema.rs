//! `dripline schema`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::{Outcome, output};
use crate::config;
use crate::workspace::schema::{FRONT_MATTER, FUNNEL, SEQUENCE, Schema};

/// Every schema.
pub const ALL: [&Schema; 4] = [&SEQUENCE, &FUNNEL, &config::SCHEMA, &FRONT_MATTER];

/// The folder of a workspace that `dripline new` writes them into.
pub const FOLDER: &str = ".schema";

const EXAMPLES: &str = "\
Examples:
  dripline schema sequence
  dripline schema --out .schema

The first line of a file in sequences/ is then: #:schema ../.schema/sequence.json
VS Code (with the extension Even Better TOML) and other editors with Taplo complete and explain every key.";

/// Print the JSON Schema of a kind of file, or write all of them into a folder, for editors.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Which one to print: sequence, funnel, dripline or front-matter.
    #[arg(value_parser = named, required_unless_present = "out")]
    name: Option<usize>,
    /// Write all of them into this folder, as NAME.json.
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    out: Option<PathBuf>,
}

/// The place of a schema in [`ALL`].
fn named(text: &str) -> Result<usize, String> {
    let known = ALL.map(|schema| schema.name).join(", ");
    let place = ALL.iter().position(|schema| schema.name == text);
    place.ok_or_else(|| format!("use one of: {known}"))
}

pub fn run(args: &Args) -> anyhow::Result<Outcome> {
    match (&args.out, args.name.and_then(|place| ALL.get(place))) {
        (Some(dir), _) => write(dir)?,
        (None, Some(schema)) => output::print(&text(schema))?,
        (None, None) => {}
    }
    Ok(Outcome::Fine)
}

/// The file of a schema.
pub fn text(schema: &Schema) -> String {
    format!("{:#}\n", schema.to_json())
}

/// What an older version has written is replaced.
fn write(dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    for schema in ALL {
        let path = dir.join(format!("{}.json", schema.name));
        fs::write(&path, text(schema)).with_context(|| format!("{} cannot be written", path.display()))?;
        output::print(&format!("{}  for {}\n", path.display(), schema.file))?;
    }
    Ok(())
}
