//! Each fault and switch of the SMTP sandbox, seen from the wire.

#![expect(clippy::unwrap_used, reason = "what helps a test is part of it")]

use std::time::{Duration, Instant};

use porchlight_tests::sandbox::smtp::{Credentials, Settings, SmtpSandbox, Switches};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

const BODY: &str = "Message-ID: <1@elm.example>\r\nSubject: hello\r\n\r\n..dotted\r\n.\r\n";

struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Client {
    async fn connect(sandbox: &SmtpSandbox) -> Self {
        let (reader, writer) = TcpStream::connect(sandbox.address()).await.unwrap().into_split();
        Self { reader: BufReader::new(reader), writer }
    }

    /// Past the greeting and EHLO.
    async fn greeted(sandbox: &SmtpSandbox) -> Self {
        let mut client = Self::connect(sandbox).await;
        assert!(client.answer().await.starts_with("220"));
        assert!(client.say("EHLO test").await.starts_with("250"));
        client
    }

    /// The last line of one answer; empty when the connection was closed.
    async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = self.reader.read_line(&mut line).await.unwrap_or_default();
            if read == 0 || line.as_bytes()[3] == b' ' {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.writer.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.answer().await
    }

    /// One message; the answer at which it ended.
    async fn send(&mut self, recipient: &str) -> String {
        self.say("RSET").await;
        assert!(self.say("MAIL FROM:<us@elm.example>").await.starts_with("250"));
        let answer = self.say(&format!("RCPT TO:<{recipient}>")).await;
        if !answer.starts_with("250") {
            return answer;
        }
        assert!(self.say("DATA").await.starts_with("354"));
        self.writer.write_all(BODY.as_bytes()).await.unwrap();
        self.answer().await
    }
}

async fn sandbox() -> SmtpSandbox {
    SmtpSandbox::start(Settings::default()).await.unwrap()
}

#[tokio::test]
async fn takes_and_records_a_message() {
    let sandbox = sandbox().await;
    let mut client = Client::greeted(&sandbox).await;
    assert!(client.send("anna@example.org").await.starts_with("250"));
    assert!(client.say("NOOP").await.starts_with("250"));
    assert!(client.say("NONSENSE").await.starts_with("500"));
    assert!(client.say("QUIT").await.starts_with("221"));
    sandbox.wait_for(1).await;
    let accepted = sandbox.accepted();
    assert_eq!(&*accepted[0].recipient, "anna@example.org");
    assert_eq!(&*accepted[0].sender, "us@elm.example");
    assert_eq!(accepted[0].message_id.as_deref(), Some("1@elm.example"));
    let source = String::from_utf8(sandbox.source(1).unwrap().to_vec()).unwrap();
    assert_eq!(source, "Message-ID: <1@elm.example>\r\nSubject: hello\r\n\r\n.dotted\r\n");

    sandbox.reset();
    assert_eq!((sandbox.total(), sandbox.counts().len()), (0, 0));
}

#[tokio::test]
async fn answers_follow_the_address() {
    let sandbox = sandbox().await;
    let mut client = Client::greeted(&sandbox).await;
    for (recipient, answers) in [
        ("greylist@example.org", vec!["451 4.7.1", "250"]),
        ("greylist-2-anna@example.org", vec!["451 4.7.1", "451 4.7.1", "250"]),
        ("greylist-10m@example.org", vec!["451 4.7.1", "451 4.7.1", "451 4.7.1"]),
        ("greylist-data@example.org", vec!["451 4.7.1", "250"]),
        ("tempfail@example.org", vec!["451 4.3.0", "451 4.3.0"]),
        ("tempfail-data-1@example.org", vec!["451 4.3.0", "250"]),
        ("refuse@example.org", vec!["550 5.1.1", "550 5.1.1"]),
        ("refuse-data@example.org", vec!["554 5.7.1", "554 5.7.1"]),
    ] {
        for expected in answers {
            let answer = client.send(recipient).await;
            assert!(answer.starts_with(expected), "{recipient}: {answer}");
        }
    }
    assert_eq!(sandbox.total(), 4);
}

#[tokio::test]
async fn connections_break_where_the_address_says() {
    let sandbox = sandbox().await;
    let mut client = Client::greeted(&sandbox).await;
    assert_eq!(client.send("drop-before-dot@example.org").await, "");
    assert_eq!(sandbox.total(), 0);

    let mut client = Client::greeted(&sandbox).await;
    assert_eq!(client.send("drop-after-dot-1@example.org").await, "");
    sandbox.wait_for(1).await;
    assert!(!sandbox.accepted()[0].answered);

    let mut client = Client::greeted(&sandbox).await;
    assert!(client.send("drop-after-dot-1@example.org").await.starts_with("250"));
    let doubled = sandbox.doubled();
    assert_eq!((doubled.len(), doubled[0].times, doubled[0].message_ids.len()), (1, 2, 1));

    // Silent is told from slow by nothing but patience; what it recorded says that it is past the dot.
    let unanswered = client.send("silent@example.org");
    assert!(timeout(Duration::from_millis(100), unanswered).await.is_err());
    sandbox.wait_for(3).await;
    assert!(!sandbox.accepted()[2].answered);
}

#[tokio::test]
async fn delays_are_kept() {
    let sandbox = sandbox().await;
    let mut client = Client::greeted(&sandbox).await;
    let started = Instant::now();
    assert!(client.send("delay-80ms@example.org").await.starts_with("250"));
    assert!(started.elapsed() >= Duration::from_millis(80));

    sandbox.set(Switches { message_latency_ms: 60, reply_delay_ms: 5, ..Switches::default() });
    let started = Instant::now();
    assert!(client.send("anna@example.org").await.starts_with("250"));
    assert!(started.elapsed() >= Duration::from_millis(85));
}

