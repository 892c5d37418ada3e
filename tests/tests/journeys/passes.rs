//! Access passes: printed, scanned, handed over, void; the same sheets each time, and nobody else's.

use std::{collections::HashSet, process::Command, sync::Once};

use porchlight_tests::installation::{Client, Community};
use serde_json::{Value, json};

use crate::{
    browser::skip,
    world::{World, rows},
};

/// Where ten cards or labels lie on a sheet, in mm: the first one's corner, the way to the next ones, and their size.
struct Grid {
    corner: [f32; 2],
    pitch: [f32; 2],
    size: [f32; 2],
}

const CARDS_LETTER: Grid = Grid { corner: [19.05, 12.7], pitch: [88.9, 50.8], size: [88.9, 50.8] };
const CARDS_A4: Grid = Grid { corner: [15.0, 13.5], pitch: [95.0, 54.0], size: [85.0, 54.0] };
const LABELS_LETTER: Grid = Grid { corner: [4.1275, 12.7], pitch: [106.3625, 50.8], size: [101.6, 50.8] };

/// Dots in a millimetre, at 300 in an inch.
const DOTS: f32 = 300.0 / 25.4;

/// What the links of printed passes say, as a phone reads them that is held before one after the other. `None`: nobody
/// can look here, and one line says so.
fn scan(pdf: &[u8], grid: &Grid) -> Option<HashSet<String>> {
    static SAID: Once = Once::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passes.pdf");
    std::fs::write(&file, pdf).unwrap();
    let mut drawing = Command::new("pdftoppm");
    drawing.args(["-gray", "-r", "300"]).arg(&file).arg(folder.path().join("page"));
    let drawn = drawing.status().is_ok_and(|status| status.success());
    let pages: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let pages = pages.iter().filter(|path| path.extension().is_some_and(|extension| extension == "pgm"));
    let mut cuts = Vec::new();
    for page in pages {
        for place in 0..10_u8 {
            let cut = page.with_extension(format!("{place}.cut"));
            let (column, row) = (f32::from(place % 2), f32::from(place / 2));
            let corner = [grid.corner[0] + column * grid.pitch[0], grid.corner[1] + row * grid.pitch[1]];
            std::fs::write(&cut, cut_out(&std::fs::read(page).unwrap(), corner, grid.size)).unwrap();
            cuts.push(cut);
        }
    }
    let mut reading = Command::new("zbarimg");
    reading.args(["--quiet", "--raw", "-S*.enable=0", "-Sqrcode.enable=1"]).args(cuts);
    let (true, Ok(read)) = (drawn, reading.output()) else {
        let line = "pdftoppm or zbarimg is not installed: passes are not scanned";
        skip(&SAID, "PORCHLIGHT_REQUIRE_SCANNER", line);
        return None;
    };
    Some(String::from_utf8(read.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// Part of a grey picture (PGM).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a page has a few thousand dots")]
fn cut_out(page: &[u8], corner: [f32; 2], size: [f32; 2]) -> Vec<u8> {
    // P5, width, height and 255, each followed by one white character.
    let mut words = page.split(u8::is_ascii_whitespace);
    let head: Vec<&str> = words.by_ref().take(4).map(|word| std::str::from_utf8(word).unwrap()).collect();
    let begin = head.iter().map(|word| word.len() + 1).sum::<usize>();
    let width: usize = head[1].parse().unwrap();
    let [left, top] = corner.map(|side| (side * DOTS) as usize);
    let [across, down] = size.map(|side| (side * DOTS) as usize);
    let mut cut = format!("P5\n{across} {down}\n255\n").into_bytes();
    for line in page[begin..].chunks(width).skip(top).take(down) {
        cut.extend_from_slice(&line[left..left + across]);
    }
    cut
}

impl World {
    pub(crate) async fn print(&self, wish: &Value) -> Value {
        let answer = self.ask(&self.oakridge, "passes", wish).await;
        assert_eq!(answer.0, 201, "{}", answer.1);
        answer.1
    }

    async fn ask(&self, community: &Community, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string().into_bytes();
        let answer = self.client.post(community, path, body, &[]).await.unwrap();
        (answer.status.as_u16(), answer.body)
    }

    pub(crate) async fn sheets(&self, printing: &Value) -> Vec<u8> {
        let path = format!("passes/{}/pdf", printing["id"].as_str().unwrap());
        let (status, headers, bytes) = self.client.fetch(&self.oakridge, &path).await.unwrap();
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "application/pdf");
        assert_eq!(headers["cache-control"], "no-store");
        bytes
    }

    /// Each pass' unit and state, in the order of the sheets.
    async fn passes(&self, printing: &Value) -> Vec<(String, String)> {
        let path = format!("passes/{}", printing["id"].as_str().unwrap());
        let answer = self.client.get(&self.oakridge, &path).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let word = |pass: &Value, name: &str| pass[name].as_str().unwrap_or("").to_owned();
        let passes = answer.body["items"].as_array().unwrap().iter();
        passes.map(|pass| (word(pass, "unit"), word(pass, "state"))).collect()
    }
}

fn cards() -> Value {
    json!({"kind": "addressed", "layout": "cards", "paper": "letter"})
}

fn link(code: &str) -> String {
    format!("HTTPS://JOIN.EXAMPLE.ORG/J/{code}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_carries_its_households_own_code() {
    let world = World::new().await;
    world
        .send(&[
            json!({"email": "ada@example.org", "unit": "10 Elm Street", "name": "Ada Lovelace"}),
            json!({"email": "bo@example.org", "unit": "2 Elm Street"}),
        ])
        .await;
    let sent = world.codes().await;
    let homes = json!({"rows": [{"unit": "9 Elm Street"}, {"unit": "1 Oak Lane", "household": "Čapek"}]});
    assert_eq!(world.ask(&world.oakridge, "households:import", &homes).await.0, 200);
    let printing = world.print(&cards()).await;
    let (first, last) = (&printing["first_serial"], &printing["last_serial"]);
    assert_eq!((&printing["passes"], first, last), (&json!(4), &json!(1), &json!(4)));
    let order: Vec<_> = world.passes(&printing).await.into_iter().map(|(unit, _)| unit).collect();
    assert_eq!(order, ["1 Oak Lane", "2 Elm Street", "9 Elm Street", "10 Elm Street"]);

    // The same sheets each time, after other keys too.
    let sheets = world.sheets(&printing).await;
    assert_eq!(sheets, world.sheets(&printing).await);
    world.installation.api_command(&["keys", "rotate", "--wait", "0s"]).await.unwrap();
    assert_eq!(sheets, world.sheets(&printing).await);
    let codes = world.live_codes().await;
    assert_eq!(codes.len(), 4);
    assert!(sent.values().all(|code| codes.contains(code.plain())), "what was sent is printed");
    if let Some(scanned) = scan(&sheets, &CARDS_LETTER) {
        assert_eq!(scanned, codes.iter().map(|code| link(code)).collect());
    }

    // Whoever joins leaves a place empty; a code that is used later on paper lives longer than a message's.
    let code = sent["ada@example.org"].plain();
    world.ahead("60 days").await;
    let who = json!({"code": code, "name": "Ada", "email": "ada@example.org"});
    assert_eq!(world.client.join(&who, None).await.unwrap().status, 201);
    let without = world.sheets(&printing).await;
    if let Some(scanned) = scan(&without, &CARDS_LETTER) {
        assert_eq!(scanned, codes.iter().filter(|other| *other != code).map(|code| link(code)).collect());
    }
    let states: Vec<_> = world.passes(&printing).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["printed", "printed", "printed", "joined"]);
    // Printing again gives the others the next serials, and the same codes.
    let again =
        world.print(&json!({"kind": "addressed", "layout": "labels", "paper": "letter", "start": 4})).await;
    assert_eq!((&again["first_serial"], &again["last_serial"]), (&json!(5), &json!(7)));
    if let (Some(before), Some(now)) =
        (scan(&without, &CARDS_LETTER), scan(&world.sheets(&again).await, &LABELS_LETTER))
    {
        assert_eq!(before, now);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_pass_alone_can_still_be_written_to() {
    let world = World::new().await;
    let homes = json!({"rows": [{"unit": "9 Elm Street"}]});
    assert_eq!(world.ask(&world.oakridge, "households:import", &homes).await.0, 200);
    world.print(&cards()).await;
    let printed = world.live_codes().await;
    let board = world.board().await;
    let page = board.page("/households?show=on_paper").await;
    assert!(page.contains("9 Elm Street") && page.contains("Pass 000001 is printed"), "{page}");
    assert!(!board.page("/households?show=not_invited").await.contains("9 Elm Street"));
    let mark = world.ask(&world.oakridge, "passes/hand-over", &json!({"from": 1})).await;
    assert_eq!(mark.0, 200, "{}", mark.1);
    assert!(board.page("/households?show=on_paper").await.contains("A pass was handed over"));
    let list = json!({"channel": "email", "rows": [{"email": "ada@example.org", "unit": "9 Elm Street"}]});
    let seen = world.look_at_list(&list).await;
    assert_eq!(seen["entries"][0]["verdict"], "ready", "{seen}");
    world.send(&[json!({"email": "ada@example.org", "unit": "9 Elm Street"})]).await;
    assert_eq!(world.live_codes().await, printed, "the message carries the pass' code");
    let seen = world.look_at_list(&list).await;
    assert_eq!(seen["entries"][0]["reason"], "already_invited", "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passes_are_handed_over_and_made_void_by_their_serials() {
    let world = World::new().await;
    let list: Vec<_> =
        (1..=6).map(|n| json!({"email": format!("r{n}@example.org"), "unit": format!("Lot {n}")})).collect();
    let batch = world.send(&list).await;
    let codes = world.codes().await;
    let printing = world.print(&cards()).await;
    let marked = async |path: &str, body: Value| world.ask(&world.oakridge, path, &body).await;
    assert_eq!(marked("passes/hand-over", json!({"from": 1, "to": 4})).await, (200, json!({"changed": 4})));
    assert_eq!(marked("passes/hand-over", json!({"from": 4, "to": 5})).await, (200, json!({"changed": 1})));
    assert_eq!(marked("passes/void", json!({"from": 2, "to": 3})).await, (200, json!({"changed": 2})));
    assert_eq!(marked("passes/void", json!({"from": 3})).await, (200, json!({"changed": 0})));
    let states: Vec<_> = world.passes(&printing).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["handed_over", "void", "void", "handed_over", "handed_over", "printed"]);
    // The code is dead wherever it stands, and what waited to carry it is taken back.
    let who = json!({"code": codes["r2@example.org"].plain(), "name": "Bo", "email": "r2@example.org"});
    let answer = world.client.join(&who, None).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body["type"]), (410, &json!("/problems/code-revoked")));
    let counts = world.batch(&batch).await["counts"].clone();
    assert_eq!((&counts["cancelled"], &counts["queued"]), (&json!(2), &json!(4)), "{counts}");
    // Whom it was taken from can be invited again, with another code.
    let again = world.print(&cards()).await;
    assert_eq!(again["passes"], json!(6));
    assert_ne!(world.codes().await["r2@example.org"], codes["r2@example.org"]);
    // What names no pass changes nothing.
    for (body, status) in [
        (json!({"from": 0}), 422),
        (json!({"from": 5, "to": 4}), 422),
        (json!({"from": 1, "to": 2_001}), 422),
        (json!({"from": 1, "until": 2}), 422),
        (json!({"from": 1_000}), 404),
    ] {
        assert_eq!(marked("passes/void", body.clone()).await.0, status, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_anothers_passes_and_a_service_sees_none() {
    let world = World::new().await;
    let nobody = world.ask(&world.oakridge, "passes", &cards()).await;
    assert_eq!((nobody.0, &nobody.1["type"]), (409, &json!("/problems/nothing-to-print")));
    world.send(&[json!({"email": "ada@example.org"})]).await;
    let printing = world.print(&cards()).await;
    let id = printing["id"].as_str().unwrap();
    let riverside = world.installation.create_community("Riverside Club", &[]).await.unwrap();
    for path in [format!("passes/{id}"), format!("passes/{id}/pdf"), "passes/nothing/pdf".to_owned()] {
        assert_eq!(world.client.fetch(&riverside, &path).await.unwrap().0, 404, "{path}");
    }
    assert_eq!(world.ask(&riverside, "passes/void", &json!({"from": 1})).await.0, 404);
    let service = world.installation.create_token(&world.oakridge, "service").await.unwrap();
    assert_eq!(world.ask(&service, "passes", &cards()).await.0, 403);
    assert_eq!(world.client.fetch(&service, &format!("passes/{id}/pdf")).await.unwrap().0, 403);
    assert_eq!(world.client.fetch(&service, &format!("passes/{id}")).await.unwrap().0, 200);
    let listed = world.client.get(&world.oakridge, "passes").await.unwrap().body;
    assert_eq!(listed["items"], json!([printing]));
    assert_eq!(world.client.get(&riverside, "passes").await.unwrap().body["items"], json!([]));
    // A household that is named and not there is told, and nothing is printed for the others.
    let shown = world.client.get(&world.oakridge, &format!("passes/{id}")).await.unwrap().body;
    let mut wish = cards();
    wish["households"] = json!([shown["items"][0]["household"], "01890a5d-ac96-774b-bcce-b302099a8057"]);
    let (status, problem) = world.ask(&world.oakridge, "passes", &wish).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/households/1")), "{problem}");
    // The ledger holds no sheet, and no code; the log neither.
    let code = world.live_codes().await.into_iter().next().unwrap();
    assert!(!world.api.log().contains(&code));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_leaders_who_print_at_once_give_each_household_one_code() {
    let mut world = World::new().await;
    let homes: Vec<_> = (1..=40).map(|n| json!({"unit": format!("Lot {n}")})).collect();
    assert_eq!(world.ask(&world.oakridge, "households:import", &json!({"rows": homes})).await.0, 200);
    let (_second, other) = world.installation.start_api().await.unwrap();
    let print = async |client: &Client| {
        let answer =
            client.post(&world.oakridge, "passes", cards().to_string().into_bytes(), &[]).await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        (answer.body["first_serial"].as_i64().unwrap(), answer.body["passes"].as_i64().unwrap())
    };
    let (one, two) = tokio::join!(print(&world.client), print(&other));
    let mut both = [one, two];
    both.sort_unstable();
    assert_eq!(both, [(1, 40), (41, 40)]);
    assert_eq!(world.live_codes().await.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_prints_hands_over_and_voids_on_the_board() {
    let world = World::new().await;
    let homes: Vec<_> = (1..=60).map(|n| json!({"unit": format!("Lot {n}")})).collect();
    let board = world.board().await;
    assert!(board.page("/passes").await.contains("nobody to print for"));
    assert_eq!(world.ask(&world.oakridge, "households:import", &json!({"rows": homes})).await.0, 200);
    assert!(board.page("/passes").await.contains("Prepare 60 passes"));

    // What does not fit is said, and nothing is printed.
    for (form, said) in [
        ("layout=cards_a4&sort=name&start=11", "from 1 to 10"),
        ("layout=cards_a4&sort=name&start=x", "from 1 to 10"),
        ("layout=stickers", "Choose how"),
        ("", "Choose how"),
    ] {
        let (status, page) = board.submit("/passes", form).await;
        assert_eq!(status, 422, "{form}");
        assert!(page.contains(said), "{form}: {page}");
    }
    let (status, page) = board.submit("/passes", "layout=cards_a4&sort=street&start=3").await;
    assert_eq!(status, 200);
    assert!(page.contains("Passes 000001 to 000060") && page.contains("Lot 50") && !page.contains("Lot 51"));
    let path = page.split("href=\"/passes/").find_map(|rest| rest.split_once("/pdf\"")).unwrap().0.to_owned();
    let next = board.page(&format!("/passes/{path}?after=50")).await;
    assert!(next.contains("Lot 51") && !next.contains("Lot 50"));
    let sheets = board.request(porchlight_tests::installation::Method::GET, &format!("/passes/{path}/pdf"));
    let sheets = sheets.send().await.unwrap();
    assert_eq!(
        (sheets.status().as_u16(), &sheets.headers()["content-type"]),
        (200, &"application/pdf".parse().unwrap())
    );
    if let Some(scanned) = scan(&sheets.bytes().await.unwrap(), &CARDS_A4) {
        assert_eq!(scanned.len(), 60);
    }

    // Both buttons, and the question before the second.
    let of = |serials: &str| format!("printing={path}&{serials}");
    let (_, page) = board.submit("/passes/hand-over", &of("from=1&to=20")).await;
    assert!(page.contains("20 passes are handed over now") && page.contains("Handed over"));
    let asked = board.page(&format!("/passes/void?{}", of("from=2&to=3"))).await;
    assert!(asked.contains("Make passes 000002 to 000003 void?"));
    let (_, page) = board.submit("/passes/void", &of("from=2&to=3")).await;
    assert!(page.contains("2 passes are void now"));
    assert_eq!(world.live_codes().await.len(), 58);
    // Serials that are none lead back, and change nothing.
    let (_, page) = board.submit("/passes/void", &of("from=all")).await;
    assert!(page.contains("Passes 000001 to 000060"));
    assert_eq!(world.live_codes().await.len(), 58);

    // Nobody else gets there, nor a page that is not ours.
    let riverside = world.installation.create_community("Riverside Club", &[]).await.unwrap();
    let other = world.board_of(&riverside).await;
    for path in [format!("/passes/{path}"), format!("/passes/{path}/pdf"), "/passes/test/stickers".to_owned()]
    {
        assert_eq!(other.get(&path).await.0, 404, "{path}");
    }
    assert_eq!(other.submit("/passes/void", &of("from=1")).await.0, 404);
    let stranger = world.stranger();
    for path in ["/passes".to_owned(), format!("/passes/{path}/pdf"), "/passes/test/cards_a4".to_owned()] {
        assert_eq!(stranger.get(&path).await.0, 303, "{path}");
    }
    let foreign = board.request(porchlight_tests::installation::Method::POST, "/passes/void");
    let foreign = foreign.header("sec-fetch-site", "cross-site").body(of("from=1")).send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    assert_eq!(world.live_codes().await.len(), 58);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_are_printed_at_once_are_printed_one_after_the_other() {
    let world = World::new().await;
    let homes: Vec<_> = (1..=2_005).map(|n| json!({"unit": format!("Lot {n}")})).collect();
    assert_eq!(world.ask(&world.oakridge, "households:import", &json!({"rows": homes})).await.0, 200);
    let (status, told) = world.ask(&world.oakridge, "passes", &cards()).await;
    assert_eq!((status, &told["errors"][0]["pointer"]), (422, &json!("/households")), "{told}");
    let board = world.board().await;
    assert!(board.page("/passes").await.contains("Prepare 2,000 passes"));
    let form = "layout=labels_letter&sort=street&start=1";
    assert!(board.submit("/passes", form).await.1.contains("Passes 000001 to 002000"));
    assert_eq!(world.live_codes().await.len(), 2_000);
    // Those first that have none; the rest is printed once more.
    assert!(board.submit("/passes", form).await.1.contains("Passes 002001 to 004000"));
    assert_eq!(world.live_codes().await.len(), 2_005);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_code_leaves_its_place_empty_and_holds_nobody_up() {
    let world = World::new().await;
    world.send(&rows(3)).await;
    let printing = world.print(&cards()).await;
    world
        .sql("UPDATE invitations SET code_sealed = decode(repeat('00', 52), 'hex') WHERE id IN (SELECT id FROM invitations ORDER BY id LIMIT 1)")
        .await;
    if let Some(scanned) = scan(&world.sheets(&printing).await, &CARDS_LETTER) {
        assert_eq!(scanned.len(), 2);
    }
    // Keys can be changed all the same, and again, and each time it is said.
    for newest in [2, 3] {
        let said = world.installation.api_command(&["keys", "rotate", "--wait", "0s"]).await.unwrap_err();
        assert!(said.to_string().contains("1 sealed codes do not open"), "{said}");
        let on_newest: i64 =
            sqlx::query_scalar("SELECT count(*) FROM invitations WHERE code_sealed_key = $1")
                .bind(newest)
                .fetch_one(&world.installation.pool)
                .await
                .unwrap();
        assert_eq!(on_newest, 2, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_once_more_says_the_same_day() {
    let world = World::new().await;
    // Where it is another day at every hour.
    world.sql("UPDATE communities SET time_zone = 'Pacific/Pago_Pago'").await;
    world.send(&rows(2)).await;
    let printing = world.print(&cards()).await;
    let sheets = world.sheets(&printing).await;
    world.sql("UPDATE communities SET time_zone = 'Pacific/Kiritimati'").await;
    assert!(world.sheets(&printing).await == sheets);
}
