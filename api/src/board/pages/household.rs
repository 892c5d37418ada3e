//! `/households/{household}`: one household, whole, and what to do where it is listed twice.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query as Parameters, State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::{HouseholdId, InvitationId};
use serde::Deserialize;

use super::{Frame, Place, board, chasing, moment, nothing_here};
use crate::{
    board::{
        household::{self, Contact, Whole},
        merging::merge,
        session::{Leader, SameOrigin, Turned},
        words::Bucket,
    },
    family::ledger::MemberRole,
    pages::leaders,
    state::AppState,
};

struct Line {
    link: String,
    what: String,
    word: &'static str,
    title: &'static str,
    since: Option<String>,
    means: Option<&'static str>,
}

struct Twin {
    id: HouseholdId,
    told: String,
}

#[derive(Template)]
#[template(path = "board/household.html")]
struct HouseholdPage<'a> {
    frame: Frame<'a>,
    id: HouseholdId,
    who: String,
    unit: Option<String>,
    stands: String,
    told: Option<&'static str>,
    /// Whether it can be invited still.
    open: bool,
    /// Its invitation, if its code is valid.
    live: Option<InvitationId>,
    /// Whether there is a provider of texts.
    texts: bool,
    contacts: Vec<Contact>,
    messages: Vec<Line>,
    passes: Vec<Line>,
    members: Vec<(String, String, bool)>,
    twins: Vec<Twin>,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    leader: Leader,
    Path(id): Path<String>,
    Parameters(done): Parameters<Done>,
) -> Result<Response, Turned> {
    let Ok(id) = id.parse::<HouseholdId>() else { return Ok(nothing_here()) };
    let Some(whole) = household::read(&state.pool, leader.community, id).await? else {
        return Ok(nothing_here());
    };
    let texts = state.texts.is_some();
    Ok(board(&HouseholdPage { texts, ..page(&leader, id, whole, chasing::told(&done.done)) }))
}

fn page<'a>(
    leader: &'a Leader,
    id: HouseholdId,
    whole: Whole,
    told: Option<&'static str>,
) -> HouseholdPage<'a> {
    let now = leader.now.to_zoned(leader.zone.clone());
    let named = whole.name.or_else(|| whole.messages.iter().find_map(|message| message.to.clone()));
    let who = named.or_else(|| whole.unit.clone()).unwrap_or_else(|| say!("household-nameless").to_owned());
    let stands = match (whole.joined_at, whole.live) {
        (Some(at), _) => say!("household-joined-at", at = moment(at, &now)),
        (None, Some((_, until))) => {
            let day = until.to_zoned(leader.zone.clone()).strftime("%-d %B %Y").to_string();
            say!("household-invited-until", day = day)
        }
        (None, None) => say!("household-no-code").to_owned(),
    };
    let messages = whole.messages.into_iter().map(|message| {
        let bucket = Bucket::of(message.state);
        Line {
            link: format!("/deliveries/{}", message.id),
            what: message.to.unwrap_or_else(|| say!("household-forgotten").to_owned()),
            word: bucket.as_str(),
            title: bucket.title(),
            since: Some(moment(message.since, &now)),
            means: message.words.map(|words| words.what),
        }
    });
    let passes = whole.passes.into_iter().map(|pass| Line {
        link: String::new(),
        what: say!("passes-one", serial = format!("{:06}", pass.serial)),
        word: pass.state.as_str(),
        title: pass.state.title(),
        since: pass.handed_over_at.map(|at| moment(at, &now)),
        means: None,
    });
    let twins = whole.twins.into_iter().map(|twin| {
        let name = twin.name.unwrap_or_else(|| say!("household-nameless").to_owned());
        let told = match (twin.unit, twin.joined) {
            (None, false) => name,
            (None, true) => say!("household-twin-joined", who = name),
            (Some(unit), false) => say!("household-twin-at", who = name, unit = unit),
            (Some(unit), true) => say!("household-twin-at-joined", who = name, unit = unit),
        };
        Twin { id: twin.id, told }
    });
    let members = whole.members.into_iter();
    HouseholdPage {
        frame: Frame::of(leader, Place::Households),
        id,
        unit: whole.unit.filter(|unit| *unit != who),
        who,
        stands,
        told,
        open: whole.joined_at.is_none(),
        live: whole.live.map(|(invitation, _)| invitation),
        texts: false,
        contacts: whole.contacts,
        messages: messages.collect(),
        passes: passes.collect(),
        members: members
            .map(|member| (member.name, member.address, member.role == MemberRole::Head))
            .collect(),
        twins: twins.collect(),
    }
}

/// Into which household.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Into {
    #[serde(default)]
    into: String,
}

pub(super) async fn merge_into(
    State(state): State<Arc<AppState>>,
    _: SameOrigin,
    leader: Leader,
    Path(id): Path<String>,
    form: Result<Form<Into>, FormRejection>,
) -> Result<Response, Turned> {
    let into = form.map(|Form(form)| form.into).unwrap_or_default();
    let (Ok(from), Ok(into)) = (id.parse::<HouseholdId>(), into.parse::<HouseholdId>()) else {
        return Ok(nothing_here());
    };
    match merge(&state, leader.actor(), from, into).await {
        Ok(()) => Ok(leaders(Redirect::to(&format!("/households/{into}?done=merged"))).into_response()),
        Err(problem) if problem.is_ours() => Err(Turned::Later),
        Err(_) => Ok(nothing_here()),
    }
}
