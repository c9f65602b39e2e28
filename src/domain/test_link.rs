//! [`TestLink`]: a link of a test mail. It leads where that of a real one would, and leaves no trace.

use super::token::{KeyRing, Purpose};

/// What a link of a test mail is. Its token holds all that is needed to answer it: there is no lead and no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestLink {
    /// Leads to this target.
    Click(String),
    /// Where one would unsubscribe.
    Leave,
    /// Where one would fill in what is not known.
    Form,
    /// The picture by which it would be seen that the mail was opened.
    Open,
}

impl TestLink {
    /// The address of this link at a server.
    pub fn url(&self, keys: &KeyRing, public_url: &str) -> String {
        let (kind, target) = match self {
            TestLink::Click(target) => (1, target.as_str()),
            TestLink::Leave => (2, ""),
            TestLink::Open => (3, ""),
            TestLink::Form => (4, ""),
        };
        format!("{public_url}/t/{}", keys.sign_text(Purpose::Test, &[kind], target))
    }

    /// The link of a genuine token.
    pub fn read(keys: &KeyRing, token: &str) -> Option<Self> {
        let ([kind], target) = keys.verify_text(Purpose::Test, token)?;
        match kind {
            1 => Some(TestLink::Click(target)),
            2 => Some(TestLink::Leave),
            3 => Some(TestLink::Open),
            4 => Some(TestLink::Form),
            _ => None,
        }
    }
}

/// The left part of the Message-ID of a test mail; `number` tells it from others.
pub fn message_id(keys: &KeyRing, number: i64) -> String {
    keys.sign(Purpose::Test, &[number])
}

/// Whether the left part of a Message-ID is that of a test mail.
pub fn is_message_id(keys: &KeyRing, left: &str) -> bool {
    // Some gateways change the case of what they quote.
    keys.verify(Purpose::Test, &left.to_ascii_lowercase()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_again() {
        let keys = KeyRing::parse("a:0123456789abcdef").expect("a ring");
        let id = message_id(&keys, i64::MAX);
        assert!(is_message_id(&keys, &id) && is_message_id(&keys, &id.to_uppercase()));
        assert!(!is_message_id(&keys, &keys.message_id(1, 2)) && keys.read_message_id(&id).is_none());
    }

    #[test]
    fn links_are_read_back_and_are_worth_nothing_elsewhere() {
        let keys = KeyRing::parse("a:0123456789abcdef").expect("a ring");
        for link in
            [TestLink::Click("https://x.example/?ü".into()), TestLink::Leave, TestLink::Open, TestLink::Form]
        {
            let url = link.url(&keys, "https://n.example");
            let token = url.strip_prefix("https://n.example/t/").expect("a test link");
            assert_eq!(TestLink::read(&keys, token), Some(link));
            assert_eq!(TestLink::read(&keys, &token[1..]), None);
            assert_eq!(keys.verify(Purpose::Unsubscribe, token), None);
        }
        let click = keys.sign_text(Purpose::Click, &[1, 2, 3, 4], "a\nhttps://x.example");
        assert_eq!(TestLink::read(&keys, &click), None);
    }
}
