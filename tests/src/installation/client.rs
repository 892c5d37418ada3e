//! Calls the HTTP API as a program of a leader's would.

use std::time::Duration;

use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

use super::{Community, Failure};
use crate::caller::caller;

/// A caller.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, null when that is not JSON.
    pub body: Value,
}

/// A page, whole.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Where it is, after being led on.
    pub path: String,
    /// Its source.
    pub text: String,
}

impl Client {
    /// A caller of the API at `base`.
    ///
    /// # Errors
    /// When there is no HTTP client to be had.
    pub fn new(base: &str) -> Result<Self, Failure> {
        Ok(Self { http: caller(Duration::from_mins(2))?, base: base.to_owned() })
    }

    /// Where the API is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends a list and returns the answer.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send_list(&self, community: &Community, list: &Value) -> Result<Answer, Failure> {
        self.post(community, "batches", list.to_string().into_bytes(), &[]).await
    }

    /// Posts a body to a path of the community.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post(
        &self,
        community: &Community,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(Method::POST, community, path, body, &all).await
    }

    /// Sends a request with a body to a path of the community.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send(
        &self,
        method: Method,
        community: &Community,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let url = format!("{}/v1/communities/{}/{path}", self.base, community.id);
        let mut request = self.http.request(method, url).bearer_auth(&community.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.body(body).send().await?).await
    }

    /// Posts JSON to a path of the community and returns status and body as they came.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post_raw(
        &self,
        community: &Community,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let url = format!("{}/v1/communities/{}/{path}", self.base, community.id);
        let request =
            self.http.post(url).bearer_auth(&community.token).header("content-type", "application/json");
        let response = request.body(body).send().await?;
        Ok((response.status(), response.bytes().await?.into()))
    }

    /// Gets a path of the community.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get(&self, community: &Community, path: &str) -> Result<Answer, Failure> {
        let url = format!("{}/v1/communities/{}/{path}", self.base, community.id);
        answer(self.http.get(url).bearer_auth(&community.token).send().await?).await
    }

    /// Gets a path of the community as it comes: what is no JSON.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn fetch(
        &self,
        community: &Community,
        path: &str,
    ) -> Result<(u16, HeaderMap, Vec<u8>), Failure> {
        let url = format!("{}/v1/communities/{}/{path}", self.base, community.id);
        let response = self.http.get(url).bearer_auth(&community.token).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok((status, headers, response.bytes().await?.into()))
    }

    /// Visits a page, or sends its form, as a browser would from where `from` says (a trusted proxy's word).
    ///
    /// # Errors
    /// When no answer came.
    pub async fn visit(
        &self,
        method: Method,
        path: &str,
        form: Option<&str>,
        from: Option<&str>,
    ) -> Result<Page, Failure> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(form) = form {
            request =
                request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        }
        if let Some(from) = from {
            request = request.header("x-forwarded-for", from);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Page { status, headers, path: response.url().path().to_owned(), text: response.text().await? })
    }

    /// Sends a form of one of our own pages, as a browser would, and is led on.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn submit(&self, path: &str, form: String, from: &str) -> Result<StatusCode, Failure> {
        let request = self.http.post(format!("{}{path}", self.base)).header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.header("x-forwarded-for", from).body(form).send().await?;
        let status = response.status();
        response.bytes().await?;
        Ok(status)
    }

    /// Joins with a code, as a program without a token would.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn join(&self, who: &Value, from: Option<&str>) -> Result<Answer, Failure> {
        let mut request = self.http.post(format!("{}/v1/join", self.base)).json(who);
        if let Some(from) = from {
            request = request.header("x-forwarded-for", from);
        }
        answer(request.send().await?).await
    }

    /// Gets any path, without a token.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get_plain(&self, path: &str) -> Result<(StatusCode, String), Failure> {
        let response = self.http.get(format!("{}{path}", self.base)).send().await?;
        Ok((response.status(), response.text().await?))
    }
}

async fn answer(response: reqwest::Response) -> Result<Answer, Failure> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = serde_json::from_slice(&response.bytes().await?).unwrap_or(Value::Null);
    Ok(Answer { status, headers, body })
}
