//! What the part after the `@` tells: a typing mistake, a lookalike, a mailbox for an hour. No DNS is asked.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use unicode_security::{MixedScript, confusable_detection::skeleton};

/// Providers with so many mailboxes that a domain nearly like theirs is more likely a mistake than not.
const LARGE: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "yahoo.co.uk",
    "yahoo.fr",
    "yahoo.de",
    "yahoo.es",
    "yahoo.it",
    "yahoo.com.br",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.com.mx",
    "yahoo.com.ar",
    "yahoo.com.au",
    "ymail.com",
    "rocketmail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "hotmail.fr",
    "hotmail.de",
    "hotmail.es",
    "hotmail.it",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "outlook.es",
    "live.com",
    "live.co.uk",
    "live.fr",
    "msn.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "aol.com",
    "comcast.net",
    "verizon.net",
    "att.net",
    "sbcglobal.net",
    "bellsouth.net",
    "charter.net",
    "cox.net",
    "earthlink.net",
    "optonline.net",
    "frontier.com",
    "windstream.net",
    "centurylink.net",
    "protonmail.com",
    "proton.me",
    "fastmail.com",
    "zoho.com",
    "mail.com",
    "email.com",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "t-online.de",
    "freenet.de",
    "posteo.de",
    "bluewin.ch",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "sfr.fr",
    "libero.it",
    "virgilio.it",
    "tiscali.it",
    "alice.it",
    "btinternet.com",
    "sky.com",
    "virginmedia.com",
    "ntlworld.com",
    "talktalk.net",
    "telenet.be",
    "skynet.be",
    "ziggo.nl",
    "kpnmail.nl",
    "planet.nl",
    "home.nl",
    "uol.com.br",
    "bol.com.br",
    "terra.com.br",
    "shaw.ca",
    "rogers.com",
    "sympatico.ca",
    "telus.net",
    "bigpond.com",
    "bigpond.net.au",
    "optusnet.com.au",
    "iinet.net.au",
    "xtra.co.nz",
    "wp.pl",
    "onet.pl",
    "interia.pl",
    "o2.pl",
    "seznam.cz",
    "mail.ru",
    "yandex.ru",
    "yandex.com",
    "rambler.ru",
    "qq.com",
    "163.com",
    "126.com",
    "sina.com",
    "naver.com",
    "hanmail.net",
    "daum.net",
    "rediffmail.com",
    "tutanota.com",
    "hey.com",
    "pm.me",
    "duck.com",
];

/// Real domains that look like slips of large providers.
const REAL: &[&str] = &[
    "online.de",
    "foxmail.com",
    "upcmail.nl",
    "chartertn.net",
    "cloud.com",
    "rodgers.com",
    "horizon.net",
    "gmx.us",
    "hushmail.com",
    "inmail.com",
    "umail.com",
    "email.de",
    "tiscali.cz",
    "live.it",
    "yahoo.co",
    "mailbox.org",
];

/// Ends of domains that nobody has and many type.
const SLIPS: &[(&str, &[&str])] = &[
    ("com", &["con", "cmo", "ocm", "vom", "xom", "comm", "coom", "cpm", "cim", "copm", "clm", "c0m"]),
    ("net", &["ner", "nte", "ent", "met", "bet", "nett", "neet", "ney"]),
    ("org", &["ogr", "orgg", "rog", "0rg"]),
];

/// Ends of real domains that beside a large provider's name are mistakes.
const SHORT_SLIPS: &[(&str, &[&str])] = &[("com", &["co", "cm", "om"]), ("net", &["ne", "nt", "et"])];

/// How often a domain stands in a list before another is compared with it, and how much more often than the other.
const COMMON_FROM: u32 = 5;
const COMMON_TIMES: u32 = 10;
/// Domains of a list with which others are compared.
const MOST_COMMON: usize = 50;
/// Domains of a list that are compared with them.
const MOST_LOOKS: usize = 5_000;

const DISPOSABLE: &str = include_str!("disposable_domains.txt");

