//! After the door: [`household`]s and whom their heads let in, [`blank`] passes, and what residents are [`asking`] their
//! leaders for.

mod asking;
mod blank;
mod household;

use porchlight_shared::domain::{AccessCode, Sealed};
use porchlight_tests::installation::Method;
use reqwest::{StatusCode, header};
use serde_json::Value;

use crate::{board::Board, world::World};

impl World {
    /// The live codes of a kind, in the order in which they were drawn.
    pub(crate) async fn codes_of(&self, kind: &str) -> Vec<AccessCode> {
        let keyring = self.keyring();
        let live: Vec<(uuid::Uuid, uuid::Uuid, Vec<u8>, i16)> = sqlx::query_as(
            "SELECT id, community_id, code_sealed, code_sealed_key FROM invitations
             WHERE ended_at IS NULL AND kind::text = $1 ORDER BY id",
        )
        .bind(kind)
        .fetch_all(&self.installation.pool)
        .await
        .unwrap();
        let open = |(id, community, bytes, key): (uuid::Uuid, uuid::Uuid, Vec<u8>, i16)| {
            keyring.unseal(&Sealed { key, bytes }, community.into(), id.into()).unwrap()
        };
        live.into_iter().map(open).collect()
    }

    /// Joins with a code in a browser of its own, which knows them afterwards.
    pub(crate) async fn join_page(&self, code: &AccessCode, form: &str) -> (Board, String) {
        let mut browser = self.stranger();
        let (status, page) = browser.join(code.plain(), form).await;
        assert!(status.is_success(), "{status} {page}");
        (browser, page)
    }

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.installation.pool).await.unwrap()
    }

    /// Has what is kept for a time looked through: a worker does that first of all, unless another one has just done so.
    pub(crate) async fn look_through(&mut self) {
        let now: f64 = sqlx::query_scalar("SELECT extract(epoch FROM app_now())::float8")
            .fetch_one(&self.installation.pool)
            .await
            .unwrap();
        let worker = self.installation.start_worker().await.unwrap();
        self.until("it was looked through", async || {
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM reconcilers WHERE name = 'forgotten' AND looked_at > to_timestamp($1))")
                .bind(now)
                .fetch_one(&self.installation.pool)
                .await
                .unwrap()
        })
        .await;
        worker.stop().await.unwrap();
    }

    pub(crate) async fn requests(&self) -> Vec<Value> {
        let answer = self.client.get(&self.oakridge, "requests").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["items"].as_array().unwrap().clone()
    }

    pub(crate) async fn answer(&self, request: &Value, how: &str, body: &Value) -> (u16, Value) {
        let path = format!("requests/{}/{how}", request["id"].as_str().unwrap());
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let answer = self.client.post(&self.oakridge, &path, body, &[]).await.unwrap();
        (answer.status.as_u16(), answer.body)
    }

    async fn home_of(&self, list: &Value) {
        let body = list.to_string().into_bytes();
        let answer = self.client.post(&self.oakridge, "households:import", body, &[]).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

impl Board {
    /// Sends the form of a code's page, as one page of ours, and keeps the cookie that comes with the answer.
    async fn join(&mut self, code: &str, form: &str) -> (StatusCode, String) {
        let request = self.request(Method::POST, &format!("/j/{code}"));
        let request = request.header("sec-fetch-site", "same-origin");
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.unwrap();
        if let Some(cookie) = answer.headers().get(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        (answer.status(), answer.text().await.unwrap())
    }

    /// Invites somebody to the household whose page is at `home`.
    async fn invite(&self, home: &str, form: &str) -> (StatusCode, String) {
        let path = format!("{home}/invite");
        self.submit(&path, &format!("{form}&what=invite")).await
    }

    /// Looks at a code's page, and keeps the cookie that comes with it.
    async fn look(&mut self, code: &str) -> String {
        let answer = self.request(Method::GET, &format!("/j/{code}")).send().await.unwrap();
        if let Some(cookie) = answer.headers().get(header::SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        answer.text().await.unwrap()
    }

    /// The page of the one household, and where it is.
    async fn home(&self) -> (String, String) {
        let answer = self.request(Method::GET, "/home").send().await.unwrap();
        assert_eq!(answer.status(), 303, "who has one household is led there");
        let path = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let page = self.page(&path).await;
        (path, page)
    }
}

/// What follows a word on a page, up to a quotation mark.
fn after<'a>(page: &'a str, word: &str) -> &'a str {
    page.split(word).nth(1).unwrap_or_else(|| panic!("no {word} in {page}")).split('"').next().unwrap()
}

const ADA: &str = "name=Ada+Lovelace&contact=ada%40example.org";
