//! [`SmtpServer`]: a mail server on 127.0.0.1 that does what the test wants and remembers what it saw.

mod session;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use dripline::domain::outcome::Phase;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::fixtures::acceptor;
use session::Session;

/// No test waits longer for something to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server offers.
#[derive(Clone, Debug)]
pub struct Offer {
    pub pipelining: bool,
    pub starttls: StartTls,
    /// TLS from the first byte.
    pub implicit_tls: bool,
    /// Who may send; nobody may without, if it is set.
    pub login: Option<Login>,
    pub eight_bit: bool,
    pub utf8: bool,
}

impl Default for Offer {
    fn default() -> Self {
        Self {
            pipelining: true,
            starttls: StartTls::No,
            implicit_tls: false,
            login: None,
            eight_bit: true,
            utf8: false,
        }
    }
}

/// How STARTTLS goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// Not offered.
    No,
    Works,
    /// Offered and then answered with 454.
    Refused,
    /// Offered, answered with 220, and then the connection is closed.
    Breaks,
    /// The answer comes together with a line that someone on the way could have added.
    Injected,
}

/// An AUTH offer and the one login that is taken.
#[derive(Clone, Copy, Debug)]
pub struct Login {
    /// As in EHLO: `PLAIN LOGIN`.
    pub mechanisms: &'static str,
    pub user: &'static str,
    pub password: &'static str,
}

/// What goes wrong with a message. The phase is the point of the dialogue; the greeting has one too.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answers this instead of yes. After 421 it says nothing more.
    Reply { at: Phase, line: &'static str },
    /// Hangs up instead of answering.
    DropAt(Phase),
    /// Reads a little of the body, and hangs up.
    DropInsideData,
    /// Takes the message, and hangs up without a word.
    TakeAndDrop,
    /// Never answers, and waits for the client to hang up.
    Hang(Phase),
    /// From now on every answer of the connection comes at one byte a second.
    OneBytePerSecond,
}

/// A message that was begun, as far as it came.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// From 1, over all connections; 0 before any `MAIL FROM`.
    pub number: usize,
    /// Which connection, from 1.
    pub connection: usize,
    /// Where the dialogue stands.
    pub at: Phase,
    /// When `MAIL FROM` came.
    pub began: Instant,
    pub encrypted: bool,
    pub logged_in: bool,
    /// Whether more had come with `MAIL FROM`.
    pub pipelined: bool,
    /// Without the angle brackets; empty for the null sender.
    pub from: String,
    /// What follows the sender.
    pub parameters: String,
    pub to: Option<String>,
    /// Without the dots that were stuffed in, and without the final one.
    pub body: Vec<u8>,
    /// Answered with 250 after the final dot, or taken without a word.
    pub accepted: bool,
}

impl Transaction {
    fn new(connection: usize) -> Self {
        Self {
            number: 0,
            connection,
            at: Phase::Greeting,
            began: Instant::now(),
            encrypted: false,
            logged_in: false,
            pipelined: false,
            from: String::new(),
            parameters: String::new(),
            to: None,
            body: Vec::new(),
            accepted: false,
        }
    }
}

type Script = Arc<dyn Fn(&Transaction) -> Option<Fault> + Send + Sync>;

/// What all sessions share.
struct State {
    offer: Offer,
    tls: TlsAcceptor,
    seen: Mutex<Seen>,
    /// Bumped whenever something was seen.
    news: watch::Sender<()>,
}

struct Seen {
    script: Script,
    delay: Duration,
    transactions: Vec<Transaction>,
    connections: usize,
    commands: Vec<String>,
    hang_up: CancellationToken,
}

impl State {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Notes a command, or a state of a transaction.
    fn note(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen());
        self.news.send_replace(());
    }
}

/// The server; it stops when dropped.
pub struct SmtpServer {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl SmtpServer {
    /// Starts a server that takes everything.
    pub async fn start(offer: Offer) -> Self {
        dripline::mail::install_crypto();
        let listener = listener();
        let seen = Seen {
            script: Arc::new(|_| None),
            delay: Duration::ZERO,
            transactions: Vec::new(),
            connections: 0,
            commands: Vec::new(),
            hang_up: CancellationToken::new(),
        };
        let state = State { offer, tls: acceptor(), seen: Mutex::new(seen), news: watch::Sender::new(()) };
        let state = Arc::new(state);
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, accepting }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The relay's URL for this server, without options.
    pub fn url(&self) -> String {
        let scheme = if self.state.offer.implicit_tls { "smtps" } else { "smtp" };
        format!("{scheme}://localhost:{}", self.port())
    }

    /// Decides what goes wrong, asked at the greeting, at each command of a message and at its end. What it answers
    /// for another point of the dialogue has no effect.
    pub fn script(&self, script: impl Fn(&Transaction) -> Option<Fault> + Send + Sync + 'static) {
        self.state.seen().script = Arc::new(script);
    }

    /// Takes so long to answer each final dot.
    pub fn delay(&self, delay: Duration) {
        self.state.seen().delay = delay;
    }

    /// Hangs up on all who are connected now.
    pub fn hang_up(&self) {
        let hang_up = std::mem::take(&mut self.state.seen().hang_up);
        hang_up.cancel();
    }

    /// All messages that were begun.
    pub fn transactions(&self) -> Vec<Transaction> {
        self.state.seen().transactions.clone()
    }

    /// All messages that were taken.
    pub fn accepted(&self) -> Vec<Transaction> {
        self.transactions().into_iter().filter(|transaction| transaction.accepted).collect()
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.state.seen().connections
    }

    /// The verbs of all commands, in order: `EHLO`, `MAIL`, …
    pub fn commands(&self) -> Vec<String> {
        self.state.seen().commands.clone()
    }

    /// How many messages were taken.
    pub fn accepted_count(&self) -> usize {
        self.state.seen().transactions.iter().filter(|transaction| transaction.accepted).count()
    }

    /// As [`SmtpServer::wait_until`], for what takes its time on purpose.
    pub async fn wait_patiently(&self, condition: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + 10 * PATIENCE;
        while !condition(self) {
            assert!(Instant::now() < give_up, "waited in vain; {} taken", self.accepted_count());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until so many messages were taken, and answers them.
    pub async fn wait_for(&self, messages: usize) -> Vec<Transaction> {
        self.wait_until(|server| server.accepted().len() >= messages).await;
        self.accepted()
    }

    /// Waits until the condition holds, looking again whenever the server has seen something.
    pub async fn wait_until(&self, condition: impl Fn(&Self) -> bool) {
        let mut news = self.state.news.subscribe();
        let waiting = async {
            while !condition(self) {
                news.changed().await.unwrap();
            }
        };
        if timeout(PATIENCE, waiting).await.is_err() {
            panic!("waited in vain; seen: {:?}", self.transactions());
        }
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// With a small buffer, so that a client notices early when the server stops reading.
fn listener() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(1024).unwrap()
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    // Dropped with this task, it ends the sessions.
    let mut sessions = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let mut seen = state.seen();
        seen.connections += 1;
        let (connection, hang_up) = (seen.connections, seen.hang_up.clone());
        drop(seen);
        let state = Arc::clone(&state);
        sessions.spawn(async move {
            // A session ends by an error when the client is gone or the script hangs up.
            hang_up.run_until_cancelled(Session::run(&state, socket, connection)).await
        });
    }
}
