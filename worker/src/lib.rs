//! placeholder
pub mod email;
