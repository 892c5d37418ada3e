//! Asking the provider what it has: texts whose outcome is unknown.
//!
//! The provider lists what it took for a number. A message that holds our link with the invitation's code, was created
//! since the attempt began, and belongs to no other attempt of ours, is the one; what the list says became of it is then heeded like a
//! receipt. That it is not listed proves nothing, so it is asked for several times, and then a person decides.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::Timestamp;
use porchlight_shared::{
    domain::{CommunityId, DeliveryId, DeliveryState, InvitationId, Sealed, SuppressionId, UnsealError},
    store::{
        receipts::{self, Receipt, Recorded},
        reconcilers::ReconcilerName,
    },
};
use rand::{
    SeedableRng,
    rand_core::UnwrapErr,
    rngs::{StdRng, SysRng},
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    EVERY, LookError, Moved, Reconciler,
    checking::INQUIRY_LOST,
    report::{Report, add},
};
use crate::{
    deliver::{begin::Invited, composer::Composer},
    text::{ListError, Listed, Twilio},
};

/// When the provider is asked, counted from when the outcome became unknown.
const LOOKS: [Duration; 3] = [Duration::from_secs(10), Duration::from_mins(1), Duration::from_mins(5)];
/// How long after its last look a text is asked about once more, if nothing came of that.
const AGAIN: Duration = Duration::from_mins(1);
/// Deliveries of a batch asked about in one look, and how many of them at a time.
const MOST_ASKED: i64 = 40;
const AT_A_TIME: usize = 4;
const LEDGER_PATIENCE: Duration = Duration::from_secs(30);

/// When an unknown outcome is looked into: at [`LOOKS`], as far as they come before the wait is over, and then for the
/// last time.
#[derive(Clone, Copy, Debug)]
pub struct Looks(Duration);

impl Looks {
    /// What is waited for a text unless something else is set.
    pub const WAIT: Duration = Duration::from_mins(10);

    /// Looks that end after `wait`.
    #[must_use]
    pub const fn until(wait: Duration) -> Self {
        Self(wait)
    }

    /// How long news is waited for.
    #[must_use]
    pub const fn wait(self) -> Duration {
        self.0
    }

    /// The first look.
    #[must_use]
    pub fn first(self) -> Duration {
        LOOKS[0].min(self.0)
    }

    /// All of them, in seconds.
    fn seconds(self) -> Vec<f64> {
        let before = LOOKS.into_iter().filter(|look| *look < self.0);
        before.chain([self.0]).map(|look| look.as_secs_f64()).collect()
    }
}

/// What asking takes.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// Who is asked.
    pub twilio: Arc<Twilio>,
    /// What the message said.
    pub composer: Arc<Composer>,
}

/// An attempt to be asked about.
struct Question {
    delivery: DeliveryId,
    community: CommunityId,
    invited: Invited,
    attempt: i32,
    began_at: Timestamp,
    address: String,
    /// The provider's names for the household's other messages.
    known: Vec<String>,
    last: bool,
}

/// Why nothing was found out.
#[derive(Debug, thiserror::Error)]
enum FindError {
    #[error(transparent)]
    Unseal(#[from] UnsealError),
    #[error(transparent)]
    List(#[from] ListError),
}

/// A connection to the ledger that went silent must not end the asking.
async fn in_time<T>(work: impl Future<Output = Result<T, LookError>>) -> Result<T, LookError> {
    let done = tokio::time::timeout(LEDGER_PATIENCE, work).await;
    done.unwrap_or(Err(LookError::Ledger(sqlx::Error::PoolTimedOut)))
}

/// Asks every five seconds until `stopping` is cancelled. In a task of its own: a provider that does not answer keeps no
/// reconciler waiting.
pub async fn keep_asking(reconciler: Reconciler, inquiry: Inquiry, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
        let asked = stopping.run_until_cancelled(reconciler.ask_about_all(&inquiry)).await;
        if let Some(Err(error)) = asked {
            tracing::warn!(%error, "texts could not be asked about; asking again");
        }
    }
}

impl Reconciler {
    async fn ask_about_all(&self, inquiry: &Inquiry) -> Result<(), LookError> {
        let mut moved = Moved::new();
        let batches = async { Ok(self.batches_with(DeliveryState::Checking, false).await?) };
        in_time(self.note_asking()).await?;
        for batch in in_time(batches).await? {
            for questions in in_time(self.questions(batch)).await?.chunks(AT_A_TIME) {
                let mut asked = Vec::with_capacity(AT_A_TIME);
                for question in questions {
                    asked.push(self.ask(inquiry, question));
                }
                for state in join_all(asked).await {
                    add(&mut moved, state);
                }
                in_time(self.note_asking()).await?;
            }
        }
        self.tell(ReconcilerName::Asking, &Report::Checking(moved).found()).await;
        Ok(())
    }

