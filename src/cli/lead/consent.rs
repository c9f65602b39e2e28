//! `dripline lead consent`

use super::{Lead, Until};
use crate::domain::consent::{Basis, Channel, Consent};
use crate::nurture::{Change, Engine};

/// Record what a known lead agreed to. Who is stopped stays so: only the person can undo that.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  dripline lead consent pat@example.org --basis double_opt_in --at 2026-03-01 --wording \"Yes, send me the guides\"
  dripline lead consent pat@example.org --channel phone --basis opt_in --wording \"asked to be called, at the fair\"")]
pub struct Args {
    #[command(flatten)]
    lead: Lead,
    /// opt_in, double_opt_in or existing_customer.
    #[arg(long)]
    basis: Basis,
    /// email or phone.
    #[arg(long, default_value = "email")]
    channel: Channel,
    /// When the person agreed: a date, or a date and time; else now.
    #[arg(long, value_name = "TIME")]
    at: Option<Until>,
    /// The words that were agreed to.
    #[arg(long)]
    wording: Option<String>,
    /// Whether the person agreed to be tracked; else that stays as it is.
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    tracking: Option<bool>,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("write yes or no".to_owned()),
    }
}

/// The change that is asked for.
pub(super) async fn read(engine: &Engine, args: Args) -> anyhow::Result<(Lead, Change)> {
    let zone = engine.revision().await?.workspace.funnel.defaults.timezone;
    let now = engine.clock.now();
    let at = args.at.map_or(now, |at| at.at(now, zone));
    let form = Some("command line".to_owned());
    let consent =
        Consent { channel: args.channel, basis: args.basis, at, wording: args.wording, form, network: None };
    Ok((args.lead, Change::Consent { consent, tracking: args.tracking }))
}
