//! [`Section`]: the parts of a report, as tables.

use crate::cli::table::{Cell, Column, Table};
use crate::domain::stage::{Qualification, Stage};
use crate::nurture::report::{FeedbackRow, LeadRow, MailRow, ReasonRow, Report, SequenceRow, SourceRow};

/// A part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Section {
    /// Leads by stage and qualification, now.
    Leads,
    /// Moves between stages.
    Moves,
    /// How long leads were in a stage.
    Stages,
    /// Each sequence.
    Sequences,
    /// Each mail: step and variant.
    Mails,
    /// Each source of leads.
    Sources,
    /// Why hand-overs were lost or returned.
    Reasons,
    /// What sales said of mails.
    Feedback,
}

/// A column that people see under the same name.
const fn plain(name: &'static str) -> Column {
    Column { name, head: name }
}

const fn column(name: &'static str, head: &'static str) -> Column {
    Column { name, head }
}

/// A column for programs only.
const fn hidden(name: &'static str) -> Column {
    Column { name, head: "" }
}

fn text(text: impl ToString) -> Cell {
    Cell::Text(text.to_string())
}

impl Section {
    pub fn all() -> &'static [Section] {
        <Self as clap::ValueEnum>::value_variants()
    }

    fn title(self, report: &Report) -> String {
        match self {
            Section::Leads => {
                let (leads, tracked) = report
                    .leads
                    .iter()
                    .fold((0, 0), |(leads, tracked), row| (leads + row.leads, tracked + row.tracked));
                let leads = Cell::Count(leads).shown();
                format!("Leads: {leads} now, of whom {} agree to tracking", Cell::Count(tracked).shown())
            }
            Section::Moves => "Moves between stages".to_owned(),
            Section::Stages => "Time in a stage, of leads that left it".to_owned(),
            Section::Sequences => "Sequences".to_owned(),
            Section::Mails => "Mails (opens and clicks: of those to leads that agree to tracking)".to_owned(),
            Section::Sources => "Sources of leads".to_owned(),
            Section::Reasons => "Why sales lost or returned leads".to_owned(),
            Section::Feedback => "What sales said of mails".to_owned(),
        }
    }

    /// For people.
    pub fn text(self, report: &Report) -> String {
        let table = match self {
            // They are few, and are read across.
            Section::Leads => matrix(&report.leads),
            Section::Sources | Section::Reasons => titled(self.table(report)),
            _ => self.table(report),
        };
        let title = self.title(report);
        if table.rows.is_empty() {
            format!("{title}\n  none\n")
        } else {
            format!("{title}\n{}", table.text())
        }
    }

    /// For programs, and, but for the leads, for people.
    pub fn table(self, report: &Report) -> Table {
        let (columns, rows, bars): (Vec<Column>, Vec<Vec<Cell>>, Option<&'static str>) = match self {
            Section::Leads => {
                let columns = ["stage", "qualification", "leads", "tracked"].map(plain);
                let row = |row: &LeadRow| {
                    let (leads, tracked) = (Cell::Count(row.leads), Cell::Count(row.tracked));
                    vec![text(row.stage), text(row.qualification), leads, tracked]
                };
                (columns.to_vec(), report.leads.iter().map(row).collect(), None)
            }
            Section::Moves => {
                let columns = ["from", "to", "moves"].map(plain);
                let rows = report.moves.iter();
                let rows = rows.map(|row| vec![text(row.from), text(row.to), Cell::Count(row.moves)]);
                (columns.to_vec(), rows.collect(), Some("moves"))
            }
            Section::Stages => {
                let columns = vec![plain("stage"), plain("left"), column("median_days", "median days")];
                let rows = report.stages.iter();
                let rows =
                    rows.map(|row| vec![text(row.stage), Cell::Count(row.left), Cell::Days(row.median_days)]);
                (columns, rows.collect(), Some("median_days"))
            }
            Section::Sequences => (SEQUENCES.to_vec(), report.sequences.iter().map(sequence).collect(), None),
            Section::Mails => (MAILS.to_vec(), report.mails.iter().map(mail).collect(), None),
            Section::Sources => (SOURCES.to_vec(), report.sources.iter().map(source).collect(), None),
            Section::Reasons => {
                let columns = vec![
                    column("state", "what"),
                    plain("reason"),
                    hidden("title"),
                    column("hand_overs", "leads"),
                ];
                let row = |row: &ReasonRow| {
                    let title = text(row.title.as_deref().unwrap_or_default());
                    vec![text(&row.state), text(&row.reason), title, Cell::Count(row.hand_overs)]
                };
                (columns, report.reasons.iter().map(row).collect(), Some("hand_overs"))
            }
            Section::Feedback => {
                let columns = ["sequence", "step", "mail", "address", "benefit", "tone"].map(plain);
                (columns.to_vec(), report.feedback.iter().map(feedback).collect(), None)
            }
        };
        Table { columns, rows, bars }
    }
}

/// The same for people: a title stands in place of the key before it.
fn titled(mut table: Table) -> Table {
    let Some(title) = table.columns.iter().position(|column| column.name == "title") else { return table };
    for row in table.rows.iter_mut().filter(|row| row[title] != text("")) {
        row.swap(title - 1, title);
    }
    table
}

