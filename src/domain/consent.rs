//! The recorded basis without which nobody is written to (promise 4).

use super::time::Timestamp;
use super::words::words;

words! {
    /// Why the company may write to somebody.
    pub enum Basis {
        /// Agreed on a form, by phone or on paper.
        OptIn = "opt_in",
        /// Agreed, and confirmed it from the mailbox.
        DoubleOptIn = "double_opt_in",
        /// Buys already, and is written to about similar goods.
        Customer = "existing_customer",
    }
}

impl Basis {
    /// Whether this basis satisfies what `[consent] require` of funnel.toml asks for.
    /// An existing customer always does.
    pub fn satisfies(self, required: Basis) -> bool {
        match self {
            Basis::Customer | Basis::DoubleOptIn => true,
            Basis::OptIn => required == Basis::OptIn,
        }
    }
}

words! {
    /// How the company reaches somebody; each needs a basis of its own.
    pub enum Channel {
        Email = "email",
        Phone = "phone",
    }
}

/// One recorded consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub channel: Channel,
    pub basis: Basis,
    /// When the person agreed.
    pub at: Timestamp,
    /// The wording that was agreed to.
    pub wording: Option<String>,
    /// The form or file it came by.
    pub form: Option<String>,
    /// The network address it came from.
    pub network: Option<String>,
}
