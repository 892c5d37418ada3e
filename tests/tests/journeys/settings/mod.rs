//! Getting ready: what a community says of itself, on the page and through the HTTP API, and the gate that it opens.

mod logo;
mod owners;

use porchlight_tests::installation::{Community, Method};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    board::Board,
    world::{World, rows},
};

/// A form's border that no field has in it.
const BORDER: &str = "----porchlight-journey";

/// 20 × 20 pixels of one colour, as a PNG: a chunk of text is in it, as cameras and programs write.
pub(crate) fn picture(red: u8) -> Vec<u8> {
    picture_of(20, 20, red)
}

pub(crate) fn picture_of(width: u32, height: u32, red: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.add_text_chunk("Author".to_owned(), "SECRET-NAME".to_owned()).unwrap();
    let count = usize::try_from(width * height).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[red, 60, 60, 255].repeat(count)).unwrap();
    writer.finish().unwrap();
    file
}

/// Everything that the form asks for.
pub(crate) fn whole() -> Vec<(&'static str, &'static str)> {
    vec![
        ("name", "Birchwood Homeowners Association"),
        ("short_name", "Birchwood HOA"),
        ("no_logo", "yes"),
        ("pick", "#2e6b34"),
        ("own_colour", ""),
        ("postal_address", "12 Elm Street\r\nSpringfield, IL 62701"),
        ("contact", "board@birchwood.example"),
        ("time_zone", "America/Chicago"),
        ("times", "usual"),
        ("portal_url", "https://birchwood.example"),
    ]
}

