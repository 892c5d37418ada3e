# The log: who did what.

log-title = Log
log-lead = Who did what for your community, the newest first. It is only ever added to. “The operator” is also whoever came with a link from the operator.
log-empty = Nothing was done yet.
log-end = There is nothing before that.
log-what = What
log-who = Who
log-when = When
log-newest = Newest
log-older = Older

## Who did it

# $token: the last characters of the program's token
log-by-program = A program (token { $token })
log-by-operator = The operator

## What was done

log-signed-in = Signed in
log-signed-out-everywhere = Signed out everywhere
log-leader-added = Added a leader
log-leader-removed = Removed a leader
log-leader-role-changed = Changed a leader’s role
log-settings-changed = Changed the settings
log-test-sent = Had a sample sent to themselves
log-list-sent = Sent a list
log-homes-imported = Imported homes
log-draft-dropped = Dropped a draft
log-batch-paused = Paused a list
log-batch-resumed = Resumed a list
log-batch-cancelled = Cancelled the rest of a list
log-problems-retried = Tried problems again
log-message-sent-again = Sent a message again whose end nobody knew
log-message-left = Left a message whose end nobody knew
log-invitation-resent = Sent an invitation again
log-invitation-extended = Extended an invitation
log-invitation-replaced = Replaced an invitation’s code
log-invitation-revoked = Took an invitation back
log-address-fixed = Mended an address
log-channel-switched = Sent an invitation another way
log-suppression-added = Stopped messages to an address
log-suppression-lifted = Allowed messages to an address again
log-households-merged = Merged two households
log-request-granted = Granted a request
log-request-declined = Declined a request
log-passes-printed = Printed passes
log-passes-handed-over = Handed passes over
log-passes-voided = Made passes void
log-report-exported = Exported the list of households
log-code-shown = Was shown a household’s link
log-keys-rotated = Changed the keys
log-link-created = Made a link to sign in
log-token-created = Made a token for a program
log-token-revoked = Ended a program’s token
