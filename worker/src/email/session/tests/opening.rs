//! Greeting, EHLO, TLS and AUTH.

use super::*;
use crate::email::peer::Authority;

const REQUIRED: &str = "smtp://u:pass@mail.example.org?tls=required";
const OPPORTUNISTIC: &str = "smtp://mail.example.org?tls=opportunistic";

async fn open_at<F: Future<Output = ()> + Send + 'static>(
    url: &str,
    authority: Option<&Authority>,
    script: impl FnOnce(Peer) -> F,
) -> Result<Session, Failure> {
    let (io, server) = serve(64 * 1024, script);
    let opened = Session::open(io, &introduction(url, authority)).await;
    // The session stays open while the script comes to its end.
    server.await.unwrap();
    opened
}

#[tokio::test]
async fn begins_tls_and_greets_again() {
    let authority = Authority::for_host("mail.example.org");
    let acceptor = authority.acceptor.clone();
    let session = open_at(REQUIRED, Some(&authority), async move |mut peer: Peer| {
        peer.hello(&["STARTTLS", "AUTH PLAIN LOGIN"]).await;
        peer.answer(&["STARTTLS"], "220 go ahead").await;
        let mut peer = peer.tls(&acceptor).await.unwrap();
        peer.ehlo(&["PIPELINING", "AUTH PLAIN LOGIN"]).await;
        assert_eq!(peer.line().await, "AUTH PLAIN AHUAcGFzcw==");
        peer.say("235 welcome").await;
    })
    .await
    .unwrap();
    assert!(session.offers.pipelining && !session.offers.starttls);
}

#[tokio::test]
async fn sends_over_implicit_tls() {
    let authority = Authority::for_host("mail.example.org");
    let acceptor = authority.acceptor.clone();
    let (io, server) = serve(64 * 1024, async move |peer: Peer| {
        let mut peer = peer.tls(&acceptor).await.unwrap();
        peer.hello(&["PIPELINING", "AUTH LOGIN"]).await;
        peer.answer(&["AUTH LOGIN"], "334 VXNlcm5hbWU6").await;
        peer.answer(&["dQ=="], "334 UGFzc3dvcmQ6").await;
        peer.answer(&["cGFzcw=="], "235 ok").await;
        peer.take().await;
    });
    let introduction = introduction("smtps://u:pass@mail.example.org", Some(&authority));
    let mut session = Session::open(io, &introduction).await.unwrap();
    assert!(session.send(&envelope(), MESSAGE, || true).await.is_ok());
    server.await.unwrap();
}

#[tokio::test]
async fn believes_nothing_that_was_slipped_in_before_tls() {
    let authority = Authority::for_host("mail.example.org");
    let failure = open_at(REQUIRED, Some(&authority), async |mut peer: Peer| {
        peer.hello(&["STARTTLS"]).await;
        peer.expect("STARTTLS").await;
        peer.raw(b"220 go ahead\r\n250-evil\r\n250 AUTH PLAIN\r\n").await;
        peer.hung_up().await;
    })
    .await
    .unwrap_err();
    let expected = "starttls: words in the clear after the answer to STARTTLS";
    assert_eq!(failure.to_string(), expected);
}

