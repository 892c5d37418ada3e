//! The account of a run: what was struck, what it cost, and whether the promises were kept.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use super::{
    Order,
    audit::{Attempt, Verdict},
    letters,
    row::Row,
};
use crate::installation::Failure;

/// Unknown outcomes have settled by then, in seconds.
const SETTLED: f64 = 1_200.0;
/// Whoever is told to stop has stopped by then.
const STOPPED: Duration = Duration::from_secs(30);

/// One fault.
#[derive(Clone, Debug)]
pub struct Struck {
    /// Which row.
    pub row: Row,
    /// When it began, in seconds, by the ledger's clock.
    pub at: f64,
    /// When it was over, and what dead processes had sent off had arrived.
    pub until: f64,
    /// How many workers were killed in it.
    pub killed: usize,
    /// Attempts that are unknown because of that.
    pub lost_their_worker: Vec<Attempt>,
    /// Attempts that are unknown for another reason, and ended after it began and before the next did.
    pub others: usize,
}

impl Struck {
    fn unknown_of_a_kill(&self) -> usize {
        self.lost_their_worker.len().div_ceil(self.killed.max(1))
    }

    /// Each of them on a line, its times counted from the fault's beginning.
    fn evidence(&self) -> String {
        let mut text = format!("{:?}: over after {:.3} s\n", self.row, self.until - self.at);
        let mut attempts: Vec<_> = self.lost_their_worker.iter().collect();
        attempts.sort_by(|one, other| one.began_at.total_cmp(&other.began_at));
        for Attempt { delivery_id, number, channel, began_at, ended_at, outcome, reason, late } in attempts {
            let (began, ended) = (began_at - self.at, ended_at - self.at);
            let late = if *late { " late" } else { "" };
            let _ = writeln!(
                text,
                "{channel} {delivery_id} attempt {number}: {began:+.3} s to {ended:+.3} s {outcome} {reason}{late}"
            );
        }
        text
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Account {
    /// What decided it.
    pub seed: u64,
    /// Messages that were to be sent.
    pub wanted: usize,
    /// Attempts that a worker has under way at most.
    pub slots: usize,
    /// Each fault, in order.
    pub struck: Vec<Struck>,
    /// Whether time was moved instead of waited for.
    pub hurried: bool,
    /// The longest that a worker took to stop when it was told to.
    pub longest_stop: Duration,
    /// Attempts under way whose claim was gone, each time somebody looked.
    pub unclaimed: usize,
    /// Requests that a caller had to repeat.
    pub requests_repeated: usize,
    /// Counts that do not agree with their rows.
    pub miscounted: i64,
    /// The most unknown outcomes of one kill.
    pub most_unknown: usize,
    /// What became of the messages.
    pub verdict: Verdict,
    /// What became of the letters.
    pub letters: letters::Verdict,
    /// From the first fault until everything had settled.
    pub took: Duration,
}

impl Account {
    pub(super) fn new(order: &Order, slots: usize) -> Self {
        Self {
            seed: order.seed,
            hurried: order.hurry,
            wanted: order.messages,
            slots,
            struck: Vec::with_capacity(order.rows.len()),
            longest_stop: Duration::ZERO,
            unclaimed: 0,
            requests_repeated: 0,
            miscounted: 0,
            most_unknown: 0,
            verdict: Verdict::default(),
            letters: letters::Verdict::default(),
            took: Duration::ZERO,
        }
    }

    pub(super) fn begin(&mut self, row: Row, at: f64) {
        self.struck.push(Struck { row, at, until: at, killed: 0, lost_their_worker: Vec::new(), others: 0 });
    }

    /// Puts each unknown outcome down to a fault: one that lost its worker to the first with a kill that was over after it
    /// began, any other to the last fault before it ended.
    pub(super) fn attribute(&mut self, attempts: &[Attempt]) {
        for attempt in attempts.iter().filter(|attempt| attempt.was_unknown()) {
            let killed = |struck: &&mut Struck| struck.killed > 0 && struck.until >= attempt.began_at;
            let killed = self.struck.iter_mut().find(killed).filter(|_| attempt.lost_its_worker());
            if let Some(struck) = killed {
                struck.lost_their_worker.push(attempt.clone());
            } else if let Some(struck) =
                self.struck.iter_mut().rev().find(|struck| struck.at <= attempt.ended_at)
            {
                struck.others += 1;
            }
        }
        self.most_unknown = self.struck.iter().map(Struck::unknown_of_a_kill).max().unwrap_or(0);
    }

    /// The promises that were not kept, in words; empty when all were.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        let mut broken = self.verdict.broken();
        broken.extend(self.letters.broken());
        if self.verdict.promised < self.wanted {
            broken.push(format!("{} messages of {} were sent", self.verdict.promised, self.wanted));
        }
        if self.most_unknown > self.slots {
            let (most, slots) = (self.most_unknown, self.slots);
            let worst = self.worst_kill().map_or("", |struck| struck.row.title());
            broken.push(format!("{most} unknown after one kill, of {slots} slots: {worst}"));
        }
        if self.longest_stop > STOPPED {
            broken.push(format!("a worker took {:?} to stop", self.longest_stop));
        }
        if self.unclaimed > 0 {
            broken.push(format!("{} attempts under way without a claim", self.unclaimed));
        }
        if self.miscounted > 0 {
            broken.push(format!("{} counts do not agree with their rows", self.miscounted));
        }
        let longest = self.verdict.settled_after.last().filter(|longest| **longest > SETTLED);
        // Where time was moved in leaps it says little.
        if let Some(longest) = longest.filter(|_| !self.hurried) {
            broken.push(format!("an unknown outcome settled only after {longest:.0} s"));
        }
        broken
    }

    fn worst_kill(&self) -> Option<&Struck> {
        self.struck.iter().max_by_key(|struck| struck.unknown_of_a_kill())
    }

    /// What nobody could know after the worst kill, attempt by attempt: for whoever asks why it is so many.
    #[must_use]
    pub fn evidence(&self) -> String {
        self.worst_kill().map(Struck::evidence).unwrap_or_default()
    }

    /// What came of it, as Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::new();
        let (verdict, letters) = (&self.verdict, &self.letters);
        let (kills, faults) =
            (self.struck.iter().map(|struck| struck.killed).sum::<usize>(), self.struck.len());
        let settled = |share: usize| {
            let place =
                (verdict.settled_after.len() * share / 100).min(verdict.settled_after.len().max(1) - 1);
            verdict.settled_after.get(place).map_or("none".to_owned(), |seconds| format!("{seconds:.0} s"))
        };
        let rows = [
            ("messages promised by the API", verdict.promised.to_string()),
            ("faults / workers killed", format!("{faults} / {kills}")),
            ("**lost**", verdict.lost.len().to_string()),
            ("**e-mails handed over twice, the first outcome known**", verdict.doubled.len().to_string()),
            (
                "**e-mails handed over more often than once and one repeat**",
                verdict.repeated_too_often.len().to_string(),
            ),
            ("**texts handed over twice**", verdict.texts_doubled.len().to_string()),
            ("called failed although a provider took it", verdict.misjudged.len().to_string()),
            ("ended without a reason", verdict.unexplained.len().to_string()),
            ("neither ended nor in front of a person", verdict.unsettled.len().to_string()),
            ("submitted", verdict.submitted.to_string()),
            ("ended otherwise, with a reason", verdict.ended.to_string()),
            ("in front of a person", verdict.with_a_person.to_string()),
            ("outcomes nobody could know", verdict.unknown.to_string()),
            ("of these submitted / ended / in front of a person", {
                let [submitted, ended, person] = verdict.resolved;
                format!("{submitted} / {ended} / {person}")
            }),
            ("e-mails taken twice after an unknown outcome", verdict.repeated.to_string()),
            ("letters written: links that were asked for / leaders told of a list", {
                format!("{}: {} / {}", letters.all(), letters.of("sign_in"), letters.of("batch_done"))
            }),
            (
                "**letters lost, or never written**",
                (letters.lost.len() + letters.untold.len() + letters.unsettled.len()).to_string(),
            ),
            (
                "**letters handed over twice, the first outcome known, or more than once again**",
                (letters.doubled.len() + letters.repeated_too_often.len()).to_string(),
            ),
            (
                "letters submitted / ended otherwise / taken twice after an unknown outcome",
                format!("{} / {} / {}", letters.submitted, letters.ended, letters.repeated),
            ),
            (
                "the most unknown outcomes of one kill, and slots",
                format!("{} of {}", self.most_unknown, self.slots),
            ),
            ("an unknown outcome settled after, median / p99 / longest", {
                format!("{} / {} / {}", settled(50), settled(99), settled(100))
            }),
            (
                "a worker told to stop had stopped after, longest",
                format!("{:.1} s", self.longest_stop.as_secs_f64()),
            ),
            ("attempts under way without a claim", self.unclaimed.to_string()),
            ("requests that callers had to repeat", self.requests_repeated.to_string()),
            ("counts that disagree with their rows", self.miscounted.to_string()),
            ("the run took", format!("{:.0} min", self.took.as_secs_f64() / 60.0)),
        ];
        // Writing to a string does not fail.
        let _ = writeln!(text, "| seed {} | |\n| --- | --- |", self.seed);
        for (what, value) in rows {
            let _ = writeln!(text, "| {what} | {value} |");
        }
        let _ = writeln!(
            text,
            "\n| struck | how | times | unknown, their worker killed | unknown for another reason |\n\
             | --- | --- | --- | --- | --- |"
        );
        for &row in Row::ALL {
            let struck: Vec<_> = self.struck.iter().filter(|struck| struck.row == row).collect();
            let lost: usize = struck.iter().map(|struck| struck.lost_their_worker.len()).sum();
            let others: usize = struck.iter().map(|struck| struck.others).sum();
            let (who, how, times) = (row.part().as_str(), row.title(), struck.len());
            if times > 0 {
                let _ = writeln!(text, "| {who} | {how} | {times} | {lost} | {others} |");
            }
        }
        text
    }
}

