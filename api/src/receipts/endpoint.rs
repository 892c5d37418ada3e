//! `POST /receipts/twilio`.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, OriginalUri, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::post,
};
use porchlight_shared::{
    domain::{Channel, SuppressionId, masked},
    store::receipts::{self, Receipt, Recorded},
};

use super::{
    Texts,
    form::{self, Call, Inbound, Status},
    ledger,
    replies::{self, Voice},
    signature::is_form,
    words::{Keyword, keyword},
};
use crate::{
    intake::judging::phone::PhoneNumber,
    metrics::ReceiptResult,
    problem::{Kind, Problem},
    state::AppState,
};

/// The longest text, every character of it percent-encoded, and whatever else stands beside it.
const LARGEST_CALL: usize = 64 * 1024;

/// What providers call.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/receipts/twilio", post(twilio)).layer(DefaultBodyLimit::max(LARGEST_CALL))
}

async fn twilio(
    State(state): State<Arc<AppState>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::BodyTooLarge, "A call is at most 64 KiB."),
        _ => Problem::new(Kind::BodyTooSlow, "The body broke off. Call again."),
    })?;
    let texts = state.texts.as_ref().ok_or_else(Problem::not_found)?;
    let word = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (content_type, signature) = (word(header::CONTENT_TYPE.as_str()), word("x-twilio-signature"));
    let called = uri.path_and_query().map_or_else(|| uri.path(), |called| called.as_str());
    if !texts.verifier.is_genuine(called, content_type, &body, signature) {
        state.metrics.receipt(ReceiptResult::Forged);
        texts.complain();
        let detail = "X-Twilio-Signature does not fit this address and body.";
        return Err(Problem::new(Kind::BadSignature, detail));
    }
    let (result, answer) = match read(&uri, content_type, &body) {
        Call::Status(status) => (heed(&state, &status).await?, StatusCode::NO_CONTENT.into_response()),
        Call::Inbound(text) => {
            let reply = answer(&state, texts, &text).await?;
            (ReceiptResult::Text, twiml(reply.as_deref()))
        }
        Call::Other => (ReceiptResult::Unknown, StatusCode::NO_CONTENT.into_response()),
    };
    state.metrics.receipt(result);
    Ok(answer)
}

fn read(uri: &Uri, content_type: &str, body: &[u8]) -> Call {
    if is_form(content_type) { form::read(uri.query().unwrap_or_default(), body) } else { Call::Other }
}

fn twiml(reply: Option<&str>) -> Response {
    let xml = reply.map_or_else(replies::silence, replies::reply);
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response()
}

/// Records how far a text of ours came.
async fn heed(state: &AppState, status: &Status) -> Result<ReceiptResult, Problem> {
    let Some(tag) = status.tag else { return Ok(ReceiptResult::Unknown) };
    let receipt = Receipt {
        delivery: tag.delivery,
        attempt: tag.attempt,
        kind: status.reached,
        provider_id: status.sid.as_str(),
        code: status.code,
    };
    let suppression = SuppressionId::new(state.clock.now(), &mut AppState::rng());
    let mut tx = state.pool.begin().await?;
    let recorded = receipts::record(&mut tx, suppression, &receipt).await?;
    tx.commit().await?;
    tracing::info!(delivery = %tag.delivery, attempt = tag.attempt, kind = ?receipt.kind, ?recorded, "receipt");
    Ok(match recorded {
        Recorded::New(_) => ReceiptResult::Recorded,
        Recorded::Repeated => ReceiptResult::Repeated,
        Recorded::Unknown => ReceiptResult::Unknown,
    })
}

/// Does what a resident's text asks for, once. Answers what is to be said, if anything: where the provider understood
/// the word itself it has said it.
async fn answer(state: &AppState, texts: &Texts, text: &Inbound) -> Result<Option<String>, Problem> {
    let Some(word) = text.opt_out.or_else(|| keyword(&text.body)) else { return Ok(None) };
    // As contacts are stored; a number that our metadata does not know is taken as it came.
    let number = PhoneNumber::parse(&text.from, "ZZ").ok();
    let number = number.as_ref().map_or(text.from.as_str(), |(number, _)| number.as_str());
    let hash = state.keyring.address_hash(Channel::Text, number);
    let mut tx = state.pool.begin().await?;
    if !ledger::comes_first(&mut tx, text.sid.as_str()).await? {
        return Ok(None);
    }
    let community = ledger::last_sender(&mut tx, &hash).await?;
    let voice = Voice {
        site: texts.site.as_str(),
        community: community.as_ref().map(|community| community.as_read()),
    };
    let said = match word {
        Keyword::Stop => {
            let id = SuppressionId::new(state.clock.now(), &mut AppState::rng());
            let taken_back = ledger::stop(&mut tx, id, &hash, &masked(Channel::Text, number)).await?;
            tracing::info!(taken_back, "a resident stopped texts");
            state.metrics.stops.inc();
            Some(voice.stopped())
        }
        // A yes to nothing is somebody else's conversation.
        Keyword::Start => (ledger::start(&mut tx, &hash).await? > 0).then(|| voice.started()),
        Keyword::Help => Some(voice.help()),
    };
    tx.commit().await?;
    Ok(said.filter(|_| text.opt_out.is_none()))
}
