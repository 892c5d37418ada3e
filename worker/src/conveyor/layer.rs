//! The layer around the handler: marks the beginning, catches what goes wrong, settles the lease.

use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    task::{Context, Poll},
};

use apalis_core::{error::BoxDynError, task::Task};
use futures_util::{FutureExt, future::BoxFuture};
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
    type Future = BoxFuture<'static, Result<(), Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A layer that is broken fails every call too, and there it is logged.
        self.handler.poll_ready(cx).map(|_| Ok(()))
    }

    fn call(&mut self, mut task: Task<Claim>) -> Self::Future {
        let mut lease = task.args.lease.take().expect("the conveyor leased it, and it is handled once");
        // From here on it may have reached the provider; this holds unless the handler answers.
        lease.settle(Settlement::after(AFTER_ACCIDENT));
        let delivery = task.args.job.delivery;
        let handled = AssertUnwindSafe(self.handler.call(task)).catch_unwind();
        Box::pin(async move {
            match handled.await {
                Ok(Ok(settlement)) => lease.settle(settlement),
                Ok(Err(error)) => {
                    tracing::error!(%delivery, error = %error.into(), "a handler failed; its job is delayed");
                }
                Err(_) => tracing::error!(%delivery, "a handler panicked; its job is delayed"),
            }
            Ok(())
        })
    }
}
