//! Asking for a link: one box for an e-mail address, or a mobile number where texts go.
//!
//! A text that somebody asks for goes at once, at any hour: they wait for it.
//!
//! Whose it is nobody learns here: the answer is one and the same, comes after the same look-up, and before
//! anything is written.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderValue, StatusCode, header},
    response::{Redirect, Response},
};
use porchlight_shared::{
    domain::{Channel, CommunityId, LetterKind},
    store::{
        Unquoted,
        letters::{Letter, Reader},
    },
};
use serde::Deserialize;

use super::named::Named;
use crate::{
    board::session::{Leader, SameOrigin, Turned},
    letters,
    limits::{self, Limit},
    pages::{Notice, leaders, leaders_page, page},
    state::AppState,
    visitor::Visitor,
};

/// Askings of one connection, and in how many seconds;
const OF_ONE: (u32, u32) = (10, 600);
/// of its neighbourhood;
const OF_NEIGHBOURS: (u32, u32) = (100, 3_600);
/// for one address.
const FOR_ADDRESS: (u32, u32) = (5, 900);
/// Letters to one address at once: communities that somebody leads, and households that they joined.
const MOST_LETTERS: i64 = 10;
/// Texts with a link to one member in a day: somebody else may ask for them, at any hour, and each is paid for.
const MOST_TEXTS_A_DAY: i64 = 10;
/// For how many seconds a letter that was not used is quite new.
const QUITE_NEW: f64 = 120.0;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct AskPage<'a> {
    /// The community in which this browser is signed in already.
    signed_in: Option<&'a str>,
    email: &'a str,
    /// Whether texts go here.
    texts: bool,
    fault: Option<&'a str>,
}

/// The box.
pub(super) async fn show(State(state): State<Arc<AppState>>, leader: Option<Leader>) -> Response {
    let signed_in = leader.as_ref().map(|leader| leader.name.as_str());
    let texts = state.texts.is_some();
    leaders_page(StatusCode::OK, &AskPage { signed_in, email: "", texts, fault: None })
}

/// What was typed: an address, or a number.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    email: String,
}

/// Sends what there is for this address or number.
pub(super) async fn ask(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    visitor: Visitor,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, Turned> {
    let Asked { email } = form.map(|Form(asked)| asked).unwrap_or_default();
    let typed = email.trim();
    let again = |status, fault: &str| {
        let texts = state.texts.is_some();
        leaders_page(status, &AskPage { signed_in: None, email: typed, texts, fault: Some(fault) })
    };
    let named = match Named::read(&state, typed).await? {
        Ok(named) => named,
        Err(fault) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, fault)),
    };
    let (one, neighbours) = (visitor.household(), visitor.neighbourhood());
    let mut limits = vec![
        Limit { name: "links-asked", subject: &one, most: OF_ONE.0, seconds: OF_ONE.1 },
        Limit {
            name: "links-asked-nearby",
            subject: &neighbours,
            most: OF_NEIGHBOURS.0,
            seconds: OF_NEIGHBOURS.1,
        },
    ];
    limits.extend(named.hashes.iter().map(|hash| {
        let subject: &[u8; 16] = hash.first_chunk().expect("32 bytes hold 16");
        Limit { name: "links-to", subject, most: FOR_ADDRESS.0, seconds: FOR_ADDRESS.1 }
    }));
    if let Err(seconds) = limits::count(&state, &limits).await {
        let minutes = seconds.div_ceil(60);
        let fault = match minutes {
            1 => "Too many links were asked for. Wait a minute, then try again.".to_owned(),
            _ => format!("Too many links were asked for. Wait {minutes} minutes, then try again."),
        };
        let mut answer = again(StatusCode::TOO_MANY_REQUESTS, &fault);
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Ok(answer);
    }
    let readers = readers(&state, &named).await?;
    if !readers.is_empty() {
        // Whoever times the answer learns nothing from how long it takes to write.
        let later = Arc::clone(&state);
        state.afterwards.spawn(async move {
            if let Err(error) = write(&later, named.channel, &readers).await {
                tracing::error!(error = %Unquoted(&error), "a link that was asked for could not be written");
            }
        });
    }
    let sent = if named.channel == Channel::Text { "/sign-in/sent/text" } else { "/sign-in/sent" };
    Ok(leaders(Redirect::to(sent)))
}