static DISPOSABLE_DOMAINS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| DISPOSABLE.lines().filter(|line| !line.starts_with('#')).collect());
static SKELETONS: LazyLock<HashMap<String, &'static str>> =
    LazyLock::new(|| LARGE.iter().map(|domain| (skeleton(domain).collect(), *domain)).collect());

/// Whether the domain is that of a provider of very many mailboxes.
#[must_use]
pub fn is_large(domain: &str) -> bool {
    LARGE.contains(&domain)
}

/// Whether the domain, or one above it, belongs to a provider of short-lived mailboxes.
#[must_use]
pub fn is_disposable(domain: &str) -> bool {
    let parents =
        std::iter::successors(Some(domain), |domain| domain.split_once('.').map(|(_, parent)| parent));
    parents
        .take_while(|domain| domain.contains('.'))
        .any(|domain| DISPOSABLE_DOMAINS.binary_search(&domain).is_ok())
}

/// What is to be said of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// It is nearly this one.
    Typo(String),
    /// It looks like another, this one if that is known.
    Lookalike(Option<String>),
    /// Its mailboxes do not last.
    Disposable,
}

/// Looks at the domains of one list; each is looked at once.
#[derive(Debug)]
pub struct Domains<'a> {
    common: Vec<&'a str>,
    common_bones: Vec<String>,
    counts: HashMap<&'a str, u32>,
    /// How many domains are still compared with the common ones.
    looks: usize,
    remarks: HashMap<&'a str, Option<Remark>>,
}

impl<'a> Domains<'a> {
    /// Takes in the domains of a list, one for each entry.
    pub fn of(domains: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = HashMap::new();
        for domain in domains {
            *counts.entry(domain).or_insert(0) += 1;
        }
        let mut common: Vec<_> = counts.iter().filter(|(_, count)| **count >= COMMON_FROM).collect();
        common.sort_unstable_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let common: Vec<_> = common.into_iter().map(|(domain, _)| *domain).take(MOST_COMMON).collect();
        let common_bones = common.iter().map(|domain| skeleton(domain).collect()).collect();
        Self { common, common_bones, counts, looks: MOST_LOOKS, remarks: HashMap::new() }
    }

    /// What is to be said of one of them.
    pub fn remark(&mut self, domain: &'a str) -> Option<&Remark> {
        if !self.remarks.contains_key(domain) {
            let remark = self.look(domain);
            self.remarks.insert(domain, remark);
        }
        self.remarks[domain].as_ref()
    }

    fn look(&mut self, domain: &str) -> Option<Remark> {
        if is_large(domain) || REAL.contains(&domain) {
            return None;
        }
        let large = || LARGE.iter().copied().find(|provider| is_slip_of(domain, provider, true));
        let typo = |meant: &str| Remark::Typo(meant.to_owned());
        // Some who lend mailboxes for an hour live on slips of large providers: the slip is what matters.
        self.lookalike(domain)
            .or_else(|| large().map(typo))
            .or_else(|| is_disposable(domain).then_some(Remark::Disposable))
            .or_else(|| self.own(domain).map(typo))
    }

    /// Whether a domain shows letters that are not what they look like.
    fn lookalike(&self, domain: &str) -> Option<Remark> {
        let shown =
            if domain.contains("xn--") { idna::domain_to_unicode(domain).0 } else { domain.to_owned() };
        let bones: String = skeleton(&shown).collect();
        let own = || self.common_bones.iter().position(|common| *common == bones).map(|at| self.common[at]);
        // Of the list's own domains only those are meant that are not written in plain letters.
        let meant =
            SKELETONS.get(bones.as_str()).copied().or_else(|| if shown == domain { None } else { own() });
        if let Some(meant) = meant {
            return (meant != domain).then(|| Remark::Lookalike(Some(meant.to_owned())));
        }
        let mixed = shown.split('.').any(|label| !label.is_single_script());
        mixed.then_some(Remark::Lookalike(None))
    }

