//! A letter's header.
//!
//! lettre encodes names and the subject; everything else is ASCII by construction and written as it is, because lettre
//! would fold lines that must stay whole.

use std::{fmt::Write as _, str::FromStr as _};

use lettre::{
    Address,
    message::{
        Mailbox, Mailboxes,
        header::{self, Headers},
    },
};

use porchlight_shared::message::Words;

use super::{
    boundary,
    letter::{ComposeError, Letter},
};

/// The longest name that is put into a header, in characters. Nobody's program shows more.
const MAX_NAME: usize = 120;
/// The longest subject.
const MAX_SUBJECT: usize = 200;

pub(super) fn write(out: &mut Vec<u8>, letter: &Letter<'_>, words: &Words<'_>) -> Result<(), ComposeError> {
    let from = address("from", letter.from)?;
    let domain = from.domain().to_owned();
    let mut named = Headers::with_capacity(4);
    named.set(header::From::from(mailbox(Some(&words.community), from)));
    named.set(header::To::from(mailbox(
        words.recipient_name.as_deref(),
        address("recipient", letter.recipient)?,
    )));
    if let Some(reply_to) = letter.community.reply_to.and_then(|text| Address::from_str(text.trim()).ok())
        && AsRef::<str>::as_ref(&reply_to).is_ascii()
    {
        named.set(header::ReplyTo::from(mailbox(Some(&words.community), reply_to)));
    }
    named.set(header::Subject::from(shortened(&words.subject, MAX_SUBJECT)));

    let mut text = String::with_capacity(1024);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "Date: {date}\r\n\
         {named}\
         Message-ID: <{delivery}@{domain}>\r\n\
         Auto-Submitted: auto-generated\r\n\
         List-Unsubscribe: <{unsubscribe}>\r\n\
         List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\
         \r\n",
        date = letter.written_at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        delivery = letter.delivery,
        unsubscribe = words.unsubscribe_link,
        boundary = boundary(letter),
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
