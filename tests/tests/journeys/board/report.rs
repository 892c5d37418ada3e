//! The report: its counts, its file, and whose they are.

use std::collections::{BTreeMap, HashSet};

use porchlight_tests::installation::Method;
use reqwest::{Response, header};
use serde_json::json;

use super::Board;
use crate::world::{World, numbers, rows, settled};

impl Board {
    /// The file, as a spreadsheet reads it: the names of the columns, and the rows.
    async fn csv(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let answer = self.request(Method::GET, "/report.csv").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let headers = answer.headers().clone();
        assert_eq!(headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        let name = headers[header::CONTENT_DISPOSITION].to_str().unwrap();
        let day = name
            .strip_prefix("attachment; filename=\"porchlight-households-")
            .unwrap()
            .strip_suffix(".csv\"")
            .unwrap();
        day.parse::<jiff::civil::Date>().unwrap();
        let mut lines = read(&whole(answer).await).into_iter();
        let head = lines.next().unwrap();
        (head, lines.collect())
    }
}

/// The text with its mark, which `text()` drops.
async fn whole(answer: Response) -> String {
    String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap()
}

/// RFC 4180 to the letter: what is not so panics.
fn read(file: &str) -> Vec<Vec<String>> {
    let mut letters = file.strip_prefix('\u{feff}').expect("it begins with a mark").chars().peekable();
    let (mut lines, mut line, mut cell) = (Vec::new(), Vec::new(), String::new());
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                assert_eq!(cell, "", "a quote stands at the beginning of a cell");
                loop {
                    match letters.next().expect("a quote is closed") {
                        '"' if letters.next_if_eq(&'"').is_none() => break,
                        letter => cell.push(letter),
                    }
                }
                assert!(matches!(letters.peek(), Some(',' | '\r')), "nothing stands after a closing quote");
            }
            ',' => line.push(std::mem::take(&mut cell)),
            '\r' => {
                assert_eq!(letters.next(), Some('\n'));
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            '\n' => panic!("a line ends with CR and LF"),
            letter => cell.push(letter),
        }
    }
    assert!(line.is_empty() && cell.is_empty(), "the last line ends");
    lines
}

/// The counts of a table: what stands in the head of a row, and the cells beside it that are numbers.
fn table(page: &str, class: &str) -> BTreeMap<String, Vec<i64>> {
    let table = page.split(&format!("<table class=\"figures {class}\">")).nth(1).unwrap();
    let body = table.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    let text =
        |html: &str| html.split('<').map(|tag| tag.split_once('>').map_or(tag, |(_, text)| text)).collect();
    let lines = body.split("<tr").skip(1).map(|line| {
        let (head, cells) = line.split_once("</th>").unwrap();
        let head: String = text(head.split_once("<th").unwrap().1.split_once('>').unwrap().1);
        let cells = cells
            .split("<td>")
            .skip(1)
            .map(text)
            .filter_map(|cell: String| cell.trim().replace(',', "").parse().ok());
        (head, cells.collect())
    });
    lines.collect()
}

