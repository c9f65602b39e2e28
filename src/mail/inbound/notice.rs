//! Notices that Amazon SES sends by mail: a line of JSON.

use serde::Deserialize;

use super::status::{Reply, is_dead};
use super::{Finding, Recipient};
use crate::domain::inbound::{DeliveryAction, InboundKind};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    notification_type: String,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
    delivery: Option<Delivery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounced_recipients: Vec<Bounced>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounced {
    email_address: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    diagnostic_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complained_recipients: Vec<Complained>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complained {
    email_address: String,
}

#[derive(Deserialize)]
struct Delivery {
    recipients: Vec<String>,
}

/// What a text is, if it is such a notice.
pub fn read(text: &str) -> Option<Finding> {
    let text = text.trim_start();
    if !text.starts_with("{\"notificationType\"") {
        return None;
    }
    // Mail servers break long lines.
    let text = text.replace('\n', "");
    let notice: Notice = serde_json::Deserializer::from_str(&text).into_iter().next()?.ok()?;
    let (kind, recipients) = match notice {
        Notice { bounce: Some(bounce), .. } => {
            (InboundKind::Bounce, bounce.bounced_recipients.into_iter().map(bounced).collect())
        }
        Notice { complaint: Some(complaint), .. } => {
            let addresses = complaint.complained_recipients.into_iter();
            let addresses = addresses.map(|complained| complained.email_address.to_lowercase());
            (InboundKind::Complaint, addresses.map(Recipient::of_complaint).collect())
        }
        Notice { delivery: Some(delivery), .. } => {
            (InboundKind::DsnSuccess, delivery.recipients.into_iter().map(delivered).collect())
        }
        _ => return None,
    };
    Some(Finding {
        kind,
        evidence: format!("notificationType: {}", notice.notification_type),
        recipients,
        is_receipt: false,
    })
}

fn bounced(bounced: Bounced) -> Recipient {
    let address = bounced.email_address.to_lowercase();
    let said = Some(bounced.diagnostic_code.as_str()).filter(|said| !said.is_empty());
    let reply = Reply::of_report(&bounced.status, &bounced.diagnostic_code);
    Recipient {
        status: reply.status.map(|status| status.to_string()),
        action: Some(DeliveryAction::Failed),
        diagnostic: said.map(str::to_owned),
        dead: is_dead(&reply, said, "", &address),
        forwarded_to: None,
        address,
    }
}

fn delivered(address: String) -> Recipient {
    let action = Some(DeliveryAction::Delivered);
    Recipient { action, ..Recipient::of_complaint(address.to_lowercase()) }
}
