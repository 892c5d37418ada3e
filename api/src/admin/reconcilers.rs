//! `admin reconcilers`: what picks up what fell between two steps, and when each last did.

use std::{collections::BTreeMap, fmt, time::Duration};

use jiff::Timestamp;
use porchlight_shared::store::reconcilers::{Pace, ReconcilerName};
use serde::Serialize;
use sqlx::PgPool;

/// Why the reconcilers could not be shown, or should not be as they are.
#[derive(Debug, thiserror::Error)]
pub enum ReconcilersError {
    /// Some have not looked for too long.
    #[error("{0} not looked for too long: is a worker running, and what does its log say?")]
    Late(String),
    /// The ledger did not say.
    #[error("the reconcilers could not be read; has `porchlight-api migrate` run?")]
    Store(#[from] sqlx::Error),
}

/// All reconcilers, in the order in which they look.
#[derive(Debug, Serialize)]
pub struct Reconcilers {
    reconcilers: Vec<Reconciler>,
}

/// A reconciler and its last report.
#[derive(Debug, Serialize)]
struct Reconciler {
    name: &'static str,
    purpose: &'static str,
    /// Seconds since a worker last looked; `None`: never, or it could not.
    looked_seconds_ago: Option<u64>,
    /// Whether that is too long ago.
    late: bool,
    /// When it last put something right, and what.
    found_at: Option<Timestamp>,
    found: Option<BTreeMap<String, u64>>,
}

/// Reads what is known of each.
///
/// # Errors
/// When the ledger does not answer.
pub async fn reconcilers(pool: &PgPool) -> Result<Reconcilers, ReconcilersError> {
    let texts_under_way = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM batches WHERE finished_at IS NULL AND channel = 'text') AS "texts!""#
    )
    .fetch_one(pool)
    .await?;
    let rows = sqlx::query!(
        r#"SELECT name, CASE WHEN isfinite(looked_at) THEN extract(epoch FROM app_now() - looked_at)::float8 END AS ago,
                  found_at, found AS "found: sqlx::types::Json<BTreeMap<String, u64>>"
           FROM reconcilers"#
    )
    .fetch_all(pool)
    .await?;
    let reconcilers = ReconcilerName::ALL.iter().map(|name| {
        let row = rows.iter().find(|row| row.name == name.as_str());
        let ago = row.and_then(|row| row.ago).map(|ago| Duration::try_from_secs_f64(ago).unwrap_or_default());
        let missed = name.pace() != Pace::WithTexts || texts_under_way;
        Reconciler {
            name: name.as_str(),
            purpose: name.purpose(),
            looked_seconds_ago: ago.map(|ago| ago.as_secs()),
            late: missed && ago.is_none_or(|ago| ago > name.pace().patience()),
            found_at: row.and_then(|row| row.found_at).map(jiff_sqlx::Timestamp::to_jiff),
            found: row.and_then(|row| row.found.as_ref()).map(|found| found.0.clone()),
        }
    });
    Ok(Reconcilers { reconcilers: reconcilers.collect() })
}

impl Reconcilers {
    /// As one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report serialises")
    }

    /// Whether each has looked when it should have.
    ///
    /// # Errors
    /// When one has not.
    pub fn check(&self) -> Result<(), ReconcilersError> {
        let late: Vec<_> = self.reconcilers.iter().filter(|one| one.late).map(|one| one.name).collect();
        match late[..] {
            [] => Ok(()),
            [one] => Err(ReconcilersError::Late(format!("{one} has"))),
            _ => Err(ReconcilersError::Late(format!("{} have", late.join(", ")))),
        }
    }
}

/// Two lines for each: what it is for, and what it last did.
impl fmt::Display for Reconcilers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, one) in self.reconcilers.iter().enumerate() {
            let end = if place == 0 { "" } else { "\n" };
            write!(f, "{end}{:<10} {}\n{:<10} ", one.name, one.purpose, "")?;
            match one.looked_seconds_ago {
                Some(seconds) => write!(f, "looked {seconds} s ago")?,
                None => f.write_str("has not looked yet")?,
            }
            if one.late {
                f.write_str(" (late)")?;
            }
            if let (Some(at), Some(found)) = (one.found_at, &one.found) {
                let found: Vec<_> = found.iter().map(|(what, count)| format!("{what} {count}")).collect();
                write!(f, "; last found {}: {}", at.strftime("%Y-%m-%d %H:%M:%S UTC"), found.join(", "))?;
            } else {
                f.write_str("; found nothing so far")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &'static str, ago: Option<u64>, late: bool) -> Reconciler {
        Reconciler {
            name,
            purpose: "mends things",
            looked_seconds_ago: ago,
            late,
            found_at: ago.map(|_| "2026-11-23T10:00:07.5Z".parse().unwrap()),
            found: ago.map(|_| BTreeMap::from([("rows".to_owned(), 3), ("batches".to_owned(), 1)])),
        }
    }

    #[test]
    fn each_is_told_in_two_lines() {
        let told = Reconcilers { reconcilers: vec![one("tallies", Some(4), false), one("held", None, true)] };
        let lines = [
            "tallies    mends things",
            "           looked 4 s ago; last found 2026-11-23 10:00:07 UTC: batches 1, rows 3",
            "held       mends things",
            "           has not looked yet (late); found nothing so far",
        ];
        assert_eq!(told.to_string(), lines.join("\n"));
    }

    #[test]
    fn those_that_are_late_are_named() {
        let said = |late: &[&'static str]| {
            let reconcilers = late.iter().map(|name| one(name, None, true)).collect();
            Reconcilers { reconcilers }.check().map_err(|error| error.to_string())
        };
        assert_eq!(said(&[]), Ok(()));
        assert!(said(&["held"]).unwrap_err().starts_with("held has not looked for too long"));
        assert!(said(&["held", "tallies"]).unwrap_err().starts_with("held, tallies have not looked"));
    }
}
