//! Receipts that were quicker than our own record of the attempt.

use porchlight_shared::store::receipts;

use super::{
    LookError, MOST, Reconciler,
    report::{Moved, Report, add},
};

impl Reconciler {
    /// Heeds those whose attempt is recorded by now.
    pub(super) async fn receipts(&self) -> Result<Report, LookError> {
        let mut moved = Moved::new();
        for delivery in receipts::unheeded(&self.pool, MOST).await? {
            let mut tx = self.pool.begin().await?;
            let state = receipts::heed(&mut tx, delivery).await?;
            tx.commit().await?;
            add(&mut moved, state);
        }
        Ok(Report::Receipts(moved))
    }
}
