//! [`Connection`]: commands go out, responses come in.

use std::io;
use std::time::Duration;

use imap_proto::{MailboxDatum, Outcome, Response, Status};
use nom::{Err as Stop, Needed};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::error::{ImapError, said};
use crate::mail::inbound::SIZE_LIMIT;

/// The longest response, in bytes: a mail of the largest size with what stands around it, or the numbers of a million mails.
const LONGEST: usize = SIZE_LIMIT + 1024 * 1024;

/// So much is read at once.
const PIECE: usize = 16 * 1024;

/// The bytes below: TCP, or TLS over it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

/// A connection to a server.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    /// What has come in and is not a whole response yet.
    unread: Vec<u8>,
    /// A response has no end before there are so many bytes.
    needed: usize,
    /// A line has ended in it since it was last read: every response ends with one.
    line_ended: bool,
    tags: u32,
    patience: Duration,
    /// Whether the server has told of mails since somebody last looked for them.
    pub news: bool,
}

/// How a command ended that the server did not carry out.
pub(super) struct Refusal {
    pub said: String,
    /// The folder is not there, and could be made.
    pub try_create: bool,
}

/// Why a command came to nothing.
pub(super) enum Failure {
    Refused(Refusal),
    Lost(ImapError),
}

impl From<ImapError> for Failure {
    fn from(lost: ImapError) -> Self {
        Self::Lost(lost)
    }
}

impl Failure {
    /// As an error that says what was refused.
    pub fn of(self, what: &'static str) -> ImapError {
        match self {
            Self::Refused(refusal) => ImapError::Refused { what, said: refusal.said },
            Self::Lost(error) => error,
        }
    }
}

impl Connection {
    pub fn new(stream: Box<dyn Stream>, patience: Duration) -> Self {
        Self { stream, unread: Vec::new(), needed: 0, line_ended: false, tags: 0, patience, news: false }
    }

    /// The bytes below, for TLS to begin over them. None if the server has already said more than it should: somebody on
    /// the way may have put words into its mouth.
    pub fn into_stream(self) -> Option<Box<dyn Stream>> {
        self.unread.is_empty().then_some(self.stream)
    }

    /// Sends a command, reads what comes until the server says how it ended, and hands the rest to `on`.
    pub async fn command(
        &mut self,
        command: &str,
        mut on: impl FnMut(Response<'static>),
    ) -> Result<Outcome<'static>, Failure> {
        let tag = self.begin(command).await?;
        loop {
            match self.next().await? {
                Response::Done { tag: done, status, outcome } if done.0 == tag => {
                    return ended(status, outcome);
                }
                other => on(other),
            }
        }
    }

    /// Sends a command. Its tag.
    pub async fn begin(&mut self, command: &str) -> Result<String, ImapError> {
        self.tags += 1;
        let tag = format!("d{}", self.tags);
        self.send(&format!("{tag} {command}")).await?;
        Ok(tag)
    }

    /// Sends a line.
    pub async fn send(&mut self, line: &str) -> Result<(), ImapError> {
        let bytes = format!("{line}\r\n").into_bytes();
        let write = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        match timeout(self.patience, write).await {
            Ok(written) => written.map_err(|error| lost(&error)),
            Err(_) => Err(self.silence()),
        }
    }

