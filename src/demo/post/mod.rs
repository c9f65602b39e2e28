//! [`Post`]: the mail server of the demo, for everybody in it. It takes mail over real SMTP, from this machine only, and
//! keeps it; what is for Dripline's own domain it hands in there, as an operator's mail server does.

mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::bell::Bell;
use super::client::Client;
use crate::domain::time::Timestamp;
use crate::nurture::clock::Clock;
use session::Session;

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    /// From 1, in the order in which they came.
    pub id: usize,
    /// By the clock of the demo.
    pub at: Timestamp,
    /// The recipient of the envelope, in lower case.
    pub to: String,
    pub raw: Vec<u8>,
}

/// Where mail for Dripline itself goes.
#[derive(Clone, Debug)]
pub struct Inbound {
    pub domain: String,
    pub client: Client,
    /// The path with the key.
    pub path: String,
}

/// The mail server.
#[derive(Clone)]
pub struct Post(Arc<Shared>);

struct Shared {
    clock: Clock,
    inbound: Inbound,
    bell: Bell,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    mails: Vec<Mail>,
    /// What Dripline said to the last mail for it.
    answer: Option<Value>,
}

impl Post {
    pub fn new(clock: Clock, inbound: Inbound, bell: Bell) -> Self {
        Self(Arc::new(Shared { clock, inbound, bell, taken: Mutex::default() }))
    }

    /// Takes mail until the shutdown.
    pub async fn run(self, listener: TcpListener, shutdown: CancellationToken) {
        while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) if is_here(peer) => {
                    let (post, shutdown) = (self.clone(), shutdown.clone());
                    tokio::spawn(async move {
                        // A session ends by an error when the client is gone: nobody is left to be told.
                        let _ = shutdown.run_until_cancelled(Session::run(&post, stream)).await;
                    });
                }
                Ok((_, peer)) => warn!("the demo takes no mail from {peer}"),
                Err(error) => warn!("the mail server of the demo: {error}"),
            }
        }
    }

    /// All mails of these people, oldest first.
    pub fn mails(&self, of: impl Fn(&str) -> bool) -> Vec<Mail> {
        self.taken().mails.iter().filter(|mail| of(&mail.to)).cloned().collect()
    }

    pub fn mail(&self, id: usize) -> Option<Mail> {
        self.taken().mails.get(id.checked_sub(1)?).cloned()
    }

    /// How many were taken.
    pub fn count(&self) -> usize {
        self.taken().mails.len()
    }

    /// What Dripline said to the last mail that was handed in; it is forgotten.
    pub fn take_answer(&self) -> Option<Value> {
        self.taken().answer.take()
    }

    /// A mail came in. What is for Dripline is taken only once Dripline has it.
    async fn take(&self, to: &str, raw: Vec<u8>) -> Result<(), String> {
        let to = to.to_lowercase();
        let Inbound { domain, client, path } = &self.0.inbound;
        if to.rsplit_once('@').is_some_and(|(_, host)| host == domain) {
            let answer = client.post(path, "message/rfc822", raw).await?;
            if answer.status != 200 {
                return Err(String::from_utf8_lossy(&answer.body).into_owned());
            }
            self.taken().answer = Some(answer.json());
        } else {
            let mut taken = self.taken();
            let id = taken.mails.len() + 1;
            taken.mails.push(Mail { id, at: self.0.clock.now(), to, raw });
        }
        self.0.bell.ring();
        Ok(())
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_here(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

/// A port of this machine that nobody else can reach.
///
/// # Errors
/// There is none.
pub async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await
}

#[cfg(test)]
mod tests;