/// Puts a text between the two marks of that name in a file.
pub(super) fn write_between(path: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let whole = fs::read_to_string(path)?;
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (Some(from), Some(to)) = (whole.find(&begin), whole.find(&end)) else {
        return Err(format!("{} has no marks for the {name}", path.display()).into());
    };
    let (before, after) = (&whole[..from + begin.len()], &whole[to..]);
    Ok(fs::write(path, format!("{before}\n{}\n\n{after}", text.trim_end()))?)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn unknown(began_at: f64, reason: &str) -> Attempt {
        Attempt {
            delivery_id: Uuid::nil(),
            number: 1,
            channel: "email".to_owned(),
            began_at,
            ended_at: began_at + 300.0,
            outcome: "unknown".to_owned(),
            reason: reason.to_owned(),
            late: false,
        }
    }

    #[test]
    fn an_unknown_outcome_is_put_down_to_the_kill_that_caused_it() {
        let order = Order::of(&[Row::AllWorkers, Row::MailReset], 2, 0, 1);
        let mut account = Account::new(&order, 1);
        account.begin(Row::AllWorkers, 10.0);
        (account.struck[0].until, account.struck[0].killed) = (13.0, 2);
        account.begin(Row::MailReset, 20.0);
        account.attribute(&[
            unknown(11.0, "worker_lost"),
            unknown(12.5, "worker_lost"),
            unknown(12.9, "worker_lost"),
            unknown(20.5, "closed_after_body"),
            // Late news after the deadline is of a lost worker's; before it, of one who called it unknown.
            Attempt { late: true, ..unknown(10.5, "") },
            Attempt { late: true, ended_at: 20.1, ..unknown(12.0, "") },
        ]);
        assert_eq!((account.struck[0].lost_their_worker.len(), account.struck[1].others), (4, 2));
        assert_eq!(account.most_unknown, 2);
        assert!(
            account.broken()[0].contains("2 unknown after one kill, of 1 slots"),
            "{:?}",
            account.broken()
        );
    }

    #[test]
    fn every_row_has_a_word_of_its_own() {
        for &row in Row::ALL {
            assert_eq!(Row::from_word(row.as_str()), Some(row));
        }
    }
}
