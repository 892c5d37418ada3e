//! Whom a link is asked for: an e-mail address, or a mobile number that is read as it may be meant.
//!
//! `/sign-in` belongs to no community, so a number without its country's code is read in each country that the communities
//! here are in; most often that is one.

use porchlight_shared::domain::{Channel, EmailAddress};
use sqlx::PgPool;

use crate::{intake::judging::phone::PhoneNumber, state::AppState};

/// In so many countries, those of the most communities, a number is read at most.
const MOST_COUNTRIES: i64 = 8;
const NEITHER: &str = "This is no e-mail address and no mobile number. It should look like name@example.org, or like +1 312 555 0199.";
const NO_ADDRESS: &str = "This is no e-mail address. It should look like name@example.org.";
const NO_NUMBER: &str = "This is no mobile number that a text could go to. Type it whole, best with + and the country’s code: +1 312 555 0199.";

/// Whom.
pub(super) struct Named {
    /// How the link travels.
    pub(super) channel: Channel,
    /// The e-mail address, as leaders are known by it.
    pub(super) email: Option<String>,
    /// Keyed hashes of what it may be; one, but for numbers without a country.
    pub(super) hashes: Vec<[u8; 32]>,
}

impl Named {
    /// Reads what was typed; `Err` says what is wrong with it. The ledger is asked for countries, not for anybody.
    ///
    /// # Errors
    /// When the ledger does not answer.
    pub(super) async fn read(state: &AppState, typed: &str) -> sqlx::Result<Result<Self, &'static str>> {
        if let Ok(address) = typed.parse::<EmailAddress>() {
            let hashes = vec![state.keyring.address_hash(Channel::Email, &address.key())];
            return Ok(Ok(Self { channel: Channel::Email, email: Some(address.key()), hashes }));
        }
        if state.texts.is_none() {
            return Ok(Err(NO_ADDRESS));
        }
        let digits = typed.chars().filter(char::is_ascii_digit).count();
        if digits < 4 || typed.contains('@') {
            return Ok(Err(if typed.contains('@') { NO_ADDRESS } else { NEITHER }));
        }
        let countries =
            if typed.starts_with('+') { vec![String::new()] } else { countries(&state.pool).await? };
        let mut numbers: Vec<PhoneNumber> = Vec::new();
        for country in &countries {
            // Countries may share a calling code: one number is counted once.
            if let Ok((number, _)) = PhoneNumber::parse(typed, country)
                && !numbers.contains(&number)
            {
                numbers.push(number);
            }
        }
        if numbers.is_empty() {
            return Ok(Err(NO_NUMBER));
        }
        let hash = |number: &PhoneNumber| state.keyring.address_hash(Channel::Text, number.as_str());
        Ok(Ok(Self { channel: Channel::Text, email: None, hashes: numbers.iter().map(hash).collect() }))
    }
}

async fn countries(pool: &PgPool) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "SELECT country FROM communities GROUP BY country ORDER BY count(*) DESC, country LIMIT $1",
        MOST_COUNTRIES,
    )
    .fetch_all(pool)
    .await
}