/// A row a stage, a column a qualification.
fn matrix(leads: &[LeadRow]) -> Table {
    let all = leads.iter().map(|row| row.leads).sum::<i64>();
    let count = |stage: Stage, qualification: Option<Qualification>| {
        let fits = |row: &&LeadRow| {
            row.stage == stage && qualification.is_none_or(|qualification| qualification == row.qualification)
        };
        Cell::Count(leads.iter().filter(fits).map(|row| row.leads).sum())
    };
    let mut columns = vec![plain("stage")];
    columns.extend(Qualification::ALL.iter().map(|word| column(word.as_str(), word.title())));
    columns.push(plain("all"));
    let row = |stage: &Stage| {
        let cells = Qualification::ALL.iter().map(|word| count(*stage, Some(*word)));
        [text(stage.title())].into_iter().chain(cells).chain([count(*stage, None)]).collect()
    };
    let rows = if all == 0 { Vec::new() } else { Stage::ALL.iter().map(row).collect() };
    Table { columns, rows, bars: Some("all") }
}

const SEQUENCES: [Column; 13] = [
    plain("sequence"),
    hidden("title"),
    plain("entered"),
    column("active", "walking"),
    plain("finished"),
    column("reached_goal", "goal"),
    column("goal_rate", "goal rate"),
    plain("sent"),
    column("replied", "replies"),
    column("unsubscribed", "left"),
    column("complained", "complaints"),
    column("handed_over", "hand-overs"),
    plain("won"),
];

fn sequence(row: &SequenceRow) -> Vec<Cell> {
    let before = [row.entered, row.active, row.finished, row.reached_goal].map(Cell::Count);
    let behind =
        [row.sent, row.replied, row.unsubscribed, row.complained, row.handed_over, row.won].map(Cell::Count);
    let mut cells = vec![text(&row.sequence), text(&row.title)];
    cells.extend(before);
    cells.push(Cell::Share(row.goal_rate));
    cells.extend(behind);
    cells
}

const MAILS: [Column; 18] = [
    plain("sequence"),
    plain("step"),
    plain("mail"),
    hidden("variant"),
    plain("sent"),
    hidden("tracked"),
    column("tracked_share", "tracked"),
    hidden("opened"),
    column("open_rate", "opened"),
    hidden("clicked"),
    column("click_rate", "clicked"),
    column("replied", "replies"),
    hidden("reply_rate"),
    column("unsubscribed", "left"),
    column("complained", "complaints"),
    hidden("leave_rate"),
    column("handed_over", "hand-overs"),
    plain("won"),
];

fn mail(row: &MailRow) -> Vec<Cell> {
    vec![
        text(&row.sequence),
        text(&row.step),
        text(&row.mail),
        Cell::Count(row.variant),
        Cell::Count(row.sent),
        Cell::Count(row.tracked),
        Cell::Share(row.tracked_share),
        Cell::Count(row.opened),
        Cell::Share(row.open_rate),
        Cell::Count(row.clicked),
        Cell::Share(row.click_rate),
        Cell::Count(row.replied),
        Cell::Share(row.reply_rate),
        Cell::Count(row.unsubscribed),
        Cell::Count(row.complained),
        Cell::Share(row.leave_rate),
        Cell::Count(row.handed_over),
        Cell::Count(row.won),
    ]
}

const SOURCES: [Column; 18] = [
    plain("source"),
    hidden("title"),
    plain("leads"),
    hidden("complete"),
    column("complete_rate", "complete"),
    hidden("mql"),
    column("mql_rate", "MQL"),
    hidden("sql"),
    column("sql_rate", "SQL"),
    column("handed_over", "hand-overs"),
    plain("won"),
    plain("amount"),
    plain("customers"),
    plain("cost"),
    column("cac", "CAC"),
    plain("address"),
    plain("benefit"),
    plain("tone"),
];

fn source(row: &SourceRow) -> Vec<Cell> {
    vec![
        text(if row.source.is_empty() { "(none)" } else { &row.source }),
        text(row.title.as_deref().unwrap_or_default()),
        Cell::Count(row.leads),
        Cell::Number(row.complete),
        Cell::Share(row.complete_rate),
        Cell::Count(row.mql),
        Cell::Share(row.mql_rate),
        Cell::Count(row.sql),
        Cell::Share(row.sql_rate),
        Cell::Count(row.handed_over),
        Cell::Count(row.won),
        Cell::Money(Some(row.amount)),
        Cell::Count(row.customers),
        Cell::Money(row.cost.map(|cost| cost as f64)),
        Cell::Money(row.cac),
        Cell::Count(row.address),
        Cell::Count(row.benefit),
        Cell::Count(row.tone),
    ]
}

fn feedback(row: &FeedbackRow) -> Vec<Cell> {
    let counts = [row.address, row.benefit, row.tone].map(Cell::Count);
    [text(&row.sequence), text(&row.step), text(&row.mail)].into_iter().chain(counts).collect()
}
