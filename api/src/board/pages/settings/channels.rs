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
    let shut = |name, what: &str, reason: Option<AttemptReason>| {
        let clause = reason.map(|reason| format!(": {}", words::clause(reason))).unwrap_or_default();
        let means = format!(
            "No {what} can go out at the moment{clause}. The operator has to mend it; what waits goes by itself then."
        );
        Way { name, stands: "Not working right now", word: "problem", means }
    };
    let ready = |name, means: &str| Way { name, stands: "Ready", word: "delivered", means: means.to_owned() };
    let not =
        |name, means: &str| Way { name, stands: "Not set up", word: "not_sent", means: means.to_owned() };
    Ok(vec![
        match why(Channel::Email) {
            Some(reason) => shut("E-mail", "e-mail", reason),
            None => ready("E-mail", "Replies go to the contact for residents, if that is an e-mail address."),
        },
        match (&state.texts, why(Channel::Text)) {
            (None, _) => not("Text message", "This installation has no provider of texts. Ask its operator."),
            (Some(_), Some(reason)) => shut("Text message", "text", reason),
            (Some(_), None) => {
                ready("Text message", "Only to people who agreed to get texts, at the times above.")
            }
        },
        match &state.site {
            Some(_) => ready("Printed access pass", "Print from “Passes”, with your name, colour and logo."),
            None => not(
                "Printed access pass",
                "A pass says where its code is typed: the operator has to set PORCHLIGHT_PUBLIC_URL first.",
            ),
        },
    ])
}
