//! Bodies of lists: read whole, within limits of size, of time, and of memory over all requests together.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    problem::{Kind, Problem},
    state::AppState,
};

/// Bytes of a request's body.
pub const LARGEST_BODY: usize = 16 * 1024 * 1024;
/// Bytes of all bodies that are worked on at once.
const ALL_BODIES: usize = 3 * LARGEST_BODY;
/// What a permit stands for, in bytes.
const UNIT: usize = 64 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_mins(1);
/// How long a body that is too large is listened to before the answer.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long a body waits for the large ones before it.
const TURN: Duration = Duration::from_secs(20);

/// Memory that the bodies of all requests share, so that many large lists at once wait instead of filling the machine.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BODIES / UNIT)))
    }
}

impl Room {
    /// Room for so many more bytes.
    ///
    /// # Errors
    /// When none is to be had soon.
    pub async fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.0).acquire_many_owned(units)).await;
        turn.ok().and_then(Result::ok).ok_or_else(|| {
            let detail = "Many large lists are being read right now. Send yours again in a few seconds.";
            Problem::new(Kind::Busy, detail).retry_after(5)
        })
    }
}

/// A body, and its share of the room: both are kept until the answer is made.
#[derive(Debug)]
pub struct ListBody {
    /// All of it.
    pub bytes: Bytes,
    /// What the caller says it is.
    pub headers: HeaderMap,
    room: OwnedSemaphorePermit,
}

impl ListBody {
    /// Splits the bytes off; the share of the room stays with what is returned beside them.
    pub fn into_parts(self) -> (Bytes, HeaderMap, OwnedSemaphorePermit) {
        (self.bytes, self.headers, self.room)
    }
}

impl FromRequest<Arc<AppState>> for ListBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let length = parts.headers.get(header::CONTENT_LENGTH);
        let declared = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > LARGEST_BODY) {
            pass_over(body).await;
            return Err(too_large());
        }
        let (bytes, room) =
            tokio::time::timeout(ARRIVAL, receive(body, &state.list_room)).await.map_err(|_| {
                let detail = "The body took more than a minute to arrive. Send the list again, or split it.";
                Problem::new(Kind::BodyTooSlow, detail)
            })??;
        Ok(Self { bytes, headers: parts.headers, room })
    }
}

/// Listens for a while to a body that is not wanted: most callers read the answer only when they have sent everything.
pub async fn pass_over(body: Body) {
    let _ = tokio::time::timeout(FAREWELL, discard(body)).await;
}

/// Reads on without keeping anything, up to a few times what would have been taken.
async fn discard(mut body: Body) {
    let mut left = 4 * LARGEST_BODY;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

fn too_large() -> Problem {
    Problem::new(Kind::BodyTooLarge, "A body has at most 16 MiB. Split the list.")
}

/// Takes a body in, and room for it as it arrives: who only promises a large body holds nothing up.
async fn receive(mut body: Body, room: &Room) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
    let mut bytes = BytesMut::new();
    let mut share = room.take(1).await?;
    while let Some(frame) = body.frame().await {
        let cut_off = |_| Problem::new(Kind::MalformedJson, "The body ended before it was complete.");
        let Ok(data) = frame.map_err(cut_off)?.into_data() else { continue };
        if bytes.len() + data.len() > LARGEST_BODY {
            pass_over(body).await;
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
        let held = share.num_permits() * UNIT;
        if bytes.len() > held {
            share.merge(room.take(bytes.len() - held).await?);
        }
    }
    Ok((bytes.freeze(), share))
}

/// An answer whose JSON is written already.
pub fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// What a body says it is: the type and its `charset`, both in small letters.
#[must_use]
pub fn content_type(headers: &HeaderMap) -> (String, Option<String>) {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(|part| part.trim().to_ascii_lowercase());
    let kind = parts.next().unwrap_or_default();
    let charset =
        parts.find_map(|part| part.strip_prefix("charset=").map(|name| name.trim_matches('"').to_owned()));
    (kind, charset)
}

/// Whether a body says that it is JSON.
///
/// # Errors
/// When it says something else.
pub fn require_json(headers: &HeaderMap, what: &str) -> Result<(), Problem> {
    if content_type(headers).0 == "application/json" {
        return Ok(());
    }
    Err(Problem::new(Kind::UnsupportedMediaType, format!("Send {what} as application/json.")))
}
