//! A letter's header.
//!
//! lettre encodes names and the subject; everything else is ASCII by construction and written as it is, because lettre
//! would fold lines that must stay whole.

use std::{fmt::Write as _, str::FromStr as _};

use jiff::Timestamp;
use lettre::{
    Address,
    message::{
        Mailbox, Mailboxes,
        header::{self, Headers},
    },
};
use porchlight_shared::domain::DeliveryId;

use super::{boundary, letter::ComposeError};

/// The longest name that is put into a header, in characters. Nobody's program shows more.
const MAX_NAME: usize = 120;
/// The longest subject.
const MAX_SUBJECT: usize = 200;

/// What a header is made of.
pub(super) struct Head<'a> {
    pub(super) delivery: DeliveryId,
    pub(super) written_at: Timestamp,
    pub(super) from: &'a str,
    pub(super) community: &'a str,
    pub(super) recipient: &'a str,
    pub(super) recipient_name: Option<&'a str>,
    pub(super) reply_to: Option<&'a str>,
    pub(super) subject: &'a str,
    /// The link that stops such messages; what somebody asked for has none.
    pub(super) unsubscribe_link: Option<&'a str>,
}

pub(super) fn write(out: &mut Vec<u8>, head: &Head<'_>) -> Result<(), ComposeError> {
    let from = address("from", head.from)?;
    let domain = from.domain().to_owned();
    let mut named = Headers::with_capacity(4);
    named.set(header::From::from(mailbox(Some(head.community), from)));
    named.set(header::To::from(mailbox(head.recipient_name, address("recipient", head.recipient)?)));
    if let Some(reply_to) = head.reply_to.and_then(|text| Address::from_str(text.trim()).ok())
        && AsRef::<str>::as_ref(&reply_to).is_ascii()
    {
        named.set(header::ReplyTo::from(mailbox(Some(head.community), reply_to)));
    }
    named.set(header::Subject::from(shortened(head.subject, MAX_SUBJECT)));

    let mut text = String::with_capacity(1024);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "Date: {date}\r\n\
         {named}\
         Message-ID: <{delivery}@{domain}>\r\n\
         Auto-Submitted: auto-generated\r\n",
        date = head.written_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        delivery = head.delivery,
    );
    if let Some(unsubscribe) = head.unsubscribe_link {
        let _ = write!(
            text,
            "List-Unsubscribe: <{unsubscribe}>\r\n\
             List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        );
    }
    let _ = write!(
        text,
        "MIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\
         \r\n",
        boundary = boundary(head.delivery),
    );
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn address(what: &'static str, text: &str) -> Result<Address, ComposeError> {
    Address::from_str(text).map_err(|_| ComposeError::Address(what))
}

fn mailbox(name: Option<&str>, address: Address) -> Mailboxes {
    let name = name.map(|name| shortened(name, MAX_NAME)).filter(|name| !name.is_empty());
    Mailboxes::from(Mailbox::new(name, address))
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
