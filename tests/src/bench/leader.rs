//! A leader's browser, without script.

use reqwest::{Response, header, redirect::Policy};

use super::Subject;
use crate::installation::Failure;

/// A browser in which a leader is signed in.
pub(super) struct Leader {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

impl Leader {
    /// Signs a leader of the subject's community in.
    pub(super) async fn sign_in(subject: &Subject) -> Result<Self, Failure> {
        let link = subject.installation.sign_in_link(&subject.community).await?;
        let (_, secret) = link.rsplit_once('/').ok_or("the link has no secret")?;
        let base = subject.client.base().to_owned();
        let http =
            reqwest::Client::builder().no_proxy().tls_certs_only([]).redirect(Policy::none()).build()?;
        let mut leader = Self { http, base, cookie: String::new() };
        let signed = leader.submit(&format!("/sign-in/{secret}"), String::new()).await?;
        let cookie = signed.headers().get(header::SET_COOKIE).ok_or("nobody was signed in")?.to_str()?;
        cookie.split(';').next().unwrap_or_default().clone_into(&mut leader.cookie);
        Ok(leader)
    }

    /// A page that is there.
    pub(super) async fn page(&self, path: &str) -> Result<String, Failure> {
        let request = self.http.get(format!("{}{path}", self.base)).header(header::COOKIE, &self.cookie);
        Ok(request.send().await?.error_for_status()?.text().await?)
    }

    /// Sends a form.
    pub(super) async fn submit(&self, path: &str, form: String) -> Result<Response, Failure> {
        let request = self.http.post(format!("{}{path}", self.base)).header(header::COOKIE, &self.cookie);
        let request = request.header("sec-fetch-site", "same-origin");
        Ok(request.header("content-type", "application/x-www-form-urlencoded").body(form).send().await?)
    }

    /// Sends a form, and answers where that leads.
    pub(super) async fn press(&self, path: &str, form: String) -> Result<String, Failure> {
        let answer = self.submit(path, form).await?;
        let place = answer.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
        let place = place.ok_or_else(|| format!("a form led nowhere: {}", answer.status()))?;
        Ok(place.to_owned())
    }
}
