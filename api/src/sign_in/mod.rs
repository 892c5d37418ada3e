//! `/sign-in`: leaders sign in with a link that is sent to their address, residents with one to their address or mobile number.
//!
//! [`asking`] is the box for it, [`named`] reads what was typed; whoever asks, and whoever's it is, the answer is the same. [`door`] is
//! where the link leads: opening it shows a button and uses nothing up, because mail scanners open every link; pressing
//! the button does, once, in [`link`]. [`out`] signs out, here or everywhere.

mod asking;
mod door;
mod link;
mod named;
pub(crate) mod out;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::AppState;

/// Signing in and out.
pub fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/sign-in", get(asking::show).post(asking::ask))
        .route("/sign-in/sent", get(asking::sent))
        .route("/sign-in/sent/text", get(asking::texted))
        .route("/sign-in/{link}", get(door::show).post(link::sign_in))
        .route("/sign-out", post(out::sign_out))
        .route("/sign-out/everywhere", post(out::sign_out_everywhere))
}