async fn write(
    state: &Arc<AppState>,
    channel: Channel,
    readers: &[(CommunityId, LetterKind, Reader)],
) -> sqlx::Result<()> {
    for &(community, kind, to) in readers {
        let mut tx = state.pool.begin().await?;
        let posted =
            letters::write(&mut tx, state.clock.now(), Letter::of(community, kind, to).by(channel)).await?;
        tx.commit().await?;
        tracing::info!(%community, ?kind, "a link to sign in is on its way");
        posted.push(state);
    }
    Ok(())
}

/// Whom it belongs to: the communities that they lead, and the households that they joined with it.
///
/// Anybody may have typed an address or a number that no message of ours reached with the code: it opens nothing. Whoever has a letter
/// that is quite new, and was not used, needs no other.
async fn readers(state: &AppState, named: &Named) -> sqlx::Result<Vec<(CommunityId, LetterKind, Reader)>> {
    let hashes: Vec<Vec<u8>> = named.hashes.iter().map(|hash| hash.to_vec()).collect();
    let rows = sqlx::query!(
        r#"(SELECT l.id AS "id!", l.community_id AS "community!", true AS "leads!"
            FROM leaders l
            WHERE l.email = $1 AND l.removed_at IS NULL
                AND NOT EXISTS (SELECT FROM letters WHERE leader_id = l.id AND expires_at IS NOT NULL AND used_at IS NULL
                                    AND created_at > app_now() - make_interval(secs => $4))
            ORDER BY l.id LIMIT $3)
           UNION ALL
           (SELECT id, community_id, false FROM (
                SELECT DISTINCT ON (coalesce(m.account_id, m.id)) m.id, m.community_id FROM members m
                WHERE m.channel = $5 AND m.address_hash = ANY($2) AND m.verified_at IS NOT NULL
                ORDER BY coalesce(m.account_id, m.id), m.id DESC
            ) AS once
            WHERE NOT EXISTS (SELECT FROM letters WHERE member_id = once.id AND expires_at IS NOT NULL AND used_at IS NULL
                                  AND created_at > app_now() - make_interval(secs => $4))
                AND ($5 <> 'text' OR (SELECT count(*) FROM letters
                                      WHERE member_id = once.id AND created_at > app_now() - interval '1 day') < $6)
            LIMIT $3)"#,
        named.email,
        &hashes,
        MOST_LETTERS,
        QUITE_NEW,
        named.channel as Channel,
        MOST_TEXTS_A_DAY,
    )
    .fetch_all(&state.pool)
    .await?;
    let reader = |id: uuid::Uuid, leads| {
        if leads {
            (LetterKind::SignIn, Reader::Leader(id.into()))
        } else {
            (LetterKind::ResidentSignIn, Reader::Member(id.into()))
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            let (kind, to) = reader(row.id, row.leads);
            (row.community.into(), kind, to)
        })
        .collect())
}

/// The answer, whoever asked.
pub(super) async fn sent() -> Response {
    let lines = [
        "If this address belongs to a leader or to somebody who has joined, a link is on its way to it. It holds for 15 minutes, and works once.",
        "Nothing there after a few minutes? Look among the unwanted mail, and whether the address was the one that your community wrote to. No other opens anything; your leaders can help.",
    ];
    let heading = "Look at your e-mail";
    page(StatusCode::OK, &Notice { brand: None, heading, lines: &lines, contact: None, offer_code: false })
}

/// The same for a number.
pub(super) async fn texted() -> Response {
    let lines = [
        "If somebody has joined with this number, a link is on its way to it. It holds for 15 minutes, and works once.",
        "Nothing there after a few minutes? Look whether the number was the one that your community wrote to. A phone that answered STOP gets none; answer START to the last text first. Leaders sign in with their e-mail address.",
    ];
    let heading = "Look at your texts";
    page(StatusCode::OK, &Notice { brand: None, heading, lines: &lines, contact: None, offer_code: false })
}
