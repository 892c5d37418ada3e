//! A scripted mail server for tests, at the other end of a pipe: says what its script says and insists on what it expects.

use std::{
    collections::VecDeque,
    future::Future,
    io::ErrorKind,
    sync::{Arc, Mutex},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use super::{
    pool::Dial,
    session::{Failure, Introduction, Io, Stage, connector},
    settings::SmtpSettings,
};

/// The server's end of a connection.
pub(super) struct Peer {
    io: Box<dyn Io>,
    read: Vec<u8>,
}

impl Peer {
    fn new(io: Box<dyn Io>) -> Self {
        Self { io, read: Vec::new() }
    }

    /// Says a line, or several with their separators.
    pub(super) async fn say(&mut self, text: &str) {
        self.raw(format!("{text}\r\n").as_bytes()).await;
    }

    /// Says exactly these bytes. The other side may have hung up already.
    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        if self.io.write_all(bytes).await.is_ok() {
            let _ = self.io.flush().await;
        }
    }

    /// Reads a line; at the end of the conversation it is empty.
    pub(super) async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.read.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).unwrap();
            }
            if self.io.read_buf(&mut self.read).await.unwrap_or(0) == 0 {
                assert!(self.read.is_empty(), "half a line: {:?}", String::from_utf8_lossy(&self.read));
                return String::new();
            }
        }
    }

    /// Reads a line that begins with `start`.
    pub(super) async fn expect(&mut self, start: &str) {
        let line = self.line().await;
        assert!(line.starts_with(start), "expected {start:?}, got {line:?}");
    }

    /// Reads lines that begin with each of `starts`, then says `answers`.
    pub(super) async fn answer(&mut self, starts: &[&str], answers: &str) {
        for start in starts {
            self.expect(start).await;
        }
        self.say(answers).await;
    }

    /// Greets, and answers EHLO with these offers.
    pub(super) async fn hello(&mut self, offers: &[&str]) {
        self.say("220 peer ready").await;
        self.ehlo(offers).await;
    }

    /// Answers EHLO with these offers.
    pub(super) async fn ehlo(&mut self, offers: &[&str]) {
        self.expect("EHLO example.org").await;
        let mut answer = String::from("250-peer\r\n");
        for offer in offers {
            answer = answer + "250-" + offer + "\r\n";
        }
        answer.push_str("250 HELP");
        self.say(&answer).await;
    }

    /// Reads a body up to its dot.
    pub(super) async fn body(&mut self) -> String {
        let mut body = String::new();
        loop {
            match self.line().await.as_str() {
                "." => return body,
                line => body = body + line + "\r\n",
            }
        }
    }

    /// Takes a message, grouped, and accepts it.
    pub(super) async fn take(&mut self) {
        self.answer(&["MAIL FROM:", "RCPT TO:", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
        self.body().await;
        self.say("250 2.0.0 Ok: queued as X1").await;
    }

    /// Waits until the other side hangs up and asserts that it said nothing more.
    pub(super) async fn hung_up(&mut self) {
        let line = self.line().await;
        assert_eq!(line, "", "expected the other side to hang up");
    }

    /// Waits for ever.
    pub(super) async fn stay_silent(&mut self) {
        std::future::pending::<()>().await;
    }

    /// Does its part of a TLS handshake; `None` when it fails.
    pub(super) async fn tls(self, acceptor: &TlsAcceptor) -> Option<Self> {
        acceptor.accept(self.io).await.ok().map(|io| Self::new(Box::new(io)))
    }
}

/// A pipe with a scripted server at its other end, which holds at most `room` bytes in each direction.
pub(super) fn serve<F: Future<Output = ()> + Send + 'static>(
    room: usize,
    script: impl FnOnce(Peer) -> F,
) -> (Box<dyn Io>, JoinHandle<()>) {
    let (ours, theirs) = duplex(room);
    let server = tokio::spawn(script(Peer::new(Box::new(theirs))));
    (Box::new(ours), server)
}

type Script = Box<dyn FnOnce(Peer) -> BoxFuture<'static, ()> + Send>;

/// Dials scripted servers one after the other; then connections are refused.
#[derive(Default)]
pub(super) struct Scripts {
    waiting: Mutex<VecDeque<Script>>,
    servers: Mutex<Vec<JoinHandle<()>>>,
    dialled: Mutex<Vec<tokio::time::Instant>>,
}

impl Scripts {
    /// The next server.
    pub(super) fn then<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        script: impl FnOnce(Peer) -> F + Send + 'static,
    ) -> &Arc<Self> {
        self.waiting.lock().unwrap().push_back(Box::new(|peer| script(peer).boxed()));
        self
    }

    /// When connections were asked for.
    pub(super) fn dialled(&self) -> Vec<tokio::time::Instant> {
        self.dialled.lock().unwrap().clone()
    }

    /// Waits until every server has reached the end of its script.
    pub(super) async fn finished(&self) {
        let servers = std::mem::take(&mut *self.servers.lock().unwrap());
        for server in servers {
            server.await.unwrap();
        }
        assert!(self.waiting.lock().unwrap().is_empty(), "a server was never called");
    }
}

impl Dial for Arc<Scripts> {
    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Io>, Failure>> {
        async {
            self.dialled.lock().unwrap().push(tokio::time::Instant::now());
            let Some(script) = self.waiting.lock().unwrap().pop_front() else {
                return Err(Failure::new(Stage::Connect, std::io::Error::from(ErrorKind::ConnectionRefused)));
            };
            let (io, server) = serve(64 * 1024, script);
            self.servers.lock().unwrap().push(server);
            Ok(io)
        }
        .boxed()
    }
}

/// A certificate authority and a certificate of `name` signed by it.
pub(super) struct Authority {
    pub(super) root: CertificateDer<'static>,
    pub(super) acceptor: TlsAcceptor,
}

impl Authority {
    pub(super) fn for_host(name: &str) -> Self {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let root = ca.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf =
            rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        Self { root: root.der().clone(), acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

/// Settings for `url` as `example.org` introduces itself.
pub(super) fn settings(url: &str) -> SmtpSettings {
    SmtpSettings::new(url.parse().unwrap(), "example.org")
}

/// An introduction for `url` that trusts `authority` beside the machine's roots.
pub(super) fn introduction(url: &str, authority: Option<&Authority>) -> Introduction {
    let extra: Vec<_> = authority.iter().map(|authority| authority.root.clone()).collect();
    Introduction::new(settings(url), connector(&extra).unwrap())
}
