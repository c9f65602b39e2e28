//! Mail that comes in: what it is taken for, and by what the lead is found.

use super::words::words;

words! {
    /// What a mail that came in is taken for; each ends as exactly one of these.
    pub enum InboundKind {
        HumanReply = "human_reply",
        AutoReply = "auto_reply",
        Bounce = "bounce",
        Delayed = "delayed",
        Complaint = "complaint",
        AuthFailureReport = "auth_failure_report",
        DsnSuccess = "dsn_success",
        Unsubscribe = "unsubscribe",
        Unrelated = "unrelated",
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
        Sender = "sender",
    }
}
