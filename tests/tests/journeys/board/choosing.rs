//! Something for many households at once: what is asked, what is done, and that twice is once.

use std::collections::BTreeMap;

use porchlight_tests::installation::Method;
use serde_json::json;

use super::Board;
use crate::world::{World, rows, settled};

/// The fields of the page that asks, as a browser sends them.
fn fields(page: &str) -> String {
    let form = page.split("action=\"/households/chosen/").nth(1).unwrap_or_else(|| panic!("no form: {page}"));
    let form = form.split("</form>").next().unwrap();
    let mut sent = url::form_urlencoded::Serializer::new(String::new());
    for field in form.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        sent.append_pair(name, rest.split_once('"').unwrap().0);
    }
    sent.finish()
}

fn heading(page: &str) -> &str {
    page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap()
}

/// What the list says was done.
fn told(page: &str) -> &str {
    let told = page.split("<div class=\"told").nth(1).unwrap_or_else(|| panic!("nothing is told: {page}"));
    told.split("</div>").next().unwrap()
}

impl Board {
    async fn choose(&self, deed: &str, those: &[&uuid::Uuid]) -> String {
        let mut form = url::form_urlencoded::Serializer::new(format!("deed={deed}"));
        form.extend_pairs(those.iter().map(|household| ("household", household.to_string())));
        let (status, page) = self.submit("/households/chosen", &form.finish()).await;
        assert_eq!(status, 200, "{page}");
        page
    }

    async fn choose_all(&self, deed: &str, filter: &str) -> String {
        let (status, page) =
            self.submit("/households/chosen", &format!("deed={deed}&all=yes&{filter}")).await;
        assert_eq!(status, 200, "{page}");
        page
    }

    /// Presses the button of the page that asks.
    async fn confirm(&self, deed: &str, asked: &str) -> String {
        let (status, page) = self.submit(&format!("/households/chosen/{deed}"), &fields(asked)).await;
        assert_eq!(status, 200, "{page}");
        page
    }
}

impl World {
    /// Households by the name before the @ of their address.
    async fn by_name(&self) -> BTreeMap<String, uuid::Uuid> {
        let rows: Vec<(String, uuid::Uuid)> =
            sqlx::query_as("SELECT split_part(address, '@', 1), household_id FROM contacts")
                .fetch_all(&self.installation.pool)
                .await
                .unwrap();
        rows.into_iter().collect()
    }

    async fn number(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(&self.installation.pool).await.unwrap()
    }

    async fn acts(&self, act: &'static str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE act::text = $1")
            .bind(act)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }

    async fn press_at(&self, board: &Board, household: &uuid::Uuid, step: &str) {
        let (status, page) = board.submit(&format!("/households/{household}/{step}"), "").await;
        assert_eq!(status, 200, "{step}: {page}");
    }
}

