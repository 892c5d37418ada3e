//! What a phone sees.

use super::*;

/// Cuts each QR out with its quiet zone and nothing more, and has it decoded.
fn scanned(layout: Layout, passes: &[Pass]) -> Vec<String> {
    let printed = Printed::new(&render(&order(layout, 1, passes.to_vec())).unwrap());
    let sheet = layout.sheet();
    let mut cuts = Vec::new();
    for file in printed.rendered(300) {
        let page = Page::read(&file, 300);
        for index in (0..sheet.positions()).take(passes.len() - cuts.len()) {
            let cut = printed.directory.path().join(format!("{:04}.qr", cuts.len()));
            page.cut(designs::qr_area(layout, sheet.position(index)).inset(-qr::MAX_QUIET), &cut);
            cuts.push(cut);
        }
    }
    let found = run("zbarimg", &["--quiet", "--raw", "-S*.enable=0", "-Sqrcode.enable=1"], &cuts);
    found.lines().map(str::to_owned).collect()
}

#[test]
fn each_of_five_hundred_passes_opens_its_own_link() {
    if nobody_can_look() {
        return;
    }
    let passes: Vec<Pass> = (0..500).map(pass).collect();
    let links: Vec<&str> = passes.iter().map(|pass| pass.link.as_str()).collect();
    assert_eq!(scanned(Layout::CardsA4, &passes), links);
}

#[test]
fn every_layout_can_be_scanned() {
    if nobody_can_look() {
        return;
    }
    let passes: Vec<Pass> = (0..3).map(pass).collect();
    let links: Vec<&str> = passes.iter().map(|pass| pass.link.as_str()).collect();
    for layout in Layout::ALL {
        assert_eq!(scanned(layout, &passes), links, "{layout:?}");
    }
}

#[test]
fn the_shortest_and_the_longest_link_can_be_scanned() {
    if nobody_can_look() {
        return;
    }
    let mut passes = vec![pass(0), pass(1)];
    passes[0].link = "https://a.b/j/7".parse().unwrap();
    let host = "a".repeat(qr::MAX_LINK - "https:///j/7KWM3RTX9CHR".len());
    passes[1].link = format!("https://{host}/j/7KWM3RTX9CHR").parse().unwrap();
    let links: Vec<&str> = passes.iter().map(|pass| pass.link.as_str()).collect();
    assert_eq!(scanned(Layout::CardsA4, &passes), links);
}
