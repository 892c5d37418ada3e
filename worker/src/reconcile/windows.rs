//! When a community's texts may go next.
//!
//! Begin compares two stored instants with the clock and knows nothing of time zones. Once the second has passed nothing
//! begins until the next two are worked out here, from the community's window and its time zone's own rules.

use porchlight_shared::{
    domain::TextWindow,
    store::window::{self, Known},
};

use super::{LookError, Reconciler, report::Report};

impl Reconciler {
    /// Works out the openings of communities with texts under way: those that have closed, and those whose window was
    /// changed.
    pub(super) async fn windows(&self, installation: &TextWindow) -> Result<Report, LookError> {
        let communities = sqlx::query!(
            r#"SELECT DISTINCT c.id, c.time_zone, c.text_window, c.text_opens_at, c.text_closes_at, app_now() AS "now!"
               FROM batches b JOIN communities c ON c.id = b.community_id
               WHERE b.finished_at IS NULL AND b.channel = 'text'"#,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut changed = 0;
        for row in communities {
            let opening = (row.text_opens_at, row.text_closes_at);
            let known = Known::new(row.id.into(), row.time_zone, row.text_window, opening, row.now);
            changed += u64::from(window::renew(&self.pool, &known, installation).await?.is_some());
        }
        Ok(Report::Windows(changed))
    }
}
