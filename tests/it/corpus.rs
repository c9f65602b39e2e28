//! Mails of the wild, and what they are taken for. Those in `fixtures/mail` were written for this project, in the manner
//! of the programs that write such mails: each of them must be right. A larger collection of mails by others, which is
//! no part of this repository, is judged as well if `DRIPLINE_CORPUS` names its folder: it must reach the bar.

mod record;
mod table;
mod verdict;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use table::{Share, Table};

const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/mail");
const CORPUS: &str = "DRIPLINE_CORPUS";

/// Kinds with fewer mails say little by themselves.
const MANY: usize = 20;

/// Mails that confuse a person with a machine, each with why nobody could tell. One at most.
const EXPLAINED: &[(&str, &str)] = &[];

#[test]
fn mails_of_the_wild_are_judged_right() {
    let own = judged(Path::new(OWN));
    say(&format!("{OWN}:\n{own}"));
    let mut failures = misses(&own);
    match std::env::var_os(CORPUS).map(PathBuf::from) {
        Some(folder) => {
            let corpus = judged(&folder);
            say(&format!("{}:\n{corpus}  wrong: {:#?}", folder.display(), corpus.wrong));
            assert!(corpus.mails > 0, "{CORPUS} names a folder without a manifest: {}", folder.display());
            failures.extend(below_the_bar(&corpus));
        }
        None => say(&format!(
            "{CORPUS} IS NOT SET: ONLY THE {} MAILS OF THIS REPOSITORY WERE JUDGED, NOT THE LARGER CORPUS",
            own.mails
        )),
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Past the test harness, which would keep it for itself.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn judged(folder: &Path) -> Table {
    let mut table = Table::default();
    for (number, record) in record::all(folder).iter().enumerate() {
        let mail = record.mail(folder, number);
        table.add(record, mail.len(), verdict::judge(mail));
    }
    table
}

/// Everything that is not right.
fn misses(table: &Table) -> Vec<String> {
    let Table { wrong, confused, crashed, swollen, .. } = table;
    let mut misses: Vec<String> =
        [wrong, confused, crashed, swollen].into_iter().flatten().cloned().collect();
    if table.mails == 0 {
        misses.push(format!("there are no mails in {OWN}"));
    }
    misses
}

/// What is worse than it may be.
fn below_the_bar(table: &Table) -> Vec<String> {
    let bars = [
        ("kind right", table.kind, 98.0),
        ("hard precision", table.precision, 99.0),
        ("hard recall", table.recall, 95.0),
        ("recipients", table.recipients, 97.0),
        ("reply text exact", table.text, 85.0),
    ];
    let kinds = table.kinds.iter().filter(|(_, share)| share.of >= MANY);
    let kinds = kinds.map(|(kind, share)| (kind.as_str(), *share, 95.0));
    let mut failures: Vec<String> = bars.into_iter().chain(kinds).filter_map(below).collect();
    let explained = |name: &String| EXPLAINED.iter().any(|(mail, _)| name == mail);
    let unexplained = table.confused.iter().filter(|name| !explained(name));
    failures.extend(unexplained.map(|name| format!("a person and a machine are confused: {name}")));
    if table.confused.len() > 1 {
        failures.push(format!("{} mails confuse a person with a machine", table.confused.len()));
    }
    failures.extend(table.crashed.iter().map(|name| format!("{name} crashes the classifier, or hangs it")));
    failures.extend(table.swollen.iter().map(|name| format!("too much memory: {name}")));
    failures
}

fn below((name, share, bar): (&str, Share, f64)) -> Option<String> {
    (share.percent() < bar).then(|| format!("{name}: {:.1} % of {}, not {bar} %", share.percent(), share.of))
}
