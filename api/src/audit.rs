//! The audit log: who did what, written in the transaction of the act itself, and never changed.

use porchlight_shared::domain::{CommunityId, LeaderId, TokenId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A program.
    Token(TokenId),
    /// A leader, in a browser.
    Leader(LeaderId),
    /// The operator, or a browser that the operator's link signed in.
    Operator,
}

impl By {
    /// The token, for statements.
    #[must_use]
    pub const fn token(self) -> Option<Uuid> {
        match self {
            Self::Token(token) => Some(token.uuid()),
            Self::Leader(_) | Self::Operator => None,
        }
    }

    /// The leader, for statements.
    #[must_use]
    pub const fn leader(self) -> Option<Uuid> {
        match self {
            Self::Leader(leader) => Some(leader.uuid()),
            Self::Token(_) | Self::Operator => None,
        }
    }
}

/// Who acts for which community.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The community.
    pub community: CommunityId,
    /// Who.
    pub by: By,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "audit_act", rename_all = "snake_case")]
pub enum Act {
    /// A link was used.
    SignedIn,
    /// Every session of a leader ended.
    SignedOutEverywhere,
    /// A leader may act from now on.
    LeaderAdded,
    /// A leader may no more.
    LeaderRemoved,
    /// A leader became an owner, or an owner a leader.
    LeaderRoleChanged,
    /// Name, brand, contact, windows.
    SettingsChanged,
    /// A leader had a sample sent to themselves.
    TestSent,
    /// A list was sent.
    ListSent,
    /// Homes were taken in.
    HomesImported,
    /// A draft was dropped.
    DraftDropped,
    /// A batch was paused.
    BatchPaused,
    /// A batch goes on.
    BatchResumed,
    /// What had not begun of a batch was taken back.
    BatchCancelled,
    /// What failed is tried again.
    ProblemsRetried,
    /// A message whose end nobody knows goes once more.
    MessageSentAgain,
    /// A message whose end nobody knows is left at that.
    MessageLeft,
    /// An invitation goes once more, with the same code.
    InvitationResent,
    /// An invitation holds longer.
    InvitationExtended,
    /// An invitation got another code.
    InvitationReplaced,
    /// An invitation was taken back.
    InvitationRevoked,
    /// A contact's address was mended.
    AddressFixed,
    /// An invitation goes another way.
    ChannelSwitched,
    /// An address must not be written to.
    SuppressionAdded,
    /// An address may be written to again.
    SuppressionLifted,
    /// Two households became one.
    HouseholdsMerged,
    /// A resident got what they asked for.
    RequestGranted,
    /// A resident did not.
    RequestDeclined,
    /// Passes were printed.
    PassesPrinted,
    /// Passes were handed over.
    PassesHandedOver,
    /// Passes were voided.
    PassesVoided,
    /// The list of all households was taken away as a file.
    ReportExported,
    /// A household's link was shown to a leader.
    CodeShown,
    /// The keys were changed.
    KeysRotated,
    /// The operator made a link that signs somebody in.
    LinkCreated,
    /// A program got a token.
    TokenCreated,
    /// A program's token ended.
    TokenRevoked,
}

/// One line of the log.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Who.
    pub by: By,
    /// What.
    pub act: Act,
    /// To what.
    pub subject: Option<Uuid>,
    /// To how many, where that says something.
    pub count: Option<i64>,
}

impl Entry {
    /// An act on one thing.
    #[must_use]
    pub fn of(by: By, act: Act, subject: Uuid) -> Self {
        Self { by, act, subject: Some(subject), count: None }
    }

    /// An act on the community itself.
    #[must_use]
    pub const fn whole(by: By, act: Act) -> Self {
        Self { by, act, subject: None, count: None }
    }

    /// The same, to so many.
    #[must_use]
    pub const fn many(self, count: i64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// Writes it down: in the transaction of the act, so that neither is there without the other.
    ///
    /// # Errors
    /// When the ledger does not take it.
    pub async fn write(self, tx: &mut PgConnection, community: CommunityId) -> sqlx::Result<()> {
        self.write_for(tx, Some(community)).await
    }

    /// The same for an act on the whole installation.
    ///
    /// # Errors
    /// When the ledger does not take it.
    pub async fn write_for_all(self, tx: &mut PgConnection) -> sqlx::Result<()> {
        self.write_for(tx, None).await
    }

    async fn write_for(self, tx: &mut PgConnection, community: Option<CommunityId>) -> sqlx::Result<()> {
        sqlx::query!(
            "INSERT INTO audit_log (community_id, leader_id, token_id, act, subject, count) VALUES ($1, $2, $3, $4, $5, $6)",
            community.map(CommunityId::uuid),
            self.by.leader(),
            self.by.token(),
            self.act as Act,
            self.subject,
            self.count,
        )
        .execute(tx)
        .await?;
        Ok(())
    }
}
