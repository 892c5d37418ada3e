//! Every page's address, in a community where everything has happened, and in one where nothing has.

use serde_json::{Value, json};

use crate::{
    settings::{picture_of, whole},
    world::{World, rows},
};

/// A page, and the status that it comes with.
pub(super) struct Place {
    pub(super) path: String,
    pub(super) status: u16,
}

fn places<T: Into<String>>(paths: impl IntoIterator<Item = T>) -> Vec<Place> {
    paths.into_iter().map(|path| Place { path: path.into(), status: 200 }).collect()
}

/// What the ledger is told of deliveries whose address begins with a state, and perhaps a reason: as a worker would have
/// left them.
const PLAYED: [&str; 5] = [
    "UPDATE deliveries d SET state = split_part(c.address, '.', 1)::delivery_state
     FROM contacts c WHERE c.id = d.contact_id AND c.address ~ '^(cancelled|suppressed|expired|not_needed)[.]'",
    "UPDATE deliveries d SET state = 'sending', attempt_number = 1, attempt_began_at = app_now(), attempt_deadline = app_now()
     FROM contacts c WHERE c.id = d.contact_id AND d.state = 'queued' AND c.address ~ '^(accepted|delivered|bounced|complained|checking|retry_wait|failed|needs_decision)[.]'",
    "INSERT INTO attempts (delivery_id, number, began_at, ended_at, outcome, reason, reply)
     SELECT d.id, 1, app_now(), app_now(),
            CASE WHEN c.address ~ '^(accepted|delivered|bounced|complained)' THEN 'accepted' WHEN c.address ~ '^(checking|needs)' THEN 'unknown' ELSE 'refused_permanent' END::attempt_outcome,
            CASE WHEN c.address !~ '^(accepted|delivered|bounced|complained)' THEN split_part(c.address, '.', 2)::attempt_reason END,
            CASE WHEN c.address ~ '^failed' THEN '550 5.1.1 <' || repeat('x', 60) || '>: recipient rejected' END
     FROM deliveries d JOIN contacts c ON c.id = d.contact_id WHERE d.state = 'sending'",
    "UPDATE deliveries d SET attempt_began_at = NULL, attempt_deadline = NULL, due_at = app_now() + interval '1 hour',
            state = CASE WHEN c.address ~ '^(accepted|delivered|bounced|complained)' THEN 'accepted' ELSE split_part(c.address, '.', 1) END::delivery_state,
            reason = CASE WHEN c.address !~ '^(accepted|delivered|bounced|complained)' THEN split_part(c.address, '.', 2)::attempt_reason END
     FROM contacts c WHERE c.id = d.contact_id AND d.state = 'sending'",
    "UPDATE deliveries d SET state = split_part(c.address, '.', 1)::delivery_state,
            reason = CASE WHEN c.address ~ '^bounced' THEN 'mailbox_unknown' END::attempt_reason
     FROM contacts c WHERE c.id = d.contact_id AND d.state = 'accepted' AND c.address ~ '^(delivered|bounced|complained)[.]'",
];

/// One of each state, and of each group of problems.
const STATES: [&str; 16] = [
    "accepted.a",
    "delivered.a",
    "bounced.a",
    "complained.a",
    "checking.timeout_after_body",
    "retry_wait.greylisted",
    "needs_decision.worker_lost",
    "failed.mailbox_unknown",
    "failed.number_not_mobile",
    "failed.mailbox_full",
    "failed.blocked_by_policy",
    "failed.opted_out",
    "cancelled.a",
    "suppressed.a",
    "expired.a",
    "not_needed.a",
];

const LONG: &str = "Bartholomew Featherstonehaugh-Cholmondeley of the House at the End of the Lane";
const FAR: &str = "1 Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch Road";

/// Sends a list whose deliveries stand at every state, and returns the batch. No worker may run.
pub(super) async fn play(world: &World) -> String {
    let mut list: Vec<Value> = STATES
        .iter()
        .enumerate()
        .map(|(n, state)| json!({"email": format!("{state}.x@example.org"), "name": format!("Home {n}"), "unit": format!("{n} Oak Lane")}))
        .collect();
    let long = format!("failed.mailbox_unknown.{}@example.org", "x".repeat(30));
    list.push(json!({"email": long, "name": LONG, "unit": FAR}));
    list.extend(rows(15));
    let batch = world.send(&list).await;
    for statement in PLAYED {
        world.sql(statement).await;
    }
    batch
}

impl World {
    async fn strings(&self, query: &'static str) -> Vec<String> {
        sqlx::query_scalar(query).fetch_all(&self.installation.pool).await.unwrap()
    }

    async fn save_draft(&self, list: &Value) -> String {
        let list = list.to_string().into_bytes();
        let saved = self.client.post(&self.oakridge, "drafts", list, &[]).await.unwrap().body;
        format!("/invite/lists/{}", saved["id"].as_str().unwrap())
    }

    /// Residents ask: not theirs, a new code, and to be let in.
    pub(super) async fn hear_residents(&self) {
        let visitor = self.stranger();
        let ask = async |code: &str, what: &str| {
            let (status, page) = visitor.submit(&format!("/j/{code}/ask"), what).await;
            assert_eq!(status, 200, "{page}");
        };
        self.send(&[json!({"email": "gone@example.net"}), json!({"email": "late@example.net"})]).await;
        let codes = self.codes().await;
        ask(codes["gone@example.net"].plain(), "what=not_me").await;
        self.sql(
            "UPDATE invitations i SET expires_at = app_now() FROM contacts c
             WHERE c.household_id = i.household_id AND c.address = 'late@example.net'",
        )
        .await;
        ask(codes["late@example.net"].plain(), "what=new_code").await;
        let homes = json!({"rows": [{"unit": "7 Elm Street"}]}).to_string().into_bytes();
        self.client.post(&self.oakridge, "households:import", homes, &[]).await.unwrap();
        self.print(&json!({"kind": "blank", "count": 2, "layout": "cards", "paper": "letter"})).await;
        let blank = self.codes_of("blank").await;
        let form = "name=Noor&contact=noor%40example.net&place=99+Nowhere+Road";
        let (_, page) = self.stranger().submit(&format!("/j/{}", blank[0].plain()), form).await;
        assert!(page.contains("Waiting for your community"), "{page}");
    }

