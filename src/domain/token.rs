//! Signed tokens for links and addresses, keyed hashes, and the ring of keys behind them.

use data_encoding::{BASE32_NOPAD, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::address::Address;
use super::words::words;

words! {
    /// What a token is for; one made for one purpose is worth nothing for another.
    pub enum Purpose {
        Unsubscribe = "unsubscribe",
        /// The form that asks for what is not known of a lead.
        Form = "form",
        Open = "open",
        Click = "click",
        Reply = "reply",
        Bounce = "bounce",
        MessageId = "message-id",
        /// A mail that somebody sent to have a look at it.
        Test = "test",
        /// A page by which a rep says what became of a lead.
        Sales = "sales",
        /// The address that a rep copies answers to.
        Copy = "copy",
    }
}

/// How many bytes of a MAC a token and a hash keep.
const MAC_BYTES: usize = 16;

/// The secret keys, oldest first. The first makes the hashes of addresses, forever; the last signs; all verify.
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    secret: Vec<u8>,
}

/// Why a text is not a ring of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    #[error("the secret is empty; write id:key, and a comma between several")]
    Empty,
    #[error("\"{0}\" is not of the form id:key")]
    Form(String),
    #[error("the key \"{0}\" is too short: it needs 16 characters or more, made at random")]
    Short(String),
    #[error("the key id \"{0}\" stands twice")]
    Twice(String),
}

impl KeyRing {
    /// Reads `id:key` pairs with commas or line ends between.
    ///
    /// # Errors
    /// No pair, a pair of another form, a key under 16 characters, an id that stands twice.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let pairs =
            text.split([',', '\n']).map(str::trim).filter(|pair| !pair.is_empty() && !pair.starts_with('#'));
        let mut keys: Vec<Key> = Vec::new();
        for pair in pairs {
            // The pair itself is a secret, so that an error shows its head only.
            let head: String = pair.chars().take(4).chain("…".chars()).collect();
            let (id, secret) = pair.split_once(':').ok_or(KeyRingError::Form(head))?;
            if secret.len() < 16 {
                return Err(KeyRingError::Short(id.to_owned()));
            }
            if keys.iter().any(|key| key.id == id) {
                return Err(KeyRingError::Twice(id.to_owned()));
            }
            keys.push(Key { id: id.to_owned(), secret: secret.as_bytes().to_vec() });
        }
        if keys.is_empty() { Err(KeyRingError::Empty) } else { Ok(Self { keys }) }
    }

    fn first(&self) -> &Key {
        // `parse` refuses an empty ring.
        &self.keys[0]
    }

    fn last(&self) -> &Key {
        &self.keys[self.keys.len() - 1]
    }

    /// Signs some numbers for a purpose: lower-case base32, because mail servers fold case.
    pub fn sign(&self, purpose: Purpose, numbers: &[i64]) -> String {
        self.last().token(purpose, numbers, "")
    }

    /// Signs some numbers and a text for a purpose. The text can be read by whoever has the token, and not changed.
    pub fn sign_text(&self, purpose: Purpose, numbers: &[i64], text: &str) -> String {
        self.last().token(purpose, numbers, text)
    }

    /// The numbers that a token holds, if it was signed for this purpose by a key of the ring. Upper case is refused:
    /// no changed bit may pass.
    pub fn verify(&self, purpose: Purpose, token: &str) -> Option<Vec<i64>> {
        let payload = self.payload(purpose, token)?;
        let mut rest = &payload[1..];
        let mut numbers = Vec::new();
        while !rest.is_empty() {
            let (number, behind) = read_varint(rest)?;
            numbers.push(number);
            rest = behind;
        }
        Some(numbers)
    }

    /// As [`KeyRing::verify`], for a token with so many numbers and a text behind them.
    pub fn verify_text<const N: usize>(&self, purpose: Purpose, token: &str) -> Option<([i64; N], String)> {
        let payload = self.payload(purpose, token)?;
        let mut rest = &payload[1..];
        let mut numbers = [0; N];
        for number in &mut numbers {
            (*number, rest) = read_varint(rest)?;
        }
        Some((numbers, String::from_utf8(rest.to_vec()).ok()?))
    }

    /// What a genuine token holds: the mark of its key, and what was signed.
    fn payload(&self, purpose: Purpose, token: &str) -> Option<Vec<u8>> {
        let mut bytes = lower().decode(token.as_bytes()).ok()?;
        let mac = bytes.split_off(bytes.len().checked_sub(MAC_BYTES)?);
        let mark = *bytes.first()?;
        let genuine = self.keys.iter().filter(|key| key.mark() == mark).any(|key| {
            let made = key.hasher(purpose.as_str(), &bytes);
            made.verify_truncated_left(&mac).is_ok()
        });
        genuine.then_some(bytes)
    }

    /// The keyed hash under which an address is known, also after its erasure.
    pub fn address_hash(&self, address: &Address) -> String {
        lower().encode(&self.first().mac("address", address.as_str().as_bytes()))
    }

    /// The left part of the Message-ID of a step's mail: the same at every attempt, on every node. It says of itself
    /// which mail it is: a reply that names it needs no table to be matched.
    pub fn message_id(&self, enrollment: i64, step: i64) -> String {
        self.first().token(Purpose::MessageId, &[enrollment, step], "")
    }

    /// The enrollment and the number of the step that the left part of a Message-ID stands for, if it is one of ours.
    pub fn read_message_id(&self, left: &str) -> Option<(i64, i64)> {
        // Some gateways change the case of what they quote.
        match self.verify(Purpose::MessageId, &left.to_ascii_lowercase())?[..] {
            [enrollment, step] => Some((enrollment, step)),
            _ => None,
        }
    }

    /// A value by which a database recognises its first key.
    pub fn check_value(&self) -> String {
        lower().encode(&self.first().mac("check", b""))
    }
}

