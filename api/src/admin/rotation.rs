//! `keys rotate`, `keys status`, `keys prune`: other keys, while everything runs.
//!
//! * A new key stands in the file for a while before new rows use it, so that every program has read of it by then.
//! * Live codes are sealed anew chunk by chunk. Rows that somebody else is at are left for the next round, so nobody
//!   waits for longer than a chunk, and it may be broken off anywhere: the next rotation goes on with it.
//! * The codes themselves stay: messages and passes that are out go on working.
//! * Of keys nothing is told but their numbers.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::Path,
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use porchlight_shared::{
    domain::{CommunityId, InvitationId, KeyFile, KeyFileError, KeyUse, Keyring, Sealed},
    runtime::clock::Clock,
};
use rand::CryptoRng;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};

use crate::audit::{Act, By, Entry};

/// Rows in a transaction.
const CHUNK: i64 = 200;
/// Changes that are told of.
const CHANGES: i64 = 10;
/// Between two looks for rows that somebody else was at.
const PAUSE: Duration = Duration::from_millis(500);

/// Why keys could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The key file is not there, or is none.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The ledger does not answer.
    #[error("the database cannot be asked")]
    Ledger(#[from] sqlx::Error),
    /// Two would add a key each.
    #[error("keys are being changed already; wait until that has ended")]
    Busy,
    /// Numbers go up to 32767.
    #[error("there are no numbers left for new keys")]
    UsedUp,
    /// The system refused.
    #[error("cannot write the key file {path} (PORCHLIGHT_KEYS_FILE); it is as it was")]
    Unwritable {
        /// Where it stands.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Rows that no key opens.
    #[error(
        "{0} sealed codes do not open with any key of the file; a key that they need is missing, or they are damaged"
    )]
    Damaged(i64),
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeyStatus {
    /// What it is for.
    #[serde(rename = "use")]
    pub of: &'static str,
    /// Its number.
    pub id: i16,
    /// Since when new rows use it, or from when on they will; `None`: since the file was made.
    pub from: Option<Timestamp>,
    /// Whether new rows use it now.
    pub current: bool,
    /// Whether rows need it and the file does not have it.
    pub missing: bool,
    /// Rows that need it.
    pub rows: i64,
}

/// A change of keys that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeysChanged {
    /// When.
    pub at: Timestamp,
    /// Codes that were sealed anew.
    pub codes: i64,
}

/// All keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeysStatus {
    /// Sealing keys, then look-up keys, the oldest first.
    pub keys: Vec<KeyStatus>,
    /// When codes were sealed anew, the newest first, as the audit log has it. It concerns every community, so it stands in
    /// no community's log.
    pub changes: Vec<KeysChanged>,
}

impl KeysStatus {
    /// One JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("words and numbers serialise")
    }
}

impl fmt::Display for KeysStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.keys.iter().enumerate() {
            let end = if place + 1 < self.keys.len() { "\n" } else { "" };
            let from = key.from.map_or("the beginning".to_owned(), |from| from.to_string());
            let told = match (key.current, key.missing) {
                (_, true) => ", MISSING in the file",
                (true, _) => ", used for new rows",
                _ => "",
            };
            write!(f, "{:<6} {:>5}  from {from}: {} rows{told}{end}", key.of, key.id, key.rows)?;
        }
        for KeysChanged { at, codes } in &self.changes {
            write!(f, "\nchanged {at}: {codes} codes were sealed anew")?;
        }
        Ok(())
    }
}

/// The key file, the rows that need it, and nobody else who changes either.
#[derive(Debug)]
pub struct KeyChange<'a> {
    path: &'a Path,
    pool: PgPool,
    clock: &'a Clock,
}

impl<'a> KeyChange<'a> {
    /// About the file at `path` and the rows of a ledger, of which at least two connections are needed.
    #[must_use]
    pub const fn new(path: &'a Path, pool: PgPool, clock: &'a Clock) -> Self {
        Self { path, pool, clock }
    }

    /// Which keys there are, and how many rows need each.
    ///
    /// # Errors
    /// When the file or the ledger cannot be read.
    pub async fn status(&self) -> Result<KeysStatus, KeysError> {
        let (file, now) = (KeyFile::read(self.path)?, self.clock.now());
        let rows = self.rows().await?;
        let status = |of: KeyUse| {
            let current = file.current(of, now);
            let rows = &rows;
            file.ids(of)
                .map(move |(id, from)| {
                    let rows = rows.get(&(of.as_str(), id)).copied().unwrap_or(0);
                    KeyStatus { of: of.as_str(), id, from, current: id == current, missing: false, rows }
                })
                .collect::<Vec<_>>()
        };
        let mut keys: Vec<_> = KeyUse::ALL.into_iter().flat_map(status).collect();
        let missing =
            rows.iter().filter(|((of, id), _)| keys.iter().all(|key| (key.of, key.id) != (*of, *id)));
        let missing: Vec<_> = missing
            .map(|((of, id), rows)| KeyStatus {
                of,
                id: *id,
                from: None,
                current: false,
                missing: true,
                rows: *rows,
            })
            .collect();
        keys.extend(missing);
        Ok(KeysStatus { keys, changes: self.changes().await? })
    }

