//! What the sandbox accepted.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::SystemTime,
};

/// One message for one recipient, accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Counts up from 1; a message to several recipients has several.
    pub number: u64,
    /// When, by this machine's clock.
    pub at: SystemTime,
    /// The envelope's recipient.
    pub recipient: Arc<str>,
    /// The envelope's sender; empty for a bounce.
    pub sender: Arc<str>,
    /// The Message-ID header without its brackets.
    pub message_id: Option<Arc<str>>,
    /// Whether the sender was told, or left to wonder by a fault.
    pub answered: bool,
}

/// A recipient who got more than one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubled {
    /// Who.
    pub recipient: String,
    /// How many.
    pub times: u32,
    /// The different Message-IDs among them.
    pub message_ids: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) struct Records {
    accepted: Vec<Accepted>,
    counts: HashMap<Arc<str>, u32>,
    sources: VecDeque<(u64, Arc<[u8]>)>,
    sources_kept: usize,
}

impl Records {
    pub(super) fn new(sources_kept: usize) -> Self {
        Self { accepted: Vec::new(), counts: HashMap::new(), sources: VecDeque::new(), sources_kept }
    }

    pub(super) fn accept(&mut self, sender: &str, recipients: &[String], source: &[u8], answered: bool) {
        let at = now();
        let sender: Arc<str> = sender.into();
        let message_id = message_id(source).map(Arc::from);
        let kept: Option<Arc<[u8]>> = (self.sources_kept > 0).then(|| source.into());
        for recipient in recipients {
            let recipient: Arc<str> = recipient.as_str().into();
            *self.counts.entry(Arc::clone(&recipient)).or_default() += 1;
            let number = self.total() + 1;
            self.accepted.push(Accepted {
                number,
                at,
                recipient,
                sender: Arc::clone(&sender),
                message_id: message_id.clone(),
                answered,
            });
            if let Some(source) = &kept {
                if self.sources.len() == self.sources_kept {
                    self.sources.pop_front();
                }
                self.sources.push_back((number, Arc::clone(source)));
            }
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.accepted.len() as u64
    }

    pub(super) fn accepted(&self) -> &[Accepted] {
        &self.accepted
    }

    pub(super) fn counts(&self) -> HashMap<String, u32> {
        self.counts.iter().map(|(recipient, count)| (recipient.to_string(), *count)).collect()
    }

    pub(super) fn doubled(&self) -> Vec<Doubled> {
        let mut doubled: HashMap<&str, Doubled> = HashMap::new();
        for accepted in &self.accepted {
            let times = self.counts.get(&accepted.recipient).copied().unwrap_or_default();
            if times > 1 {
                doubled
                    .entry(&accepted.recipient)
                    .or_insert_with(|| Doubled {
                        recipient: accepted.recipient.to_string(),
                        times,
                        message_ids: BTreeSet::new(),
                    })
                    .message_ids
                    .extend(accepted.message_id.as_deref().map(str::to_owned));
            }
        }
        let mut doubled: Vec<Doubled> = doubled.into_values().collect();
        doubled.sort_by(|one, other| one.recipient.cmp(&other.recipient));
        doubled
    }

    pub(super) fn source(&self, number: u64) -> Option<Arc<[u8]>> {
        self.sources.iter().find(|(kept, _)| *kept == number).map(|(_, source)| Arc::clone(source))
    }

    /// The newest, newest first, each with its source.
    pub(super) fn newest(&self, count: usize) -> Vec<(Accepted, Arc<[u8]>)> {
        let newest = self.sources.iter().rev().take(count);
        newest.filter_map(|(number, source)| Some((self.get(*number)?.clone(), Arc::clone(source)))).collect()
    }

    pub(super) fn get(&self, number: u64) -> Option<&Accepted> {
        self.accepted.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.sources_kept);
    }
}

#[expect(clippy::disallowed_methods, reason = "a provider has a clock of its own; nobody decides by it")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// The Message-ID among the headers, without brackets. Reading all of MIME for each would cost more
/// than taking the message.
fn message_id(source: &[u8]) -> Option<String> {
    let name = b"message-id:";
    let mut lines = source.split(|byte| *byte == b'\n').take_while(|line| !matches!(line, [] | [b'\r']));
    let line = lines
        .by_ref()
        .find(|line| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
    let mut value = line[name.len()..].trim_ascii();
    if value.is_empty() {
        // Folded onto the next line.
        value = lines.next()?.trim_ascii();
    }
    Some(String::from_utf8_lossy(value).trim_matches(['<', '>']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_read() {
        let of = |text: &str| message_id(text.as_bytes());
        assert_eq!(of("To: x\r\nMessage-Id: <a@b>\r\n\r\nbody"), Some("a@b".into()));
        assert_eq!(of("MESSAGE-ID:\r\n <a@b>\r\n\r\nbody"), Some("a@b".into()));
        assert_eq!(of("To: x\r\n\r\nMessage-ID: <in@body>\r\n"), None);
    }

    #[test]
    fn doubles_are_found_and_sources_bounded() {
        let mut records = Records::new(2);
        for (recipient, id) in [("anna@x", "1"), ("bo@x", "2"), ("anna@x", "3")] {
            let source = format!("Message-ID: <{id}@x>\r\n\r\n");
            records.accept("us@x", &[recipient.to_owned()], source.as_bytes(), true);
        }
        let expected = Doubled {
            recipient: "anna@x".into(),
            times: 2,
            message_ids: BTreeSet::from(["1@x".to_owned(), "3@x".to_owned()]),
        };
        assert_eq!(records.doubled(), [expected]);
        assert!(records.source(1).is_none() && records.source(3).is_some());
        let newest: Vec<u64> = records.newest(9).iter().map(|(accepted, _)| accepted.number).collect();
        assert_eq!(newest, [3, 2]);
    }
}
