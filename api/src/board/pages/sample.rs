//! `POST /settings/test`: the community's invitation, as a household would get it, to the leader who asks. Its code opens
//! nothing.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Redirect, Response},
};
use porchlight_shared::{
    domain::LetterKind,
    store::letters::{Letter, Reader},
};

use super::astray;
use crate::{
    audit::{Act, By, Entry},
    board::session::{Leader, SameOrigin, Turned},
    letters,
    limits::{self, Limit},
    pages::leaders,
    state::AppState,
};

/// Samples for one leader, and in how many seconds.
const FOR_ONE: (u32, u32) = (5, 3_600);

pub(super) async fn send(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
) -> Result<Response, Turned> {
    let By::Leader(id) = leader.by else {
        let lines = [say!("settings-sample-nameless-why"), say!("settings-sample-nameless-next")];
        return Ok(astray(StatusCode::CONFLICT, say!("settings-sample-nameless"), &lines));
    };
    let limit = Limit { name: "samples", subject: id.as_bytes(), most: FOR_ONE.0, seconds: FOR_ONE.1 };
    if let Err(seconds) = limits::count(&state, &[limit]).await {
        let wait = say!("settings-sample-wait", count = seconds.div_ceil(60));
        let mut answer = astray(StatusCode::TOO_MANY_REQUESTS, say!("settings-sample-too-many"), &[&wait]);
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(answer);
    }
    let mut tx = state.pool.begin().await?;
    let to = Reader::Leader(id);
    let posted =
        letters::write(&mut tx, state.clock.now(), Letter::of(leader.community, LetterKind::Sample, to))
            .await?;
    Entry::whole(leader.by, Act::TestSent).write(&mut tx, leader.community).await?;
    tx.commit().await?;
    posted.push(&state);
    Ok(leaders(Redirect::to("/settings?done=test")))
}
