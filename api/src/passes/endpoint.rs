//! `POST …/passes`, `GET …/passes/{printing}` and its `/pdf`, `POST …/passes/hand-over|void`.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use porchlight_shared::domain::{CommunityId, PrintingId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    ledger::{self, PassRow},
    marking::{Mark, Marked, Serials, mark},
    printing::{Printing, print},
    request::PassesRequest,
    sheets,
};
use crate::{
    access::{Caller, Role},
    intake::body::require_json,
    pages::private,
    problem::{Kind, Problem, ProblemBody},
    refusals::{
        LedgerAway, LedgerAwayRepeat, NoPrinting, NoToken, NotJson, NotJsonType, NotTheirs, ServiceToken,
    },
    state::AppState,
};

/// What was printed, pass by pass.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintingShown {
    /// The act of printing.
    #[serde(flatten)]
    pub printing: Printing,
    /// Its passes, in the order of the sheets.
    pub items: Vec<PassRow>,
}

/// A token that may see codes.
fn may_see_codes(caller: &Caller) -> Result<(), Problem> {
    if caller.role == Role::Service {
        let detail = "A service's token sees no codes, and passes carry them. Use a leader's.";
        return Err(Problem::new(Kind::Forbidden, detail));
    }
    Ok(())
}

fn body(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    let bytes = body.map_err(|_| Problem::new(Kind::BodyTooLarge, "At most 16 MiB are read."))?;
    require_json(headers, "what is to be done")?;
    Ok(bytes)
}

/// Print access passes
///
/// One pass for each household that has not joined, with its own code; whoever has no invitation gets one. The codes can be
/// used for 90 days at least from now on. Asking again prints the same codes with other serials.
#[utoipa::path(
    post, path = "/v1/communities/{community}/passes", tag = "Passes",
    params(("community" = String, Path, format = Uuid, description = "The community")),
    request_body = PassesRequest,
    responses(
        (status = 201, description = "Ready to be fetched as a PDF", body = Printing),
        NotJson, NoToken, ServiceToken, NotTheirs,
        (status = 409, description = "The community is not ready, or nobody is left to print for", body = ProblemBody, content_type = "application/problem+json"),
        NotJsonType,
        (status = 422, description = "A field does not fit, or there are more than 2,000 households", body = ProblemBody, content_type = "application/problem+json"),
        LedgerAway,
    ),
    security(("bearer" = [])),
)]
pub async fn print_passes(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    headers: HeaderMap,
    request: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Printing>), Problem> {
    may_see_codes(&caller)?;
    let wish = PassesRequest::parse(&body(&headers, request)?)?;
    let printing = print(&state, caller.community, caller.by(), &wish).await?;
    Ok((StatusCode::CREATED, Json(printing)))
}

/// What was printed, act by act.
#[derive(Debug, Serialize, ToSchema)]
pub struct PrintingsListed {
    /// The newest first, at most a hundred.
    pub items: Vec<Printing>,
}

/// List what was printed
///
/// The newest hundred acts of printing. No codes.
#[utoipa::path(
    get, path = "/v1/communities/{community}/passes", tag = "Passes",
    params(("community" = String, Path, format = Uuid, description = "The community")),
    responses(
        (status = 200, description = "What was printed", body = PrintingsListed),
        NoToken, NotTheirs, LedgerAway,
    ),
    security(("bearer" = [])),
)]
pub async fn list_printings(
    State(state): State<Arc<AppState>>,
    caller: Caller,
) -> Result<Json<PrintingsListed>, Problem> {
    Ok(Json(PrintingsListed { items: ledger::printings(&state.pool, caller.community).await? }))
}

