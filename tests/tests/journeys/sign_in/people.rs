//! People: added, made owners, removed, and what a plain leader may not.

use porchlight_tests::installation::Method;

use serde_json::json;

use super::path_in;
use crate::world::{World, rows};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_add_and_remove_leaders() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let board = world.board().await;
    let page = board.page("/settings/people").await;
    assert!(page.contains("Add yourself"), "{page}");

    // A mistake keeps what was typed.
    let (status, page) = board.submit("/settings/people", "name=Pat+Miller&email=pat&role=owner").await;
    assert!(
        status == 422 && page.contains("value=\"Pat Miller\"") && page.contains("aria-invalid"),
        "{page}"
    );
    let (pat, lee) = ("pat@oakridge.example", "lee@oakridge.example");
    let (status, page) =
        board.submit("/settings/people", "name=Pat+Miller&email=Pat%40oakridge.example&role=owner").await;
    assert!(status == 200 && page.contains("Pat Miller") && page.contains("Added"), "{page}");
    assert!(!page.contains("Add yourself"), "{page}");
    let letter = world.letter(pat, "You are a leader of Oakridge HOA now", 1).await;
    assert!(letter.contains("To: ") && letter.contains("Pat Miller"), "{letter}");
    // Twice is once.
    let (status, page) = board.submit("/settings/people", "email=pat%40oakridge.example&role=leader").await;
    assert!(status == 409 && page.contains("is a leader already"), "{page}");

    let owner = world.signed_in(pat).await;
    owner.submit("/settings/people", "name=&email=lee%40oakridge.example&role=leader").await;
    let plain = world.signed_in(lee).await;
    let open = world.link(lee, 2).await;
    let (pat_id, lee_id) = (world.leader_id(pat).await, world.leader_id(lee).await);

    // A plain leader sees, and changes nothing.
    let page = plain.page("/settings/people").await;
    assert!(
        page.contains("Pat Miller") && page.contains("Only owners") && !page.contains("id=\"add\""),
        "{page}"
    );
    for (path, form) in [
        ("/settings/people".to_owned(), "email=eve%40oakridge.example&role=owner"),
        (format!("/settings/people/{lee_id}/role"), "role=owner"),
        (format!("/settings/people/{pat_id}/remove"), ""),
    ] {
        assert_eq!(plain.submit(&path, form).await.0, 403, "{path}");
    }
    assert_eq!(plain.get(&format!("/settings/people/{pat_id}/remove")).await.0, 403);

    // The last owner stays.
    for (path, form) in [
        (format!("/settings/people/{pat_id}/role"), "role=leader"),
        (format!("/settings/people/{pat_id}/remove"), ""),
    ] {
        let (status, page) = owner.submit(&path, form).await;
        assert!(status == 409 && page.contains("The last owner stays"), "{page}");
    }

    // Another community's people are nobody here.
    let birch = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let theirs = world.add_leader(&birch, "kim@birchwood.example", "owner").await;
    for path in [format!("/settings/people/{theirs}/role"), format!("/settings/people/{theirs}/remove")] {
        assert_eq!(owner.submit(&path, "role=leader").await.0, 404);
    }
    assert!(!owner.page("/settings/people").await.contains("kim@"));

    // Out at once: the session, and the link that was on its way.
    assert!(owner.page(&format!("/settings/people/{lee_id}/remove")).await.contains(lee));
    assert!(owner.press(&format!("/settings/people/{lee_id}/remove")).await.contains("Removed"));
    assert!(plain.is_out().await);
    assert_eq!(world.stranger().open(&open).await, 410);
    let letters = world.letters(lee, "Sign in to").len();
    world.stranger().ask(lee).await;
    // And in again.
    let (status, _) =
        owner.submit("/settings/people", "name=Lee&email=lee%40oakridge.example&role=owner").await;
    assert_eq!(status, 200);
    let again = world.signed_in(lee).await;
    assert_eq!(world.letters(lee, "Sign in to").len(), letters + 1, "none was sent while they were nobody");
    let new_id = world.leader_id(lee).await;
    assert_ne!(new_id, lee_id);

    // Two owners demote each other: one stays.
    let (one_path, other_path) =
        (format!("/settings/people/{new_id}/role"), format!("/settings/people/{pat_id}/role"));
    let (one, other) =
        tokio::join!(owner.submit(&one_path, "role=leader"), again.submit(&other_path, "role=leader"));
    let statuses = [one.0.as_u16(), other.0.as_u16()];
    assert!(statuses.contains(&200) && (statuses.contains(&403) || statuses.contains(&409)), "{statuses:?}");
    assert_eq!(
        world
            .told(
                "SELECT count(*) FROM leaders l JOIN communities c ON c.id = l.community_id
                           WHERE c.name = 'Oakridge HOA' AND l.role = 'owner' AND l.removed_at IS NULL"
            )
            .await,
        1
    );

    // All of it is written down, and each sees their own community's.
    let log = again.page("/settings/log").await;
    for said in [
        "Added a leader",
        "Removed a leader",
        "Changed a leader’s role",
        "Signed in",
        "Pat Miller",
        "The operator",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!world.board_of(&birch).await.page("/settings/log").await.contains("Removed a leader"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_everywhere_ends_every_session_of_one_leader() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let (pat, lee) = ("pat@oakridge.example", "lee@oakridge.example");
    for email in [pat, lee] {
        world.add_leader(&world.oakridge, email, "owner").await;
    }
    let (phone, desk, other) =
        (world.signed_in(pat).await, world.signed_in(pat).await, world.signed_in(lee).await);
    let nameless = world.board().await;
    let unused = world.link(pat, 3).await;
    // Another site's page signs nobody out.
    let foreign = phone.request(Method::POST, "/sign-out/everywhere").header("sec-fetch-site", "cross-site");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert!(!desk.is_out().await);
    assert_eq!(phone.post("/sign-out/everywhere").await.status(), 303);
    assert!(phone.is_out().await && desk.is_out().await);
    assert!(!other.is_out().await && !nameless.is_out().await);
    assert_eq!(world.stranger().open(&unused).await, 410);
    // Here alone.
    let (phone, desk) = (world.signed_in(lee).await, other);
    assert_eq!(phone.post("/sign-out").await.status(), 303);
    assert!(phone.is_out().await && !desk.is_out().await);
    assert_eq!(world.told("SELECT count(*) FROM audit_log WHERE act = 'signed_out_everywhere'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_is_written_down_once_and_led_to() {
    let mut world = World::new().await;
    let pat = "pat@oakridge.example";
    world.add_leader(&world.oakridge, pat, "owner").await;
    let worker = world.installation.start_worker().await.unwrap();
    let board = world.signed_in(pat).await;
    assert!(worker.stop().await.unwrap().success());
    let batch = world.send(&rows(3)).await;
    for step in ["pause", "pause", "resume", "resume"] {
        board.press(&format!("/batches/{batch}/{step}")).await;
    }
    world.client.post(&world.oakridge, &format!("batches/{batch}/cancel"), Vec::new(), &[]).await.unwrap();
    let homes =
        json!({"rows": [{"unit": "7 Elm Street"}, {"unit": "8 Elm Street"}]}).to_string().into_bytes();
    world.client.post(&world.oakridge, "households:import", homes, &[]).await.unwrap();
    world.print(&json!({"kind": "blank", "count": 3, "layout": "cards", "paper": "letter"})).await;
    for (how, to) in [("hand-over", 2), ("hand-over", 2), ("void", 3)] {
        let serials = json!({"from": 1, "to": to}).to_string().into_bytes();
        world.client.post(&world.oakridge, &format!("passes/{how}"), serials, &[]).await.unwrap();
    }
    world.installation.api_command(&["keys", "rotate", "--wait", "0s"]).await.unwrap();
    // The operator's link, and whoever came with it.
    let _operators = world.board().await;
    let acts: Vec<(String, Option<i64>, String)> = sqlx::query_as(
        "SELECT act::text, count, CASE WHEN leader_id IS NOT NULL THEN 'leader' WHEN token_id IS NOT NULL THEN 'program' ELSE 'operator' END
         FROM audit_log ORDER BY id",
    )
    .fetch_all(&world.installation.pool)
    .await
    .unwrap();
    let acts: Vec<_> = acts.iter().map(|(act, count, by)| (act.as_str(), *count, by.as_str())).collect();
    assert_eq!(
        acts,
        [
            ("token_created", None, "operator"),
            ("leader_added", None, "operator"),
            ("signed_in", None, "leader"),
            ("list_sent", Some(3), "program"),
            ("batch_paused", Some(3), "leader"),
            ("batch_resumed", Some(3), "leader"),
            ("batch_cancelled", Some(3), "program"),
            ("homes_imported", Some(2), "program"),
            ("passes_printed", Some(3), "program"),
            ("passes_handed_over", Some(2), "program"),
            ("passes_voided", Some(3), "program"),
            ("keys_rotated", Some(3), "operator"),
            ("link_created", None, "operator"),
            ("signed_in", None, "operator"),
        ]
    );
    let log = board.page("/settings/log").await;
    assert!(
        log.contains(&format!("<a href=\"/batches/{batch}\">Paused a list</a>")) && log.contains("A program"),
        "{log}"
    );
    assert!(log.contains("Made a link to sign in") && log.contains("The operator"), "{log}");
    // Keys are every community's: the operator sees it, and no leader.
    assert!(!log.contains("Changed the keys"), "{log}");
    let keys = world.installation.api_command(&["keys", "status"]).await.unwrap();
    assert!(keys.contains(": 3 codes were sealed anew"), "{keys}");
    assert!(log.find("Made passes void").unwrap() < log.find("Sent a list").unwrap(), "the newest first");

    // Page by page, each entry once; what was made up begins anew.
    let many = "INSERT INTO audit_log (community_id, act, count) SELECT id, 'report_exported', n FROM communities, generate_series(1, 70) AS n";
    sqlx::query(many).execute(&world.installation.pool).await.unwrap();
    let mut path = "/settings/log".to_owned();
    let mut seen = 0;
    loop {
        let page = board.page(&path).await;
        seen += page.matches("<th scope=\"row\">").count();
        let Some(next) = page.split("href=\"/settings/log?from=").nth(1) else { break };
        path = format!("/settings/log?from={}", next.split('"').next().unwrap());
    }
    assert_eq!(seen, 70 + 13);
    assert!(board.page("/settings/log?from=made-up").await.contains("Older"));
    let refused = sqlx::query("DELETE FROM audit_log").execute(&world.installation.pool).await;
    assert!(refused.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_it_concerns_is_told_who_may_act() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let (pat, lee, sam) = ("pat@oakridge.example", "lee@oakridge.example", "sam@oakridge.example");
    for (email, role) in [(pat, "owner"), (sam, "owner"), (lee, "leader")] {
        world.add_leader(&world.oakridge, email, role).await;
    }
    // The first owner is told of the second, and nobody of a plain leader.
    let another = "Oakridge HOA has another owner";
    let letter = world.letter(pat, another, 1).await;
    for said in [sam, "is an owner of Oakridge HOA now", "/settings/people", "You get this as an owner"] {
        assert!(letter.contains(said), "{said}: {letter}");
    }
    let (owner, lee_id) = (world.signed_in(pat).await, world.leader_id(lee).await);

    // Up: to them, and to the owner who did not do it.
    let role = format!("/settings/people/{lee_id}/role");
    for _ in 0..2 {
        owner.submit(&role, "role=owner").await;
    }
    let letter = world.letter(lee, "You are an owner of Oakridge HOA now", 1).await;
    assert!(letter.contains("you manage its leaders and its settings"), "{letter}");
    assert!(world.letter(sam, another, 1).await.contains(lee));
    // And down again.
    owner.submit(&role, "role=leader").await;
    world.letter(lee, "You are no longer an owner of Oakridge HOA", 1).await;
    let less = "Oakridge HOA has an owner less";
    assert!(world.letter(sam, less, 1).await.contains("is no longer an owner of Oakridge HOA"));

    // A leader who goes hears of it after they are one no more; there is nothing to press.
    owner.press(&format!("/settings/people/{lee_id}/remove")).await;
    let letter = world.letter(lee, "You are no longer a leader of Oakridge HOA", 1).await;
    assert!(letter.contains("signed out everywhere") && !letter.contains("/sign-in"), "{letter}");
    // An owner who goes is news to those who stay: the one who did it knows.
    let sam_id = world.leader_id(sam).await;
    let other = world.signed_in(sam).await;
    assert_eq!(other.post(&format!("/settings/people/{sam_id}/remove")).await.status(), 303);
    world.letter(sam, "You are no longer a leader of Oakridge HOA", 1).await;
    assert!(world.letter(pat, less, 1).await.contains(sam));

    // Each once, whatever was pressed twice; and nobody else heard anything.
    world
        .until("all letters went", async || world.ledger().await.iter().all(|(state, _)| state == "accepted"))
        .await;
    let told = "SELECT count(*) FROM letters WHERE kind::text = ANY ('{removed,made_owner,made_leader,owner_added,owner_removed}')";
    assert_eq!(world.told(told).await, 8);
    assert_eq!((world.letters(pat, another).len(), world.letters(lee, less).len()), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_of_two_communities_gets_a_link_for_each() {
    let mut world = World::new().await;
    let _worker = world.installation.start_worker().await.unwrap();
    let birch = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let kim = "kim@example.org";
    for community in [&world.oakridge, &birch] {
        world.add_leader(community, kim, "leader").await;
    }
    world.stranger().ask(kim).await;
    for name in ["Oakridge HOA", "Birchwood"] {
        let path = path_in(&world.letter(kim, &format!("Sign in to {name}"), 1).await);
        let mut board = world.stranger();
        assert_eq!(board.open(&path).await, 303);
        assert!(board.page("/").await.contains(name));
    }
}

impl World {
    async fn leader_id(&self, email: &str) -> String {
        sqlx::query_scalar("SELECT id::text FROM leaders WHERE email = $1 AND removed_at IS NULL")
            .bind(email)
            .fetch_one(&self.installation.pool)
            .await
            .unwrap()
    }
}
