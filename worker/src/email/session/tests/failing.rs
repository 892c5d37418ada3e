//! The server hangs up, falls silent or talks nonsense at every stage: what was certain stays certain.

use super::*;

/// What the server does at the stage in question.
#[derive(Clone, Copy, Debug)]
enum Then {
    HangsUp,
    FallsSilent,
    TalksNonsense,
}

/// Talks properly up to `stage`, then does `then`.
async fn until(mut peer: Peer, offers: &[&str], stage: Stage, then: Then) {
    'talk: {
        if stage == Stage::Greeting {
            break 'talk;
        }
        peer.say("220 hi").await;
        if stage == Stage::Ehlo {
            peer.expect("EHLO").await;
            break 'talk;
        }
        peer.ehlo(offers).await;
        for (at, start, answer) in [
            (Stage::Mail, "MAIL", "250 ok"),
            (Stage::Rcpt, "RCPT", "250 ok"),
            (Stage::Data, "DATA", "354 go"),
        ] {
            peer.expect(start).await;
            if stage == at {
                break 'talk;
            }
            peer.say(answer).await;
        }
        peer.body().await;
    }
    match then {
        Then::HangsUp => {}
        Then::FallsSilent => peer.stay_silent().await,
        Then::TalksNonsense => {
            peer.say("HTTP/1.1 400 Bad Request").await;
            // Read what is left, so that the nonsense is heard.
            while !peer.line().await.is_empty() {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_stage_is_told_apart() {
    for offers in [GROUPED, SINGLE] {
        for stage in [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::AfterBody] {
            for then in [Then::HangsUp, Then::FallsSilent, Then::TalksNonsense] {
                let (sent, usable) = send_to(move |peer| until(peer, offers, stage, then)).await;
                let (at, cause) = failed(sent);
                assert_eq!(at, stage, "{then:?}: {cause:?}");
                match then {
                    // A pipe whose other end is gone breaks while it is written to, or ends while it is read.
                    Then::HangsUp => {
                        assert!(matches!(cause, Cause::Closed | Cause::Io(_)), "{stage}: {cause:?}");
                    }
                    Then::FallsSilent => assert_eq!(cause, Cause::Timeout, "{stage}"),
                    Then::TalksNonsense => assert!(matches!(cause, Cause::Protocol(_)), "{stage}: {cause:?}"),
                }
                assert!(!usable);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn waits_two_minutes_after_the_body_and_no_longer() {
    let begun = tokio::time::Instant::now();
    let (io, server) = serve(64 * 1024, |peer| until(peer, GROUPED, Stage::AfterBody, Then::FallsSilent));
    let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
    let sent = session.send(&envelope(), MESSAGE, || true).await;
    assert_eq!(failed(sent), (Stage::AfterBody, Cause::Timeout));
    let waited = begun.elapsed();
    assert!((Duration::from_mins(2)..Duration::from_secs(121)).contains(&waited), "{waited:?}");
    server.abort();
}

/// Takes the envelope and then only a part of a body that is larger than the pipe.
async fn takes_a_part(then: Then) -> (Stage, Cause) {
    let (io, server) = serve(1024, async move |mut peer: Peer| {
        peer.hello(GROUPED).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
        peer.expect("x").await;
        if let Then::FallsSilent = then {
            peer.stay_silent().await;
        }
    });
    let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
    let sent = session.send(&envelope(), &b"x\r\n".repeat(10_000), || true).await;
    assert!(!session.is_usable());
    server.abort();
    failed(sent)
}

#[tokio::test(start_paused = true)]
async fn a_body_of_which_a_part_is_left_did_not_go() {
    assert_eq!(takes_a_part(Then::FallsSilent).await, (Stage::Body, Cause::Timeout));
    let (stage, cause) = takes_a_part(Then::HangsUp).await;
    assert_eq!(stage, Stage::Body);
    assert!(matches!(cause, Cause::Io(_)), "{cause:?}");
}

/// Takes every byte and cannot say whether they left.
struct FlushFails(tokio::io::DuplexStream, bool);

impl tokio::io::AsyncRead for FlushFails {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_read(context, bytes)
    }
}

impl tokio::io::AsyncWrite for FlushFails {
    fn poll_write(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        self.1 = bytes.ends_with(b"\r\n.\r\n");
        std::pin::Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(if self.1 { Err(std::io::ErrorKind::BrokenPipe.into()) } else { Ok(()) })
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::pin::Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_taken_and_not_flushed_is_unknown() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
    let server = tokio::spawn(async move {
        let mut bytes = [0; 1024];
        theirs.write_all(b"220 x\r\n").await.unwrap();
        for answer in [&b"250-x\r\n250 PIPELINING\r\n"[..], b"250 ok\r\n250 ok\r\n354 go\r\n"] {
            assert!(theirs.read(&mut bytes).await.unwrap() > 0);
            theirs.write_all(answer).await.unwrap();
        }
        theirs
    });
    let io = Box::new(FlushFails(ours, false));
    let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
    let sent = session.send(&envelope(), MESSAGE, || true).await;
    assert_eq!(failed(sent), (Stage::AfterBody, Cause::Io(std::io::ErrorKind::BrokenPipe)));
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn words_before_the_body_that_nobody_asked_for_stop_it() {
    let (sent, usable) = send_to(async |mut peer: Peer| {
        peer.hello(GROUPED).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go\r\n250 queued as EVIL").await;
        peer.hung_up().await;
    })
    .await;
    assert_eq!(failed(sent).0, Stage::Data);
    assert!(!usable);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_send_leaves_a_connection_that_is_not_used_again() {
    let (io, server) = serve(64 * 1024, |peer| until(peer, GROUPED, Stage::AfterBody, Then::FallsSilent));
    let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
    let envelope = envelope();
    let sending = session.send(&envelope, MESSAGE, || true);
    assert!(tokio::time::timeout(Duration::from_secs(1), sending).await.is_err());
    assert!(!session.is_usable());
    server.abort();
}

#[tokio::test]
async fn under_tls_a_body_that_was_taken_and_not_wholly_flushed_is_unknown() {
    let authority = crate::email::peer::Authority::for_host("mail.example.org");
    let acceptor = authority.acceptor.clone();
    let (io, server) = serve(1024, async move |peer: Peer| {
        let mut peer = peer.tls(&acceptor).await.unwrap();
        peer.hello(GROUPED).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
        peer.expect("x").await;
        // The end of the body is still on its way.
    });
    let introduction = introduction("smtps://mail.example.org", Some(&authority));
    let mut session = Session::open(io, &introduction).await.unwrap();
    // Fits into what TLS takes at once, and not into the pipe.
    let sent = session.send(&envelope(), &b"x\r\n".repeat(10_000), || true).await;
    assert_eq!(failed(sent).0, Stage::AfterBody);
    server.await.unwrap();
}
