//! The leader's board over HTTP, as a browser without script sees it.
//!
//! [`pages`] are its pages, [`events`] its streams, [`report`] its report.

mod choosing;
pub(crate) mod events;
mod pages;
mod report;

use std::{collections::BTreeMap, time::Duration};

use porchlight_tests::installation::{Community, Method};
use reqwest::{Response, StatusCode, header};

use crate::world::World;

/// A browser in which a leader is signed in.
pub(crate) struct Board {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

impl World {
    /// The path of a link that signs a leader in.
    pub(crate) async fn sign_in_path(&self) -> String {
        let link = self.installation.sign_in_link(&self.oakridge).await.unwrap();
        format!("/sign-in/{}", link.rsplit_once("/sign-in/").unwrap().1)
    }

    /// Signs a leader in.
    pub(crate) async fn board(&self) -> Board {
        self.board_of(&self.oakridge).await
    }

    pub(crate) async fn board_of(&self, community: &Community) -> Board {
        let link = self.installation.sign_in_link(community).await.unwrap();
        let mut board = self.stranger();
        let answer = board.post(&format!("/sign-in/{}", link.rsplit_once("/sign-in/").unwrap().1)).await;
        assert_eq!(answer.status(), 303);
        board.keep(answer.headers()[header::SET_COOKIE].to_str().unwrap());
        board
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn stranger(&self) -> Board {
        let builder =
            reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_mins(1));
        let http = builder.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Board { http, base: self.client.base().to_owned(), cookie: String::new() }
    }
}

impl Board {
    /// Sends a cookie along from now on, as it was set.
    pub(crate) fn keep(&mut self, set: &str) {
        set.split(';').next().unwrap().clone_into(&mut self.cookie);
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).header("cookie", &self.cookie)
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// A page that is there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let (status, page) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {page}");
        page
    }

    pub(crate) async fn post(&self, path: &str) -> Response {
        self.request(Method::POST, path).header("sec-fetch-site", "same-origin").send().await.unwrap()
    }

    /// Sends a form, and reads the page that follows.
    pub(crate) async fn submit(&self, path: &str, form: &str) -> (StatusCode, String) {
        let request = self.request(Method::POST, path).header("sec-fetch-site", "same-origin");
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let answer = request.send().await.unwrap();
        if answer.status() != 303 {
            let status = answer.status();
            return (status, answer.text().await.unwrap());
        }
        self.get(answer.headers()[header::LOCATION].to_str().unwrap()).await
    }

    /// Presses a button, and reads the page that follows.
    pub(crate) async fn press(&self, path: &str) -> String {
        let answer = self.post(path).await;
        assert_eq!(answer.status(), 303, "{path}");
        self.page(answer.headers()[header::LOCATION].to_str().unwrap()).await
    }
}

/// The counts of a page's progress by their class.
fn counts(page: &str) -> BTreeMap<String, i64> {
    let list = page.split("<ul class=\"tally").nth(1).unwrap().split("</ul>").next().unwrap();
    let items = list.split("<li class=\"").skip(1).map(|item| {
        let word = item.split(['"', ' ']).next().unwrap().to_owned();
        let count = item.split("<b>").nth(1).unwrap().split("</b>").next().unwrap().replace(',', "");
        (word, count.parse().unwrap())
    });
    items.collect()
}

fn assert_sums(counts: &BTreeMap<String, i64>) {
    let sum: i64 = counts.iter().filter(|(word, _)| *word != "total").map(|(_, count)| count).sum();
    assert_eq!(sum, counts["total"], "{counts:?}");
}
