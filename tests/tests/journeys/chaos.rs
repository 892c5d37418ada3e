//! The crash matrix, short; `cargo chaos` is the long run.

use porchlight_tests::chaos::{Account, Order, Row, possible_rows, run};

use crate::world::programs;

async fn account(order: Order) -> Account {
    run(programs(), &Order { hurry: true, ..order }, |_| {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_the_matrix_keeps_the_promises() {
    let rows = possible_rows();
    let account = account(Order::of(&rows, rows.len(), 40 * rows.len(), 1)).await;
    assert!(account.broken().is_empty(), "{:#?}\n{}", account.broken(), account.table());
    assert!(account.verdict.promised >= 40 * rows.len(), "{}", account.table());
    // Letters were among them, of both kinds: links that somebody waited for, and lists that needed somebody.
    let (letters, of_each) = (&account.letters, rows.len() / 2);
    assert!(letters.of("sign_in") >= of_each && letters.of("batch_done") >= 3, "{}", account.table());
    assert!(letters.repeated > 0, "{}", account.table());
    // It was no stroll: workers were killed in the middle of their work.
    assert!(account.most_unknown > 0, "{}", account.table());
}

/// What a worker that is broken on purpose does to the account.
async fn sabotaged(how: &'static str, rows: &[Row], messages: usize) -> Vec<String> {
    let mut order = Order::of(rows, rows.len(), messages, 1);
    order.worker_variables = vec![("PORCHLIGHT_SABOTAGE", how)];
    account(order).await.broken()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_acknowledges_before_the_outcome_is_durable_is_noticed() {
    let broken = sabotaged("acknowledge-early", &[Row::Taken], 120).await;
    assert!(broken.iter().any(|line| line.contains("without a claim")), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_doubles_letters_is_noticed() {
    let broken = sabotaged("double-letters", &[Row::WorkerAnyTime], 40).await;
    assert!(broken.iter().any(|line| line.contains("letters doubled although")), "{broken:?}");
    assert!(broken.iter().all(|line| line.contains("letters")), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_claims_without_a_lease_is_noticed() {
    let broken = sabotaged("no-lease", &[Row::Taken], 120).await;
    assert!(broken.iter().any(|line| line.contains("without a claim")), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_repeats_what_may_have_been_taken_is_noticed() {
    // A receipt that comes in time would tell the worker that there is nothing to repeat.
    let broken = sabotaged("repeat-unknown", &[Row::ReceiptsLate, Row::TextTaken], 800).await;
    assert!(broken.iter().any(|line| line.contains("texts doubled")), "{broken:?}");
}
