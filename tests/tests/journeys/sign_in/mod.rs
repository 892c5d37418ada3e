//! Signing in by e-mail, who may act, and what is written down of it.
//!
//! [`links`] are asked for, used once, and overtake lists; [`guarding`] keeps strangers out; [`people`] are added and
//! removed; [`phones`] get their links as texts; [`notices`] go to leaders without being asked for.

mod guarding;
mod links;
mod notices;
mod people;
mod phones;

use porchlight_tests::installation::Community;
use reqwest::{StatusCode, header};

use crate::{board::Board, world::World};

impl World {
    /// Adds a leader as the operator does; answers their id.
    pub(crate) async fn add_leader(&self, community: &Community, email: &str, role: &str) -> String {
        let arguments =
            ["admin", "add-leader", "--community", &community.id, "--email", email, "--role", role, "--json"];
        let said = self.installation.api_command(&arguments).await.unwrap();
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert_eq!(said.as_object().unwrap().len(), 1, "{said}");
        said["id"].as_str().unwrap().to_owned()
    }

    /// The letters that went to somebody under a subject, the oldest first.
    pub(crate) fn letters(&self, to: &str, subject: &str) -> Vec<String> {
        let smtp = &self.installation.smtp;
        let accepted = smtp.accepted();
        let sources = accepted.iter().filter(|message| &*message.recipient == to);
        let sources = sources.filter_map(|message| smtp.source(message.number));
        let texts = sources.map(|source| String::from_utf8_lossy(&source).into_owned());
        texts.filter(|text| text.contains(&format!("\r\nSubject: {subject}"))).collect()
    }

    /// The so-many-th letter to somebody under a subject.
    pub(crate) async fn letter(&self, to: &str, subject: &str, number: usize) -> String {
        self.until("the letter is there", async || self.letters(to, subject).len() >= number).await;
        let letters = self.letters(to, subject);
        assert_eq!(letters.len(), number, "{subject}");
        letters.last().unwrap().clone()
    }

    /// Asks for a link, and answers its path once it has come as the so-many-th.
    async fn link(&self, email: &str, number: usize) -> String {
        self.stranger().ask(email).await;
        path_in(&self.letter(email, "Sign in to", number).await)
    }

    /// A browser in which somebody signed in with a link that they asked for.
    pub(crate) async fn signed_in(&self, email: &str) -> Board {
        let before = self.letters(email, "Sign in to").len();
        let path = self.link(email, before + 1).await;
        let mut board = self.stranger();
        assert_eq!(board.open(&path).await, 303);
        board
    }

    async fn told(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.installation.pool).await.unwrap()
    }
}

/// The path of the link that a letter carries.
pub(crate) fn path_in(letter: &str) -> String {
    let token = letter.split("/sign-in/").nth(1).unwrap_or_else(|| panic!("no link in {letter}"));
    let token: String =
        token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    assert_eq!(token.len(), 43, "{letter}");
    format!("/sign-in/{token}")
}

impl Board {
    /// Asks for a link, and reads the page that follows.
    async fn ask(&self, email: &str) -> (StatusCode, String) {
        self.submit("/sign-in", &format!("email={}", email.replace('@', "%40").replace('+', "%2B"))).await
    }

    /// Presses the button of a link, and keeps the cookie.
    async fn open(&mut self, path: &str) -> StatusCode {
        let answer = self.post(path).await;
        if let Some(cookie) = answer.headers().get(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        answer.status()
    }

    /// Whether nobody is signed in here.
    async fn is_out(&self) -> bool {
        self.get("/households").await.0 == 303
    }
}
