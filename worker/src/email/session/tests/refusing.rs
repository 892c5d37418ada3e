//! The server says no, in step and out of step.

use super::*;

/// Answers a grouped envelope and takes part in what follows.
async fn grouped(answers: &'static str, dot: Option<&'static str>) -> ((Stage, Option<u16>), bool) {
    let (sent, usable) = send_to(async move |mut peer: Peer| {
        peer.hello(GROUPED).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], answers).await;
        if let Some(answer) = dot {
            assert_eq!(peer.line().await, ".");
            peer.say(answer).await;
        }
        peer.hung_up().await;
    })
    .await;
    let (stage, cause) = failed(sent);
    ((stage, code(&cause)), usable)
}

#[tokio::test(start_paused = true)]
async fn a_grouped_refusal_is_that_of_the_command_that_was_refused() {
    use Stage::{Data, Mail, Rcpt};
    for (answers, dot, expected, usable) in [
        ("550 no\r\n503 no\r\n503 no", None, (Mail, Some(550)), true),
        ("250 ok\r\n550 5.1.1 no\r\n554 no valid recipients", None, (Rcpt, Some(550)), true),
        ("250 ok\r\n450 later\r\n503 no", None, (Rcpt, Some(450)), true),
        ("250 ok\r\n250 ok\r\n451 later", None, (Data, Some(451)), true),
        // 354 all the same: a lone dot ends it, whatever is answered.
        ("250 ok\r\n550 no\r\n354 go", Some("554 no valid recipients"), (Rcpt, Some(550)), true),
        ("250 ok\r\n550 no\r\n354 go", Some("250 ok"), (Rcpt, Some(550)), true),
        ("250 ok\r\n550 no\r\n354 go", Some("421 bye"), (Rcpt, Some(550)), false),
        ("250 ok\r\n550 no\r\n354 go", Some("nonsense"), (Rcpt, Some(550)), false),
        ("550 no\r\n503 no\r\n354 go", Some("554 no"), (Mail, Some(550)), true),
        // A recipient without a sender: a dot might be an empty message for somebody.
        ("550 no\r\n250 ok\r\n354 go", None, (Mail, Some(550)), false),
        // 421 anywhere: the server hangs up.
        ("421 bye", None, (Mail, Some(421)), false),
        ("250 ok\r\n421 bye", None, (Rcpt, Some(421)), false),
        ("250 ok\r\n250 ok\r\n421 bye", None, (Data, Some(421)), false),
        ("250 ok\r\n550 no\r\n421 bye", None, (Rcpt, Some(550)), false),
        ("450 no\r\n421 bye", None, (Mail, Some(450)), false),
        // DATA must answer 354.
        ("250 ok\r\n250 ok\r\n250 ok", None, (Data, None), false),
        ("354 go\r\n250 ok\r\n354 go", None, (Mail, None), false),
    ] {
        assert_eq!(grouped(answers, dot).await, (expected, usable), "{answers:?} {dot:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_answered_stays_answered_when_the_server_hangs_up() {
    let (sent, usable) = send_to(async |mut peer: Peer| {
        peer.hello(GROUPED).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n550 5.1.1 no").await;
    })
    .await;
    let (stage, cause) = failed(sent);
    assert_eq!((stage, code(&cause), usable), (Stage::Rcpt, Some(550), false));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_one_by_one_is_heard_at_once() {
    for (stage, answers) in [
        (Stage::Mail, &["550 no"][..]),
        (Stage::Rcpt, &["250 ok", "550 no"]),
        (Stage::Data, &["250 ok", "250 ok", "550 no"]),
    ] {
        let (sent, usable) = send_to(async move |mut peer: Peer| {
            peer.hello(SINGLE).await;
            for (start, answer) in ["MAIL", "RCPT", "DATA"].iter().zip(answers) {
                peer.answer(&[start], answer).await;
            }
            peer.hung_up().await;
        })
        .await;
        let (at, cause) = failed(sent);
        assert_eq!((at, code(&cause), usable), (stage, Some(550), true));
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_the_connection_is_reset_and_used_again() {
    for offers in [GROUPED, SINGLE] {
        let (io, server) = serve(64 * 1024, async move |mut peer: Peer| {
            peer.hello(offers).await;
            if offers == GROUPED {
                peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n550 no\r\n503 no").await;
                peer.answer(&["RSET", "MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n250 ok\r\n354 go").await;
            } else {
                for (start, answer) in [("MAIL", "250 ok"), ("RCPT", "550 no"), ("RSET", "250 ok")] {
                    peer.answer(&[start], answer).await;
                }
                for (start, answer) in [("MAIL", "250 ok"), ("RCPT", "250 ok"), ("DATA", "354 go")] {
                    peer.answer(&[start], answer).await;
                }
            }
            peer.body().await;
            peer.say("554 5.6.0 no").await;
            // A message that was answered leaves nothing to reset.
            peer.expect("MAIL").await;
        });
        let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
        let first = session.send(&envelope(), MESSAGE, || true).await;
        assert_eq!(failed(first).0, Stage::Rcpt);
        let second = session.send(&envelope(), MESSAGE, || true).await;
        assert_eq!(failed(second).0, Stage::AfterBody);
        assert!(session.is_usable());
        let third = session.send(&envelope(), MESSAGE, || true).await;
        assert_eq!(failed(third).0, Stage::Mail);
        server.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_the_body_is_what_it_says() {
    for (answer, expected, usable) in [
        ("451 4.7.1 later", Some(451), true),
        ("554 no", Some(554), true),
        ("421 bye", Some(421), false),
        ("354 go on", None, false),
        ("699 what", None, false),
    ] {
        let (sent, was_usable) = send_to(async move |mut peer: Peer| {
            peer.hello(GROUPED).await;
            peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
            peer.body().await;
            peer.say(answer).await;
            peer.hung_up().await;
        })
        .await;
        let (stage, cause) = failed(sent);
        assert_eq!((stage, code(&cause), was_usable), (Stage::AfterBody, expected, usable), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_beyond_the_servers_size_is_not_offered() {
    let (io, server) = serve(64 * 1024, async |mut peer: Peer| {
        peer.hello(&["SIZE 20"]).await;
        peer.answer(&["QUIT"], "221 bye").await;
    });
    let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
    let sent = session.send(&envelope(), MESSAGE, || true).await;
    assert_eq!(failed(sent), (Stage::Mail, Cause::TooLarge));
    assert!(session.is_usable());
    session.quit().await;
    server.await.unwrap();
}
