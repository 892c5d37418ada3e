//! What the part after the `@` tells: a typing mistake, a lookalike, a mailbox for an hour. No DNS is asked.

use std::{collections::HashMap, sync::LazyLock};

use unicode_security::{MixedScript, confusable_detection::skeleton};

mod lists;
#[cfg(test)]
mod tests;

pub use lists::is_role;
use lists::{DISPOSABLE_DOMAINS, LARGE, REAL, SHORT_SLIPS, SLIPS};

/// How often a domain stands in a list before another is compared with it, and how much more often than the other.
const COMMON_FROM: u32 = 5;
const COMMON_TIMES: u32 = 10;
/// Domains of a list with which others are compared.
const MOST_COMMON: usize = 50;
/// Domains of a list that are compared with them.
const MOST_LOOKS: usize = 5_000;

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
