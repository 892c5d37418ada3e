//! Contacts: what is known of an address, and new ones.

use porchlight_shared::domain::{Channel, CommunityId, ContactId, HouseholdId, SuppressionReason};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

/// What the ledger knows of an address.
#[derive(Debug)]
pub struct KnownAddress {
    /// Index into the hashes asked for.
    pub index: usize,
    /// The contact and its household, if it is one of this community.
    pub contact: Option<(ContactId, HouseholdId)>,
    /// Whether that household joined.
    pub joined: bool,
    /// Whether the address was forgotten on request.
    pub erased: bool,
    /// Whether it was forgotten because nobody came. It is its household's as before: [`bring_back`].
    pub lapsed: bool,
    /// Why the address must not be written to, if so.
    pub suppressed: Option<SuppressionReason>,
}

/// Looks up what is known of each address; the unknown ones are left out.
///
/// Each address is looked up by itself: planned as a join, on a table whose statistics are behind, this becomes a loop
/// over all addresses asked for and all contacts.
pub async fn known_addresses(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    hashes: &[&[u8]],
) -> Result<Vec<KnownAddress>> {
    let rows = sqlx::query!(
        r#"SELECT asked.place AS "place!", c.id AS "contact?", c.household_id AS "household?",
                  coalesce(c.joined, false) AS "joined!", coalesce(c.erased, false) AS "erased!",
                  coalesce(c.lapsed, false) AS "lapsed!", s.reason AS "reason?"
           FROM unnest($3::bytea[]) WITH ORDINALITY AS asked(hash, place)
           LEFT JOIN LATERAL (
               SELECT contacts.id, household_id, h.joined_at IS NOT NULL AS joined, erased_at IS NOT NULL AND NOT lapsed AS erased, lapsed
               FROM contacts JOIN households h ON h.id = household_id
               WHERE contacts.community_id = $1 AND channel = $2 AND address_hash = asked.hash
                   -- Known from a head's invite alone, or to be wrong, and of nobody who joined: as good as unknown.
                   AND NOT ((of_member OR wrong_at IS NOT NULL) AND NOT EXISTS (
                       SELECT FROM members m
                       WHERE m.household_id = contacts.household_id AND m.channel = $2 AND m.address_hash = asked.hash
                   )) LIMIT 1
           ) c ON true
           LEFT JOIN LATERAL (
               SELECT reason FROM suppressions
               WHERE address_hash = asked.hash AND (community_id = $1 OR community_id IS NULL) AND lifted_at IS NULL
               ORDER BY created_at LIMIT 1
           ) s ON true
           WHERE c.id IS NOT NULL OR s.reason IS NOT NULL"#,
        community.uuid(),
        channel as Channel,
        hashes as &[&[u8]],
    )
    .fetch_all(tx)
    .await?;
    let known = rows.into_iter().map(|row| KnownAddress {
        index: usize::try_from(row.place - 1).expect("ordinality counts from 1"),
        contact: row
            .contact
            .zip(row.household)
            .map(|(contact, household)| (contact.into(), household.into())),
        joined: row.joined,
        erased: row.erased,
        lapsed: row.lapsed,
        suppressed: row.reason,
    });
    Ok(known.collect())
}

/// New contacts, as columns, sorted by hash.
#[derive(Debug, Default)]
pub struct NewContacts<'a> {
    /// Ids.
    pub ids: Vec<Uuid>,
    /// Whom they reach.
    pub households: Vec<Uuid>,
    /// Addresses.
    pub addresses: Vec<&'a str>,
    /// Their keyed hashes.
    pub hashes: Vec<&'a [u8]>,
    /// How to greet.
    pub names: Vec<Option<&'a str>>,
}

/// Stores new contacts, or takes those over that are as good as unknown; returns ids and hashes of those that
/// another list did not store first.
pub async fn insert_contacts(
    tx: &mut PgConnection,
    community: CommunityId,
    channel: Channel,
    new: &NewContacts<'_>,
) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let rows = sqlx::query!(
        "INSERT INTO contacts (id, community_id, household_id, channel, address, address_hash, name, created_at)
         SELECT id, $1, household_id, $2, address, hash, name, (SELECT app_now())
         FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::bytea[], $7::text[]) AS new(id, household_id, address, hash, name)
         ON CONFLICT (community_id, channel, address_hash) DO UPDATE
             SET household_id = excluded.household_id, address = excluded.address, name = excluded.name,
                 erased_at = NULL, lapsed = false, of_member = false, wrong_at = NULL
             WHERE (contacts.of_member OR contacts.lapsed OR contacts.wrong_at IS NOT NULL AND contacts.erased_at IS NULL) AND NOT EXISTS (
                 SELECT FROM members m
                 WHERE m.household_id = contacts.household_id AND m.channel = contacts.channel
                     AND m.address_hash = contacts.address_hash
             )
         RETURNING id, address_hash",
        community.uuid(),
        channel as Channel,
        &new.ids,
        &new.households,
        &new.addresses as &[&str],
        &new.hashes as &[&[u8]],
        &new.names as &[Option<&str>],
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.address_hash)).collect())
}

/// Writes the addresses of known contacts again where they had lapsed. Who invites their household anew does it after the
/// invitation is stored: what forgets addresses passes over a household that is being invited.
pub async fn bring_back(
    tx: &mut PgConnection,
    contacts: &[Uuid],
    addresses: &[&str],
    names: &[Option<&str>],
) -> Result<()> {
    sqlx::query!(
        "UPDATE contacts AS c SET address = back.address, name = back.name, erased_at = NULL, lapsed = false
         FROM unnest($1::uuid[], $2::text[], $3::text[]) AS back(id, address, name)
         WHERE c.id = back.id AND c.lapsed",
        contacts,
        addresses as &[&str],
        names as &[Option<&str>],
    )
    .execute(tx)
    .await?;
    Ok(())
}
