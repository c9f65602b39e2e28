//! Reports for machines: delivery status (RFC 3464) and abuse (RFC 5965). Both are groups of fields.

use super::address::address_in;
use super::part::Part;
use super::returned::Told;
use super::status::{Reply, is_dead};
use super::{Finding, Recipient};
use crate::domain::inbound::{DeliveryAction, InboundKind};

/// Recipients of one report.
const RECIPIENT_LIMIT: usize = 1_000;

/// Fields that belong together: name and value, unfolded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Group(Vec<(String, String)>);

impl Group {
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |field| field.0.eq_ignore_ascii_case(name)).map(|field| field.1.as_str())
    }

    /// The first value of that name which is not empty.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).find(|value| !value.is_empty())
    }
}

/// The groups of a report. Empty lines stand between them; lines that are no fields are passed over.
pub fn groups(text: &str) -> Vec<Group> {
    let mut groups = vec![Group::default()];
    for line in text.lines() {
        let Some(group) = groups.last_mut() else { continue };
        if line.trim().is_empty() {
            if !group.0.is_empty() {
                groups.push(Group::default());
            }
        } else if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), group.0.last_mut()) {
            value.push(' ');
            value.push_str(line.trim());
        } else if let Some((name, value)) = line.trim().split_once(':')
            && !name.contains(char::is_whitespace)
        {
            group.0.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    groups.retain(|group| !group.0.is_empty());
    groups
}

