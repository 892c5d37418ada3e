//! How a draft is to be sent, and the text that it was read from.

use jiff::Timestamp;
use porchlight_shared::domain::DraftId;
use sqlx::{PgConnection, Result};

use crate::intake::request::AlreadyInvited;

/// How a draft is to be sent.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Personal note.
    pub note: Option<String>,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// Not after.
    pub not_after: Option<Timestamp>,
    /// Who agreed to be texted, how and when.
    pub consent: Option<String>,
    /// Whether households that are invited already are sent the same code once more.
    pub resend: bool,
    /// Whether it was read from a table that is kept.
    pub has_source: bool,
}

impl Plan {
    /// What becomes of households that are invited already, where nothing is said of one alone.
    #[must_use]
    pub const fn already_invited(&self) -> AlreadyInvited {
        if self.resend { AlreadyInvited::Resend } else { AlreadyInvited::Skip }
    }
}

/// The plan of a draft.
pub async fn plan(tx: &mut PgConnection, draft: DraftId) -> Result<Plan> {
    let row = sqlx::query!(
        r#"SELECT note, send_at, not_after, consent_statement, resend, source IS NOT NULL AS "has_source!"
           FROM drafts WHERE id = $1"#,
        draft.uuid(),
    )
    .fetch_one(tx)
    .await?;
    Ok(Plan {
        note: row.note,
        send_at: row.send_at.map(jiff_sqlx::Timestamp::to_jiff),
        not_after: row.not_after.map(jiff_sqlx::Timestamp::to_jiff),
        consent: row.consent_statement,
        resend: row.resend,
        has_source: row.has_source,
    })
}

/// Puts a plan in the place of the one before, but for whether it is resent.
pub async fn put_plan(tx: &mut PgConnection, draft: DraftId, plan: &Plan) -> Result<()> {
    sqlx::query!(
        "UPDATE drafts SET note = $2, send_at = $3, not_after = $4, consent_statement = $5 WHERE id = $1",
        draft.uuid(),
        plan.note,
        plan.send_at.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        plan.not_after.map(jiff_sqlx::Timestamp::from) as Option<jiff_sqlx::Timestamp>,
        plan.consent,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Says whether households that are invited already are sent the same code once more.
pub async fn put_resend(tx: &mut PgConnection, draft: DraftId, resend: bool) -> Result<()> {
    sqlx::query!("UPDATE drafts SET resend = $2 WHERE id = $1", draft.uuid(), resend).execute(tx).await?;
    Ok(())
}

/// The text of a draft that is a table, and what the leader says of its columns.
pub async fn source(tx: &mut PgConnection, draft: DraftId) -> Result<Option<(String, Option<Vec<String>>)>> {
    let row = sqlx::query!("SELECT source, source_columns FROM drafts WHERE id = $1", draft.uuid())
        .fetch_one(tx)
        .await?;
    Ok(row.source.map(|source| (source, row.source_columns)))
}

/// Keeps the text of a draft.
pub async fn put_source(tx: &mut PgConnection, draft: DraftId, source: &str) -> Result<()> {
    sqlx::query!("UPDATE drafts SET source = $2 WHERE id = $1", draft.uuid(), source).execute(tx).await?;
    Ok(())
}

/// Keeps what the leader says of the columns.
pub async fn put_columns(tx: &mut PgConnection, draft: DraftId, columns: &[String]) -> Result<()> {
    sqlx::query!("UPDATE drafts SET source_columns = $2 WHERE id = $1", draft.uuid(), columns)
        .execute(tx)
        .await?;
    Ok(())
}

/// Lets go of what was only for what was just sent: the text, and the times.
pub async fn settle(tx: &mut PgConnection, draft: DraftId) -> Result<()> {
    sqlx::query!(
        "UPDATE drafts SET source = NULL, source_columns = NULL, send_at = NULL, not_after = NULL, resend = false
         WHERE id = $1",
        draft.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(())
}