    /// A domain that is common in the list, and this one nearly like it and rare.
    fn own(&mut self, domain: &str) -> Option<&'a str> {
        // However many domains a list has, they are looked at in bounded time.
        self.looks = self.looks.checked_sub(1)?;
        let count = self.counts.get(domain).copied().unwrap_or(0);
        let common =
            self.common.iter().filter(|common| self.counts[**common] >= count.saturating_mul(COMMON_TIMES));
        common.copied().find(|common| *common != domain && is_slip_of(domain, common, false))
    }
}

/// Whether `domain` is what fingers make of `meant`.
fn is_slip_of(domain: &str, meant: &str, large: bool) -> bool {
    if domain.len().abs_diff(meant.len()) > 2 {
        return false;
    }
    let (Some((name, end)), Some((meant_name, meant_end))) = (domain.split_once('.'), meant.split_once('.'))
    else {
        return false;
    };
    let is_in = |slips: &[(&str, &[&str])]| {
        slips.iter().any(|(end_of, slips)| *end_of == meant_end && slips.contains(&end))
    };
    let end_slipped = is_in(SLIPS) || (large && meant_name.len() >= 5 && is_in(SHORT_SLIPS));
    if name == meant_name {
        return end_slipped;
    }
    if (end != meant_end && !end_slipped) || meant_name.len() < 5 {
        return false;
    }
    let most = if meant_name.len() >= 9 && large { 2 } else { 1 };
    let digits = |name: &str| name.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    // `mail1` and `mail2` are two domains, and nobody mistypes `g00gle`.
    digits(name) == digits(meant_name) && strsim::osa_distance(name, meant_name) <= most
}

/// Mailboxes of offices (RFC 2142 and custom), without what follows a `+`.
#[must_use]
pub fn is_role(local_part: &str) -> bool {
    static ROLES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        HashSet::from([
            "abuse",
            "accounting",
            "accounts",
            "admin",
            "administration",
            "administrator",
            "billing",
            "careers",
            "contact",
            "contacto",
            "customerservice",
            "donotreply",
            "enquiries",
            "frontdesk",
            "helpdesk",
            "hostmaster",
            "hr",
            "info",
            "information",
            "inquiries",
            "jobs",
            "legal",
            "mailer-daemon",
            "mailerdaemon",
            "maintenance",
            "management",
            "marketing",
            "media",
            "news",
            "newsletter",
            "no-reply",
            "nobody",
            "noc",
            "noreply",
            "notifications",
            "office",
            "orders",
            "postmaster",
            "press",
            "privacy",
            "reception",
            "root",
            "sales",
            "security",
            "service",
            "staff",
            "support",
            "sysadmin",
            "unsubscribe",
            "usenet",
            "uucp",
            "webmaster",
            "kontakt",
            "buero",
            "verwaltung",
            "ventas",
            "administracion",
            "contato",
            "secretariat",
            "secretaria",
            "segreteria",
            "accueil",
        ])
    });
    let local_part = local_part.split('+').next().unwrap_or_default();
    ROLES.contains(local_part.to_ascii_lowercase().as_str())
}

/// How a provider of many mailboxes compares what stands before the `@`; nothing where it is compared letter by letter.
#[must_use]
pub fn same_mailbox(local_part: &str, domain: &str) -> Option<String> {
    let local_part = local_part.to_ascii_lowercase();
    let plain = local_part.split('+').next().unwrap_or_default();
    let (plain, domain) = match domain {
        "gmail.com" | "googlemail.com" => (plain.replace('.', ""), "gmail.com"),
        "outlook.com" | "hotmail.com" | "live.com" | "icloud.com" | "me.com" | "fastmail.com"
        | "protonmail.com" | "proton.me" => (plain.to_owned(), domain),
        _ => return None,
    };
    Some(format!("{plain}@{domain}"))
}

/// The large provider that a domain without its dot, or without its end, was meant to be.
#[must_use]
pub fn completed(domain: &str) -> Option<&'static str> {
    let domain = domain.to_ascii_lowercase();
    let meant = |provider: &&str| {
        provider.split_once('.').is_some_and(|(name, end)| {
            domain == name || domain.strip_prefix(name).is_some_and(|rest| rest == end)
        })
    };
    LARGE.iter().copied().find(meant)
}

#[cfg(test)]
mod tests {
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
}
