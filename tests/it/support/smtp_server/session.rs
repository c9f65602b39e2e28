//! One connection of the server: the dialogue.

use std::io;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use dripline::domain::outcome::Phase;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Fault, StartTls, State, Transaction};

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub(super) struct Session<'a> {
    state: &'a State,
    stream: BufReader<Box<dyn Stream>>,
    now: Transaction,
    slow: bool,
}

/// The end of a session.
fn hung_up() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

impl<'a> Session<'a> {
    pub async fn run(state: &'a State, socket: TcpStream, connection: usize) -> io::Result<()> {
        socket.set_nodelay(true)?;
        let implicit = state.offer.implicit_tls;
        let stream: Box<dyn Stream> =
            if implicit { Box::new(state.tls.accept(socket).await?) } else { Box::new(socket) };
        let now = Transaction { encrypted: implicit, ..Transaction::new(connection) };
        let mut session = Self { state, stream: BufReader::new(stream), now, slow: false };
        if !session.answer(Phase::Greeting, "220 localhost at your service").await? {
            return Ok(());
        }
        loop {
            let line = session.line().await?;
            let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
            state.note(|seen| seen.commands.push(verb.to_ascii_uppercase()));
            session.obey(&verb.to_ascii_uppercase(), rest).await?;
        }
    }

