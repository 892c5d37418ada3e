//! The layer around the handler: marks the beginning, catches what goes wrong, settles the lease.

use std::{
    any::Any,
    convert::Infallible,
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};

use apalis_core::{error::BoxDynError, task::Task};
use futures_util::FutureExt;
use tower::{Layer, Service};

use super::claim::{AFTER_ACCIDENT, Claim, Settlement};

/// Settles every claim with its handler's [`Settlement`]. Outermost, so that it sees whatever other layers do.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledging;

impl<S> Layer<S> for Acknowledging {
    type Service = Acknowledged<S>;

    fn layer(&self, handler: S) -> Acknowledged<S> {
        Acknowledged { handler }
    }
}

/// A handler whose claims are settled; it never fails.
#[derive(Clone, Debug)]
pub struct Acknowledged<S> {
    handler: S,
}

impl<S> Service<Task<Claim>> for Acknowledged<S>
where
    S: Service<Task<Claim>, Response = Settlement>,
    S::Error: Into<BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<(), Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.handler.poll_ready(cx).map(|ready| {
            if let Err(error) = ready {
                let error: BoxDynError = error.into();
                tracing::error!(%error, "a layer of the handler is broken; claims will fail one by one");
            }
            Ok(())
        })
    }

    fn call(&mut self, mut task: Task<Claim>) -> Self::Future {
        let mut lease = task.args.lease.take();
        if let Some(lease) = &mut lease {
            lease.begin();
        }
        let delivery = task.args.job.delivery;
        let handled = AssertUnwindSafe(self.handler.call(task)).catch_unwind();
        Box::pin(async move {
            let accident = match handled.await {
                Ok(Ok(settlement)) => {
                    if let Some(lease) = lease {
                        lease.settle(settlement);
                    }
                    return Ok(());
                }
                Ok(Err(error)) => error.into().to_string(),
                Err(panic) => format!("panic: {}", words(&*panic)),
            };
            // The lease is dropped, which delays the job.
            tracing::error!(%delivery, accident, again_in = ?AFTER_ACCIDENT, "a handler failed");
            Ok(())
        })
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}
