//! `/sign-in`: leaders and residents sign in with a link that is sent to their address.
//!
//! [`asking`] is the box for the address; whoever asks, and whoever's address it is, the answer is the same. [`door`] is
//! where the link leads: opening it shows a button and uses nothing up, because mail scanners open every link; pressing
//! the button does, once, in [`link`]. [`out`] signs out, here or everywhere.

mod asking;
mod door;
mod link;
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
        .route("/sign-in/{link}", get(door::show).post(link::sign_in))
        .route("/sign-out", post(out::sign_out))
        .route("/sign-out/everywhere", post(out::sign_out_everywhere))
}
