//! Inviting residents on the board, from a pasted list to its batch.
//!
//! [`steps`] walks each page as a browser without script does, [`refusals`] is what stands in the way, [`answers`] whether
//! what is told is true, [`undoing`] that what was done to an entry can be taken back, [`once_more`] that one is sent again,
//! [`meanwhile`] that nobody decides about what somebody else wrote meanwhile, [`large`] what a long list costs.

mod answers;
mod large;
mod meanwhile;
mod once_more;
mod refusals;
mod steps;
mod undoing;

use porchlight_tests::installation::Method;
use reqwest::{StatusCode, header};

use crate::board::Board;

const BOUNDARY: &str = "----porchlight-journey";

impl Board {
    /// Sends the form of a list: what stands in the box, and a file. Answers status, where it leads, and the page.
    async fn paste(&self, channel: &str, typed: &str, file: Option<&[u8]>) -> (StatusCode, String, String) {
        let mut body = Vec::new();
        let mut part = |head: &str, content: &[u8]| {
            body.extend_from_slice(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes(),
            );
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        part("name=\"list\"", typed.as_bytes());
        // A browser sends a file's field even when none is chosen.
        part("name=\"file\"; filename=\"list.csv\"\r\nContent-Type: text/csv", file.unwrap_or_default());
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let request = self.request(Method::POST, &format!("/invite/{channel}"));
        let answer = request
            .header("sec-fetch-site", "same-origin")
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(body)
            .send()
            .await
            .unwrap();
        let place = answer.headers().get(header::LOCATION).map(|place| place.to_str().unwrap().to_owned());
        (answer.status(), place.unwrap_or_default(), answer.text().await.unwrap())
    }

    /// Pastes a list that is taken, and answers where its entries are looked at.
    pub(crate) async fn list(&self, channel: &str, typed: &str) -> String {
        let (status, place, page) = self.paste(channel, typed, None).await;
        assert_eq!(status, 303, "{page}");
        place.trim_end_matches("/columns").to_owned()
    }
}

/// The counts on the tiles: ready, check, fix, skip, together; with those that were removed they sum.
fn tiles(page: &str) -> [usize; 5] {
    let list = page.split("<ul id=\"tiles\"").nth(1).unwrap().split("</ul>").next().unwrap();
    let mut counts: Vec<usize> = list
        .split("<b>")
        .skip(1)
        .map(|count| count.split('<').next().unwrap().replace(',', "").parse().unwrap())
        .collect();
    let total = counts.pop().unwrap();
    assert_eq!(counts.iter().sum::<usize>(), total, "{counts:?}");
    counts.truncate(4);
    counts.push(total);
    counts.try_into().unwrap()
}

/// The row of an entry.
fn row(page: &str, position: u32) -> &str {
    let row = page.split(&format!("<li id=\"e-{position}\"")).nth(1);
    row.unwrap_or_else(|| panic!("no row {position}: {page}")).split("</li>").next().unwrap()
}

/// The form of the button that sends, as a browser would send it.
fn confirmed(page: &str) -> String {
    let field = |name: &str| {
        let value = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
        value.map(|value| value.split('"').next().unwrap().to_owned())
    };
    let again = field("again").map(|again| format!("&again={again}")).unwrap_or_default();
    format!("number={}&digest={}{again}", field("number").unwrap(), field("digest").unwrap())
}
