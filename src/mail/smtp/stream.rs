//! The bytes below lettre: [`BufferedStream`] over TCP, [`Progress`] for what has really left, [`Probe`] for what
//! came unasked.

use std::io;
use std::net::{SocketAddr, TcpStream as StdTcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// So many bytes are gathered before a write goes to the socket without a read asking for it.
const GATHER: usize = 64 * 1024;

/// What the driver of a connection knows about the bytes below lettre.
///
/// Only one task drives a connection, so nothing here orders anything else: the atomics are for `Sync`.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Bytes taken from lettre and not yet given to the kernel.
    unsent: AtomicUsize,
    /// Whether lettre was given the whole body of the present message, and so what it writes next is the final dot.
    body_taken: AtomicBool,
    /// Whether the answer to STARTTLS is due: a single line, and nothing behind it.
    lone_reply_due: AtomicBool,
}

impl Progress {
    /// A message begins.
    pub fn begin_message(&self) {
        self.body_taken.store(false, Ordering::Relaxed);
    }

    /// lettre has taken the last of the body.
    pub fn body_taken(&self) {
        self.body_taken.store(true, Ordering::Relaxed);
    }

    /// Whether the kernel has all that lettre wrote.
    pub fn all_sent(&self) -> bool {
        self.unsent.load(Ordering::Relaxed) == 0
    }

    /// Whether the final dot may have reached the server. It leaves with the last bytes, encrypted or not, so as long
    /// as some wait here the message is incomplete.
    pub fn dot_sent(&self) -> bool {
        self.body_taken.load(Ordering::Relaxed) && self.all_sent()
    }

    /// STARTTLS is sent next. lettre keeps what it has read ahead in plain text beyond the handshake, so that
    /// someone on the way could slip in replies that look encrypted. This has the stream refuse a talkative server.
    pub fn expect_lone_reply(&self) {
        self.lone_reply_due.store(true, Ordering::Relaxed);
    }

    fn check_lone_reply(&self, read: &[u8]) -> io::Result<()> {
        if !self.lone_reply_due.load(Ordering::Relaxed) {
            return Ok(());
        }
        match read.iter().position(|&byte| byte == b'\n') {
            None => Ok(()),
            Some(end) if end + 1 == read.len() => {
                self.lone_reply_due.store(false, Ordering::Relaxed);
                Ok(())
            }
            Some(_) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the server talked on in plain text after its answer to STARTTLS",
            )),
        }
    }
}

/// A TCP stream that keeps what is written until something is read, ignoring flushes.
///
/// lettre flushes after a body and again after the final dot; so kept they are one system call and, with TCP_NODELAY,
/// as few packets as can be. SMTP speaks in turns: whoever wants an answer reads.
#[derive(Debug)]
pub(super) struct BufferedStream {
    socket: TcpStream,
    kept: Vec<u8>,
    /// How much of `kept` the kernel has already.
    sent: usize,
    progress: Arc<Progress>,
}

impl BufferedStream {
    pub fn new(socket: TcpStream, progress: Arc<Progress>) -> Self {
        Self { socket, kept: Vec::new(), sent: 0, progress }
    }

    fn poll_send_kept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.kept.len() {
            let n = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.kept[self.sent..]))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += n;
            self.note_unsent();
        }
        self.kept.clear();
        self.kept.shrink_to(GATHER);
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    fn note_unsent(&self) {
        self.progress.unsent.store(self.kept.len() - self.sent, Ordering::Relaxed);
    }
}

impl AsyncRead for BufferedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let sending = this.poll_send_kept(cx);
        // A server that has had enough says so and reads no further: its reply counts, even if sending is stuck or
        // has failed.
        let before = buf.filled().len();
        let reading = Pin::new(&mut this.socket).poll_read(cx, buf);
        let read = &buf.filled()[before..];
        this.progress.check_lone_reply(read)?;
        match sending {
            Poll::Ready(Err(error)) if read.is_empty() => Poll::Ready(Err(error)),
            _ => reading,
        }
    }
}

impl AsyncWrite for BufferedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.kept.len() >= GATHER {
            // A failure is kept back too: the next read meets it again, and perhaps a reply that says why.
            let _ = ready!(this.poll_send_kept(cx));
        }
        this.kept.extend_from_slice(buf);
        this.note_unsent();
        Poll::Ready(Ok(buf.len()))
    }

    /// Does nothing: see [`BufferedStream`].
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send_kept(cx))?;
        Pin::new(&mut this.socket).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for BufferedStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.peer_addr()
    }
}

/// Implicit TLS over a [`BufferedStream`], in a type of ours so that lettre takes it.
#[derive(Debug)]
pub(super) struct EncryptedStream(pub TlsStream<BufferedStream>);

impl AsyncRead for EncryptedStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for EncryptedStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for EncryptedStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

/// A second handle on the socket, to see whether something has come in while nothing was to come.
#[derive(Debug)]
pub(super) struct Probe(StdTcpStream);

impl Probe {
    /// Makes one beside the socket.
    pub fn beside(socket: TcpStream) -> io::Result<(TcpStream, Self)> {
        let socket = socket.into_std()?;
        let probe = socket.try_clone()?;
        Ok((TcpStream::from_std(socket)?, Self(probe)))
    }

    /// Whether the peer has sent nothing that is unread, and has not hung up.
    pub fn is_silent(&self) -> bool {
        // The socket does not block: this asks the kernel and returns.
        matches!(self.0.peek(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}
