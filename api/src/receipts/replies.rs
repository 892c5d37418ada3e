//! What is answered: to Twilio in its own XML, and in it to whoever wrote.
//!
//! * Each sentence is one part, which is one price: the first form that fits is taken, and the last, which names nobody,
//!   always does. Nothing is ever cut.
//! * Whoever is written to by one community reads its name. Anybody else reads where the texts come from, and nothing about
//!   any community.

use porchlight_shared::domain::segments::Segments;

const OPT_OUT: &str = "Reply STOP to opt out.";

/// In whose name is answered.
#[derive(Clone, Copy)]
pub(super) struct Voice<'a> {
    /// The installation's own address, no slash at the end.
    pub(super) site: &'a str,
    /// The community that writes to this number, if it is one.
    pub(super) community: Option<Community<'a>>,
}

/// What residents read of a community in texts.
#[derive(Clone, Copy)]
pub(super) struct Community<'a> {
    /// Its name of at most 20 characters.
    pub(super) short_name: &'a str,
    /// Whom residents ask.
    pub(super) contact: Option<&'a str>,
}

impl Voice<'_> {
    fn name(&self) -> &str {
        let host = || self.site.split_once("://").map_or(self.site, |(_, host)| host);
        self.community.map_or_else(host, |community| community.short_name)
    }

    /// To whoever stopped texts.
    pub(super) fn stopped(&self) -> String {
        let name = self.name();
        first_fitting([
            format!("{name}: you will get no more texts from us. Reply START to get them again."),
            format!("{name}: no more texts from us. START brings them back."),
            "You will get no more texts from us. START brings them back.".to_owned(),
        ])
    }

    /// To whoever wants texts again.
    pub(super) fn started(&self) -> String {
        let name = self.name();
        first_fitting([
            format!("{name}: you will get our texts again. Reply STOP to stop, HELP for help."),
            format!("{name}: our texts are on again. STOP ends them."),
            "You will get our texts again. Reply STOP to stop, HELP for help.".to_owned(),
        ])
    }

    /// To whoever asks who this is.
    pub(super) fn help(&self) -> String {
        let (name, site) = (self.name(), self.site);
        let Some(Community { contact, .. }) = self.community else {
            return first_fitting([
                format!("{name}: invitations to resident portals. More: {site}/genuine {OPT_OUT}"),
                format!("Invitations to resident portals. More: {site}/genuine {OPT_OUT}"),
                format!("Invitations to resident portals. {OPT_OUT}"),
            ]);
        };
        let about = format!("{name}: invitations to our resident portal.");
        let questions = contact.map(|contact| {
            [
                format!("{about} Questions: {contact}. {OPT_OUT}"),
                format!("{about} Questions: {site}/genuine {OPT_OUT}"),
            ]
        });
        first_fitting(questions.into_iter().flatten().chain([
            format!("{about} {OPT_OUT}"),
            format!("{name}: portal invitations. {OPT_OUT}"),
            format!("Invitations to a resident portal. {OPT_OUT}"),
        ]))
    }
}

/// The answer that says nothing.
pub(super) fn silence() -> String {
    response("<Response/>")
}

/// The answer that sends a text back.
pub(super) fn reply(text: &str) -> String {
    response(&format!("<Response><Message>{}</Message></Response>", escape(text)))
}

fn response(element: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?>{element}"#)
}

/// `text` between two tags. What XML cannot hold, and all other control characters, are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// The first form that is one part, else the last.
fn first_fitting(forms: impl IntoIterator<Item = String>) -> String {
    let better = |kept: String, next| if is_one_part(&kept) { kept } else { next };
    forms.into_iter().reduce(better).unwrap_or_default()
}

