//! [`Address`]: an e-mail address in the one form under which it is stored, compared and hashed.

use std::fmt;
use std::str::FromStr;

/// A valid address (RFC 5321), in lower case, its domain in ASCII (RFC 5891). Local parts are folded as well:
/// no provider in use tells them apart by case, and a stop must hold for every spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not an e-mail address: {why}")]
pub struct AddressError {
    pub text: String,
    pub why: String,
}

impl Address {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part behind the last `@`, in ASCII.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The part before the last `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let refuse = |why: &str| AddressError { text: text.chars().take(80).collect(), why: why.to_owned() };
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| refuse("there is no @"))?;
        let domain = idna::domain_to_ascii_strict(domain)
            .map_err(|_| refuse("the part behind the @ is not a domain"))?;
        if local.starts_with('"') {
            return Err(refuse("a quoted part before the @ is not supported"));
        }
        let address = format!("{}@{domain}", local.to_lowercase());
        let options = email_address::Options::default().without_display_text().without_domain_literal();
        let options = if domain == "localhost" { options } else { options.with_required_tld() };
        email_address::EmailAddress::parse_with_options(&address, options)
            .map_err(|error| refuse(why(error)))?;
        Ok(Self(address))
    }
}

/// What is wrong, for whoever typed it.
fn why(error: email_address::Error) -> &'static str {
    use email_address::Error::{
        DomainEmpty, DomainTooFew, DomainTooLong, LocalPartEmpty, LocalPartTooLong, SubDomainEmpty,
        SubDomainTooLong,
    };
    match error {
        LocalPartEmpty => "there is nothing before the @",
        LocalPartTooLong => "the part before the @ is longer than 64 characters",
        DomainEmpty => "there is nothing behind the @",
        DomainTooFew => "the part behind the @ has no ending, such as .com",
        SubDomainEmpty => "two dots follow each other, or one stands at an end",
        DomainTooLong | SubDomainTooLong => "the part behind the @ is too long",
        _ => "it holds a character that addresses do not have",
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Addresses are personal data: debug output and logs show the domain only.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address(…@{})", self.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_every_spelling() {
        for (text, stored) in [
            (" Anna.Berg@Nordwerk.Example ", "anna.berg@nordwerk.example"),
            ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
            ("a@localhost", "a@localhost"),
        ] {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()), Ok(stored.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in [
            "",
            "anna",
            "anna@",
            "@x.example",
            "a b@x.example",
            "a@b",
            "a@x..example",
            "\"a\"@x.example",
            "a@[1.2.3.4]",
            "a\r\nb@x.example",
            "Anna <a@x.example>",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
