//! A mail of the workspace, sent to somebody who wants to have a look at it. It bears `[Test]` in its subject and
//! `X-Dripline-Test`, and its links lead where those of a real one would, and leave no trace.

use crate::config::Config;
use crate::domain::address::Address;
use crate::domain::test_link::{TestLink, message_id};
use crate::domain::time::Timestamp;
use crate::domain::token::KeyRing;
use crate::mail::compose::{Letter, Mailbox};
use crate::mail::delivery::{Delivery, Envelope};
use crate::nurture::relays::{Line, Relays};
use crate::secret;
use crate::workspace::{Links, Workspace};

use super::persona::Persona;
use super::shot::{Camera, sender_of};

/// The header field that tells a test from a mail that counts.
pub const HEADER: &str = "X-Dripline-Test";

/// Why a test was not sent.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error("[safety] only_to in dripline.toml does not let mail go to {0}")]
    NotAllowed(Address),
    #[error("{0}")]
    Render(#[from] crate::workspace::RenderError),
    #[error(transparent)]
    Random(#[from] secret::SecretError),
    #[error("{relay}: {why}")]
    Relay { relay: String, why: String },
}

/// Sends tests, over one connection as long as it can be used.
pub struct Tester<'a> {
    pub workspace: &'a Workspace,
    pub config: &'a Config,
    /// Those of the server: it answers the links.
    pub keys: &'a KeyRing,
    pub relays: &'a Relays,
    /// For whom the mails are rendered.
    pub persona: &'a Persona,
    pub now: Timestamp,
    /// The relay by its place, and the way to it.
    pub open: Option<(usize, Line)>,
}

/// A test, ready to be sent.
struct Test {
    id: String,
    envelope: Envelope,
    raw: Vec<u8>,
}

impl Tester<'_> {
    /// Sends a mail in a language to an address. Where it went: `[safety]` may redirect it.
    ///
    /// # Errors
    /// See [`TestError`].
    pub async fn send(&mut self, mail: &str, language: &str, to: &Address) -> Result<Address, TestError> {
        if !self.config.safety.allows(to) {
            return Err(TestError::NotAllowed(to.clone()));
        }
        let goes_to = self.config.safety.redirect_all_to.as_ref().unwrap_or(to);
        let test = self.compose(mail, language, to, goes_to)?;
        let place = self.relays.place(sender_of(self.workspace, mail).1.relay.as_deref());
        let refused = |why: String| TestError::Relay {
            relay: self.relays.at(place).map_or_else(String::new, |relay| format!("[relay.{}]", relay.name)),
            why,
        };
        let mut line = match self.open.take() {
            Some((at, line)) if at == place && line.usable() => line,
            _ => self.line(place).await.map_err(refused)?,
        };
        let delivery = line.send(&test.id, &test.envelope, &test.raw, || true).await;
        accepted(delivery).map_err(refused)?;
        self.open = Some((place, line));
        Ok(goes_to.clone())
    }

    /// Says goodbye to the relay.
    pub async fn close(self) {
        if let Some((_, line)) = self.open {
            line.close().await;
        }
    }

    async fn line(&self, place: usize) -> Result<Line, String> {
        self.relays.at(place).ok_or("there is no relay")?.open(self.host()).await
    }

    /// The host part of Message-IDs, and the name that relays are greeted with.
    fn host(&self) -> &str {
        self.config.inbound.domain.as_deref().unwrap_or(self.config.server.public_host())
    }

    fn compose(
        &self,
        mail: &str,
        language: &str,
        to: &Address,
        goes_to: &Address,
    ) -> Result<Test, TestError> {
        let sender = sender_of(self.workspace, mail).1;
        let url = |link: TestLink| link.url(self.keys, &self.config.server.public_url);
        let unsubscribe = url(TestLink::Leave);
        let links = Links {
            unsubscribe: unsubscribe.clone(),
            form: Some(url(TestLink::Form)),
            pixel: Some(url(TestLink::Open)),
            ..Links::default()
        };
        let camera = Camera { workspace: self.workspace, public_url: &self.config.server.public_url };
        let rendered =
            camera.render_tracked(mail, language, &self.persona.lead, &links, |_, _, target| {
                url(TestLink::Click(target.to_owned()))
            })?;
        // Signed for tests, it is never taken for the id of a mail that counts.
        let number = i64::from_be_bytes(secret::random_bytes()?) & i64::MAX;
        let id = format!("{}@{}", message_id(self.keys, number), self.host());
        let subject = format!("[Test] {}", rendered.subject);
        let mut headers = vec![(HEADER, format!("{mail} {language}"))];
        if goes_to != to {
            headers.push(("X-Dripline-Redirected-From", to.to_string()));
        }
        let letter = Letter {
            message_id: id.clone(),
            date: self.now,
            from: Mailbox { name: Some(sender.name.as_str().into()), email: sender.email.as_str().into() },
            to: Mailbox { name: None, email: goes_to.as_str().into() },
            reply_to: sender
                .reply_to
                .as_ref()
                .map(|email| Mailbox { name: None, email: email.as_str().into() }),
            subject: &subject,
            in_reply_to: None,
            unsubscribe: Some(&unsubscribe),
            text: &rendered.text,
            html: Some(&rendered.html),
            headers,
        };
        let envelope = Envelope { from: Some(sender.email.to_string()), to: goes_to.to_string() };
        Ok(Test { id, envelope, raw: letter.to_bytes() })
    }
}

/// Whether the relay took it; else what it said.
fn accepted(delivery: Delivery) -> Result<(), String> {
    match delivery {
        Delivery::Answered(reply) if reply.accepted() => Ok(()),
        Delivery::Answered(reply) => Err(format!("{} {}", reply.code, reply.text)),
        Delivery::LostBefore(why) | Delivery::LostAfter(why) => Err(why),
        Delivery::Refused => Err("nothing was written".to_owned()),
    }
}
