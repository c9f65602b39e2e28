//! The links by which a rep answers a hand-over, and the address that sees the rep's answers to the lead.

use super::token::{KeyRing, Purpose, lock_number};
use super::words::words;

words! {
    /// What a link is for, in the order in which a rep reads them.
    pub enum SalesAction {
        /// Everything that is known, and all the others.
        Page = "page",
        Accept = "accept",
        Later = "later",
        Meeting = "meeting",
        Offer = "offer",
        Won = "won",
        Lost = "lost",
        /// Not interested.
        No = "no",
        Return = "return",
        WrongPerson = "wrong-person",
        NotAReply = "not-a-reply",
    }
}

/// What a link says by itself: it works for one hand-over, one rep and one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesLink {
    pub hand_over: i64,
    /// Whose link it is: a key of `[team.NAME]`.
    pub rep: String,
    /// Who had the lead when the link was made. Somebody else than `rep` if a colleague is asked to step in.
    pub owner: String,
    pub action: SalesAction,
}

impl SalesLink {
    pub fn token(&self, keys: &KeyRing) -> String {
        let text = format!("{}\n{}\n{}", self.action, self.rep, self.owner);
        keys.sign_text(Purpose::Sales, &[self.hand_over], &text)
    }

    /// What a genuine token stands for.
    pub fn read(keys: &KeyRing, token: &str) -> Option<Self> {
        let ([hand_over], text) = keys.verify_text::<1>(Purpose::Sales, token)?;
        let mut parts = text.split('\n');
        let (action, rep, owner) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
        Some(Self { hand_over, rep: rep.to_owned(), owner: owner.to_owned(), action })
    }

    /// Whether it works while this rep has the lead.
    pub fn works_for(&self, has: &str) -> bool {
        has == self.rep || has == self.owner
    }

    /// A link of the same hand-over and rep for another action.
    pub fn to(&self, action: SalesAction) -> Self {
        Self { action, ..self.clone() }
    }
}

/// The address to which a rep copies what they write to leads (Bcc): it tells that they answered. One for each rep, so
/// that a mail program can be told to add it always.
pub fn copy_address(keys: &KeyRing, rep: &str, domain: &str) -> String {
    format!("c.{}@{domain}", keys.sign(Purpose::Copy, &[number(rep)]))
}

/// Which of these reps an address for copies belongs to, by its local part.
pub fn copy_of<'r>(keys: &KeyRing, local: &str, mut reps: impl Iterator<Item = &'r str>) -> Option<&'r str> {
    // Servers on the way may have folded or raised the case.
    let local = local.to_ascii_lowercase();
    let numbers = keys.verify(Purpose::Copy, local.strip_prefix("c.")?)?;
    reps.find(|rep| numbers == [number(rep)])
}

/// A rep's key may be longer than a local part.
fn number(rep: &str) -> i64 {
    lock_number(rep)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        KeyRing::parse("a:0123456789abcdef").expect("a ring")
    }

    #[test]
    fn a_link_works_for_what_it_was_made_for() {
        let (rep, owner) = ("lee".to_owned(), "kim".to_owned());
        let link = SalesLink { hand_over: 4711, rep, owner, action: SalesAction::WrongPerson };
        let token = link.token(&ring());
        assert_eq!(SalesLink::read(&ring(), &token), Some(link.clone()));
        assert_ne!(link.to(SalesAction::Won).token(&ring()), token);
        assert!(link.works_for("lee") && link.works_for("kim") && !link.works_for("eva"));
        let unsubscribe = ring().sign(Purpose::Unsubscribe, &[4711, 1]);
        assert_eq!(SalesLink::read(&ring(), &unsubscribe), None);
    }

    #[test]
    fn an_address_for_copies_says_whose_it_is() {
        let team = ["lee", "kim"];
        let address = copy_address(&ring(), "kim", "in.x.example");
        let (local, domain) = address.split_once('@').expect("an address");
        assert_eq!(domain, "in.x.example");
        assert_eq!(copy_of(&ring(), local, team.into_iter()), Some("kim"));
        assert_eq!(copy_of(&ring(), &local.to_uppercase(), team.into_iter()), Some("kim"));
        assert_eq!(copy_of(&ring(), local, ["lee"].into_iter()), None, "Kim has left");
        assert_eq!(copy_of(&ring(), "c.aaaa", team.into_iter()), None);
        let address = copy_address(&ring(), &"k".repeat(100), "in.x.example");
        let (local, _) = address.split_once('@').expect("an address");
        // RFC 5321 section 4.5.3.1.1: a local part has 64 octets at most.
        assert!(local.len() <= 64, "{local}");
    }
}
