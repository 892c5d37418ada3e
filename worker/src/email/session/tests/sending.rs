//! What goes well.

use super::*;

#[tokio::test(start_paused = true)]
async fn groups_commands_and_stuffs_dots() {
    let (sent, usable) = send_to(async |mut peer: Peer| {
        peer.hello(GROUPED).await;
        // All three are there before the first is answered.
        peer.expect("MAIL FROM:<from@example.org> SIZE=26").await;
        peer.expect("RCPT TO:<jane@example.net>").await;
        peer.expect("DATA").await;
        peer.say("250 ok\r\n250 ok\r\n354 go").await;
        assert_eq!(peer.body().await, "Subject: x\r\n\r\n..dot\r\nbody\r\n");
        peer.say("250 2.0.0 Ok: queued as 4F2").await;
        peer.hung_up().await;
    })
    .await;
    assert_eq!(sent.unwrap().text(), "Ok: queued as 4F2");
    assert!(usable);
}

#[tokio::test(start_paused = true)]
async fn waits_for_each_answer_without_pipelining() {
    let (sent, usable) = send_to(async |mut peer: Peer| {
        peer.hello(SINGLE).await;
        peer.answer(&["MAIL"], "250 ok").await;
        peer.answer(&["RCPT"], "250 ok").await;
        peer.answer(&["DATA"], "354 go").await;
        peer.body().await;
        peer.say("250 ok").await;
        peer.hung_up().await;
    })
    .await;
    assert!(sent.is_ok() && usable);
}

#[tokio::test(start_paused = true)]
async fn reads_answers_however_they_are_split() {
    let (sent, _) = send_to(async |mut peer: Peer| {
        for byte in b"220-wel\r\n220 come\r\n" {
            peer.raw(&[*byte]).await;
            tokio::task::yield_now().await;
        }
        peer.expect("EHLO").await;
        for part in ["250-peer\n25", "0-PIPELI", "NING\r", "\n250 HE", "LP\r\n"] {
            peer.raw(part.as_bytes()).await;
            tokio::task::yield_now().await;
        }
        for start in ["MAIL", "RCPT", "DATA"] {
            peer.expect(start).await;
        }
        for part in ["250 o", "k\r\n250 ok\r\n3", "54 go\r\n"] {
            peer.raw(part.as_bytes()).await;
            tokio::task::yield_now().await;
        }
        peer.body().await;
        peer.raw(b"250-2.0.0 thank\r\n25").await;
        tokio::task::yield_now().await;
        peer.raw(b"0 2.0.0 you\r\n").await;
    })
    .await;
    assert_eq!(sent.unwrap().text(), "thank you");
}

#[tokio::test(start_paused = true)]
async fn sends_many_over_one_connection_and_says_goodbye() {
    let (io, server) = serve(64 * 1024, async |mut peer: Peer| {
        peer.hello(GROUPED).await;
        for _ in 0..3 {
            peer.take().await;
        }
        peer.answer(&["QUIT"], "221 bye").await;
        peer.hung_up().await;
    });
    let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
    for _ in 0..3 {
        assert!(session.is_alive());
        session.send(&envelope(), MESSAGE, || true).await.unwrap();
    }
    assert_eq!(session.sent(), 3);
    session.quit().await;
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn says_8bitmime_only_when_the_message_needs_it() {
    let (io, server) = serve(64 * 1024, async |mut peer: Peer| {
        peer.hello(&["8BITMIME"]).await;
        assert_eq!(peer.line().await, "MAIL FROM:<from@example.org> BODY=8BITMIME");
        peer.say("450 no").await;
        peer.answer(&["RSET"], "250 ok").await;
        assert_eq!(peer.line().await, "MAIL FROM:<from@example.org>");
    });
    let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
    assert!(session.send(&envelope(), "é\r\n".as_bytes(), || true).await.is_err());
    assert!(session.send(&envelope(), b"e\r\n", || true).await.is_err());
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_caller_may_withdraw_before_the_body_and_no_dot_is_sent() {
    for offers in [GROUPED, SINGLE] {
        let (io, server) = serve(64 * 1024, async |mut peer: Peer| {
            peer.hello(offers).await;
            for (start, answer) in [("MAIL", "250 ok"), ("RCPT", "250 ok"), ("DATA", "354 go")] {
                peer.answer(&[start], answer).await;
            }
            peer.hung_up().await;
        });
        let mut session = Session::open(io, &introduction(PLAIN, None)).await.unwrap();
        let sent = session.send(&envelope(), MESSAGE, || false).await;
        assert_eq!(failed(sent), (Stage::Data, Cause::NoTimeLeft));
        assert!(!session.is_usable());
        session.quit().await;
        server.await.unwrap();
    }
}

#[tokio::test]
async fn writes_the_body_and_its_dot_in_one_piece_over_tcp() {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 64 * 1024];
        let mut reads = Vec::new();
        stream.write_all(b"220 hi\r\n").await.unwrap();
        for answer in ["250-x\r\n250 PIPELINING\r\n", "250 ok\r\n250 ok\r\n354 go\r\n", "250 ok\r\n"] {
            let length = stream.read(&mut bytes).await.unwrap();
            reads.push(String::from_utf8(bytes[..length].to_vec()).unwrap());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        reads
    });
    let introduction = introduction(&format!("smtp://127.0.0.1:{port}?tls=none"), None);
    let dial = crate::email::pool::TcpDial::new(introduction.settings());
    let io = crate::email::pool::Dial::dial(&dial).await.unwrap();
    let mut session = Session::open(io, &introduction).await.unwrap();
    session.send(&envelope(), MESSAGE, || true).await.unwrap();
    let reads = server.await.unwrap();
    assert_eq!(reads[1], "MAIL FROM:<from@example.org>\r\nRCPT TO:<jane@example.net>\r\nDATA\r\n");
    assert_eq!(reads[2], "Subject: x\r\n\r\n..dot\r\nbody\r\n.\r\n");
}
