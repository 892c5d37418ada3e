//! What makes the community believable: the lists went out nine days ago, households have joined since, and a second part
//! of the community is being invited right now.
//!
//! Everything is done as people would: households join with the codes of their messages. Only the days are made, by the
//! clock that tests set.

use serde_json::{Value, json};

use super::{Demo, Sent, list, tell};
use crate::installation::Failure;

/// Of a thousand households so many join on each day.
const JOINS: [usize; 9] = [210, 120, 70, 50, 30, 45, 25, 20, 15];
/// Messages a second while somebody looks: a second list of this size takes some minutes.
const RATE: &str = "2";
const SECOND_LIST: usize = 400;
/// Who owns the community.
pub(super) const OWNER: &str = "rosa.delgado@oakridge.example";

impl Demo {
    /// Puts the clock back to the day of the first lists.
    pub(super) async fn begin_in_the_past(&self) -> Result<(), Failure> {
        self.set_days_ago(JOINS.len()).await
    }

    async fn set_days_ago(&self, days: usize) -> Result<(), Failure> {
        sqlx::query("UPDATE app_clock SET ahead = make_interval(days => -$1)")
            .bind(i32::try_from(days)?)
            .execute(&self.installation.pool)
            .await?;
        Ok(())
    }

    /// Lets the days pass, and households join.
    pub(super) async fn let_days_pass(&self) -> Result<(), Failure> {
        let mut messages = self.messages();
        let households = messages.len();
        let mut joined = 0;
        for (day, share) in JOINS.iter().enumerate() {
            self.set_days_ago(JOINS.len() - 1 - day).await?;
            for _ in 0..households * share / 1000 {
                // Not in the order of the list.
                if messages.is_empty() {
                    break;
                }
                let place = (joined * 37 + 11) % messages.len();
                let newcomer = messages.swap_remove(place);
                joined += usize::from(self.client.join(&newcomer, None).await?.status.is_success());
            }
        }
        tell(&format!("Nine days pass: {joined} of {households} households join with their codes."));
        Ok(())
    }

    /// Adds an owner by name, and leaves a list that somebody pasted and has not looked through.
    pub(super) async fn leave_a_messy_list(&self) -> Result<(), Failure> {
        let community = &self.community.id;
        let add = [
            "admin",
            "add-leader",
            "--community",
            community,
            "--email",
            OWNER,
            "--role",
            "owner",
            "--name",
            "Rosa Delgado",
            "--json",
        ];
        self.installation.api_command(&add).await?;
        let saved =
            self.client.post(&self.community, "drafts", list::messy().to_string().into_bytes(), &[]).await?;
        match saved.status.as_u16() {
            201 => Ok(()),
            status => Err(format!("the list was not kept: {status} {}", saved.body).into()),
        }
    }

    /// Invites the second part, at a pace that can be watched.
    pub(super) async fn invite_the_rest(&mut self) -> Result<Sent, Failure> {
        let settings = [("PORCHLIGHT_SMTP_RATE", RATE)];
        let slower = self.installation.start_worker_with(&settings).await?;
        std::mem::replace(&mut self.worker, slower).stop().await?;
        self.send(&list::second(SECOND_LIST)).await
    }

    /// What whoever got a message would join with.
    fn messages(&self) -> Vec<Value> {
        let texts = self.installation.twilio.accepted();
        let texts = texts.iter().filter_map(|text| {
            Some(json!({"code": code(&text.body)?, "name": "A neighbour", "phone": &*text.to}))
        });
        let emails = self.installation.smtp.accepted();
        let emails = emails.iter().filter_map(|email| {
            let source = self.installation.smtp.source(email.number)?;
            let told = quoted_printable::decode(&*source, quoted_printable::ParseMode::Robust).ok()?;
            let code = code(&String::from_utf8_lossy(&told))?;
            Some(json!({"code": code, "name": "A neighbour", "email": &*email.recipient}))
        });
        texts.chain(emails).collect()
    }
}

/// The code of the link in a message.
fn code(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("/j/")?;
    Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}
