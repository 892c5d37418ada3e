//! `cargo chaos -- --pace`: how many are admitted in a second, and how much of the limit is used, while workers come
//! and go.
//!
//! Watched from Redis itself, where a claim is admitted, and from the provider, where messages arrive.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    task::JoinHandle,
};

use super::fleet::{Fleet, PATIENCE};
use crate::{
    installation::{Failure, Programs},
    stack::{Options, proxy::Way},
};

/// E-mails a second.
const LIMIT: usize = 200;
/// For so many seconds.
const SECONDS: usize = 60;
/// A lease begins with its admission and ends this much later (ms).
const LEASE: u64 = 60_000;
/// In a storm a worker is killed so often.
const BETWEEN_KILLS: Duration = Duration::from_secs(2);

/// Listens to what the claim script does at a Redis, from now on; answers when each claim was admitted (ms, by Redis'
/// clock).
///
/// # Errors
/// When Redis cannot be reached.
pub async fn admissions(redis: SocketAddr) -> Result<Admissions, Failure> {
    let lines = listen(redis).await?;
    let times = Arc::<Mutex<Vec<u64>>>::default();
    let listening = tokio::spawn(note(lines, Arc::clone(&times)));
    Ok(Admissions { times, listening })
}

/// What was admitted so far.
#[derive(Debug)]
pub struct Admissions {
    times: Arc<Mutex<Vec<u64>>>,
    listening: JoinHandle<()>,
}

impl Drop for Admissions {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Admissions {
    /// When each was admitted, sorted.
    #[must_use]
    pub fn times(&self) -> Vec<u64> {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner).clone();
        times.sort_unstable();
        times
    }

    /// Goes on listening at a Redis that is another, or was started again.
    async fn listen_again(&mut self, redis: SocketAddr) -> Result<(), Failure> {
        self.listening.abort();
        self.listening = tokio::spawn(note(listen(redis).await?, Arc::clone(&self.times)));
        Ok(())
    }
}

async fn listen(redis: SocketAddr) -> Result<Lines<BufReader<TcpStream>>, Failure> {
    let mut stream = BufReader::new(TcpStream::connect(redis).await?);
    stream.write_all(b"MONITOR\r\n").await?;
    let mut lines = stream.lines();
    match lines.next_line().await? {
        Some(line) if line == "+OK" => Ok(lines),
        line => Err(format!("Redis does not tell what it does: {line:?}").into()),
    }
}

/// Ends with the connection.
async fn note(mut lines: Lines<BufReader<TcpStream>>, times: Arc<Mutex<Vec<u64>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        // +1763851234.123456 [0 lua] "ZADD" "porchlight:{email:v1}:leases" "1763851294123" "…" …
        let words = words(&line);
        if let [command, key, first, ..] = &words[..]
            && command == "ZADD"
            && key.ends_with(":leases")
            && first != "XX"
        {
            let ends = words[2..].iter().step_by(2).filter_map(|score| score.parse::<u64>().ok());
            times.lock().unwrap_or_else(PoisonError::into_inner).extend(ends.map(|ends| ends - LEASE));
        }
    }
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

/// The most within any second of these sorted times (ms). A window that begins with one of them is as full as any.
#[must_use]
pub fn most_in_a_second(times: &[u64]) -> usize {
    let mut end = 0;
    let full = times.iter().enumerate().map(|(begin, &from)| {
        while times.get(end).is_some_and(|&at| at < from + 1_000) {
            end += 1;
        }
        end - begin
    });
    full.max().unwrap_or(0)
}

/// What one line of the table says.
#[derive(Clone, Debug)]
pub struct Paced {
    /// How many workers, and what happened to them.
    pub who: String,
    /// The limit, a second.
    pub limit: usize,
    /// The most admissions in any second.
    pub admitted: usize,
    /// Thousandths of the limit that were used while work waited.
    pub used: usize,
    /// The most messages that reached the provider in any second.
    pub on_the_wire: usize,
    /// Addresses that got more than one message.
    pub doubled: usize,
}

impl Paced {
    /// The promises that were not kept, in words.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        if self.admitted > self.limit {
            broken.push(format!("{}: {} admitted in a second", self.who, self.admitted));
        }
        if self.doubled > 0 {
            broken.push(format!("{}: {} addresses got more than one message", self.who, self.doubled));
        }
        if self.used < 950 {
            broken.push(format!("{}: {} thousandths of the limit used", self.who, self.used));
        }
        broken
    }
}

