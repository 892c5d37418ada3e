//! Installs missing servers on Debian and Ubuntu, as root or with a password-less `sudo`.
//!
//! Says so on standard error first. Two processes do not install at the same time, and a lock that
//! apt holds elsewhere is waited for. The packages would start servers of their own; that is
//! suppressed while we install, and what suppresses it is taken away again.

use std::{
    env,
    fs::OpenOptions,
    io::{self, Write},
    process::{Command, Stdio},
};

use super::{StackError, find::on_path, owner};

/// Runs as root; `$@` are the packages. A `policy-rc.d` of somebody else's is left as it is.
const SCRIPT: &str = r#"
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
mark='# Placed by Porchlight while it installs packages.'
policy=/usr/sbin/policy-rc.d
placed=
tidy() { for file in $placed; do if grep -qsxF "$mark" "$file"; then rm -f "$file"; fi; done; }
trap tidy EXIT
trap 'exit 1' HUP INT TERM
if [ ! -e "$policy" ] || grep -qsxF "$mark" "$policy"; then
    placed="$policy"
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy" && chmod 755 "$policy"
fi
get() {
    apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
}
get "$@" || { apt-get -o DPkg::Lock::Timeout=120 update && get "$@"; }
"#;

/// Installs what `missing` names, asked again once nobody else installs.
pub(super) fn missing(missing: impl Fn() -> Vec<&'static str>) -> Result<(), StackError> {
    if on_path("apt-get").is_none() {
        return Ok(());
    }
    let Some(mut command) = as_root() else { return Ok(()) };

    let lock = env::temp_dir().join(format!("porchlight-install-{}.lock", owner::uid()?));
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(StackError::io(format!("open the lock file {}", lock.display())))?;
    lock.lock().map_err(StackError::io("wait for the installation lock"))?;

    let packages = missing();
    if packages.is_empty() {
        return Ok(());
    }
    let named = packages.join(" and ");
    // Whether anybody reads it does not matter to the installation.
    let _unread = writeln!(io::stderr(), "Installing {named} with apt-get (once; needs a minute) …");
    let output = command
        .args(["/bin/sh", "-c", SCRIPT, "porchlight-install"])
        .args(&packages)
        .stdin(Stdio::null())
        .output()
        .map_err(StackError::io("run apt-get"))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let lines: Vec<&str> = printed.lines().collect();
    Err(StackError::Install { packages: named, output: lines[lines.len().saturating_sub(15)..].join("\n") })
}

/// A command line prefix that runs the rest as root, where we may.
fn as_root() -> Option<Command> {
    if owner::is_root() {
        return Some(Command::new("/usr/bin/env"));
    }
    let sudo = on_path("sudo")?;
    let allowed = Command::new(&sudo).args(["-n", "true"]).stdin(Stdio::null()).output().ok()?;
    if !allowed.status.success() {
        return None;
    }
    let mut command = Command::new(sudo);
    command.arg("-n");
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_a_script() {
        let checked = Command::new("/bin/sh").args(["-n", "-c", SCRIPT]).status().unwrap();
        assert!(checked.success());
    }

    #[test]
    fn nothing_missing_installs_nothing() {
        missing(Vec::new).unwrap();
    }
}
