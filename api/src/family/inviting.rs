//! The Head of Household invites somebody: a code of their own, seven days, sent or shown.

use std::sync::Arc;

use porchlight_shared::domain::{Channel, ContactId, DeliveryKind, InvitationId, InvitationKind};
use sqlx::PgConnection;

use super::ledger::{Membership, lock_as_head};
use crate::{
    asked::sending::{self, Reachable, Sending},
    intake::{
        batch::drawing::Drawing,
        judging::{Field, line},
    },
    join::newcomer::{Misfit, address},
    problem::{Problem, commit_unclear},
    state::AppState,
};

/// How long a member's code works.
const DAYS: i32 = 7;
/// Codes of a household that nobody has used yet, at most.
pub const MOST_OPEN: i64 = 10;
/// Messages of a household to its members in a day, at most: codes can be taken back and drawn again.
const MOST_A_DAY: i64 = 20;

/// Messages of a household to one address, at most.
const MOST_TO_ONE: i64 = 5;

/// Why nobody was invited.
#[derive(Debug)]
pub enum Refused {
    /// A field does not fit.
    Field(Misfit),
    /// Not as things stand: what to do.
    Because(&'static str),
    /// It is another household's address, or one that must not be written to: said alike, and counted like a wrong code,
    /// so that nobody finds out whose addresses are known.
    Elsewhere,
    /// Only the head invites.
    NotHead,
    /// The ledger does not answer.
    Problem(Problem),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

/// Whom the head invites, in their words.
#[derive(Clone, Copy)]
pub struct Guest<'a> {
    /// Whom they mean.
    pub intended_for: &'a str,
    /// Where the code is sent; empty: nowhere, it is shown.
    pub contact: &'a str,
    /// Whether whose number it is agreed to be texted.
    pub agreed: bool,
}

impl std::fmt::Debug for Guest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guest(***)")
    }
}

/// Draws a member's code, and sends it where that is said.
///
/// # Errors
/// When a field does not fit, it is not the head who asks, there are too many already, or the ledger does not answer.
pub async fn invite(
    state: &Arc<AppState>,
    membership: &Membership,
    guest: &Guest<'_>,
) -> Result<InvitationId, Refused> {
    let intended_for = line(Some(guest.intended_for), Field::Name).map_err(|_| {
        Refused::Field(Misfit { field: "for", mend: "Write a name of at most 200 characters on one line." })
    })?;
    let to = if guest.contact.trim().is_empty() {
        None
    } else {
        let found = address(guest.contact, &membership.brand.country).map_err(Refused::Field)?;
        match found.0 {
            Channel::Text if state.texts.is_none() => {
                let mend = "Texts are not set up here: give an e-mail address, or copy the link.";
                return Err(Refused::Field(Misfit { field: "contact", mend }));
            }
            Channel::Text if !guest.agreed => {
                let mend = "Ask whose number it is first, and tick that they agreed.";
                return Err(Refused::Field(Misfit { field: "agreed", mend }));
            }
            Channel::Text | Channel::Email => Some(found),
        }
    };
    let (now, mut rng) = (state.clock.now(), AppState::rng());
    let mut tx = state.pool.begin().await?;
    sqlx::query("SET LOCAL lock_timeout = '3s'").execute(&mut *tx).await?;
    if !lock_as_head(&mut tx, membership).await? {
        return Err(Refused::NotHead);
    }
    check_room(&mut tx, membership, to.is_some()).await?;
    let (community, keyring) = (membership.community, &state.keyring);
    let drawing = Drawing { keyring, community, days: DAYS, from: None, now };
    let drawn =
        drawing.draw_loose(&mut tx, &mut rng, InvitationKind::Member, Some(membership.household), 1).await?;
    let invitation = *drawn.first().ok_or_else(|| Refused::Problem(Problem::internal()))?;
    sqlx::query!("UPDATE invitations SET intended_for = $2 WHERE id = $1", invitation.uuid(), intended_for,)
        .execute(&mut *tx)
        .await?;
    let mut sent = Vec::new();
    if let Some((channel, to)) = to {
        let id = ContactId::new(now, &mut rng);
        let hash = to.hash(keyring);
        let contact = contact(&mut tx, membership, id, channel, to.as_str(), &hash).await?;
        check_contact(&mut tx, membership, contact).await?;
        let sending = Sending { community, invitation };
        let reachable = Reachable { contact, channel };
        let delivery = sending.one(&mut tx, state, DeliveryKind::MemberInvite, reachable).await?;
        sent.push((channel, delivery));
    }
    tx.commit().await.map_err(|error| Refused::Problem(commit_unclear(error)))?;
    tracing::info!(%community, household = %membership.household, %invitation, sent = sent.len(), "a head invites a member");
    sending::push(state, community, sent);
    Ok(invitation)
}

