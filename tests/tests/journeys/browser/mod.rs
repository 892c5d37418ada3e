//! A real browser: a private headless Chromium, for journeys through pages as people have them.
//!
//! Chromium is what `PORCHLIGHT_CHROMIUM` names, or what the search path has. axe-core, which finds what keeps people
//! out, is what `PORCHLIGHT_AXE` names, or `axe/axe.min.js` in the folder of the build. Where one is missing it is
//! done without, and one line says so; with `PORCHLIGHT_REQUIRE_BROWSER=1` the journeys fail.
//!
//! Promises:
//! - **Private.** A profile of its own, no proxy, and nothing asked of the network but what a journey opens.
//! - **Gone with its owner.** Chromium, its children and its files go when a [`Browser`] is dropped, or its process ends
//!   in any way.
//! - **Conditions, not sleeps.** What takes time is waited for, with a limit.
//!
//! Neighbours: `tab` is what a person does and sees, `steps` what journeys have in common, `wire` what Chromium is told
//! and tells, `smoke` shows that this works. `everywhere` looks at every page (`places` are their addresses, `routes` what
//! the API says they are), the others walk through some.

mod board;
mod chasing;
mod choosing;
mod everywhere;
mod inviting;
mod keyboard;
mod places;
mod report;
mod residents;
mod routes;
mod screenshots;
mod settings;
mod signing_in;
mod smoke;
mod steps;
mod tab;
mod wire;

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Once,
    time::Duration,
};

use futures_util::StreamExt;
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::Instant};

use board::{HERE, WIDTHS};
pub(crate) use tab::Tab;

/// How long Chromium may take to start; the machine may be busy with other journeys.
const START: Duration = Duration::from_mins(1);
/// What a page has not done by then it does not do.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at something that is waited for.
const STEP: Duration = Duration::from_millis(20);

/// Where Chromium is looked for on the search path.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

const NO_CHROMIUM: &str =
    "browser journeys are skipped: no Chromium found; install it, or name it in PORCHLIGHT_CHROMIUM";
const NO_AXE: &str =
    "pages are not looked at by axe-core: none found; `.ci/run` fetches it, or name it in PORCHLIGHT_AXE";

const FLAGS: [&str; 20] = [
    "--headless=new",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    // In a container there is little shared memory.
    "--disable-dev-shm-usage",
    // A tab behind another is as awake as the one in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    // The keyrings are the person's, not ours.
    "--password-store=basic",
    "--use-mock-keychain",
    // Gives elements their `computedName`, which is what a screen reader says.
    "--enable-blink-features=ComputedAccessibilityInfo",
];

/// The line in which Chromium says where it is steered.
const LISTENS: &str = "DevTools listening on ";
const LOG: &str = "chromium.log";

/// A private Chromium.
pub(crate) struct Browser {
    chromium: Chromium,
    remote: chromiumoxide::Browser,
    /// Hands events and answers on; without it nothing is ever answered.
    exchange: JoinHandle<()>,
}

impl Browser {
    /// Where Chromium is on this machine. Where it is not, says so once, or fails when it is required.
    pub(crate) fn find() -> Option<PathBuf> {
        static SAID: Once = Once::new();
        let found = told("PORCHLIGHT_CHROMIUM").map(PathBuf::from).or_else(|| {
            let path = told("PATH").unwrap_or_default();
            let at = |name: &&str| {
                env::split_paths(&path).map(|folder| folder.join(*name)).find(|it| it.is_file())
            };
            NAMES.iter().find_map(at)
        });
        if found.is_none() {
            skip(&SAID, "PORCHLIGHT_REQUIRE_BROWSER", NO_CHROMIUM);
        }
        found
    }

    /// Starts one. `None` where there is no Chromium: the journey is over.
    pub(crate) async fn start() -> Option<Self> {
        let mut chromium = Chromium::start(&Self::find()?);
        let address = chromium.address().await;
        let (remote, mut handler) = chromiumoxide::Browser::connect(address).await.unwrap();
        let exchange = tokio::spawn(async move { while let Some(Ok(())) = handler.next().await {} });
        Some(Self { chromium, remote, exchange })
    }

