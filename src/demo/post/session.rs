//! One connection to the mail server: the dialogue of RFC 5321, as far as the demo speaks it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Post;

/// A line longer than this is no command, in bytes.
const LONGEST_LINE: u64 = 4_096;

/// The largest mail, in bytes.
const LARGEST_MAIL: usize = 10 * 1024 * 1024;

/// How long a client may be silent (RFC 5321 section 4.5.3.2.7).
const PATIENCE: Duration = Duration::from_secs(5 * 60);

pub(super) struct Session<'a> {
    post: &'a Post,
    stream: BufReader<TcpStream>,
    /// The message that is being handed over: its sender, its recipients.
    from: Option<String>,
    to: Vec<String>,
}

impl<'a> Session<'a> {
    /// Until the client says goodbye, or is gone.
    pub async fn run(post: &'a Post, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut session = Self { post, stream: BufReader::new(stream), from: None, to: Vec::new() };
        session.say("220 localhost: the mail server of the Dripline demo").await?;
        while let Some(line) = session.line().await? {
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let verb = verb.to_ascii_uppercase();
            if verb == "QUIT" {
                return session.say("221 2.0.0 bye").await;
            }
            session.obey(&verb, rest).await?;
        }
        Ok(())
    }

    async fn obey(&mut self, verb: &str, rest: &str) -> io::Result<()> {
        match verb {
            "EHLO" => {
                self.forget();
                let size = LARGEST_MAIL;
                self.say(&format!(
                    "250-localhost\r\n250-SIZE {size}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
                     250 ENHANCEDSTATUSCODES"
                ))
                .await
            }
            "HELO" => self.say("250 localhost").await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.forget();
                self.say("250 2.0.0 forgotten").await
            }
            "NOOP" => self.say("250 2.0.0 here").await,
            _ => self.say("502 5.5.1 this server does not know that command").await,
        }
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        self.forget();
        match path(rest) {
            Some(from) => {
                self.from = Some(from.to_owned());
                self.say("250 2.1.0 sender ok").await
            }
            None => self.say("501 5.5.4 MAIL FROM:<address>").await,
        }
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<()> {
        match path(rest) {
            _ if self.from.is_none() => self.say("503 5.5.1 MAIL first").await,
            Some(to) if to.contains('@') => {
                self.to.push(to.to_owned());
                self.say("250 2.1.5 recipient ok").await
            }
            _ => self.say("501 5.5.4 RCPT TO:<address>").await,
        }
    }

    async fn data(&mut self) -> io::Result<()> {
        if self.to.is_empty() {
            return self.say("554 5.5.1 no valid recipients").await;
        }
        self.say("354 go ahead, and end with a line that is a dot").await?;
        let Some(body) = self.body().await? else {
            self.forget();
            return self.say("552 5.3.4 this mail is too large").await;
        };
        let mut trouble = None;
        for to in std::mem::take(&mut self.to) {
            trouble = self.post.take(&to, body.clone()).await.err().or(trouble);
        }
        self.forget();
        match trouble {
            None => self.say("250 2.0.0 taken").await,
            Some(why) => {
                let why: String = why.chars().filter(|c| c.is_ascii() && !c.is_control()).take(400).collect();
                self.say(&format!("451 4.3.0 {why}")).await
            }
        }
    }

    /// Reads to the line that is a dot, and undoes the stuffing. None: it was too large.
    async fn body(&mut self) -> io::Result<Option<Vec<u8>>> {
        let (mut body, mut fits) = (Vec::new(), true);
        loop {
            let mut line = Vec::new();
            let mut stream = (&mut self.stream).take(LARGEST_MAIL as u64 + 1);
            if tokio::time::timeout(PATIENCE, stream.read_until(b'\n', &mut line)).await?? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == b".\r\n" {
                return Ok(fits.then_some(body));
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            fits &= body.len() + line.len() <= LARGEST_MAIL;
            if fits {
                body.extend(line);
            }
        }
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    /// The next line; none once the client has hung up.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut stream = (&mut self.stream).take(LONGEST_LINE);
        if tokio::time::timeout(PATIENCE, stream.read_until(b'\n', &mut line)).await?? == 0 {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }
}

/// The address in `FROM:<a@b> PARAMETERS`; empty for the null sender.
fn path(rest: &str) -> Option<&str> {
    let (_, path) = rest.split_once('<')?;
    path.split_once('>').map(|(path, _)| path)
}
