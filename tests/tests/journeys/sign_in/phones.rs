//! Residents who joined with a mobile number get their link as a text.

use porchlight_tests::{installation::Method, sandbox::twilio::Switches};
use reqwest::StatusCode;

use super::path_in;
use crate::{
    board::Board,
    world::{World, numbers},
};

impl World {
    /// Somebody who joined with the code that was sent to their number.
    async fn joined_by_text(&self, number: &str) {
        self.text(&[number.to_owned()]).await;
        self.until("the invitation is there", async || self.texts_to(number).len() == 1).await;
        let text = self.texts_to(number).remove(0);
        let code = text.split("/j/").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let form = format!("name=Ann&contact={}", number.replace('+', "%2B"));
        let (status, page) = self.stranger().submit(&format!("/j/{code}"), &form).await;
        assert!(status == 200 && page.contains("Welcome!"), "{status} {page}");
    }

    /// What a number was told, the oldest first.
    fn texts_to(&self, number: &str) -> Vec<String> {
        let texts = self.installation.twilio.accepted();
        texts.iter().filter(|text| &*text.to == number).map(|text| text.body.to_string()).collect()
    }

    /// Says what a phone answered, as its owner did on the page of the message that came by text.
    async fn suppress_number(&self, number: &str) {
        let body = serde_json::json!({"phone": number}).to_string().into_bytes();
        let answer = self.client.post(&self.oakridge, "suppressions", body, &[]).await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.body);
    }

    /// Where somebody who asks is led.
    async fn led(&self, typed: &str) -> (StatusCode, Option<String>, String) {
        let form = format!("email={}", typed.replace('+', "%2B").replace(' ', "+"));
        let request =
            self.stranger().request(Method::POST, "/sign-in").header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form).send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status(), to, answer.text().await.unwrap())
    }
}

