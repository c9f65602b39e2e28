//! [`MailContext`]: what the variables of a mail stand for.

use chrono_tz::Tz;
use handlebars::Context;
use serde_json::{Map, Value, json};

use crate::domain::lead::{AddressForm, COMPANY_FIELDS, JUDGED_FIELDS, LEAD_FIELDS, Lead};
use crate::workspace::expression::ScoreFacts;
use crate::workspace::funnel::{OwnCompany, Sender};

/// The `sender.*` names that templates know.
pub(super) const SENDER_FIELDS: &[&str] = &["name", "email", "company"];

/// The `link.*` names that templates know.
pub(super) const LINK_FIELDS: &[&str] = &["unsubscribe", "form", "preferences", "view_online"];

/// Whether the reader is addressed with "du": `{{#if du}}`. Beside it there is a helper of the same name.
pub(super) const DU: &str = "du";

/// The URLs that belong to one mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    pub unsubscribe: String,
    /// Where the lead is asked for what is not known of it.
    pub form: Option<String>,
    pub preferences: Option<String>,
    pub view_online: Option<String>,
    /// The picture by which opens are seen. A mail that has one is tracked, and its links are; see [`super::tracking`].
    pub pixel: Option<String>,
}

/// The variables of one mail, for all its parts. Built once a mail.
///
/// What is not known of the lead is left out, so that a template which asks for it fails instead of leaving a gap.
pub struct MailContext(pub(super) Context);

impl MailContext {
    /// `worth` is what the rules make of the lead, `zone` the one in which its dates are shown.
    pub fn new(
        lead: &Lead,
        worth: &ScoreFacts,
        sender: &Sender,
        company: &OwnCompany,
        links: &Links,
        zone: Tz,
    ) -> Self {
        let mut link = Map::new();
        link.insert("unsubscribe".to_owned(), links.unsubscribe.clone().into());
        for (name, url) in [
            ("form", &links.form),
            ("preferences", &links.preferences),
            ("view_online", &links.view_online),
            ("pixel", &links.pixel),
        ] {
            link.extend(url.as_ref().map(|url| (name.to_owned(), url.clone().into())));
        }
        Self(Context::from(json!({
            "lead": self::lead(lead, worth),
            "company": self::company(lead),
            "sender": { "name": sender.name, "email": sender.email.as_str(), "company": company.name },
            "link": link,
            DU: lead.contact.address_form == Some(AddressForm::Du),
            ZONE: zone.name(),
        })))
    }

    pub(super) fn du(context: &Context) -> bool {
        context.data()[DU] == true
    }

    /// The name of the zone in which dates are shown.
    pub(super) fn zone(context: &Context) -> Tz {
        context.data()[ZONE].as_str().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
    }
}

/// No template can name it: it is no root that the check knows.
const ZONE: &str = "zone";

fn lead(lead: &Lead, worth: &ScoreFacts) -> Map<String, Value> {
    let known = LEAD_FIELDS.iter().filter(|name| **name != "tags");
    let known = known.filter_map(|name| Some(((*name).to_owned(), Value::from(lead.field(name)?))));
    let filled = |value: &Value| !value.is_null() && value.as_str() != Some("");
    let fields = lead.contact.fields.iter().filter(|(_, value)| filled(value));
    let fields: Map<String, Value> = fields.map(|(name, value)| (name.clone(), value.clone())).collect();
    let lists =
        [("tags".to_owned(), Value::from(lead.tags.as_slice())), ("fields".to_owned(), Value::from(fields))];
    let judged = JUDGED_FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), worth.judged(name)?)));
    known.chain(judged).chain(lists).collect()
}

fn company(lead: &Lead) -> Map<String, Value> {
    let field =
        |name: &&str| lead.field(&format!("company.{name}")).map(|text| ((*name).to_owned(), text.into()));
    COMPANY_FIELDS.iter().filter_map(field).collect()
}
