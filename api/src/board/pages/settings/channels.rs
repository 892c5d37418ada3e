//! Which ways out there are, and why not.

use porchlight_shared::domain::{AttemptReason, Channel};

use crate::{board::words, state::AppState};

/// A way out.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) stands: &'static str,
    /// In style sheets.
    pub(super) word: &'static str,
    pub(super) means: String,
}

pub(super) async fn ways(state: &AppState) -> sqlx::Result<Vec<Way>> {
    let closed = sqlx::query!(
        r#"SELECT channel AS "channel: Channel", reason AS "reason: AttemptReason" FROM channels WHERE closed_at IS NOT NULL"#
    );
    let closed = closed.fetch_all(&state.pool).await?;
    let why = |channel| closed.iter().find(|row| row.channel == channel).map(|row| row.reason);
    let ready = |name, means: &str| Way {
        name,
        stands: say!("settings-way-stands-ready"),
        word: "delivered",
        means: means.to_owned(),
    };
    let none = |name, means: &str| Way {
        name,
        stands: say!("settings-way-stands-none"),
        word: "not_sent",
        means: means.to_owned(),
    };
    let shut = |name, means| Way { name, stands: say!("settings-way-stands-shut"), word: "problem", means };
    let (email, text, paper) =
        (say!("settings-way-email"), say!("settings-way-text"), say!("settings-way-paper"));
    Ok(vec![
        match why(Channel::Email) {
            Some(reason) => shut(email, email_shut(reason)),
            None => ready(email, say!("settings-way-email-ready")),
        },
        match (&state.texts, why(Channel::Text)) {
            (None, _) => none(text, say!("settings-way-text-none")),
            (Some(_), Some(reason)) => shut(text, text_shut(reason)),
            (Some(_), None) => ready(text, say!("settings-way-text-ready")),
        },
        match &state.site {
            Some(_) => ready(paper, say!("settings-way-paper-ready")),
            None => none(paper, say!("settings-way-paper-none")),
        },
    ])
}

fn email_shut(reason: Option<AttemptReason>) -> String {
    match reason {
        Some(reason) => say!("settings-way-email-shut-why", why = words::clause(reason)),
        None => say!("settings-way-email-shut").to_owned(),
    }
}

fn text_shut(reason: Option<AttemptReason>) -> String {
    match reason {
        Some(reason) => say!("settings-way-text-shut-why", why = words::clause(reason)),
        None => say!("settings-way-text-shut").to_owned(),
    }
}
