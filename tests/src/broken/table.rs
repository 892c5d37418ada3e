//! What is taken out, and which test must notice.

/// Where a test is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Suite {
    /// The worker's own.
    Worker,
    /// Through real processes.
    Journeys,
}

/// One way to break the sources.
#[derive(Debug)]
pub(super) struct Break {
    pub(super) name: &'static str,
    pub(super) file: &'static str,
    /// What stands there, once,
    pub(super) from: &'static str,
    /// and what stands there instead.
    pub(super) to: &'static str,
    pub(super) suite: Suite,
    pub(super) test: &'static str,
}

pub(super) const BREAKS: &[Break] = &[
    Break {
        name: "finish-after-acknowledgement",
        file: "worker/src/deliver/courier.rs",
        from: "    courier.take(&claim).await\n}",
        to: "    let courier = Arc::clone(&courier);
    tokio::spawn(async move { courier.take(&claim).await });
    Settlement::done()
}",
        suite: Suite::Journeys,
        test: "deadline::a_claim_is_acknowledged_only_after_its_outcome_is_recorded",
    },
    Break {
        name: "no-deadline-before-the-body",
        file: "worker/src/deliver/courier.rs",
        from: "let in_time = watch.elapsed() + self.body_window < self.deadline && !self.give_up.is_cancelled();",
        to: "let in_time = !self.give_up.is_cancelled() || watch.elapsed() > self.deadline;",
        suite: Suite::Journeys,
        test: "deadline::an_attempt_without_time_left_does_not_hand_its_message_over",
    },
    Break {
        name: "no-deadline-in-the-ledger",
        file: "worker/src/reconcile/overdue.rs",
        from: "AND d.state = 'sending' AND d.attempt_deadline < clock.now",
        to: "AND d.state = 'sending' AND d.attempt_deadline < clock.now - interval '1 year'",
        suite: Suite::Journeys,
        test: "accidents::a_worker_frozen_past_the_deadline_wakes_up_to_a_ledger_that_went_on",
    },
    Break {
        name: "begin-does-not-look-at-the-state",
        file: "worker/src/deliver/begin.rs",
        from: "WHEN s.state NOT IN ('queued', 'retry_wait') THEN 'over'",
        to: "WHEN s.state NOT IN ('queued', 'retry_wait', 'sending') THEN 'over'",
        suite: Suite::Journeys,
        test: "interleavings::two_begins_of_one_row_begin_it_once_and_a_repeat_gets_the_same_attempt",
    },
    Break {
        name: "begin-does-not-lock",
        file: "worker/src/deliver/begin.rs",
        from: "WHERE id = asked.id OFFSET 0 FOR NO KEY UPDATE) AS d",
        to: "WHERE id = asked.id OFFSET 0) AS d",
        suite: Suite::Journeys,
        test: "interleavings::a_step_after_begin_took_its_view_but_not_the_row_is_obeyed",
    },
    Break {
        name: "begin-forgets-its-token",
        file: "worker/src/deliver/begin.rs",
        from: "WHEN s.state = 'sending' AND s.attempt_token = s.token THEN 'begun_before'",
        to: "WHEN false THEN 'begun_before'",
        suite: Suite::Journeys,
        test: "interleavings::two_begins_of_one_row_begin_it_once_and_a_repeat_gets_the_same_attempt",
    },
    Break {
        name: "begin-ignores-a-pause",
        file: "worker/src/deliver/begin.rs",
        from: "WHEN b.paused_at IS NOT NULL THEN 'paused'",
        to: "WHEN false THEN 'paused'",
        suite: Suite::Journeys,
        test: "sending::a_paused_batch_is_held_and_a_scheduled_one_waits_for_its_time",
    },
    Break {
        name: "steering-skips-locked-rows",
        file: "api/src/board/steering.rs",
        from: "ORDER BY id FOR NO KEY UPDATE",
        to: "ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
        suite: Suite::Journeys,
        test: "interleavings::a_step_that_comes_while_begin_has_the_row_waits_and_counts_it_as_in_flight",
    },
    Break {
        name: "a-late-answer-is-for-any-attempt",
        file: "worker/src/deliver/finish.rs",
        from: "WHEN d.attempt_number <> told.number THEN 'stale'",
        to: "WHEN false THEN 'stale'",
        suite: Suite::Journeys,
        test: "counts::a_late_acceptance_settles_a_delivery_whose_repeat_is_refused",
    },
    Break {
        name: "an-unknown-outcome-is-repeated-for-ever",
        file: "worker/src/deliver/retry.rs",
        from: "AttemptOutcome::Unknown if history.repeated => Next::NeedsDecision,",
        to: "AttemptOutcome::Unknown if history.repeated => Next::Checking,",
        suite: Suite::Journeys,
        test: "accidents::a_second_unknown_outcome_is_put_before_a_person",
    },
    Break {
        name: "nothing-is-pushed-again",
        file: "worker/src/reconcile/due.rs",
        from: ".filter(|(_, missing)| *missing)",
        to: ".filter(|(_, missing)| *missing && false)",
        suite: Suite::Journeys,
        test: "accidents::wiping_redis_loses_nobody",
    },
    Break {
        name: "only-the-writer-counts",
        file: "migrations/0005_counts_and_breaker.sql",
        from: "HAVING sum(step) <> 0 ORDER BY",
        to: "HAVING sum(step) > 0 ORDER BY",
        suite: Suite::Journeys,
        test: "counts::every_writer_is_counted",
    },
    Break {
        name: "a-closed-channel-lets-everybody-try",
        file: "worker/src/deliver/begin.rs",
        from: "AND ch.probe IS DISTINCT FROM s.id THEN 'channel_closed'",
        to: "AND ch.closed_until > clock.now THEN 'channel_closed'",
        suite: Suite::Journeys,
        test: "breaker::a_refused_sender_closes_the_channel_and_one_message_at_a_time_tries_it",
    },
    Break {
        name: "one-community-closes-the-channel",
        file: "worker/src/deliver/breaker.rs",
        from: "pub const COMMUNITIES_REFUSED: usize = 3;",
        to: "pub const COMMUNITIES_REFUSED: usize = 1;",
        suite: Suite::Journeys,
        test: "breaker::a_policy_that_refuses_three_communities_is_about_us",
    },
    Break {
        name: "a-dead-job-is-tried-again",
        file: "worker/src/deliver/courier.rs",
        from: "if claim.is_dead() {",
        to: "if claim.is_dead() && claim.expiries > 1_000 {",
        suite: Suite::Journeys,
        test: "queue::a_job_that_was_tried_before_and_keeps_losing_its_workers_has_failed",
    },
    Break {
        name: "a-stop-waits-for-the-provider",
        file: "worker/src/run.rs",
        from: "        give_up.cancel();\n",
        to: "",
        suite: Suite::Journeys,
        test: "queue::a_stop_records_what_the_provider_never_answers_as_unknown_and_the_rest_as_not_sent",
    },
    Break {
        name: "each-worker-has-a-pace-of-its-own",
        file: "worker/src/run.rs",
        from: "limit: Some(settings.email_rate.per_second()),",
        to: "limit: Some(settings.email_rate.per_second() * 2.0),",
        suite: Suite::Journeys,
        test: "pace::two_processes_keep_one_pace_for_a_minute_and_use_it",
    },
];
