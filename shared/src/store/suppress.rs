//! Writing down that an address must not be written to any more.

use sqlx::{PgConnection, Result};

use crate::domain::{Channel, ContactId, DeliveryId, SuppressionId, SuppressionReason, masked};

/// Suppresses a contact's address for every community of the installation: the provider refuses our sender there. What
/// waits for it ends when it would begin. One that is suppressed already stays as it is.
///
/// # Errors
/// When the ledger does not answer.
pub async fn contact_everywhere(
    connection: &mut PgConnection,
    id: SuppressionId,
    contact: ContactId,
    reason: SuppressionReason,
) -> Result<()> {
    let found =
        sqlx::query!("SELECT channel, address, address_hash FROM contacts WHERE id = $1", contact.uuid(),)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(found) = found else { return Ok(()) };
    let masked = found.address.map(|address| masked(found.channel, &address)).unwrap_or_default();
    sqlx::query!(
        "INSERT INTO suppressions (id, channel, address_hash, address_masked, reason) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (address_hash, community_id) WHERE lifted_at IS NULL DO NOTHING",
        id.uuid(),
        found.channel as Channel,
        found.address_hash,
        masked,
        reason as SuppressionReason,
    )
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// The same for the recipient of a delivery.
///
/// # Errors
/// When the ledger does not answer.
pub async fn recipient_everywhere(
    connection: &mut PgConnection,
    id: SuppressionId,
    delivery: DeliveryId,
    reason: SuppressionReason,
) -> Result<()> {
    let contact = sqlx::query_scalar!("SELECT contact_id FROM deliveries WHERE id = $1", delivery.uuid());
    match contact.fetch_optional(&mut *connection).await? {
        // A letter has none: whom it is for asked for it, or leads the community.
        Some(Some(contact)) => contact_everywhere(connection, id, contact.into(), reason).await,
        Some(None) | None => Ok(()),
    }
}
