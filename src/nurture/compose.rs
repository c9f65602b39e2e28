//! A claimed message becomes a mail: rendered from its template, with its links, ready for the relay.

use super::claim::Claimed;
use super::engine::Engine;
use super::record::zone_of;
use crate::domain::sequence::Verb;
use crate::domain::token::Purpose;
use crate::mail::compose::{Letter, Mailbox};
use crate::mail::delivery::Envelope;
use crate::workspace::funnel::Sender;
use crate::workspace::{Links, MailContext, Rendered};

/// A mail, ready to be sent.
pub struct Mail {
    /// Without angle brackets.
    pub message_id: String,
    pub envelope: Envelope,
    pub raw: Vec<u8>,
}

/// Writes the mail of a claimed message.
///
/// # Errors
/// Why it cannot be written, in words for the marketer.
pub fn compose(engine: &Engine, claim: &Claimed) -> Result<Mail, String> {
    let workspace = &claim.revision.workspace;
    let sequence = claim.sequence();
    let sender = workspace
        .funnel
        .senders
        .get(&sequence.sender)
        .ok_or_else(|| format!("there is no [sender.{}] in funnel.toml", sequence.sender))?;
    let lead = &claim.lead.lead;
    let unsubscribe = engine.unsubscribe_link(lead.id, claim.id);
    // Nobody is watched who did not agree to it.
    let pixel = lead.tracking.then(|| engine.pixel_link(lead.id, claim.id));
    let form = Some(engine.form_link(lead.id, claim.id));
    let links = Links { unsubscribe: unsubscribe.clone(), form, pixel, ..Links::default() };
    let zone = zone_of(&claim.revision, lead);
    let worth = workspace.templates.asks_for_rules().then(|| workspace.funnel.rules.worth(lead, claim.at));
    let worth = worth.unwrap_or_default();
    let context = MailContext::new(lead, &worth, sender, &workspace.funnel.company, &links, zone);
    let language = lead.contact.language.as_deref().unwrap_or(&workspace.funnel.defaults.language);
    let rendered = workspace
        .templates
        .render(claim.template(), language, &context)
        .map_err(|error| error.to_string())?;
    let rendered = if lead.tracking { followed(engine, claim, rendered, language) } else { rendered };
    let addresses = Addresses::of(engine, claim, sender);
    let message_id = message_id(engine, claim.enrollment, claim.step);
    let letter = Letter {
        message_id: message_id.clone(),
        date: claim.at,
        from: Mailbox { name: Some(sender.name.as_str().into()), email: sender.email.as_str().into() },
        to: Mailbox { name: None, email: addresses.to.as_str().into() },
        reply_to: addresses.reply_to.as_deref().map(|email| Mailbox { name: None, email: email.into() }),
        subject: &rendered.subject,
        in_reply_to: thread(engine, claim),
        unsubscribe: Some(&unsubscribe),
        text: &rendered.text,
        html: Some(&rendered.html),
        headers: addresses.headers(lead.email.as_str()),
    };
    let raw = letter.to_bytes();
    Ok(Mail { message_id, envelope: Envelope { from: Some(addresses.bounces), to: addresses.to }, raw })
}

/// Has the links of a mail lead by way of this server.
fn followed(engine: &Engine, claim: &Claimed, rendered: Rendered, language: &str) -> Rendered {
    let links = claim.revision.workspace.templates.links(claim.template(), language);
    rendered.following(|number, of, target| {
        // What a variable turned into may lead to no page.
        let web = target.starts_with("http://") || target.starts_with("https://");
        let name = links.get(number).and_then(|link| link.name.as_deref()).unwrap_or_default();
        web.then(|| engine.click_link((claim.lead.lead.id, claim.id), (number, of), name, target))
    })
}

/// The same at every attempt, on every node.
fn message_id(engine: &Engine, enrollment: i64, step: i64) -> String {
    format!("{}@{}", engine.keys.message_id(enrollment, step), engine.message_domain)
}

/// The Message-ID of the mail that this one follows up, if the step says `thread`.
fn thread(engine: &Engine, claim: &Claimed) -> Option<String> {
    let Verb::Mail { thread: Some(step), .. } = &claim.of_step().verb else { return None };
    let (place, _) = claim.sequence().step(step)?;
    Some(message_id(engine, claim.enrollment, claim.track.numbers[place]))
}

struct Addresses {
    to: String,
    /// Where bounces go.
    bounces: String,
    reply_to: Option<String>,
}

impl Addresses {
    fn of(engine: &Engine, claim: &Claimed, sender: &Sender) -> Self {
        let to = match &engine.config.safety.redirect_all_to {
            Some(redirect) => redirect.to_string(),
            None => claim.lead.lead.email.to_string(),
        };
        let own = sender.email.to_string();
        match &engine.config.inbound.domain {
            Some(domain) => {
                let signed = |letter: char, purpose| {
                    format!(
                        "{letter}.{}@{domain}",
                        engine.keys.sign(purpose, &[claim.lead.lead.id, claim.id])
                    )
                };
                Self {
                    to,
                    bounces: signed('b', Purpose::Bounce),
                    reply_to: Some(signed('r', Purpose::Reply)),
                }
            }
            None => Self { to, bounces: own, reply_to: sender.reply_to.as_ref().map(ToString::to_string) },
        }
    }

    /// Says who a redirected mail was for.
    fn headers(&self, meant_for: &str) -> Vec<(&'static str, String)> {
        let redirected = self.to != meant_for;
        redirected.then(|| ("X-Dripline-Redirected-From", meant_for.to_owned())).into_iter().collect()
    }
}
