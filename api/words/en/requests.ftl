# What residents ask for.

requests-title = Requests
requests-lead = What residents ask you for. Each waits until somebody answers.
requests-empty = Nobody waits for you.
requests-who = Who
requests-reached-at = Reached at
requests-where = Where
requests-since = Since

## Who wants to join

requests-join = Wants to join with a blank pass
requests-join-means = Nobody can tell from the address alone which household this is.
# $serial: six digits
requests-join-means-pass = Pass { $serial }. Nobody can tell from the address alone which household this is.
requests-join-grant = Let them in
requests-join-decline = Decline, and make the pass void
requests-belong-to = They belong to
requests-own = A household of their own
# $place: an address
requests-own-at = A household of their own at { $place }
# $who: a household's name
requests-candidate-joined = { $who }, which has joined: one more member
requests-candidate-again = { $who }: they are the one who joined with this address, in another browser

## Who needs a new code

requests-new-code = Asks for a new code
requests-new-code-means = The household's access code has expired.
requests-new-code-grant = Send a new invitation
requests-new-code-decline = Do nothing

## Who was reached by mistake

requests-not-me = Says that an invitation is not theirs
requests-not-me-means = It reached somebody who is not of this household. Its code is still valid: end it if you do not know who has it, then send a new one to the right address.
requests-not-me-grant = End the code
requests-not-me-decline = Leave it as it is

## What was just done

requests-told-let-in = They are in, and see their household in the browser in which they asked.
requests-told-sent = A new invitation is on its way.
requests-told-revoked = The code is no longer valid.
requests-told-too-late = The code had been used, or had ended, before: look at the household.
requests-told-declined = Declined. Nothing else was changed.

## Why nothing was done

requests-fault-answered = Somebody answered it already, or the pass was made void. Nothing was changed.
requests-fault-member = Somebody joined there with this address. If they are the same, and only use another browser now, say so; if you are not sure, ask them in a way that you know already.
requests-fault-unknown = Nobody joined there with this address, or they asked from no browser. Nothing was changed.
requests-fault-cannot-be-sent = Nobody of this household can be written to now: it was written to today, its messages are stopped, or nobody knows an address. Print a pass for it, or send a list with a new address.
