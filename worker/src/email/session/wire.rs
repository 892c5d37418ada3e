//! The connection under a session: bytes out, replies in, every wait bounded.

use std::{future::Future, io, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    failure::{Cause, Failure, Stage},
    reply::{self, Reply},
};

/// A connection: TCP, TLS over it, or a test's pipe.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection and what was read from it but not yet understood.
pub(super) struct Wire {
    io: Box<dyn Io>,
    read: Vec<u8>,
}

impl Wire {
    pub(super) fn new(io: Box<dyn Io>) -> Self {
        Self { io, read: Vec::with_capacity(1024) }
    }

    /// The connection itself, for a TLS handshake on top of it. The caller has made sure that nothing was left unread.
    pub(super) fn into_io(self) -> Box<dyn Io> {
        self.io
    }

    /// Whether the server said something that nobody asked for.
    pub(super) fn has_unread(&self) -> bool {
        !self.read.is_empty()
    }

    /// Whether the server neither closed the connection nor spoke unasked. Costs one attempt to read, waits for nothing.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        !self.has_unread() && self.io.read(&mut byte).now_or_never().is_none()
    }

    /// Writes a command, or a group of them, in one write.
    pub(super) async fn write(&mut self, stage: Stage, limit: Duration, bytes: &[u8]) -> Result<(), Failure> {
        within(stage, limit, async {
            self.io.write_all(bytes).await?;
            self.io.flush().await
        })
        .await
    }

    /// Writes the body. The failure is at [`Stage::Body`] only where it is certain that not all of its bytes left.
    ///
    /// The connection takes bytes in order, and a write that fails has taken none. Under TLS a write that fails leaves
    /// the end of the last record unsent, so the server cannot have read the dot; but once every byte was taken and only
    /// the flush fails, nobody can tell what had gone by then.
    pub(super) async fn write_body(&mut self, limit: Duration, bytes: &[u8]) -> Result<(), Failure> {
        let mut taken = 0;
        let io = &mut self.io;
        let written = timeout(limit, async {
            while taken < bytes.len() {
                match io.write(&bytes[taken..]).await? {
                    0 => return Err(io::ErrorKind::WriteZero.into()),
                    more => taken += more,
                }
            }
            io.flush().await
        })
        .await;
        let cause = match written {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.into(),
            Err(_) => Cause::Timeout,
        };
        let stage = if taken < bytes.len() { Stage::Body } else { Stage::AfterBody };
        Err(Failure { stage, cause })
    }

    /// Reads one reply.
    pub(super) async fn reply(&mut self, stage: Stage, limit: Duration) -> Result<Reply, Failure> {
        let read = async {
            loop {
                match reply::parse(&self.read) {
                    Ok(Some((reply, used))) => {
                        self.read.drain(..used);
                        return Ok(reply);
                    }
                    Ok(None) => {}
                    Err(what) => return Err(Cause::Protocol(what)),
                }
                if self.io.read_buf(&mut self.read).await? == 0 {
                    return Err(Cause::Closed);
                }
            }
        };
        match timeout(limit, read).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(cause)) => Err(Failure { stage, cause }),
            Err(_) => Err(Failure { stage, cause: Cause::Timeout }),
        }
    }
}

/// Waits for `work` at most `limit`.
pub(super) async fn within<T>(
    stage: Stage,
    limit: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, Failure> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(Failure::new(stage, error)),
        Err(_) => Err(Failure::new(stage, Cause::Timeout)),
    }
}
