//! Calls to those who want to be told.

use reqwest::header::CONTENT_TYPE;
use url::form_urlencoded;

use super::{Accepted, Server, Status, record::new_sid};

/// What a webhook answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

/// Posts a form with a signature.
pub(super) async fn post<N: AsRef<str>, V: AsRef<str>>(
    server: &Server,
    url: &str,
    parameters: &[(N, V)],
    signature: &str,
) -> reqwest::Result<Reply> {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let request = server
        .http
        .post(server.way_to(url))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
        .header("X-Twilio-Signature", signature)
        .body(form);
    let response = request.send().await?;
    Ok(Reply { status: response.status().as_u16(), body: response.text().await? })
}

impl Server {
    /// What is told about a text's status.
    pub(super) fn status(
        &self,
        accepted: &Accepted,
        status: Status,
        code: Option<u32>,
    ) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("AccountSid", self.settings.account_sid.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("From", accepted.from.to_string()),
            ("MessageSid", accepted.sid.to_string()),
            ("MessageStatus", status.as_str().to_owned()),
            ("SmsSid", accepted.sid.to_string()),
            ("SmsStatus", status.as_str().to_owned()),
            ("To", accepted.to.to_string()),
        ];
        parameters.extend(accepted.service.as_ref().map(|sid| ("MessagingServiceSid", sid.to_string())));
        parameters.extend(code.map(|code| ("ErrorCode", code.to_string())));
        parameters
    }

    /// What is told about a text that came in.
    pub(super) fn inbound(
        &self,
        from: &str,
        body: &str,
        opt_out_type: Option<&str>,
    ) -> Vec<(&'static str, String)> {
        let sid = new_sid();
        let mut parameters = vec![
            ("AccountSid", self.settings.account_sid.clone()),
            ("ApiVersion", "2010-04-01".to_owned()),
            ("Body", body.to_owned()),
            ("From", from.to_owned()),
            ("MessageSid", sid.to_string()),
            ("NumMedia", "0".to_owned()),
            ("NumSegments", super::segments::segments(body).to_string()),
            ("SmsMessageSid", sid.to_string()),
            ("SmsSid", sid.to_string()),
            ("SmsStatus", "received".to_owned()),
            ("To", self.settings.number.clone()),
        ];
        parameters.extend(opt_out_type.map(|kind| ("OptOutType", kind.to_owned())));
        parameters
    }
}
