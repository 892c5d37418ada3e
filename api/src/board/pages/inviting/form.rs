//! What a browser sends that pastes a list or chooses a file: a multipart form, read within the limits of lists.

use axum::{
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request},
    http::header,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::intake::{
    body::{LARGEST_BODY, ListBody},
    reading::encoding::{self, NotText},
};

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// What stood in the box.
    pub(super) typed: String,
    /// The file, read; or why it is no list.
    pub(super) file: Option<Result<String, NotText>>,
}

impl Sent {
    /// Reads the form; nothing, if it is none. Its share of the room is kept until the list is.
    pub(super) async fn read(body: ListBody) -> Option<(Self, OwnedSemaphorePermit)> {
        let (bytes, headers, room) = body.into_parts();
        let mut request = Request::new(Body::from(bytes));
        request.headers_mut().insert(header::CONTENT_TYPE, headers.get(header::CONTENT_TYPE)?.clone());
        DefaultBodyLimit::max(LARGEST_BODY).apply(&mut request);
        let mut form = Multipart::from_request(request, &()).await.ok()?;
        let mut sent = Self::default();
        while let Some(field) = form.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            let charset =
                field.content_type().and_then(|kind| Some(kind.split_once("charset=")?.1.to_owned()));
            let bytes = field.bytes().await.ok()?;
            match &*name {
                "list" => sent.typed = String::from_utf8_lossy(&bytes).into_owned(),
                "file" if !bytes.is_empty() => {
                    let decoded = encoding::decode(&bytes, charset.as_deref());
                    sent.file = Some(decoded.map(|(text, _)| text.into_owned()));
                }
                _ => {}
            }
        }
        Some((sent, room))
    }
}
