//! [`Shared`]: the layouts and partials that mails have in common.

use std::collections::BTreeMap;

use super::lint::{self, Include, Part};
use super::{DEFAULT_LAYOUT, LAYOUTS, PARTIALS};
use crate::workspace::code::Code;
use crate::workspace::mention::{Noun, Role};
use crate::workspace::source::{Finding, Report, Source};
use crate::workspace::table::Text;

/// The layout of workspaces that have none of their own.
const BUILT_IN: &str = include_str!("default_layout.html");

const BUILT_IN_NAME: &str = "(built-in layout)";

/// Layouts and partials by name, checked.
pub(super) struct Shared<'a> {
    pub layouts: BTreeMap<String, Text<'a>>,
    pub partials: BTreeMap<String, Text<'a>>,
    /// Whether no mistake was found in them, so that mails can be put together.
    pub fine: bool,
}

impl<'a> Shared<'a> {
    /// Takes the layouts and partials from all sources.
    pub fn read(sources: &[Source<'a>], report: &'a Report) -> Self {
        let built_in = Source::new(BUILT_IN_NAME, BUILT_IN, report);
        let mut layouts = BTreeMap::from([(DEFAULT_LAYOUT.to_owned(), Text::whole(built_in))]);
        layouts.extend(folder(sources, LAYOUTS));
        let mut shared = Self { layouts, partials: folder(sources, PARTIALS), fine: true };
        shared.fine = shared.check_partials() & shared.check_layouts();
        for (noun, texts) in [(Noun::Layout, &shared.layouts), (Noun::Partial, &shared.partials)] {
            for (name, text) in texts.iter().filter(|(_, text)| text.source.name != BUILT_IN_NAME) {
                text.source.mention(noun, Role::Defines, name, 0..0);
            }
        }
        shared
    }

    /// The layouts and partials that are files of the workspace.
    pub fn own_files(&self) -> impl Iterator<Item = &Text<'a>> {
        let all = self.layouts.values().chain(self.partials.values());
        all.filter(|text| text.source.name != BUILT_IN_NAME)
    }

    fn check_layouts(&self) -> bool {
        let mut fine = true;
        for layout in self.layouts.values() {
            let checked = lint::check(layout, Part::Layout, &self.partials);
            fine &= checked.fine;
            if checked.fine && !checked.includes.iter().any(|include| include.name == "body") {
                let finding = Finding::new(Code::Layout, "the layout has no place for the mail");
                layout.source.report(0..0, finding.help("write {{> body}} where the mail goes"));
                fine = false;
            }
        }
        fine
    }

    fn check_partials(&self) -> bool {
        let checked =
            self.partials.iter().map(|(name, text)| (name, lint::check(text, Part::Html, &self.partials)));
        let checked: BTreeMap<&String, lint::Linted> = checked.collect();
        let mut fine = checked.values().all(|checked| checked.fine);
        let includes: BTreeMap<&str, &[Include]> =
            checked.iter().map(|(name, checked)| (name.as_str(), checked.includes.as_slice())).collect();
        for (name, included) in &includes {
            for include in *included {
                if let Some(path) = path(&include.name, name, &includes, &mut Vec::new()) {
                    let message = format!("the partial includes itself: {name} > {}", path.join(" > "));
                    let finding = Finding::new(Code::PartialCycle, message);
                    include.text.report(finding.help("take this tag out, or include another partial"));
                    fine = false;
                }
            }
        }
        fine
    }
}

/// How one partial leads to another, by what they include.
fn path<'i>(
    from: &'i str,
    to: &str,
    includes: &BTreeMap<&'i str, &'i [Include<'_>]>,
    seen: &mut Vec<&'i str>,
) -> Option<Vec<&'i str>> {
    if from == to {
        return Some(vec![from]);
    }
    if seen.contains(&from) {
        return None;
    }
    seen.push(from);
    let next = includes.get(from)?.iter();
    next.filter_map(|include| path(&include.name, to, includes, seen)).next().map(|mut path| {
        path.insert(0, from);
        path
    })
}

/// The HTML files of a folder by their stem.
fn folder<'a>(sources: &[Source<'a>], folder: &str) -> BTreeMap<String, Text<'a>> {
    let name =
        |source: &Source<'a>| source.name.strip_prefix(folder)?.strip_suffix(".html").map(str::to_owned);
    sources.iter().filter_map(|source| Some((name(source)?, Text::whole(*source)))).collect()
}
