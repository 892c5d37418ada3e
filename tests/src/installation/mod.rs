//! A whole Porchlight: real processes on a private stack, with a sandbox for a provider.
//!
//! It is made as an operator would make it: a key file, the migrations, a community and a token by the command line,
//! then an API and as many workers as wanted. Everything ends with its owner. Neighbours: [`process`] runs a program,
//! [`programs`] finds it, [`client`] calls the HTTP API.

pub mod client;
pub mod process;
pub mod programs;

use std::{io, path::PathBuf};

use sqlx::{PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;

pub use reqwest::Method;

pub use self::{
    client::{Answer, Client, Page},
    process::{Process, Signal},
    programs::Programs,
};
use crate::sandbox::{smtp::SmtpSandbox, twilio::TwilioSandbox};

/// What cannot be told in a word.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// An installation.
#[derive(Debug)]
pub struct Installation {
    programs: Programs,
    variables: Vec<(String, String)>,
    folder: TempDir,
    started: usize,
    /// The ledger, as an operator sees it.
    pub pool: PgPool,
    /// Redis, as an operator sees it.
    pub redis_url: String,
    /// The provider of e-mail.
    pub smtp: SmtpSandbox,
    /// The provider of texts.
    pub twilio: TwilioSandbox,
}

/// The address under which a provider calls an installation, unless it is told another.
const PUBLIC_URL: &str = "https://join.example.org";

/// A community and a token for it.
#[derive(Clone, Debug)]
pub struct Community {
    /// Its id.
    pub id: String,
    /// A leader's token.
    pub token: String,
}

impl Installation {
    /// Prepares one: key file and migrations. `variables` come on top of what every installation needs.
    ///
    /// # Errors
    /// When a command of ours fails; the error has its words.
    pub async fn prepare(
        programs: Programs,
        database_url: &str,
        redis_url: &str,
        smtp: SmtpSandbox,
        twilio: TwilioSandbox,
        variables: &[(&str, &str)],
    ) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("porchlight-installation-").tempdir()?;
        let keys = folder.path().join("keys.json").display().to_string();
        let mut all = vec![
            ("DATABASE_URL".to_owned(), database_url.to_owned()),
            ("REDIS_URL".to_owned(), redis_url.to_owned()),
            ("PORCHLIGHT_KEYS_FILE".to_owned(), keys),
            ("PORCHLIGHT_PUBLIC_URL".to_owned(), PUBLIC_URL.to_owned()),
            ("PORCHLIGHT_SMTP_URL".to_owned(), smtp.url()),
            ("PORCHLIGHT_SMTP_FROM".to_owned(), "invitations@porchlight.example".to_owned()),
            ("PORCHLIGHT_SANDBOX".to_owned(), "1".to_owned()),
        ];
        all.extend(twilio.variables().map(|(name, value)| (name.to_owned(), value)));
        for (name, value) in variables {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy(database_url)?;
        let redis_url = redis_url.to_owned();
        let made = Self { programs, variables: all, folder, started: 0, pool, redis_url, smtp, twilio };
        made.api_command(&["keys", "generate"]).await?;
        made.api_command(&["migrate"]).await?;
        Ok(made)
    }

    /// Runs a command of `porchlight-api` to its end and returns what it said.
    ///
    /// # Errors
    /// When it fails; the error is what it said.
    pub async fn api_command(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = tokio::process::Command::new(&self.programs.api);
        command.args(arguments).env_clear().envs(self.variables.iter().cloned());
        let output = command.output().await?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Makes a community and a leader's token for it.
    ///
    /// # Errors
    /// When a command fails.
    pub async fn create_community(&self, name: &str, more: &[&str]) -> Result<Community, Failure> {
        let made = self
            .api_command(&[&["admin", "create-community", "--name", name, "--json"], more].concat())
            .await?;
        let id = word(&made, "id")?;
        self.create_token(&Community { id, token: String::new() }, "leader").await
    }

    /// The same community with another token.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn create_token(&self, community: &Community, role: &str) -> Result<Community, Failure> {
        let id = &community.id;
        let made =
            self.api_command(&["admin", "create-token", "--community", id, "--role", role, "--json"]).await?;
        Ok(Community { token: word(&made, "token")?, id: id.clone() })
    }

    /// A link that signs a leader of the community in, once.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn sign_in_link(&self, community: &Community) -> Result<String, Failure> {
        let made =
            self.api_command(&["admin", "sign-in-link", "--community", &community.id, "--json"]).await?;
        word(&made, "link")
    }

    /// Starts an API on a free port and waits until it answers.
    ///
    /// # Errors
    /// When it does not come up; the error has its log.
    pub async fn start_api(&mut self) -> Result<(Process, Client), Failure> {
        self.start_api_with(&[]).await
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// When it does not come up; the error has its log.
    pub async fn start_api_with(&mut self, variables: &[(&str, &str)]) -> Result<(Process, Client), Failure> {
        let mut variables = owned(variables);
        variables.push(("PORCHLIGHT_LISTEN".to_owned(), "127.0.0.1:0".to_owned()));
        let mut process = self.start(self.programs.api.clone(), &["serve"], &variables).await?;
        let address = process.says("listening", "address").await?;
        let base = format!("http://{address}");
        // What is called back under the public address comes to the API that was started last.
        self.twilio.proxy(self.variable("PORCHLIGHT_PUBLIC_URL"), &base);
        Ok((process, Client::new(&base)?))
    }

    /// Starts a worker and waits until it works.
    ///
    /// # Errors
    /// When it does not come up; the error has its log.
    pub async fn start_worker(&mut self) -> Result<Process, Failure> {
        self.start_worker_with(&[]).await
    }

    /// The same with other settings.
    ///
    /// # Errors
    /// When it does not come up; the error has its log.
    pub async fn start_worker_with(&mut self, variables: &[(&str, &str)]) -> Result<Process, Failure> {
        let mut process = self.start(self.programs.worker.clone(), &["run"], &owned(variables)).await?;
        process.says("working", "channels").await?;
        Ok(process)
    }

    /// Where the worker is, and what it needs to know: to start one in another way.
    #[must_use]
    pub fn worker(&self) -> (&PathBuf, &[(String, String)]) {
        (&self.programs.worker, &self.variables)
    }

    /// The same for the API and its commands.
    #[must_use]
    pub fn api_program(&self) -> (&PathBuf, &[(String, String)]) {
        (&self.programs.api, &self.variables)
    }

    /// A setting that every process of it gets.
    ///
    /// # Panics
    /// When there is none of that name.
    #[must_use]
    pub fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map_or_else(|| panic!("{name} is not set"), |(_, value)| value)
    }

    async fn start(
        &mut self,
        program: PathBuf,
        arguments: &[&str],
        variables: &[(String, String)],
    ) -> io::Result<Process> {
        let mut all = self.variables.clone();
        all.retain(|(known, _)| variables.iter().all(|(name, _)| name != known));
        all.extend_from_slice(variables);
        self.started += 1;
        let log = self.folder.path().join(format!("{}.log", self.started));
        Process::start(&program, arguments, &all, log).await
    }
}

fn owned(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn word(json: &str, field: &str) -> Result<String, Failure> {
    let value: serde_json::Value = serde_json::from_str(json)?;
    value[field]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("no {field} in the command's answer").into())
}
