//! Watching: what many watchers cost a send, how soon they see what was recorded, and how long a page takes meanwhile.

use std::time::Duration;

use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::Instant};

use super::{Subject, leader::Leader, percentile, report, round, rows};
use crate::{caller::caller, installation::Failure};

/// Between two streams that are opened: a token may call a hundred times a second.
const OPENING: Duration = Duration::from_millis(12);
/// Between two looks at the ledger, whose count every watcher is to see.
const SAMPLE: Duration = Duration::from_millis(250);
/// Between two pages that are asked for.
const PAGE: Duration = Duration::from_millis(50);

/// What a watcher saw: how many were accepted, and when.
type Seen = Vec<(Instant, i64)>;

/// Drains a list of so many without anybody watching, again with so many watchers, and again with a leader who reloads
/// its page.
pub(super) async fn watched(subject: &Subject, messages: u32, watchers: usize) -> Result<(), Failure> {
    let alone = drain(subject, messages, "unwatched-", 0, false).await?;
    let crowd = drain(subject, messages, "watched-", watchers, false).await?;
    let paged = drain(subject, messages, "paged-", 0, true).await?;
    report(
        "watched",
        &json!({
            "messages": messages, "watchers": watchers,
            "alone_per_second": round(alone.rate), "watched_per_second": round(crowd.rate),
            "ratio": round(crowd.rate / alone.rate),
            "seen_p50_ms": percentile(&crowd.delays, 50), "seen_p99_ms": percentile(&crowd.delays, 99),
        }),
    );
    report(
        "page",
        &json!({
            "messages": messages, "count": paged.pages.len(), "kb": paged.page_kb,
            "p50_ms": percentile(&paged.pages, 50), "p99_ms": percentile(&paged.pages, 99),
        }),
    );
    Ok(())
}

struct Drained {
    rate: f64,
    /// From the ledger's word to each watcher's screen, sorted.
    delays: Vec<Duration>,
    /// What pages took, sorted.
    pages: Vec<Duration>,
    page_kb: f64,
}

async fn drain(
    subject: &Subject,
    messages: u32,
    prefix: &str,
    watchers: usize,
    paging: bool,
) -> Result<Drained, Failure> {
    let list = json!({"channel": "email", "rows": rows(prefix, messages)});
    let answer = subject.client.send_list(&subject.community, &list).await?.body;
    let batch =
        answer["id"].as_str().ok_or_else(|| format!("the list was not accepted: {answer}"))?.to_owned();
    // Nothing of it goes before everybody watches.
    steer(subject, &batch, "pause").await?;
    while in_state(subject, &batch, "sending").await? > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let gone = in_state(subject, &batch, "accepted").await?;
    let mut watching = Vec::with_capacity(watchers);
    for _ in 0..watchers {
        watching.push(watch(subject, &batch).await?);
        tokio::time::sleep(OPENING).await;
    }
    let reader = if paging { Some(read_pages(subject, &batch).await?) } else { None };

    let began = Instant::now();
    steer(subject, &batch, "resume").await?;
    let sampling =
        tokio::spawn(sample(subject.installation.pool.clone(), batch.clone(), i64::from(messages)));
    let samples = sampling.await??;
    let ended = samples.last().map_or(began, |(at, _)| *at);
    let took = ended.duration_since(began).as_secs_f64();
    let seen = try_join_all(watching).await?;
    let mut delays = Vec::new();
    for seen in seen {
        let seen = seen?;
        for (at, count) in &samples {
            if let Some((came, _)) = seen.iter().find(|(_, shown)| shown >= count) {
                delays.push(came.saturating_duration_since(*at));
            }
        }
    }
    delays.sort_unstable();
    let (mut pages, page_kb) = match reader {
        Some(reader) => reader.await??,
        None => (Vec::new(), 0.0),
    };
    pages.sort_unstable();
    let sent = u32::try_from(i64::from(messages) - gone)?;
    Ok(Drained { rate: f64::from(sent) / took, delays, pages, page_kb })
}

async fn steer(subject: &Subject, batch: &str, step: &str) -> Result<(), Failure> {
    let path = format!("batches/{batch}/{step}");
    let answer = subject.client.post(&subject.community, &path, Vec::new(), &[]).await?;
    if answer.status.is_success() { Ok(()) } else { Err(format!("{step}: {}", answer.body).into()) }
}

async fn in_state(subject: &Subject, batch: &str, state: &str) -> Result<i64, Failure> {
    let status = subject.client.get(&subject.community, &format!("batches/{batch}")).await?.body;
    Ok(status["counts"][state].as_i64().unwrap_or(0))
}

/// What the ledger says, every quarter of a second, until everything is accepted.
async fn sample(pool: sqlx::PgPool, batch: String, messages: i64) -> Result<Seen, Failure> {
    let mut seen = Vec::new();
    loop {
        let at = Instant::now();
        let count: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(count), 0)::bigint FROM tallies WHERE state = 'accepted' AND batch_id = $1::uuid",
        )
        .bind(&batch)
        .fetch_one(&pool)
        .await?;
        seen.push((at, count));
        if count >= messages {
            return Ok(seen);
        }
        tokio::time::sleep(SAMPLE).await;
    }
}

/// Watches a batch until everything is accepted.
async fn watch(subject: &Subject, batch: &str) -> Result<JoinHandle<Result<Seen, Failure>>, Failure> {
    let path =
        format!("{}/v1/communities/{}/batches/{batch}/stream", subject.client.base(), subject.community.id);
    let http = caller(super::sending::PATIENCE)?;
    let mut answer = http.get(path).bearer_auth(&subject.community.token).send().await?.error_for_status()?;
    Ok(tokio::spawn(async move {
        let (mut read, mut seen) = (String::new(), Vec::new());
        while let Some(chunk) = answer.chunk().await? {
            read.push_str(std::str::from_utf8(&chunk)?);
            while let Some(end) = read.find("\n\n") {
                let event: String = read.drain(..end + 2).collect();
                let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
                let status: Value = serde_json::from_str(data)?;
                let count = status["counts"]["accepted"].as_i64().unwrap_or(0);
                seen.push((Instant::now(), count));
                if Some(count) == status["total"].as_i64() {
                    return Ok(seen);
                }
            }
        }
        Err("the stream ended too early".into())
    }))
}

/// Reloads a batch's page as a leader, until everything is sent; answers what each reload took, and what a page weighs.
async fn read_pages(
    subject: &Subject,
    batch: &str,
) -> Result<JoinHandle<Result<(Vec<Duration>, f64), Failure>>, Failure> {
    let leader = Leader::sign_in(subject).await?;
    let page = format!("/batches/{batch}");
    Ok(tokio::spawn(async move {
        let (mut took, mut kb) = (Vec::new(), 0.0_f64);
        loop {
            let began = Instant::now();
            let text = leader.page(&page).await?;
            took.push(began.elapsed());
            kb = kb.max(f64::from(u32::try_from(text.len())?) / 1000.0);
            if text.contains("data-done") || text.contains("Everything is sent") {
                return Ok((took, round(kb)));
            }
            tokio::time::sleep(PAGE).await;
        }
    }))
}