/// Ada, Bo and Cy can be written to; Cy's code has run out. The others cannot, each for a reason of their own.
async fn mixed(world: &mut World) -> (Board, BTreeMap<String, uuid::Uuid>) {
    let list: Vec<_> = ["ada", "bo", "cy", "joined", "lately", "stopped", "cancelled"]
        .into_iter()
        .map(|name| json!({"email": format!("{name}@example.org"), "name": format!("{name} & Ek"), "unit": format!("{name} Elm Street")}))
        .collect();
    let batch = world.send(&list).await;
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batch, settled).await;
    assert!(worker.stop().await.unwrap().success());
    world.ahead("25 hours").await;
    let (board, homes) = (world.board().await, world.by_name().await);
    world.press_at(&board, &homes["lately"], "resend").await;
    world.press_at(&board, &homes["cancelled"], "revoke").await;
    world
        .sql(
            "UPDATE households SET joined_at = app_now()
             WHERE id = (SELECT household_id FROM contacts WHERE address = 'joined@example.org')",
        )
        .await;
    world
        .sql(
            "UPDATE invitations SET expires_at = app_now() - interval '1 hour'
             WHERE household_id = (SELECT household_id FROM contacts WHERE address = 'cy@example.org')",
        )
        .await;
    world
        .sql(
            "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
             SELECT gen_random_uuid(), community_id, channel, address_hash, 's***', 'unsubscribed'
             FROM contacts WHERE address = 'stopped@example.org'",
        )
        .await;
    (board, homes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_sent_again_at_once_and_the_others_are_told_of() {
    let mut world = World::with(&[("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")]).await;
    let (board, homes) = mixed(&mut world).await;
    let page = board.page("/households").await;
    assert!(page.contains(">Hold for 30 days from today</button>"), "{page}");
    assert_eq!(page.matches("name=\"household\"").count(), 7, "{page}");
    assert!(page.contains("Choose <bdi>ada &#38; Ek</bdi>"), "{page}");
    assert!(!page.contains("that match, not only"), "all stand on the page");

    let everybody: Vec<_> = homes.values().collect();
    let asked = board.choose("resend", &everybody).await;
    assert_eq!(heading(&asked), "Send again to 3 households?");
    for words in [
        ">Send again to 3 households</button>",
        "1 of them has no valid access code: it gets a new one.",
        "<li><bdi>ada &#38; Ek</bdi></li>",
    ] {
        assert!(asked.contains(words), "{words} in {asked}");
    }
    let others = [
        "1 household has joined.",
        "1 household was written to within the last 24 hours",
        "1 household cannot be written to",
        "1 household had its invitation cancelled.",
    ];
    for words in others {
        assert!(asked.contains(words), "{words} in {asked}");
    }
    let messages = "SELECT count(*) FROM deliveries";
    let before = (world.number(messages).await, world.acts("invitation_resent").await);
    assert_eq!(before, (8, 1), "asking does nothing");

    // Pressed twice in the same moment, and once more from an older page: it goes once.
    let form = fields(&asked);
    let press = || board.submit("/households/chosen/resend", &form);
    let (one, two) = tokio::join!(press(), press());
    let three = press().await;
    for (status, page) in [one, two, three] {
        assert_eq!(status, 200, "{page}");
        assert!(
            told(&page).contains("The invitation is on its way again to 3 households."),
            "{}",
            told(&page)
        );
        for words in others {
            assert!(told(&page).contains(words), "{words} in {}", told(&page));
        }
    }
    assert_eq!((world.number(messages).await, world.acts("invitation_resent").await), (11, 4));

    // Asked anew, nobody is left to write to.
    let asked = board.choose("resend", &everybody).await;
    assert_eq!(heading(&asked), "Nobody can be written to again now");
    assert!(asked.contains("4 households were written to") && !asked.contains("/chosen/resend"), "{asked}");

    // What became different since the page was shown is left alone, and said.
    let worker = world.installation.start_worker().await.unwrap();
    let waiting = "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sending')";
    world.until("all went", async || world.number(waiting).await == 0).await;
    assert!(worker.stop().await.unwrap().success());
    world.ahead("25 hours").await;
    let asked = board.choose("resend", &[&homes["ada"], &homes["bo"]]).await;
    assert_eq!(heading(&asked), "Send again to 2 households?");
    world.press_at(&board, &homes["ada"], "revoke").await;
    let page = board.confirm("resend", &asked).await;
    assert!(told(&page).contains("on its way again to 1 household."), "{}", told(&page));
    assert!(told(&page).contains("1 household had its invitation cancelled."), "{}", told(&page));

    // What was taken back since is not on its way, and neither is it where a code on paper came after.
    world.press_at(&board, &homes["bo"], "revoke").await;
    let page = board.confirm("resend", &asked).await;
    for words in ["Nothing was sent again.", "2 households had their invitations cancelled."] {
        assert!(told(&page).contains(words), "{words} in {}", told(&page));
    }
    world.press_at(&board, &homes["bo"], "pass").await;
    let page = board.confirm("resend", &asked).await;
    let those = ["1 household had its invitation cancelled.", "1 household changed meanwhile."];
    for words in ["Nothing was sent again."].into_iter().chain(those) {
        assert!(told(&page).contains(words), "{words} in {}", told(&page));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_held_longer_printed_for_and_cancelled_once() {
    let mut world = World::with(&[("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")]).await;
    let (board, homes) = mixed(&mut world).await;
    let everybody: Vec<_> = homes.values().collect();

    world.sql("UPDATE invitations SET expires_at = app_now() + interval '5 days' WHERE ended_at IS NULL AND expires_at > app_now()").await;
    let page = board.page(&format!("/households/{}", homes["bo"])).await;
    assert!(page.contains(">Hold it for 30 days from today</button>"), "{page}");
    world.press_at(&board, &homes["bo"], "extend").await;
    // For half a day less it is not worth a step, and not said to be longer.
    world.sql("UPDATE invitations SET expires_at = expires_at - interval '12 hours' WHERE expires_at > app_now() + interval '20 days'").await;
    let asked = board.choose("extend", &everybody).await;
    assert_eq!(heading(&asked), "Hold 3 invitations for 30 days from today?", "ada, lately, stopped");
    for words in [
        "2 households have no valid access code.",
        "1 household has an access code that can be used for about 30 days",
    ] {
        assert!(asked.contains(words), "{words} in {asked}");
    }
    for _ in 0..2 {
        let page = board.confirm("extend", &asked).await;
        assert!(
            told(&page).contains("3 access codes can be used for 30 days from today."),
            "{}",
            told(&page)
        );
    }
    assert_eq!(world.acts("invitation_extended").await, 4, "an entry for each, and for bo's");

    // Printing twice is one act of printing. Whoever has no code gets one, unless it was cancelled.
    let asked = board.choose("pass", &everybody).await;
    assert_eq!(heading(&asked), "Print 5 access passes?");
    for words in [
        "1 of them has no valid access code: it gets a new one.",
        "1 household had its invitation cancelled.",
    ] {
        assert!(asked.contains(words), "{words} in {asked}");
    }
    let form = fields(&asked) + "&layout=cards_a4";
    let press = || async {
        let request = board
            .request(Method::POST, "/households/chosen/pass")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.clone());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 303);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let (one, two) = tokio::join!(press(), press());
    assert_eq!((&one, press().await), (&two, two.clone()));
    assert_eq!(world.number("SELECT count(*) FROM passes").await, 5);
    assert!(board.page(&one).await.contains("Passes 000001 to 000005"));

    // Cancelling says what it ends, and ends it.
    let codes = world.live_codes().await;
    let asked = board.choose("revoke", &everybody).await;
    assert_eq!(heading(&asked), "Cancel 5 invitations?");
    for words in ["let nobody in: neither", "cannot be undone", "class=\"danger\">Cancel 5 invitations<"] {
        assert!(asked.contains(words), "{words} in {asked}");
    }
    // A code that another one replaced since is not what was meant.
    world.press_at(&board, &homes["bo"], "replace").await;
    for _ in 0..2 {
        let page = board.confirm("revoke", &asked).await;
        assert!(told(&page).contains("4 invitations are cancelled"), "{}", told(&page));
        for words in ["1 household changed meanwhile.", "1 household has joined."] {
            assert!(told(&page).contains(words), "{words} in {}", told(&page));
        }
    }
    assert_eq!(world.acts("invitation_revoked").await, 5);
    let still = world.live_codes().await;
    assert_eq!(still.len(), 2, "bo's, and that of the household that was said to have joined");
    assert!(codes.len() >= 6 && still.iter().filter(|code| codes.contains(*code)).count() == 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_that_were_seen_are_printed_on_each_layout_once() {
    let world = World::with(&[("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")]).await;
    world.send(&rows(4)).await;
    let homes = world.by_name().await;
    let all: Vec<_> = homes.values().collect();
    let [cancelled, replaced, expired, _] = *all else { panic!("{homes:?}") };
    let late = "UPDATE invitations SET expires_at = app_now() - interval '1 hour' WHERE household_id = $1";
    sqlx::query(late).bind(expired).execute(&world.installation.pool).await.unwrap();
    let board = world.board().await;
    let asked = board.choose("pass", &all).await;
    assert_eq!(heading(&asked), "Print 4 access passes?");
    let changed = board.choose("pass", &all[..2]).await;
    world.press_at(&board, cancelled, "revoke").await;
    world.press_at(&board, replaced, "replace").await;

    // Nobody is given another code than was seen, least of all who was to have none.
    let invitations = "SELECT count(*) FROM invitations";
    let before = world.number(invitations).await;
    let page = board.confirm("pass", &changed).await;
    for words in [
        "No pass was printed.",
        "1 household had its invitation cancelled.",
        "1 household changed meanwhile.",
    ] {
        assert!(told(&page).contains(words), "{words} in {}", told(&page));
    }
    assert_eq!(world.number(invitations).await, before);
    let asked_anew = board.choose("pass", &all[..1]).await;
    assert_eq!(heading(&asked_anew), "There is nobody to print for");

    // The others get theirs; a new code that the button itself gave is no change.
    let form = fields(&asked);
    for (layout, passes, title) in [
        ("cards_letter", 2, "Passes 000001 to 000002"),
        ("cards_letter", 2, "Passes 000001 to 000002"),
        ("cards_a4", 4, "Passes 000003 to 000004"),
        ("cards_a4", 4, "Passes 000003 to 000004"),
        ("cards_letter", 4, "Passes 000001 to 000002"),
    ] {
        let (status, page) =
            board.submit("/households/chosen/pass", &format!("{form}&layout={layout}")).await;
        assert!(status == 200 && page.contains(title), "{layout}: {status} {page}");
        assert!(page.contains("2 households changed meanwhile. They have no pass"), "{page}");
        assert_eq!(world.number("SELECT count(*) FROM passes").await, passes, "{layout}");
    }
    assert_eq!(world.number("SELECT count(DISTINCT invitation_id) FROM passes").await, 2);
    assert_eq!(world.number(invitations).await, before + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_chooses_and_nothing_is_lost_on_the_way() {
    let world = World::new().await;
    world.send(&rows(3)).await;
    let homes = world.by_name().await;
    let (one, two) = (&homes["resident.1"], &homes["resident.2"]);
    let board = world.board().await;
    let asked = board.choose("revoke", &[one, two]).await;
    let other = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let neighbour = world.board_of(&other).await;
    let chosen = format!("deed=revoke&household={one}");
    assert_eq!(neighbour.submit("/households/chosen", &chosen).await.0, 404);
    for deed in ["resend", "pass", "extend", "revoke"] {
        let path = format!("/households/chosen/{deed}");
        assert_eq!(neighbour.submit(&path, &fields(&asked)).await.0, 404, "{deed}");
        let stranger = world.stranger().post(&path).await;
        assert_eq!(
            (stranger.status().as_u16(), &stranger.headers()["location"]),
            (303, &"/sign-in".parse().unwrap())
        );
        // A program's token is no session.
        let program = world.stranger().request(Method::POST, &path).header("sec-fetch-site", "same-origin");
        let program = program.bearer_auth(&world.oakridge.token).send().await.unwrap();
        assert_eq!(&program.headers()["location"], "/sign-in");
        let forged = board.request(Method::POST, &path).header("origin", "https://evil.example");
        assert_eq!(forged.send().await.unwrap().status(), 403);
    }
    assert_eq!(board.submit("/households/chosen/replace", &fields(&asked)).await.0, 404);
    assert_eq!(world.number("SELECT count(*) FROM invitations WHERE ended_at IS NOT NULL").await, 0);
    assert_eq!(world.number("SELECT count(*) FROM passes").await, 0);

    // Nothing chosen, and an address typed or reloaded.
    let (_, page) = board.submit("/households/chosen", "deed=resend&show=waiting&q=resident").await;
    assert!(told(&page).contains("Choose at least one household first.") && page.contains("role=\"alert\""));
    assert!(page.contains("value=\"resident\""), "the search is kept: {page}");
    for path in ["/households/chosen", "/households/chosen/revoke"] {
        assert_eq!(board.get(path).await.0, 303);
    }
    // The way back leads to what was chosen.
    let back = asked.split("class=\"crumb\"><a href=\"").nth(1).unwrap().split('"').next().unwrap();
    let page = board.page(&back.replace("&#38;", "&")).await;
    assert_eq!(page.matches(" checked>").count(), 2, "{back}: {page}");

    // Whatever is sent in place of what was shown does nothing.
    for form in [
        "",
        "meant=x+y",
        "meant=%00&seen=never&left=joined.-1&more=-3&printing=x&layout=x",
        "seen=2026-01-01",
    ] {
        let (status, page) = board.submit("/households/chosen/revoke", form).await;
        assert!(status == 200 && told(&page).contains("Choose at least one"), "{form}: {status} {page}");
    }
    let unknown = format!("meant={}", uuid::Uuid::from_u128(7).simple());
    assert_eq!(board.submit("/households/chosen/extend", &unknown).await.0, 404);
    let page = board.page("/households?done=revoke&did=x&left=%3Cscript%3E.1-joined.2&more=1e9").await;
    assert!(told(&page).contains("No invitation was cancelled.") && !page.contains("<script>"), "{page}");
    assert_eq!(world.number("SELECT count(*) FROM invitations WHERE ended_at IS NOT NULL").await, 0);
    assert!(!world.api.log().contains(&one.simple().to_string()), "what an address carries is not logged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_at_once_are_fine_and_more_are_done_in_turns() {
    let world = World::new().await;
    world.send(&rows(620)).await;
    world.sql("UPDATE invitations SET expires_at = app_now() + interval '5 days'").await;
    let board = world.board().await;
    let page = board.page("/households").await;
    assert!(page.contains("All 620 that match, not only those on this page"), "{page}");
    assert!(page.len() < 60_000, "{} bytes", page.len());
    let page = board.page("/households?q=resident.6").await;
    assert!(!page.contains("that match, not only"), "these fit on the page: {page}");

    // Five hundred boxes.
    let homes = world.by_name().await;
    let those: Vec<_> = homes.values().take(500).collect();
    let asked = board.choose("extend", &those).await;
    assert_eq!(heading(&asked), "Hold 500 invitations for 30 days from today?");
    assert!(asked.len() < 50_000, "{} bytes", asked.len());
    assert!(!asked.contains("At most 500"), "{asked}");
    // All of them: the limit is said, and the next turn does the others.
    let asked = board.choose_all("extend", "q=resident").await;
    for words in [
        "Hold 500 invitations for 30 days from today?",
        "At most 500 at once. Do the same again afterwards for the other 120.",
    ] {
        assert!(asked.contains(words), "{words} in {asked}");
    }
    let page = board.confirm("extend", &asked).await;
    assert!(told(&page).contains("500 access codes can be used"), "{}", told(&page));
    assert!(
        told(&page).contains("120 households are left for the next time: do the same again."),
        "{}",
        told(&page)
    );
    let asked = board.choose_all("extend", "").await;
    assert_eq!(heading(&asked), "Hold 120 invitations for 30 days from today?");
    assert!(
        asked.contains("500 households have access codes that can be used for about 30 days or longer"),
        "{asked}"
    );
    let page = board.confirm("extend", &asked).await;
    assert!(told(&page).contains("120 access codes"), "{}", told(&page));
    assert_eq!(world.acts("invitation_extended").await, 620);

    // Too many for a form are turned away, and nothing is done.
    let flood = "&household=00000000-0000-0000-0000-000000000000".repeat(3_000);
    let (status, page) = board.submit("/households/chosen", &format!("deed=revoke{flood}")).await;
    assert!(status == 413 && page.contains("too many at once"), "{status} {page}");
    let meant: Vec<_> = (1..=501).map(|n| uuid::Uuid::from_u128(n).simple().to_string()).collect();
    let (_, page) = board.submit("/households/chosen/revoke", &format!("meant={}", meant.join("+"))).await;
    assert!(told(&page).contains("Choose at least one"), "{page}");
}
