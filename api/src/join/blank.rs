//! Joining with a blank pass: whoever holds it says where they live.
//!
//! One household there that has not joined is theirs, and its other code ends. One that has joined sends them to its head,
//! or to a leader if they ask; each such answer counts as a wrong try, so that nobody walks down a street with one pass.
//! Where nobody can tell which household they are, a leader is asked, and the code waits with them: it is used up by
//! nobody else.

use porchlight_shared::domain::{AccountId, Channel, HouseholdId, PropertyId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Invitation, LetIn,
    ledger::{Entry, NewIds, account_of, lock_household, move_in},
    newcomer::Newcomer,
};
use crate::intake::{
    judging::Unit,
    ledger::{
        endings::{Asked, end_as_joined},
        homes::{NewHousehold, insert_households},
    },
};

/// Who lives at a place, as far as the ledger knows.
enum Residents {
    /// The place is none of the community's.
    Nowhere,
    /// Nobody is listed there yet.
    Nobody(PropertyId),
    /// One household, which has not joined.
    One(HouseholdId),
    /// All who live there have joined.
    Joined,
    /// Several, and nobody can tell which.
    Several,
}

/// Lets whoever holds a blank pass in, or asks a leader. Locks are taken in the order household, invitation.
///
/// # Errors
/// When the ledger does not answer.
pub async fn join(
    tx: &mut PgConnection,
    invitation: &Invitation,
    ids: &NewIds,
    newcomer: &Newcomer,
) -> sqlx::Result<LetIn> {
    let Some(place) = &newcomer.place else { return Ok(LetIn::TooLate) };
    let household = match residents(tx, invitation, place).await? {
        Residents::One(household) => household,
        Residents::Joined if !newcomer.asks => return Ok(LetIn::HouseholdExists),
        Residents::Nobody(property) => {
            let new = NewHousehold { id: ids.household, property: Some(property), name: None };
            insert_households(tx, invitation.community, &[new]).await?;
            ids.household
        }
        Residents::Nowhere | Residents::Several | Residents::Joined => {
            let account = account_of(tx, ids, newcomer).await?;
            let asked = ask(tx, invitation, ids, newcomer, place, account).await?;
            return Ok(if asked { LetIn::Asked(account) } else { LetIn::TooLate });
        }
    };
    lock_household(tx, invitation.community, household).await?;
    if !end_as_joined(tx, invitation.id, household, Asked::Now).await? {
        return Ok(LetIn::TooLate);
    }
    let account = account_of(tx, ids, newcomer).await?;
    let entry = Entry { community: invitation.community, household, invitation: invitation.id, head: true };
    Ok(match move_in(tx, &entry, account, ids.member, newcomer).await? {
        Some(joined) => LetIn::Joined(joined, account),
        None => LetIn::HouseholdExists,
    })
}

async fn residents(tx: &mut PgConnection, invitation: &Invitation, place: &Unit) -> sqlx::Result<Residents> {
    // Locked, so that two who say the same place at once, or an import, agree on its household.
    let property = sqlx::query_scalar!(
        "SELECT id FROM properties WHERE community_id = $1 AND label_key = $2 FOR NO KEY UPDATE",
        invitation.community.uuid(),
        place.key,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(property) = property else { return Ok(Residents::Nowhere) };
    let households = sqlx::query!(
        r#"SELECT id, joined_at IS NOT NULL AS "joined!" FROM households WHERE property_id = $1 ORDER BY id"#,
        property,
    )
    .fetch_all(tx)
    .await?;
    Ok(match &households[..] {
        [] => Residents::Nobody(property.into()),
        [one] if !one.joined => Residents::One(one.id.into()),
        all if all.iter().all(|household| household.joined) => Residents::Joined,
        _ => Residents::Several,
    })
}

/// Puts it before a leader; `false`: somebody else asked with this code, or it ended.
async fn ask(
    tx: &mut PgConnection,
    invitation: &Invitation,
    ids: &NewIds,
    newcomer: &Newcomer,
    place: &Unit,
    account: AccountId,
) -> sqlx::Result<bool> {
    let live: Option<Uuid> = sqlx::query_scalar!(
        "SELECT id FROM invitations WHERE id = $1 AND ended_at IS NULL AND expires_at > app_now() FOR NO KEY UPDATE",
        invitation.id.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    if live.is_none() {
        return Ok(false);
    }
    let asked = sqlx::query!(
        "INSERT INTO requests (id, community_id, kind, invitation_id, account_id, name, channel, address, address_hash, place)
         VALUES ($1, $2, 'join', $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (invitation_id, kind) WHERE ended_at IS NULL DO NOTHING",
        ids.request.uuid(),
        invitation.community.uuid(),
        invitation.id.uuid(),
        account.uuid(),
        newcomer.name,
        newcomer.channel as Channel,
        newcomer.address,
        &newcomer.hash[..],
        place.label,
    )
    .execute(tx)
    .await?;
    Ok(asked.rows_affected() > 0)
}
