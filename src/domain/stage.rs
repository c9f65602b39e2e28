//! Where a lead is in its journey ([`Stage`]) and how the company judges it ([`Qualification`]).

use super::words::words;

words! {
    /// The funnel stage; it picks the content.
    pub enum Stage {
        /// Top of the funnel: became aware.
        Tofu = "tofu",
        /// Middle of the funnel: compares.
        Mofu = "mofu",
        /// Bottom of the funnel: decides.
        Bofu = "bofu",
        /// Has bought.
        Customer = "customer",
    }
}

impl Stage {
    /// As people write it.
    pub const fn title(self) -> &'static str {
        match self {
            Stage::Tofu => "ToFu",
            Stage::Mofu => "MoFu",
            Stage::Bofu => "BoFu",
            Stage::Customer => "customer",
        }
    }
}

words! {
    /// How the company judges a lead.
    pub enum Qualification {
        /// Nothing is known yet.
        Unqualified = "unqualified",
        /// An interest or a need is known.
        Prequalified = "prequalified",
        /// Marketing's rules are met.
        Mql = "mql",
        /// Sales accepted it, or there is a commitment.
        Sql = "sql",
    }
}

impl Qualification {
    /// As people write it.
    pub const fn title(self) -> &'static str {
        match self {
            Qualification::Unqualified => "unqualified",
            Qualification::Prequalified => "prequalified",
            Qualification::Mql => "MQL",
            Qualification::Sql => "SQL",
        }
    }
}

words! {
    /// Which side of the house a lead is with.
    pub enum Party {
        Marketing = "marketing",
        Sales = "sales",
    }
}
