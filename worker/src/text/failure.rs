//! A request that was not answered: whether it can have gone.
//!
//! It certainly did not while there was no connection to write it to. From then on nothing is certain: what was handed to
//! the operating system may have arrived, however the wait for the answer ended.

use std::{error::Error, io};

use super::outcome::{Outcome, Reason};

/// The outcome of a request without an answer.
pub(super) fn unanswered(error: &reqwest::Error) -> Outcome {
    let not_sent = |reason| Outcome::NotSent { reason, text: cause(error) };
    if error.is_builder() {
        return not_sent(Reason::Internal);
    }
    if error.is_connect() {
        return not_sent(if is_about_tls(error) { Reason::TlsFailed } else { Reason::ConnectFailed });
    }
    let reason = match http_error(error) {
        // The connection was gone before the request was taken up: hyper says so of nothing else.
        Some(http) if http.is_canceled() => return not_sent(Reason::HandshakeFailed),
        Some(http) if http.is_parse() => Reason::UnreadableAfterBody,
        _ if error.is_timeout() => Reason::TimeoutAfterBody,
        _ => Reason::ClosedAfterBody,
    };
    Outcome::Unknown { reason }
}

/// What is at the bottom of an error. Its top is left out: it names the account.
pub(super) fn cause(error: &reqwest::Error) -> String {
    let mut deepest = error.source();
    while let Some(source) = deepest.and_then(Error::source) {
        deepest = Some(source);
    }
    deepest.map_or_else(|| "no cause is known".to_owned(), ToString::to_string)
}

fn http_error(error: &reqwest::Error) -> Option<&hyper::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(http) = error.downcast_ref() {
            return Some(http);
        }
        source = error.source();
    }
    None
}

/// An error of TLS hides in errors of input and output, which do not name it as their source.
fn is_about_tls(error: &(dyn Error + 'static)) -> bool {
    let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>()
        || within.is_some_and(|error| is_about_tls(error))
        || error.source().is_some_and(is_about_tls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_tls_is_found_wherever_it_hides() {
        let inner = || io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert!(is_about_tls(&rustls::Error::DecryptError));
        assert!(is_about_tls(&inner()));
        assert!(is_about_tls(&io::Error::other(inner())));
        assert!(!is_about_tls(&io::Error::other("refused")));
        assert!(!is_about_tls(&io::Error::from(io::ErrorKind::ConnectionRefused)));
    }
}
