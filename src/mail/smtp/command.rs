//! What is written for one message: [`Commands`] and [`body`].

use std::borrow::Cow;

use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};

use super::features::Features;
use crate::domain::outcome::Phase;
use crate::mail::delivery::{Envelope, Reply};

/// The commands before the body.
#[derive(Debug)]
pub(super) struct Commands {
    pub mail: Mail,
    pub rcpt: Rcpt,
}

impl Commands {
    /// The commands for a message, or the refusal that a server would have answered to addresses that cannot be
    /// written down (553 5.1.7 and 5.1.3) or not for this server (553 5.6.7).
    pub fn new(envelope: &Envelope, raw: &[u8], features: Features) -> Result<Self, Reply> {
        let to = parse(&envelope.to, Phase::Rcpt, "5.1.3")?;
        let from = envelope.from.as_ref().map(|from| parse(from, Phase::Mail, "5.1.7")).transpose()?;
        let mut parameters = Vec::new();
        for (address, phase) in from.iter().map(|from| (from, Phase::Mail)).chain([(&to, Phase::Rcpt)]) {
            if !address.user().is_ascii() {
                if !features.utf8 {
                    return Err(refusal(phase, "5.6.7", "the relay takes addresses in ASCII only"));
                }
                parameters = vec![MailParameter::SmtpUtfEight];
            }
        }
        if features.eight_bit && !raw.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(Self { mail: Mail::new(from, parameters), rcpt: Rcpt::new(to, vec![]) })
    }

    /// All of them and DATA in one text, for a server that offers PIPELINING.
    pub fn batch(&self) -> String {
        format!("{}{}{Data}", self.mail, self.rcpt)
    }
}

/// An address with its domain in ASCII, so that only the part before the @ can need SMTPUTF8.
fn parse(address: &str, phase: Phase, status: &str) -> Result<Address, Reply> {
    let not_valid = || refusal(phase, status, "the address is not valid");
    let (user, domain) = address.rsplit_once('@').ok_or_else(not_valid)?;
    if domain.is_ascii() {
        return Address::new(user, domain).map_err(|_| not_valid());
    }
    let domain = idna::domain_to_ascii(domain).map_err(|_| not_valid())?;
    Address::new(user, domain).map_err(|_| not_valid())
}

fn refusal(phase: Phase, status: &str, text: &str) -> Reply {
    Reply::new(phase, 553, &format!("{status} {text} (refused before it was sent)"))
}

/// The body as the wire wants it: every line ended by CRLF (RFC 5321 section 2.3.8: a bare CR or LF lets one server
/// see an end where another does not), but for the last, whose CRLF lettre writes with the final dot.
pub(super) fn body(raw: &[u8]) -> Cow<'_, [u8]> {
    if has_bare_line_end(raw) {
        return Cow::Owned(normalised(raw));
    }
    Cow::Borrowed(raw.strip_suffix(b"\r\n").unwrap_or(raw))
}

/// Whether a CR or LF stands outside a CRLF.
fn has_bare_line_end(raw: &[u8]) -> bool {
    let behind = raw.get(1..).unwrap_or_default();
    // To look at all of them without leaving early costs less: it becomes vector instructions.
    let bare_inside = raw
        .iter()
        .zip(behind)
        .fold(false, |bare, (&first, &second)| bare | ((first == b'\r') != (second == b'\n')));
    bare_inside || raw.first() == Some(&b'\n') || raw.last() == Some(&b'\r')
}

