//! What a webhook is signed with: [`SigningKeys`], as [Standard Webhooks](https://www.standardwebhooks.com) has it.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What a secret may begin with, so that people and scanners recognise it.
const PREFIX: &str = "whsec_";

/// How many random bytes a secret has.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that a receiver knows as well.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

/// Why a text is no secret. It says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret is not `whsec_` and 24 to 64 random bytes in base64; make one: \
     echo whsec_$(openssl rand -base64 32)"
)]
pub struct SigningKeyError;

impl FromStr for SigningKey {
    type Err = SigningKeyError;

    fn from_str(text: &str) -> Result<Self, SigningKeyError> {
        let text = text.strip_prefix(PREFIX).unwrap_or(text);
        let bytes = BASE64.decode(text.as_bytes()).map_err(|_| SigningKeyError)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(SigningKeyError) }
    }
}

/// Without the secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// `v1,…`: the signature of a message by its id, the time of the attempt in seconds since 1970, and its body.
    fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // HMAC takes keys of every length.
            return String::new();
        };
        for part in [id, ".", &seconds.to_string(), ".", body] {
            mac.update(part.as_bytes());
        }
        format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes()))
    }
}

/// The value of `webhook-signature`: one signature for each secret, so that one can take another's place while both sides
/// still know the old one.
pub fn signatures(keys: &[SigningKey], id: &str, seconds: i64, body: &str) -> String {
    let all: Vec<String> = keys.iter().map(|key| key.sign(id, seconds, body)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_signed_so() {
        let key: SigningKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let signed =
            signatures(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_secret_signs() {
        let key = |byte: u8| SigningKey(vec![byte; 32]);
        let both = signatures(&[key(1), key(2)], "msg_1", 1, "{}");
        let parts: Vec<&str> = both.split(' ').collect();
        assert_eq!(parts, [signatures(&[key(1)], "msg_1", 1, "{}"), signatures(&[key(2)], "msg_1", 1, "{}")]);
    }

    #[test]
    fn what_is_no_secret_is_refused_and_never_shown() {
        for text in ["", "whsec_", "geheim", "whsec_geheim", "whsec_c2hvcnQ=", &BASE64.encode(&[7; 65])] {
            assert_eq!(text.parse::<SigningKey>(), Err(SigningKeyError), "{text}");
        }
        let key: SigningKey = BASE64.encode(&[7; 24]).parse().unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
}