    /// The next response.
    pub async fn next(&mut self) -> Result<Response<'static>, ImapError> {
        self.next_within(self.patience).await?.ok_or_else(|| self.silence())
    }

    /// The next response; none if nothing comes for so long. What has come of one is kept.
    pub async fn next_within(&mut self, longest: Duration) -> Result<Option<Response<'static>>, ImapError> {
        loop {
            if let Some(response) = self.take()? {
                return self.heed(response).map(Some);
            }
            if self.unread.len() > LONGEST || self.needed > LONGEST {
                return Err(ImapError::Lost("the server sends a response that is too long".to_owned()));
            }
            let had = self.unread.len();
            self.unread.reserve(self.needed.saturating_sub(had).max(PIECE));
            match timeout(longest, self.stream.read_buf(&mut self.unread)).await {
                Err(_) => return Ok(None),
                Ok(Ok(0)) => return Err(ImapError::Lost("the server hung up".to_owned())),
                Ok(read) => read.map_err(|error| lost(&error))?,
            };
            self.line_ended |= self.unread[had..].contains(&b'\n');
        }
    }

    fn silence(&self) -> ImapError {
        ImapError::Lost(format!("no answer within {:?}", self.patience))
    }

    /// What every response may say.
    fn heed(&mut self, response: Response<'static>) -> Result<Response<'static>, ImapError> {
        match response {
            Response::Data { status: Status::Bye, outcome } => {
                Err(ImapError::Lost(format!("the server says goodbye: {}", text(&outcome))))
            }
            Response::MailboxData(MailboxDatum::Exists(_)) => {
                self.news = true;
                Ok(response)
            }
            response => Ok(response),
        }
    }

    /// The first response of what has come in, if it is whole. Lines that are no known response are passed over.
    fn take(&mut self) -> Result<Option<Response<'static>>, ImapError> {
        while !self.unread.is_empty() && self.line_ended && self.unread.len() >= self.needed {
            self.needed = 0;
            let (length, response) = match Response::parse(&self.unread) {
                Ok((rest, response)) => (self.unread.len() - rest.len(), Some(response.into_owned())),
                Err(Stop::Incomplete(more)) => {
                    self.line_ended = false;
                    self.needed =
                        self.unread.len() + if let Needed::Size(more) = more { more.get() } else { 1 };
                    return Ok(None);
                }
                Err(_) => match foreign_line(&self.unread)? {
                    Some(length) => (length, None),
                    None => return Ok(None),
                },
            };
            self.unread.drain(..length);
            self.unread.shrink_to(PIECE.max(self.unread.len()));
            if response.is_some() {
                return Ok(response);
            }
        }
        Ok(None)
    }
}

/// The length of an untagged line that we do not know, line end and all; none if it is not whole yet.
fn foreign_line(unread: &[u8]) -> Result<Option<usize>, ImapError> {
    let Some(end) = unread.windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
    // A literal would go on behind the line.
    if unread.starts_with(b"* ") && unread.get(end.wrapping_sub(1)) != Some(&b'}') {
        return Ok(Some(end + 2));
    }
    Err(ImapError::Lost("the server does not speak IMAP".to_owned()))
}

fn ended(status: Status, outcome: Outcome<'static>) -> Result<Outcome<'static>, Failure> {
    match status {
        Status::Ok => Ok(outcome),
        _ => Err(Failure::Refused(Refusal {
            said: text(&outcome),
            try_create: outcome.code == Some(imap_proto::ResponseCode::TryCreate),
        })),
    }
}

/// What the server said with an outcome.
pub(super) fn text(outcome: &Outcome<'_>) -> String {
    said(outcome.information.as_deref().unwrap_or_default())
}

pub(super) fn lost(error: &io::Error) -> ImapError {
    ImapError::Lost(error.to_string())
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    /// All responses of what a server wrote before it hung up, in pieces of this size.
    async fn read(bytes: &[u8], piece: usize) -> (Vec<String>, String) {
        let (ours, mut theirs) = duplex(piece);
        let bytes = bytes.to_vec();
        let server = tokio::spawn(async move {
            let _ = theirs.write_all(&bytes).await;
        });
        let mut connection = Connection::new(Box::new(ours), PATIENCE);
        let mut read = Vec::new();
        let error = loop {
            match connection.next().await {
                Ok(response) => read.push(format!("{response:?}")),
                Err(error) => break error.to_string(),
            }
        };
        drop(connection);
        server.await.unwrap();
        (read, error)
    }

    #[tokio::test]
    async fn responses_are_read_in_any_pieces() {
        let text = b"* OK hello\r\n* 3 EXISTS\r\n* WHATEVER is this\r\n* 1 FETCH (UID 7 BODY[] {4}\r\na\r\n})\r\nd1 OK done\r\n";
        let whole = read(text, 1024).await;
        assert_eq!(whole.0.len(), 4, "{whole:?}");
        assert!(whole.1.contains("hung up"), "{whole:?}");
        for piece in [1, 2, 7] {
            assert_eq!(read(text, piece).await, whole);
        }
    }

    #[tokio::test]
    async fn a_goodbye_ends_it() {
        let (read, error) = read(b"* OK hi\r\n* BYE shutting\x01 down\r\n* 1 EXISTS\r\n", 1024).await;
        assert_eq!(read.len(), 1);
        assert!(error.contains("goodbye: shutting"), "{error}");
    }

    #[tokio::test]
    async fn what_is_no_imap_ends_it() {
        for text in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"* FUNNY {3}\r\nabc\r\n", b"\xff\xfe\r\n\r\n"]
        {
            let (read, error) = read(text, 1024).await;
            assert!(read.is_empty() && error.contains("does not speak IMAP"), "{read:?} {error}");
        }
        let (_, error) = read(b"* 1 FETCH (BODY[] {99999999}\r\n", 1024).await;
        assert!(error.contains("too long"), "{error}");
    }
}