fn with(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut fields = whole();
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

impl Board {
    /// Sends the form of the settings, with a picture or without; answers the status and the page that follows.
    pub(crate) async fn save_settings(
        &self,
        fields: &[(&str, &str)],
        logo: Option<&[u8]>,
    ) -> (StatusCode, String) {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part =
                format!("--{BORDER}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let head = format!(
            "--{BORDER}\r\ncontent-disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\ncontent-type: image/png\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(logo.unwrap_or_default());
        body.extend_from_slice(format!("\r\n--{BORDER}--\r\n").as_bytes());
        let request = self.request(Method::POST, "/settings").header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", format!("multipart/form-data; boundary={BORDER}"));
        let answer = request.body(body).send().await.unwrap();
        if answer.status() != 303 {
            let status = answer.status();
            return (status, answer.text().await.unwrap());
        }
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        self.get(&location).await
    }
}

impl World {
    async fn community_change(&self, community: &Community, change: &Value) -> (u16, Value) {
        let url = format!("{}/v1/communities/{}", self.client.base(), community.id);
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let request =
            http.patch(url).bearer_auth(&community.token).header("content-type", "application/json");
        let answer = request.body(change.to_string()).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
    }

    async fn community(&self, community: &Community) -> Value {
        let url = format!("{}/v1/communities/{}", self.client.base(), community.id);
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let answer = http.get(url).bearer_auth(&community.token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    async fn prepared(&self) -> Community {
        self.installation.create_community("Birchwood Homeowners Association", &["--prepare"]).await.unwrap()
    }

    async fn count_acts(&self, act: &str) -> i64 {
        let counted = sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE act::text = $1").bind(act);
        counted.fetch_one(&self.installation.pool).await.unwrap()
    }

    /// Makes whoever is signed in for a community a leader who is no owner.
    async fn demote(&self) {
        self.sql(
            "WITH made AS (
                 INSERT INTO leaders (id, community_id, email, role)
                 SELECT gen_random_uuid(), community_id, 'lee@example.org', 'leader' FROM sessions LIMIT 1 RETURNING id
             ) UPDATE sessions SET leader_id = made.id FROM made",
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prepared_community_sends_once_its_checklist_is_green() {
    let world = World::new().await;
    let birchwood = world.prepared().await;
    let list = json!({"channel": "email", "rows": rows(1)});
    let refused = world.client.send_list(&birchwood, &list).await.unwrap();
    assert_eq!(
        (refused.status.as_u16(), &refused.body["type"]),
        (409, &json!("/problems/community-not-ready"))
    );

    let board = world.board_of(&birchwood).await;
    let page = board.page("/settings").await;
    assert!(page.contains("7 things are missing before anybody can be invited"), "{page}");
    for field in ["short_name", "logo", "colour", "postal_address", "contact", "time_zone", "text_window"] {
        assert!(
            page.contains(&format!("<a href=\"#{field}\">")) && page.contains(&format!("id=\"{field}\"")),
            "{field}"
        );
    }
    // Bit by bit: what is not chosen yet is no fault.
    let (status, page) = board
        .save_settings(&[("name", "Birchwood Homeowners Association"), ("contact", "+1 202 555 0143")], None)
        .await;
    assert!(status == 200 && page.contains("6 things are missing"), "{page}");
    assert_eq!(world.community(&birchwood).await["ready"], json!(false));

    let (status, page) = board.save_settings(&whole(), None).await;
    assert!(status == 200 && page.contains("you can invite your residents now"), "{page}");
    assert!(page.contains("Ready to send"));
    let sent = world.client.send_list(&birchwood, &list).await.unwrap();
    assert_eq!(sent.status, 202, "{}", sent.body);
    assert_eq!(world.count_acts("settings_changed").await, 2);
    // Saving the same again is harmless.
    assert_eq!(board.save_settings(&whole(), None).await.0, 200);
    let shown = world.community(&birchwood).await;
    assert_eq!(shown["postal_address"], json!("12 Elm Street\nSpringfield, IL 62701"));
    assert_eq!((&shown["missing"], &shown["no_logo"]), (&json!([]), &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_stands_beside_its_field_and_nothing_typed_is_lost() {
    let world = World::new().await;
    let birchwood = world.prepared().await;
    let board = world.board_of(&birchwood).await;
    for (change, field, words) in [
        (("name", ""), "name", "Write the name"),
        (("short_name", "Siebenbürgener Straße e. V."), "short_name", "places of a text"),
        (("short_name", "Ниж"), "short_name", "no letter “Н”"),
        (("own_colour", "#ffd400"), "colour", "choose a darker one, such as #"),
        (("own_colour", "red"), "colour", "looks like #1a56c4"),
        (("contact", "ask Maria"), "contact", "e-mail address or a phone number"),
        (("time_zone", "Mars/Olympus"), "time_zone", "Choose a time zone"),
        (("portal_url", "javascript:alert(1)"), "portal_url", "web address"),
        (("week_from", "21:00"), "text_window", "before its last"),
    ] {
        let mut changes = vec![change];
        if change.0 == "own_colour" {
            changes.push(("pick", "own"));
        }
        if change.0 == "week_from" {
            changes.extend([("times", "own"), ("week_to", "20:00")]);
        }
        let (status, page) = board.save_settings(&with(&changes), None).await;
        assert_eq!(status, 422, "{change:?}");
        let fault = page.split(&format!("id=\"{field}-fault\" role=\"alert\">")).nth(1);
        let fault = fault.unwrap_or_else(|| panic!("{change:?}: {page}")).split("</p>").next().unwrap();
        assert!(fault.contains(words), "{change:?}: {fault}");
        assert_eq!(page.matches("class=\"fault\"").count(), 1, "{change:?}");
        // The others stand as they were typed.
        assert!(
            page.contains("Springfield, IL 62701") && page.contains("https://birchwood.example")
                || field == "portal_url"
        );
        if change.0 != "week_from" && change.0 != "time_zone" && !change.1.is_empty() {
            assert!(page.contains(change.1), "{change:?}");
        }
    }
    assert_eq!(world.community(&birchwood).await["missing"].as_array().unwrap().len(), 7);
    // The suggestion, in one press.
    let (_, page) = board.save_settings(&with(&[("pick", "own"), ("own_colour", "#ffd400")]), None).await;
    let suggestion =
        page.split("name=\"suggested\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut fields: Vec<(&str, &str)> = with(&[("pick", "own"), ("own_colour", "#ffd400")]);
    fields.push(("suggested", &suggestion));
    assert_eq!(board.save_settings(&fields, None).await.0, 200);
    assert_eq!(world.community(&birchwood).await["colour"], json!(suggestion));
    // What is needed is changed, and not emptied.
    let (status, page) = board.save_settings(&with(&[("postal_address", "")]), None).await;
    assert!(status == 422 && page.contains("This is needed to send anything"), "{page}");
    assert_eq!(world.community(&birchwood).await["ready"], json!(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_which_ways_out_there_are() {
    let world = World::with(&[("PORCHLIGHT_SMS_PROVIDER", "off")]).await;
    let board = world.board().await;
    let page = board.page("/settings").await;
    assert!(page.contains("This installation has no provider of texts"), "{page}");
    assert!(!page.contains("No e-mail can go out"));
    world.sql(
        "UPDATE channels SET closed_at = app_now(), closed_until = app_now() + interval '1 hour', reason = 'auth_refused' WHERE channel = 'email'",
    )
    .await;
    assert!(board.page("/settings").await.contains("No e-mail can go out at the moment: "));
    // The HTTP API, to be read.
    let (status, docs) = world.client.get_plain("/docs").await.unwrap();
    assert_eq!(status, 200);
    for part in
        ["create-token", "id=\"change_community\"", "href=\"#lift_suppression\"", "application/problem+json"]
    {
        assert!(docs.contains(part), "{part}");
    }
    assert!(!docs.contains("<script"));
}

/// What a hidden field of the form holds.
fn hidden(page: &str, name: &str) -> String {
    let value = page.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_but_not_ticked_is_asked_about() {
    let world = World::new().await;
    let birchwood = world.prepared().await;
    let board = world.board_of(&birchwood).await;
    board.save_settings(&whole(), None).await;
    let hours = hidden(&board.page("/settings").await, "shown_hours");
    assert_eq!(hours, "09:00-20:00;09:00-20:00;12:00-20:00;");
    let days = [
        ("week_from", "10:00"),
        ("week_to", "18:00"),
        ("saturday_from", "09:00"),
        ("saturday_to", "20:00"),
        ("sunday_from", "12:00"),
        ("sunday_to", "20:00"),
        ("shown_hours", "09:00-20:00;09:00-20:00;12:00-20:00;"),
        ("shown_colour", ""),
        ("own_colour", "#123456"),
    ];
    let (status, page) = board.save_settings(&with(&days), None).await;
    assert!(status == 422 && page.contains("You chose times for days"), "{page}");
    assert!(
        page.contains("value=\"own\" checked> <span>At these times")
            && page.contains("You wrote another colour")
    );
    assert_eq!(world.community(&birchwood).await["text_window"], Value::Null);
    // What is ticked once it was asked about counts.
    let hours = hidden(&page, "shown_hours");
    assert_eq!(
        (hours.as_str(), hidden(&page, "shown_colour").as_str()),
        ("10:00-18:00;09:00-20:00;12:00-20:00;", "#123456",)
    );
    let mut again = days.to_vec();
    again.retain(|(name, _)| !name.starts_with("shown"));
    again.extend([("shown_hours", "10:00-18:00;09:00-20:00;12:00-20:00;"), ("shown_colour", "#123456")]);
    assert_eq!(board.save_settings(&with(&again), None).await.0, 200);
    let shown = world.community(&birchwood).await;
    assert_eq!((&shown["text_window"], &shown["colour"]), (&Value::Null, &json!("#2e6b34")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_not_whole_changes_nothing() {
    let world = World::new().await;
    let birchwood = world.prepared().await;
    let board = world.board_of(&birchwood).await;
    board.save_settings(&whole(), None).await;
    let before = world.community(&birchwood).await;
    // The picture comes first here, and breaks off: nothing behind it arrives.
    let body = format!(
        "--{BORDER}\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\nAnother\r\n--{BORDER}\r\ncontent-disposition: form-data; name=\"logo\"; filename=\"logo.png\"\r\n\r\n{}",
        "x".repeat(9_000)
    );
    let request = board.request(Method::POST, "/settings").header("sec-fetch-site", "same-origin");
    let request = request.header("content-type", format!("multipart/form-data; boundary={BORDER}"));
    let answer = request.body(body).send().await.unwrap();
    let (status, page) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_client_error() && page.contains("did not arrive whole"), "{status}: {page}");
    assert_eq!(world.community(&birchwood).await, before);
    // A field that is not sent stays as it is.
    let mut fields = whole();
    fields.retain(|(name, _)| !matches!(*name, "portal_url" | "contact" | "pick" | "own_colour"));
    assert_eq!(board.save_settings(&fields, None).await.0, 200);
    assert_eq!(world.community(&birchwood).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_name_that_nobody_chose_is_looked_at_as_any_other() {
    let world = World::new().await;
    let birchwood = world.prepared().await;
    let board = world.board_of(&birchwood).await;
    world.sql("UPDATE communities SET short_name = 'Нижний сад'").await;
    let (status, page) = board.save_settings(&with(&[("short_name", "Нижний сад")]), None).await;
    assert!(status == 422 && page.contains("no letter “Н”"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_wait_are_told_of_a_new_window() {
    let world = World::new().await;
    world.sql("UPDATE app_clock SET ahead = '2027-03-15T12:00:00Z'::timestamptz - now()").await;
    let board = world.board().await;
    world.sql("UPDATE communities SET time_zone = 'Etc/UTC', text_window = 'Mon-Sun 15:00-20:00'").await;
    let answer = world.text(&crate::world::numbers(3)).await;
    assert_eq!(answer["held_until"], json!("2027-03-15T15:00:00Z"));
    let days = ["week", "saturday", "sunday"];
    let fields: Vec<_> = days
        .iter()
        .flat_map(|day| [(format!("{day}_from"), "14:00"), (format!("{day}_to"), "20:00")])
        .collect();
    let mut form: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    form.push(("times", "own"));
    assert_eq!(board.save_settings(&form, None).await.0, 200);
    let due: Vec<String> =
        sqlx::query_scalar("SELECT due_at AT TIME ZONE 'UTC' || ' ' || held_reason FROM deliveries")
            .fetch_all(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(due, ["2027-03-15 14:00:00 window"; 3], "no worker runs");
}