    /// Where nobody is signed in.
    pub(super) async fn door_pages(&self) -> Vec<Place> {
        self.send(&[json!({"email": "door@example.net", "name": "Door", "unit": "3 Door Street"})]).await;
        let code = self.codes().await["door@example.net"].grouped();
        let mut doors = places(["/sign-in", "/sign-in/sent", "/sign-in/sent/text", "/join", "/genuine", "/docs"]);
        doors.extend(places([self.sign_in_path().await, format!("/j/{code}")]));
        doors.extend(places([self.stop_link_of("door@example.net").await]));
        doors.extend(places(["/j/2345-6789-CDF2"]));
        doors.push(Place { path: "/j/7KWM-3RTX-9CHR".to_owned(), status: 404 });
        doors.push(Place { path: "/sign-in/nothing".to_owned(), status: 410 });
        doors
    }

    /// Where a leader goes, after a good deal has happened.
    pub(super) async fn board_pages(&self) -> Vec<Place> {
        let batch = play(self).await;
        self.sql(
            "UPDATE households SET joined_at = app_now() - interval '3 days'
             WHERE id IN (SELECT household_id FROM contacts WHERE address LIKE 'resident.1%')",
        )
        .await;
        self.hear_residents().await;
        let later =
            self.send(&[json!({"email": "later@example.net"}), json!({"email": "then@example.net"})]).await;
        let board = self.board().await;
        board.press(&format!("/batches/{later}/pause")).await;
        for address in ["ada%40example.org", "%2B13125550143"] {
            board.submit("/settings/stopped/add", &format!("address={address}")).await;
        }
        assert_eq!(board.save_settings(&whole(), Some(&picture_of(120, 80, 200))).await.0, 200);
        let wish = json!({"kind": "addressed", "layout": "cards", "paper": "letter"});
        let printing = self.print(&wish).await["id"].as_str().unwrap().to_owned();
        let marked = json!({"from": 3, "to": 9}).to_string().into_bytes();
        self.client.post(&self.oakridge, "passes/hand-over", marked, &[]).await.unwrap();
        self.add_leader(&self.oakridge, "pat.miller@oakridge.example", "owner").await;
        let person = self.add_leader(&self.oakridge, "lee@oakridge.example", "leader").await;
        let text = "Name;E-mail;Unit\nAda Ek;ada@maple.example;1 Elm\nBo Ek;bo@gmial.com;2 Elm\nCy;cy at maple.example;3 Elm\nAda;ADA@maple.example;1 Elm\nBoard;info@maple.example;9 Oak\n";
        let emails = self.save_draft(&json!({"channel": "email", "text": text})).await;
        let texts = self.save_draft(&json!({"channel": "text", "text": "3125551234, 3125559876"})).await;

        let mut all = places([
            "/",
            "/invite",
            "/invite/email",
            "/invite/text",
            "/households",
            "/households?show=problem",
            "/households?q=nobody",
            "/households?done=resend&did=14&left=joined.1-lately.3&more=120",
            "/problems",
            "/problems?done=retried&certain=2&unknown=1&left=1",
            "/passes",
            "/report",
            "/requests",
            "/settings",
            "/settings?done=test",
            "/settings/people",
            "/settings/stopped",
            "/settings/log",
            "/sign-in",
            "/docs",
        ]);
        for show in ["", "ready", "check", "fix", "skip", "removed"] {
            all.extend(places([format!("{emails}?show={show}")]));
        }
        all.extend(places([
            format!("{emails}/message"),
            format!("{emails}/send"),
            format!("{texts}/message"),
        ]));
        all.push(Place { path: format!("{texts}/message?done=consent"), status: 422 });
        all.extend(places([
            format!("{emails}/columns"),
            format!("/batches/{batch}"),
            format!("/batches/{batch}?show=problem"),
            format!("/batches/{batch}?show=sent&q=nobody"),
            format!("/batches/{later}?done=paused&in_flight=2"),
            format!("/batches/{later}/cancel"),
            format!("/passes/{printing}?handed_over=2"),
            format!("/passes/void?printing={printing}&from=1&to=9"),
            format!("/settings/people/{person}/remove"),
        ]));
        let deliveries = "SELECT DISTINCT ON (state) '/deliveries/' || id FROM deliveries WHERE batch_id IS NOT NULL ORDER BY state, id";
        all.extend(places(self.strings(deliveries).await));
        let households = "SELECT DISTINCT ON (d.state) '/households/' || c.household_id FROM deliveries d JOIN contacts c ON c.id = d.contact_id
             WHERE d.state IN ('accepted', 'delivered', 'failed', 'held', 'queued') ORDER BY d.state, d.id";
        all.extend(places(self.strings(households).await));
        all.push(Place { path: "/batches/nothing".to_owned(), status: 404 });
        all
    }
}

/// Where a leader goes in a community in which nothing has happened.
pub(super) fn fresh() -> Vec<Place> {
    places([
        "/",
        "/invite",
        "/invite/email",
        "/households",
        "/problems",
        "/passes",
        "/requests",
        "/report",
        "/settings",
        "/settings/people",
        "/settings/stopped",
        "/settings/log",
    ])
}