    /// All workers ask, each about what it finds: nobody's turn has to be waited for.
    async fn note_asking(&self) -> Result<(), LookError> {
        let name = ReconcilerName::Asking;
        sqlx::query!(
            "INSERT INTO reconcilers AS r (name, looked_at) VALUES ($1, app_now())
             ON CONFLICT (name) DO UPDATE SET looked_at = excluded.looked_at",
            name.as_str(),
        )
        .execute(&self.pool)
        .await?;
        self.metrics.looked(name);
        Ok(())
    }

    /// Takes what is due. The next look is noted before this one, so that no other worker looks at the same time.
    async fn questions(&self, batch: Uuid) -> Result<Vec<Question>, LookError> {
        let rows = sqlx::query!(
            r#"WITH clock AS MATERIALIZED (SELECT app_now() AS now),
            due AS MATERIALIZED (
                SELECT d.id, d.changed_at,
                       (SELECT min(look) FROM unnest($3::float8[]) AS look
                        WHERE d.changed_at + make_interval(secs => look) > clock.now) AS next
                FROM clock, deliveries d
                WHERE d.batch_id = $1 AND d.newest AND d.channel = 'text' AND d.state = 'checking' AND d.due_at <= clock.now
                    -- What had its last look is for a person some time later; see `checking`.
                    AND (d.changed_at > clock.now - make_interval(secs => $5)
                         OR d.due_at <= d.changed_at + make_interval(secs => $6))
                ORDER BY d.due_at, d.id LIMIT $2 FOR NO KEY UPDATE OF d SKIP LOCKED
            ),
            taken AS (
                UPDATE deliveries AS d SET due_at = coalesce(
                    d.changed_at + make_interval(secs => due.next), clock.now + make_interval(secs => $4))
                FROM clock, due WHERE d.id = due.id
                RETURNING d.id, d.community_id, d.invitation_id, d.contact_id, d.attempt_number, due.next IS NULL AS last
            )
            SELECT t.id, t.community_id, t.attempt_number, t.last AS "last!", a.began_at, c.address AS "address!",
                   i.id AS invitation, i.code_sealed AS "sealed!", i.code_sealed_key AS "sealed_key!", i.expires_at,
                   ARRAY(SELECT other.provider_id FROM deliveries o JOIN attempts other ON other.delivery_id = o.id
                         WHERE o.invitation_id = i.id AND other.provider_id IS NOT NULL
                         UNION ALL
                         SELECT r.provider_id FROM deliveries o JOIN receipts r ON r.delivery_id = o.id
                         WHERE o.invitation_id = i.id) AS "known!: Vec<String>"
            FROM clock, taken t
            JOIN attempts a ON a.delivery_id = t.id AND a.number = t.attempt_number
            JOIN contacts c ON c.id = t.contact_id AND c.address IS NOT NULL
            JOIN invitations i ON i.id = t.invitation_id AND i.code_sealed IS NOT NULL"#,
            batch,
            MOST_ASKED,
            &self.text_looks.seconds(),
            AGAIN.as_secs_f64(),
            (self.text_looks.wait() + INQUIRY_LOST).as_secs_f64(),
            self.text_looks.wait().as_secs_f64(),
        )
        .fetch_all(&self.pool)
        .await?;
        let questions = rows.into_iter().map(|row| Question {
            delivery: row.id.into(),
            community: row.community_id.into(),
            invited: Invited {
                id: InvitationId::from(row.invitation),
                sealed: Sealed { key: row.sealed_key, bytes: row.sealed },
                expires_at: row.expires_at.to_jiff(),
            },
            attempt: row.attempt_number,
            began_at: row.began_at.to_jiff(),
            address: row.address,
            known: row.known,
            last: row.last,
        });
        Ok(questions.collect())
    }

