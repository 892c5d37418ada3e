//! `admin create-community`.

use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use porchlight_shared::domain::{CommunityId, TextWindow};
use rand::Rng;
use sqlx::PgPool;

const SHORT_NAME_CHARACTERS: usize = 20;

/// What is known of a community when it is made; the rest is filled in by its leaders.
#[derive(Debug, Args)]
pub struct NewCommunity {
    /// Full name, as residents read it (at most 120 characters)
    #[arg(long)]
    pub name: String,
    /// Two-letter country: how phone numbers without a country code are read
    #[arg(long, default_value = "US")]
    pub country: String,
    /// Time zone, such as America/Chicago
    #[arg(long, default_value = "UTC")]
    pub time_zone: String,
    /// Name in text messages (at most 20 characters; the beginning of the name without it)
    #[arg(long)]
    pub short_name: Option<String>,
    /// Postal address for the foot of every message
    #[arg(long)]
    pub postal_address: Option<String>,
    /// When texts may go, such as "Mon-Sat 09:00-20:00; Sun 12:00-20:00" (the installation's window without it)
    #[arg(long)]
    pub text_window: Option<TextWindow>,
    /// Whom residents may ask: an e-mail address or a phone number
    #[arg(long)]
    pub contact: Option<String>,
    /// Where residents go once they have joined: the community's own site
    #[arg(long)]
    pub portal_url: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Why no community was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateCommunityError {
    /// An argument does not fit.
    #[error("{argument} {problem}")]
    Argument {
        /// Which.
        argument: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The ledger did not take it.
    #[error("the community could not be stored; has `porchlight-api migrate` run?")]
    Store(#[from] sqlx::Error),
}

/// Makes a community that may send at once: its operator vouches for it. Its messages leave out what is missing.
///
/// # Errors
/// When an argument does not fit, or the ledger does not answer.
pub async fn create_community(
    pool: &PgPool,
    new: &NewCommunity,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Result<CommunityId, CreateCommunityError> {
    let name = new.name.trim();
    let short: String = name.chars().take(SHORT_NAME_CHARACTERS).collect();
    let short_name = new.short_name.as_deref().unwrap_or(&short).trim();
    let country = new.country.to_ascii_uppercase();
    check("--name", name, 120)?;
    check("--short-name", short_name, SHORT_NAME_CHARACTERS)?;
    for (argument, value, longest) in
        [("--postal-address", &new.postal_address, 300), ("--contact", &new.contact, 200)]
    {
        value.as_deref().map_or(Ok(()), |value| check(argument, value, longest))?;
    }
    let refuse = |argument, problem| Err(CreateCommunityError::Argument { argument, problem });
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return refuse("--country", "is not a two-letter country code such as US");
    }
    if TimeZone::get(&new.time_zone).is_err() {
        return refuse("--time-zone", "is not an IANA time zone such as America/Chicago");
    }
    let portal = new.portal_url.as_deref().map(str::trim);
    let is_link = |link: &str| {
        let url = url::Url::parse(link);
        url.is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
            && !link.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>'))
            && link.chars().count() <= 300
    };
    if portal.is_some_and(|portal| !is_link(portal)) {
        return refuse("--portal-url", "is not a web address such as https://portal.example.org");
    }
    let id = CommunityId::new(now, rng);
    sqlx::query!(
        "INSERT INTO communities (id, name, short_name, country, time_zone, postal_address, contact, text_window, portal_url, ready_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, app_now())",
        id.uuid(),
        name,
        short_name,
        country,
        new.time_zone,
        new.postal_address,
        new.contact,
        new.text_window.as_ref().map(ToString::to_string),
        portal,
    )
    .execute(pool)
    .await?;
    Ok(id)
}

fn check(argument: &'static str, value: &str, longest: usize) -> Result<(), CreateCommunityError> {
    let problem = if value.trim().is_empty() {
        "is empty"
    } else if value.chars().count() > longest {
        "is too long"
    } else if value.contains(char::is_control) {
        "holds a line break or another control character"
    } else {
        return Ok(());
    };
    Err(CreateCommunityError::Argument { argument, problem })
}
