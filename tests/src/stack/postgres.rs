//! How our Postgres is made and started.

use std::{fmt::Write as _, fs, path::PathBuf, process::Command};

use super::{Durability, Options, StackError, find::Programs, owner::Owner, supervisor::quote};

/// The superuser; authentication is `trust`, and only loopback and a private socket are listened on.
pub(super) const USER: &str = "porchlight";
pub(super) const NAME: &str = "postgres";

/// Where Postgres' files are and how it is started.
#[derive(Debug)]
pub(super) struct Postgres {
    bin: PathBuf,
    owner: Owner,
    /// The owner's directory with the data in `data` and the socket.
    place: PathBuf,
}

impl Postgres {
    pub(super) fn new(programs: &Programs, owner: Owner, place: PathBuf) -> Self {
        Self { bin: programs.postgres_bin.clone(), owner, place }
    }

    pub(super) fn make_place(&self) -> Result<(), StackError> {
        self.owner.make_directory(&self.place)
    }

    pub(super) fn initdb_script(&self) -> String {
        // macOS has no C.UTF-8 of old; C sorts the same way.
        let locale = if cfg!(target_os = "macos") { "C" } else { "C.UTF-8" };
        format!(
            "cd / && exec {}{} --pgdata {} --username {USER} --auth trust --encoding UTF8 --locale {locale} --no-sync",
            self.owner.prefix(),
            quote(self.bin.join("initdb")),
            quote(self.place.join("data")),
        )
    }

    /// Writes the settings, after `initdb`. `postgresql.auto.conf` is read last, so ours win.
    pub(super) fn configure(&self, options: &Options) -> Result<(), StackError> {
        let path = self.place.join("data/postgresql.auto.conf");
        fs::write(&path, settings(options)).map_err(StackError::io(format!("write {}", path.display())))
    }

    pub(super) fn start_script(&self, port: u16) -> String {
        format!(
            "cd / && exec {}{} -D {} -p {port} -k {}",
            self.owner.prefix(),
            quote(self.bin.join("postgres")),
            quote(self.place.join("data")),
            quote(&self.place),
        )
    }

    /// Does it take connections? Asked at its socket, which nobody but ours can be behind; TCP was
    /// bound before the socket answers.
    pub(super) fn is_ready(&self, port: u16) -> bool {
        Command::new(self.bin.join("pg_isready"))
            .env_clear()
            .args(["-q", "-t", "5", "-p", &port.to_string(), "-h"])
            .arg(&self.place)
            .status()
            .is_ok_and(|status| status.success())
    }
}

fn settings(options: &Options) -> String {
    let on_off = |on: bool| if on { "on" } else { "off" };
    let durable = on_off(options.durability == Durability::Durable);
    let mut text = String::new();
    for (name, value) in [
        ("listen_addresses", "127.0.0.1"),
        ("max_connections", "200"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("fsync", durable),
        ("full_page_writes", durable),
        ("synchronous_commit", on_off(options.synchronous_commit)),
    ]
    .into_iter()
    .chain(options.postgres_settings.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    {
        // Writing to a string does not fail.
        let _written = writeln!(text, "{name} = '{}'", value.replace('\'', "''"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_follow_the_options() {
        let durable = settings(&Options::durable());
        assert!(
            durable.contains("fsync = 'on'") && durable.contains("synchronous_commit = 'on'"),
            "{durable}"
        );

        let fast = settings(
            &Options::fast().synchronous_commit(true).postgres_setting("application_name", "it's ours"),
        );
        assert!(fast.contains("fsync = 'off'") && fast.contains("synchronous_commit = 'on'"), "{fast}");
        assert!(fast.ends_with("application_name = 'it''s ours'\n"), "{fast}");
    }
}
