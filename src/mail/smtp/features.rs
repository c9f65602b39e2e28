//! [`Features`]: what the server offers, of what we use.

use lettre::transport::smtp::response::Response;

/// What the server's answer to EHLO offers (RFC 5321 section 4.1.1.1). lettre reads it too, but does not know
/// PIPELINING.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Features {
    /// RFC 2920: several commands may be sent at once.
    pub pipelining: bool,
    /// RFC 6152: bodies may hold bytes over 127.
    pub eight_bit: bool,
    /// RFC 6531: addresses may hold letters outside ASCII.
    pub utf8: bool,
}

impl Features {
    /// From the answer to EHLO, whose first line is a greeting.
    pub fn read(ehlo: &Response) -> Self {
        let offers = |name: &str| {
            let mut keywords = ehlo.message().skip(1).filter_map(|line| line.split_whitespace().next());
            keywords.any(|keyword| keyword.eq_ignore_ascii_case(name))
        };
        Self { pipelining: offers("PIPELINING"), eight_bit: offers("8BITMIME"), utf8: offers("SMTPUTF8") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_in_any_case_and_not_in_the_greeting() {
        let read = |text: &str| Features::read(&text.parse::<Response>().unwrap());
        assert_eq!(
            read("250-mx hello\r\n250-Pipelining\r\n250-SIZE 1000\r\n250 8bitmime\r\n"),
            Features { pipelining: true, eight_bit: true, utf8: false }
        );
        assert_eq!(read("250 PIPELINING SMTPUTF8\r\n"), Features::default());
    }
}
