//! What was done to an entry can be taken back: nothing vanishes, and the counts sum at each step.

use super::{confirmed, row, tiles};
use crate::{board::Board, world::World};

const LIST: &str = "Name;E-mail;Unit\nAda;ada@example.org;1 Elm\nBo;bo@gmial.com;2 Elm\nCy;cy at example.org;3 Elm\nAda;ADA@example.org;1 Elm\n";

/// Presses a button of an entry where it is shown, and reads the page that follows.
async fn press(board: &Board, draft: &str, position: u32, was: &str, form: &str) -> String {
    let path = format!("{draft}/entries/{position}?show=&after=0&was={was}");
    let (status, page) = board.submit(&path, form).await;
    assert_eq!(status, 200, "{page}");
    page
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_removed_stands_apart_and_is_put_back() {
    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", LIST).await;
    let page = board.page(&draft).await;
    assert_eq!(tiles(&page), [1, 1, 1, 1, 4]);
    assert!(!page.contains("?show=removed"), "nothing is removed yet: {page}");

    // It stays where it was, with a way back; pressed twice it is removed once.
    for _ in 0..2 {
        let page = press(&board, &draft, 3, "fix", "act=remove").await;
        assert!(page.contains("Removed: line 4."), "{page}");
        assert!(row(&page, 3).contains("Put it back") && !row(&page, 3).contains("<details"), "{page}");
        assert_eq!(tiles(&page), [1, 1, 0, 1, 4]);
    }
    let page = board.page(&format!("{draft}?show=removed")).await;
    assert!(row(&page, 3).contains("cy at example.org"), "{page}");
    assert!(!board.page(&draft).await.contains("<li id=\"e-3\""), "it needs nobody any more");
    assert!(row(&board.page(&format!("{draft}?show=all")).await, 3).contains("Removed"));
    let page = press(&board, &draft, 3, "fix", "act=put_back").await;
    assert!(page.contains("Line 4 is back on the list.") && row(&page, 3).contains("Fix"), "{page}");
    assert_eq!(tiles(&page), [1, 1, 1, 1, 4]);

    // Whom it doubled comes to the fore, and goes back behind.
    let page = press(&board, &draft, 1, "ready", "act=remove").await;
    assert_eq!(tiles(&page), [1, 1, 1, 0, 4]);
    press(&board, &draft, 1, "ready", "act=put_back").await;
    assert_eq!(tiles(&board.page(&draft).await), [1, 1, 1, 1, 4]);

    // Several at once, too.
    let (_, page) = board.submit(&format!("{draft}/several?show=skip"), "act=remove").await;
    assert!(page.contains("1 entry is removed. It stands under “Removed”"), "{page}");
    press(&board, &draft, 3, "fix", "act=remove").await;
    let page = board.page(&format!("{draft}?show=removed")).await;
    assert!(page.contains("Put 2 removed entries back on the list"), "{page}");
    let (_, page) = board.submit(&format!("{draft}/several?show=removed"), "act=put_back").await;
    assert!(page.contains("2 entries are back on the list."), "{page}");
    assert_eq!(tiles(&page), [1, 1, 1, 1, 4]);

    // What is removed is not sent, is told so, and outlasts the sending of the rest.
    press(&board, &draft, 4, "skip", "act=remove").await;
    let page = board.page(&format!("{draft}/send")).await;
    assert!(page.contains("Nothing goes to 1 entry that you removed."), "{page}");
    assert!(!page.contains("removed goes with it"), "it stays with what is left: {page}");
    let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(page.contains("2 entries of this list"), "the removed one waits for nobody: {page}");
    assert_eq!(tiles(&board.page(&draft).await), [0, 1, 1, 0, 3]);
    // Put back, it is known by now.
    press(&board, &draft, 4, "removed", "act=put_back").await;
    assert_eq!(tiles(&board.page(&draft).await), [0, 1, 1, 1, 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fix_is_undone_and_what_was_pasted_is_shown() {
    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", LIST).await;
    let page =
        press(&board, &draft, 3, "fix", "email=cy%40example.org&name=Cyril&unit=3+Elm&household=").await;
    assert_eq!(tiles(&page), [2, 1, 0, 1, 4]);
    let told = row(&page, 3);
    assert!(told.contains("As pasted: <bdi>cy at example.org · Cy · 3 Elm</bdi>"), "{told}");
    assert!(told.contains("Undo the change") && told.contains("was=fix"), "{told}");
    // A second change does not hide what was pasted.
    let page = press(&board, &draft, 3, "fix", "email=cyril%40example.org").await;
    assert!(row(&page, 3).contains("As pasted: <bdi>cy at example.org · Cy · 3 Elm</bdi>"), "{page}");
    let page = press(&board, &draft, 3, "fix", "act=undo").await;
    assert!(page.contains("Line 4 stands as it was pasted."), "{page}");
    let told = row(&page, 3);
    assert!(told.contains("value=\"cy at example.org\"") && told.contains("value=\"Cy\""), "{told}");
    assert!(!told.contains("As pasted") && !told.contains("Undo"), "{told}");
    assert_eq!(tiles(&page), [1, 1, 1, 1, 4]);

    // So is a suggestion that was used; and what is saved unchanged was not changed.
    let page = press(&board, &draft, 2, "check", "email=bo%40gmail.com").await;
    assert!(row(&page, 2).contains("As pasted: <bdi>bo@gmial.com · Bo · 2 Elm</bdi>"), "{page}");
    let page = press(&board, &draft, 2, "check", "act=undo").await;
    assert!(row(&page, 2).contains("Use <bdi>bo@gmail.com</bdi>"), "{page}");
    let page = press(&board, &draft, 2, "check", "email=bo%40gmial.com&name=Bo&unit=2+Elm&household=").await;
    assert!(!row(&page, 2).contains("Undo"), "{page}");
    // Sent as it is, it can be taken back; written back by hand, nothing is left to undo.
    let page = press(&board, &draft, 2, "check", "act=accept").await;
    assert!(row(&page, 2).contains("Do not send it yet"), "{page}");
    let page = press(&board, &draft, 2, "check", "act=take_back").await;
    assert!(row(&page, 2).contains("Send anyway"), "{page}");
    press(&board, &draft, 2, "check", "email=other%40example.org").await;
    let page = press(&board, &draft, 2, "check", "email=bo%40gmial.com").await;
    assert!(!row(&page, 2).contains("Undo"), "{page}");

    // A fix of a removed entry puts it back; one of an entry that is not there changes nothing.
    press(&board, &draft, 3, "fix", "act=remove").await;
    let page = press(&board, &draft, 3, "fix", "email=cy%40example.org").await;
    assert!(page.contains("Line 4 is ready now."), "{page}");
    let page = press(&board, &draft, 77, "fix", "act=undo").await;
    assert_eq!(tiles(&page), [2, 1, 0, 1, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_removed_goes_with_the_list_and_it_is_said_before() {
    let world = World::new().await;
    let board = world.board().await;
    let draft = board.list("email", "ada@example.org\nbo@example.org\ncy@example.org").await;
    press(&board, &draft, 2, "ready", "act=remove").await;
    let page = board.page(&format!("{draft}/send")).await;
    assert!(page.contains("it goes, and the entry that you removed goes with it."), "{page}");
    press(&board, &draft, 3, "ready", "act=remove").await;
    let page = board.page(&format!("{draft}/send")).await;
    assert!(page.contains("it goes, and the 2 entries that you removed go with it."), "{page}");
    let (_, page) = board.submit(&format!("{draft}/send"), &confirmed(&page)).await;
    assert!(page.contains("The list is accepted"), "{page}");
    assert!(!board.page("/invite").await.contains(&draft));
    assert_eq!(board.get(&draft).await.0, 303, "its batch is where the list is now");
}
