# A batch filling up, and how it is steered.

batch-of-emails = { $count ->
    [one] 1 e-mail
   *[other] { $count } e-mails
}
batch-of-texts = { $count ->
    [one] 1 text message
   *[other] { $count } text messages
}
batch-accepted = Accepted { $at }
batch-progress = Progress
batch-everybody = Everybody in this batch
batch-show-everybody = Show everybody
# Entries of its list that stayed in the draft.
batch-left = { $count ->
    [one] 1 entry of this list waits for a second look
   *[other] { $count } entries of this list wait for a second look
}
batch-live = Live: this page updates by itself.
batch-not-live = Not connected; trying again.

## How far it is

# $since: a moment
batch-paused = Paused since { $since }. { $count ->
    [one] 1 message waits until you resume it.
   *[other] { $count } messages wait until you resume it.
}
batch-channel-closed = Nothing goes out at the moment: the provider takes nothing from us. { $count ->
    [one] 1 message waits; the operator is told.
   *[other] { $count } messages wait; the operator is told.
}
batch-next-try = The next try is at { $at }.
batch-to-go = { $count } to go.
batch-to-go-few-seconds = { $count } to go, a few seconds left.
batch-to-go-seconds = { $count } to go, about { $seconds } seconds left.
batch-to-go-minute = { $count } to go, about a minute left.
batch-to-go-minutes = { $count } to go, about { $minutes } minutes left.
batch-to-go-hours = { $count } to go, about { $hours } hours left.
batch-to-go-days = { $count } to go, about { $days } days left.
batch-tried-again = { $count ->
    [one] 1 message is tried again by itself after a pause.
   *[other] { $count } messages are tried again by themselves after a pause.
}
batch-held = { $count ->
    [one] 1 message is held; the list says why and until when.
   *[other] { $count } messages are held; the list says why and until when.
}
batch-held-until = { $count ->
    [one] 1 message is held until { $at }; the list says why.
   *[other] { $count } messages are held until { $at }; the list says why.
}
batch-ended-problems = { $count ->
    [one] Nothing more is sent by itself; 1 household has a problem.
   *[other] Nothing more is sent by itself; { $count } households have a problem.
}
batch-ended-not-sent = { $count ->
    [one] 1 message was not sent.
   *[other] { $count } messages were not sent.
}
batch-ended-well = Everything is sent.
batch-ended-checking = { $count ->
    [one] 1 message is being checked.
   *[other] { $count } messages are being checked.
}
batch-speed = Speed
batch-a-second = { $count } a second
batch-a-minute = { $count } a minute
batch-began = Began
batch-done = Done

## Why it paused

batch-paused-by-leader = The batch is paused.
batch-paused-by-leader-next = It goes on once you resume it, or cancel the rest.
# $count of $sends caused it
batch-paused-for-addresses = { $count ->
    [one] Paused by itself: 1 of { $sends } addresses does not exist.
   *[other] Paused by itself: { $count } of { $sends } addresses do not exist.
}
batch-paused-for-numbers = { $count ->
    [one] Paused by itself: 1 of { $sends } numbers does not exist or takes no texts.
   *[other] Paused by itself: { $count } of { $sends } numbers do not exist or take no texts.
}
batch-paused-for-complaints = { $count ->
    [one] Paused by itself: 1 of { $sends } messages was reported as unwanted.
   *[other] Paused by itself: { $count } of { $sends } messages were reported as unwanted.
}
batch-check-the-list = Check the list, then resume or cancel the rest.
batch-make-sure = Make sure that everybody on the list expects it, then resume or cancel the rest.

## Steering it

batch-pause = Pause
batch-resume = Resume
batch-cancel = Cancel the rest…
batch-told-accepted = The list is accepted and on its way. This page shows what becomes of it.
batch-told-paused = Paused: nothing more begins.
batch-told-resumed = It goes on.
batch-told-cancelled = The rest is cancelled.
batch-told-none-under-way = Nothing was under way.
batch-told-under-way = { $count ->
    [one] 1 message was under way and may still arrive.
   *[other] { $count } messages were under way and may still arrive.
}

## Cancelling the rest

cancel-title = Cancel the rest?
cancel-means = { $count ->
    [one] 1 message not begun yet will be taken back for good. You can invite this household again later.
   *[other] { $count } messages not begun yet will be taken back for good. You can invite these households again later.
}
cancel-nothing-left = Nothing waits any more: there is nothing left to take back.
cancel-under-way = { $count ->
    [one] 1 message is under way and may still arrive.
   *[other] { $count } messages are under way and may still arrive.
}
cancel-sent-stays = What was sent stays sent.
cancel-now = { $count ->
    [one] Cancel 1 message
   *[other] Cancel { $count } messages
}
cancel-back = Back to the batch
cancel-stay-paused = Leave it paused
cancel-keep-sending = Keep sending

## Its list

batch-rows-none-like-that = No household is like that right now.
batch-rows-none = There are no households in this batch.
# $at: a moment
batch-row-next = Next: { $at }.
batch-row-decide = Decide
