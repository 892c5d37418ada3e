//! What the operator does from the command line: the key file, communities, tokens, and how the reconcilers do.

mod community;
mod keys;
mod leader;
mod reconcilers;
mod rotation;
mod sign_in_link;
mod token;

pub use community::{CreateCommunityError, NewCommunity, create_community};
pub use keys::{GenerateKeysError, generate_keys};
pub use leader::{AddLeaderError, add_leader};
pub use reconcilers::{Reconcilers, ReconcilersError, reconcilers};
pub use rotation::{KeyChange, KeyStatus, KeysChanged, KeysError, KeysStatus};
pub use sign_in_link::{SignInLinkError, sign_in_link};
pub use token::{CreateTokenError, create_token};
