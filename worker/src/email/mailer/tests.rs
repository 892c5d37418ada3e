//! From a letter to an outcome, through every room.

use std::sync::Arc;

use super::*;
use crate::email::{
    outcome::{Reason, Refusal},
    peer::{Authority, Peer, Scripts, introduction},
    session::Stage,
};

fn community() -> CommunityId {
    CommunityId::from_bytes([7; 16])
}

async fn outcome_of(answer: &'static str) -> Outcome {
    let scripts = Arc::new(Scripts::default());
    scripts.then(async move |mut peer: Peer| {
        peer.hello(&["PIPELINING"]).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
        assert!(peer.body().await.contains("Subject: "));
        if !answer.is_empty() {
            peer.say(answer).await;
        }
    });
    let mailer =
        Mailer::over(Box::new(Arc::clone(&scripts)), introduction("smtp://mail.example.org?tls=none", None));
    let envelope = Envelope::new("from@example.org", "jane@example.net").unwrap();
    let outcome = mailer.send(community(), &envelope, b"Subject: x\r\n\r\nx\r\n", || true).await;
    mailer.close().await;
    scripts.finished().await;
    outcome
}

#[tokio::test(start_paused = true)]
async fn says_what_became_of_it() {
    let accepted = outcome_of("250 2.0.0 Ok: queued as 4F2").await;
    assert!(matches!(accepted, Outcome::Accepted { provider_id: Some(id), .. } if id == "4F2"));

    let refused = outcome_of("550 5.1.1 <jane@example.net> unknown").await;
    let Outcome::Refused { refusal, reason, text, .. } = refused else { panic!("{refused:?}") };
    assert_eq!((refusal, reason), (Refusal::Permanent, Reason::MailboxUnknown));
    assert_eq!(text, "<recipient> unknown");

    assert_eq!(outcome_of("").await, Outcome::Unknown { reason: Reason::ClosedAfterBody });
    assert_eq!(outcome_of("what?").await, Outcome::Unknown { reason: Reason::UnreadableAfterBody });
}

#[tokio::test(start_paused = true)]
async fn says_that_nothing_went_when_there_is_no_server_or_no_time() {
    let scripts = Arc::new(Scripts::default());
    let mailer =
        Mailer::over(Box::new(Arc::clone(&scripts)), introduction("smtp://mail.example.org?tls=none", None));
    let envelope = Envelope::new("from@example.org", "jane@example.net").unwrap();
    let outcome = mailer.send(community(), &envelope, b"x\r\n", || true).await;
    assert!(matches!(outcome, Outcome::NotSent { reason: Reason::ConnectFailed, stage: Stage::Connect, .. }));

    scripts.then(async |mut peer: Peer| {
        peer.hello(&["PIPELINING"]).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
        peer.hung_up().await;
    });
    let outcome = mailer.send(community(), &envelope, b"x\r\n", || false).await;
    assert!(matches!(outcome, Outcome::NotSent { reason: Reason::NoTimeLeft, .. }));
    scripts.finished().await;
}

#[tokio::test]
async fn a_server_that_hangs_up_after_the_body_under_tls_leaves_it_unknown() {
    let authority = Authority::for_host("mail.example.org");
    let acceptor = authority.acceptor.clone();
    let scripts = Arc::new(Scripts::default());
    scripts.then(async move |peer: Peer| {
        let mut peer = peer.tls(&acceptor).await.unwrap();
        peer.hello(&["PIPELINING"]).await;
        peer.answer(&["MAIL", "RCPT", "DATA"], "250 ok\r\n250 ok\r\n354 go").await;
        peer.body().await;
    });
    let introduction = introduction("smtps://mail.example.org", Some(&authority));
    let mailer = Mailer::over(Box::new(Arc::clone(&scripts)), introduction);
    let envelope = Envelope::new("from@example.org", "jane@example.net").unwrap();
    let outcome = mailer.send(community(), &envelope, b"Subject: x\r\n\r\nx\r\n", || true).await;
    assert_eq!(outcome, Outcome::Unknown { reason: Reason::ClosedAfterBody });
    scripts.finished().await;
}
