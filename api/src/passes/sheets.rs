//! From what was written down to the sheets: the PDF of an act of printing.

use jiff::{Timestamp, tz::TimeZone};
use porchlight_shared::domain::{CommunityId, InvitationId, Keyring, PrintingId, Sealed, UnsealError};
use sqlx::PgConnection;
use uuid::Uuid;

use super::paper::{self, Accent, Addressee, Code, Community, Error, Layout, Logo, Order, Pass, Text};
use crate::problem::{Kind, Problem};

/// Rules and marks of a community that has not chosen a colour.
const ACCENT: &str = "#2f6f4f";

/// An act of printing as it stands in the ledger, its codes sealed.
#[derive(Debug)]
pub struct Sheets {
    community: CommunityId,
    layout: Layout,
    start: u32,
    name: String,
    contact: Option<String>,
    colour: Option<String>,
    logo: Option<Vec<u8>>,
    site: String,
    valid_until: Timestamp,
    zone: TimeZone,
    passes: Vec<Printed>,
}

/// One pass of it.
#[derive(Debug)]
struct Printed {
    serial: i32,
    invitation: Uuid,
    /// `None`: the code has ended.
    sealed: Option<Sealed>,
    household: Option<String>,
    unit: Option<String>,
}

/// Reads what was printed. `None`: the community has no such printing.
///
/// # Errors
/// When the ledger does not answer.
pub async fn read(
    connection: &mut PgConnection,
    community: CommunityId,
    printing: PrintingId,
) -> sqlx::Result<Option<Sheets>> {
    let found = sqlx::query!(
        r#"SELECT p.layout AS "layout: Layout", p.start, p.name, p.contact, p.colour, p.site, p.valid_until,
                  coalesce(p.time_zone, c.time_zone) AS "time_zone!", l.png AS "logo?"
           FROM printings p JOIN communities c ON c.id = p.community_id LEFT JOIN logos l ON l.sha256 = p.logo
           WHERE p.id = $1 AND p.community_id = $2"#,
        printing.uuid(),
        community.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let passes = sqlx::query!(
        r#"SELECT p.serial, i.id, CASE WHEN i.expires_at > app_now() THEN i.code_sealed END AS code_sealed,
                  i.code_sealed_key, k.name AS household, u.label AS "unit?"
           FROM passes p
           JOIN invitations i ON i.id = p.invitation_id
           LEFT JOIN households h ON h.id = i.household_id
           LEFT JOIN properties u ON u.id = h.property_id
           CROSS JOIN LATERAL called(h) AS k
           WHERE p.printing_id = $1 ORDER BY p.position"#,
        printing.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let passes = passes.into_iter().map(|row| Printed {
        serial: row.serial,
        invitation: row.id,
        sealed: row.code_sealed.zip(row.code_sealed_key).map(|(bytes, key)| Sealed { key, bytes }),
        household: row.household,
        unit: row.unit,
    });
    Ok(Some(Sheets {
        community,
        layout: found.layout,
        start: u32::try_from(found.start).unwrap_or(1),
        name: found.name,
        contact: found.contact,
        colour: found.colour,
        logo: found.logo,
        site: found.site,
        valid_until: found.valid_until.to_jiff(),
        zone: TimeZone::get(&found.time_zone).unwrap_or(TimeZone::UTC),
        passes: passes.collect(),
    }))
}

impl Sheets {
    /// Opens the codes, and puts together what is drawn.
    ///
    /// # Errors
    /// When something of it cannot be printed, or a code does not open.
    pub fn order(&self, keyring: &Keyring) -> Result<Order, Problem> {
        let community = self.letterhead().map_err(|error| unprintable(&error))?;
        let valid_until = self.valid_until.to_zoned(self.zone.clone()).strftime("%-d %B %Y").to_string();
        let valid_until = Text::new(&valid_until).map_err(|error| unprintable(&error))?;
        let passes: Result<Vec<_>, _> =
            self.passes.iter().map(|printed| self.pass(printed, &valid_until, keyring)).collect();
        Order::new(community, self.layout, self.start, passes?).map_err(|error| unprintable(&error))
    }

    fn letterhead(&self) -> Result<Community, Error> {
        let short = self.site.split_once("://").map_or(self.site.as_str(), |(_, rest)| rest);
        Ok(Community {
            name: Text::new(&self.name)?,
            contact: Text::new(self.contact.as_deref().unwrap_or(&self.name))?,
            address: format!("{short}/join").parse()?,
            sentence: None,
            logo: self.logo.as_deref().map(Logo::decode).transpose()?,
            accent: self.colour.as_deref().unwrap_or(ACCENT).parse::<Accent>()?,
        })
    }

    /// `None`: nobody can use it any more, and its place stays empty.
    fn pass(
        &self,
        printed: &Printed,
        valid_until: &Text,
        keyring: &Keyring,
    ) -> Result<Option<Pass>, Problem> {
        let Some(sealed) = &printed.sealed else { return Ok(None) };
        let invitation = InvitationId::from(printed.invitation);
        let code = match keyring.unseal(sealed, self.community, invitation) {
            Ok(code) => code,
            // One that is damaged keeps nobody else's pass from being printed.
            Err(error @ UnsealError::Forged) => {
                tracing::error!(%invitation, %error, "an access code does not open; its place stays empty");
                return Ok(None);
            }
            Err(error @ UnsealError::NoSuchKey(_)) => {
                tracing::error!(%invitation, %error, "passes cannot be printed");
                return Err(Problem::internal());
            }
        };
        let drawn = || -> Result<Pass, Error> {
            Ok(Pass {
                code: code.grouped().parse::<Code>()?,
                link: format!("{}/j/{}", self.site, code.plain()).parse()?,
                serial: Text::new(&format!("{:06}", printed.serial))?,
                valid_until: valid_until.clone(),
                addressee: addressee(printed)?,
            })
        };
        drawn().map(Some).map_err(|error| unprintable(&error))
    }
}

/// A household of which nobody knows a name or a unit gets a pass that names nobody.
fn addressee(printed: &Printed) -> Result<Option<Addressee>, Error> {
    // What has no letter that can be printed is left out.
    let text = |given: &Option<String>| given.as_deref().and_then(|given| Text::new(given).ok());
    match (text(&printed.household), text(&printed.unit)) {
        (None, None) => Ok(None),
        (Some(name), None) => Addressee::new(None, vec![name]).map(Some),
        (name, Some(unit)) => Addressee::new(name, vec![unit]).map(Some),
    }
}

/// What the community is called, or where it is reached, does not fit on paper.
fn unprintable(error: &Error) -> Problem {
    Problem::new(Kind::CannotBePrinted, format!("{error}."))
}

/// The PDF. It takes a core for about a second for 500 passes: call it where that holds nobody up.
///
/// # Errors
/// Only where there is a defect of ours.
pub fn render(order: &Order) -> Result<Vec<u8>, Problem> {
    paper::render(order).map_err(|error| {
        tracing::error!(%error, "passes could not be drawn");
        Problem::internal()
    })
}