/// All lines of the table as Markdown.
#[must_use]
pub fn table(lines: &[Paced]) -> String {
    let mut text = String::from(
        "| workers | limit a second | most admitted in any second | of the limit used | most at the provider in any second |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for line in lines {
        let Paced { who, limit, admitted, used, on_the_wire, .. } = line;
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| {who} | {limit} | {admitted} | {}.{} % | {on_the_wire} |",
            used / 10,
            used % 10
        );
    }
    text
}

/// One, four and sixteen workers, and four in a storm.
///
/// # Errors
/// When the harness cannot go on.
pub async fn pace(programs: &Programs, tell: impl Fn(&str)) -> Result<Vec<Paced>, Failure> {
    let mut lines = Vec::new();
    for (workers, storm) in [(1, false), (4, false), (16, false), (4, true)] {
        let who = if storm {
            format!("{workers}; one killed and started every two seconds, Redis restarted once")
        } else {
            workers.to_string()
        };
        tell(&format!("{who}: {SECONDS} s at {LIMIT} a second"));
        let (times, wire, doubled) = sending(programs.clone(), workers, storm).await?;
        // Until the last twentieth, work waits.
        let most = LIMIT * SECONDS * 19 / 20;
        let span = times.get(most).zip(times.first()).map_or(0, |(last, first)| last - first);
        let used = if span == 0 { 0 } else { most * 1_000_000 / (LIMIT * usize::try_from(span)?) };
        let (admitted, on_the_wire) = (most_in_a_second(&times), most_in_a_second(&wire));
        lines.push(Paced { who, limit: LIMIT, admitted, used, on_the_wire, doubled });
    }
    Ok(lines)
}

/// When each message was admitted, and when it was taken (ms), and how many addresses got more than one.
async fn sending(
    programs: Programs,
    workers: usize,
    storm: bool,
) -> Result<(Vec<u64>, Vec<u64>, usize), Failure> {
    let limit = LIMIT.to_string();
    let variables = [("PORCHLIGHT_SMTP_RATE", limit.as_str())];
    let mut fleet = Fleet::start(programs, Options::durable(), workers, &variables, &[]).await?;
    let mut admissions = admissions(fleet.redis.address()).await?;
    fleet.feeder.send_plain(LIMIT * SECONDS).await?;
    let few = u64::try_from(LIMIT * SECONDS * 19 / 20)?;
    let mut place = 0;
    while storm && fleet.taken() < few {
        tokio::time::sleep(BETWEEN_KILLS).await;
        if let Some(process) = fleet.workers[place % workers].process.take() {
            process.kill().await?;
        }
        fleet.start_worker(place % workers).await?;
        place += 1;
        if place == SECONDS / 4 {
            // Nobody claims before somebody listens.
            fleet.workers.iter().for_each(|worker| worker.queue.hold(Way::Requests));
            fleet.redis.stop().await?;
            fleet.redis.come_up().await?;
            admissions.listen_again(fleet.redis.address()).await?;
            fleet.workers.iter().for_each(|worker| worker.queue.release());
        }
    }
    fleet.until("nearly all are taken", PATIENCE, async || Ok(fleet.taken() >= few)).await?;
    let since = |taken: &crate::sandbox::smtp::Accepted| {
        taken.at.duration_since(UNIX_EPOCH).ok().and_then(|at| u64::try_from(at.as_millis()).ok())
    };
    let mut wire: Vec<_> = fleet.installation.smtp.accepted().iter().filter_map(since).collect();
    wire.sort_unstable();
    Ok((admissions.times(), wire, fleet.installation.smtp.doubled().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_second_is_found() {
        assert_eq!(most_in_a_second(&[]), 0);
        assert_eq!(most_in_a_second(&[0, 999, 1_000, 1_500, 1_998, 3_000]), 4);
    }

    #[test]
    fn words_are_read_as_redis_writes_them() {
        assert_eq!(words(r#"+1.2 [0 lua] "ZADD" "a b" "x\"y\\""#), ["ZADD", "a b", r#"x\"y\\"#]);
    }
}