    /// What cannot be answered now is asked again, until `checking` waits no longer; it keeps no other from being asked.
    async fn ask(&self, inquiry: &Inquiry, question: &Question) -> Option<DeliveryState> {
        let delivery = question.delivery;
        let learnt = match inquiry.find(question).await {
            Ok(Some(found)) => in_time(self.learn(question, &found)).await,
            Ok(None) if question.last => in_time(self.give_up(question)).await,
            Ok(None) => return None,
            Err(error) => {
                tracing::warn!(%delivery, %error, "the provider could not be asked about a text");
                return None;
            }
        };
        learnt.unwrap_or_else(|error| {
            tracing::warn!(%delivery, %error, "what became of a text could not be recorded");
            None
        })
    }

    /// The provider has it: heeded like its receipts.
    async fn learn(&self, question: &Question, found: &Listed) -> Result<Option<DeliveryState>, LookError> {
        let receipt = Receipt {
            delivery: question.delivery,
            attempt: question.attempt,
            kind: found.fate,
            provider_id: &found.sid,
            code: found.provider_code,
        };
        let chance = &mut StdRng::from_rng(&mut UnwrapErr(SysRng));
        let suppression = SuppressionId::new(self.clock.now(), chance);
        let mut tx = self.pool.begin().await?;
        let recorded = receipts::record(&mut tx, suppression, &receipt).await?;
        tx.commit().await?;
        tracing::info!(delivery = %question.delivery, kind = ?found.fate, ?recorded, "the provider has a text whose outcome was unknown");
        Ok(match recorded {
            Recorded::New(state) => state,
            Recorded::Repeated | Recorded::Unknown => None,
        })
    }

    /// Nothing more can be found out: a person decides.
    async fn give_up(&self, question: &Question) -> Result<Option<DeliveryState>, LookError> {
        let changed = sqlx::query_scalar!(
            r#"UPDATE deliveries AS d SET
                   state = (CASE WHEN h.joined_at IS NULL OR d.kind <> 'invitation' THEN 'needs_decision' ELSE 'not_needed' END)::delivery_state,
                   due_at = NULL, changed_at = app_now()
               FROM contacts c JOIN households h ON h.id = c.household_id
               WHERE d.id = $1 AND d.attempt_number = $2 AND c.id = d.contact_id AND d.state = 'checking'
               RETURNING d.state AS "state: DeliveryState""#,
            question.delivery.uuid(),
            question.attempt,
        );
        Ok(changed.fetch_optional(&self.pool).await?)
    }
}

impl Inquiry {
    /// The message of an attempt in the provider's list.
    async fn find(&self, question: &Question) -> Result<Option<Listed>, FindError> {
        let link = self.composer.recognised_by(question.community, &question.invited)?;
        let listed = self.twilio.list(&question.address, question.began_at).await?;
        let ours = |message: &Listed| message.says(&link) && !question.known.contains(&message.sid);
        Ok(listed.into_iter().filter(ours).min_by_key(|message| message.created_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_end_with_the_wait() {
        let seconds = |wait| Looks::until(Duration::from_secs(wait)).seconds();
        assert_eq!(seconds(600), [10.0, 60.0, 300.0, 600.0]);
        assert_eq!(seconds(60), [10.0, 60.0]);
        assert_eq!(seconds(2), [2.0]);
        assert_eq!(seconds(0), [0.0]);
        assert_eq!(Looks::until(Looks::WAIT).first(), Duration::from_secs(10));
        assert_eq!(Looks::until(Duration::from_secs(2)).first(), Duration::from_secs(2));
    }
}