#[tokio::test]
async fn refuses_a_certificate_it_does_not_trust_or_of_another_host() {
    for (name, trusted) in [("mail.example.org", false), ("other.example.org", true)] {
        let authority = Authority::for_host(name);
        let acceptor = authority.acceptor.clone();
        for url in ["smtps://mail.example.org", OPPORTUNISTIC] {
            let acceptor = acceptor.clone();
            let failure = open_at(url, trusted.then_some(&authority), async move |mut peer: Peer| {
                if url == OPPORTUNISTIC {
                    peer.hello(&["STARTTLS"]).await;
                    peer.answer(&["STARTTLS"], "220 go ahead").await;
                }
                assert!(peer.tls(&acceptor).await.is_none());
            })
            .await
            .unwrap_err();
            assert_eq!(failure.stage, Stage::Tls);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn insists_on_starttls_when_it_is_required() {
    for (offers, answer) in [(&["PIPELINING"][..], None), (&["STARTTLS"], Some("454 not now"))] {
        let failure = open_at(REQUIRED, None, async move |mut peer: Peer| {
            peer.hello(offers).await;
            if let Some(answer) = answer {
                peer.answer(&["STARTTLS"], answer).await;
            }
            peer.hung_up().await;
        })
        .await
        .unwrap_err();
        assert_eq!(failure.stage, Stage::StartTls);
    }
}

#[tokio::test(start_paused = true)]
async fn goes_on_without_tls_when_it_is_opportunistic() {
    for declines in [false, true] {
        let opened = open_at(OPPORTUNISTIC, None, async move |mut peer: Peer| {
            peer.hello(if declines { &["STARTTLS"] } else { &[] }).await;
            if declines {
                peer.answer(&["STARTTLS"], "454 not now").await;
            }
        })
        .await;
        assert!(opened.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn says_no_password_in_the_clear() {
    let url = "smtp://u:pass@mail.example.org?tls=opportunistic";
    let failure = open_at(url, None, async |mut peer: Peer| {
        peer.hello(&["AUTH PLAIN"]).await;
        peer.hung_up().await;
    })
    .await
    .unwrap_err();
    assert_eq!(failure.to_string(), "auth: a password is not sent without TLS");

    let opened = open_at("smtp://u:pass@mail.example.org?tls=none", None, async |mut peer: Peer| {
        peer.hello(&["AUTH PLAIN"]).await;
        peer.answer(&["AUTH PLAIN"], "235 ok").await;
    })
    .await;
    assert!(opened.is_ok());
}

#[tokio::test(start_paused = true)]
async fn falls_back_to_helo() {
    let session = open_at(PLAIN, None, async |mut peer: Peer| {
        peer.say("220 old").await;
        peer.answer(&["EHLO"], "502 what").await;
        peer.answer(&["HELO example.org"], "250 old").await;
    })
    .await
    .unwrap();
    assert_eq!(session.offers, Offers::default());
}

#[tokio::test(start_paused = true)]
async fn hears_refusals_at_every_step_of_the_opening() {
    let url = "smtp://u:pass@mail.example.org?tls=none";
    for (answers, stage, code) in [
        (&["421 full"][..], Stage::Greeting, 421),
        (&["554 no"], Stage::Greeting, 554),
        (&["220 hi", "421 bye"], Stage::Ehlo, 421),
        (&["220 hi", "550 no"], Stage::Ehlo, 550),
        (&["220 hi", "500 what", "550 no"], Stage::Ehlo, 550),
        (&["220 hi", "250-x\r\n250 AUTH PLAIN", "535 5.7.8 wrong"], Stage::Auth, 535),
        (&["220 hi", "250-x\r\n250 AUTH LOGIN", "334 u", "334 p", "454 later"], Stage::Auth, 454),
    ] {
        let failure = open_at(url, None, async move |mut peer: Peer| {
            for (at, answer) in answers.iter().enumerate() {
                if at > 0 {
                    peer.line().await;
                }
                peer.say(answer).await;
            }
            peer.hung_up().await;
        })
        .await
        .unwrap_err();
        assert_eq!((failure.stage, failure.reply().unwrap().code()), (stage, code));
    }
}

#[tokio::test(start_paused = true)]
async fn says_when_no_known_way_to_prove_itself_is_offered() {
    let url = "smtp://u:pass@mail.example.org?tls=none";
    let failure = open_at(url, None, async |mut peer: Peer| {
        peer.hello(&["AUTH CRAM-MD5"]).await;
        peer.hung_up().await;
    })
    .await
    .unwrap_err();
    assert_eq!(failure.to_string(), "auth: neither AUTH PLAIN nor AUTH LOGIN is offered");
}