/// Thirty by e-mail, two of which have a problem, four by text, one both ways, one with a pass alone, and one not invited;
/// ten of them joined.
async fn community() -> World {
    let mut world = World::new().await;
    let mut list = rows(28);
    list.push(json!({"email": "refuse-a@oakridge.example", "name": "Ana", "unit": "2 Elm Street"}));
    list.push(json!({"email": "refuse-b@oakridge.example", "name": "Bo", "unit": "10 Elm Street"}));
    let emails = world.send(&list).await;
    let texts = world.text(&numbers(4)).await["id"].as_str().unwrap().to_owned();
    let worker = world.installation.start_worker().await.unwrap();
    world.batch_until(&emails, settled).await;
    world.batch_until(&texts, settled).await;
    assert!(worker.stop().await.unwrap().success());
    world
        .sql(
            "UPDATE households SET joined_at = app_now() - interval '1 day' WHERE id IN (
                 SELECT household_id FROM contacts WHERE address ~ '^resident[.][1-9]@' OR address ~ '1000$'
             )",
        )
        .await;
    // Names that a spreadsheet would calculate, one of them over two lines.
    for statement in [
        "UPDATE contacts SET name = '=HYPERLINK(\"https://evil.example\",\"Ada\")' WHERE name = 'Resident 20'",
        "UPDATE contacts SET name = E'@SUM(1)\\n\"Ek\", Ada' WHERE name = 'Resident 21'",
        "UPDATE contacts SET name = '-2+3' WHERE name = 'Resident 22'",
        "INSERT INTO households (id, community_id, name) SELECT gen_random_uuid(), id, 'Nobody wrote' FROM communities",
    ] {
        world.sql(statement).await;
    }
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_sums_and_its_file_has_a_row_for_each_household() {
    let world = community().await;
    let board = world.board().await;
    assert!(board.page("/").await.contains("href=\"/report\">Report</a>"));
    let page = board.page("/report").await;
    assert!(page.contains("<b>10</b> of 35 households joined <span class=\"soft\">(28 %)</span>"), "{page}");
    assert!(page.contains("10 of 35 households joined.</figcaption>"), "{page}");
    let stands = table(&page, "standing");
    let together = stands["Together"][0];
    assert_eq!(
        stands.iter().filter(|(at, _)| *at != "Together").map(|(_, counts)| counts[0]).sum::<i64>(),
        together
    );
    assert_eq!(
        (together, &stands["Joined"][..], &stands["Problem"][..], &stands["Not invited"][..]),
        (35, &[10][..], &[2][..], &[1][..])
    );
    let ways = table(&page, "ways-by");
    assert_eq!(
        (&ways["Households"], &ways["Problem"], &ways["Of them joined"]),
        (&vec![30, 4], &vec![2, 0], &vec![9, 1])
    );
    let fates = ["Delivered", "Sent", "On the way", "Problem", "Not sent"].map(|fate| &ways[fate]);
    let sums = |column: usize| fates.iter().map(|counts| counts[column]).sum::<i64>();
    assert_eq!(ways["Households"], [sums(0), sums(1)]);
    assert!(
        page.contains("25 households have not joined yet.") && page.contains(">30 e-mails</a>"),
        "{page}"
    );
    assert_eq!(
        page.split("<table class=\"rows missing\">").nth(1).unwrap().matches("<tr><th").count() - 1,
        25
    );
    assert!(page.find("2 Elm Street") < page.find("10 Elm Street"), "numbers are sorted by their value");

    let (head, lines) = board.csv().await;
    let columns =
        ["household", "unit", "stands_at", "since", "joined_at", "channel", "contact", "what_it_means"];
    assert_eq!(head, columns);
    assert_eq!(lines.len(), 35);
    let mut told = BTreeMap::<&str, i64>::new();
    for line in &lines {
        assert_eq!(line.len(), columns.len(), "{line:?}");
        *told.entry(&line[2]).or_default() += 1;
        for moment in [&line[3], &line[4]].into_iter().filter(|moment| !moment.is_empty()) {
            moment.parse::<jiff::Timestamp>().unwrap();
        }
        assert_eq!(line[4].is_empty(), line[2] != "Joined", "{line:?}");
        assert!(line.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{line:?}");
    }
    for (at, counts) in stands.iter().filter(|(at, _)| *at != "Together") {
        assert_eq!(told.get(at.as_str()).copied().unwrap_or(0), counts[0], "{at}");
    }
    let named =
        |name: &str| lines.iter().find(|line| line[0] == name).unwrap_or_else(|| panic!("{name}: {lines:?}"));
    named("'=HYPERLINK(\"https://evil.example\",\"Ada\")");
    named("'@SUM(1)\n\"Ek\", Ada");
    named("'-2+3");
    assert_eq!(
        named("Nobody wrote")[1..],
        ["", "Not invited", "", "", "", "", "Nothing was ever meant for them."]
    );
    let ana = named("Ana");
    assert_eq!(
        (&ana[1], &ana[2], &ana[5], &ana[6]),
        (&"2 Elm Street".into(), &"Problem".into(), &"e-mail".into(), &"refuse-a@oakridge.example".into())
    );
    assert!(lines.iter().any(|line| line[5] == "text" && line[6].starts_with("'+1312")), "{lines:?}");

    // No code, however it may be written, and no link.
    let file = whole(board.request(Method::GET, "/report.csv").send().await.unwrap()).await;
    let letters: String = file.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    let codes = world.live_codes().await;
    assert!(codes.len() >= 24, "{}", codes.len());
    assert!(codes.iter().all(|code| !letters.contains(code.as_str())) && !file.contains("/j/"), "{file}");

    // Whoever asks only what the file would be takes nothing away.
    let head = board.request(Method::HEAD, "/report.csv").send().await.unwrap();
    assert_eq!(
        (head.status().as_u16(), &head.headers()[header::CONTENT_TYPE]),
        (200, &"text/csv; charset=utf-8".parse().unwrap())
    );
    let exported: Vec<i64> =
        sqlx::query_scalar("SELECT count FROM audit_log WHERE act = 'report_exported' ORDER BY id")
            .fetch_all(&world.installation.pool)
            .await
            .unwrap();
    assert_eq!(exported, [35, 35]);
    assert!(board.page("/settings/log").await.contains("Exported the list of households"));
    let log = world.api.log();
    assert!(!log.contains("oakridge.example\"") && !log.contains("Elm Street"), "nobody is named in a log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_community_is_in_the_file_once_each_and_in_order() {
    let world = World::new().await;
    // More than two parts, in an order that is not that in which they were entered.
    world
        .sql(
            "WITH places AS (
                 INSERT INTO properties (id, community_id, label, label_key)
                 SELECT gen_random_uuid(), c.id, n || ' Elm Street', n || ' elm street'
                 FROM communities c, generate_series(1, 2600) AS n RETURNING id, community_id, label
             )
             INSERT INTO households (id, community_id, property_id, name)
             SELECT gen_random_uuid(), community_id, id, 'Of ' || label FROM places ORDER BY label",
        )
        .await;
    let board = world.board().await;
    let (_, lines) = board.csv().await;
    let units: Vec<_> = lines.iter().map(|line| line[1].clone()).collect();
    let wanted: Vec<_> = (1..=2600).map(|n| format!("{n} Elm Street")).collect();
    assert!(units == wanted, "{} rows, beginning with {:?}", units.len(), &units[..3]);
    assert_eq!(lines.iter().map(|line| &line[0]).collect::<HashSet<_>>().len(), 2600);
    // The page says how many it leaves out.
    let page = board.page("/report").await;
    assert!(page.contains("2,600 households have not joined yet. The first 250 stand here"), "{page}");
    assert_eq!(page.matches("<tr><th scope=\"row\"><bdi>").count(), 250);
    // With its style and script, and with room for fifty letters more in each row.
    let weight =
        page.len() + board.page("/static/board.css").await.len() + board.page("/static/board.js").await.len();
    assert!(weight + 250 * 50 < 100_000, "{weight}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_of_ones_own_community() {
    let world = World::new().await;
    world.send(&rows(3)).await;
    let stranger = world.stranger();
    for path in ["/report", "/report.csv"] {
        let answer = stranger.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[header::LOCATION]),
            (303, &"/sign-in".parse().unwrap())
        );
    }
    let birchwood = world.installation.create_community("Birchwood", &[]).await.unwrap();
    let other = world.board_of(&birchwood).await;
    let page = other.page("/report").await;
    assert!(page.contains("There is nothing to report yet") && !page.contains("Resident"), "{page}");
    assert!(other.csv().await.1.is_empty());
    assert!(!other.page("/settings/log").await.contains("Sent a list"));
    let own = world.board().await;
    assert_eq!(own.csv().await.1.len(), 3);
    let exported: Vec<(String, i64)> = sqlx::query_as(
        "SELECT c.name, a.count FROM audit_log a JOIN communities c ON c.id = a.community_id
         WHERE a.act = 'report_exported' ORDER BY a.id",
    )
    .fetch_all(&world.installation.pool)
    .await
    .unwrap();
    assert_eq!(exported, [("Birchwood".to_owned(), 0), ("Oakridge HOA".to_owned(), 3)]);
}