/// What a mail with a report in it is. None if it has none that is known.
pub fn read(mail: &Part<'_>, told: &str) -> Option<Finding> {
    for part in mail.all() {
        let found = match part.media.as_str() {
            "message/feedback-report" => feedback(&part.text()),
            "message/delivery-status" | "message/global-delivery-status" => delivery(&part.text(), told),
            "message/disposition-notification" => {
                Some(Finding::receipt("Content-Type: message/disposition-notification".to_owned()))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// A delivery status in a text, as some servers write it there.
pub fn in_text(told: &str) -> Option<Finding> {
    let lower = told.to_ascii_lowercase();
    let known = ["final-recipient:", "original-recipient:"].iter().any(|field| lower.contains(field));
    (known && lower.contains("action:")).then(|| delivery(told, told)).flatten()
}

/// What a delivery status says. `told` is what the mail tells people: it says why in more words.
fn delivery(text: &str, told: &str) -> Option<Finding> {
    let groups = groups(text);
    let recipients: Vec<Recipient> =
        groups.iter().filter_map(|group| recipient(group, told)).take(RECIPIENT_LIMIT).collect();
    let acted = |action: DeliveryAction| recipients.iter().find(|found| found.action == Some(action));
    let (kind, decided) = match (acted(DeliveryAction::Failed), acted(DeliveryAction::Delayed)) {
        (Some(failed), _) => (InboundKind::Bounce, failed),
        (None, Some(delayed)) => (InboundKind::Delayed, delayed),
        (None, None) => (InboundKind::DsnSuccess, recipients.first()?),
    };
    let action = decided.action.map_or("", DeliveryAction::as_str);
    let evidence = format!("Action: {action}; Final-Recipient: {}", decided.address);
    Some(Finding { evidence, recipients, ..Finding::new(kind) })
}

fn recipient(group: &Group, told: &str) -> Option<Recipient> {
    let of = |name: &'static str| group.first(name).and_then(typed_address);
    let last = of("Final-Recipient").or_else(|| of("X-Actual-Recipient"));
    let bare = |address: &String| address.replace('"', "");
    // Quoted and unquoted it is the same.
    let first = of("Original-Recipient").filter(|first| last.as_ref().map(bare) != Some(bare(first)));
    let (address, forwarded_to) = match (first, last) {
        (Some(first), last) => (first, last),
        (None, last) => (last?, None),
    };
    let diagnostic = group.first("Diagnostic-Code").map(without_type);
    let status = group.first("Status").unwrap_or_default();
    let reply = Reply::of_report(status, diagnostic.unwrap_or_default());
    let action = action(group.first("Action").unwrap_or_default(), &reply);
    let named = forwarded_to.as_deref().unwrap_or(&address);
    let dead = action == DeliveryAction::Failed && is_dead(&reply, diagnostic, told, named);
    Some(Recipient {
        address,
        forwarded_to,
        status: reply.status.map(|status| status.to_string()),
        action: Some(action),
        diagnostic: diagnostic.map(str::to_owned),
        dead,
    })
}

/// The action of a recipient, or what its status stands for if there is none that is known.
fn action(word: &str, reply: &Reply) -> DeliveryAction {
    let word = word.split([' ', ';', '(']).next().unwrap_or_default().to_ascii_lowercase();
    match word.parse() {
        Ok(action) => action,
        Err(_) => match reply.class() {
            Some(2) => DeliveryAction::Delivered,
            Some(4) if word.is_empty() => DeliveryAction::Delayed,
            _ => DeliveryAction::Failed,
        },
    }
}

/// `rfc822; kim@example.org`: the address, lower case.
fn typed_address(value: &str) -> Option<String> {
    let address = value.split_once(';').map_or(value, |(_, address)| address);
    address_in(address).or_else(|| {
        // A local address has no domain.
        let bare = address.trim().trim_matches(['<', '>', '"']);
        (!bare.is_empty() && !bare.contains(char::is_whitespace)).then(|| bare.to_lowercase())
    })
}

/// `smtp; 550 5.1.1 no such user`: without the type.
fn without_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if !kind.trim().contains(char::is_whitespace) => rest.trim(),
        _ => value,
    }
}

/// What a feedback report says (RFC 5965, RFC 6591, RFC 6430).
fn feedback(text: &str) -> Option<Finding> {
    let groups = groups(text);
    let first = |name: &'static str| groups.iter().find_map(|group| group.first(name));
    let kind = first("Feedback-Type")?.to_ascii_lowercase();
    let recipients = groups.iter().flat_map(|group| {
        let names = ["Original-Rcpt-To", "Removal-Recipient"];
        names.into_iter().flat_map(|name| group.all(name).collect::<Vec<_>>())
    });
    let recipients = recipients.filter_map(typed_address).map(Recipient::of_complaint);
    let is = match kind.as_str() {
        "auth-failure" => InboundKind::AuthFailureReport,
        // Somebody calls the mail wanted.
        "not-spam" => InboundKind::Unrelated,
        _ => InboundKind::Complaint,
    };
    let recipients = recipients.take(RECIPIENT_LIMIT).collect();
    Some(Finding { evidence: format!("Feedback-Type: {kind}"), recipients, ..Finding::new(is) })
}

/// What complaints are called by providers whose reports follow no standard.
const COMPLAINTS: &[&str] = &[
    "complaint about message from",
    "email feedback report for",
    "abuse report",
    "spam report",
    "spam complaint",
];

/// A complaint without fields for machines: by its subject, with the mail that it is about enclosed.
pub fn complaint_by_words(mail: &Part<'_>, told: &Told) -> Option<Finding> {
    let subject = mail.fields.lower("Subject");
    let words = COMPLAINTS.iter().find(|words| subject.starts_with(**words))?;
    let enclosed = mail.all().into_iter().any(|part| part.enclosed().is_some());
    let returned = told.returned.as_ref().filter(|_| enclosed)?;
    // Outlook.com names the recipient so, and hides the others.
    let named = returned.mailboxes("X-HmXmrOriginalRecipient");
    let named = if named.is_empty() { returned.mailboxes("To") } else { named };
    let addresses = named.into_iter().map(|mailbox| mailbox.address).filter(|address| address.contains('@'));
    let recipients = addresses.map(Recipient::of_complaint).take(RECIPIENT_LIMIT).collect();
    let evidence = format!("Subject: {words}");
    Some(Finding { evidence, recipients, ..Finding::new(InboundKind::Complaint) })
}