    async fn obey(&mut self, verb: &str, rest: &str) -> io::Result<()> {
        match verb {
            "EHLO" => self.ehlo().await,
            "STARTTLS" => self.starttls().await,
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.forget();
                self.say("250 2.0.0 forgotten").await
            }
            "QUIT" => {
                self.say("221 2.0.0 bye").await?;
                Err(hung_up())
            }
            _ => self.say("502 5.5.1 what?").await,
        }
    }

    async fn ehlo(&mut self) -> io::Result<()> {
        let offer = &self.state.offer;
        let mut lines = vec!["localhost".to_owned(), "SIZE 50000000".to_owned()];
        let mut add = |offered: bool, keyword: &str| {
            if offered {
                lines.push(keyword.to_owned());
            }
        };
        add(offer.pipelining, "PIPELINING");
        add(offer.eight_bit, "8BITMIME");
        add(offer.utf8, "SMTPUTF8");
        add(offer.starttls != StartTls::No && !self.now.encrypted, "STARTTLS");
        if let Some(login) = offer.login {
            add(true, &format!("AUTH {}", login.mechanisms));
        }
        let last = lines.pop().unwrap();
        for line in lines {
            self.say(&format!("250-{line}")).await?;
        }
        self.say(&format!("250 {last}")).await
    }

    async fn starttls(&mut self) -> io::Result<()> {
        match self.state.offer.starttls {
            StartTls::No => return self.say("502 5.5.1 no").await,
            StartTls::Refused => return self.say("454 4.7.0 not now").await,
            StartTls::Breaks => {
                self.say("220 2.0.0 go ahead").await?;
                return Err(hung_up());
            }
            StartTls::Injected => self.say("220 2.0.0 go ahead\r\n250 2.0.0 injected").await?,
            StartTls::Works => self.say("220 2.0.0 go ahead").await?,
        }
        let plain = std::mem::replace(&mut self.stream, BufReader::new(Box::new(tokio::io::empty())));
        let encrypted = self.state.tls.accept(plain.into_inner()).await?;
        self.stream = BufReader::new(Box::new(encrypted));
        self.now.encrypted = true;
        Ok(())
    }

    async fn auth(&mut self, rest: &str) -> io::Result<()> {
        let Some(login) = self.state.offer.login else {
            return self.say("502 5.5.1 no").await;
        };
        let given = match rest.split_once(' ') {
            Some(("PLAIN", response)) => decode(response),
            _ => {
                let user = self.challenge("Username:").await?;
                let password = self.challenge("Password:").await?;
                format!("\0{user}\0{password}")
            }
        };
        self.now.logged_in = given == format!("\0{}\0{}", login.user, login.password);
        if self.now.logged_in {
            self.say("235 2.7.0 welcome").await
        } else {
            self.say("535 5.7.8 unknown login").await
        }
    }

    async fn challenge(&mut self, question: &str) -> io::Result<String> {
        self.say(&format!("334 {}", BASE64.encode(question.as_bytes()))).await?;
        Ok(decode(&self.line().await?))
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        if self.state.offer.login.is_some() && !self.now.logged_in {
            return self.say("530 5.7.0 log in first").await;
        }
        self.forget();
        self.now.began = Instant::now();
        self.now.pipelined = !self.stream.buffer().is_empty();
        let (from, parameters) = path(rest);
        (self.now.from, self.now.parameters) = (from, parameters);
        self.state.note(|seen| {
            self.now.number = seen.transactions.len() + 1;
            seen.transactions.push(self.now.clone());
        });
        if !self.answer(Phase::Mail, "250 2.1.0 sender ok").await? {
            self.forget();
        }
        Ok(())
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<()> {
        if self.now.number == 0 {
            return self.say("503 5.5.1 MAIL first").await;
        }
        self.now.to = Some(path(rest).0);
        if !self.answer(Phase::Rcpt, "250 2.1.5 recipient ok").await? {
            self.now.to = None;
        }
        Ok(())
    }

    async fn data(&mut self) -> io::Result<()> {
        let default = match self.now.to {
            Some(_) => "354 go ahead",
            None => "554 5.5.1 no valid recipients",
        };
        if !self.answer(Phase::Data, default).await? {
            return Ok(());
        }
        if let Some(Fault::DropInsideData) = self.fault() {
            self.stream.read_exact(&mut [0; 20]).await?;
            return Err(hung_up());
        }
        self.now.body = self.body().await?;
        let delay = self.state.seen().delay;
        sleep(delay).await;
        if let Some(Fault::TakeAndDrop) = self.fault() {
            self.now.accepted = true;
            self.record();
            return Err(hung_up());
        }
        self.answer(Phase::End, "250 2.0.0 taken").await?;
        self.forget();
        Ok(())
    }

    /// Reads to the line that is a dot, and undoes the stuffing. Only CRLF ends a line.
    async fn body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                if self.stream.read_until(b'\n', &mut line).await? == 0 {
                    return Err(hung_up());
                }
            }
            match line.strip_prefix(b".") {
                Some(b"\r\n") => return Ok(body),
                Some(stuffed) => body.extend(stuffed),
                None => body.extend(line),
            }
        }
    }

    /// Answers as the script wants, else by default. Whether it was a yes: of the default's first digit.
    async fn answer(&mut self, at: Phase, default: &str) -> io::Result<bool> {
        self.now.at = at;
        self.record();
        let line = match self.fault() {
            Some(Fault::DropAt(phase)) if phase == at => return Err(hung_up()),
            Some(Fault::Hang(phase)) if phase == at => return self.hang().await,
            Some(Fault::Reply { at: phase, line }) if phase == at => line,
            Some(Fault::OneBytePerSecond) => {
                self.slow = true;
                default
            }
            _ => default,
        };
        let yes = match at {
            Phase::Data => line.starts_with("354"),
            Phase::End => line.starts_with("250"),
            _ => line.starts_with('2'),
        };
        if at == Phase::End {
            // Known before it is said: who has the answer may look at once.
            self.now.accepted = yes;
            self.record();
        }
        self.say(line).await?;
        if line.starts_with("421") { self.hang().await } else { Ok(yes) }
    }

    /// Says nothing until the client hangs up.
    async fn hang(&mut self) -> io::Result<bool> {
        tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await?;
        Err(hung_up())
    }

    fn fault(&self) -> Option<Fault> {
        let script = self.state.seen().script.clone();
        script(&self.now)
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        let line = format!("{line}\r\n");
        if !self.slow {
            self.stream.write_all(line.as_bytes()).await?;
            return self.stream.flush().await;
        }
        for byte in line.bytes() {
            self.stream.write_all(&[byte]).await?;
            self.stream.flush().await?;
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(hung_up());
        }
        Ok(line.trim_end().to_owned())
    }

    /// Puts the present message into the record, if there is one.
    fn record(&self) {
        self.state.note(|seen| {
            if let Some(index) = self.now.number.checked_sub(1) {
                seen.transactions[index] = self.now.clone();
            }
        });
    }

    /// Ends the present message; what is recorded of it stays.
    fn forget(&mut self) {
        let (encrypted, logged_in) = (self.now.encrypted, self.now.logged_in);
        self.now = Transaction { encrypted, logged_in, ..Transaction::new(self.now.connection) };
    }
}

/// `FROM:<a@b> PARAMETERS` in parts.
fn path(rest: &str) -> (String, String) {
    let (_, path) = rest.split_once('<').unwrap_or(("", rest));
    let (path, parameters) = path.split_once('>').unwrap_or((path, ""));
    (path.to_owned(), parameters.trim().to_owned())
}

fn decode(base64: &str) -> String {
    let bytes = BASE64.decode(base64.as_bytes()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