/// Ten codes at once, and twenty messages a day.
async fn check_room(tx: &mut PgConnection, membership: &Membership, sends: bool) -> Result<(), Refused> {
    let found = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE i.ended_at IS NULL AND i.expires_at > app_now()) AS "open!",
                  count(*) FILTER (WHERE d.created_at > app_now() - interval '24 hours') AS "sent!"
           FROM invitations i LEFT JOIN LATERAL (
               SELECT max(created_at) AS created_at FROM deliveries WHERE invitation_id = i.id
           ) AS d ON true
           WHERE i.household_id = $1 AND i.kind = 'member'"#,
        membership.household.uuid(),
    )
    .fetch_one(tx)
    .await?;
    if found.open >= MOST_OPEN {
        return Err(Refused::Because(
            "Ten invites are open already. Take one back that is not needed, or wait until one is used.",
        ));
    }
    if sends && found.sent >= MOST_A_DAY {
        return Err(Refused::Because(
            "Twenty messages went today. Copy the link instead, or wait until tomorrow.",
        ));
    }
    Ok(())
}

/// The community's contact with this address, new if there is none.
async fn contact(
    tx: &mut PgConnection,
    membership: &Membership,
    id: ContactId,
    channel: Channel,
    address: &str,
    hash: &[u8; 32],
) -> Result<ContactId, Refused> {
    // What must not be written to is not written down either.
    sqlx::query!(
        "INSERT INTO contacts (id, community_id, household_id, channel, address, address_hash, of_member)
         SELECT $1, $2, $3, $4, $5, $6, true
         WHERE NOT EXISTS (
             SELECT FROM suppressions
             WHERE address_hash = $6 AND lifted_at IS NULL AND (community_id = $2 OR community_id IS NULL)
         )
         ON CONFLICT (community_id, channel, address_hash)
         DO UPDATE SET address = excluded.address, erased_at = NULL, lapsed = false, of_member = true, household_id = excluded.household_id
         WHERE contacts.lapsed OR contacts.of_member AND contacts.erased_at IS NOT NULL",
        id.uuid(),
        membership.community.uuid(),
        membership.household.uuid(),
        channel as Channel,
        address,
        &hash[..],
    )
    .execute(&mut *tx)
    .await?;
    let found = sqlx::query_scalar!(
        "SELECT id FROM contacts
         WHERE community_id = $1 AND channel = $2 AND address_hash = $3 AND household_id = $4 AND address IS NOT NULL
             AND NOT EXISTS (
                 SELECT FROM suppressions
                 WHERE address_hash = $3 AND lifted_at IS NULL AND (community_id = $1 OR community_id IS NULL)
             )",
        membership.community.uuid(),
        channel as Channel,
        &hash[..],
        membership.household.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    found.map(Into::into).ok_or(Refused::Elsewhere)
}

/// One a day goes to somebody, and five in all.
async fn check_contact(
    tx: &mut PgConnection,
    membership: &Membership,
    contact: ContactId,
) -> Result<(), Refused> {
    let sent = sqlx::query!(
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE d.created_at > app_now() - interval '24 hours') AS "lately!"
           FROM (SELECT id FROM invitations WHERE household_id = $1 AND kind = 'member' OFFSET 0) AS i
           JOIN deliveries d ON d.invitation_id = i.id WHERE d.contact_id = $2"#,
        membership.household.uuid(),
        contact.uuid(),
    )
    .fetch_one(tx)
    .await?;
    if sent.lately > 0 {
        return Err(Refused::Because(
            "A message went there within the last day. Leave the address empty, and give them the link yourself.",
        ));
    }
    if sent.all >= MOST_TO_ONE {
        return Err(Refused::Because(
            "Five messages went there, which is the most. Leave the address empty, and give them the link yourself.",
        ));
    }
    Ok(())
}