/// Show what was printed
///
/// What became of each pass: printed, handed over, joined, expired or void. No codes.
#[utoipa::path(
    get, path = "/v1/communities/{community}/passes/{printing}", tag = "Passes",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("printing" = String, Path, format = Uuid, description = "The act of printing"),
    ),
    responses(
        (status = 200, description = "The passes", body = PrintingShown),
        NoToken, NoPrinting, LedgerAway,
    ),
    security(("bearer" = [])),
)]
pub async fn show_printing(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, printing)): Path<(String, String)>,
) -> Result<Json<PrintingShown>, Problem> {
    let id: PrintingId = printing.parse().map_err(|_| Problem::not_found())?;
    let printing = ledger::printing(&state.pool, caller.community, id).await?;
    let printing = printing.ok_or_else(Problem::not_found)?;
    Ok(Json(PrintingShown { printing, items: ledger::passes(&state.pool, id, 0, i64::MAX).await? }))
}

/// Fetch the sheets
///
/// The PDF, made anew each time: the same codes at the same places, with names as they are now. Print it at 100 %, without
/// "fit to page". The place of a code that has ended stays empty.
#[utoipa::path(
    get, path = "/v1/communities/{community}/passes/{printing}/pdf", tag = "Passes",
    params(
        ("community" = String, Path, format = Uuid, description = "The community"),
        ("printing" = String, Path, format = Uuid, description = "The act of printing"),
    ),
    responses(
        (status = 200, description = "The sheets", content_type = "application/pdf"),
        NoToken, ServiceToken, NoPrinting, LedgerAway,
    ),
    security(("bearer" = [])),
)]
pub async fn fetch_sheets(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    Path((_, printing)): Path<(String, String)>,
) -> Result<Response, Problem> {
    may_see_codes(&caller)?;
    let printing: PrintingId = printing.parse().map_err(|_| Problem::not_found())?;
    pdf(&state, caller.community, printing).await
}

/// The sheets as an answer that nobody keeps.
///
/// # Errors
/// When the community has no such printing, or the ledger does not answer.
pub async fn pdf(
    state: &AppState,
    community: CommunityId,
    printing: PrintingId,
) -> Result<Response, Problem> {
    // Each takes a core for a while, also when nobody waits for it any more.
    let turn = Arc::clone(&state.drawing).acquire_owned().await.map_err(|_| Problem::internal())?;
    let sheets = sheets::read(&mut *state.pool.acquire().await?, community, printing).await?;
    let (sheets, keyring) = (sheets.ok_or_else(Problem::not_found)?, Arc::clone(&state.keyring));
    let drawing = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        sheets::render(&sheets.order(&keyring)?)
    });
    let bytes = drawing.await.map_err(|_| Problem::internal())??;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf"),
        (header::CONTENT_DISPOSITION, r#"attachment; filename="access-passes.pdf""#),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok(private((headers, bytes).into_response()))
}

macro_rules! marking {
    ($(#[$doc:meta])* $name:ident, $path:literal, $description:literal, $mark:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "Passes",
            params(("community" = String, Path, format = Uuid, description = "The community")),
            request_body = Serials,
            responses(
                (status = 200, description = $description, body = Marked),
                NotJson, NoToken,
                (status = 404, description = "No pass of this token's community has such a serial", body = ProblemBody, content_type = "application/problem+json"),
                NotJsonType,
                (status = 422, description = "No serials, or more than 2,000", body = ProblemBody, content_type = "application/problem+json"),
                LedgerAwayRepeat,
            ),
            security(("bearer" = [])),
        )]
        pub async fn $name(
            State(state): State<Arc<AppState>>,
            caller: Caller,
            headers: HeaderMap,
            request: Result<Bytes, BytesRejection>,
        ) -> Result<Json<Marked>, Problem> {
            let serials = Serials::parse(&body(&headers, request)?)?;
            mark(&state, caller.actor(), serials, $mark).await.map(Json)
        }
    };
}

marking! {
    /// Hand passes over
    ///
    /// Notes that passes of these serials were handed over. Repeating the request changes nothing.
    hand_passes_over, "/v1/communities/{community}/passes/hand-over", "It is noted", Mark::HandedOver
}
marking! {
    /// Make passes void
    ///
    /// Ends the codes of the passes of these serials: other passes and messages with the same codes open nothing any more
    /// either. A household that has joined stays so. Repeating the request changes nothing.
    void_passes, "/v1/communities/{community}/passes/void", "Nobody can join with them any more", Mark::Void
}
