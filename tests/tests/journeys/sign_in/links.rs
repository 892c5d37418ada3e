//! Links: asked for, opened by scanners, used once, too old, and not held up by a list.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use porchlight_tests::installation::Method;
use sha2::{Digest, Sha256};

use super::path_in;
use crate::{
    keys::dump,
    sending::hex,
    world::{World, rows},
};

const PAT: &str = "pat@oakridge.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_signs_in_by_mail() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let leader = world.add_leader(&world.oakridge, PAT, "owner").await;

    let (status, page) = world.stranger().ask("Pat@Oakridge.EXAMPLE").await;
    assert!(status == 200 && page.contains("Look at your e-mail"), "{status} {page}");
    let letter = world.letter(PAT, "Sign in to Oakridge HOA", 1).await;
    for said in [
        "sign in as a leader of Oakridge HOA",
        "15 minutes",
        "You did not ask for this?",
        "multipart/alternative",
    ] {
        assert!(letter.contains(said), "{said}: {letter}");
    }
    assert!(!letter.contains("List-Unsubscribe"), "{letter}");
    let path = path_in(&letter);

    // Scanners open it, and other sites' pages press it: neither uses it up.
    for _ in 0..3 {
        let page = world.stranger().page(&path).await;
        assert!(page.contains("Sign in as a leader") && page.contains("Oakridge HOA"), "{page}");
        world.stranger().request(Method::HEAD, &path).send().await.unwrap();
    }
    let foreign = world.stranger().request(Method::POST, &path).header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 403);

    // Whoever was signed in there is not any more, and it is said before.
    let operator = world.board().await;
    let page = operator.page(&path).await;
    assert!(page.contains("p•••@o•••.example") && page.contains("Somebody is signed in to"), "{page}");
    let mut pat = world.stranger();
    let answer =
        operator.request(Method::POST, &path).header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(answer.status(), 303);
    pat.keep(answer.headers()["set-cookie"].to_str().unwrap());
    assert!(pat.page("/").await.contains("Oakridge HOA"));
    assert!(operator.is_out().await);
    let people = pat.page("/settings/people").await;
    assert!(people.contains(PAT) && people.contains("(you)") && !people.contains("Never"), "{people}");

    // Once.
    assert_eq!(world.stranger().post(&path).await.status(), 410);
    let (status, page) = world.stranger().get(&path).await;
    assert!(status == 410 && page.contains("Get a new link"), "{page}");

    // Too late.
    let path = world.link(PAT, 2).await;
    world.ahead("16 minutes").await;
    assert_eq!(world.stranger().get(&path).await.0, 410);
    assert_eq!(world.stranger().post(&path).await.status(), 410);

    // Made up: another id under the same signature.
    let mut bytes = URL_SAFE_NO_PAD.decode(path.trim_start_matches("/sign-in/")).unwrap();
    bytes[15] ^= 1;
    let made_up = format!("/sign-in/{}", URL_SAFE_NO_PAD.encode(bytes));
    assert_eq!(world.stranger().post(&made_up).await.status(), 410);

    let signed_in: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE act = 'signed_in' AND leader_id = $1::uuid")
            .bind(uuid::Uuid::parse_str(&leader).unwrap())
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(signed_in, 1);
    // A letter is a message of ours like any other: nothing waits, nothing is counted wrong.
    world.until("all letters went", async || world.ledger().await == [("accepted".to_owned(), 3)]).await;
    assert_eq!(
        world.told("SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE state = 'accepted'").await,
        3
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_learns_who_is_a_leader_and_nobody_asks_too_often() {
    let mut world = World::with(&[("PORCHLIGHT_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    world.add_leader(&world.oakridge, PAT, "leader").await;
    let from = async |email: &str, from: &str| {
        let form = format!("email={}", email.replace('@', "%40"));
        let request =
            world.stranger().request(Method::POST, "/sign-in").header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.header("x-forwarded-for", from).body(form).send().await.unwrap();
        let head = |name| {
            answer
                .headers()
                .get(name)
                .map(|value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned())
        };
        (answer.status().as_u16(), head("location"), head("retry-after"), answer.text().await.unwrap())
    };
    let known = from(PAT, "192.0.2.1").await;
    assert_eq!((known.0, known.1.as_deref()), (303, Some("/sign-in/sent")));
    assert_eq!(known, from("nobody@oakridge.example", "192.0.2.2").await);
    world
        .until("a letter is written", async || {
            world.told("SELECT count(*) FROM letters WHERE kind = 'sign_in'").await == 1
        })
        .await;

    // What was typed stays.
    let (status, page) = world.stranger().ask("pat at oakridge").await;
    assert!(
        status == 422 && page.contains("value=\"pat at oakridge\"") && page.contains("role=\"alert\""),
        "{page}"
    );

    // Five for an address, wherever they come from; nobody's counts as much.
    for (email, asked) in [(PAT, 1), ("nobody@oakridge.example", 1)] {
        for n in asked..5 {
            assert_eq!(from(email, &format!("198.51.100.{n}")).await.0, 303);
        }
        let (status, _, after, page) = from(email, "198.51.100.99").await;
        assert_eq!(status, 429);
        assert!(page.contains("Wait 15 minutes"), "{page}");
        assert!((1..=900).contains(&after.unwrap().parse::<u32>().unwrap()));
    }
    // Ten from one connection.
    for n in 0..10 {
        assert_eq!(from(&format!("somebody.{n}@oakridge.example"), "203.0.113.7").await.0, 303);
    }
    assert_eq!(from("somebody.10@oakridge.example", "203.0.113.7").await.0, 429);
    assert_eq!(from("somebody.10@oakridge.example", "203.0.113.8").await.0, 303);

    // No address is in Redis, nor in what a process says.
    let left = world.left_in_redis().await.join(" ");
    assert!(left.contains("links-to") && !left.contains("oakridge") && !left.contains("203.0.113"), "{left}");
    let _worker = world.installation.start_worker().await.unwrap();
    // The first was still new whenever they asked again.
    world.letter(PAT, "Sign in to", 1).await;
    assert_eq!(world.told("SELECT count(*) FROM letters WHERE kind = 'sign_in'").await, 1);
    assert!(world.letters("nobody@oakridge.example", "").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_overtakes_a_list_even_when_it_is_put_off() {
    let mut world = World::with(&[("PORCHLIGHT_SMTP_RATE", "40")]).await;
    // The mail server puts the first try off.
    let (prompt, put_off) = ("prompt@oakridge.example", "greylist@oakridge.example");
    for email in [prompt, put_off] {
        world.add_leader(&world.oakridge, email, "leader").await;
    }
    // That they were added is not to be the first try.
    world.sql("UPDATE deliveries SET state = 'cancelled', due_at = NULL WHERE letter_id IS NOT NULL").await;
    let batch = world.send(&rows(3_000)).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.installation.smtp.wait_for(80).await;
    let before = world.installation.smtp.total();
    world.stranger().ask(prompt).await;
    world.stranger().ask(put_off).await;
    for email in [prompt, put_off] {
        let letter = world.letter(email, "Sign in to", 1).await;
        assert!(letter.contains("/sign-in/"));
        let accepted = world.installation.smtp.accepted();
        let at = accepted.iter().position(|message| {
            &*message.recipient == email && {
                let source = world.installation.smtp.source(message.number).unwrap();
                String::from_utf8_lossy(&source).contains("Subject: Sign in to")
            }
        });
        let behind = at.unwrap() as u64 - before.min(at.unwrap() as u64);
        // Two seconds' worth; a list's turn would be after 2,900.
        assert!(behind <= 160, "{email} came {behind} messages later");
    }
    let put_off = "SELECT count(*) FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN letters l ON l.id = d.letter_id
                   WHERE l.kind = 'sign_in' AND a.outcome = 'refused_temporary'";
    assert_eq!(world.told(put_off).await, 1);
    assert!(world.batch(&batch).await["counts"]["queued"].as_i64().unwrap() > 1_000);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn letters_survive_the_loss_of_redis_and_wait_for_nobody_who_left() {
    let mut world = World::new().await;
    let leader = world.add_leader(&world.oakridge, PAT, "leader").await;
    world.stranger().ask(PAT).await;
    world.until("it is written", async || world.told("SELECT count(*) FROM letters").await == 2).await;
    world.forget_delays().await;
    world.ahead("3 minutes").await;
    let worker = world.installation.start_worker().await.unwrap();
    world.letter(PAT, "Sign in to", 1).await;
    world.letter(PAT, "You are a leader of Oakridge HOA now", 1).await;
    assert!(worker.stop().await.unwrap().success());

    // Asked for, then removed: it is not sent any more, nor is one whose time is over.
    world.stranger().ask(PAT).await;
    world.until("it is written", async || world.told("SELECT count(*) FROM letters").await == 3).await;
    let remove = sqlx::query("UPDATE leaders SET removed_at = app_now() WHERE id = $1");
    remove.bind(uuid::Uuid::parse_str(&leader).unwrap()).execute(&world.installation.pool).await.unwrap();
    let other = "lee@oakridge.example";
    world.add_leader(&world.oakridge, other, "leader").await;
    world.stranger().ask(other).await;
    world.until("it is written", async || world.told("SELECT count(*) FROM letters").await == 5).await;
    world.ahead("46 minutes").await;
    let _worker = world.installation.start_worker().await.unwrap();
    let ended = [("accepted".to_owned(), 3), ("expired".to_owned(), 1), ("not_needed".to_owned(), 1)];
    world.until("all are settled", async || world.ledger().await == ended).await;
    world.until_redis_is_empty_but_limits().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_alone_opens_no_door() {
    let mut world = World::new().await;
    world.send(&rows(1)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.add_leader(&world.oakridge, PAT, "owner").await;
    let path = world.link(PAT, 1).await;
    let token = path.trim_start_matches("/sign-in/");
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    let dump = dump(&world).await;
    assert!(dump.contains(PAT));
    for secret in [
        token.to_owned(),
        hex(&bytes),
        hex(&bytes[16..]),
        hex(&Sha256::digest(token)),
        hex(&Sha256::digest(&bytes)),
    ] {
        assert!(!dump.contains(&secret), "{secret}");
    }
    // It works, all the same.
    assert_eq!(world.stranger().open(&path).await, 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resident_comes_back_by_mail_to_their_own_household() {
    let mut world = World::new().await;
    let batch = world.send(&rows(2)).await;
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, |counts| counts["accepted"] == 2).await;
    let codes = world.codes().await;
    for (n, name) in [(1, "Ada"), (2, "Ben")] {
        let code = codes[&format!("resident.{n}@example.org")].plain();
        let form = format!("name={name}&contact=resident.{n}%40example.org");
        world.stranger().submit(&format!("/j/{code}"), &form).await;
    }
    world.until("both are in", async || world.told("SELECT count(*) FROM members").await == 2).await;
    let (status, page) = world.stranger().get("/home").await;
    assert!(status == 401 && page.contains("href=\"/sign-in\""), "{page}");

    let (one, other) = ("resident.1@example.org", "resident.2@example.org");
    let path = world.link(one, 1).await;
    assert!(world.stranger().page(&path).await.contains("Sign in to your household"));
    let mut ada = world.stranger();
    assert_eq!(ada.open(&path).await, 303);
    let home = |board: crate::board::Board| async move {
        let answer = board.request(Method::GET, "/home").send().await.unwrap();
        assert_eq!(answer.status(), 303);
        let path = answer.headers()["location"].to_str().unwrap().to_owned();
        let page = board.page(&path).await;
        (board, path, page)
    };
    let (ada, hers, page) = home(ada).await;
    assert!(page.contains("Ada") && !page.contains("Ben"), "{page}");
    assert!(ada.is_out().await, "a resident is no leader");
    let ben = world.signed_in(other).await;
    let (ben, _, page) = home(ben).await;
    assert!(page.contains("Ben") && !page.contains("Ada"));
    assert_eq!(ben.get(&hers).await.0, 404);
    assert_eq!(world.stranger().open(&path).await, 410);

    // Everywhere: both browsers of hers, not Ben's, and the link that she has not used.
    let again = world.signed_in(one).await;
    let unused = world.link(one, 3).await;
    assert_eq!(again.post("/home/sign-out-everywhere").await.status(), 303);
    assert_eq!((ada.get("/home").await.0.as_u16(), again.get("/home").await.0.as_u16()), (401, 401));
    assert_eq!(world.stranger().get(&unused).await.0, 410);
    assert_eq!(ben.get("/home").await.0, 303);

    // Whoever leaves leaves no way back in.
    let unused = world.link(one, 4).await;
    world.sql("DELETE FROM members WHERE name = 'Ada'").await;
    assert_eq!(world.stranger().get(&unused).await.0, 410);
    assert_eq!(world.stranger().open(&unused).await, 410);
}

impl World {
    /// Nothing of ours is left in Redis but who asked how often.
    async fn until_redis_is_empty_but_limits(&self) {
        self.until("Redis is empty", async || {
            self.left_in_redis().await.iter().all(|key| key.contains("links-"))
        })
        .await;
    }
}
