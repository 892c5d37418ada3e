//! `/u/{token}`: whoever got a message stops further ones, without login, cookie or account.
//!
//! GET shows a button and changes nothing, because mail scanners open every link. POST is final: from the button, or from a
//! mail program's own (RFC 8058). The address is kept as its keyed hash and a masked form; what waits for it is taken
//! back in the same transaction, and begin, verify and resend look at the suppression.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Bytes,
    extract::{
        Path, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use porchlight_shared::domain::{
    Channel, ContactId, Keyring, RequestId, SuppressionId, SuppressionReason, masked,
};
use sqlx::PgPool;

use crate::{
    asked,
    pages::{Notice, page},
    problem::Problem,
    state::AppState,
};

/// The pages of stopping.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/u/{token}", get(show).post(stop))
}

/// What stands for the token in a sample that a leader had sent to themselves.
const SAMPLE: &str = "sample";

/// What a token names: a contact, signed by us.
fn contact(keyring: &Keyring, token: &str) -> Option<ContactId> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, signature) = bytes.split_first_chunk::<16>()?;
    let signature: &[u8; 16] = signature.try_into().ok()?;
    keyring.is_link_signature("unsubscribe", id, signature).then(|| ContactId::from_bytes(*id))
}

/// Whom a stop is about.
struct Reader {
    community: String,
    /// None once the address was forgotten.
    address: Option<String>,
    channel: Channel,
}

async fn reader(pool: &PgPool, contact: ContactId) -> sqlx::Result<Option<Reader>> {
    let row = sqlx::query!(
        "SELECT c.name, k.address, k.channel FROM contacts k JOIN communities c ON c.id = k.community_id WHERE k.id = $1",
        contact.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Reader { community: row.name, address: row.address, channel: row.channel }))
}

#[derive(Template)]
#[template(path = "stop.html")]
struct StopPage<'a> {
    community: &'a str,
    masked: &'a str,
    token: &'a str,
}

async fn show(State(state): State<Arc<AppState>>, token: Result<Path<String>, PathRejection>) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    match contact(&state.keyring, &token) {
        Some(contact) => ask(&state, contact, &token).await,
        None if token == SAMPLE => sample(),
        None => broken_link(),
    }
}

/// Shows the button.
async fn ask(state: &AppState, contact: ContactId, token: &str) -> Response {
    match reader(&state.pool, contact).await {
        Ok(Some(Reader { community, address: Some(address), channel })) => {
            let masked = masked(channel, &address);
            page(StatusCode::OK, &StopPage { community: &community, masked: &masked, token })
        }
        Ok(Some(Reader { community, .. })) => stopped(&community),
        Ok(None) => broken_link(),
        Err(error) => later(error),
    }
}

/// What a reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressed {
    /// No more messages, and why.
    Stop(SuppressionReason),
    /// The same, and that we forget the address.
    Forget,
}

impl Pressed {
    /// What a body asks for: one of our buttons, or a mail program's own (RFC 8058, urlencoded or multipart). A form that
    /// says nothing comes from a scanner.
    fn read(body: &[u8]) -> Option<Self> {
        let body = String::from_utf8_lossy(body);
        if body.contains("why=not_me") {
            Some(Self::Stop(SuppressionReason::NotMe))
        } else if body.contains("why=forget") {
            Some(Self::Forget)
        } else if body.contains("why=stop")
            || (body.contains("List-Unsubscribe") && body.contains("One-Click"))
        {
            Some(Self::Stop(SuppressionReason::Unsubscribed))
        } else {
            None
        }
    }

    const fn reason(self) -> SuppressionReason {
        match self {
            Self::Stop(reason) => reason,
            Self::Forget => SuppressionReason::Unsubscribed,
        }
    }
}

async fn stop(
    State(state): State<Arc<AppState>>,
    token: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let Some(contact) = contact(&state.keyring, &token) else {
        return if token == SAMPLE { sample() } else { broken_link() };
    };
    let Some(pressed) = body.ok().and_then(|body| Pressed::read(&body)) else {
        return ask(&state, contact, &token).await;
    };
    let outcome = async {
        let Some(reader) = reader(&state.pool, contact).await? else { return Ok(None) };
        let taken_back = suppress(&state, contact, &reader, pressed).await?;
        tracing::info!(%contact, ?pressed, taken_back, "a reader stopped messages");
        state.metrics.stops.inc();
        Ok(Some(reader.community))
    };
    match outcome.await {
        Ok(Some(community)) if pressed == Pressed::Forget => forgotten(&community),
        Ok(Some(community)) => stopped(&community),
        Ok(None) => broken_link(),
        Err(error) => later(error),
    }
}

