//! One connection's conversation.

use std::{io, time::Duration};

use memchr::{memchr, memmem};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use super::{Act, Server, Stage};

mod signing_in;

/// A command line longer than this is nobody's.
const LONGEST_LINE: usize = 4 * 1024;
/// Read bytes are moved to the front once so many before them are used up.
const SLACK: usize = 64 * 1024;

pub(super) struct Session<'a> {
    server: &'a Server,
    stream: TcpStream,
    /// What was read; up to `used` it has been dealt with.
    input: Vec<u8>,
    used: usize,
    /// Answers not yet written.
    replies: Vec<u8>,
    authenticated: bool,
    expect: Expect,
    envelope: Option<Envelope>,
}

/// What the next line is.
enum Expect {
    Command,
    PlainResponse,
    LoginUser,
    LoginPassword(String),
}

struct Envelope {
    sender: String,
    recipients: Vec<String>,
    /// What happens once the body comes.
    act: Option<Act>,
}

/// What a line leads to.
enum Next {
    Line,
    Body,
    Close,
}

impl<'a> Session<'a> {
    pub(super) fn new(server: &'a Server, stream: TcpStream) -> Self {
        Self {
            server,
            stream,
            input: Vec::with_capacity(SLACK),
            used: 0,
            replies: Vec::with_capacity(1024),
            authenticated: false,
            expect: Expect::Command,
            envelope: None,
        }
    }

    /// Talks until either side closes.
    pub(super) async fn run(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        if self.server.switches().refuse_greeting {
            self.server.note_switched();
            self.reply("421 4.3.2 sandbox takes nothing now");
            return self.flush().await;
        }
        self.server.barrier.pass(Stage::Greeting).await;
        self.reply("220 sandbox ESMTP");
        loop {
            let Some(line) = self.take_line() else {
                self.flush().await?;
                if self.input.len() - self.used > LONGEST_LINE || !self.read().await? {
                    return Ok(());
                }
                continue;
            };
            if let (Expect::Command, Some(stage)) = (&self.expect, Stage::of_command(&line)) {
                if self.server.barrier.is_closed_at(stage) {
                    // What came before in one piece is answered: whoever waits, waits for this.
                    self.flush().await?;
                }
                self.server.barrier.pass(stage).await;
            }
            match self.line(&line) {
                Next::Line => {}
                Next::Body => {
                    self.flush().await?;
                    if !self.body().await? {
                        return Ok(());
                    }
                }
                Next::Close => return self.flush().await,
            }
        }
    }

    /// More input; `false` at its end.
    async fn read(&mut self) -> io::Result<bool> {
        if self.used == self.input.len() {
            self.input.clear();
            self.used = 0;
        } else if self.used > SLACK {
            self.input.drain(..self.used);
            self.used = 0;
        }
        Ok(self.stream.read_buf(&mut self.input).await? > 0)
    }

    fn take_line(&mut self) -> Option<String> {
        let unused = &self.input[self.used..];
        let end = memchr(b'\n', unused)?;
        let line = String::from_utf8_lossy(&unused[..end]).trim_end_matches('\r').to_owned();
        self.used += end + 1;
        Some(line)
    }

    fn reply(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.replies.is_empty() {
            return Ok(());
        }
        if let delay @ 1.. = self.server.switches().reply_delay_ms {
            self.server.note_switched();
            pause(delay).await;
        }
        self.stream.write_all(&self.replies).await?;
        self.replies.clear();
        Ok(())
    }

    fn line(&mut self, line: &str) -> Next {
        match std::mem::replace(&mut self.expect, Expect::Command) {
            Expect::Command => return self.command(line),
            Expect::PlainResponse => self.plain(line),
            Expect::LoginUser => self.login_user(line),
            Expect::LoginPassword(user) => {
                self.login_password(user, line);
            }
        }
        Next::Line
    }

