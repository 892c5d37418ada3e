//! What is to be printed, as it is asked for.

use std::collections::BTreeMap;

use porchlight_shared::domain::{HouseholdId, InvitationId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::paper::{Layout, order::MAX_PASSES};
use crate::{intake::request, problem::Problem};

/// Passes to be printed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassesRequest {
    /// `addressed`: one for each household that has not joined, with its own code. `blank`: for whoever gets one, who
    /// says then where they live.
    #[schema(value_type = PassKind)]
    kind: String,
    /// How they lie on paper.
    #[schema(value_type = LayoutName)]
    layout: String,
    /// On what.
    #[schema(value_type = PaperName)]
    paper: String,
    /// How many blank ones, from 1 to 500; only with these.
    count: Option<usize>,
    /// In which order; `street` when nothing is said.
    #[schema(value_type = Option<Sort>)]
    sort: Option<String>,
    /// The first free position of the first sheet, counted from 1 in reading order; 1 when nothing is said.
    start: Option<u32>,
    /// For these households only, at most 2,000; those that joined meanwhile are left out.
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    households: Option<Vec<HouseholdId>>,
}

/// The kinds of passes.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PassKind {
    /// With a household's own code.
    Addressed,
    /// With a code that is no household's until somebody joins with it.
    Blank,
}

/// How passes lie on paper.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum LayoutName {
    /// Ten cards: Avery 5371 and 8371 on US Letter, C32011 on A4.
    Cards,
    /// Ten labels: Avery 5163, US Letter only.
    Labels,
    /// A letter for a #10 envelope with a window, US Letter only.
    Letter,
    /// Two door hangers.
    DoorHanger,
    /// Two slips that fold over their code.
    FoldOver,
}

/// What is printed on.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PaperName {
    /// 8.5 × 11 in.
    Letter,
    /// 210 × 297 mm.
    A4,
}

/// In which order passes are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PassOrder)]
pub enum Sort {
    /// As somebody walks: by unit, numbers by their value.
    #[default]
    Street,
    /// By the household's name.
    Name,
}

/// For whom passes are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum For {
    /// Everybody who has not joined. Where there are too many: as many as can be printed at once, those without a pass
    /// first, instead of none, if that is said.
    Everybody {
        /// Whether it is.
        as_many_as_fit: bool,
    },
    /// These households, those that joined left out.
    These(Vec<HouseholdId>),
    /// The same, but only where the live invitation is still the one that was seen; `None`: there was none.
    Seen(BTreeMap<HouseholdId, Option<InvitationId>>),
    /// Nobody yet: so many blank ones.
    Blank(usize),
}

impl For {
    /// The households that are named, if any are.
    pub(super) fn named(&self) -> Option<Vec<uuid::Uuid>> {
        match self {
            Self::These(some) => Some(some.iter().map(|household| household.uuid()).collect()),
            Self::Seen(seen) => Some(seen.keys().map(|household| household.uuid()).collect()),
            Self::Everybody { .. } | Self::Blank(_) => None,
        }
    }
}

/// What was asked for, and can be done.
#[derive(Debug)]
pub struct Wish {
    /// How passes lie on paper.
    pub layout: Layout,
    /// In which order.
    pub sort: Sort,
    /// The first free position, from 1.
    pub start: u32,
    /// For whom.
    pub whom: For,
}

/// Blank passes that are printed at once, at most.
pub const MAX_BLANK: usize = 500;

impl Wish {
    /// What is asked for, if it can be done.
    ///
    /// # Errors
    /// Names the field that does not fit, and says why.
    pub fn new(layout: Layout, sort: Sort, start: u32, whom: For) -> Result<Self, Problem> {
        let last = layout.sheet().positions();
        if !(1..=last).contains(&start) {
            return Err(request::invalid("/start", format!("must be 1 to {last} on these sheets")));
        }
        if whom.named().is_some_and(|named| !(1..=MAX_PASSES).contains(&named.len())) {
            let most = format!("must name 1 to {MAX_PASSES} households");
            return Err(request::invalid("/households", most));
        }
        match &whom {
            For::Blank(count) if !(1..=MAX_BLANK).contains(count) => {
                Err(request::invalid("/count", format!("must be 1 to {MAX_BLANK}")))
            }
            _ => Ok(Self { layout, sort, start, whom }),
        }
    }
}

