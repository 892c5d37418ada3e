//! Which domains are remarked on, and which are left alone.

use super::*;

fn remark(domain: &str) -> Option<Remark> {
    Domains::of(std::iter::once(domain)).remark(domain).cloned()
}

#[test]
fn slips_of_large_providers_are_noticed() {
    for (domain, meant) in [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmal.con", "gmail.com"),
        ("yaho.com", "yahoo.com"),
        ("yahooo.co.uk", "yahoo.co.uk"),
        ("hotmial.com", "hotmail.com"),
        ("hotmil.com", "hotmail.com"),
        ("outlok.com", "outlook.com"),
        ("iclod.com", "icloud.com"),
        ("comcast.ner", "comcast.net"),
        ("aol.con", "aol.com"),
        ("protonmial.com", "protonmail.com"),
    ] {
        assert_eq!(remark(domain), Some(Remark::Typo(meant.to_owned())), "{domain}");
    }
}

#[test]
fn real_domains_are_left_alone() {
    for domain in [
        "gmail.com",
        "mail.com",
        "ymail.com",
        "email.com",
        "yahoo.ca",
        "yahoo.com.sg",
        "hotmail.be",
        "gmx.at",
        "web.de",
        "live.nl",
        "me.com",
        "aon.at",
        "al.com",
        "example.org",
        "example.com",
        "oakridge.example",
        "mit.edu",
        "münchen.de",
        "xn--mnchen-3ya.de",
        "cal.com",
        "live.no",
        "contact.com",
        "icould.org",
    ] {
        assert_eq!(remark(domain), None, "{domain}");
    }
}

#[test]
fn a_rare_domain_is_compared_with_the_common_ones_of_its_list() {
    let common = ["oakridge.example"; 30];
    let list = |rare: &'static str| Domains::of(common.into_iter().chain([rare])).remark(rare).cloned();
    assert_eq!(list("oakrdige.example"), Some(Remark::Typo("oakridge.example".to_owned())));
    assert_eq!(list("oakridge2.example"), None);
    assert_eq!(list("elmcourt.example"), None);
    let both = ["oakridge.example", "oakbridge.example"].repeat(20);
    assert_eq!(Domains::of(both.into_iter()).remark("oakbridge.example"), None, "both are common");
}

#[test]
fn lookalikes_are_told_from_other_alphabets() {
    let ascii = |domain: &str| idna::domain_to_ascii_strict(domain).unwrap();
    let gmail = Some(Remark::Lookalike(Some("gmail.com".to_owned())));
    assert_eq!(remark(&ascii("gm\u{430}il.com")), gmail, "a Cyrillic a");
    assert_eq!(remark("grnail.com"), gmail, "r and n");
    assert_eq!(remark(&ascii("ex\u{430}mple.org")), Some(Remark::Lookalike(None)), "two alphabets");
    assert_eq!(remark(&ascii("пример.рф")), None, "one alphabet");
    assert_eq!(remark(&ascii("日本語.jp")), None);
    let list: Vec<_> = std::iter::repeat_n("oakridge.example", 20)
        .map(str::to_owned)
        .chain([ascii("oakrid\u{261}e.example")])
        .collect();
    let mut domains = Domains::of(list.iter().map(String::as_str));
    assert_eq!(domains.remark(&list[20]), Some(&Remark::Lookalike(Some("oakridge.example".to_owned()))));
}

#[test]
fn the_disposable_list_is_sorted_and_spares_relays() {
    assert!(DISPOSABLE_DOMAINS.len() > 5_000);
    assert!(DISPOSABLE_DOMAINS.is_sorted());
    assert!(is_disposable("mailinator.com") && is_disposable("eu.mailinator.com"));
    for domain in
        ["duck.com", "mozmail.com", "simplelogin.com", "privaterelay.appleid.com", "example.com", "com"]
    {
        assert!(!is_disposable(domain), "{domain}");
    }
    assert!(LARGE.iter().all(|domain| !is_disposable(domain)));
}

#[test]
fn offices_are_no_households() {
    assert!(is_role("Info") && is_role("no-reply") && is_role("admin+portal"));
    assert!(!is_role("ada") && !is_role("information.desk.ada"));
}

#[test]
fn one_mailbox_may_be_written_in_several_ways() {
    assert_eq!(same_mailbox("A.da+hoa", "gmail.com"), same_mailbox("ada", "googlemail.com"));
    assert_ne!(same_mailbox("a.da", "outlook.com"), same_mailbox("ada", "outlook.com"));
    assert_eq!(same_mailbox("ada", "example.org"), None);
}

#[test]
fn a_forgotten_dot_or_end_is_put_back() {
    assert_eq!(completed("gmailcom"), Some("gmail.com"));
    assert_eq!(completed("Yahoo"), Some("yahoo.com"));
    assert_eq!(completed("localhost"), None);
}
