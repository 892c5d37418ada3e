# The failure dictionary: what a leader reads about a delivery, who has to act, and what the next step is.

## Where a delivery stands

bucket-waiting = Waiting
bucket-sending = Sending
bucket-sent = Sent
bucket-delivered = Delivered
bucket-checking = Checking
bucket-problem = Problem
bucket-not-sent = Not sent

## Who has to act

who-nobody = Nobody
who-leader = You
who-operator = The operator
who-household = The household

## What is so, and what follows from it

words-not-handed-over = The message could not be handed to the provider.
words-no-clear-answer = The message may have arrived: we got no clear answer.
words-held = It waits.
words-goes = It goes out by itself.
words-queued = It waits for its turn.
words-sending = It is being sent right now.
words-nothing-to-do = Nothing to do.
words-checking = The message may have arrived.
words-accepted = The provider took it.
words-complained = It arrived and was reported as unwanted.
words-cancelled = It was cancelled.
words-expired = It could not go out in time.
words-joined = The household has joined meanwhile.
words-sent-again = It was sent again: look at the newer message.
words-failed = It did not get through.
words-again = It is tried again by itself; if that does not help, we will say so here.
words-ask-or-repeat = Ask the household, or send the invitation again; it may then arrive twice.
words-decide = Ask the household whether it came; then send it again, or leave it.
words-finding-out = We are finding out; this takes at most 20 minutes.
words-goes-then = It then goes out by itself.
words-goes-when-mended = The operator has been told. Once this works again, it goes out by itself.
words-invite-again = If the household is still to be invited, invite it again.
words-leave-alone = Please do not write there again; talk to the household in person.
words-left-at-that = The message may have arrived and was left at that.
words-may-be-junk = Nothing to do. If the household does not find it, it may be among the junk mail.
words-mended = Tell the operator; once this is mended, the invitation can be sent again.
words-news-comes = Nothing to do. As a rule we soon hear whether it arrived, and say so here.
words-nobody-can-say = The message may have arrived: nobody can say.
words-not-this-address = We were asked not to write to this address.
words-not-this-number = We were asked not to write to this number.
words-once-more = It is sent once more by itself; it may then arrive twice.
words-operator-mends = It is tried again by itself; the operator can mend the cause.

## Why it waits

held-no-email = No e-mail can go out at the moment.
held-no-text = No text can go out at the moment.
held-window = It waits until your community's sending window opens.
held-scheduled = It waits for the time that was chosen for it.
held-paused = The batch is paused.
held-paused-next = It goes out once you resume the batch.
held-limit = It waits until your community's daily limit allows it.
held-approval = It waits for approval.
held-approval-next = It goes out once a leader has approved it.

## What to do once it is over

next-fix-email = Ask the household for its e-mail address; invite it there.
next-fix-text = Ask the household for its mobile number; invite it there.
next-other-channel = Invite the household by e-mail or on a mobile phone.
next-ask-email = Ask the household to make room; then invite again.
next-ask-text = Ask the household to turn it on; then invite again.
next-later-email = Invite again after a day, or ask for another address.
next-later-text = Invite again after a day, or ask for another number.
next-another-email = Ask for another e-mail address and invite again.
next-another-text = Ask for another mobile number and invite again.

## Problems, by what helps

group-decide = It may have arrived: you decide
group-decide-said = Ask the household whether it came. If you cannot, send it again: it may then arrive twice.
group-fix-address = The address is wrong
group-fix-address-said = Ask the household for the right one and type it in, or hand it an access pass.
group-other-channel = The number takes no texts
group-other-channel-said = Type in an e-mail address or a mobile number instead, or hand the household an access pass.
group-try-again = It was not taken this time
group-try-again-said = A full mailbox, a phone that is off, a provider that was busy: it often works the next day.
group-operator = It was blocked, or a fault of ours
group-operator-said = The operator has to mend the cause. Once that is done, send these again.
group-leave-alone = They do not want these messages
group-leave-alone-said = Please do not write there again; talk to the household in person.

## Why an attempt ended as it did

reason-internal = Something went wrong on our side.
reason-greeting-refused = The provider takes nothing from us.
reason-quota-used-up = Our limit with the provider is used up.
reason-account-refused = The provider does not let our account send.
reason-request-refused = The provider refuses our requests.
reason-auth-refused = The provider does not accept our sign-in.
reason-sender-refused = The provider refuses us as the sender.
reason-blocked-by-policy = The message was blocked by a filter.
reason-too-large = The message is too large.
reason-mailbox-unknown = There is no mailbox with this address.
reason-mailbox-disabled = The mailbox with this address is closed.
reason-domain-unknown = The part after the @ takes no mail.
reason-address-invalid-email = This e-mail address cannot be right.
reason-address-invalid-text = This phone number cannot be right.
reason-number-unknown = Nobody has this phone number.
reason-number-not-mobile = It takes no texts; perhaps it is a landline.
reason-number-out-of-reach = Our texts cannot reach this number.
reason-mailbox-full = The mailbox is full.
reason-phone-unreachable = The phone is off or has no signal.
reason-opted-out = The recipient asked not to be contacted.
reason-recipient-refused-email = This address was refused; nobody says why.
reason-recipient-refused-text = This number was refused; nobody says why.
reason-message-refused = The message was refused; nobody says why.
reason-throttled = The provider asks us to send more slowly.
reason-greylisted = The provider asks us to try again later.
reason-temporarily-refused = The message was refused for the time being.

## The same as a clause that follows a colon

reason-connect-failed-clause = the provider could not be reached
reason-tls-failed-clause = no secure connection could be made
reason-handshake-failed-clause = the connection broke off at the start
reason-auth-failed-clause = the connection broke off while we signed in
reason-connection-lost-clause = the connection broke off before the message
reason-body-not-written-clause = the connection broke off halfway through the message
reason-no-time-left-clause = too little time was left to send it
reason-shutting-down-clause = sending was stopped on our side before it went
reason-protocol-violation-clause = the provider's answers made no sense
reason-internal-clause = a fault of ours
reason-greeting-refused-clause = the provider refuses our connection
reason-quota-used-up-clause = our sending limit is used up
reason-account-refused-clause = our account may not send
reason-request-refused-clause = the provider refuses our requests
reason-auth-refused-clause = the provider refuses our sign-in
reason-sender-refused-clause = we are refused as the sender
reason-blocked-by-policy-clause = a filter blocked it
reason-too-large-clause = the message is too large
reason-mailbox-unknown-clause = there is no such mailbox
reason-mailbox-disabled-clause = the mailbox is closed
reason-domain-unknown-clause = the part after the @ takes no mail
reason-address-invalid-clause = the address or number cannot be right
reason-number-unknown-clause = nobody has this number
reason-number-not-mobile-clause = the number takes no texts
reason-number-out-of-reach-clause = we cannot text this number
reason-mailbox-full-clause = the mailbox is full
reason-phone-unreachable-clause = the phone is off or has no signal
reason-opted-out-clause = asked not to be contacted
reason-recipient-refused-clause = the recipient was refused; nobody says why
reason-message-refused-clause = refused; nobody says why
reason-throttled-clause = the provider asks us to slow down
reason-greylisted-clause = try again later (greylisting)
reason-temporarily-refused-clause = refused for the time being
reason-timeout-after-body-clause = handed over, and no answer came in time
reason-closed-after-body-clause = handed over, and the connection broke off
reason-unreadable-after-body-clause = handed over, and the answer made no sense
reason-provider-failed-clause = handed over, and the provider had a fault
reason-worker-lost-clause = we were cut off in the middle of it
reason-worker-stopped-clause = we were stopped while waiting for the answer
