//! What sales says of a lead: `dripline lead hand-over`, `accept`, `won` and the like, as by the links of the rep's mail.

use clap::{Args, Subcommand};

use super::{Lead, moment};
use crate::cli::lead::until::Until;
use crate::domain::address::Address;
use crate::domain::feedback::{Feedback, FeedbackKind};
use crate::domain::hand_over::Origin;
use crate::domain::words::UnknownWord;
use crate::nurture::record::LeadInput;
use crate::nurture::{Change, Engine};

#[derive(Debug, Subcommand)]
pub enum Command {
    HandOver(HandOver),
    Accept(Accept),
    Later(Later),
    Meeting(Meeting),
    Offer(Offer),
    Won(Won),
    Lost(Lost),
    No(No),
    Return(Return),
    WrongPerson(WrongPerson),
    NotAReply(NotAReply),
    Feedback(Said),
}

/// Hand a lead over to sales. From then on marketing is silent.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: dripline lead hand-over kim@example.org --cause \"asked for an offer\" --rep kim"
)]
pub struct HandOver {
    #[command(flatten)]
    lead: Lead,
    /// Why, for the rep.
    #[arg(long, default_value = "handed over by hand")]
    cause: String,
    /// A name of [team.NAME] in funnel.toml; else the rules of [[route]] and [routing] choose.
    #[arg(long)]
    rep: Option<String>,
}

/// Sales takes a lead on: it is an SQL from now on.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead accept kim@example.org --rep tarek --opportunity")]
pub struct Accept {
    #[command(flatten)]
    lead: Lead,
    /// Who works on it, a name of [team.NAME] in funnel.toml; else who has it.
    #[arg(long)]
    rep: Option<String>,
    /// There is an opportunity: an offer is asked for.
    #[arg(long)]
    opportunity: bool,
}

/// Sales comes back to a lead at a time, and is reminded then. Marketing stays silent.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead later kim@example.org --until \"2 weeks\"")]
pub struct Later {
    #[command(flatten)]
    lead: Lead,
    /// A date, a date and time, or "2 weeks".
    #[arg(long, value_name = "TIME")]
    until: Until,
}

/// Sales and a lead agreed to meet: it is an opportunity, and an SQL.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead meeting kim@example.org")]
pub struct Meeting {
    #[command(flatten)]
    lead: Lead,
}

/// A lead wants an offer: it is an opportunity, and an SQL.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead offer kim@example.org")]
pub struct Offer {
    #[command(flatten)]
    lead: Lead,
}

/// Sales won a lead: it is a customer, and the sequences for customers begin.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead won kim@example.org --amount 12000")]
pub struct Won {
    #[command(flatten)]
    lead: Lead,
    /// In your currency.
    #[arg(long)]
    amount: Option<f64>,
    #[arg(long)]
    reason: Option<String>,
}

/// Sales lost a lead: nothing is sent until it buys, sales wins or returns it, or somebody enrolls it.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead lost kim@example.org --reason \"chose another vendor\"")]
pub struct Lost {
    #[command(flatten)]
    lead: Lead,
    /// A name of [lost.NAME] in funnel.toml, or words.
    #[arg(long, default_value = "lost by hand")]
    reason: String,
    /// What there is to add.
    #[arg(long)]
    words: Option<String>,
}

/// A lead is not interested: it is lost, and nothing is sent.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead no kim@example.org --words \"has one already\"")]
pub struct No {
    #[command(flatten)]
    lead: Lead,
    /// It asked never to be written to again: a stop, which only the person can undo.
    #[arg(long)]
    never: bool,
    /// What it said.
    #[arg(long)]
    words: Option<String>,
}

/// Sales returns a lead: its sequence goes on, no sooner than tomorrow.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead return kim@example.org --reason \"no budget before autumn\"")]
pub struct Return {
    #[command(flatten)]
    lead: Lead,
    /// A name of [returned.NAME] in funnel.toml, or words.
    #[arg(long, default_value = "returned by hand")]
    reason: String,
    /// What there is to add.
    #[arg(long)]
    words: Option<String>,
    /// The sequence to enter instead, by its file name without .toml.
    #[arg(long)]
    sequence: Option<String>,
}

/// Somebody else is the one to talk to: that person goes to sales, and marketing lets go of this one.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: dripline lead wrong-person kim@example.org pat@example.org --first-name Pat --last-name Roth"
)]
pub struct WrongPerson {
    #[command(flatten)]
    lead: Lead,
    /// The e-mail address of the right person.
    #[arg(value_name = "RIGHT-EMAIL")]
    right: Address,
    #[arg(long)]
    first_name: Option<String>,
    #[arg(long)]
    last_name: Option<String>,
}

/// What came in was no reply: marketing goes on as if it had not been.
#[derive(Debug, Args)]
#[command(after_help = "Example: dripline lead not-a-reply kim@example.org")]
pub struct NotAReply {
    #[command(flatten)]
    lead: Lead,
}

/// Say what sales thinks of the last mail that a lead answered or got. Marketing finds it in `dripline report`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: dripline lead feedback kim@example.org tone --words \"too loud for a miller\""
)]
pub struct Said {
    #[command(flatten)]
    lead: Lead,
    /// address, benefit or tone.
    #[arg(value_parser = feedback_kind)]
    about: FeedbackKind,
    #[arg(long, default_value = "")]
    words: String,
}

fn feedback_kind(text: &str) -> Result<FeedbackKind, String> {
    text.parse().map_err(|error: UnknownWord| error.to_string())
}

impl Command {
    /// The lead, and the change that is asked for.
    pub(super) async fn read(self, engine: &Engine) -> anyhow::Result<(Lead, Change)> {
        Ok(match self {
            Self::HandOver(HandOver { lead, cause, rep }) => {
                (lead, Change::HandOver { cause, rep, origin: Origin::Person })
            }
            Self::Accept(Accept { lead, rep, opportunity }) => (lead, Change::Accept { rep, opportunity }),
            Self::Later(Later { lead, until }) => {
                (lead, Change::Later { until: moment(engine, until).await? })
            }
            Self::Meeting(Meeting { lead }) => (lead, Change::Meeting),
            Self::Offer(Offer { lead }) => (lead, Change::Offer),
            Self::Won(Won { lead, amount, reason }) => (lead, Change::Won { amount, reason }),
            Self::Lost(Lost { lead, reason, words }) => (lead, Change::Lost { reason, words }),
            Self::No(No { lead, never, words }) => (lead, Change::No { never, words }),
            Self::Return(Return { lead, reason, words, sequence }) => {
                (lead, Change::Return { reason, words, sequence })
            }
            Self::WrongPerson(WrongPerson { lead, right, first_name, last_name }) => {
                let right = Box::new(LeadInput::named_by_sales(right, first_name, last_name));
                (lead, Change::WrongPerson { right, rep: None })
            }
            Self::NotAReply(NotAReply { lead }) => (lead, Change::NotAReply),
            Self::Feedback(Said { lead, about, words }) => {
                (lead, Change::Feedback(Feedback { about, words }))
            }
        })
    }
}