/// Keys stay out of logs.
impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        write!(f, "KeyRing({})", ids.join(", "))
    }
}

impl Key {
    /// One byte that tells the keys of a ring apart, most of the time.
    fn mark(&self) -> u8 {
        Sha256::digest(self.id.as_bytes())[0]
    }

    fn token(&self, purpose: Purpose, numbers: &[i64], text: &str) -> String {
        let mut bytes = Vec::with_capacity(1 + numbers.len() * 9 + text.len() + MAC_BYTES);
        bytes.push(self.mark());
        for number in numbers {
            write_varint(*number as u64, &mut bytes);
        }
        bytes.extend(text.as_bytes());
        let mac = self.mac(purpose.as_str(), &bytes);
        bytes.extend(mac);
        lower().encode(&bytes)
    }

    fn hasher(&self, purpose: &str, bytes: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac
    }

    fn mac(&self, purpose: &str, bytes: &[u8]) -> Vec<u8> {
        self.hasher(purpose, bytes).finalize().into_bytes()[..MAC_BYTES].to_vec()
    }
}

/// The SHA-256 of a text, in lower-case base32: how API keys are stored.
pub fn fingerprint(text: &str) -> String {
    lower().encode(&Sha256::digest(text.as_bytes()))
}

/// The number under which a name is locked by all nodes.
pub fn lock_number(name: &str) -> i64 {
    Sha256::digest(name.as_bytes()).iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte))
}

fn lower() -> &'static Encoding {
    use std::sync::OnceLock;
    static LOWER: OnceLock<Encoding> = OnceLock::new();
    LOWER.get_or_init(|| {
        let mut specification = BASE32_NOPAD.specification();
        specification.symbols = specification.symbols.to_lowercase();
        specification.encoding().expect("the base32 alphabet in lower case is an alphabet")
    })
}

/// LEB128: small ids make short links.
fn write_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The number that bytes begin with, and what is behind it.
fn read_varint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (mut number, mut shift) = (0_u64, 0);
    for (at, byte) in bytes.iter().enumerate() {
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some((number as i64, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text).expect("a ring")
    }

    #[test]
    fn a_token_is_worth_nothing_when_a_bit_changes() {
        let ring = ring("a:0123456789abcdef");
        let token = ring.sign(Purpose::Unsubscribe, &[7, 1_234_567, i64::MAX]);
        assert_eq!(ring.verify(Purpose::Unsubscribe, &token), Some(vec![7, 1_234_567, i64::MAX]));
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8_lossy(&bytes).into_owned();
                assert_eq!(ring.verify(Purpose::Unsubscribe, &changed), None, "bit {bit} at {at}");
            }
        }
    }

    #[test]
    fn a_token_serves_one_purpose_and_outlives_a_new_key() {
        let old = ring("a:0123456789abcdef");
        let token = old.sign(Purpose::Open, &[1]);
        assert_eq!(old.verify(Purpose::Click, &token), None);
        let rotated = ring("a:0123456789abcdef,b:fedcba9876543210");
        assert_eq!(rotated.verify(Purpose::Open, &token), Some(vec![1]));
        assert_eq!(old.verify(Purpose::Open, &rotated.sign(Purpose::Open, &[1])), None);
        let address = "a@x.example".parse().expect("an address");
        assert_eq!(old.address_hash(&address), rotated.address_hash(&address));
        assert_eq!(old.check_value(), rotated.check_value());
    }

    #[test]
    fn a_text_is_part_of_what_is_signed() {
        let ring = ring("a:0123456789abcdef");
        let token = ring.sign_text(Purpose::Click, &[7, 300], "price\nhttps://x.example/?ü");
        let read = ring.verify_text::<2>(Purpose::Click, &token);
        assert_eq!(read, Some(([7, 300], "price\nhttps://x.example/?ü".to_owned())));
        assert_eq!(ring.verify_text::<2>(Purpose::Open, &token), None);
        assert_eq!(ring.verify_text::<2>(Purpose::Click, &token.to_uppercase()), None);
        assert_eq!(ring.verify_text::<3>(Purpose::Click, &ring.sign(Purpose::Click, &[1, 2])), None);
    }

    #[test]
    fn a_message_id_says_which_mail_it_is() {
        let old = ring("a:0123456789abcdef");
        let rotated = ring("a:0123456789abcdef,b:fedcba9876543210");
        let id = old.message_id(1_234_567, 3);
        assert_eq!(id, rotated.message_id(1_234_567, 3), "the same after a rotation");
        assert_eq!(rotated.read_message_id(&id.to_uppercase()), Some((1_234_567, 3)));
        assert_eq!(rotated.read_message_id(&format!("{id}a")), None);
        assert_eq!(rotated.read_message_id("somebody.elses"), None);
    }

    #[test]
    fn what_is_no_ring_says_why() {
        for text in ["", "a", "a:short", "a:0123456789abcdef,a:fedcba9876543210"] {
            assert!(KeyRing::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn hostile_tokens_are_refused_quietly() {
        let ring = ring("a:0123456789abcdef");
        for token in ["", "a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ü", "========", &"a".repeat(10_000)] {
            assert_eq!(ring.verify(Purpose::Open, token), None);
        }
    }
}
