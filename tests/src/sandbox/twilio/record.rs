//! What the sandbox took, and what it told about it.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use uuid::Uuid;

use super::{order::Order, segments::segments};

/// A text, taken.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Counts up from 1.
    pub number: u64,
    /// When, by the sandbox's clock.
    pub at: SystemTime,
    /// Its id, `SM` and 32 hexadecimal digits.
    pub sid: Arc<str>,
    /// To which number.
    pub to: Arc<str>,
    /// From which number.
    pub from: Arc<str>,
    /// Its words.
    pub body: Arc<str>,
    /// How many messages it is for the networks.
    pub segments: usize,
    /// The messaging service it was given to, if not to a number.
    pub service: Option<Arc<str>>,
    /// Where its status is to be told.
    pub callback: Option<Arc<str>>,
    /// Whether the sender was told that it was taken, or left to wonder by a rule.
    pub answered: bool,
    /// How far it is.
    pub status: Status,
    /// Why it ended badly, if it did.
    pub code: Option<u32>,
    /// When it was sent on, by the sandbox's clock.
    pub sent_at: Option<SystemTime>,
}

/// How far a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With a messaging service that has yet to choose a number to send from.
    Accepted,
    /// About to be sent.
    Queued,
    /// With the network.
    Sent,
    /// On the phone.
    Delivered,
    /// The network could not deliver it.
    Undelivered,
    /// It came to nothing.
    Failed,
}

impl Status {
    /// Twilio's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }
}

/// A number that got more than one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubled {
    /// Which.
    pub to: String,
    /// How many.
    pub times: u32,
}

/// A status callback that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// About which text.
    pub sid: Arc<str>,
    /// What it said.
    pub status: Status,
    /// The status of the answer, when one came.
    pub answer: Option<u16>,
}

#[derive(Debug, Default)]
pub(super) struct Records {
    accepted: Vec<Accepted>,
    places: HashMap<Arc<str>, usize>,
    counts: HashMap<Arc<str>, u32>,
    callbacks: Vec<Callback>,
}

impl Records {
    pub(super) fn accept(&mut self, order: &Order, at: SystemTime, answered: bool) -> Accepted {
        let accepted = Accepted {
            number: self.total() + 1,
            at,
            sid: new_sid(),
            to: order.to.as_str().into(),
            from: order.from.as_str().into(),
            body: order.body.as_str().into(),
            segments: segments(&order.body),
            service: order.service.as_deref().map(Arc::from),
            callback: order.callback.as_deref().map(Arc::from),
            answered,
            status: if order.service.is_some() { Status::Accepted } else { Status::Queued },
            code: None,
            sent_at: None,
        };
        self.places.insert(Arc::clone(&accepted.sid), self.accepted.len());
        *self.counts.entry(Arc::clone(&accepted.to)).or_default() += 1;
        self.accepted.push(accepted.clone());
        accepted
    }

    /// Moves a text on; one that was forgotten meanwhile stays so.
    pub(super) fn progress(&mut self, sid: &str, status: Status, code: Option<u32>, now: SystemTime) {
        let place = self.places.get(sid).copied();
        if let Some(accepted) = place.and_then(|place| self.accepted.get_mut(place)) {
            accepted.status = status;
            accepted.code = code;
            accepted.sent_at = accepted.sent_at.or(Some(now));
        }
    }

    pub(super) fn note(&mut self, callback: Callback) {
        self.callbacks.push(callback);
    }

    pub(super) fn total(&self) -> u64 {
        self.accepted.len() as u64
    }

    pub(super) fn accepted(&self) -> &[Accepted] {
        &self.accepted
    }

    pub(super) fn callbacks(&self) -> &[Callback] {
        &self.callbacks
    }

    pub(super) fn by_sid(&self, sid: &str) -> Option<&Accepted> {
        self.accepted.get(*self.places.get(sid)?)
    }

    pub(super) fn by_number(&self, number: u64) -> Option<&Accepted> {
        self.accepted.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    pub(super) fn counts(&self) -> HashMap<String, u32> {
        self.counts.iter().map(|(to, count)| (to.to_string(), *count)).collect()
    }

    pub(super) fn doubled(&self) -> Vec<Doubled> {
        let twice = self.counts.iter().filter(|(_, count)| **count > 1);
        let mut doubled: Vec<_> =
            twice.map(|(to, count)| Doubled { to: to.to_string(), times: *count }).collect();
        doubled.sort_by(|one, other| one.to.cmp(&other.to));
        doubled
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// A message's id that nobody has yet.
pub(super) fn new_sid() -> Arc<str> {
    format!("SM{}", Uuid::new_v4().simple()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_found_and_statuses_kept() {
        let mut records = Records::default();
        for to in ["+13125550101", "+13125550102", "+13125550101"] {
            let order = Order {
                to: to.into(),
                from: "+13125550100".into(),
                body: "Hello".into(),
                service: None,
                callback: None,
            };
            records.accept(&order, SystemTime::UNIX_EPOCH, true);
        }
        assert_eq!(records.doubled(), [Doubled { to: "+13125550101".into(), times: 2 }]);
        let sid = Arc::clone(&records.accepted()[1].sid);
        assert_eq!((sid.len(), &sid[..2]), (34, "SM"));
        records.progress(&sid, Status::Undelivered, Some(30005), SystemTime::UNIX_EPOCH);
        let found = records.by_sid(&sid).unwrap();
        assert_eq!((found.number, found.status, found.code), (2, Status::Undelivered, Some(30005)));
        assert_eq!(records.by_number(3).unwrap().status, Status::Queued);
        records.clear();
        records.progress(&sid, Status::Delivered, None, SystemTime::UNIX_EPOCH);
        assert_eq!(records.total(), 0);
    }
}
