//! Two leaders at one list: who presses a button that stood beside something else does nothing, and is told so.

use reqwest::StatusCode;

use super::{row, tiles};
use crate::{board::Board, world::World};

/// What a page says that was seen of an entry.
fn seen(page: &str, position: u32) -> String {
    let seen = row(page, position).split("name=\"seen\" value=\"").nth(1).unwrap();
    seen.split('"').next().unwrap().to_owned()
}

async fn press(board: &Board, draft: &str, position: u32, was: &str, form: &str) -> (StatusCode, String) {
    board.submit(&format!("{draft}/entries/{position}?show=all&after=0&was={was}"), form).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_again_that_was_not_seen() {
    let world = World::new().await;
    let (pat, kim) = (world.board().await, world.board().await);
    world.send(&[serde_json::json!({"email": "ada@example.org"})]).await;
    world.sql("UPDATE deliveries SET state = 'cancelled'").await;
    let draft = pat.list("email", "ada@example.org\nbo@example.org").await;
    let page = pat.page(&format!("{draft}?show=all")).await;
    assert!(row(&page, 1).contains("Send it again"), "{page}");
    let again = format!("act=again&seen={}", seen(&page, 1));

    press(&kim, &draft, 1, "skip", "email=ada%40gmial.com").await;
    let (status, page) = press(&pat, &draft, 1, "skip", &again).await;
    assert_eq!(status, 409, "{page}");
    assert!(page.contains("Line 1 was changed meanwhile, and nothing was done."), "{page}");
    assert!(row(&page, 1).contains("ada@gmial.com") && row(&page, 1).contains("Check"), "{page}");
    assert!(!page.contains("href=\"?"), "links lead to the list from here, too: {page}");
    assert_eq!(tiles(&pat.page(&draft).await), [1, 1, 0, 0, 2]);

    // What was taken out stays out, whatever the form says.
    press(&kim, &draft, 1, "skip", "email=ada%40example.org").await;
    press(&kim, &draft, 1, "skip", "act=remove").await;
    for form in [&*again, "act=again"] {
        let (status, page) = press(&pat, &draft, 1, "skip", form).await;
        assert!(status == 409 && row(&page, 1).contains("Removed"), "{page}");
    }
    let (_, page) = press(&pat, &draft, 1, "skip", "act=put_back").await;
    assert!(row(&page, 1).contains("Send it again"), "nothing was chosen: {page}");

    // What is as it was seen goes, also where the button is pressed twice.
    for _ in 0..2 {
        let (status, page) = press(&pat, &draft, 1, "skip", &again).await;
        assert!(status == 200 && page.contains("Line 1 goes again, with the same code."), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_accepts_or_overwrites_what_somebody_else_wrote() {
    let world = World::new().await;
    let (pat, kim) = (world.board().await, world.board().await);
    let draft = pat.list("email", "Name;E-mail\nBo;bo@gmial.com\nCy;cy@example.org").await;
    let all = format!("{draft}?show=all");
    let page = pat.page(&all).await;
    let (bo, cy) = (seen(&page, 1), seen(&page, 2));

    press(&kim, &draft, 1, "check", "email=di%40gmial.com").await;
    for form in ["act=accept", "email=bo%40gmail.com"] {
        let (status, page) = press(&pat, &draft, 1, "check", &format!("{form}&seen={bo}")).await;
        assert!(
            status == 409 && page.contains("Line 2 was changed meanwhile, and nothing was done."),
            "{page}"
        );
        assert!(
            row(&page, 1).contains("<bdi>di@gmial.com</bdi>") && row(&page, 1).contains("Check"),
            "{page}"
        );
    }
    let undo = format!("act=undo&seen={}", seen(&pat.page(&all).await, 1));
    press(&kim, &draft, 1, "check", "email=ed%40gmial.com").await;
    let (status, page) = press(&pat, &draft, 1, "check", &undo).await;
    assert!(status == 409 && row(&page, 1).contains("<bdi>ed@gmial.com</bdi>"), "{page}");

    // What was typed is not lost; saved knowingly, it counts.
    press(&kim, &draft, 2, "ready", "email=cy.ek%40example.org").await;
    let typed = "name=Cyril&email=cyril%40example.org&unit=&household=";
    let (status, page) = press(&pat, &draft, 2, "ready", &format!("{typed}&seen={cy}")).await;
    assert!(status == 409 && page.contains("Line 3 was changed meanwhile, and nothing was saved."), "{page}");
    let told = row(&page, 2);
    assert!(
        told.contains("<b><bdi>cy.ek@example.org</bdi></b>") && told.contains("<details open>"),
        "{told}"
    );
    assert!(told.contains("value=\"cyril@example.org\"") && told.contains("value=\"Cyril\""), "{told}");
    let form = format!("{typed}&seen={}", seen(&page, 2));
    for _ in 0..2 {
        let (status, page) = press(&pat, &draft, 2, "ready", &form).await;
        assert!(status == 200 && page.contains("Line 3 is ready now."), "{page}");
    }
    // Also where the other one took it out.
    let form = format!("name=Cy&email=cy%40example.org&seen={}", seen(&pat.page(&all).await, 2));
    press(&kim, &draft, 2, "ready", "act=remove").await;
    let (status, page) = press(&pat, &draft, 2, "ready", &form).await;
    let told = row(&page, 2);
    assert!(status == 409 && told.contains("Removed") && told.contains("value=\"cy@example.org\""), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_button_for_several_is_about_those_who_were_counted() {
    let world = World::new().await;
    let (pat, kim) = (world.board().await, world.board().await);
    let draft = pat.list("email", "ada@example.org\nbo@gmial.com\ncy@gmial.com\ndi@gmial.con").await;
    let page = pat.page(&format!("{draft}?show=check")).await;
    assert!(page.contains("Send all 3"), "{page}");
    let form = page.split("/several?").nth(1).unwrap();
    let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let accept = format!("act=accept&reason=likely_typo&seen={seen}");
    let several = format!("{draft}/several?show=check");

    // One more became of that sort, then another one instead of it.
    for (position, address) in [(1, "ada@gmial.com"), (4, "di@example.org")] {
        press(&kim, &draft, position, "check", &format!("email={address}")).await;
        let (status, page) = pat.submit(&several, &accept).await;
        assert!(
            status == 200 && page.contains("The list was changed meanwhile, and nothing was done."),
            "{page}"
        );
        let tally = if position == 1 { [0, 4, 0, 0, 4] } else { [1, 3, 0, 0, 4] };
        assert_eq!(tiles(&page), tally);
    }
    press(&kim, &draft, 1, "check", "email=ada%40example.org").await;
    press(&kim, &draft, 4, "check", "email=di%40gmial.con").await;
    for told in ["3 entries are changed.", "There was nothing left to change."] {
        let (_, page) = pat.submit(&several, &accept).await;
        assert!(page.contains(told), "{page}");
        assert_eq!(tiles(&page), [4, 0, 0, 0, 4]);
    }
}
