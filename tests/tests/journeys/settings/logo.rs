//! A community's mark: what it may be, and where it stands.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logo_is_a_picture_and_nothing_else() {
    let world = World::new().await;
    let board = world.board().await;
    let fields = with(&[("no_logo", "")]);
    for (file, words) in [
        (b"<svg onload=alert(1)>".to_vec(), "choose a PNG or JPEG"),
        (picture(200)[..60].to_vec(), "choose a PNG or JPEG"),
        (vec![0x89; 600 * 1024], "at most 512 KB"),
        (picture_of(2_001, 20, 1), "at most 2,000"),
        (picture_of(40, 8, 1), "at least 16"),
        (bomb(), "at most 2,000"),
    ] {
        let (status, page) = board.save_settings(&fields, Some(&file)).await;
        assert!(status == 422 && page.contains(words), "{words}: {status}");
        assert!(page.contains("id=\"logo-fault\"") && page.contains("Springfield, IL 62701"), "{words}");
    }
    let (status, page) = board.save_settings(&fields, Some(&picture(200))).await;
    assert_eq!(status, 200, "{page}");
    let path = page.split("src=\"/logo/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/logo/{path}");
    // On residents' pages, kept for ever, and with nothing of what was hidden in it.
    world.send(&rows(1)).await;
    let code = world.live_codes().await.into_iter().next().unwrap();
    let landing = world.client.visit(Method::GET, &format!("/j/{code}"), None, None).await.unwrap();
    assert!(
        landing.text.contains(&format!("<img class=\"logo\" src=\"{path}\" alt=\"\">")),
        "{}",
        landing.text
    );
    assert!(landing.headers["content-security-policy"].to_str().unwrap().contains("img-src 'self'"));
    let answer = world.stranger().request(Method::GET, &path).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["content-type"].as_bytes()),
        (200, &b"image/png"[..])
    );
    assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG") && !bytes.windows(6).any(|part| part == b"SECRET"));
    for path in ["/logo/x.png", "/logo/00.png", &path.replace(".png", ".jpg")] {
        assert_eq!(world.stranger().get(path).await.0, 404, "{path}");
    }
    // Removed.
    let (status, page) = board.save_settings(&with(&[]), None).await;
    assert!(status == 200 && !page.contains("src=\"/logo/"), "{page}");
    let landing = world.client.visit(Method::GET, &format!("/j/{code}"), None, None).await.unwrap();
    assert!(!landing.text.contains("/logo/"));
}

/// A small file that says that it is 60,000 pixels wide and high.
fn bomb() -> Vec<u8> {
    let mut file = picture(1);
    file[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    file[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let crc = file[12..29].iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
        crc
    });
    file[29..33].copy_from_slice(&(!crc).to_be_bytes());
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printing_keeps_the_logo_that_it_was_made_with() {
    let world = World::new().await;
    let board = world.board().await;
    world.send(&[json!({"email": "ada@example.org", "unit": "9 Elm Street"})]).await;
    let wish = json!({"kind": "addressed", "layout": "cards", "paper": "letter"});
    let without = world.print(&wish).await;
    let fields = with(&[("no_logo", "")]);
    assert_eq!(board.save_settings(&fields, Some(&picture(200))).await.0, 200);
    let printing = world.print(&wish).await;
    let sheets = world.sheets(&printing).await;
    let images = |pdf: &[u8]| {
        pdf.windows(14).filter(|part| part == b"/Subtype/Image" || &part[..] == b"/Subtype /Imag").count()
    };
    assert!(images(&sheets) > images(&world.sheets(&without).await), "the logo is on the pass");
    // Another logo, then none: what was printed stays as it was, to the byte.
    assert_eq!(board.save_settings(&fields, Some(&picture(20))).await.0, 200);
    assert!(world.sheets(&printing).await == sheets);
    assert!(world.sheets(&world.print(&wish).await).await != sheets);
    assert_eq!(board.save_settings(&with(&[]), None).await.0, 200);
    assert!(world.sheets(&printing).await == sheets);
}