    /// A new tab, `width` wide. Without `script` no script of a page runs. Tabs of one browser share their cookies.
    pub(crate) async fn open(&self, width: u32, script: bool) -> Tab {
        let page = self.remote.new_page("about:blank").await.unwrap();
        Tab::new(page, width, script).await
    }

    /// Where its files are.
    fn home(&self) -> &Path {
        self.chromium.home.path()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.exchange.abort();
    }
}

/// Kills the process group `$1` and removes the folder `$2` once standard input ends. The kernel sees to that, however its
/// owner ends.
const WATCH: &str = r#"
trap '' HUP INT TERM PIPE
read -r _
kill -s KILL -- "-$1"
until rm -rf "$2"; do sleep 0.1; done
"#;

/// Chromium's process group, its files, and the shell that takes both away.
struct Chromium {
    leader: Child,
    watch: Child,
    home: TempDir,
}

impl Chromium {
    fn start(program: &Path) -> Self {
        let home = tempfile::Builder::new().prefix("porchlight-browser-").tempdir().unwrap();
        let log = File::create(home.path().join(LOG)).unwrap();
        let mut command = Command::new(program);
        command.args(FLAGS).arg(format!("--user-data-dir={}", home.path().join("profile").display()));
        // Its sandbox refuses root, and what root makes is root's.
        if home.path().metadata().unwrap().uid() == 0 {
            command.arg("--no-sandbox");
        }
        command
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0);
        let leader =
            command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let watch = Command::new("/bin/sh")
            .args(["-c", WATCH, "porchlight-browser"])
            .arg(leader.id().to_string())
            .arg(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Self { leader, watch, home }
    }

    /// Where it is steered, once it says so.
    async fn address(&mut self) -> String {
        let began = Instant::now();
        loop {
            let said = fs::read(self.home.path().join(LOG)).unwrap();
            let said = String::from_utf8_lossy(&said);
            if let Some((_, rest)) = said.split_once(LISTENS)
                && let Some((address, _)) = rest.split_once('\n')
            {
                return address.trim().to_owned();
            }
            let ended = self.leader.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < START,
                "no Chromium to steer ({ended:?}); it said:\n{said}"
            );
            tokio::time::sleep(STEP).await;
        }
    }
}

impl Drop for Chromium {
    /// Lets go, and waits until the processes are killed and the files removed.
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        // How they end is of no use here.
        let _removed = self.watch.wait();
        let _killed = self.leader.kill().and_then(|()| self.leader.wait());
    }
}

/// What the journeys' environment says about this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "where programs lie is the machine's, not a setting of Porchlight"
)]
fn told(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Says once in a run what is skipped, or fails where nothing may be.
pub(crate) fn skip(said: &Once, required_by: &str, line: &str) {
    let required = told(required_by).is_some_and(|value| value == "1");
    assert!(!required, "{required_by} is 1, but {line}");
    said.call_once(|| {
        // Whether anybody reads it does not matter to the journey.
        let _unread = writeln!(io::stderr(), "{line}");
    });
}

/// axe-core's source. Where it is not, says so once, or fails when it is required.
fn axe_source() -> Option<String> {
    static SAID: Once = Once::new();
    let this = env::current_exe().unwrap();
    let beside = || this.ancestors().map(|folder| folder.join("axe/axe.min.js")).find(|it| it.is_file());
    let Some(path) = told("PORCHLIGHT_AXE").map(PathBuf::from).or_else(beside) else {
        skip(&SAID, "PORCHLIGHT_REQUIRE_BROWSER", NO_AXE);
        return None;
    };
    Some(fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Fails when axe-core finds something serious or critical on the page.
pub(crate) async fn assert_accessible(tab: &Tab) {
    let found = tab.axe().await.unwrap_or_default();
    assert!(found.is_empty(), "{} keeps people out:\n{}", tab.url().await, found.join("\n"));
}
