# One household: its people, messages, passes, and what can be done.

## How it stands

# $at: a moment
household-joined-at = Joined { $at }
# $day: a date
household-invited-until = Invited; its access code can be used until { $day }
household-no-code = Not joined, and without a valid access code
household-members = Who has joined
household-head = Head of Household

## What can be done

household-deeds = What you can do
household-resend = Send the invitation again
household-resend-means = To every address of the household, with the same access code. Nobody is written to twice within a day.
household-invite = Send a new invitation
household-invite-means = It has no valid access code: it gets a new one, sent to every address that it was invited at.
household-pass = Print an access pass
household-pass-means = The same invitation on paper, to hand over.
household-link = Show the link
household-link-means = To pass it on yourself, or to show the QR code on this screen.
household-extend = Hold it for 30 days from today
household-extend-means = The access code stays the same; nothing is sent.

household-mend = Mend a wrong address
household-mend-wrong = This one is wrong
household-mend-right = The right e-mail address
household-mend-right-or-number = The right e-mail address or mobile number
household-mend-means = The code that went to the wrong address lets nobody in from then on. Every address of the household gets a new one.
household-add = Send it to one more address
household-add-address = E-mail address
household-add-address-or-number = E-mail address or mobile number
household-add-means = The same access code, another way.
household-add-send = Send it there, too

household-end = Replace the access code, or cancel the invitation
household-replace = Replace the access code
household-replace-means = The old one, on paper as well, lets nobody in from now on. A new one goes to every address of the household.
household-revoke = Cancel the invitation
household-revoke-means = The access code lets nobody in from now on. You can invite the household again later.

## What was sent to it

household-messages = Messages
household-messages-none = Nothing was sent to this household.
household-messages-to = To

## Whether it is listed twice

household-twins = Is it listed twice?
household-twins-into = It is the same household as
# $who: a name
household-twin-joined = { $who }, which has joined
household-twin-at = { $who }, { $unit }
household-twin-at-joined = { $who }, { $unit }, which has joined
household-twins-means = All that belongs to this one goes over to the other, and this one is gone. If both have a valid access code, the other’s stays.
household-twins-merge = Make them one
