//! What a mail that comes back is taken for.

use super::words::words;

words! {
    /// What a mail that came in is. Exactly one of these.
    pub enum InboundKind {
        /// A person wrote it.
        HumanReply = "human_reply",
        /// A machine answered: an absence note, a ticket system, a request to prove that the sender is human.
        AutoReply = "auto_reply",
        /// A mail was finally not delivered to at least one recipient.
        Bounce = "bounce",
        /// A mail was not delivered yet; the server still tries.
        Delayed = "delayed",
        /// The recipient, or his provider, calls a mail abuse (RFC 5965).
        Complaint = "complaint",
        /// A provider reports that our DKIM, SPF or DMARC failed (RFC 6591). Says nothing about the recipient.
        AuthFailureReport = "auth_failure_report",
        /// A mail was delivered (RFC 3464), and the server says so. Says nothing about who reads it.
        DsnSuccess = "dsn_success",
        /// A wish to get no more mails, in short plain words.
        Unsubscribe = "unsubscribe",
        /// None of these, or a mail that answers nothing: something for a person to look at.
        Unrelated = "unrelated",
    }
}

words! {
    /// Whether the recipients of a bounce are dead addresses. Policy, spam and a full mailbox are not.
    pub enum Hard {
        /// All of them.
        Yes = "yes",
        /// None of them.
        No = "no",
        /// Some of them.
        Mixed = "mixed",
    }
}

impl Hard {
    /// The word for several recipients, each dead (`true`) or not. None of them is [`Hard::No`].
    pub fn of(dead: impl IntoIterator<Item = bool>) -> Self {
        let mut seen = (false, false);
        for dead in dead {
            if dead { seen.0 = true } else { seen.1 = true }
        }
        match seen {
            (true, true) => Self::Mixed,
            (true, false) => Self::Yes,
            _ => Self::No,
        }
    }
}

words! {
    /// What a server did with a mail for one recipient (RFC 3464 section 2.3.3).
    pub enum DeliveryAction {
        /// It gave up.
        Failed = "failed",
        /// It still tries.
        Delayed = "delayed",
        /// It put the mail into the mailbox.
        Delivered = "delivered",
        /// It handed the mail to a server that sends no reports.
        Relayed = "relayed",
        /// It handed the mail to several addresses and sends no further reports.
        Expanded = "expanded",
    }
}

words! {
    /// By what it was found whom a mail concerns, the surest first.
    pub enum MatchedBy {
        /// The signed address that Reply-To named.
        ReplyAddress = "reply_address",
        /// The signed address that the envelope named as the sender.
        BounceAddress = "bounce_address",
        /// A Message-ID of ours that it refers to.
        MessageId = "message_id",
        /// Who it is from, or about.
        Sender = "sender",
        /// Somebody of the company said so.
        ByHand = "by_hand",
        /// Whom it went to: somebody of the company wrote it.
        Recipient = "recipient",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_recipients_have_one_word() {
        assert_eq!(Hard::of([]), Hard::No);
        assert_eq!(Hard::of([false, false]), Hard::No);
        assert_eq!(Hard::of([true]), Hard::Yes);
        assert_eq!(Hard::of([true, false, true]), Hard::Mixed);
    }
}
