//! How a connection comes about.

use std::{fmt, io, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{net::TcpStream, time::timeout};

use crate::email::{
    session::{Cause, Failure, Io, Stage},
    settings::SmtpSettings,
};

/// Opens connections. Another side of this seam is a test's scripted server.
pub trait Dial: Send + Sync {
    /// One connection.
    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Io>, Failure>>;
}

/// Opens TCP connections without Nagle's delay.
#[derive(Clone)]
pub struct TcpDial {
    host: String,
    port: u16,
    limit: Duration,
}

impl TcpDial {
    /// To the provider of `settings`.
    #[must_use]
    pub fn new(settings: &SmtpSettings) -> Self {
        Self {
            host: settings.url.host().to_owned(),
            port: settings.url.port(),
            limit: settings.timeouts.connect,
        }
    }
}

impl fmt::Debug for TcpDial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TcpDial({}:{})", self.host, self.port)
    }
}

impl Dial for TcpDial {
    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Io>, Failure>> {
        let connect = async {
            let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
            stream.set_nodelay(true)?;
            Ok::<Box<dyn Io>, io::Error>(Box::new(stream))
        };
        async move {
            match timeout(self.limit, connect).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(Failure::new(Stage::Connect, error)),
                Err(_) => Err(Failure::new(Stage::Connect, Cause::Timeout)),
            }
        }
        .boxed()
    }
}
