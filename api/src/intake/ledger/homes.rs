//! Homes: properties, and the households that live there.

use std::collections::HashSet;

use porchlight_shared::domain::{CommunityId, HouseholdId, PropertyId};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::intake::judging::Unit;

/// Makes sure that the properties exist, and locks them until the commit, so that two lists which name the same unit
/// at once agree on its household. Sorted by key. Returns each key's id.
pub async fn lock_properties(
    tx: &mut PgConnection,
    community: CommunityId,
    units: &[(PropertyId, &Unit)],
) -> Result<Vec<(String, PropertyId)>> {
    let ids: Vec<Uuid> = units.iter().map(|(id, _)| id.uuid()).collect();
    let labels: Vec<&str> = units.iter().map(|(_, unit)| unit.label.as_str()).collect();
    let keys: Vec<&str> = units.iter().map(|(_, unit)| unit.key.as_str()).collect();
    sqlx::query!(
        "INSERT INTO properties (id, community_id, label, label_key)
         SELECT id, $1, label, label_key FROM unnest($2::uuid[], $3::text[], $4::text[]) AS new(id, label, label_key)
         ON CONFLICT (community_id, label_key) DO NOTHING",
        community.uuid(),
        &ids,
        &labels as &[&str],
        &keys as &[&str],
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query!(
        "SELECT p.id, p.label_key
         FROM unnest($2::text[]) AS asked(key)
         CROSS JOIN LATERAL (
             SELECT id, label_key FROM properties WHERE community_id = $1 AND label_key = asked.key FOR NO KEY UPDATE
         ) p",
        community.uuid(),
        &keys as &[&str],
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.label_key, row.id.into())).collect())
}

/// A household of a property.
#[derive(Debug)]
pub struct Resident {
    /// Where it lives.
    pub property: PropertyId,
    /// Which it is.
    pub household: HouseholdId,
    /// What it is called.
    pub name: Option<String>,
    /// Whether it joined.
    pub joined: bool,
}

/// The households of these properties, oldest first.
pub async fn residents(tx: &mut PgConnection, properties: &[Uuid]) -> Result<Vec<Resident>> {
    let rows = sqlx::query!(
        r#"SELECT property_id AS "property!", id, name, joined_at IS NOT NULL AS "joined!"
           FROM households WHERE property_id = ANY($1) ORDER BY id"#,
        properties,
    )
    .fetch_all(tx)
    .await?;
    let residents = rows.into_iter().map(|row| Resident {
        property: row.property.into(),
        household: row.id.into(),
        name: row.name,
        joined: row.joined,
    });
    Ok(residents.collect())
}

/// A new household.
#[derive(Debug)]
pub struct NewHousehold {
    /// Its id.
    pub id: HouseholdId,
    /// Where it lives.
    pub property: Option<PropertyId>,
    /// What it is called.
    pub name: Option<String>,
}

/// Stores new households.
pub async fn insert_households(
    tx: &mut PgConnection,
    community: CommunityId,
    new: &[NewHousehold],
) -> Result<()> {
    let ids: Vec<_> = new.iter().map(|new| new.id.uuid()).collect();
    let properties: Vec<_> = new.iter().map(|new| new.property.map(PropertyId::uuid)).collect();
    let names: Vec<_> = new.iter().map(|new| new.name.as_deref()).collect();
    sqlx::query!(
        "INSERT INTO households (id, community_id, property_id, name, created_at)
         SELECT id, $1, property_id, name, (SELECT app_now())
         FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS new(id, property_id, name)",
        community.uuid(),
        &ids,
        &properties as &[Option<Uuid>],
        &names as &[Option<&str>],
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Which of these households joined.
pub async fn joined(tx: &mut PgConnection, households: &[Uuid]) -> Result<HashSet<Uuid>> {
    let joined = sqlx::query_scalar!(
        "SELECT id FROM households WHERE id = ANY($1) AND joined_at IS NOT NULL",
        households
    )
    .fetch_all(tx)
    .await?;
    Ok(joined.into_iter().collect())
}

/// Takes back new households that got no contact.
pub async fn delete_households(tx: &mut PgConnection, households: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM households h WHERE id = ANY($1) AND NOT EXISTS (SELECT FROM contacts WHERE household_id = h.id)",
        households,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives households a name that had none. Sorted by id.
pub async fn name_households(tx: &mut PgConnection, ids: &[Uuid], names: &[String]) -> Result<()> {
    sqlx::query!(
        "UPDATE households h SET name = new.name FROM unnest($1::uuid[], $2::text[]) AS new(id, name)
         WHERE h.id = new.id AND h.name IS NULL",
        ids,
        names,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Where units of a list are found, and who lives there.
#[derive(Debug)]
pub struct KnownUnit {
    /// The unit as it is compared.
    pub key: String,
    /// Which property it is.
    pub property: PropertyId,
}

/// The properties with these keys.
pub async fn known_units(
    tx: &mut PgConnection,
    community: CommunityId,
    keys: &[&str],
) -> Result<Vec<KnownUnit>> {
    let rows = sqlx::query!(
        "SELECT p.id, p.label_key
         FROM unnest($2::text[]) AS asked(key)
         CROSS JOIN LATERAL (
             SELECT id, label_key FROM properties WHERE community_id = $1 AND label_key = asked.key LIMIT 1
         ) p",
        community.uuid(),
        keys as &[&str],
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| KnownUnit { key: row.label_key, property: row.id.into() }).collect())
}

/// Whether the community imported a list of its properties.
pub async fn has_property_list(tx: &mut PgConnection, community: CommunityId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT property_list_at IS NOT NULL AS "listed!" FROM communities WHERE id = $1"#,
        community.uuid(),
    )
    .fetch_one(tx)
    .await
}

/// Locks the community until the commit, for what must not be done twice at once.
pub async fn lock_community(tx: &mut PgConnection, community: CommunityId) -> Result<()> {
    sqlx::query!("SELECT id FROM communities WHERE id = $1 FOR NO KEY UPDATE", community.uuid())
        .fetch_optional(tx)
        .await?;
    Ok(())
}

/// Takes down that the community imported a list of its properties.
pub async fn note_property_list(tx: &mut PgConnection, community: CommunityId) -> Result<()> {
    sqlx::query!(
        "UPDATE communities SET property_list_at = app_now() WHERE id = $1 AND property_list_at IS NULL",
        community.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Labels and keys of a community's properties, at most `most`.
pub async fn property_labels(tx: &mut PgConnection, community: CommunityId, most: i64) -> Result<Vec<Unit>> {
    let rows = sqlx::query!(
        "SELECT label, label_key FROM properties WHERE community_id = $1 ORDER BY label_key LIMIT $2",
        community.uuid(),
        most,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| Unit { label: row.label, key: row.label_key }).collect())
}

/// What the community's households are called that have no unit.
pub async fn names_without_unit(tx: &mut PgConnection, community: CommunityId) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"SELECT name AS "name!" FROM households
           WHERE community_id = $1 AND property_id IS NULL AND name IS NOT NULL"#,
        community.uuid(),
    )
    .fetch_all(tx)
    .await
}
