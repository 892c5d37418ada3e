//! How our Redis is started. It appends to a file, as ours does in earnest: losing at most a second.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::Duration,
};

use super::{StackError, find::Programs, supervisor::quote};

/// Where Redis' files are and how it is started.
#[derive(Debug)]
pub(super) struct Redis {
    program: PathBuf,
    /// Its own directory, with the append-only files and the socket.
    place: PathBuf,
}

impl Redis {
    pub(super) fn new(programs: &Programs, place: PathBuf) -> Self {
        Self { program: programs.redis.clone(), place }
    }

    pub(super) fn make_place(&self) -> Result<(), StackError> {
        std::fs::create_dir(&self.place).map_err(StackError::io(format!("make {}", self.place.display())))
    }

    pub(super) fn start_script(&self, port: u16) -> String {
        format!(
            "cd {place} && exec {program} --port {port} --bind 127.0.0.1 --dir {place} --unixsocket {socket} \
             --daemonize no --appendonly yes --appendfsync everysec --save '' --maxmemory-policy noeviction --databases 256",
            place = quote(&self.place),
            program = quote(&self.program),
            socket = quote(self.socket()),
        )
    }

    /// Does it answer, with its data loaded? Asked at its socket, which nobody but ours can be
    /// behind; TCP was bound before the socket answers.
    pub(super) fn is_ready(&self) -> bool {
        let ping = || -> std::io::Result<bool> {
            let mut stream = UnixStream::connect(self.socket())?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"PING\r\n")?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer)?;
            Ok(answer == *b"+PONG")
        };
        ping().unwrap_or(false)
    }

    fn socket(&self) -> PathBuf {
        self.place.join("redis.sock")
    }
}