    fn command(&mut self, line: &str) -> Next {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.ehlo(),
            "HELO" => {
                self.envelope = None;
                self.reply("250 sandbox");
            }
            "AUTH" => self.auth(rest),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" => return self.data(),
            "RSET" => {
                self.envelope = None;
                self.reply("250 2.0.0 ok");
            }
            "NOOP" => self.reply("250 2.0.0 ok"),
            "QUIT" => {
                self.reply("221 2.0.0 bye");
                return Next::Close;
            }
            _ => self.reply("500 5.5.1 not understood"),
        }
        Next::Line
    }

    fn ehlo(&mut self) {
        self.envelope = None;
        self.reply("250-sandbox");
        if self.server.settings.pipelining {
            self.reply("250-PIPELINING");
        }
        self.reply("250-8BITMIME");
        self.reply("250-ENHANCEDSTATUSCODES");
        self.reply("250-AUTH PLAIN LOGIN");
        self.reply(&format!("250 SIZE {}", self.server.settings.largest));
    }

    fn mail(&mut self, rest: &str) {
        let Some((sender, parameters)) = path(rest, "FROM:") else {
            return self.reply("501 5.5.4 MAIL FROM:<address>");
        };
        let size = parameters.split(' ').find_map(|parameter| parameter.strip_prefix("SIZE=")?.parse().ok());
        if self.server.settings.credentials.is_some() && !self.authenticated {
            self.reply("530 5.7.0 authenticate first");
        } else if self.server.switches().refuse_sender {
            self.reply("550 5.7.1 not from this sender");
        } else if self.envelope.is_some() {
            self.reply("503 5.5.1 already one under way");
        } else if size.is_some_and(|size: usize| size > self.server.settings.largest) {
            self.reply("552 5.3.4 too large");
        } else {
            self.envelope = Some(Envelope { sender: sender.to_owned(), recipients: Vec::new(), act: None });
            self.reply("250 2.1.0 ok");
        }
    }

    fn rcpt(&mut self, rest: &str) {
        let Some((recipient, _)) = path(rest, "TO:").filter(|(recipient, _)| !recipient.is_empty()) else {
            return self.reply("501 5.5.4 RCPT TO:<address>");
        };
        let Some(envelope) = &mut self.envelope else {
            return self.reply("503 5.5.1 MAIL first");
        };
        let act = self.server.try_recipient(recipient);
        match act {
            Some(Act::Greylist) => self.reply("451 4.7.1 greylisted, come back later"),
            Some(Act::Tempfail) => self.reply("451 4.3.0 not now"),
            Some(Act::Refuse) => self.reply("550 5.1.1 nobody of that name"),
            _ => {
                envelope.recipients.push(recipient.to_owned());
                envelope.act = envelope.act.or(act);
                self.reply("250 2.1.5 ok");
            }
        }
    }

    fn data(&mut self) -> Next {
        match &self.envelope {
            None => self.reply("503 5.5.1 MAIL first"),
            Some(envelope) if envelope.recipients.is_empty() => self.reply("554 5.5.1 no valid recipients"),
            Some(_) => {
                self.reply("354 go ahead");
                return Next::Body;
            }
        }
        Next::Line
    }

    /// Takes the body and answers for it; `false` when the connection is to close.
    async fn body(&mut self) -> io::Result<bool> {
        let Some(envelope) = self.envelope.take() else { return Ok(true) };
        if envelope.act == Some(Act::DropBeforeDot) {
            let _begun = self.used < self.input.len() || self.read().await?;
            return Ok(false);
        }
        self.server.barrier.pass(Stage::Body).await;
        let Some(source) = self.take_body().await? else { return Ok(false) };
        self.server.barrier.pass(Stage::Dot).await;
        pause(self.server.switches().message_latency_ms).await;
        let accept = |answered| self.server.accept(&envelope.sender, &envelope.recipients, &source, answered);
        match envelope.act {
            Some(Act::GreylistData) => self.reply("451 4.7.1 greylisted, come back later"),
            Some(Act::TempfailData) => self.reply("451 4.3.0 not now"),
            Some(Act::RefuseData) => self.reply("554 5.7.1 not this message"),
            _ if self.server.switches().refuse_policy => self.reply("554 5.7.1 nothing of yours"),
            Some(Act::DropAfterDot) => {
                accept(false);
                return Ok(false);
            }
            Some(Act::Silent) => {
                accept(false);
                while self.read().await? {
                    self.used = self.input.len();
                }
                return Ok(false);
            }
            Some(Act::Delay(duration)) => {
                accept(true);
                sleep(duration).await;
                self.reply("250 2.0.0 taken at leisure");
            }
            _ => {
                accept(true);
                self.server.barrier.pass(Stage::Taken).await;
                self.reply("250 2.0.0 taken");
            }
        }
        Ok(true)
    }

    /// Reads up to the lone dot; `None` when the input ends before, or there is too much of it.
    async fn take_body(&mut self) -> io::Result<Option<Vec<u8>>> {
        // How far of what is unused has been searched; the end may straddle two reads.
        let mut searched = 0;
        loop {
            let unused = &self.input[self.used..];
            let empty = unused.starts_with(b".\r\n");
            let end = if empty { Some(0) } else { memmem::find(&unused[searched..], b"\r\n.\r\n") };
            if let Some(end) = end {
                let (length, taken) = if empty { (0, 3) } else { (searched + end + 2, searched + end + 5) };
                let source = unstuff(&unused[..length]);
                self.used += taken;
                return Ok(Some(source));
            }
            if unused.len() > self.server.settings.largest {
                self.reply("552 5.3.4 too large");
                self.flush().await?;
                return Ok(None);
            }
            searched = unused.len().saturating_sub(4);
            if !self.read().await? {
                return Ok(None);
            }
        }
    }
}

/// Takes away the dot that the sender put before each line beginning with one.
fn unstuff(body: &[u8]) -> Vec<u8> {
    let mut source = Vec::with_capacity(body.len());
    let mut rest = body.strip_prefix(b".").unwrap_or(body);
    while let Some(at) = memmem::find(rest, b"\r\n.") {
        source.extend_from_slice(&rest[..at + 2]);
        rest = &rest[at + 3..];
    }
    source.extend_from_slice(rest);
    source
}

/// The address in `FROM:<address> parameters`, and the parameters.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let start = rest.get(..keyword.len()).filter(|start| start.eq_ignore_ascii_case(keyword))?;
    let (address, parameters) = rest[start.len()..].trim_start().strip_prefix('<')?.split_once('>')?;
    Some((address, parameters.trim()))
}

/// Not going to sleep at all is faster than sleeping for nothing.
async fn pause(milliseconds: u64) {
    if milliseconds > 0 {
        sleep(Duration::from_millis(milliseconds)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_unstuffed() {
        assert_eq!(unstuff(b"..a\r\n..\r\n.b\r\nc.\r\n"), b".a\r\n.\r\nb\r\nc.\r\n");
    }

    #[test]
    fn paths_are_read() {
        assert_eq!(path("from:<a@b> SIZE=3", "FROM:"), Some(("a@b", "SIZE=3")));
        assert_eq!(path("TO: <a@b>", "TO:"), Some(("a@b", "")));
        assert_eq!(path("FROM:<>", "FROM:"), Some(("", "")));
        assert_eq!(path("FROM:a@b", "FROM:"), None);
        assert_eq!(path("FR", "FROM:"), None);
    }
}
