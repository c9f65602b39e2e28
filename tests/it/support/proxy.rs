//! A [`Proxy`] before an IMAP server: it cuts connections, falls silent, waits, or answers in the server's place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex as AsyncMutex, Notify};
use tokio::task::JoinHandle;

pub struct Proxy {
    pub port: u16,
    rules: Arc<Rules>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Rules {
    connections: Mutex<Vec<Connection>>,
    /// A command with this in it waits, once.
    hold: Mutex<Option<&'static str>>,
    held: Notify,
    go_on: Notify,
    /// Commands with one of these in them are refused.
    refuse: Mutex<&'static [&'static str]>,
    /// At commands with one of these in them the connection ends.
    hang_up: Mutex<&'static [&'static str]>,
}

struct Connection {
    silent: Arc<AtomicBool>,
    tasks: [JoinHandle<()>; 2],
}

impl Proxy {
    /// Forwards everything to this port.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let rules = Arc::new(Rules::default());
        let own = listener.local_addr().expect("an address").port();
        let accepting = tokio::spawn(accept(listener, port, rules.clone()));
        Self { port: own, rules, accepting }
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.rules.connections.lock().unwrap().len()
    }

    /// Nothing comes through any more on the connections that there are, and neither side is told.
    pub fn fall_silent(&self) {
        for connection in self.rules.connections.lock().unwrap().iter() {
            connection.silent.store(true, Ordering::SeqCst);
        }
    }

    /// Ends the connections that there are.
    pub fn cut(&self) {
        for connection in self.rules.connections.lock().unwrap().iter() {
            connection.tasks.iter().for_each(JoinHandle::abort);
        }
    }

    /// The next command with this in it waits for [`Proxy::go_on`].
    pub fn hold(&self, command: &'static str) {
        *self.rules.hold.lock().unwrap() = Some(command);
    }

    /// Waits until a command waits.
    pub async fn until_held(&self) {
        self.rules.held.notified().await;
    }

    /// Lets the command that waits go on.
    pub fn go_on(&self) {
        self.rules.go_on.notify_one();
    }

    /// Refuses commands with one of these in them, in the server's place.
    pub fn refuse(&self, commands: &'static [&'static str]) {
        *self.rules.refuse.lock().unwrap() = commands;
    }

    /// Ends the connection at commands with one of these in them.
    pub fn hang_up(&self, commands: &'static [&'static str]) {
        *self.rules.hang_up.lock().unwrap() = commands;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, port: u16, rules: Arc<Rules>) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
        let silent = Arc::new(AtomicBool::new(false));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let to_client = Arc::new(AsyncMutex::new(to_client));
        let up = up(from_client, to_server, to_client.clone(), silent.clone(), rules.clone());
        let tasks = [tokio::spawn(up), tokio::spawn(down(from_server, to_client, silent.clone()))];
        rules.connections.lock().unwrap().push(Connection { silent, tasks });
    }
}

/// From the client, which writes each command at once.
async fn up(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    answers: Arc<AsyncMutex<OwnedWriteHalf>>,
    silent: Arc<AtomicBool>,
    rules: Arc<Rules>,
) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        let command = String::from_utf8_lossy(&piece[..read]).into_owned();
        let held = {
            let mut hold = rules.hold.lock().unwrap();
            hold.take_if(|wanted| command.contains(*wanted)).is_some()
        };
        if held {
            rules.held.notify_one();
            rules.go_on.notified().await;
        }
        if rules.hang_up.lock().unwrap().iter().any(|wanted| command.contains(wanted)) {
            let _ = answers.lock().await.shutdown().await;
            return;
        }
        let refused = rules.refuse.lock().unwrap().iter().any(|wanted| command.contains(wanted));
        if refused {
            let tag = command.split(' ').next().unwrap_or_default();
            let answer = format!("{tag} NO [SERVERBUG] the disk is broken\r\n");
            let _ = answers.lock().await.write_all(answer.as_bytes()).await;
        } else if !silent.load(Ordering::SeqCst) && to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}

async fn down(mut from: OwnedReadHalf, to: Arc<AsyncMutex<OwnedWriteHalf>>, silent: Arc<AtomicBool>) {
    let mut piece = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        if !silent.load(Ordering::SeqCst) && to.lock().await.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
    if !silent.load(Ordering::SeqCst) {
        let _ = to.lock().await.shutdown().await;
    }
}
