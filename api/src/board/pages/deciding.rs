//! The two buttons on the page of a message that may have arrived. What became of pressing one stands above the page that
//! follows: the newer message's, or the same one's.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use porchlight_shared::domain::DeliveryId;
use serde::Deserialize;

use super::nothing_here;
use crate::{
    board::{
        deciding::{Answer, Choice, decide},
        obstacles::Obstacle,
        session::{Leader, SameOrigin, Turned},
    },
    pages::private,
    problem::Problem,
    state::AppState,
};

/// What the page's address says of a button that was just pressed.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    done: String,
}

impl Pressed {
    /// The same in words. What is no word of ours says nothing.
    pub(super) fn told(&self) -> Option<&'static str> {
        match self.done.as_str() {
            "sent_again" => Some(say!("delivery-done-sent-again")),
            "left" => Some(say!("delivery-done-left")),
            "not_needed" => Some(say!("delivery-done-not-needed")),
            word => Obstacle::from_word(word).map(Obstacle::said),
        }
    }
}

const fn word(answer: Answer) -> &'static str {
    match answer {
        Answer::SentAgain => "sent_again",
        Answer::Left => "left",
        Answer::NotNeeded => "not_needed",
    }
}

async fn pressed(
    state: &Arc<AppState>,
    leader: &Leader,
    delivery: &str,
    choice: Choice,
) -> Result<Response, Problem> {
    let Ok(delivery) = delivery.parse::<DeliveryId>() else { return Ok(nothing_here()) };
    let (shown, done) = match decide(state, leader.actor(), delivery, choice).await? {
        Ok(decided) => (decided.new_delivery.unwrap_or(delivery), word(decided.answer)),
        Err(refused) => (delivery, refused.obstacle.as_str()),
    };
    Ok(private(Redirect::to(&format!("/deliveries/{shown}?done={done}"))))
}

macro_rules! button {
    ($name:ident, $choice:expr) => {
        pub(super) async fn $name(
            State(state): State<Arc<AppState>>,
            _: SameOrigin,
            leader: Leader,
            Path(delivery): Path<String>,
        ) -> Response {
            match pressed(&state, &leader, &delivery, $choice).await {
                Ok(response) => response,
                Err(problem) if problem.is_not_found() => nothing_here(),
                Err(_) => Turned::Later.into_response(),
            }
        }
    };
}

button!(send_again, Choice::SendAgain);
button!(leave, Choice::Leave);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_became_of_a_button_is_told() {
        let told = |done: &str| Pressed { done: done.to_owned() }.told();
        for answer in [Answer::SentAgain, Answer::Left, Answer::NotNeeded] {
            assert!(told(word(answer)).is_some(), "{answer:?}");
            assert_eq!(serde_json::to_value(answer).unwrap(), word(answer));
        }
        for obstacle in Obstacle::ALL {
            let said = told(obstacle.as_str()).unwrap();
            assert!(said.contains("Nothing was"), "{obstacle:?}: {said}");
        }
        assert_eq!(told("<script>"), None);
        assert_eq!(told(""), None);
    }
}