    async fn changes(&self) -> Result<Vec<KeysChanged>, KeysError> {
        let rows = sqlx::query!(
            r#"SELECT at, coalesce(count, 0) AS "codes!" FROM audit_log
               WHERE community_id IS NULL AND act = 'keys_rotated' ORDER BY id DESC LIMIT $1"#,
            CHANGES,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| KeysChanged { at: row.at.to_jiff(), codes: row.codes }).collect())
    }

    /// Adds a key of each sort, waits until it is in use, and seals every live code anew. When an earlier rotation did
    /// not get to its end, goes on with that instead. Answers how many codes were sealed anew.
    ///
    /// # Errors
    /// When the file cannot be written, the ledger does not answer, or codes do not open; doing it again is safe.
    pub async fn rotate(
        &self,
        wait: SignedDuration,
        rng: &mut impl CryptoRng,
        tell: impl Fn(&str),
    ) -> Result<u64, KeysError> {
        let mut alone = self.alone().await?;
        let mut file = KeyFile::read(self.path)?;
        if self.behind(&file).await? > 0 || begins(&file) > self.clock.now() {
            tell("an earlier rotation has not come to its end; going on with it");
            let (resealed, damaged) = self.reseal_all(&file, rng).await?;
            if damaged == 0 || resealed > 0 {
                return Self::done(&mut alone, resealed, damaged).await;
            }
            tell("it had come to its end but for codes that do not open");
        }
        let from = self.clock.now() + wait;
        file.add(from, rng).ok_or(KeysError::UsedUp)?;
        self.write(&file)?;
        tell(&format!("added a key for sealing and one for look-ups, in use from {from} on"));
        let (resealed, damaged) = self.reseal_all(&file, rng).await?;
        Self::done(&mut alone, resealed, damaged).await
    }

    async fn done(alone: &mut PgConnection, resealed: u64, damaged: i64) -> Result<u64, KeysError> {
        let count = i64::try_from(resealed).unwrap_or(i64::MAX);
        Entry::whole(By::Operator, Act::KeysRotated).many(count).write_for_all(&mut *alone).await?;
        Self::release(alone).await?;
        if damaged > 0 { Err(KeysError::Damaged(damaged)) } else { Ok(resealed) }
    }

    /// Waits until the newest keys are in use, and seals every code with them that opens; answers how many do and how
    /// many do not.
    async fn reseal_all(&self, file: &KeyFile, rng: &mut impl CryptoRng) -> Result<(u64, i64), KeysError> {
        let left = begins(file).duration_since(self.clock.now());
        if let Ok(left) = Duration::try_from(left) {
            tokio::time::sleep(left).await;
        }
        // These keys, whatever becomes of the file meanwhile.
        let problem = |problem| KeyFileError::Malformed { path: self.path.display().to_string(), problem };
        let keyring = Keyring::parse(&file.to_text()).map_err(problem)?;
        let (mut resealed, mut round) = (0, Round::default());
        loop {
            match self.reseal(file, &keyring, round.last, rng).await? {
                Some(chunk) => {
                    resealed += chunk.resealed;
                    round = Round { last: Some(chunk.last), damaged: round.damaged + chunk.damaged };
                }
                None if self.behind(file).await? > round.damaged => {
                    round = Round::default();
                    tokio::time::sleep(PAUSE).await;
                }
                None => break,
            }
        }
        Ok((resealed, round.damaged))
    }

    /// Takes keys out of the file that no row needs, and whose successor has been in use for so long that nobody seals
    /// with them any more; answers how many.
    ///
    /// # Errors
    /// When the file cannot be written, or the ledger does not answer.
    pub async fn prune(&self, superseded_for: SignedDuration) -> Result<usize, KeysError> {
        let mut alone = self.alone().await?;
        let (mut file, now) = (KeyFile::read(self.path)?, self.clock.now());
        let (rows, mut removed) = (self.rows().await?, 0);
        for of in KeyUse::ALL {
            let current = file.current(of, now - superseded_for);
            let idle = |id: &i16| *id < current && !rows.contains_key(&(of.as_str(), *id));
            let idle: Vec<_> = file.ids(of).map(|(id, _)| id).filter(idle).collect();
            removed += idle.len();
            for id in idle {
                file.remove(of, id);
            }
        }
        if removed > 0 {
            self.write(&file)?;
        }
        Self::release(&mut alone).await?;
        Ok(removed)
    }

    /// A connection that holds the right to change keys.
    async fn alone(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, KeysError> {
        let mut connection = self.pool.acquire().await?;
        let alone =
            sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock(hashtext('porchlight keys')) AS "alone!""#);
        if alone.fetch_one(&mut *connection).await? { Ok(connection) } else { Err(KeysError::Busy) }
    }

    async fn release(alone: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query_scalar!(r#"SELECT pg_advisory_unlock(hashtext('porchlight keys')) AS "was_alone!""#)
            .fetch_one(alone)
            .await?;
        Ok(())
    }

    /// How many rows need each key.
    async fn rows(&self) -> sqlx::Result<BTreeMap<(&'static str, i16), i64>> {
        let (seal, lookup) = (KeyUse::Seal.as_str(), KeyUse::Lookup.as_str());
        let rows = sqlx::query!(
            r#"SELECT true AS "seal!", code_sealed_key AS "id!", count(*) AS "rows!"
               FROM invitations WHERE code_sealed_key IS NOT NULL GROUP BY code_sealed_key
               UNION ALL
               SELECT false, code_lookup_key, count(*)
               FROM invitations WHERE code_lookup IS NOT NULL GROUP BY code_lookup_key"#
        );
        let rows = rows.fetch_all(&self.pool).await?.into_iter();
        Ok(rows.map(|row| ((if row.seal { seal } else { lookup }, row.id), row.rows)).collect())
    }

    /// Live codes that are not under the newest keys.
    async fn behind(&self, file: &KeyFile) -> sqlx::Result<i64> {
        let (seal, lookup) = newest(file);
        sqlx::query_scalar!(
            r#"SELECT count(*) AS "behind!" FROM invitations
               WHERE code_sealed IS NOT NULL AND (code_sealed_key <> $1 OR code_lookup_key <> $2)"#,
            seal,
            lookup,
        )
        .fetch_one(&self.pool)
        .await
    }

    /// Seals one chunk behind `last` anew; `None`: there is none.
    async fn reseal(
        &self,
        file: &KeyFile,
        keyring: &Keyring,
        last: Option<InvitationId>,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<Chunk>, KeysError> {
        let (seal, lookup) = newest(file);
        let mut tx = self.pool.begin().await?;
        let rows = sqlx::query!(
            r#"SELECT id, community_id, code_sealed AS "sealed!", code_sealed_key AS "key!" FROM invitations
               WHERE code_sealed IS NOT NULL AND (code_sealed_key <> $1 OR code_lookup_key <> $2)
                   AND ($3::uuid IS NULL OR id > $3)
               ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED"#,
            seal,
            lookup,
            last.map(InvitationId::uuid),
            CHUNK,
        )
        .fetch_all(&mut *tx)
        .await?;
        let Some(last) = rows.last() else { return Ok(None) };
        let mut chunk = Chunk { last: last.id.into(), resealed: 0, damaged: 0 };
        let now = begins(file).max(self.clock.now());
        let (mut ids, mut sealed, mut lookups) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            let (community, id) = (CommunityId::from(row.community_id), InvitationId::from(row.id));
            let old = Sealed { key: row.key, bytes: row.sealed.clone() };
            match keyring.unseal(&old, community, id) {
                Ok(code) => {
                    ids.push(row.id);
                    sealed.push(keyring.seal(&code, community, id, now, rng).bytes);
                    lookups.push(keyring.lookup(&code, now).1.to_vec());
                }
                Err(error) => {
                    tracing::error!(invitation = %id, %error, "a sealed code does not open");
                    chunk.damaged += 1;
                }
            }
        }
        chunk.resealed = sqlx::query!(
            "UPDATE invitations AS i SET code_sealed = new.sealed, code_sealed_key = $4,
                                         code_lookup = new.lookup, code_lookup_key = $5
             FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS new(id, sealed, lookup) WHERE i.id = new.id",
            &ids,
            &sealed,
            &lookups,
            seal,
            lookup,
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        Ok(Some(chunk))
    }

    /// Puts the new file in the old one's place, whole at any moment, for the same owner and readers.
    fn write(&self, file: &KeyFile) -> Result<(), KeysError> {
        replace(self.path, file.to_text().as_bytes())
            .map_err(|source| KeysError::Unwritable { path: self.path.display().to_string(), source })
    }
}

/// How far a round over all rows is.
#[derive(Default)]
struct Round {
    last: Option<InvitationId>,
    damaged: i64,
}

struct Chunk {
    last: InvitationId,
    resealed: u64,
    damaged: i64,
}

/// When the newest keys are in use.
fn begins(file: &KeyFile) -> Timestamp {
    let newest = KeyUse::ALL.into_iter().filter_map(|of| file.ids(of).next_back()?.1);
    newest.max().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The newest key for sealing, and for look-ups.
fn newest(file: &KeyFile) -> (i16, i16) {
    let newest = |of| file.ids(of).next_back().map_or(0, |(id, _)| id);
    (newest(KeyUse::Seal), newest(KeyUse::Lookup))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Where a link leads to, not the link.
    let path = fs::canonicalize(path)?;
    let old = fs::metadata(&path)?;
    let next = path.with_extension("new");
    // One that a crash left behind: nobody else is at it.
    let _ = fs::remove_file(&next);
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next).and_then(|mut new| {
            new.write_all(bytes)?;
            fchown(&new, Some(old.uid()), Some(old.gid()))?;
            new.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))?;
            new.sync_all()?;
            fs::rename(&next, &path)?;
            fs::File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
        });
    if written.is_err() {
        // What we made ourselves; there may be nothing.
        let _ = fs::remove_file(&next);
    }
    written
}