/// Writes the suppression down, above what a leader may lift, and takes back what waits; returns how many messages that were.
async fn suppress(
    state: &AppState,
    contact: ContactId,
    reader: &Reader,
    pressed: Pressed,
) -> sqlx::Result<u64> {
    let reason = pressed.reason();
    let masked = reader.address.as_deref().map(|address| masked(reader.channel, address)).unwrap_or_default();
    let id = SuppressionId::new(state.clock.now(), &mut AppState::rng());
    let mut tx = state.pool.begin().await?;
    sqlx::query!(
        "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
         SELECT $2, community_id, channel, address_hash, $3, $4 FROM contacts WHERE id = $1
         ON CONFLICT (address_hash, community_id) WHERE lifted_at IS NULL DO UPDATE SET reason = excluded.reason
         WHERE suppressions.reason IN ('hard_bounced', 'leader') OR excluded.reason = 'not_me'",
        contact.uuid(),
        id.uuid(),
        masked,
        reason as SuppressionReason,
    )
    .execute(&mut *tx)
    .await?;
    if reason == SuppressionReason::NotMe {
        asked::ledger::open_not_me(&mut tx, RequestId::new(state.clock.now(), &mut AppState::rng()), contact)
            .await?;
    }
    // Locks are taken in the order invitation, deliveries, contact.
    if pressed == Pressed::Forget {
        sqlx::query!(
            "UPDATE invitations AS i SET intended_for = NULL FROM contacts k
             WHERE k.id = $1 AND i.household_id = k.household_id AND i.intended_for IS NOT NULL
                 AND EXISTS (SELECT FROM deliveries WHERE invitation_id = i.id AND contact_id = k.id)",
            contact.uuid(),
        )
        .execute(&mut *tx)
        .await?;
    }
    // By the household's invitations: deliveries have no index that their own changes would have to keep up.
    let taken_back = sqlx::query!(
        "WITH waiting AS MATERIALIZED (
             SELECT d.id FROM contacts k
             JOIN invitations i ON i.household_id = k.household_id
             JOIN deliveries d ON d.invitation_id = i.id
             WHERE k.id = $1 AND d.contact_id = $1 AND d.state IN ('held', 'queued', 'retry_wait')
             ORDER BY d.id FOR NO KEY UPDATE OF d
         )
         UPDATE deliveries AS d SET state = 'suppressed', held_reason = NULL, due_at = NULL, changed_at = app_now()
         FROM waiting WHERE d.id = waiting.id AND d.state IN ('held', 'queued', 'retry_wait')",
        contact.uuid(),
    )
    .execute(&mut *tx)
    .await?;
    if pressed == Pressed::Forget {
        // Its keyed hash stays, so that the next list that names it skips it.
        sqlx::query!(
            "UPDATE contacts SET address = NULL, name = NULL, erased_at = app_now(), lapsed = false
             WHERE id = $1 AND (erased_at IS NULL OR lapsed)",
            contact.uuid(),
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(taken_back.rows_affected())
}

fn stopped(community: &str) -> Response {
    let lines =
        ["You will not get messages from there any more. What was on its way already may still arrive."];
    let heading = "Stopped";
    page(
        StatusCode::OK,
        &Notice { brand: Some(community), heading, lines: &lines, contact: None, offer_code: false },
    )
}

fn forgotten(community: &str) -> Response {
    let lines = [
        "Your address and your name are deleted here, and nobody writes to you from there any more. What is kept cannot be \
         turned back into your address; it keeps the next list from writing to you again.",
        "If you joined, what you wrote then stays with your household: leave it on its page to delete that, too.",
    ];
    let heading = "Deleted";
    page(
        StatusCode::OK,
        &Notice { brand: Some(community), heading, lines: &lines, contact: None, offer_code: false },
    )
}

fn sample() -> Response {
    let lines = ["In a household's own message this link stops further ones. Here it changes nothing."];
    let heading = "This was a sample";
    page(StatusCode::OK, &Notice { brand: None, heading, lines: &lines, contact: None, offer_code: false })
}

fn broken_link() -> Response {
    let lines = ["Open it anew from the message: it may have been cut off on its way."];
    let heading = "This link is not complete";
    page(
        StatusCode::NOT_FOUND,
        &Notice { brand: None, heading, lines: &lines, contact: None, offer_code: false },
    )
}

fn later(error: sqlx::Error) -> Response {
    // Logs what the ledger said.
    let problem = Problem::from(error).into_response();
    let lines = ["It was not recorded yet. Try again in a few minutes."];
    let heading = "This does not work right now";
    page(problem.status(), &Notice { brand: None, heading, lines: &lines, contact: None, offer_code: false })
}
