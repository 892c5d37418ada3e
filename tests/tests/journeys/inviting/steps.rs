//! Each page on the way, without script.

use porchlight_tests::demo::list;
use serde_json::Value;

use super::{confirmed, tiles};
use crate::world::{World, settled};

/// A list of each sort of line: ready, a typo, a fault, a double, the same unit.
const MESSY: &str = "Name;E-mail;Unit\nAda Ek;ada@example.org;1 Elm\nBo Ek;bo@gmial.com;2 Elm\nCy;cy at example.org;3 Elm\nAda;ADA@example.org;1 Elm\nDi;di@example.org;1 Elm\nEd;;5 Elm\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_pasted_mended_seen_confirmed_and_sent_once() {
    let mut world = World::new().await;
    let board = world.board().await;
    let start = board.page("/invite").await;
    for words in ["Invite residents", "/invite/email", "/passes", "One household"] {
        assert!(start.contains(words), "{words}: {start}");
    }
    assert!(board.page("/invite/email").await.contains("100,000 entries and 16 MiB"));
    let draft = board.list("email", MESSY).await;
    let page = board.page(&draft).await;
    assert_eq!(tiles(&page), [1, 2, 2, 1, 6]);
    // What needs a person, and nothing else: those to mend first.
    let ids: Vec<_> = page.split("<li id=\"e-").skip(1).map(|row| row.split('"').next().unwrap()).collect();
    assert_eq!(ids, ["3", "6", "2", "5"]);
    assert!(page.contains("Line 4") && page.contains("Use <bdi>bo@gmail.com</bdi>"), "{page}");
    assert!(page.contains("Go on with 1 e-mail<"), "{page}");

    // The suggestion is used, a fault mended in place, one accepted, one removed; each says what became of it.
    let at = |position: u32, was: &str| format!("{draft}/entries/{position}?show=&after=0&was={was}");
    let (_, page) = board.submit(&at(2, "check"), "email=bo%40gmail.com").await;
    assert!(page.contains("Line 3 is ready now."), "{page}");
    assert!(page.contains("<li id=\"e-2\""), "it stays where it stood");
    let (_, page) = board.submit(&at(3, "fix"), "email=cy%40example&name=Cy&unit=3+Elm&household=").await;
    assert!(page.contains("Line 4 still needs a look."), "{page}");
    let (_, page) = board.submit(&at(3, "fix"), "email=cy%40example.org&name=Cy&unit=3+Elm&household=").await;
    assert!(page.contains("Line 4 is ready now."), "{page}");
    let (_, page) = board.submit(&at(5, "check"), "act=accept").await;
    assert!(page.contains("Line 6 goes as it is."), "{page}");
    assert_eq!(tiles(&page), [4, 0, 1, 1, 6]);
    let (_, page) = board.submit(&at(5, "ready"), "act=take_back").await;
    assert_eq!(tiles(&page), [3, 1, 1, 1, 6]);
    board.submit(&at(5, "check"), "act=accept").await;
    let (_, page) = board.submit(&at(6, "fix"), "act=remove").await;
    assert!(page.contains("Removed: line 7."), "{page}");
    assert_eq!(tiles(&page), [4, 0, 0, 1, 6]);
    // A mended entry that doubles another is told apart at once.
    let (_, page) = board.submit(&at(3, "ready"), "email=ada%40example.org").await;
    assert!(page.contains("The same address as line 2"), "{page}");
    board.submit(&at(3, "skip"), "email=cy%40example.org").await;
    let page = board.page(&format!("{draft}?show=skip")).await;
    assert!(
        page.contains("The same address as line 2.") && page.contains("Remove 1 skipped entry"),
        "{page}"
    );
    let (_, page) = board.submit(&format!("{draft}/several?show=skip"), "act=remove").await;
    assert_eq!(tiles(&page), [4, 0, 0, 0, 6]);
    let page = board.page(&draft).await;
    assert!(page.contains("Nothing on this list needs you any more."), "{page}");

    // The message, with a note; what does not fit comes back as it was typed.
    let message = format!("{draft}/message");
    let page = board.page(&message).await;
    assert!(
        page.contains("Your household is invited to Oakridge HOA") && page.contains("2345-6789-CDF2"),
        "{page}"
    );
    let long = "x".repeat(301);
    let (status, page) = board.submit(&message, &format!("note={long}&when=now&go=on")).await;
    assert!(status == 422 && page.contains("301 characters; at most 300") && page.contains(&long), "{page}");
    let (status, page) = board.submit(&message, "note=Bring+your+keys.&when=later&go=on").await;
    assert!(status == 422 && page.contains("on which day") && page.contains("Bring your keys."), "{page}");
    let (_, page) = board.submit(&message, "note=Bring+your+keys.&when=now&go=").await;
    assert!(page.contains("up to date") && page.contains("Bring your keys."), "{page}");
    let preview = board.page(&format!("{message}/preview")).await;
    assert!(preview.contains("Bring your keys.") && !preview.contains("<script"), "{preview}");
    let (_, page) = board.submit(&message, "note=Bring+your+keys.&when=now&go=on").await;
    assert!(page.contains("Send 4 e-mails to 3 households") && page.contains("30 days"), "{page}");

    // Twice at once is once, and so is a reload; whoever comes later is led to the batch.
    let send = format!("{draft}/send");
    let form = confirmed(&page);
    let ((_, one), (_, other)) = tokio::join!(board.submit(&send, &form), board.submit(&send, &form));
    for page in [&one, &other] {
        assert!(page.contains("The list is accepted") || page.contains("4 e-mails"), "{page}");
    }
    let (_, later) = board.submit(&send, &form).await;
    assert!(later.contains("4 e-mails"), "{later}");
    for path in [&draft, &message, &send] {
        let answer = board.get(path).await;
        assert_eq!(answer.0, 303, "{path}: its batch is where the list is now");
    }
    let batches: Vec<(String, i32)> = sqlx::query_as("SELECT id::text, total FROM batches")
        .fetch_all(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].1, 4);
    let _worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&batches[0].0, settled).await;
    assert_eq!(world.installation.smtp.total(), 4);
    let acts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE act = 'list_sent' AND token_id IS NULL")
            .fetch_one(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(acts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_messy_lists_end_with_every_household_accounted_for() {
    let mut world = World::new().await;
    let board = world.board().await;
    let _worker = world.installation.start_worker().await.unwrap();
    for (channel, list, consent) in [
        ("email", list::emails(300), ""),
        ("text", list::texts(300), "&consent=All+of+them+ticked+the+box+on+this+year%27s+form."),
    ] {
        let text = list["text"].as_str().unwrap();
        let entries = text.lines().count() - 1;
        let draft = board.list(channel, text).await;
        let page = board.page(&draft).await;
        let [ready, check, fix, skip, total] = tiles(&page);
        assert_eq!(total, entries);
        assert!(ready > 140 && fix > 0, "{channel}: {ready} {check} {fix} {skip}");
        let (_, page) = board.submit(&format!("{draft}/message"), &format!("when=now&go=on{consent}")).await;
        let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
        assert!(page.contains("The list is accepted"), "{page}");
        let (batch, sent): (String, i32) =
            sqlx::query_as("SELECT id::text, total FROM batches ORDER BY created_at DESC LIMIT 1")
                .fetch_one(&world.installation.pool)
                .await
                .unwrap();
        assert_eq!(usize::try_from(sent).unwrap(), ready);
        let link = format!("<a href=\"{draft}\">{} of this list wait", check + fix);
        let link =
            if check + fix == 1 { link } else { link.replace(" of this list", " entries of this list") };
        assert!(page.contains(&link), "{link}: {page}");
        let left = board.page(&draft).await;
        assert_eq!(tiles(&left)[4], check + fix, "what is to be looked at stays");
        assert_eq!(usize::try_from(sent).unwrap() + tiles(&left)[4] + skip, entries);
        let start = board.page("/invite").await;
        assert!(start.contains("left to look at"), "{start}");
        let done = world.batch_until(&batch, settled).await;
        assert_eq!(done["total"], sent);
        let counts: i64 =
            done["counts"].as_object().unwrap().values().map(|count| count.as_i64().unwrap()).sum();
        assert_eq!(counts, i64::from(sent));
        assert_ne!(done["finished_at"], Value::String(String::new()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_without_heads_asks_what_its_columns_hold() {
    let world = World::new().await;
    let board = world.board().await;
    let file = b"12 Elm;Ada Ek;ada@example.org;x\n14 Elm;Bo Ek;bo@example.org;y\n";
    let (status, place, page) = board.paste("email", "", Some(file)).await;
    assert!(status == 303 && place.ends_with("/columns"), "{place} {page}");
    let page = board.page(&place).await;
    assert!(page.contains("What is in which column?") && page.contains("ada@example.org"), "{page}");
    let (status, page) = board.submit(&place, "column=unit&column=name&column=ignore&column=ignore").await;
    assert!(status == 422 && page.contains("which column holds the e-mail addresses"), "{page}");
    let (_, page) = board.submit(&place, "column=household&column=name&column=email&column=ignore").await;
    assert!(page.contains("The list is read again.") && page.contains("Are the columns right?"), "{page}");
    assert_eq!(tiles(&page)[4], 2);
    let households: Vec<String> = sqlx::query_scalar("SELECT household FROM draft_entries ORDER BY position")
        .fetch_all(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(households, ["12 Elm", "14 Elm"]);
    // What was said is what stands there when one looks again.
    assert!(board.page(&place).await.contains("<option value=\"household\" selected>"));

    // Other letters, another encoding: read all the same.
    let utf16: Vec<u8> =
        "Name\tE-mail\nJürgen\tj@example.org\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (status, place, _) = board.paste("email", "ignored@example.org", Some(&utf16)).await;
    assert!(status == 303 && !place.ends_with("/columns"), "{place}");
    let page = board.page(&format!("{place}?show=ready")).await;
    assert!(page.contains("Jürgen") && !page.contains("ignored@"), "{page}");

    // One household goes the same way.
    let (_, page) =
        board.submit("/invite/household", "name=Ada&unit=9+Oak&contact=ada.o%40example.org").await;
    assert_eq!(tiles(&page), [1, 0, 0, 0, 1]);
    let (status, page) = board.submit("/invite/household", "name=Ada&unit=9+Oak&contact=").await;
    assert!(status == 422 && page.contains("value=\"9 Oak\""), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_goes_when_its_leader_and_its_window_say() {
    let world = World::with(&[("PORCHLIGHT_TEXT_WINDOW", "Mon-Sun 09:00-20:00")]).await;
    // A night from Monday to Tuesday.
    world.sql("UPDATE app_clock SET ahead = '2027-03-15T23:00:00Z'::timestamptz - now()").await;
    let board = world.board().await;
    let texts = board.list("text", "(312) 555-1234").await;
    let message = format!("{texts}/message");
    let page = board.page(&message).await;
    assert!(
        page.contains("Texts go between 09:00 and 20:00 on that day; this list starts Tue 16 Mar, 09:00."),
        "{page}"
    );
    let consent = "consent=All+of+them+ticked+the+box.";
    let late = format!("{consent}&when=now&not_after=2027-03-16T08%3A00&go=on");
    let (_, page) = board.submit(&message, &late).await;
    let (status, page) = board.submit(&format!("{texts}/send"), &confirmed(&page)).await;
    assert!(status == 409 && page.contains("is before the window for texts opens"), "{page}");
    let (_, page) = board.submit(&message, &format!("{consent}&when=now&go=on")).await;
    assert!(page.contains("It starts Tue 16 Mar, 09:00, when the window for texts opens."), "{page}");
    let (_, page) = board.submit(&format!("{texts}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
    let held: String = sqlx::query_scalar("SELECT state::text || ' ' || held_reason::text FROM deliveries")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(held, "held window");

    // By the community's clocks.
    world.sql("UPDATE communities SET time_zone = 'America/Chicago'").await;
    let emails = board.list("email", "ada@example.org").await;
    let message = format!("{emails}/message");
    let (status, page) = board.submit(&message, "when=later&send_at=2027-03-15T17%3A00&go=on").await;
    assert!(
        status == 422 && page.contains("has passed already") && page.contains("2027-03-15T17:00"),
        "{page}"
    );
    let form = "when=later&send_at=2027-03-18T09%3A30&not_after=2027-03-17T09%3A30&go=on";
    let (status, page) = board.submit(&message, form).await;
    assert!(status == 422 && page.contains("before anything could go"), "{page}");
    let form = "when=later&send_at=2027-03-18T09%3A30&not_after=2027-03-20T09%3A30&go=on";
    let (_, page) = board.submit(&message, form).await;
    assert!(
        page.contains("It starts Thu 18 Mar, 09:30.") && page.contains("by Sat 20 Mar, 09:30 stays unsent"),
        "{page}"
    );
    let (_, page) = board.submit(&format!("{emails}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
    let times: (String, String) = sqlx::query_as(
        "SELECT to_char(send_at AT TIME ZONE 'UTC', 'DD HH24:MI'), to_char(not_after AT TIME ZONE 'UTC', 'DD HH24:MI') FROM batches WHERE send_at IS NOT NULL",
    )
    .fetch_one(&world.installation.pool)
    .await
    .unwrap();
    assert_eq!((&*times.0, &*times.1), ("18 14:30", "20 14:30"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_of_one_sort_are_accepted_at_once() {
    let world = World::new().await;
    let board = world.board().await;
    let line = |number: usize| format!("R{number};r{number}@example.org;{} Elm", number / 2);
    let list: Vec<_> = std::iter::once("Name;E-mail;Unit".to_owned()).chain((0..140).map(line)).collect();
    let draft = board.list("email", &list.join("\n")).await;
    let page = board.page(&format!("{draft}?show=check")).await;
    assert_eq!(tiles(&page), [70, 70, 0, 0, 140]);
    assert!(page.contains("Send all 70 of the same unit anyway") && page.contains("Next 50"), "{page}");
    assert_eq!(board.page(&format!("{draft}?show=check&after=50")).await.matches("<li id=\"e-").count(), 20);
    let (_, page) = board.submit(&format!("{draft}/several?show=check"), "act=accept&reason=same_unit").await;
    assert!(page.contains("70 entries are changed"), "{page}");
    assert_eq!(tiles(&page), [140, 0, 0, 0, 140]);
    let page = board.page(&format!("{draft}/send")).await;
    assert!(page.contains("Send 140 e-mails to 70 households"), "{page}");
    let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
    let invitations: i64 = sqlx::query_scalar("SELECT count(*) FROM invitations")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(invitations, 70);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_left_is_added_to_the_invitation_of_their_household() {
    let world = World::new().await;
    let board = world.board().await;
    let draft =
        board.list("email", "Name;E-mail;Unit\nAda;ada@example.org;1 Elm\nDi;di@example.org;1 Elm").await;
    let (_, page) = board.submit(&format!("{draft}/message"), "when=now&go=on").await;
    assert!(page.contains("Send 1 e-mail to 1 household") && page.contains("1 entry stays"), "{page}");
    let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(page.contains("1 entry of this list"), "{page}");
    let page = board.page(&format!("{draft}?show=skip")).await;
    assert_eq!(tiles(&page), [0, 0, 0, 1, 1]);
    assert!(page.contains("This household was invited by a leader on"), "{page}");
    assert!(page.contains("Send the same code here, too"), "{page}");
    let (_, page) = board.submit(&format!("{draft}/entries/2?show=skip&was=skip"), "act=accept").await;
    assert!(page.contains("Line 3 goes as it is.") && page.contains("Do not send it yet"), "{page}");
    let page = board.page(&format!("{draft}/send")).await;
    let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
    let invitations: i64 = sqlx::query_scalar("SELECT count(*) FROM invitations")
        .fetch_one(&world.installation.pool)
        .await
        .unwrap();
    assert_eq!(invitations, 1);
}