impl PassesRequest {
    /// Reads a request's body.
    ///
    /// # Errors
    /// When it is not JSON, or a field does not fit.
    pub fn parse(body: &[u8]) -> Result<Wish, Problem> {
        let known = ["kind", "count", "layout", "paper", "sort", "start", "households"];
        let asked: Self = request::parse(body, &known, "needs kind, layout and paper")?;
        let whom = match (asked.kind.as_str(), asked.count, asked.households) {
            ("addressed", None, None) => For::Everybody { as_many_as_fit: false },
            ("addressed", None, Some(some)) => For::These(some),
            ("addressed", Some(_), _) => {
                return Err(request::invalid("/count", "goes with blank passes only"));
            }
            ("blank", Some(count), None) => For::Blank(count),
            ("blank", None, None) => return Err(request::invalid("/count", "must say how many")),
            ("blank", _, Some(_)) => {
                return Err(request::invalid("/households", "goes with addressed passes only"));
            }
            _ => return Err(request::invalid("/kind", "must be \"addressed\" or \"blank\"")),
        };
        let sort = match asked.sort.as_deref() {
            None | Some("street") => Sort::Street,
            Some("name") => Sort::Name,
            Some(_) => return Err(request::invalid("/sort", "must be \"street\" or \"name\"")),
        };
        Wish::new(layout(&asked.layout, &asked.paper)?, sort, asked.start.unwrap_or(1), whom)
    }
}

fn layout(layout: &str, paper: &str) -> Result<Layout, Problem> {
    use Layout::{
        CardsA4, CardsLetter, DoorHangerA4, DoorHangerLetter, FoldOverA4, FoldOverLetter, LabelsLetter,
        WindowLetter,
    };
    let on = |letter: Layout, a4: Option<Layout>| match (paper, a4) {
        ("letter", _) => Ok(letter),
        ("a4", Some(a4)) => Ok(a4),
        ("a4", None) => Err(request::invalid("/paper", "must be \"letter\" for this layout")),
        _ => Err(request::invalid("/paper", "must be \"letter\" or \"a4\"")),
    };
    match layout {
        "cards" => on(CardsLetter, Some(CardsA4)),
        "labels" => on(LabelsLetter, None),
        "letter" => on(WindowLetter, None),
        "door_hanger" => on(DoorHangerLetter, Some(DoorHangerA4)),
        "fold_over" => on(FoldOverLetter, Some(FoldOverA4)),
        _ => Err(request::invalid(
            "/layout",
            "must be \"cards\", \"labels\", \"letter\", \"door_hanger\" or \"fold_over\"",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> String {
        format!("{:?}", PassesRequest::parse(body.as_bytes()).unwrap_err())
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let good = r#"{"kind": "addressed", "layout": "cards", "paper": "a4"}"#;
        let wish = PassesRequest::parse(good.as_bytes()).unwrap();
        assert_eq!((wish.layout, wish.sort, wish.start), (Layout::CardsA4, Sort::Street, 1));
        for (from, to, pointer) in [
            ("addressed", "round", "/kind"),
            ("cards", "stickers", "/layout"),
            ("a4", "a5", "/paper"),
            (r#""cards""#, r#""labels""#, "/paper"),
            (r#""kind""#, r#""start": 11, "kind""#, "/start"),
            (r#""kind""#, r#""start": 0, "kind""#, "/start"),
            (r#""kind""#, r#""sort": "age", "kind""#, "/sort"),
            (r#""kind""#, r#""households": [], "kind""#, "/households"),
            (r#""kind""#, r#""count": 3, "kind""#, "/count"),
            ("addressed", "blank", "/count"),
            (r#""addressed""#, r#""blank", "count": 0"#, "/count"),
            (r#""addressed""#, r#""blank", "count": 501"#, "/count"),
            (r#""addressed""#, r#""blank", "count": 5, "households": []"#, "/households"),
        ] {
            let said = told(&good.replacen(from, to, 1));
            assert!(said.contains(pointer), "{from} as {to}: {said}");
        }
    }
}
