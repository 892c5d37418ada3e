//! The command line: one word for each thing that an operator does.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use jiff::SignedDuration;
use porchlight_shared::{
    domain::{CommunityId, EmailAddress},
    runtime::{clock::Clock, env::Env, shutdown, telemetry},
    store::{self, StoreSettings},
};
use rand::rngs::SysRng;
use tokio_util::sync::CancellationToken;

use crate::{access::Role, admin, config::ServeSettings, serve};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(name = "porchlight-api", version = concat!(env!("CARGO_PKG_VERSION"), " (", env!("PORCHLIGHT_BUILD_ID"), ")"))]
#[command(about = "Porchlight's intake service", long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer HTTP requests until told to stop
    Serve,
    /// Bring the database's tables up to date
    Migrate,
    /// Print the OpenAPI document
    Openapi,
    /// Work on the key file
    #[command(subcommand)]
    Keys(Keys),
    /// Work on communities and their tokens, and look after the installation
    #[command(subcommand)]
    Admin(Admin),
}

#[derive(Debug, Subcommand)]
enum Keys {
    /// Write a new key file to `PORCHLIGHT_KEYS_FILE` (never overwrites)
    Generate,
    /// Add new keys and seal every live code with them, while everything runs; may be broken off and run again
    Rotate {
        /// How long every program and machine has to read the new file before its keys are used
        #[arg(long, default_value = "60s", value_parser = a_while)]
        wait: SignedDuration,
    },
    /// Show which keys there are, since when they are used, and how many rows need each
    Status {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take keys that nothing needs any more out of the file
    Prune {
        /// For how long newer ones must have been in use
        #[arg(long, default_value = "10m", value_parser = a_while)]
        superseded_for: SignedDuration,
    },
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// Make a community that may send at once, or prepare one for its leaders
    CreateCommunity(admin::NewCommunity),
    /// Make a bearer token for the HTTP API
    CreateToken {
        /// The community that it opens
        #[arg(long)]
        community: CommunityId,
        /// What it may do
        #[arg(long, value_enum)]
        role: Role,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make a link to the board that signs a leader in, once and within a day
    SignInLink {
        /// The community that it opens
        #[arg(long)]
        community: CommunityId,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Add somebody who may act for a community: its first owner, say
    AddLeader {
        /// The community
        #[arg(long)]
        community: CommunityId,
        /// Where their links to sign in go
        #[arg(long)]
        email: EmailAddress,
        /// How others call them
        #[arg(long)]
        name: Option<String>,
        /// What they may do: owner or leader
        #[arg(long, value_enum, default_value = "owner")]
        role: Role,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show what each reconciler is for, when it last looked and what it last found; fails when one has not looked for a
    /// minute although it should
    Reconcilers {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Up to 30 days.
fn a_while(word: &str) -> Result<SignedDuration, String> {
    let time: SignedDuration =
        word.parse().map_err(|_| "it should be a time such as 60s or 2h".to_owned())?;
    let fits = !time.is_negative() && time <= SignedDuration::from_hours(30 * 24);
    if fits { Ok(time) } else { Err("it should be a time up to 30 days".to_owned()) }
}

/// Runs the program that the command line names.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(obey(cli.command)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(failure.as_ref());
            ExitCode::FAILURE
        }
    }
}

async fn obey(command: Command) -> Result<(), Failure> {
    let env = Env::of_process();
    let (clock, mut rng) = (Clock::system(), rand::rand_core::UnwrapErr(SysRng));
    match command {
        Command::Openapi => say(&serve::openapi().to_pretty_json()?),
        Command::Keys(keys) => obey_about_keys(keys, &env).await?,
        Command::Migrate => {
            telemetry::start(&env)?;
            let pool =
                store::connect(&StoreSettings::from_env(&env, 1)?, "porchlight-api migrate", &stopping()?)
                    .await?;
            store::MIGRATIONS.run(&pool).await?;
            tracing::info!("the database is up to date");
        }
        Command::Admin(Admin::CreateCommunity(new)) => {
            telemetry::start(&env)?;
            let pool =
                store::connect(&StoreSettings::from_env(&env, 1)?, "porchlight-api admin", &stopping()?)
                    .await?;
            let id = admin::create_community(&pool, &new, clock.now(), &mut rng).await?;
            say(&if new.json { format!(r#"{{"id": "{id}"}}"#) } else { format!("community {id}") });
        }
        Command::Admin(Admin::CreateToken { community, role, json }) => {
            telemetry::start(&env)?;
            let pool =
                store::connect(&StoreSettings::from_env(&env, 1)?, "porchlight-api admin", &stopping()?)
                    .await?;
            let token = admin::create_token(&pool, community, role, clock.now(), &mut rng).await?;
            let advice = "keep it: it is not shown again";
            say(&if json { format!(r#"{{"token": "{token}"}}"#) } else { format!("{token}\n{advice}") });
        }
        Command::Admin(Admin::SignInLink { community, json }) => {
            telemetry::start(&env)?;
            let site = env.required("PORCHLIGHT_PUBLIC_URL", "https://join.example.org")?;
            let pool =
                store::connect(&StoreSettings::from_env(&env, 1)?, "porchlight-api admin", &stopping()?)
                    .await?;
            let link = admin::sign_in_link(&pool, community, &site, &mut rng).await?;
            say(&if json { format!(r#"{{"link": "{link}"}}"#) } else { link });
        }
        Command::Admin(Admin::AddLeader { community, email, name, role, json }) => {
            telemetry::start(&env)?;
            let pool =
                store::connect(&StoreSettings::from_env(&env, 1)?, "porchlight-api admin", &stopping()?)
                    .await?;
            let id = admin::add_leader(&pool, community, &email, name.as_deref(), role, clock.now()).await?;
            say(&if json { format!(r#"{{"id": "{id}"}}"#) } else { format!("leader {id}") });
        }
        Command::Admin(Admin::Reconcilers { json }) => {
            telemetry::start(&env)?;
            let pool =
                store::connect(&StoreSettings::from_env(&env, 1)?, "porchlight-api admin", &stopping()?)
                    .await?;
            let reconcilers = admin::reconcilers(&pool).await?;
            say(&if json { reconcilers.to_json() } else { reconcilers.to_string() });
            reconcilers.check()?;
        }
        Command::Serve => {
            telemetry::start(&env)?;
            serve::serve(ServeSettings::from_env(&env)?, clock, stopping()?).await?;
        }
    }
    Ok(())
}

async fn obey_about_keys(keys: Keys, env: &Env) -> Result<(), Failure> {
    let (clock, mut rng) = (Clock::system(), rand::rand_core::UnwrapErr(SysRng));
    let path: PathBuf = env.required("PORCHLIGHT_KEYS_FILE", "the path of the key file")?;
    let connect = async || {
        telemetry::start(env)?;
        let settings = StoreSettings::from_env(env, 2)?;
        Ok::<_, Failure>(store::connect(&settings, "porchlight-api keys", &stopping()?).await?)
    };
    match keys {
        Keys::Generate => {
            admin::generate_keys(&path, &mut rng)?;
            let advice = "keep a copy where no copy of the database is";
            say(&format!("wrote {} (mode 0600); {advice}", path.display()));
        }
        Keys::Rotate { wait } => {
            let change = admin::KeyChange::new(&path, connect().await?, &clock);
            let resealed = change.rotate(wait, &mut rng, say).await?;
            say(&format!("{resealed} codes were sealed anew; `keys prune` removes what nothing needs"));
        }
        Keys::Status { json } => {
            let status = admin::KeyChange::new(&path, connect().await?, &clock).status().await?;
            say(&if json { status.to_json() } else { status.to_string() });
        }
        Keys::Prune { superseded_for } => {
            let removed =
                admin::KeyChange::new(&path, connect().await?, &clock).prune(superseded_for).await?;
            say(&format!("{removed} keys were removed"));
        }
    }
    Ok(())
}

fn stopping() -> std::io::Result<CancellationToken> {
    shutdown::on_signal()
}

#[expect(clippy::print_stdout, reason = "what a command answers goes to standard output")]
fn say(text: &str) {
    println!("{text}");
}

/// Says what went wrong and, indented, why; a person reads this.
#[expect(clippy::print_stderr, reason = "the last word of a program that failed")]
fn complain(failure: &(dyn std::error::Error + 'static)) {
    eprintln!("porchlight-api: {failure}");
    let mut cause = failure.source();
    while let Some(error) = cause {
        eprintln!("  because {error}");
        cause = error.source();
    }
}
