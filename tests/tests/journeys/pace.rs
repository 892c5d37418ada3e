//! Two worker processes under one pace, watched from Redis itself.

use porchlight_tests::stack::{Options, Stack};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinHandle,
};

use crate::world::{World, rows};

/// A minute's worth, and what two workers need to get going.
const LIMIT: usize = 30;
const MESSAGES: usize = LIMIT * 62;
/// A lease begins with its admission and ends this much later (ms).
const LEASE: u64 = 60_000;

/// Listens to what the claim script does, until `count` leases were written; answers when each was admitted (ms, by
/// Redis' clock).
async fn admissions(redis_url: &str, count: usize) -> JoinHandle<Vec<u64>> {
    let address = redis_url.trim_start_matches("redis://").split('/').next().unwrap();
    let stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut stream = stream;
    stream.write_all(b"MONITOR\r\n").await.unwrap();
    let mut lines = stream.lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "+OK");
    tokio::spawn(async move {
        let mut admitted = Vec::new();
        while admitted.len() < count {
            let line = lines.next_line().await.unwrap().expect("Redis goes on telling");
            // +1763851234.123456 [0 lua] "ZADD" "porchlight:{email:v1}:leases" "1763851294123" "…" …
            let words = words(&line);
            if let [command, key, first, ..] = &words[..]
                && command == "ZADD"
                && key.ends_with(":leases")
                && first != "XX"
            {
                let ends = words[2..].iter().step_by(2);
                let ends =
                    ends.map(|score| score.parse::<u64>().unwrap_or_else(|_| panic!("{score:?} in {line}")));
                admitted.extend(ends.map(|ends| ends - LEASE));
            }
        }
        admitted
    })
}

/// The quoted words of a line. What follows a backslash is part of the word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut escaped) = (Vec::new(), None::<String>, false);
    for letter in line.chars() {
        match (&mut word, letter) {
            (None, '"') => word = Some(String::new()),
            (None, _) => {}
            (Some(_), '"') if !escaped => words.extend(word.take()),
            (Some(word), letter) => {
                escaped = letter == '\\' && !escaped;
                word.push(letter);
            }
        }
    }
    words
}

/// The most within any second. A window that begins with an admission is as full as any.
fn most_in_a_second(times: &[u64]) -> usize {
    times
        .iter()
        .map(|&from| times.iter().filter(|&&at| at >= from && at < from + 1_000).count())
        .max()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_keep_one_pace_for_a_minute_and_use_it() {
    let stack = Stack::start(Options::fast()).await.unwrap();
    let rate = LIMIT.to_string();
    let mut world = World::on(&stack, &[("PORCHLIGHT_SMTP_RATE", &rate)]).await;
    let admissions = admissions(stack.redis_url(), MESSAGES).await;
    let batch = world.send(&rows(MESSAGES)).await;
    let one = world.installation.start_worker().await.unwrap();
    let two = world.installation.start_worker().await.unwrap();
    let mut admitted = admissions.await.unwrap();
    world.batch_until(&batch, |counts| counts["accepted"] == MESSAGES).await;
    admitted.sort_unstable();
    assert_eq!(admitted.len(), MESSAGES, "each was admitted once");
    assert!(most_in_a_second(&admitted) <= LIMIT, "{} in a second", most_in_a_second(&admitted));
    let span = admitted[MESSAGES - 1] - admitted[0];
    assert!(span >= 60_000, "a minute's worth took {span} ms");
    // What could have been admitted meanwhile, in thousandths.
    let could = u64::try_from(LIMIT).unwrap() * span;
    let did = u64::try_from(MESSAGES - 1).unwrap() * 1_000;
    assert!(did * 100 >= could * 95, "{did} of {could} thousandths");
    assert!(world.installation.smtp.doubled().is_empty());
    for worker in [one, two] {
        assert!(worker.stop().await.unwrap().success());
    }
}