impl Board {
    /// The household's page in this browser.
    async fn own_page(&self) -> String {
        let answer = self.request(Method::GET, "/home").send().await.unwrap();
        self.page(answer.headers()["location"].to_str().unwrap()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joined_with_a_number_signs_in_by_text_at_any_hour() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    let number = &numbers(1)[0];
    world.joined_by_text(number).await;

    // It is three in the morning, and the window has closed: a list waits, and the link does not.
    world.sql("UPDATE app_clock SET ahead = '2027-03-15T03:00Z'::timestamptz - now()").await;
    world
        .sql(
            "UPDATE communities SET text_window = 'Mon-Sun 09:00-20:00', text_opens_at = app_now() + interval '6 hours',
                                    text_closes_at = app_now() + interval '17 hours'",
        )
        .await;
    let list = world.text(&["+13125559999".to_owned()]).await;
    let page = world.stranger().page("/sign-in").await;
    assert!(
        page.contains("Your e-mail address or mobile number") && !page.contains("type=\"email\""),
        "{page}"
    );
    // As people write it here, without the country.
    let written = format!("({}) {}-{}", &number[2..5], &number[5..8], &number[8..]);
    let (status, to, _) = world.led(&written).await;
    assert_eq!((status.as_u16(), to.as_deref()), (303, Some("/sign-in/sent/text")));
    world.until("the link is there", async || world.texts_to(number).len() == 2).await;
    let text = world.texts_to(number).remove(1);
    assert!(text.starts_with("Oakridge HOA: sign in") && text.ends_with("STOP to opt out."), "{text}");
    assert!(text.contains("15 minutes"), "{text}");
    let accepted = world.installation.twilio.accepted();
    assert!(accepted.iter().all(|text| text.segments == 1), "{text}");
    let id = list["id"].as_str().unwrap();
    world.batch_until(id, |counts| counts["held"] == 1).await;
    assert!(world.texts_to("+13125559999").is_empty());

    // Phones look at links before anybody presses: it is used by the button, once.
    let path = path_in(&text);
    for _ in 0..2 {
        let page = world.stranger().page(&path).await;
        assert!(page.contains("•") && !page.contains(&number[2..]), "{page}");
    }
    let mut phone = world.stranger();
    assert_eq!(phone.open(&path).await, 303);
    assert!(phone.own_page().await.contains("Ann"));
    assert_eq!(world.stranger().open(&path).await, 410);

    // Whose number and which link it was stands in no log.
    let token = path.trim_start_matches("/sign-in/");
    for log in [worker.log(), world.api.log()] {
        assert!(!log.contains(token) && !log.contains(&number[2..]), "{log}");
    }
    assert!(worker.stop().await.unwrap().success());
    let left = world.left_in_redis().await.join(" ");
    assert!(!left.contains(&number[2..]), "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_tells_nobody_whose_it_is() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    let [known, stopped, unknown] = &numbers(3)[..] else { unreachable!() };
    for number in [known, stopped] {
        world.joined_by_text(number).await;
    }
    world.suppress_number(stopped).await;
    let answer = world.led(known).await;
    assert_eq!(answer.0, 303);
    assert_eq!(answer, world.led(unknown).await);
    assert_eq!(answer, world.led(stopped).await);
    // Both that are somebody's were written to; the one that wants none got none.
    let ended = "SELECT count(*) FROM deliveries WHERE letter_id IS NOT NULL AND channel = 'text' AND state = 'suppressed'";
    world.until("no text goes to who wants none", async || world.told(ended).await == 1).await;
    world.until("the other has theirs", async || world.texts_to(known).len() == 2).await;
    assert_eq!((world.texts_to(stopped).len(), world.texts_to(unknown).len()), (1, 0));
    assert_eq!(world.told("SELECT count(*) FROM letters").await, 2);

    // Who has one that is quite new needs no other; five for a number, however it is written.
    let bare = unknown.trim_start_matches("+1");
    for typed in [unknown, bare, unknown, bare] {
        assert_eq!(world.led(typed).await.0, 303, "{typed}");
    }
    let (status, _, page) = world.led(bare).await;
    assert!(status == 429 && page.contains("Wait 15 minutes") && page.contains(bare), "{status} {page}");
    // What nobody confirmed opens nothing.
    world.sql("UPDATE members SET verified_at = NULL").await;
    world.ahead("5 minutes").await;
    world.led(known).await;
    // A mistake keeps what was typed, and says how it should look.
    for (typed, says) in [
        ("555 01", "This is no mobile number"),
        ("hello", "no e-mail address and no mobile number"),
        ("pat@", "no e-mail address. It"),
    ] {
        let (status, _, page) = world.led(typed).await;
        assert!(
            status == 422 && page.contains(says) && page.contains(&format!("value=\"{typed}\"")),
            "{page}"
        );
    }
    assert!(worker.stop().await.unwrap().success());
    assert_eq!(world.told("SELECT count(*) FROM letters").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_a_phone_texted_all_night() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    let number = &numbers(1)[0];
    world.joined_by_text(number).await;
    world
        .sql(
            "INSERT INTO letters (id, community_id, kind, member_id, expires_at, created_at)
             SELECT gen_random_uuid(), community_id, 'resident_sign_in', id, app_now() - interval '2 hours', app_now() - interval '3 hours'
             FROM members, generate_series(1, 10)",
        )
        .await;
    // The eleventh of a day is answered like any, and not sent.
    let answer = world.led(number).await;
    assert_eq!((answer.0.as_u16(), answer.1.as_deref()), (303, Some("/sign-in/sent/text")));
    world.ahead("22 hours").await;
    assert_eq!(world.led(number).await, answer);
    world.until("the link is there", async || world.texts_to(number).len() == 2).await;
    assert!(worker.stop().await.unwrap().success());
    assert_eq!(world.told("SELECT count(*) FROM letters").await, 11);
}

/// The sandbox takes it and never says so, nor does a receipt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_by_text_is_never_repeated_and_nobody_is_asked_about_it() {
    let mut world = World::new().await;
    let worker = world.installation.start_worker().await.unwrap();
    let number = "+13125551234";
    world.joined_by_text(number).await;
    // From now on it is a number of which the provider says nothing.
    let silent = "+13125550007";
    sqlx::query("UPDATE members SET address = $1")
        .bind(silent)
        .execute(&world.installation.pool)
        .await
        .unwrap();
    world.installation.twilio.set(Switches { callbacks_off: true, ..Switches::default() });
    world.led(number).await;
    world.until("it was taken", async || world.texts_to(silent).len() == 1).await;
    let state = |state: &'static str| {
        let world = &world;
        async move {
            let found: String =
                sqlx::query_scalar("SELECT state::text FROM deliveries WHERE letter_id IS NOT NULL")
                    .fetch_one(&world.installation.pool)
                    .await
                    .unwrap();
            found == state
        }
    };
    world.until("nobody knows", async || state("checking").await || state("failed").await).await;
    world.ahead("14 minutes").await;
    let looked = "SELECT count(*) FROM deliveries
                  WHERE letter_id IS NOT NULL AND (state = 'failed' OR state = 'checking' AND due_at > app_now())";
    world.until("nothing more is to be heard", async || world.told(looked).await == 1).await;
    world.ahead("2 minutes").await;
    world.until("it is given up", async || state("failed").await).await;
    assert_eq!(world.texts_to(silent).len(), 1);
    assert!(worker.stop().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_texts_go_nobody_is_offered_one() {
    let world = World::with(&[("PORCHLIGHT_SMS_PROVIDER", "off")]).await;
    let page = world.stranger().page("/sign-in").await;
    assert!(page.contains("Your e-mail address</label>") && page.contains("type=\"email\""), "{page}");
    let (status, _, page) = world.led(&numbers(1)[0]).await;
    assert!(status == 422 && page.contains("This is no e-mail address."), "{page}");
}