#[tokio::test]
async fn switches_refuse() {
    let sandbox = sandbox().await;
    let mut client = Client::greeted(&sandbox).await;
    assert!(client.say("AUTH PLAIN AHVzZXIAcGFzcw==").await.starts_with("235"));
    sandbox.set(Switches { refuse_auth: true, refuse_sender: true, ..Switches::default() });
    assert!(client.say("AUTH PLAIN AHVzZXIAcGFzcw==").await.starts_with("535"));
    assert!(client.say("MAIL FROM:<us@elm.example>").await.starts_with("550"));
    sandbox.set(Switches { refuse_greeting: true, ..Switches::default() });
    let mut late = Client::connect(&sandbox).await;
    assert!(late.answer().await.starts_with("421"));
    assert_eq!(late.answer().await, "");
}

#[tokio::test]
async fn credentials_are_compared() {
    let credentials = Credentials { user: "user".into(), password: "pass".into() };
    let settings = Settings { credentials: Some(credentials), ..Settings::default() };
    let sandbox = SmtpSandbox::start(settings).await.unwrap();
    let mut client = Client::greeted(&sandbox).await;
    assert!(client.say("MAIL FROM:<us@elm.example>").await.starts_with("530"));
    assert!(client.say("AUTH PLAIN AHVzZXIAd3Jvbmc=").await.starts_with("535"));
    assert!(client.say("AUTH LOGIN").await.starts_with("334"));
    assert!(client.say("dXNlcg==").await.starts_with("334"));
    assert!(client.say("cGFzcw==").await.starts_with("235"));
    assert!(client.send("anna@example.org").await.starts_with("250"));
}

#[tokio::test]
async fn grouped_commands_get_grouped_answers() {
    let sandbox = sandbox().await;
    let mut client = Client::greeted(&sandbox).await;
    let one = |recipient| format!("MAIL FROM:<us@elm.example>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n");
    client.writer.write_all(one("refuse@example.org").as_bytes()).await.unwrap();
    let answers = [client.answer().await, client.answer().await, client.answer().await];
    assert!(answers[1].starts_with("550") && answers[2].starts_with("554"), "{answers:?}");

    let everything = format!("RSET\r\n{}{BODY}QUIT\r\n", one("anna@example.org"));
    client.writer.write_all(everything.as_bytes()).await.unwrap();
    let mut rest = String::new();
    client.reader.read_to_string(&mut rest).await.unwrap();
    let codes: Vec<&str> = rest.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "250", "354", "250", "221"]);
}

#[tokio::test]
async fn the_inbox_shows_and_switches() {
    let sandbox = sandbox().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, sandbox.inbox()).into_future());
    let request = async |method: &str, path: &str, body: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let mut client = Client::greeted(&sandbox).await;
    assert!(request("GET", "/", "").await.contains("Nothing yet"));
    assert!(client.send("anna@example.org").await.starts_with("250"));

    let list = request("GET", "/", "").await;
    assert!(list.contains("anna@example.org") && list.contains("hello"), "{list}");
    let message = request("GET", "/messages/1", "").await;
    assert!(message.contains("<pre>.dotted") && message.contains("default-src 'none'"), "{message}");
    assert!(request("GET", "/messages/2", "").await.starts_with("HTTP/1.1 404"));
    let json = request("GET", "/inbox.json?to=anna@example.org", "").await;
    assert!(json.contains(r#""total":1"#) && json.contains(r#""subject":"hello""#), "{json}");

    let set = request("POST", "/_sandbox/switches", r#"{"refuse_sender": true}"#).await;
    assert!(set.contains(r#""refuse_sender":true"#), "{set}");
    assert!(sandbox.switches().refuse_sender);
    assert!(
        request("POST", "/_sandbox/switches", r#"{"refuse_snder": true}"#).await.starts_with("HTTP/1.1 422")
    );
    assert!(request("POST", "/_sandbox/reset", "{}").await.starts_with("HTTP/1.1 204"));
    assert_eq!(sandbox.total(), 0);
}

/// `cargo test --release -p porchlight-tests --test smtp_sandbox -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: wants a release build and an idle machine"]
async fn takes_twenty_thousand_a_second() {
    const CONNECTIONS: u64 = 8;
    const EACH: u64 = 10_000;
    let sandbox = sandbox().await;
    let body = format!("{}{}\r\n.\r\n", BODY.trim_end_matches("\r\n.\r\n"), "x".repeat(1_500));
    let started = Instant::now();
    for connection in 0..CONNECTIONS {
        let mut client = Client::greeted(&sandbox).await;
        let body = body.clone();
        tokio::spawn(async move {
            for number in 0..EACH {
                let commands = format!(
                    "MAIL FROM:<us@elm.example>\r\nRCPT TO:<{connection}.{number}@example.org>\r\nDATA\r\n"
                );
                client.writer.write_all(commands.as_bytes()).await.unwrap();
                for expected in ["250", "250", "354"] {
                    assert!(client.answer().await.starts_with(expected));
                }
                client.writer.write_all(body.as_bytes()).await.unwrap();
                assert!(client.answer().await.starts_with("250"));
            }
        });
    }
    sandbox.wait_for(CONNECTIONS * EACH).await;
    let seconds = started.elapsed();
    assert!(seconds.as_secs_f64() < 4.0, "{} messages took {seconds:?}", CONNECTIONS * EACH);
}