/// Makes every CRLF, CR and LF a CRLF, and drops the last one.
fn normalised(raw: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(raw.len() + raw.len() / 16);
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if_eq(&b'\n');
                lines.extend(b"\r\n");
            }
            b'\n' => lines.extend(b"\r\n"),
            other => lines.push(other),
        }
    }
    if lines.ends_with(b"\r\n") {
        lines.truncate(lines.len() - 2);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::outcome::{EnhancedStatus, Outcome};

    const ALL: Features = Features { pipelining: true, eight_bit: true, utf8: true };
    const NONE: Features = Features { pipelining: false, eight_bit: false, utf8: false };

    fn envelope(from: Option<&str>, to: &str) -> Envelope {
        Envelope { from: from.map(str::to_owned), to: to.to_owned() }
    }

    fn batch(from: Option<&str>, to: &str, raw: &str, features: Features) -> Result<String, Reply> {
        Commands::new(&envelope(from, to), raw.as_bytes(), features).map(|commands| commands.batch())
    }

    #[test]
    fn a_plain_message_needs_no_parameters() {
        assert_eq!(
            batch(Some("a@x.example"), "b@y.example", "hi", ALL).unwrap(),
            "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
        );
        assert_eq!(
            batch(None, "b@y.example", "hi", NONE).unwrap(),
            "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
        );
    }

    #[test]
    fn extensions_are_used_only_when_needed_and_offered() {
        let to_utf8 = batch(Some("a@x.example"), "jürgen@bücher.example", "grüß", ALL).unwrap();
        assert!(to_utf8.starts_with("MAIL FROM:<a@x.example> SMTPUTF8 BODY=8BITMIME\r\n"), "{to_utf8}");
        let domain_only = batch(Some("a@x.example"), "b@bücher.example", "grüß", NONE).unwrap();
        assert!(domain_only.starts_with("MAIL FROM:<a@x.example>\r\n"), "{domain_only}");
        assert!(domain_only.contains("RCPT TO:<b@xn--bcher-kva.example>\r\n"), "{domain_only}");
    }

    #[test]
    fn what_cannot_be_written_is_refused_as_a_server_would() {
        let expected = [
            (Some("a@x.example"), "nobody", Phase::Rcpt, EnhancedStatus(5, 1, 3), Outcome::DeadAddress),
            (
                Some("a@x.example"),
                "b>\r\nDATA@y.example",
                Phase::Rcpt,
                EnhancedStatus(5, 1, 3),
                Outcome::DeadAddress,
            ),
            (Some("a b@x.example"), "b@y.example", Phase::Mail, EnhancedStatus(5, 1, 7), Outcome::OurFault),
            (Some("a@x.example"), "jürgen@y.example", Phase::Rcpt, EnhancedStatus(5, 6, 7), Outcome::Failed),
            (
                Some("jürgen@x.example"),
                "b@y.example",
                Phase::Mail,
                EnhancedStatus(5, 6, 7),
                Outcome::OurFault,
            ),
        ];
        for (from, to, phase, status, outcome) in expected {
            let reply = batch(from, to, "hi", NONE).unwrap_err();
            assert_eq!((reply.at, reply.enhanced), (phase, Some(status)), "{from:?} {to}");
            assert_eq!(reply.outcome(), outcome, "{from:?} {to}");
        }
    }

    #[test]
    fn bodies_are_given_crlf() {
        let expected = [
            ("a\r\nb\r\n", "a\r\nb"),
            ("a\nb\n", "a\r\nb"),
            ("a\rb\r\n\r\n", "a\r\nb\r\n"),
            ("\n.\r\nx", "\r\n.\r\nx"),
            ("a\r", "a"),
            ("a\r\r\nb", "a\r\n\r\nb"),
            ("", ""),
        ];
        for (raw, wire) in expected {
            assert_eq!(body(raw.as_bytes()), wire.as_bytes(), "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bare_line_end_remains(raw in "[a.\r\n]{0,12}") {
            let wire = body(raw.as_bytes());
            prop_assert!(!has_bare_line_end(&wire), "{raw:?} {wire:?}");
            let lines = |bytes: &[u8]| normalised(bytes);
            prop_assert_eq!(lines(raw.as_bytes()), wire.into_owned());
        }

        #[test]
        fn no_address_injects_a_command(from in "\\PC{0,20}|[a@.<>\r\n \"\\\\]{0,12}", to in "[a@.<>\r\n \"\\\\]{0,12}") {
            if let Ok(batch) = batch(Some(&from), &to, "", ALL) {
                prop_assert_eq!(batch.matches('\n').count(), 3, "{}", batch);
                prop_assert_eq!(batch.matches("\r\n").count(), 3, "{}", batch);
            }
        }
    }
}
