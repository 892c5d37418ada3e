//! `admin create-community`.

use clap::Args;
use jiff::Timestamp;
use porchlight_shared::domain::{CommunityId, TextWindow};
use rand::Rng;
use sqlx::PgPool;

use crate::settings::fields;

/// What is known of a community when it is made; the rest is filled in by its leaders.
#[derive(Debug, Args)]
pub struct NewCommunity {
    /// Full name, as residents read it (at most 120 characters)
    #[arg(long)]
    pub name: String,
    /// Two-letter country: how phone numbers without a country code are read
    #[arg(long, default_value = "US")]
    pub country: String,
    /// Time zone, such as America/Chicago (UTC without it)
    #[arg(long)]
    pub time_zone: Option<String>,
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
    /// Let its leaders finish the checklist of the settings before it may send: only the name is needed then
    #[arg(long)]
    pub prepare: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Why no community was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateCommunityError {
    /// An argument does not fit.
    #[error("{argument} does not fit. {problem}")]
    Argument {
        /// Which.
        argument: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The ledger did not take it.
    #[error("the community could not be stored; has `porchlight-api migrate` run?")]
    Store(#[from] sqlx::Error),
}

/// Makes a community that may send at once, its operator vouching for it: its messages leave out what is missing. One that
/// is only prepared may not before its leaders have chosen what is.
///
/// # Errors
/// When an argument does not fit, or the ledger does not answer.
pub async fn create_community(
    pool: &PgPool,
    new: &NewCommunity,
    now: Timestamp,
    rng: &mut impl Rng,
) -> Result<CommunityId, CreateCommunityError> {
    let name = checked("--name", new.name.trim(), fields::name)?;
    let short: String = name.chars().take(fields::SHORT_NAME_UNITS).collect();
    let short_name =
        new.short_name.as_deref().map(|short| checked("--short-name", short, fields::short_name));
    let short_name = short_name.transpose()?;
    let country = checked("--country", &new.country.to_ascii_uppercase(), country)?;
    let optional = |argument, said: &Option<String>, read: fn(&str) -> Result<String, String>| {
        said.as_deref().map(|said| checked(argument, said.trim(), read)).transpose()
    };
    let postal_address = optional("--postal-address", &new.postal_address, fields::postal_address)?;
    let contact = optional("--contact", &new.contact, fields::contact_in_words)?;
    let time_zone = optional("--time-zone", &new.time_zone, fields::time_zone)?;
    let portal = new.portal_url.as_deref().unwrap_or_default().trim();
    let portal = checked("--portal-url", portal, fields::portal_url)?;
    let id = CommunityId::new(now, rng);
    sqlx::query!(
        "INSERT INTO communities (id, name, short_name, country, time_zone, postal_address, contact, text_window, portal_url,
                                  ready_at, short_name_open, time_zone_open, text_window_open)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN NOT $10 THEN app_now() END, $11, $12, $13)",
        id.uuid(),
        name,
        short_name.as_deref().unwrap_or(short.trim()),
        country,
        time_zone.as_deref().unwrap_or("UTC"),
        postal_address,
        contact,
        new.text_window.as_ref().map(ToString::to_string),
        portal,
        new.prepare,
        new.prepare && short_name.is_none(),
        new.prepare && time_zone.is_none(),
        new.prepare && new.text_window.is_none(),
    )
    .execute(pool)
    .await?;
    Ok(id)
}

fn country(said: &str) -> Result<String, String> {
    if said.len() == 2 && said.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(said.to_owned());
    }
    Err("It is not a two-letter country code such as US.".to_owned())
}

fn checked<T>(
    argument: &'static str,
    said: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, CreateCommunityError> {
    read(said).map_err(|problem| CreateCommunityError::Argument { argument, problem })
}