/// Whether carriers take `text` in one part.
fn is_one_part(text: &str) -> bool {
    Segments::of(text).count == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Septets in one part.
    const SEPTETS: usize = 160;

    const SITE: &str = "https://join.oakridgehoa.org";

    fn of<'a>(short_name: &'a str, contact: Option<&'a str>) -> Voice<'a> {
        Voice { site: SITE, community: Some(Community { short_name, contact }) }
    }

    fn of_nobody(site: &str) -> Voice<'_> {
        Voice { site, community: None }
    }

    #[test]
    fn a_community_answers_in_its_name() {
        let oakridge = of("Oakridge HOA", Some("office@oakridgehoa.org"));
        assert_eq!(
            oakridge.stopped(),
            "Oakridge HOA: you will get no more texts from us. Reply START to get them again."
        );
        assert_eq!(
            oakridge.started(),
            "Oakridge HOA: you will get our texts again. Reply STOP to stop, HELP for help."
        );
        assert_eq!(
            oakridge.help(),
            "Oakridge HOA: invitations to our resident portal. Questions: office@oakridgehoa.org. \
             Reply STOP to opt out."
        );
        assert_eq!(
            of("Oakridge HOA", None).help(),
            "Oakridge HOA: invitations to our resident portal. Reply STOP to opt out."
        );
    }

    #[test]
    fn a_stranger_reads_where_texts_come_from() {
        let site = of_nobody(SITE);
        for (text, begins) in [
            (site.stopped(), "join.oakridgehoa.org: you will get no more texts from us."),
            (site.started(), "join.oakridgehoa.org: you will get our texts again."),
            (site.help(), "join.oakridgehoa.org: invitations to resident portals. More: https://join.oakr"),
        ] {
            assert!(text.starts_with(begins) && is_one_part(&text), "{text}");
        }
    }

    #[test]
    fn a_contact_that_is_too_long_is_found_on_a_page() {
        let name = "Twenty letters, yes.";
        let room = SEPTETS - of(name, Some("")).help().len();
        let contact = "c".repeat(room);
        let longest = of(name, Some(&contact)).help();
        assert_eq!((longest.len(), longest.contains(&contact)), (SEPTETS, true));
        let contact = "c".repeat(room + 1);
        let paged = of(name, Some(&contact)).help();
        assert!(paged.contains(" Questions: https://join.oakridgehoa.org/genuine Reply"), "{paged}");
        let site = format!("https://{}.example", "s".repeat(80));
        let neither = Voice { site: &site, ..of(name, Some(&contact)) }.help();
        assert_eq!(neither, of(name, None).help());
    }

    #[test]
    fn every_answer_is_one_part() {
        let contact = "c".repeat(200);
        let site = format!("https://{}.example", "s".repeat(245));
        for name in
            ["A", "Twenty letters, yes.", "{{{{{{{{{{}}}}}}}}}}", "ТСЖ Дубрава двадцать", &"🏡".repeat(20)]
        {
            assert!(name.chars().count() <= 20);
            for contact in [None, Some("office@example.org"), Some(contact.as_str()), Some("Ёлка")] {
                for site in [SITE, &site] {
                    let voice = Voice { site, ..of(name, contact) };
                    for text in [voice.stopped(), voice.started(), voice.help()] {
                        assert!(is_one_part(&text), "{text}");
                        assert!(name.contains('🏡') || text.starts_with(name), "{text}");
                    }
                }
            }
        }
        for text in [of_nobody(&site).stopped(), of_nobody(&site).started(), of_nobody(&site).help()] {
            assert!(is_one_part(&text), "{text}");
        }
    }

    #[test]
    fn parts_are_counted_as_carriers_do() {
        for (piece, most) in
            [("a", 160), ("é", 160), ("€", 80), ("[", 80), ("ё", 70), ("’", 70), ("`", 70), ("🏡", 35)]
        {
            assert!(is_one_part(&piece.repeat(most)), "{piece}");
            assert!(!is_one_part(&piece.repeat(most + 1)), "{piece}");
        }
    }

    #[test]
    fn the_answer_is_xml() {
        assert_eq!(silence(), r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#);
        assert_eq!(
            reply("Elm & Oak's <HOA>\u{0}\r\n\u{85}\u{ffff}: \"x\" ]]> 🏡"),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Message>\
             Elm &amp; Oak's &lt;HOA&gt;: \"x\" ]]&gt; 🏡</Message></Response>"
        );
    }
}
